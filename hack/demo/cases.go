package main

import "context"

// samplesDir holds the cases, below the root of the repository.
const samplesDir = "config/samples"

// manifest is a file of a case and who applies it; "" is the cluster administrator.
type manifest struct {
	path, by string
}

// ground is what a case stands on: roles, profiles, people and procedures.
var ground = []manifest{
	{"case-1-designer/1-platform.yaml", ""},
	{"case-1-designer/2-access.yaml", "sam"},
	{"case-1-designer/3-pool.yaml", "tess"},
	{"case-1-designer/4-procedures.yaml", "tess"},
	{"case-2-feature-team/1-platform.yaml", ""},
	{"case-2-feature-team/2-access.yaml", "sam"},
	{"case-2-feature-team/3-pool.yaml", "tess"},
	{"case-2-feature-team/4-procedures.yaml", "tess"},
}

// These connect the systems outside the cluster, each where it is there; the first does where any is.
var (
	outsidePlatform  = manifest{"case-2-feature-team/outside/1-platform.yaml", ""}
	outsideDirectory = manifest{"case-2-feature-team/outside/2-directory.yaml", "sam"}
	outsideDatabase  = manifest{"case-2-feature-team/outside/3-staging-database.yaml", "sam"}
)

// requests are the engagements that are asked for on the story's first day.
var requests = []manifest{
	{"case-1-designer/5-engagement.yaml", "mia"},
	{"case-2-feature-team/5-engagements.yaml", "lena"},
}

// replacement is asked for when the back-end developer resigns.
var replacement = manifest{"case-2-feature-team/replacement.yaml", "lena"}

// prepare sets up all that the cases stand on.
func (s *stage) prepare(ctx context.Context, c calendar) error {
	if err := s.apply(ctx, c, ground...); err != nil {
		return err
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
		access := s.cluster.RESTConfig()
		if m.by != "" {
			access = s.cluster.As(m.by)
		}
		if err := s.cluster.ApplyAs(ctx, access, fieldOwner, path); err != nil {
			return err
		}
	}
	return nil
}
