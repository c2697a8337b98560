package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// samplesDir holds the cases, below the root of the repository.
const samplesDir = "config/samples"

// manifest is a file of a case and who applies it; "" is the cluster administrator.
type manifest struct {
	path, by string
}

// storyCase is one of the sample cases.
type storyCase struct {
	// ground is what it stands on: roles, profiles, people and procedures.
	ground []manifest
	// requests are what is asked for.
	requests []manifest
	// outside says that there is access to systems outside the cluster.
	outside bool
}

var designer = storyCase{
	ground: []manifest{
		{"case-1-designer/1-platform.yaml", ""},
		{"case-1-designer/2-access.yaml", "sam"},
		{"case-1-designer/3-pool.yaml", "tess"},
		{"case-1-designer/4-procedures.yaml", "tess"},
	},
	requests: []manifest{{"case-1-designer/5-engagement.yaml", "mia"}},
}

var featureTeam = storyCase{
	ground: []manifest{
		{"case-2-feature-team/1-platform.yaml", ""},
		{"case-2-feature-team/2-access.yaml", "sam"},
		{"case-2-feature-team/3-pool.yaml", "tess"},
		{"case-2-feature-team/4-procedures.yaml", "tess"},
	},
	requests: []manifest{{"case-2-feature-team/5-engagements.yaml", "lena"}},
	outside:  true,
}

// supportFloor is played on its own, by floor.go.
var supportFloor = storyCase{
	ground: []manifest{
		{"case-3-support-floor/1-platform.yaml", ""},
		{"case-3-support-floor/2-access.yaml", "sam"},
		{"case-3-support-floor/3-pool.yaml", "tess"},
		{"case-3-support-floor/4-procedures.yaml", "tess"},
	},
	requests: []manifest{
		{"case-3-support-floor/5-engagement.yaml", "cora"},
		{"case-3-support-floor/6-shift.yaml", "wanda"},
	},
}

// These connect the systems outside the cluster, each where it is there; the first does where any is.
var (
	outsidePlatform  = manifest{"case-2-feature-team/outside/1-platform.yaml", ""}
	outsideDirectory = manifest{"case-2-feature-team/outside/2-directory.yaml", "sam"}
	outsideDatabase  = manifest{"case-2-feature-team/outside/3-staging-database.yaml", "sam"}
)

// replacement is asked for when the back-end developer resigns.
var replacement = manifest{"case-2-feature-team/replacement.yaml", "lena"}

// choice says which cases are played.
type choice struct{ designer, team, floor bool }

// choose reads which cases are wanted: the two small ones if nothing is said.
func choose(wanted string) (choice, error) {
	switch wanted {
	case "":
		wanted = "1,2"
	case "all":
		wanted = "1,2,3"
	}
	var c choice
	for number := range strings.SplitSeq(wanted, ",") {
		switch strings.TrimSpace(number) {
		case "1":
			c.designer = true
		case "2":
			c.team = true
		case "3":
			c.floor = true
		default:
			return c, fmt.Errorf("reading -case: %q is none of 1 (a designer), 2 (a feature team), 3 (a support floor) and all", number)
		}
	}
	return c, nil
}

// small are the chosen cases that are played engagement by engagement.
func (c choice) small() []storyCase {
	var all []storyCase
	if c.designer {
		all = append(all, designer)
	}
	if c.team {
		all = append(all, featureTeam)
	}
	return all
}

func grounds(cases []storyCase) []manifest {
	var all []manifest
	for _, c := range cases {
		all = append(all, c.ground...)
	}
	return all
}

func requests(cases []storyCase) []manifest {
	var all []manifest
	for _, c := range cases {
		all = append(all, c.requests...)
	}
	return all
}

// prepare sets up all that the cases stand on.
func (s *stage) prepare(ctx context.Context, c calendar, cases []storyCase) error {
	if err := s.apply(ctx, c, grounds(cases)...); err != nil {
		return err
	}
	if !slices.ContainsFunc(cases, func(c storyCase) bool { return c.outside }) {
		return nil
	}
	if err := s.outside.hire(ctx, s.admin); err != nil {
		return err
	}
	return s.apply(ctx, c, s.outside.manifests()...)
}

// apply applies files as the people who answer for them, each with their own rights.
func (s *stage) apply(ctx context.Context, c calendar, manifests ...manifest) error {
	for _, m := range manifests {
		path, err := s.render(c, m.path)
		if err != nil {
			return err
		}
		if err := s.applyFile(ctx, m.by, path); err != nil {
			return err
		}
	}
	return nil
}

func (s *stage) applyFile(ctx context.Context, by, path string) error {
	access := s.cluster.RESTConfig()
	if by != "" {
		access = s.cluster.As(by)
	}
	return s.cluster.ApplyAs(ctx, access, fieldOwner, path)
}
