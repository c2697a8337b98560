package main

import (
	"context"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/hack/floor/season"
)

// floorRecord is what is left of a season.
type floorRecord struct {
	*record
	twists    floorTwists
	faltering string
}

func (f *floor) collect(ctx context.Context) (*floorRecord, error) {
	reader, err := f.people.as(auditor)
	if err != nil {
		return nil, err
	}
	r, err := readRecord(ctx, reader, f.probes, f.calendar, client.InNamespace(season.Namespace))
	if err != nil {
		return nil, err
	}
	r.Happenings, r.Began = f.happenings, f.board.began
	return &floorRecord{record: r, twists: f.twists, faltering: f.cast.faltering}, nil
}

func (r *floorRecord) pool() *v1alpha1.TalentPool {
	for i := range r.Pools {
		if r.Pools[i].Name == season.Pool {
			return &r.Pools[i]
		}
	}
	return &v1alpha1.TalentPool{}
}

// worked are the seats whose agent turned up.
func (r *floorRecord) worked() []*v1alpha1.Engagement {
	var all []*v1alpha1.Engagement
	for i := range r.Engagements {
		e := &r.Engagements[i]
		if slices.ContainsFunc(e.Status.Phases, func(p v1alpha1.PhaseTime) bool { return p.Name == v1alpha1.PhaseAssigned }) {
			all = append(all, e)
		}
	}
	return all
}

func (r *floorRecord) filled() (n int) {
	for i := range r.Engagements {
		if r.Engagements[i].Status.Worker != nil {
			n++
		}
	}
	return n
}

func (r *floorRecord) inState(state v1alpha1.AssignmentState) (n int) {
	for i := range r.Assignments {
		if r.Assignments[i].Status.State == state {
			n++
		}
	}
	return n
}

func (r *floorRecord) inTier(tier string) (n int) {
	for i := range r.Workers {
		if m := membershipOf(&r.Workers[i]); m != nil && m.Tier == tier && m.Score != nil {
			n++
		}
	}
	return n
}

func (r *floorRecord) lastLine() string {
	return fmt.Sprintf("demo: %d agents, %d of %d seats filled and closed, %d of %d shifts and tasks accepted, %d grants revoked and read back, %d left",
		len(r.Workers), r.filled(), len(r.Engagements), r.inState(v1alpha1.AssignmentAccepted), len(r.Assignments), r.gone(), r.left())
}

// faults lists what was promised and is not so.
func (r *floorRecord) faults() []string {
	faults := r.record.faults()
	for _, more := range [][]string{r.funnelFaults(), r.seatFaults(), r.shiftFaults(), r.reviewFaults(), r.tierFaults(), r.dashboardFaults()} {
		faults = append(faults, more...)
	}
	const most = 40
	if len(faults) > most {
		faults = append(faults[:most], fmt.Sprintf("and %d more", len(faults)-most))
	}
	return faults
}

// list of faults.
type list []string

func (l *list) add(format string, args ...any) { *l = append(*l, fmt.Sprintf(format, args...)) }

// enough adds a fault where fewer than so many percent are as they should be.
func (l *list) enough(have, of, percent int, what string) {
	if of == 0 || have*100 < of*percent {
		l.add("%d of %d %s, expected %d%% at least", have, of, what, percent)
	}
}

func (r *floorRecord) funnelFaults() []string {
	var l list
	steps := r.pool().Status.Funnel
	if len(steps) == 0 {
		l.add("the pool's status has no funnel")
	}
	for _, s := range steps {
		if s.Passed == 0 || s.Failed == 0 && s.Waiting == 0 || s.Passed+s.Failed+s.Waiting != s.Entered || s.Median == nil && s.Passed > 0 {
			l.add("the funnel's step %s makes no sense: entered %d, passed %d, failed %d, waiting %d", s.Name, s.Entered, s.Passed, s.Failed, s.Waiting)
		}
	}
	passed := 0
	for i := range r.Workers {
		if m := membershipOf(&r.Workers[i]); m != nil && m.Screening == v1alpha1.ScreeningPassed {
			passed++
		}
	}
	l.enough(passed, len(r.Workers), 50, "agents have passed the screening")
	if passed == len(r.Workers) {
		l.add("everybody has passed the screening, so it screened nobody")
	}
	return l
}

func (r *floorRecord) seatFaults() []string {
	var l list
	l.enough(r.filled(), len(r.Engagements), 90, "seats were filled")
	certified := map[string]int{}
	for i := range r.Workers {
		certified[r.Workers[i].Name] = len(r.Workers[i].Status.Certificates)
	}
	for _, e := range r.worked() {
		// English from the screening, and three modules of the academy.
		if n := certified[workerName(e)]; n < 4 {
			l.add("%s works without the certificates of the academy: %d of 4", workerName(e), n)
		}
	}
	for i := range r.Engagements {
		e := &r.Engagements[i]
		want := v1alpha1.OutcomeCompleted
		switch {
		case e.Name == r.twists.absent:
			want = v1alpha1.OutcomeNoShow
		case e.Name == r.twists.left:
			want = v1alpha1.OutcomeResigned
		case e.Name == springSeat:
			want = v1alpha1.OutcomeTerminated
		case e.Status.Worker == nil:
			want = v1alpha1.OutcomeUnfilled
		}
		if e.Status.Outcome != want {
			l.add("%s ended as %s, expected %s", e.Name, e.Status.Outcome, want)
		}
	}
	if r.twists.absent == "" || r.twists.left == "" {
		l.add("nobody failed to turn up, or nobody resigned")
	}
	return l
}

func (r *floorRecord) shiftFaults() []string {
	var l list
	l.enough(r.inState(v1alpha1.AssignmentAccepted), len(r.Assignments), 80, "shifts and tasks were worked and accepted")
	late := 0
	for i := range r.Assignments {
		a := &r.Assignments[i]
		switch a.Status.State {
		case v1alpha1.AssignmentAccepted:
			if a.Status.OnTime != nil && !*a.Status.OnTime {
				late++
			}
		case v1alpha1.AssignmentMissed:
		default:
			l.add("%s is still %s", a.Name, a.Status.State)
		}
		if a.Name == r.twists.declined && a.Status.Worker == r.twists.decliner {
			l.add("%s still has %s, which they gave back", a.Status.Worker, a.Name)
		}
	}
	if r.twists.declined == "" {
		l.add("nobody gave a shift back")
	}
	if accepted := r.inState(v1alpha1.AssignmentAccepted); late*4 > accepted {
		l.add("%d of %d were handed in late", late, accepted)
	}
	return l
}

func (r *floorRecord) reviewFaults() []string {
	var l list
	given := map[string]map[v1alpha1.EvaluationKind]int{}
	for i := range r.Evaluations {
		e := &r.Evaluations[i]
		if e.Spec.EngagementRef == nil {
			continue
		}
		name := e.Spec.EngagementRef.Name
		if given[name] == nil {
			given[name] = map[v1alpha1.EvaluationKind]int{}
		}
		given[name][e.Spec.Kind]++
		for _, kpi := range reportedKPIs {
			if !slices.ContainsFunc(e.Spec.KPIs, func(k v1alpha1.ReportedKPI) bool { return k.Name == kpi && k.Sample > 0 }) {
				l.add("the evaluation %s reports no %s with a sample", e.Name, kpi)
			}
		}
	}
	reviewed, measured := 0, 0
	for _, e := range r.worked() {
		if given[e.Name][v1alpha1.EvaluationPeriodic] > 0 && given[e.Name][v1alpha1.EvaluationFinal] > 0 && e.Status.Score != "" {
			reviewed++
		}
		if slices.ContainsFunc(e.Status.KPIs, func(k v1alpha1.KPIValue) bool { return k.Name == "OnTimeDeliveryRate" && k.Sample > 0 }) {
			measured++
		}
	}
	l.enough(reviewed, len(r.worked()), 95, "agents were reviewed both during the season and at its end")
	l.enough(measured, len(r.worked()), 50, "agents have a rate of shifts handed in on time")
	return l
}

var reportedKPIs = []string{"QA", "CSAT", "HandleTime"}

func (r *floorRecord) tierFaults() []string {
	var l list
	for _, tier := range []string{"Gold", "Platinum"} {
		if r.inTier(tier) == 0 {
			l.add("nobody has reached %s", tier)
		}
	}
	if r.faltering == "" || r.twists.demoted.IsZero() {
		l.add("no demotion was proposed and approved")
	}
	l = append(l, r.rateFaults()...)
	for i := range r.Workers {
		w := &r.Workers[i]
		m := membershipOf(w)
		if m == nil {
			continue
		}
		if w.Name == r.faltering {
			decided := slices.ContainsFunc(w.Status.Attestations, func(a v1alpha1.WorkerAttestation) bool {
				return a.Claim == "approval/demotion" && a.Verdict == v1alpha1.VerdictApproved && a.Ignored == ""
			})
			if !decided || r.rank(m.Tier) >= r.rank(r.twists.fell) {
				l.add("%s is in tier %s, expected to be in a lower one than %s by a person's decision", w.Name, m.Tier, r.twists.fell)
			}
		}
		if m.Tier != v1alpha1.DefaultTier && m.Score == nil {
			l.add("%s is in tier %s without a score", w.Name, m.Tier)
		}
	}
	return l
}

// rank of a tier, the lowest 0.
func (r *floorRecord) rank(tier string) int {
	return slices.IndexFunc(r.pool().Spec.Tiers, func(t v1alpha1.Tier) bool { return t.Name == tier })
}

// rateFaults checks that somebody in Platinum was offered, and accepted, a quarter more than their base rate.
func (r *floorRecord) rateFaults() []string {
	var l list
	for i := range r.Engagements {
		e := &r.Engagements[i]
		if e.Name != springSeat {
			continue
		}
		if e.Status.Terms == nil || e.Status.Terms.Rate == nil || e.Status.Worker.Tier != "Platinum" {
			l.add("nobody in Platinum has accepted %s", springSeat)
			continue
		}
		for k := range r.Workers {
			w := &r.Workers[k]
			if w.Name != workerName(e) {
				continue
			}
			base, isBase := new(big.Rat).SetString(w.Spec.Rate.Amount)
			accepted, isRate := new(big.Rat).SetString(e.Status.Terms.Rate.Amount)
			if !isBase || !isRate || accepted.Cmp(base.Mul(base, big.NewRat(5, 4))) != 0 {
				l.add("%s accepted %s an hour, expected their base rate of %s and a quarter", w.Name, e.Status.Terms.Rate.Amount, w.Spec.Rate.Amount)
			}
		}
	}
	return l
}

func (r *floorRecord) dashboardFaults() []string {
	var l list
	st := &r.pool().Status
	has := map[string]bool{
		"members":                 int(st.Members) == len(r.Workers),
		"nobody engaged any more": st.Engaged == 0,
		"tiers":                   len(st.Tiers) == 3,
		"times to fill, to onboard and to first accepted work": st.Times != nil && st.Times.ToFill != nil && st.Times.ToOnboard != nil && st.Times.ToFirstAccepted != nil,
		"slowest steps":              len(st.SlowestSteps) > 0,
		"scores":                     st.Scores != nil && int(st.Scores.Sample) >= len(r.worked())*9/10,
		"a prior from evaluations":   st.Prior != nil && st.Prior.Version > 1,
		"the agreement of reviewers": slices.ContainsFunc(st.Agreement, func(a v1alpha1.RaterAgreement) bool { return strings.HasSuffix(a.Scorecard, "/floor") && a.Alpha != "" }),
		"feedback that was acted on": slices.ContainsFunc(st.Feedback, func(f v1alpha1.FeedbackTheme) bool { return f.Raised > 0 && f.Actioned > 0 }),
		"no shift that nobody has":   st.PendingAssignments == 0,
	}
	for _, what := range slices.Sorted(maps.Keys(has)) {
		if !has[what] {
			l.add("the pool's dashboard lacks %s", what)
		}
	}
	return l
}
