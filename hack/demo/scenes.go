package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// scene is something that people do of their own accord: no engagement waits for it. It says whether it was played.
type scene func(ctx context.Context, p *play, now time.Time) (bool, error)

func newScenes(chosen choice) []scene {
	var scenes []scene
	if chosen.designer {
		scenes = append(scenes, giveFeedback, decideOnRehire("spring-campaign-designer"))
	}
	if chosen.team {
		scenes = append(scenes, resign, replace)
		for _, engagement := range []string{"front-end", resigning, "back-end-replacement", "qa"} {
			scenes = append(scenes, decideOnRehire(engagement))
		}
	}
	return scenes
}

func (p *play) playScenes(ctx context.Context, now time.Time) error {
	var err error
	p.scenes = slices.DeleteFunc(p.scenes, func(s scene) bool {
		if err != nil {
			return false
		}
		var played bool
		played, err = s(ctx, p, now)
		return played
	})
	return err
}

// resign: halfway, the back-end developer gives notice.
func resign(ctx context.Context, p *play, now time.Time) (bool, error) {
	e := p.find(resigning)
	if e == nil || e.Status.Phase != v1alpha1.PhaseAssigned || now.Before(p.calendar.at(resignsOn)) {
		return false, nil
	}
	leaves := metav1.NewTime(now.Add(p.calendar.span(resignsWith)))
	return true, p.attest(ctx, e.Status.Worker.Username, e, &v1alpha1.AttestationSpec{
		Claim: "end/engagement", Verdict: v1alpha1.VerdictResigned, Effective: &leaves, Note: "I have taken a permanent position.",
	})
}

// replace: the project lead asks for a replacement as soon as she reads of it.
func replace(ctx context.Context, p *play, _ time.Time) (bool, error) {
	e := p.find(resigning)
	if e == nil || e.Status.Ending == nil || e.Status.Ending.Cause != v1alpha1.EndResignation {
		return false, nil
	}
	if err := p.stage.apply(ctx, p.calendar, replacement); err != nil {
		return false, err
	}
	p.note(replacement.by, "a request for a replacement: kubectl apply -f "+samplesDir+"/"+replacement.path)
	return true, nil
}

// decideOnRehire: the requester says whether they would work with the person again, while the work is fresh.
func decideOnRehire(engagement string) scene {
	return func(ctx context.Context, p *play, _ time.Time) (bool, error) {
		e := p.find(engagement)
		if e == nil || e.Status.Phase.Before(v1alpha1.PhaseEvaluating) {
			return false, nil
		}
		verdict := v1alpha1.VerdictEligible
		if e.Status.Ending != nil && e.Status.Ending.Cause == v1alpha1.EndResignation {
			verdict = v1alpha1.VerdictWithReview
		}
		return true, p.attest(ctx, e.Spec.Requester.Username, e, &v1alpha1.AttestationSpec{Claim: "rehire/decision", Verdict: verdict})
	}
}

// giveFeedback: the designer says what could have gone better.
func giveFeedback(ctx context.Context, p *play, _ time.Time) (bool, error) {
	e := p.find("spring-campaign-designer")
	if e == nil || e.Status.Phase.Before(v1alpha1.PhaseEvaluating) {
		return false, nil
	}
	return true, p.attest(ctx, e.Status.Worker.Username, e, &v1alpha1.AttestationSpec{
		Claim: "feedback/briefing", Verdict: v1alpha1.VerdictRaised, Note: "The brief changed twice in the first week.",
	})
}

// attest states something about an engagement.
func (p *play) attest(ctx context.Context, user string, e *v1alpha1.Engagement, s *v1alpha1.AttestationSpec) error {
	api, err := p.people.as(user)
	if err != nil {
		return err
	}
	s.SubjectRef = v1alpha1.SubjectReference{Kind: "Engagement", Name: e.Name}
	statement := attestation(e.Namespace, e.Name, s)
	if err := api.Create(ctx, statement); err != nil {
		return fmt.Errorf("%s cannot state %s of %s: %w", user, s.Claim, client.ObjectKeyFromObject(e), err)
	}
	p.note(user, said(statement, e))
	return nil
}

// open says what each engagement that is not closed waits for.
func (p *play) open() string {
	var lines []string
	for i := range p.engagements {
		e := &p.engagements[i]
		if e.Status.Phase == v1alpha1.PhaseClosed {
			continue
		}
		lines = append(lines, fmt.Sprintf("%s/%s is %s", e.Namespace, e.Name, e.Status.Phase))
		for _, w := range e.Status.WaitingFor {
			lines = append(lines, fmt.Sprintf("  waits for %s since %s: %s: %s", w.Who, w.Since.UTC().Format(time.TimeOnly), w.What, w.Message))
		}
		for _, c := range e.Status.Conditions {
			if c.Type == v1alpha1.ConditionStalled && c.Status == metav1.ConditionTrue {
				lines = append(lines, fmt.Sprintf("  stalled, %s: %s", c.Reason, c.Message))
			}
		}
	}
	for i := range p.workers {
		for _, w := range p.workers[i].Status.WaitingFor {
			lines = append(lines, fmt.Sprintf("worker %s/%s waits for %s: %s: %s", p.workers[i].Namespace, p.workers[i].Name, w.Who, w.What, w.Message))
		}
	}
	return strings.Join(lines, "\n")
}
