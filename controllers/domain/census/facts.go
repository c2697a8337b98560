package census

import (
	"iter"
	"reflect"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/checklist"
	"github.com/longshore-dev/longshore/controllers/domain/terms"
)

// member is what is counted of one worker in one pool.
type member struct {
	screening v1alpha1.ScreeningState
	tier      string
	// demotion is proposed and undecided.
	demotion bool
	// hours a week that are offered; 0 where not stated.
	hours int32
	// engagements held now, as namespace/name.
	engagements []string
	score       *v1alpha1.WorkerScore
	steps       []stepFact
	said        []said
}

func memberOf(w *v1alpha1.Worker, pool string) *member {
	m := &member{engagements: w.Status.Engagements}
	if a := w.Spec.Availability; a != nil {
		m.hours = a.HoursPerWeek
	}
	records := func(yield func(*v1alpha1.AttestationRecord) bool) {
		for i := range w.Status.Attestations {
			if a := &w.Status.Attestations[i]; a.Pool == pool && !yield(&a.AttestationRecord) {
				return
			}
		}
	}
	m.said = saidIn(records)
	for i := range w.Status.Pools {
		p := &w.Status.Pools[i]
		if p.Name != pool {
			continue
		}
		m.screening, m.tier, m.score = p.Screening, p.Tier, p.Score
		m.demotion = p.Demotion != nil && p.Demotion.RejectedAt == nil
		m.steps = (&procedure{
			area: checklist.Screening, definition: p.Definition, steps: p.Steps, started: p.StartedAt, records: records,
			over: p.Screening == v1alpha1.ScreeningFailed,
		}).facts()
	}
	return m
}

// work is what is counted of one engagement.
type work struct {
	recruiting bool
	hours      int32
	// recruited is when recruiting began, filled when the first offer was accepted, begun when work began, and accepted when the first deliverable was.
	recruited, filled, begun, accepted *metav1.Time

	steps []stepFact
	// scorecard by which it is rated, as namespace/name.
	scorecard string
	ratings   []rating
	said      []said
}

func workOf(e *v1alpha1.Engagement) *work {
	st := &e.Status
	w := &work{recruiting: st.Phase == v1alpha1.PhaseRecruiting && st.Terms == nil, hours: hoursAsked(e)}
	for i := range st.Phases {
		switch at := &st.Phases[i].EnteredAt; st.Phases[i].Name {
		case v1alpha1.PhaseRecruiting:
			w.recruited = at
		case v1alpha1.PhaseAssigned:
			w.begun = at
		}
	}
	if st.Terms != nil {
		w.filled = &st.Terms.AcceptedAt
		if st.Onboarding != nil && st.Onboarding.StartedAt != nil {
			// An amendment dates the terms anew; onboarding keeps the first acceptance.
			w.filled = st.Onboarding.StartedAt
		}
	}
	for i := range st.Deliverables {
		at := st.Deliverables[i].AcceptedAt
		if at == nil || w.begun == nil || at.Before(w.begun) {
			continue // taken over from another engagement, where it was accepted
		}
		w.accepted = earliest(w.accepted, at)
	}
	records := func(yield func(*v1alpha1.AttestationRecord) bool) {
		for i := range st.Attestations {
			if !yield(&st.Attestations[i]) {
				return
			}
		}
	}
	w.said = saidIn(records)
	w.steps = append(w.steps, onboardingOf(e, records).facts()...)
	w.steps = append(w.steps, offboardingOf(e, records).facts()...)
	if plan := e.Spec.Evaluation; plan != nil && len(st.Evaluations) > 0 {
		w.scorecard, w.ratings = e.Namespace+"/"+plan.ScorecardRef.Name, ratingsOf(st.Evaluations)
	}
	return w
}

func hoursAsked(e *v1alpha1.Engagement) int32 {
	if e.Spec.Requirements == nil {
		return 0
	}
	return e.Spec.Requirements.HoursPerWeek
}

func onboardingOf(e *v1alpha1.Engagement, records iter.Seq[*v1alpha1.AttestationRecord]) *procedure {
	o := e.Status.Onboarding
	if o == nil {
		return &procedure{}
	}
	return &procedure{
		area: checklist.Onboarding, definition: o.Definition, steps: o.Steps, started: o.StartedAt, records: records,
		over: e.Status.EndedAt != nil || e.Status.Phase == v1alpha1.PhaseClosed,
	}
}

func offboardingOf(e *v1alpha1.Engagement, records iter.Seq[*v1alpha1.AttestationRecord]) *procedure {
	o := e.Status.Offboarding
	if o == nil || e.Status.Terms == nil {
		return &procedure{}
	}
	return &procedure{
		area: checklist.Offboarding, definition: o.Definition, steps: o.Steps, started: o.StartedAt, records: records,
		over: e.Status.Phase == v1alpha1.PhaseClosed,
		end:  func() time.Time { return foreseenEnd(e) }, notAhead: e.Status.Terms.AcceptedAt.Time,
	}
}

// foreseenEnd is the end ahead of which steps with beforeEnd opened: the one that came where people could prepare for it, else the planned one.
func foreseenEnd(e *v1alpha1.Engagement) time.Time {
	st := &e.Status
	switch {
	case st.EndedAt != nil && st.Ending != nil && (st.Ending.Cause == v1alpha1.EndPlanned || st.Ending.NoticedAt.Before(st.EndedAt)):
		return st.EndedAt.Time
	case st.EndedAt == nil && st.Ending != nil:
		return st.Ending.At.Time
	default:
		return terms.Narrower(st.Terms, &e.Spec).End
	}
}

// assigned is what is counted of one assignment.
type assigned struct {
	pending    bool
	engagement types.UID
	accepted   *metav1.Time
}

func assignedOf(a *v1alpha1.Assignment) assigned {
	return assigned{
		// Nobody has looked at one without a state yet, so nobody has it.
		pending:    !a.Spec.Cancelled && (a.Status.State == v1alpha1.AssignmentPending || a.Status.State == ""),
		engagement: a.Status.EngagementUID,
		accepted:   a.Status.AcceptedAt,
	}
}

// said is one statement of feedback that counts.
type said struct {
	theme   string
	verdict v1alpha1.Verdict
	at      time.Time
}

// feedbackArea begins the claim of every statement of feedback.
const feedbackArea = "feedback/"

func saidIn(records iter.Seq[*v1alpha1.AttestationRecord]) []said {
	var all []said
	for r := range records {
		if theme, is := strings.CutPrefix(r.Claim, feedbackArea); is && r.Ignored == "" {
			all = append(all, said{theme, r.Verdict, r.At.Time})
		}
	}
	return all
}

// SameWorker says whether a worker is counted as before, in every pool.
func SameWorker(was, is *v1alpha1.Worker) bool {
	pools := map[string]bool{}
	for _, w := range []*v1alpha1.Worker{was, is} {
		for i := range w.Status.Pools {
			pools[w.Status.Pools[i].Name] = true
		}
	}
	// Of a worker who is in no pool yet, what is the same in all of them is compared.
	pools[""] = true
	for pool := range pools {
		if !reflect.DeepEqual(memberOf(was, pool), memberOf(is, pool)) {
			return false
		}
	}
	return true
}

// SameEngagement says whether an engagement is counted as before.
func SameEngagement(was, is *v1alpha1.Engagement) bool {
	return was.Spec.PoolRef == is.Spec.PoolRef && reflect.DeepEqual(workOf(was), workOf(is))
}

// SameAssignment says whether an assignment is counted as before.
func SameAssignment(was, is *v1alpha1.Assignment) bool {
	return was.Spec.PoolRef == is.Spec.PoolRef && reflect.DeepEqual(assignedOf(was), assignedOf(is))
}
