package engagement

import (
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
)

// settle runs passes until nothing is left to do at this moment, then checks that the world is at rest.
func (w *world) settle() *world {
	w.t.Helper()
	for w.noise && w.rnd.IntN(6) > 0 {
		w.anything()
	}
	noise := w.noise
	w.noise = false
	defer func() { w.noise = noise }()
	if noise && w.leaders.IntN(4) == 0 {
		w.plans, w.wanted = plans{}, map[types.NamespacedName]bool{} // another leader, who knows of no plan
	}
	for range 100 {
		before := w.writes
		for _, name := range keys(w.engagements) {
			w.pass(name)
		}
		for _, name := range keys(w.grants) {
			w.access(name)
		}
		if w.writes == before && !w.makePlans() {
			w.checkRest()
			return w
		}
	}
	w.t.Fatalf("at %s the world never comes to rest", w.now.Format(time.DateTime))
	return w
}

// anything is one pass of either kind, wherever.
func (w *world) anything() {
	w.t.Helper()
	engagements, grants := keys(w.engagements), keys(w.grants)
	if len(engagements)+len(grants) == 0 {
		return
	}
	if n := w.rnd.IntN(len(engagements) + len(grants)); n < len(engagements) {
		w.pass(engagements[n])
	} else {
		w.access(grants[n-len(engagements)])
	}
}

// until lets time pass, stopping wherever time alone changes something, and nowhere else.
func (w *world) until(moment string) *world {
	w.t.Helper()
	return w.untilTime(on(moment))
}

func (w *world) untilTime(to time.Time) *world {
	w.t.Helper()
	w.settle()
	for w.now.Before(to) {
		next := to
		for _, at := range w.alarms() {
			if at.Before(next) {
				next = at
			}
		}
		w.checkQuiet(next)
		w.now = next
		w.settle()
	}
	return w
}

func (w *world) after(d time.Duration) *world {
	w.t.Helper()
	return w.untilTime(w.now.Add(d))
}

// alarms are the moments to come at which time alone changes something, as the passes and the access side said.
func (w *world) alarms() []time.Time {
	var at []time.Time
	for name, t := range w.next {
		if w.engagements[name] != nil && t.After(w.now) {
			at = append(at, t)
		}
	}
	for _, g := range w.grants {
		if t := w.expiry(g); t.After(w.now) && len(g.Finalizers) > 0 {
			at = append(at, t)
		}
	}
	return at
}

// checkQuiet looks at a random moment before the next alarm: nothing may change there, or an alarm is missing.
func (w *world) checkQuiet(next time.Time) {
	w.t.Helper()
	gap := int64(next.Sub(w.now) / time.Second)
	if gap < 2 {
		return
	}
	if len(w.wanted) > 0 {
		w.t.Fatalf("at rest at %s nobody needs a plan, but one is asked for of %v", w.now.Format(time.DateTime), w.wanted)
	}
	now, writes := w.now, w.writes
	w.now = now.Add(time.Duration(1+w.rnd.Int64N(gap-1)) * time.Second)
	noise := w.noise
	w.noise = false
	for _, name := range keys(w.engagements) {
		if w.closeLooks > 1 && w.rnd.IntN(w.closeLooks) > 0 {
			continue
		}
		before := w.engagements[name]
		alarm := w.next[name]
		w.pass(name)
		w.next[name] = alarm
		if w.writes != writes {
			w.t.Fatalf("nothing happened between %s and %s, but a pass over %s at %s wrote (-before +after):\n%s", now.Format(time.DateTime), next.Format(time.DateTime),
				name, w.now.Format(time.DateTime), cmp.Diff(before, w.engagements[name]))
		}
	}
	if len(w.wanted) > 0 {
		w.t.Fatalf("nothing happened between %s and %s, but plans are asked for: %v", now.Format(time.DateTime), next.Format(time.DateTime), w.wanted)
	}
	w.now, w.noise = now, noise
}

// makePlans makes the plans that passes have asked for, as the planner does once they are all in. It says whether there were any.
func (w *world) makePlans() bool {
	w.t.Helper()
	made := false
	for pool := range w.wanted {
		delete(w.wanted, pool)
		asked := w.plans.demanded(pool)
		if len(asked) == 0 {
			continue
		}
		demands := map[types.NamespacedName]*demand{}
		for _, eng := range values(w.engagements) {
			key := client.ObjectKeyFromObject(eng)
			if poolOf(eng) != pool || !asked[key] && !mayBeOpen(eng) {
				continue
			}
			d, err := decide(w.scope(eng))
			if err != nil {
				w.t.Fatalf("finding out what %s asks for: %v", key, err)
			}
			if d.Actions.Plan != nil {
				demands[key] = d.Actions.Plan
			}
		}
		entries, err := fill(demands)
		if err != nil {
			w.t.Fatalf("planning for %s: %v", pool, err)
		}
		w.plans.replace(pool, entries)
		w.planned++
		made = true
	}
	return made
}

func (w *world) checkRest() {
	w.t.Helper()
	for _, eng := range values(w.engagements) {
		st := &eng.Status
		if st.Phase != v1alpha1.PhaseClosed && len(st.WaitingFor) == 0 && w.next[eng.Name].IsZero() {
			w.t.Fatalf("%s is %s and waits for nobody and nothing at %s", eng.Name, st.Phase, w.now.Format(time.DateTime))
		}
	}
}

// checkDecision checks what holds for every decision, before anything is done about it.
func (w *world) checkDecision(s *scope, d *decision) {
	w.t.Helper()
	st := d.Status
	for _, g := range d.Actions.Grants {
		if s.Engagement.Status.Terms == nil {
			w.t.Fatalf("access to %s is asked for before accepted terms of %s are stored: a conflict would leave it without terms", g.Spec.Profile, s.Engagement.Name)
		}
	}
	if d.Actions.Seal != nil || st.Phase == v1alpha1.PhaseClosed {
		for i := range s.Grants {
			for _, e := range s.Grants[i].Status.Entitlements {
				if e.State == v1alpha1.GrantGranted || e.State == v1alpha1.GrantVerified || e.State == v1alpha1.GrantRevoking {
					w.t.Fatalf("%s is sealed while access to %s is %s", s.Engagement.Name, s.Grants[i].Spec.Profile, e.State)
				}
			}
			w.checkCustody(&s.Grants[i])
		}
		return
	}
	if st.Terms == nil {
		return
	}
	if end := st.Terms.StatementOfWork.End.Time; !w.now.Before(end) && st.EndedAt == nil {
		w.t.Fatalf("%s was to end at %s, and has not at %s", s.Engagement.Name, end, w.now)
	}
	w.checkHeld(s, d)
	for i := range s.Grants {
		g := &s.Grants[i]
		spec := g.Spec
		for _, wanted := range d.Actions.Grants {
			if wanted.Name == g.Name {
				spec = wanted.Spec
			}
		}
		if why := w.mustBeGone(s, st, g.Spec.Profile); why != "" && spec.Withdraw == "" && spec.ExpiresAt.After(w.now) {
			w.t.Fatalf("access of %s to %s must be gone at %s (%s), but stays until %s", s.Engagement.Name, g.Spec.Profile, w.now.Format(time.DateTime), why, spec.ExpiresAt.UTC().Format(time.DateTime))
		}
	}
}

// checkHeld checks that nothing new or wider is given while a policy holds the engagement.
func (w *world) checkHeld(s *scope, d *decision) {
	w.t.Helper()
	c := d.Status.Compliance
	if c == nil || len(c.Violations) == 0 || d.Status.EndedAt != nil {
		return
	}
	for _, wanted := range d.Actions.Grants {
		var existing *v1alpha1.AccessGrant
		for i := range s.Grants {
			if s.Grants[i].Name == wanted.Name {
				existing = &s.Grants[i]
			}
		}
		if widens(existing, &wanted.Spec) {
			w.t.Fatalf("%s is held (%s), but access to %s is given or widened: %+v", s.Engagement.Name, c.Violations[0].Message, wanted.Spec.Profile, wanted.Spec)
		}
	}
}

// mustBeGone says why access is to be revoked now, whatever anybody has still to do. It is written from the contract, not from the code.
func (w *world) mustBeGone(s *scope, st *v1alpha1.EngagementStatus, profile string) string {
	var withdrawn *v1alpha1.AttestationRecord
	for i := range st.Attestations {
		if r := &st.Attestations[i]; r.Claim == "access/withdraw" && r.Ignored == "" && (withdrawn == nil || !r.At.Before(&withdrawn.At)) {
			withdrawn = r
		}
	}
	asked := func(list []v1alpha1.AccessRequest) bool {
		return slices.ContainsFunc(list, func(a v1alpha1.AccessRequest) bool { return a.Name == profile })
	}
	var maxGrace time.Duration
	if ap := s.Profiles[profile]; ap != nil && ap.Spec.MaxGrace != nil {
		maxGrace = ap.Spec.MaxGrace.Duration
	}
	var grace time.Duration
	if st.Terms.AccessGrace != nil {
		grace = st.Terms.AccessGrace.Duration
	}
	switch {
	case !s.Engagement.DeletionTimestamp.IsZero():
		return "deleted"
	case s.Engagement.Spec.Suspend:
		return "suspended"
	case withdrawn != nil && withdrawn.Verdict == v1alpha1.VerdictDone:
		return "withdrawn"
	case st.EndedAt != nil && st.Ending.ForCause:
		return "ended for cause"
	case st.EndedAt != nil && (st.Ending.Cause == v1alpha1.EndCompliance || st.Ending.Cause == v1alpha1.EndTenure):
		return "ended by a policy, which gives no grace"
	case st.Compliance != nil && st.Compliance.Tenure != nil && !w.now.Before(st.Compliance.Tenure.Limit.Time):
		return "the tenure is over"
	case st.EndedAt != nil && !w.now.Before(st.EndedAt.Add(min(grace, maxGrace))):
		return "ended, and the grace is over"
	case !asked(s.Engagement.Spec.Access) || !asked(st.Terms.Access):
		return "not in both the spec and the accepted terms"
	case !w.now.Before(s.Engagement.Spec.StatementOfWork.End.Add(maxGrace)):
		return "the spec ends"
	}
	return ""
}

// checkStatus checks what holds between one stored status and the next.
func (w *world) checkStatus(old *v1alpha1.EngagementStatus, eng *v1alpha1.Engagement) {
	w.t.Helper()
	st := &eng.Status
	switch {
	case st.Phase.Before(old.Phase):
		w.t.Fatalf("%s went back from %s to %s", eng.Name, old.Phase, st.Phase)
	case old.Terms != nil && st.Terms == nil:
		w.t.Fatalf("%s lost its accepted terms", eng.Name)
	case old.EndedAt != nil && !old.EndedAt.Equal(st.EndedAt):
		w.t.Fatalf("%s ended at %s, and that changed to %s", eng.Name, old.EndedAt, st.EndedAt)
	case st.Phase == v1alpha1.PhaseClosed && (st.Outcome == "" || st.Dossier == nil):
		w.t.Fatalf("%s is closed without an outcome or without its file", eng.Name)
	case st.Phase != v1alpha1.PhaseClosed && st.Outcome != "":
		w.t.Fatalf("%s has the outcome %s while it is %s", eng.Name, st.Outcome, st.Phase)
	case old.Phase == v1alpha1.PhaseClosed && len(st.Attestations) != len(old.Attestations):
		w.t.Fatalf("%s is closed, and its record changed", eng.Name)
	}
	kept := map[types.UID]v1alpha1.AttestationRecord{}
	for _, r := range st.Attestations {
		kept[r.UID] = r
	}
	for _, r := range old.Attestations {
		if !equality.Semantic.DeepEqual(r, kept[r.UID]) {
			w.t.Fatalf("%s forgot %s %s by %s, or changed it", eng.Name, r.Claim, r.Verdict, r.Author)
		}
	}
	for _, wait := range st.WaitingFor {
		if wait.Who == "" || wait.Message == "" || wait.Since.IsZero() || wait.Since.After(w.now) {
			w.t.Fatalf("%s waits for %+v: everybody is told for whom, since when and what to do", eng.Name, wait)
		}
	}
	stalled := condition(st.Conditions, v1alpha1.ConditionStalled)
	if stalled != nil && stalled.Status == metav1.ConditionTrue && (stalled.Message == "" || strings.Contains(stalled.Message, "controller's log") || len(st.WaitingFor) == 0) {
		w.t.Fatalf("%s is stalled for %s, and nobody is told what to do: %q", eng.Name, stalled.Reason, stalled.Message)
	}
}

func keys[T any](m map[string]*T) []string { return sortedKeys(m) }
