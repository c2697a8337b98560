package lifecycle

import (
	"fmt"
	"strings"
	"testing"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/admission"
)

// Three engagements that are approved at once find three workers. First come, first served would leave one of them without anybody: ada is the best for the
// first two, and the only one who can do the third.
func TestEngagementsThatAreApprovedAtOnceAreFilledTogether(t *testing.T) {
	s := newStage(t)
	skilled := func(name string, skills map[string]int32) {
		w := s.worker(name)
		for skill, level := range skills {
			w.Spec.Skills = append(w.Spec.Skills, v1alpha1.Skill{Name: skill, Level: level})
		}
		w.Labels = map[string]string{"joint": "true"}
		s.mustCreate(admin, w)
	}
	skilled("cleo", map[string]int32{"web": 5, "print": 5, "video": 5})
	skilled("dan", map[string]int32{"web": 2, "print": 3})
	skilled("eve", map[string]int32{"web": 3, "print": 1})
	pool := &v1alpha1.TalentPool{ObjectMeta: s.meta("joint")}
	pool.Spec.WorkerSelector.MatchLabels = map[string]string{"joint": "true"}
	pool.Spec.Limits = &v1alpha1.PoolLimits{MaxConcurrentPerWorker: 1}
	s.mustCreate(admin, pool)

	needs := map[string]v1alpha1.SkillRequirement{
		"a-site":   {Name: "web", MinLevel: 5},
		"b-poster": {Name: "print", MinLevel: 5},
		"c-film":   {Name: "video", MinLevel: 5, Required: true},
	}
	for name, skill := range needs {
		s.request(name, func(spec *v1alpha1.EngagementSpec) {
			spec.PoolRef.Name = "joint"
			spec.Recruitment = &v1alpha1.Recruitment{Selection: v1alpha1.SelectionAutomatic}
			spec.Requirements = &v1alpha1.Requirements{Skills: []v1alpha1.SkillRequirement{skill}}
		})
	}
	for name := range needs {
		s.waitsFor(name, "approval/engagement")
	}
	mark, err := shared.AuditMark(s.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name := range needs {
		s.approve(name)
	}
	for name, worker := range map[string]string{"a-site": "eve", "b-poster": "dan", "c-film": "cleo"} {
		eng := s.eventually(name, "an open offer", func(eng *v1alpha1.Engagement) bool {
			return eng.Status.Recruitment != nil && eng.Status.Recruitment.Offer != nil
		})
		if got := eng.Status.Recruitment.Offer.Worker; got != worker {
			t.Errorf("%s is offered to %s, expected %s: that way all three are filled, with the highest total score", name, got, worker)
		}
		for _, c := range eng.Status.Recruitment.Candidates {
			if c.Worker == "cleo" && name != "c-film" && !strings.Contains(c.Reason, "goes to another open engagement of the pool") {
				t.Errorf("cleo scores highest for %s and goes elsewhere, but the reason is %q", name, c.Reason)
			}
		}
	}
	s.recorded("a-site", "feedback/settled")

	// Each engagement's approval is one fact; the rest are the wait for the plan and the offer.
	events, err := shared.AuditSince(s.Context(), mark)
	if err != nil {
		t.Fatal(err)
	}
	writes := map[string]int{}
	for _, e := range events {
		if e.User == admission.OperatorUsername && e.Namespace == s.ns && e.Resource == "engagements" && e.Subresource == "status" && e.Code < 300 {
			writes[e.Name]++
		}
	}
	for name, n := range writes {
		if n > 4 {
			t.Errorf("expected the status of %s to be written with the approval, with the offer, and with what was stated; it was written %d times (%s)", name, n, fmt.Sprint(writes))
		}
	}
}

// A worker who declines is free for another engagement, which had nobody left.
func TestWhoeverDeclinesIsOfferedWhatNobodyElseCouldDo(t *testing.T) {
	s := newStage(t)
	pool := &v1alpha1.TalentPool{ObjectMeta: s.meta("one")}
	pool.Spec.WorkerSelector.MatchLabels = map[string]string{"one": "true"}
	pool.Spec.Limits = &v1alpha1.PoolLimits{MaxConcurrentPerWorker: 1}
	s.mustCreate(admin, pool)
	only := s.worker("only")
	only.Spec.Username, only.Labels = ada, map[string]string{"one": "true"}
	s.mustCreate(admin, only)
	automatic := func(spec *v1alpha1.EngagementSpec) {
		spec.PoolRef.Name = "one"
		spec.Recruitment = &v1alpha1.Recruitment{Selection: v1alpha1.SelectionAutomatic}
	}
	offered := func(eng *v1alpha1.Engagement) bool {
		return eng.Status.Recruitment != nil && eng.Status.Recruitment.Offer != nil
	}
	s.request("first", automatic)
	s.approve("first")
	eng := s.eventually("first", "an offer", offered)
	s.request("second", automatic)
	s.approve("second")
	s.waitsFor("second", "recruitment/candidates")
	s.attest(ada, "first", "offer/only", v1alpha1.VerdictDeclined, terms(eng.Status.Recruitment.Offer.Hash))
	s.eventually("second", "an offer, since the only worker has declined the other one", offered)
	s.waitsFor("first", "recruitment/candidates")
}
