package main

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

func testOffice() *office {
	return &office{
		roster: roster{"marketing": {
			"longshore-approver":    {"mia", "dana"},
			"longshore-coordinator": {"ben", "bridge"},
		}},
		scorecards: map[client.ObjectKey]*v1alpha1.Scorecard{{Namespace: "marketing", Name: "creative"}: {
			Spec: v1alpha1.ScorecardSpec{
				Criteria:  []v1alpha1.Criterion{{Name: "craft", Min: 1, Max: 5}},
				Reviewers: &v1alpha1.Reviewers{Subjects: []v1alpha1.Subject{*user("rosa")}},
			},
		}},
		calendar: calendar{day: 3 * time.Second}, talent: smallCast{},
	}
}

func TestPeopleAnswerWhatWaitsForThem(t *testing.T) {
	hash := "sha256:1234"
	due := someTime
	onboarding := &v1alpha1.ProcedureStatus{
		Definition: []v1alpha1.ChecklistStep{
			{Name: "nda", Type: v1alpha1.StepDocument},
			{Name: "brand-guidelines", Type: v1alpha1.StepTraining, Attestors: []v1alpha1.Subject{*user("ben")}},
		},
		Steps: []v1alpha1.StepStatus{{Name: "brand-guidelines", Attempts: 1}},
	}
	cases := []struct {
		reason string
		status v1alpha1.EngagementStatus
		wait   v1alpha1.WaitingFor
		by     string
		expect v1alpha1.AttestationSpec
		after  time.Time
	}{
		{
			reason: "an approver approves exactly what is proposed, and the requester is no approver",
			status: v1alpha1.EngagementStatus{Requesters: []string{"mia"}, Proposed: &v1alpha1.ProposedTerms{Hash: hash}},
			wait:   v1alpha1.WaitingFor{What: "approval/engagement", Who: "Approver"},
			by:     "dana",
			expect: v1alpha1.AttestationSpec{Claim: "approval/engagement", Verdict: v1alpha1.VerdictApproved, Terms: hash},
			after:  someTime.Time,
		},
		{
			reason: "the requester takes the best of the shortlist",
			status: v1alpha1.EngagementStatus{Recruitment: &v1alpha1.RecruitmentStatus{Candidates: []v1alpha1.Candidate{
				{Worker: "zoe", State: v1alpha1.CandidateExcluded}, {Worker: "ada", State: v1alpha1.CandidateShortlisted},
			}}},
			wait:   v1alpha1.WaitingFor{What: "selection/candidate", Who: "Requester", Subject: user("mia")},
			by:     "mia",
			expect: v1alpha1.AttestationSpec{Claim: "selection/ada", Verdict: v1alpha1.VerdictChosen},
			after:  someTime.Time,
		},
		{
			reason: "a worker accepts exactly what is offered",
			status: v1alpha1.EngagementStatus{Recruitment: &v1alpha1.RecruitmentStatus{Offer: &v1alpha1.Offer{Worker: "ada", Hash: hash}}},
			wait:   v1alpha1.WaitingFor{What: "offer/ada", Who: "Worker", Subject: user("ada")},
			by:     "ada",
			expect: v1alpha1.AttestationSpec{Claim: "offer/ada", Verdict: v1alpha1.VerdictAccepted, Terms: hash},
			after:  someTime.Time,
		},
		{
			reason: "the one who has other plans declines",
			status: v1alpha1.EngagementStatus{Recruitment: &v1alpha1.RecruitmentStatus{Offer: &v1alpha1.Offer{Worker: "leo", Hash: hash}}},
			wait:   v1alpha1.WaitingFor{What: "offer/leo", Who: "Worker", Subject: user("leo")},
			by:     "leo",
			expect: v1alpha1.AttestationSpec{Claim: "offer/leo", Verdict: v1alpha1.VerdictDeclined, Terms: hash},
			after:  someTime.Time,
		},
		{
			reason: "for a worker without an account an integration speaks, which is nobody's contact",
			status: v1alpha1.EngagementStatus{Recruitment: &v1alpha1.RecruitmentStatus{Offer: &v1alpha1.Offer{Worker: "quinn", Hash: hash}}},
			wait:   v1alpha1.WaitingFor{What: "offer/quinn", Who: "Worker"},
			by:     "bridge",
			expect: v1alpha1.AttestationSpec{
				Claim: "offer/quinn", Verdict: v1alpha1.VerdictAccepted, Terms: hash, OnBehalfOf: &v1alpha1.OnBehalfOf{Kind: "Worker", Name: "quinn"},
			},
			after: someTime.Time,
		},
		{
			reason: "training is stated by the one whom the checklist lists, and passes at the second attempt",
			status: v1alpha1.EngagementStatus{Onboarding: onboarding},
			wait:   v1alpha1.WaitingFor{What: "onboarding/brand-guidelines", Who: "Worker", Subject: user("ada")},
			by:     "ben",
			expect: v1alpha1.AttestationSpec{Claim: "onboarding/brand-guidelines", Verdict: v1alpha1.VerdictDone, Score: ptr.To[int32](92)},
			after:  someTime.Time,
		},
		{
			reason: "a custodian hands out what somebody waits for",
			wait:   v1alpha1.WaitingFor{What: "access/custody.laptop", Who: "Custodian", Subject: user("kofi")},
			by:     "kofi",
			expect: v1alpha1.AttestationSpec{Claim: "access/custody.laptop", Verdict: v1alpha1.VerdictHandedOut},
			after:  someTime.Time,
		},
		{
			reason: "and takes back what was handed out, not in the same second",
			status: v1alpha1.EngagementStatus{Attestations: []v1alpha1.AttestationRecord{{Claim: "access/custody.laptop", Verdict: v1alpha1.VerdictHandedOut, At: someTime}}},
			wait:   v1alpha1.WaitingFor{What: "access/custody.laptop", Who: "Custodian", Subject: user("kofi")},
			by:     "kofi",
			expect: v1alpha1.AttestationSpec{Claim: "access/custody.laptop", Verdict: v1alpha1.VerdictReturned},
			after:  someTime.Add(1100 * time.Millisecond),
		},
		{
			reason: "work is handed in a day before it is due",
			wait:   v1alpha1.WaitingFor{What: "deliverable/logo-set", Who: "Worker", Subject: user("ada"), Due: &due},
			by:     "ada",
			expect: v1alpha1.AttestationSpec{Claim: "deliverable/logo-set", Verdict: v1alpha1.VerdictSubmitted},
			after:  due.Add(-3 * time.Second),
		},
		{
			reason: "the first submission of the logo is sent back, after the second in which it was submitted",
			status: v1alpha1.EngagementStatus{Attestations: []v1alpha1.AttestationRecord{{Claim: "deliverable/logo-set", Verdict: v1alpha1.VerdictSubmitted, At: someTime}}},
			wait:   v1alpha1.WaitingFor{What: "deliverable/logo-set", Who: "Manager", Subject: user("mia")},
			by:     "mia",
			expect: v1alpha1.AttestationSpec{Claim: "deliverable/logo-set", Verdict: v1alpha1.VerdictRevise, Cause: v1alpha1.CauseWorker},
			after:  someTime.Add(1100 * time.Millisecond),
		},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			e := engaged("spring-campaign-designer", c.status, v1alpha1.PhasePending)
			e.Spec.Contacts = []v1alpha1.Contact{{Role: "Buddy", Subject: *user("ben")}}
			c.wait.Since = someTime
			a, known := testOffice().answer(e, c.wait)
			if !known {
				t.Fatalf("expected somebody to answer %s", c.wait.What)
			}
			if a.by != c.by || !a.after.Equal(c.after) {
				t.Errorf("expected %s to answer from %s on, got %s from %s on", c.by, c.after, a.by, a.after)
			}
			statement, is := a.object.(*v1alpha1.Attestation)
			if !is {
				t.Fatalf("expected an attestation, got %T", a.object)
			}
			got := statement.Spec
			c.expect.SubjectRef = v1alpha1.SubjectReference{Kind: "Engagement", Name: e.Name}
			got.Evidence, got.Note = nil, ""
			if diff := cmp.Diff(c.expect, got); diff != "" {
				t.Errorf("expected another statement (-expected +got):\n%s", diff)
			}
		})
	}
}

func TestAReviewerScoresEveryCriterionOfTheRubric(t *testing.T) {
	e := engaged("front-end", v1alpha1.EngagementStatus{}, v1alpha1.PhaseAssigned)
	e.Spec.Evaluation = &v1alpha1.EvaluationPlan{ScorecardRef: v1alpha1.LocalReference{Name: "creative"}}
	a, known := testOffice().answer(e, v1alpha1.WaitingFor{What: "evaluation/period-2", Who: "Reviewer"})
	if !known || a.by != "rosa" {
		t.Fatalf("expected rosa, whom the scorecard lists, to give the evaluation, got %q", a.by)
	}
	evaluation, is := a.object.(*v1alpha1.Evaluation)
	if !is {
		t.Fatalf("expected an evaluation, got %T", a.object)
	}
	spec := evaluation.Spec
	if spec.Kind != v1alpha1.EvaluationPeriodic || spec.Period != "2" || len(spec.Scores) != 1 {
		t.Errorf("expected the evaluation of period 2 with one score, got %+v", spec)
	}
}

func TestAWaitThatNobodyCanAnswerIsLeftAlone(t *testing.T) {
	e := engaged("stuck", v1alpha1.EngagementStatus{}, v1alpha1.PhasePending)
	if a, known := testOffice().answer(e, v1alpha1.WaitingFor{What: "spec/references", Who: "Requester", Subject: user("mia")}); known {
		t.Errorf("expected no answer to a wait that asks for another spec, got one by %s", a.by)
	}
}
