package talentpool

import (
	"fmt"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// ago is so many hours before the clock's first moment.
func ago(hours float64) metav1.Time {
	return metav1.NewTime(start.Add(-time.Duration(hours * float64(time.Hour))))
}

func since(hours float64) *metav1.Time { return new(ago(hours)) }

func lasting(hours float64) *metav1.Duration {
	return &metav1.Duration{Duration: time.Duration(hours * float64(time.Hour))}
}

// says puts into a worker's status what their own reconciler would say.
func (o *office) says(w *v1alpha1.Worker, change func(*v1alpha1.WorkerStatus)) {
	o.Helper()
	change(&w.Status)
	o.Expect(o.API.Status().Update(o.Context(), w)).To(Succeed())
}

// engagement draws on a pool; the change puts into it what its own reconciler would say.
func (o *office) engagement(name, pool string, change func(*v1alpha1.Engagement)) *v1alpha1.Engagement {
	o.Helper()
	e := &v1alpha1.Engagement{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.EngagementSpec{
		Title: name, PoolRef: v1alpha1.PoolReference{Name: pool},
		StatementOfWork: v1alpha1.StatementOfWork{Start: ago(0), End: ago(-1000), Budget: v1alpha1.Money{Currency: "USD", Amount: "5000"}},
		Classification:  v1alpha1.Classification{WorkerType: v1alpha1.IndependentContractor, Jurisdiction: "GB"},
		Requirements:    &v1alpha1.Requirements{HoursPerWeek: 10},
		Evaluation:      &v1alpha1.EvaluationPlan{ScorecardRef: v1alpha1.LocalReference{Name: "creative"}},
	}}
	o.Create(e)
	o.tells(e, change)
	return e
}

func (o *office) tells(e *v1alpha1.Engagement, change func(*v1alpha1.Engagement)) {
	o.Helper()
	change(e)
	o.Expect(o.API.Status().Update(o.Context(), e)).To(Succeed())
}

// shows waits until the pool's status is as expected, while the clock goes on: a count that began before the cache had heard of everything is followed by
// another. It gives what that pass came to.
func (o *office) shows(pool *v1alpha1.TalentPool, expected func(Gomega, *v1alpha1.TalentPoolStatus)) ctrl.Result {
	o.Helper()
	this := ctrl.Request{NamespacedName: client.ObjectKeyFromObject(pool)}
	var result ctrl.Result
	o.Eventually(func(g Gomega) {
		o.clock.SetTime(o.clock.Now().Add(writeInterval))
		var err error
		result, err = o.own.Reconcile(o.Context(), this)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(o.API.Get(o.Context(), this.NamespacedName, pool)).To(Succeed())
		g.Expect(pool.Status.ObservedGeneration).To(Equal(pool.Generation), "the status should speak of the spec as it is")
		expected(g, &pool.Status)
	}).WithTimeout(30 * time.Second).Should(Succeed())
	return result
}

func recruiting(e *v1alpha1.Engagement) {
	e.Status.Phase = v1alpha1.PhaseRecruiting
	e.Status.Phases = []v1alpha1.PhaseTime{{Name: v1alpha1.PhaseRecruiting, EnteredAt: ago(200)}}
}

// working is an engagement in which somebody has worked for 100 hours.
func working(worker string) func(*v1alpha1.Engagement) {
	return func(e *v1alpha1.Engagement) {
		recruiting(e)
		hash := "sha256:" + fmt.Sprintf("%064d", 0)
		e.Status.Phase = v1alpha1.PhaseAssigned
		e.Status.Worker = &v1alpha1.EngagedWorker{Name: worker, Namespace: e.Namespace}
		e.Status.Terms = &v1alpha1.AcceptedTerms{
			StatementOfWork: e.Spec.StatementOfWork, Classification: e.Spec.Classification, Worker: worker, Proposed: hash, Hash: hash, AcceptedAt: ago(150),
		}
		e.Status.Phases = append(e.Status.Phases,
			v1alpha1.PhaseTime{Name: v1alpha1.PhaseOnboarding, EnteredAt: ago(150)}, v1alpha1.PhaseTime{Name: v1alpha1.PhaseAssigned, EnteredAt: ago(100)})
		e.Status.Onboarding = &v1alpha1.ProcedureStatus{
			StartedAt:  since(150),
			Definition: []v1alpha1.ChecklistStep{{Name: "nda", Type: v1alpha1.StepDocument}, {Name: "laptop", Type: v1alpha1.StepAttestation, DependsOn: []string{"nda"}}},
			Steps: []v1alpha1.StepStatus{
				{Name: "nda", State: v1alpha1.StepDone, Since: since(140)}, {Name: "laptop", State: v1alpha1.StepDone, Since: since(105)},
			},
		}
		e.Status.Evaluations = []v1alpha1.EvaluationRecord{
			{UID: "1", Name: "one", Kind: v1alpha1.EvaluationPeriodic, Period: "1", Evaluator: "mia", Score: "80.0", At: ago(10)},
			{UID: "2", Name: "two", Kind: v1alpha1.EvaluationPeriodic, Period: "1", Evaluator: "ben", Score: "80.0", At: ago(10)},
			{UID: "3", Name: "three", Kind: v1alpha1.EvaluationPeriodic, Period: "2", Evaluator: "mia", Score: "60.0", At: ago(5)},
			{UID: "4", Name: "four", Kind: v1alpha1.EvaluationPeriodic, Period: "2", Evaluator: "ben", Score: "60.0", At: ago(5)},
		}
		e.Status.Attestations = []v1alpha1.AttestationRecord{
			{UID: "f", Name: "f", Claim: "feedback/tools", Verdict: v1alpha1.VerdictRaised, Author: "ada", At: ago(20)},
		}
	}
}

func (o *office) assignment(name, pool string, change func(*v1alpha1.AssignmentStatus)) *v1alpha1.Assignment {
	o.Helper()
	a := &v1alpha1.Assignment{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.AssignmentSpec{
		Title: name, PoolRef: v1alpha1.PoolReference{Name: pool}, Type: v1alpha1.AssignmentTask,
	}}
	o.Create(a)
	change(&a.Status)
	o.Expect(o.API.Status().Update(o.Context(), a)).To(Succeed())
	return a
}

func TestAPoolShowsItsDashboard(t *testing.T) {
	o := open(t)
	steps := []v1alpha1.ChecklistStep{{Name: "identity", Type: v1alpha1.StepAttestation}, {Name: "trial", Type: v1alpha1.StepAttestation, DependsOn: []string{"identity"}}}
	o.Create(&v1alpha1.Checklist{ObjectMeta: metav1.ObjectMeta{Name: "funnel"}, Spec: v1alpha1.ChecklistSpec{Steps: steps}})
	ada := o.worker("ada", "designers", passes, o.Namespace+"/campaign", o.Namespace+"/elsewhere")
	ada.Spec.Availability = &v1alpha1.Availability{HoursPerWeek: 40}
	o.Expect(o.API.Update(t.Context(), ada)).To(Succeed())
	o.says(ada, func(st *v1alpha1.WorkerStatus) {
		m := &st.Pools[0]
		m.Tier, m.StartedAt, m.Definition = "Gold", since(500), steps
		m.Steps = []v1alpha1.StepStatus{{Name: "identity", State: v1alpha1.StepDone, Since: since(490)}, {Name: "trial", State: v1alpha1.StepDone, Since: since(400)}}
		m.Demotion = &v1alpha1.ProposedDemotion{To: "Standard", Since: ago(10)}
		m.Score = &v1alpha1.WorkerScore{Value: "72.5", Low: "60.0", High: "85.0", Sample: 1, Weight: "1.00", At: ago(5), HalfLife: "P1Y", Prior: v1alpha1.AppliedPrior{Mean: "50.0", Spread: "15.0"}}
	})
	o.says(o.worker("bob", "designers", v1alpha1.ScreeningFailed), func(st *v1alpha1.WorkerStatus) {
		m := &st.Pools[0]
		m.StartedAt, m.Definition = since(500), steps
		m.Steps = []v1alpha1.StepStatus{{Name: "identity", State: v1alpha1.StepDone, Since: since(480)}, {Name: "trial", State: v1alpha1.StepFailed, Since: since(440)}}
	})
	campaign := o.engagement("campaign", "designers", working("ada"))
	o.engagement("logo", "designers", recruiting)
	o.engagement("elsewhere", "developers", working("ada"))
	o.assignment("first", "designers", func(st *v1alpha1.AssignmentStatus) {
		st.State, st.EngagementUID, st.AcceptedAt = v1alpha1.AssignmentAccepted, campaign.UID, since(70)
	})
	o.assignment("second", "designers", func(st *v1alpha1.AssignmentStatus) { st.State = v1alpha1.AssignmentPending })

	pool := o.pool("designers", func(s *v1alpha1.TalentPoolSpec) {
		s.Screening = &v1alpha1.Screening{ChecklistRef: v1alpha1.LocalReference{Name: "funnel"}}
		s.Tiers = []v1alpha1.Tier{{Name: "Standard"}, {Name: "Gold", MinScore: 70}}
	})
	taking := func(hours float64) *v1alpha1.TimeTaken {
		return &v1alpha1.TimeTaken{Median: *lasting(hours), P90: *lasting(hours), Sample: 1}
	}
	share := func(name string, passed, failed int32, conversion, low, high string, hours float64) v1alpha1.FunnelStep {
		return v1alpha1.FunnelStep{Name: name, Entered: 2, Passed: passed, Failed: failed, Conversion: conversion, ConversionLow: low, ConversionHigh: high, Median: lasting(hours)}
	}
	o.shows(pool, func(g Gomega, st *v1alpha1.TalentPoolStatus) {
		g.Expect([]int32{st.Members, st.Screened, st.Engaged, st.Recruiting, st.PendingAssignments}).To(Equal([]int32{2, 1, 1, 1, 1}), "members, screened, engaged, recruiting, pending")
		g.Expect(st.Screening).To(Equal(&v1alpha1.ScreeningCounts{Passed: 1, Failed: 1}))
		g.Expect(st.Tiers).To(Equal([]v1alpha1.TierCounts{{Name: "Standard", Members: 1}, {Name: "Gold", Members: 1, Screened: 1, Engaged: 1, Demotions: 1}}))
		g.Expect(st.Utilisation).To(Equal(&v1alpha1.Utilisation{HoursAvailable: 40, HoursTaken: 20, Percent: 50}), "what is held in another pool takes time as well")
		g.Expect(st.Funnel).To(Equal([]v1alpha1.FunnelStep{
			share("identity", 2, 0, "1.000", "0.342", "1.000", 15), share("trial", 1, 1, "0.500", "0.095", "0.905", 65),
		}))
		g.Expect(st.Times).To(Equal(&v1alpha1.PoolTimes{ToFill: taking(50), ToOnboard: taking(50), ToFirstAccepted: taking(30)}))
		g.Expect(st.SlowestSteps).To(HaveLen(4))
		g.Expect(st.SlowestSteps[0]).To(Equal(v1alpha1.SlowStep{Step: "screening/trial", Median: *lasting(65), Sample: 2}))
		g.Expect(st.SlowestSteps[1]).To(Equal(v1alpha1.SlowStep{Step: "onboarding/laptop", Median: *lasting(35), Sample: 1}), "it opened once the nda was signed")
		g.Expect(st.Scores.Median).To(Equal("72.5"))
		g.Expect(st.Prior.Version).To(BeEquivalentTo(1))
		g.Expect(st.Agreement).To(Equal([]v1alpha1.RaterAgreement{{Scorecard: o.Namespace + "/creative", Alpha: "1.000", Units: 2, Ratings: 4}}))
		g.Expect(st.Feedback).To(HaveLen(1))
		g.Expect(st.Feedback[0].Theme).To(Equal("tools"))
		g.Expect(st.Feedback[0].OldestOpen.Time).To(BeTemporally("==", start.Add(-20*time.Hour)))
	})
}

func TestTheDashboardFollowsEngagementsAndAssignments(t *testing.T) {
	o := open(t)
	pool := o.pool("designers", plain)
	o.awaits(pool, counting(0, 0, 0))
	for i, step := range []struct {
		what   string
		happen func()
		shows  func(*v1alpha1.TalentPoolStatus) any
		want   any
	}{
		{
			"a search begins", func() { o.engagement("campaign", "designers", recruiting) },
			func(st *v1alpha1.TalentPoolStatus) any { return st.Recruiting }, int32(1),
		},
		{
			"work comes in", func() { o.assignment("task", "designers", func(*v1alpha1.AssignmentStatus) {}) },
			func(st *v1alpha1.TalentPoolStatus) any { return st.PendingAssignments }, int32(1),
		},
		{
			"the search ends", func() {
				e := &v1alpha1.Engagement{}
				o.Expect(o.API.Get(t.Context(), types.NamespacedName{Namespace: o.Namespace, Name: "campaign"}, e)).To(Succeed())
				o.tells(e, working("ada"))
			},
			func(st *v1alpha1.TalentPoolStatus) any { return st.Recruiting }, int32(0),
		},
		{
			"the engagement is moved to another pool", func() {
				e := &v1alpha1.Engagement{}
				o.Expect(o.API.Get(t.Context(), types.NamespacedName{Namespace: o.Namespace, Name: "campaign"}, e)).To(Succeed())
				e.Spec.PoolRef.Name = "developers"
				o.Expect(o.API.Update(t.Context(), e)).To(Succeed())
			},
			func(st *v1alpha1.TalentPoolStatus) any { return st.Times == nil }, true,
		},
		{
			"work is taken back", func() {
				a := &v1alpha1.Assignment{}
				o.Expect(o.API.Get(t.Context(), types.NamespacedName{Namespace: o.Namespace, Name: "task"}, a)).To(Succeed())
				a.Spec.Cancelled = true
				o.Expect(o.API.Update(t.Context(), a)).To(Succeed())
			},
			func(st *v1alpha1.TalentPoolStatus) any { return st.PendingAssignments }, int32(0),
		},
	} {
		o.clock.SetTime(start.Add(time.Duration(i+1) * writeInterval))
		step.happen()
		o.awaits(pool, func(g Gomega, st *v1alpha1.TalentPoolStatus) {
			g.Expect(step.shows(st)).To(Equal(step.want), step.what)
		})
	}
}

func TestHoursHeldInAnotherPoolAreNewsToThisOne(t *testing.T) {
	o := open(t)
	e := o.engagement("feature", "developers", working("ada"))
	ada := o.worker("ada", "designers", passes, o.Namespace+"/feature")
	ada.Spec.Availability = &v1alpha1.Availability{HoursPerWeek: 40}
	o.Expect(o.API.Update(t.Context(), ada)).To(Succeed())
	pool := o.pool("designers", plain)
	taken := func(hours int32) func(Gomega, *v1alpha1.TalentPoolStatus) {
		return func(g Gomega, st *v1alpha1.TalentPoolStatus) {
			g.Expect(st.Utilisation).To(HaveField("HoursTaken", hours))
		}
	}
	o.shows(pool, taken(10))
	o.clock.SetTime(o.clock.Now().Add(writeInterval))
	e.Spec.Requirements.HoursPerWeek = 30
	o.Expect(o.API.Update(t.Context(), e)).To(Succeed())
	o.awaits(pool, taken(30))
}

func TestABusyPoolIsWrittenToAtMostOnceInTenSecondsAndTheLastChangeIsTold(t *testing.T) {
	o := open(t)
	pool := o.pool("designers", plain)
	o.awaits(pool, counting(0, 0, 0))
	busy := o.Mark()
	const rounds = 3
	for round := range rounds {
		o.clock.SetTime(start.Add(time.Duration(round+1)*writeInterval - time.Second))
		for i := range 5 {
			o.engagement(fmt.Sprintf("e-%d-%d", round, i), "designers", recruiting)
			o.assignment(fmt.Sprintf("a-%d-%d", round, i), "designers", func(*v1alpha1.AssignmentStatus) {})
		}
		o.Expect(o.writes(busy, pool)).To(HaveLen(round), "the interval has not passed")
		o.clock.SetTime(start.Add(time.Duration(round+1) * writeInterval))
		o.awaits(pool, func(g Gomega, st *v1alpha1.TalentPoolStatus) {
			want := int32(5 * (round + 1))
			g.Expect([]int32{st.Recruiting, st.PendingAssignments}).To(Equal([]int32{want, want}), "nothing is lost that happened meanwhile")
		})
	}
	o.Expect(o.writes(busy, pool)).To(HaveLen(rounds))
}

func TestAPoolStaysAtRestWhileWhatIsNotCountedChanges(t *testing.T) {
	o := open(t)
	o.worker("ada", "designers", passes)
	e := o.engagement("campaign", "designers", working("ada"))
	a := o.assignment("task", "designers", func(st *v1alpha1.AssignmentStatus) { st.State = v1alpha1.AssignmentAssigned })
	pool := o.pool("designers", plain)
	o.shows(pool, func(g Gomega, st *v1alpha1.TalentPoolStatus) {
		g.Expect([]int32{st.Members, int32(len(st.Agreement)), st.PendingAssignments}).To(Equal([]int32{1, 1, 0}), "members, scorecards, pending")
	})

	rest := o.Mark()
	o.clock.SetTime(o.clock.Now().Add(10 * writeInterval))
	o.tells(e, func(e *v1alpha1.Engagement) {
		e.Status.WaitingFor = []v1alpha1.WaitingFor{{What: "deliverable/logo", Who: v1alpha1.ActorWorker, Since: ago(0)}}
	})
	a.Status.State, a.Status.StartedAt = v1alpha1.AssignmentStarted, since(0)
	o.Expect(o.API.Status().Update(t.Context(), a)).To(Succeed())
	o.awaits(o.pool("later", plain), counting(0, 0, 0))
	o.Expect(o.writes(rest, pool)).To(BeEmpty(), "nothing that is counted has changed")
}

// evaluated gives a member's score five evaluations, or changes them.
func (o *office) evaluated(w *v1alpha1.Worker, score string) {
	o.Helper()
	o.says(w, func(st *v1alpha1.WorkerStatus) {
		s := &v1alpha1.WorkerScore{Value: score, Low: score, High: score, Sample: 5, Weight: "5.00", At: ago(0), HalfLife: "P1Y", Prior: v1alpha1.AppliedPrior{Mean: "50.0", Spread: "15.0"}}
		for i := range 5 {
			name := fmt.Sprintf("%s-%d", w.Name, i)
			s.Evaluations = append(s.Evaluations, v1alpha1.RatedWork{UID: types.UID(name), Name: name, Engagement: "a/b", Score: score, At: ago(float64(i))})
		}
		st.Pools[0].Score = s
	})
}

func TestAPriorThatMayNotYetBeReplacedIsLookedAtWhenItMay(t *testing.T) {
	o := open(t)
	var members []*v1alpha1.Worker
	for i := range 5 {
		w := o.worker(fmt.Sprintf("w-%d", i), "designers", passes)
		o.evaluated(w, "80.0")
		members = append(members, w)
	}
	pool := o.pool("designers", plain)
	prior := func(version int64, median string) func(Gomega, *v1alpha1.TalentPoolStatus) {
		return func(g Gomega, st *v1alpha1.TalentPoolStatus) {
			g.Expect(st.Prior.Version).To(Equal(version))
			g.Expect(st.Scores.Median).To(Equal(median))
		}
	}
	o.shows(pool, prior(2, "80.0"))
	put := pool.Status.Prior.At
	for _, w := range members {
		o.evaluated(w, "90.0")
	}
	o.Eventually(func() time.Time {
		again := o.shows(pool, prior(2, "90.0")).RequeueAfter
		return o.clock.Now().Add(again)
	}).Should(BeTemporally("==", put.Add(24*time.Hour)), "time alone changes the prior then, and no event tells")

	o.clock.SetTime(put.Add(24 * time.Hour))
	o.shows(pool, prior(3, "90.0"))
}
