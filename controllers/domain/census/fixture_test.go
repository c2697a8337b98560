package census

import (
	"fmt"
	"math/rand/v2"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/scoring"
)

// start is the first moment in every test here, and now long after everything.
var (
	start = time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC)
	now   = start.AddDate(2, 0, 0)
)

const poolName = "designers"

func at(hours float64) metav1.Time {
	return metav1.NewTime(start.Add(time.Duration(hours * float64(time.Hour))))
}

func moment(hours float64) *metav1.Time { return ptr.To(at(hours)) }

func lasting(hours float64) *metav1.Duration {
	return &metav1.Duration{Duration: time.Duration(hours * float64(time.Hour))}
}

func pool(changes ...func(*v1alpha1.TalentPool)) *v1alpha1.TalentPool {
	p := &v1alpha1.TalentPool{ObjectMeta: metav1.ObjectMeta{Namespace: "talent", Name: poolName}}
	for _, change := range changes {
		change(p)
	}
	return p
}

// worker is a member of the pool who has passed its screening.
func worker(name string, changes ...func(*v1alpha1.Worker)) v1alpha1.Worker {
	w := v1alpha1.Worker{ObjectMeta: metav1.ObjectMeta{Namespace: "talent", Name: name}}
	w.Status.Pools = []v1alpha1.PoolMembership{{Name: poolName, Screening: v1alpha1.ScreeningPassed}}
	for _, change := range changes {
		change(&w)
	}
	return w
}

func standing(change func(*v1alpha1.PoolMembership)) func(*v1alpha1.Worker) {
	return func(w *v1alpha1.Worker) { change(&w.Status.Pools[0]) }
}

func screened(state v1alpha1.ScreeningState) func(*v1alpha1.Worker) {
	return standing(func(m *v1alpha1.PoolMembership) { m.Screening = state })
}

func ranked(tier string) func(*v1alpha1.Worker) {
	return standing(func(m *v1alpha1.PoolMembership) { m.Tier = tier })
}

func offering(hours int32) func(*v1alpha1.Worker) {
	return func(w *v1alpha1.Worker) { w.Spec.Availability = &v1alpha1.Availability{HoursPerWeek: hours} }
}

func holding(engagements ...string) func(*v1alpha1.Worker) {
	return func(w *v1alpha1.Worker) { w.Status.Engagements = engagements }
}

func scored(value string, evaluations ...string) func(*v1alpha1.Worker) {
	return standing(func(m *v1alpha1.PoolMembership) {
		m.Score = &v1alpha1.WorkerScore{Value: value}
		for i, score := range evaluations {
			m.Score.Evaluations = append(m.Score.Evaluations, v1alpha1.RatedWork{UID: types.UID(fmt.Sprint(i)), Score: score, At: at(float64(i))})
		}
	})
}

// screening is a worker's way through steps since the start.
func screening(steps []v1alpha1.ChecklistStep, statuses ...v1alpha1.StepStatus) func(*v1alpha1.Worker) {
	return standing(func(m *v1alpha1.PoolMembership) {
		m.StartedAt, m.Definition, m.Steps = moment(0), steps, statuses
	})
}

// stating adds a statement about the worker in a pool.
func stating(pool string, record v1alpha1.AttestationRecord) func(*v1alpha1.Worker) {
	return func(w *v1alpha1.Worker) {
		w.Status.Attestations = append(w.Status.Attestations, v1alpha1.WorkerAttestation{AttestationRecord: record, Pool: pool})
	}
}

func statement(claim string, verdict v1alpha1.Verdict, hours float64) v1alpha1.AttestationRecord {
	name := fmt.Sprintf("%s-%v", claim, hours)
	return v1alpha1.AttestationRecord{UID: types.UID(name), Name: name, Claim: claim, Verdict: verdict, At: at(hours)}
}

func engagement(name string, changes ...func(*v1alpha1.Engagement)) v1alpha1.Engagement {
	e := v1alpha1.Engagement{ObjectMeta: metav1.ObjectMeta{Namespace: "talent", Name: name, UID: types.UID("uid-" + name)}}
	e.Spec.PoolRef.Name = poolName
	for _, change := range changes {
		change(&e)
	}
	return e
}

func in(namespace string) func(*v1alpha1.Engagement) {
	return func(e *v1alpha1.Engagement) {
		e.Namespace, e.Spec.PoolRef.Namespace = namespace, "talent"
	}
}

// lived is an engagement that entered phases at hours: Recruiting, Onboarding (accepted at that moment), Assigned.
func lived(recruiting, accepted, assigned float64) func(*v1alpha1.Engagement) {
	return func(e *v1alpha1.Engagement) {
		e.Status.Phase = v1alpha1.PhaseAssigned
		e.Status.Phases = []v1alpha1.PhaseTime{
			{Name: v1alpha1.PhasePending, EnteredAt: at(-1000)}, {Name: v1alpha1.PhaseRecruiting, EnteredAt: at(recruiting)},
			{Name: v1alpha1.PhaseOnboarding, EnteredAt: at(accepted)}, {Name: v1alpha1.PhaseAssigned, EnteredAt: at(assigned)},
		}
		e.Status.Terms = &v1alpha1.AcceptedTerms{AcceptedAt: at(accepted)}
		e.Status.Onboarding = &v1alpha1.ProcedureStatus{StartedAt: moment(accepted)}
	}
}

func asking(hours int32) func(*v1alpha1.Engagement) {
	return func(e *v1alpha1.Engagement) { e.Spec.Requirements = &v1alpha1.Requirements{HoursPerWeek: hours} }
}

func rated(scorecard string, evaluations ...v1alpha1.EvaluationRecord) func(*v1alpha1.Engagement) {
	return func(e *v1alpha1.Engagement) {
		e.Spec.Evaluation = &v1alpha1.EvaluationPlan{ScorecardRef: v1alpha1.LocalReference{Name: scorecard}}
		e.Status.Evaluations = append(e.Status.Evaluations, evaluations...)
	}
}

func periodic(period, evaluator, score string, hours float64) v1alpha1.EvaluationRecord {
	return v1alpha1.EvaluationRecord{
		UID: types.UID(period + evaluator + score), Kind: v1alpha1.EvaluationPeriodic, Period: period, Evaluator: evaluator, Score: score, At: at(hours),
	}
}

func heard(records ...v1alpha1.AttestationRecord) func(*v1alpha1.Engagement) {
	return func(e *v1alpha1.Engagement) { e.Status.Attestations = append(e.Status.Attestations, records...) }
}

func assignment(state v1alpha1.AssignmentState, changes ...func(*v1alpha1.Assignment)) v1alpha1.Assignment {
	a := v1alpha1.Assignment{ObjectMeta: metav1.ObjectMeta{Namespace: "talent"}}
	a.Status.State = state
	for _, change := range changes {
		change(&a)
	}
	return a
}

func acceptedFrom(engagement string, hours float64) func(*v1alpha1.Assignment) {
	return func(a *v1alpha1.Assignment) {
		a.Status.EngagementUID, a.Status.AcceptedAt = types.UID("uid-"+engagement), moment(hours)
	}
}

// step is a step of a checklist.
func step(name string, changes ...func(*v1alpha1.ChecklistStep)) v1alpha1.ChecklistStep {
	s := v1alpha1.ChecklistStep{Name: name, Type: v1alpha1.StepAttestation}
	for _, change := range changes {
		change(&s)
	}
	return s
}

func after(names ...string) func(*v1alpha1.ChecklistStep) {
	return func(s *v1alpha1.ChecklistStep) { s.DependsOn = names }
}

func notBefore(hours float64) func(*v1alpha1.ChecklistStep) {
	return func(s *v1alpha1.ChecklistStep) { s.NotBefore = lasting(hours) }
}

func beforeEnd(hours float64) func(*v1alpha1.ChecklistStep) {
	return func(s *v1alpha1.ChecklistStep) { s.BeforeEnd = lasting(hours) }
}

func training(attempts int32, validFor string) func(*v1alpha1.ChecklistStep) {
	return func(s *v1alpha1.ChecklistStep) {
		s.Type, s.Training = v1alpha1.StepTraining, &v1alpha1.Training{MaxAttempts: attempts, ValidFor: validFor, PassScore: 80}
	}
}

// standsAt is how far a step is, since an hour.
func standsAt(name string, state v1alpha1.StepState, hours float64) v1alpha1.StepStatus {
	return v1alpha1.StepStatus{Name: name, State: state, Since: moment(hours)}
}

// many is a pool with n members and m engagements of which every part varies, always the same for the same seed.
func many(n, m int, seed uint64) Input {
	r := rand.New(rand.NewPCG(seed, seed))
	steps := []v1alpha1.ChecklistStep{
		step("identity"), step("portfolio", after("identity")), step("academy", training(2, "P1Y"), after("portfolio")), step("trial", notBefore(24), after("academy")),
		step("interview", after("academy")), step("references"), step("contract", after("interview", "references")), step("tools", after("contract")),
	}
	input := Input{Pool: pool(tiered("Standard", "Silver", "Gold")), Steps: steps, Now: now}
	states := []v1alpha1.ScreeningState{v1alpha1.ScreeningPassed, v1alpha1.ScreeningPassed, v1alpha1.ScreeningFailed, v1alpha1.ScreeningInProgress, v1alpha1.ScreeningLapsed}
	stepStates := []v1alpha1.StepState{v1alpha1.StepDone, v1alpha1.StepDone, v1alpha1.StepDone, v1alpha1.StepFailed, v1alpha1.StepWaived, v1alpha1.StepOpen, v1alpha1.StepPending}
	through := func(area string) (statuses []v1alpha1.StepStatus, records []v1alpha1.AttestationRecord) {
		passed := 0.0
		for i := range steps {
			passed += 200 * r.Float64()
			st := standsAt(steps[i].Name, stepStates[r.IntN(len(stepStates))], passed)
			record := statement(area+"/"+steps[i].Name, v1alpha1.VerdictDone, passed)
			st.Attestation = record.Name
			statuses, records = append(statuses, st), append(records, record)
		}
		return statuses, records
	}
	themes := []string{"pay", "tools", "onboarding", "communication", "praise"}
	verdicts := []v1alpha1.Verdict{v1alpha1.VerdictRaised, v1alpha1.VerdictRaised, v1alpha1.VerdictAcknowledged, v1alpha1.VerdictActioned}
	said := func() v1alpha1.AttestationRecord {
		return statement("feedback/"+themes[r.IntN(len(themes))], verdicts[r.IntN(len(verdicts))], float64(r.IntN(5000)))
	}
	for i := range n {
		w := worker(fmt.Sprintf("w-%d", i), screened(states[r.IntN(len(states))]), ranked([]string{"Standard", "Silver", "Gold", "Bronze"}[r.IntN(4)]), offering(int32(10+r.IntN(30))))
		statuses, records := through("screening")
		screening(steps, statuses...)(&w)
		for _, record := range append(records, said()) {
			stating(poolName, record)(&w)
		}
		if r.IntN(3) > 0 {
			scored(scoring.FormatTenths(r.Int64N(1001)), scoring.FormatTenths(r.Int64N(1001)), scoring.FormatTenths(r.Int64N(1001)), scoring.FormatTenths(r.Int64N(1001)))(&w)
		}
		if m > 0 && r.IntN(2) == 0 {
			holding(fmt.Sprintf("talent/e-%d", r.IntN(m)))(&w)
		}
		input.Members = append(input.Members, w)
	}
	for i := range m {
		began := 5000 * r.Float64()
		accepted := began + 300*r.Float64()
		e := engagement(fmt.Sprintf("e-%d", i), lived(began, accepted, accepted+200*r.Float64()), asking(int32(r.IntN(40))))
		e.Status.Onboarding.Definition = steps
		statuses, records := through("onboarding")
		e.Status.Onboarding.Steps = statuses
		e.Status.Offboarding = &v1alpha1.ProcedureStatus{Definition: []v1alpha1.ChecklistStep{step("handover", beforeEnd(48)), step("return")}}
		e.Spec.StatementOfWork.End, e.Status.Terms.StatementOfWork.End = at(9000), at(9000)
		e.Status.Offboarding.Steps = []v1alpha1.StepStatus{standsAt("handover", v1alpha1.StepDone, 8960+30*r.Float64()), standsAt("return", v1alpha1.StepPending, 0)}
		heard(append(records, said(), said())...)(&e)
		for period := range 4 {
			for _, evaluator := range []string{"mia", "ben"} {
				rated("creative", periodic(fmt.Sprint(period), evaluator, scoring.FormatTenths(r.Int64N(1001)), float64(r.IntN(9000))))(&e)
			}
		}
		e.Status.Deliverables = []v1alpha1.DeliverableStatus{{Name: "a", AcceptedAt: moment(accepted + 1000*r.Float64())}, {Name: "b"}}
		if r.IntN(5) == 0 {
			e.Status.Phase, e.Status.Terms = v1alpha1.PhaseRecruiting, nil
		}
		input.Engagements = append(input.Engagements, e)
		input.Assignments = append(input.Assignments, assignment(v1alpha1.AssignmentPending), assignment(v1alpha1.AssignmentAccepted, acceptedFrom(e.Name, accepted+1000*r.Float64())))
	}
	return input
}

func tiered(names ...string) func(*v1alpha1.TalentPool) {
	return func(p *v1alpha1.TalentPool) {
		for _, name := range names {
			p.Spec.Tiers = append(p.Spec.Tiers, v1alpha1.Tier{Name: name})
		}
	}
}
