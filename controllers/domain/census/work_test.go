package census

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

func delivering(hours ...float64) func(*v1alpha1.Engagement) {
	return func(e *v1alpha1.Engagement) {
		e.Status.Deliverables = append(e.Status.Deliverables, v1alpha1.DeliverableStatus{Name: "open"})
		for i, h := range hours {
			e.Status.Deliverables = append(e.Status.Deliverables, v1alpha1.DeliverableStatus{Name: fmt.Sprint(i), AcceptedAt: moment(h)})
		}
	}
}

func TestTimesAreMeasuredBetweenWhatHappened(t *testing.T) {
	taking := func(hours float64) *v1alpha1.TimeTaken {
		return &v1alpha1.TimeTaken{Median: *lasting(hours), P90: *lasting(hours), Sample: 1}
	}
	amended := func(e *v1alpha1.Engagement) { e.Status.Terms.AcceptedAt = at(200) }
	withoutOnboarding := func(e *v1alpha1.Engagement) { e.Status.Onboarding = nil }
	unassigned := func(e *v1alpha1.Engagement) { e.Status.Phases = e.Status.Phases[:3] }
	for _, tc := range []struct {
		reason      string
		one         v1alpha1.Engagement
		assignments []v1alpha1.Assignment
		want        *v1alpha1.PoolTimes
	}{
		{"nobody has been looked for", engagement("e"), nil, nil},
		{"nobody has been found", engagement("e", func(e *v1alpha1.Engagement) {
			e.Status.Phases = []v1alpha1.PhaseTime{{Name: v1alpha1.PhaseRecruiting, EnteredAt: at(0)}}
		}), nil, nil},
		{"somebody was found", engagement("e", lived(0, 30, 0), unassigned), nil, &v1alpha1.PoolTimes{ToFill: taking(30)}},
		{"work began", engagement("e", lived(0, 30, 50)), nil, &v1alpha1.PoolTimes{ToFill: taking(30), ToOnboard: taking(20)}},
		{"an amendment dates the terms anew", engagement("e", lived(0, 30, 50), amended), nil, &v1alpha1.PoolTimes{ToFill: taking(30), ToOnboard: taking(20)}},
		{"the terms say when, where onboarding does not", engagement("e", lived(0, 30, 50), withoutOnboarding), nil, &v1alpha1.PoolTimes{ToFill: taking(30), ToOnboard: taking(20)}},
		{"the first deliverable that was accepted", engagement("e", lived(0, 30, 50), delivering(90, 70, 80)), nil,
			&v1alpha1.PoolTimes{ToFill: taking(30), ToOnboard: taking(20), ToFirstAccepted: taking(20)}},
		{"what was taken over had been accepted before", engagement("e", lived(0, 30, 50), delivering(10, 80)), nil,
			&v1alpha1.PoolTimes{ToFill: taking(30), ToOnboard: taking(20), ToFirstAccepted: taking(30)}},
		{"an assignment that was accepted first", engagement("e", lived(0, 30, 50), delivering(70)), []v1alpha1.Assignment{
			assignment(v1alpha1.AssignmentAccepted, acceptedFrom("e", 65)), assignment(v1alpha1.AssignmentAccepted, acceptedFrom("e", 60)),
			assignment(v1alpha1.AssignmentAccepted, acceptedFrom("other", 55)), assignment(v1alpha1.AssignmentSubmitted),
		}, &v1alpha1.PoolTimes{ToFill: taking(30), ToOnboard: taking(20), ToFirstAccepted: taking(10)}},
		{"time does not go backwards", engagement("e", lived(0, 30, 20)), nil, &v1alpha1.PoolTimes{ToFill: taking(30)}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			got := count(Input{Engagements: []v1alpha1.Engagement{tc.one}, Assignments: tc.assignments}).Times
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("the times are wrong (-expected +got):\n%s", diff)
			}
		})
	}
}

func TestTimesAreSummedUpByMedianAndNinthTenth(t *testing.T) {
	const second = 1.0 / 3600
	for _, tc := range []struct {
		reason      string
		hours       []float64
		median, p90 float64
	}{
		{"one", []float64{7}, 7, 7},
		{"the mean of the two in the middle", []float64{1, 100, 3, 4}, 3.5, 100},
		{"the middle", []float64{9, 1, 5}, 5, 9},
		{"nine of ten did not exceed the ninth", []float64{10, 9, 8, 7, 6, 5, 4, 3, 2, 1}, 5.5, 9},
		{"of eleven, ten", []float64{11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1}, 6, 10},
		{"in whole seconds", []float64{10 * second, 11 * second}, 11 * second, 11 * second},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			var list []v1alpha1.Engagement
			for i, h := range tc.hours {
				list = append(list, engagement(fmt.Sprint(i), lived(0, h, 1000)))
			}
			got := count(Input{Engagements: list}).Times.ToFill
			want := &v1alpha1.TimeTaken{Median: *lasting(tc.median), P90: *lasting(tc.p90), Sample: int32(len(tc.hours))}
			want.Median.Duration, want.P90.Duration = want.Median.Round(1e9), want.P90.Round(1e9)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%v hours are summed up wrongly (-expected +got):\n%s", tc.hours, diff)
			}
		})
	}
}

func TestScoresAreSummedUpByTheirDistribution(t *testing.T) {
	for _, tc := range []struct {
		reason string
		scores []string
		want   *v1alpha1.ScoreDistribution
	}{
		{"nobody has one", nil, nil},
		{"what cannot be read is none", []string{"", "high", "NaN", "-1", "100.1", "1e3"}, nil},
		{"one", []string{"82.5"}, &v1alpha1.ScoreDistribution{Sample: 1, P10: "82.5", Median: "82.5", P90: "82.5", Histogram: []int32{0, 0, 0, 0, 0, 0, 0, 0, 1, 0}}},
		{"both ends of the scale, and a half is rounded up", []string{"100.0", "0.0", "9.9", "10.0"},
			&v1alpha1.ScoreDistribution{Sample: 4, P10: "0.0", Median: "10.0", P90: "100.0", Histogram: []int32{2, 1, 0, 0, 0, 0, 0, 0, 0, 1}}},
		{"ten", []string{"10.0", "20.0", "30.0", "40.0", "50.0", "60.0", "70.0", "80.0", "90.0", "95.0", "odd"},
			&v1alpha1.ScoreDistribution{Sample: 10, P10: "10.0", Median: "55.0", P90: "90.0", Histogram: []int32{0, 1, 1, 1, 1, 1, 1, 1, 1, 2}}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			var members []v1alpha1.Worker
			for i, score := range tc.scores {
				members = append(members, worker(fmt.Sprint(i), scored(score)))
			}
			members = append(members, worker("unrated"))
			if diff := cmp.Diff(tc.want, count(Input{Members: members}).Scores); diff != "" {
				t.Errorf("the distribution is wrong (-expected +got):\n%s", diff)
			}
		})
	}
}

func TestAgreementIsOfThoseWhoRatedTheSameWorkByTheSameScorecard(t *testing.T) {
	final := func(evaluator, score string) v1alpha1.EvaluationRecord {
		return v1alpha1.EvaluationRecord{UID: "final", Kind: v1alpha1.EvaluationFinal, Evaluator: evaluator, Score: score, At: at(900)}
	}
	for _, tc := range []struct {
		reason      string
		engagements []v1alpha1.Engagement
		want        []v1alpha1.RaterAgreement
	}{
		{"nobody rated", []v1alpha1.Engagement{engagement("e", rated("creative"))}, nil},
		{"one rater each, even of the same period in two engagements",
			[]v1alpha1.Engagement{engagement("a", rated("creative", periodic("1", "mia", "80.0", 1))), engagement("b", rated("creative", periodic("1", "ben", "80.0", 1)))}, nil},
		{"a period and the end of the same name are two", []v1alpha1.Engagement{engagement("a", rated("creative", periodic("", "mia", "80.0", 1), final("ben", "80.0")))}, nil},
		{"who rates twice agrees with nobody", []v1alpha1.Engagement{engagement("a", rated("creative", periodic("1", "mia", "80.0", 1), periodic("1", "mia", "60.0", 2)))}, nil},
		{"complete agreement", []v1alpha1.Engagement{
			engagement("a", rated("creative", periodic("1", "mia", "80.0", 1), periodic("1", "ben", "80.0", 1), final("mia", "40.0"), final("ben", "40.0"))),
		}, []v1alpha1.RaterAgreement{{Scorecard: "talent/creative", Alpha: "1.000", Units: 2, Ratings: 4}}},
		// Units (1, 3) and (2, 2): observed Σ 2·4 = 8, over n − 1 = 3 of the expected 2·(4 + 1 + 1 + 1 + 1) = 16: 1 − 8·3 ÷ 16.
		{"less agreement than chance gives", []v1alpha1.Engagement{
			engagement("a", rated("creative", periodic("1", "mia", "1.0", 1), periodic("1", "ben", "3.0", 1), periodic("2", "mia", "2.0", 1), periodic("2", "ben", "2.0", 1))),
		}, []v1alpha1.RaterAgreement{{Scorecard: "talent/creative", Alpha: "-0.500", Units: 2, Ratings: 4}}},
		{"all ratings the same: agreement by chance is complete as well", []v1alpha1.Engagement{
			engagement("a", rated("creative", periodic("1", "mia", "80.0", 1), periodic("1", "ben", "80.0", 1), periodic("1", "eva", "80.0", 1))),
		}, []v1alpha1.RaterAgreement{{Scorecard: "talent/creative", Units: 1, Ratings: 3}}},
		{"the first rating of somebody counts, and none that cannot be read", []v1alpha1.Engagement{
			engagement("a", rated("creative", periodic("1", "mia", "20.0", 5), periodic("1", "mia", "90.0", 1), periodic("1", "ben", "90.0", 1), periodic("1", "eva", "odd", 1),
				periodic("2", "mia", "10.0", 1), periodic("2", "ben", "10.0", 1))),
		}, []v1alpha1.RaterAgreement{{Scorecard: "talent/creative", Alpha: "1.000", Units: 2, Ratings: 4}}},
		{"a scorecard of each namespace", []v1alpha1.Engagement{
			engagement("a", rated("creative", periodic("1", "mia", "80.0", 1), periodic("1", "ben", "80.0", 1))),
			engagement("b", in("marketing"), rated("creative", periodic("1", "mia", "80.0", 1), periodic("1", "ben", "80.0", 1))),
		}, []v1alpha1.RaterAgreement{{Scorecard: "marketing/creative", Units: 1, Ratings: 2}, {Scorecard: "talent/creative", Units: 1, Ratings: 2}}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			p := pool(func(p *v1alpha1.TalentPool) { p.Spec.AllowedNamespaces = []string{"marketing"} })
			if diff := cmp.Diff(tc.want, count(Input{Pool: p, Engagements: tc.engagements}).Agreement); diff != "" {
				t.Errorf("agreement is wrong (-expected +got):\n%s", diff)
			}
		})
	}
}

func TestOfTooManyScorecardsThoseMostRatedByAreKept(t *testing.T) {
	var list []v1alpha1.Engagement
	for i := range maxScorecards + 8 {
		e := engagement(fmt.Sprint(i), rated(fmt.Sprintf("sc-%02d", i), periodic("1", "mia", "80.0", 1), periodic("1", "ben", "70.0", 1)))
		if i == maxScorecards+7 {
			rated("sc-39", periodic("2", "mia", "80.0", 1), periodic("2", "ben", "70.0", 1))(&e)
		}
		list = append(list, e)
	}
	got := count(Input{Engagements: list}).Agreement
	if len(got) != maxScorecards || got[0].Scorecard != "talent/sc-00" || got[maxScorecards-1].Scorecard != "talent/sc-39" {
		t.Errorf("%d scorecards from %s to %s, expected 32, by name, with the one of two units among them", len(got), got[0].Scorecard, got[len(got)-1].Scorecard)
	}
}

func TestFeedbackIsCountedByTheme(t *testing.T) {
	raised, known, acted := v1alpha1.VerdictRaised, v1alpha1.VerdictAcknowledged, v1alpha1.VerdictActioned
	ignored := statement("feedback/pay", raised, 1)
	ignored.Ignored = "Closed"
	for _, tc := range []struct {
		reason      string
		members     []v1alpha1.Worker
		engagements []v1alpha1.Engagement
		want        []v1alpha1.FeedbackTheme
	}{
		{"nothing was said", nil, []v1alpha1.Engagement{engagement("e", heard(statement("onboarding/nda", v1alpha1.VerdictDone, 1)))}, nil},
		{"raised", nil, []v1alpha1.Engagement{engagement("e", heard(statement("feedback/pay", raised, 5), statement("feedback/pay", raised, 3)))},
			[]v1alpha1.FeedbackTheme{{Theme: "pay", Raised: 2, OldestOpen: moment(3)}}},
		{"to acknowledge is not to act", nil, []v1alpha1.Engagement{engagement("e", heard(statement("feedback/pay", raised, 3), statement("feedback/pay", known, 4)))},
			[]v1alpha1.FeedbackTheme{{Theme: "pay", Raised: 1, Acknowledged: 1, OldestOpen: moment(3)}}},
		{"actioned", nil, []v1alpha1.Engagement{engagement("e", heard(statement("feedback/pay", raised, 3), statement("feedback/pay", acted, 3)))},
			[]v1alpha1.FeedbackTheme{{Theme: "pay", Raised: 1, Actioned: 1}}},
		{"raised again since, by somebody else", []v1alpha1.Worker{worker("ada", stating(poolName, statement("feedback/pay", raised, 9)))},
			[]v1alpha1.Engagement{engagement("e", heard(statement("feedback/pay", raised, 3), statement("feedback/pay", acted, 4)))},
			[]v1alpha1.FeedbackTheme{{Theme: "pay", Raised: 2, Actioned: 1, OldestOpen: moment(9)}}},
		{"what does not count, or was said of another pool", []v1alpha1.Worker{worker("ada", stating("developers", statement("feedback/pay", raised, 9)))},
			[]v1alpha1.Engagement{engagement("e", heard(ignored))}, nil},
		{"the most often raised first", nil, []v1alpha1.Engagement{engagement("e", heard(
			statement("feedback/alpha", acted, 1), statement("feedback/pay", raised, 1), statement("feedback/tools", raised, 1), statement("feedback/tools", raised, 2), statement("feedback/noise", raised, 1)))},
			[]v1alpha1.FeedbackTheme{
				{Theme: "tools", Raised: 2, OldestOpen: moment(1)}, {Theme: "noise", Raised: 1, OldestOpen: moment(1)}, {Theme: "pay", Raised: 1, OldestOpen: moment(1)}, {Theme: "alpha", Actioned: 1},
			}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, count(Input{Members: tc.members, Engagements: tc.engagements}).Feedback); diff != "" {
				t.Errorf("the themes are wrong (-expected +got):\n%s", diff)
			}
		})
	}
	var flood []v1alpha1.AttestationRecord
	for i := range 100 {
		flood = append(flood, statement(fmt.Sprintf("feedback/t-%03d", i), raised, float64(i)))
	}
	got := count(Input{Engagements: []v1alpha1.Engagement{engagement("e", heard(flood...), heard(statement("feedback/t-099", raised, 200)))}}).Feedback
	if len(got) != maxThemes || got[0].Theme != "t-099" {
		t.Errorf("of 100 themes %d are kept, the first %s; expected the 32 that the status has places for, the one raised twice first", len(got), got[0].Theme)
	}
}

func TestOnlyWhatIsCountedIsNews(t *testing.T) {
	base := worker("ada", ranked("Gold"), offering(20), holding("talent/e"), scored("80.0", "80.0"), screening(nil, standsAt("trial", done, 5)))
	other := func(change func(*v1alpha1.Worker)) *v1alpha1.Worker {
		w := base.DeepCopy()
		change(w)
		return w
	}
	for _, tc := range []struct {
		reason string
		is     *v1alpha1.Worker
		same   bool
	}{
		{"nothing", other(func(*v1alpha1.Worker) {}), true},
		{"a skill", other(func(w *v1alpha1.Worker) { w.Spec.Skills = []v1alpha1.Skill{{Name: "logo"}} }), true},
		{"for whom the screening waits", other(func(w *v1alpha1.Worker) { w.Status.WaitingFor = []v1alpha1.WaitingFor{{What: "screening/trial"}} }), true},
		{"the message of a step", other(func(w *v1alpha1.Worker) { w.Status.Pools[0].Steps[0].Message = "done" }), true},
		{"hours", other(offering(30)), false},
		{"what is held", other(holding("talent/e", "talent/f")), false},
		{"the tier", other(ranked("Standard")), false},
		{"the screening", other(screened(v1alpha1.ScreeningLapsed)), false},
		{"the score", other(scored("81.0", "80.0")), false},
		{"an evaluation", other(scored("80.0", "80.0", "80.0")), false},
		{"a proposed demotion", other(standing(func(m *v1alpha1.PoolMembership) { m.Demotion = &v1alpha1.ProposedDemotion{} })), false},
		{"when a step was done", other(screening(nil, standsAt("trial", done, 6))), false},
		{"feedback", other(stating(poolName, statement("feedback/pay", v1alpha1.VerdictRaised, 1))), false},
		{"a pool that was left", other(func(w *v1alpha1.Worker) { w.Status.Pools = nil }), false},
	} {
		t.Run("worker: "+tc.reason, func(t *testing.T) {
			if got := SameWorker(&base, tc.is); got != tc.same {
				t.Errorf("counted as before: %v, expected %v", got, tc.same)
			}
			if got := SameWorker(tc.is, &base); got != tc.same {
				t.Errorf("counted as before, the other way round: %v, expected %v", got, tc.same)
			}
		})
	}
	running := engagement("e", lived(0, 10, 20), asking(20), rated("creative", periodic("1", "mia", "80.0", 1)))
	for _, tc := range []struct {
		reason string
		change func(*v1alpha1.Engagement)
		same   bool
	}{
		{"nothing", func(*v1alpha1.Engagement) {}, true},
		{"for whom it waits", func(e *v1alpha1.Engagement) { e.Status.WaitingFor = []v1alpha1.WaitingFor{{What: "start/confirmed"}} }, true},
		{"a condition", func(e *v1alpha1.Engagement) { e.Status.Conditions = []metav1.Condition{{Type: "Ready"}} }, true},
		{"access", func(e *v1alpha1.Engagement) { e.Status.Access = &v1alpha1.AccessStatus{} }, true},
		{"the pool", func(e *v1alpha1.Engagement) { e.Spec.PoolRef.Name = "developers" }, false},
		{"hours", asking(30), false},
		{"a phase", func(e *v1alpha1.Engagement) { e.Status.Phases[3].EnteredAt = at(21) }, false},
		{"an evaluation", rated("creative", periodic("1", "ben", "80.0", 1)), false},
		{"an accepted deliverable", delivering(30), false},
		{"feedback", heard(statement("feedback/pay", v1alpha1.VerdictRaised, 1)), false},
		{"a step", func(e *v1alpha1.Engagement) {
			e.Status.Onboarding.Steps = []v1alpha1.StepStatus{standsAt("nda", open, 10)}
		}, false},
	} {
		t.Run("engagement: "+tc.reason, func(t *testing.T) {
			changed := running.DeepCopy()
			tc.change(changed)
			if got := SameEngagement(&running, changed); got != tc.same {
				t.Errorf("counted as before: %v, expected %v", got, tc.same)
			}
		})
	}
	assigned := assignment(v1alpha1.AssignmentAssigned)
	for _, tc := range []struct {
		reason string
		is     v1alpha1.Assignment
		same   bool
	}{
		{"begun", assignment(v1alpha1.AssignmentStarted), true},
		{"accepted", assignment(v1alpha1.AssignmentAccepted, acceptedFrom("e", 10)), false},
		{"given back", assignment(v1alpha1.AssignmentPending), false},
		{"the pool", assignment(v1alpha1.AssignmentAssigned, func(a *v1alpha1.Assignment) { a.Spec.PoolRef.Name = "agents" }), false},
	} {
		t.Run("assignment: "+tc.reason, func(t *testing.T) {
			if got := SameAssignment(&assigned, &tc.is); got != tc.same {
				t.Errorf("counted as before: %v, expected %v", got, tc.same)
			}
		})
	}
}
