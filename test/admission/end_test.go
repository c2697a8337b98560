package admission

import (
	"context"
	"strconv"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
)

func holdingAccess(states ...v1alpha1.GrantState) func(*v1alpha1.EngagementStatus) {
	return func(s *v1alpha1.EngagementStatus) {
		s.Access = &v1alpha1.AccessStatus{}
		for _, state := range states {
			s.Access.Grants = append(s.Access.Grants, v1alpha1.GrantSummary{Name: "grant-" + string(state), Profile: "tracker", State: state})
		}
	}
}

func owing(s *v1alpha1.EngagementStatus) {
	holdingAccess(v1alpha1.GrantRevoked)(s)
	s.Access.Owed = 1
}

// promised is what an engagement says whose worker accepted it with a profile.
func promised(more func(*v1alpha1.EngagementStatus)) func(*v1alpha1.EngagementStatus) {
	return func(s *v1alpha1.EngagementStatus) {
		more(s)
		s.Terms = accepted(engagement())
		s.Terms.Access = []v1alpha1.AccessRequest{{Name: "tracker"}}
	}
}

func over(s *v1alpha1.EngagementStatus) {
	now := metav1.Now()
	s.EndedAt = &now
}

func TestDeletingAnEngagementThatHoldsAccessNeedsTheVerbEnd(t *testing.T) {
	const want = "end: the worker of this engagement holds access, so deleting it needs the verb end on engagements/"
	for name, c := range map[string]struct {
		status func(*v1alpha1.EngagementStatus)
		holds  bool
	}{
		"nothing known": {func(*v1alpha1.EngagementStatus) {}, false},
		"no grants":     {holdingAccess(), false},
		"pending":       {holdingAccess(v1alpha1.GrantPending), true},
		"accepted, and its grant may be under way":       {promised(holdingAccess()), true},
		"accepted, and its grant is revoked":             {promised(holdingAccess(v1alpha1.GrantRevoked)), false},
		"accepted, and over before anything was granted": {promised(over), false},
		"granted":                     {holdingAccess(v1alpha1.GrantGranted), true},
		"verified":                    {holdingAccess(v1alpha1.GrantVerified), true},
		"revoking":                    {holdingAccess(v1alpha1.GrantRevoking), true},
		"one of two revoked":          {holdingAccess(v1alpha1.GrantRevoked, v1alpha1.GrantVerified), true},
		"a grant not yet reported on": {holdingAccess(""), true},
		"owed":                        {owing, true},
		"revoked":                     {holdingAccess(v1alpha1.GrantRevoked), false},
		"ended in every way": {holdingAccess(
			v1alpha1.GrantRevoked, v1alpha1.GrantStillHeld, v1alpha1.GrantAttested, v1alpha1.GrantPreexisting, v1alpha1.GrantAbandoned), false},
	} {
		e := recorded(t, created(t, mia, engagement()), c.status)
		pruned := attempt{"pruned by GitOps, " + name, "it holds access, and the tool does not hold end", gitops, deleting(e), want + e.Name}
		if !c.holds {
			pruned.reason, pruned.want = "nobody is dismissed", ""
		}
		runAll(t, []attempt{
			pruned,
			{"deleted by its requester, " + name, "she holds the verb end", mia, deleting(e), ""},
		})
	}
	recorded(t, created(t, mia, engagement()), holdingAccess(v1alpha1.GrantVerified))
	attempt{
		reason: "one of them holds access", user: ed, want: want,
		try: func(ctx context.Context, api client.Client) error {
			return api.DeleteAllOf(ctx, &v1alpha1.Engagement{}, client.InNamespace(team), client.DryRunAll)
		},
	}.run(t)
}

func TestGivingAnEngagementAnOwnerNeedsTheVerbEnd(t *testing.T) {
	owner := []metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: "gone", UID: "0"}}
	owned := func(e *v1alpha1.Engagement) { e.OwnerReferences = owner }
	e := created(t, mia, engagement())
	const want = "end-by-owner: an engagement is deleted after its owner"
	runAll(t, []attempt{
		{"by an editor, later", "the garbage collector would dismiss the worker for them", gitops, updating(e, owned), want},
		{"by an editor, at birth", "the owner could be deleted later", gitops, creating(with(engagement(), owned)), want},
		{"by its requester", "she may end it anyway", mia, updating(e, owned), ""},
	})
}

func TestTooManyOwnersAreRefusedAndHoldNothingUp(t *testing.T) {
	owners := func(n int) spec {
		return func(e *v1alpha1.Engagement) {
			for i := range n {
				e.OwnerReferences = append(e.OwnerReferences, metav1.OwnerReference{APIVersion: "v1", Kind: "ConfigMap", Name: "gone", UID: types.UID(strconv.Itoa(i))})
			}
		}
	}
	runAll(t, []attempt{
		{"sixteen", "nobody needs more", mia, creating(with(engagement(), owners(16))), ""},
		{"seventeen", "to compare many with many is more than CEL may cost", mia, creating(with(engagement(), owners(17))), "owners: metadata.ownerReferences lists more than 16"},
		{"thousands", "every later change would be refused, the operator's as well", mia, creating(with(engagement(), owners(3000))), "owners: "},
		{"let go by the operator", "it takes its finalizer off whatever was done to the object", operator, updating(crowded, func(e *v1alpha1.Engagement) { e.Finalizers = nil }), ""},
		{"brought down", "nothing is added", gus, updating(crowded, func(e *v1alpha1.Engagement) { e.OwnerReferences = nil }), ""},
	})
}

func TestDeletingAWorkerWhoIsEngagedNeedsTheVerbEnd(t *testing.T) {
	const want = "dismiss: this worker is engaged in marketing/spring and would lose all access, so deleting them needs the verb end on workers/"
	idle, engaged := created(t, tom, worker()), created(t, tom, worker())
	engaged.Status.Engagements = []string{"marketing/spring"}
	must(t, as(t, operator).Status().Update(t.Context(), engaged))
	owned := func(w *v1alpha1.Worker) {
		w.OwnerReferences = []metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: "gone", UID: "0"}}
	}
	runAll(t, []attempt{
		{"by an editor", "all access of that person would be withdrawn", ed, deleting(engaged), want + engaged.Name},
		{"by talent operations", "they hold the verb end", tom, deleting(engaged), ""},
		{"by the garbage collector", "who gave them an owner held the verb", collects, deleting(engaged), ""},
		{"of one who is not engaged", "nobody is dismissed", ed, deleting(idle), ""},
		{"all at once", "one of them is engaged", ed, func(ctx context.Context, api client.Client) error {
			return api.DeleteAllOf(ctx, &v1alpha1.Worker{}, client.InNamespace(pool), client.DryRunAll)
		}, want},
		{"by way of an owner", "the garbage collector would dismiss them", ed, updating(idle, owned), "dismiss-by-owner: a worker is deleted after its owner"},
		{"by way of an owner, with the verb", "they may dismiss them anyway", tom, updating(idle, owned), ""},
	})
}

func TestWhatIsFrozen(t *testing.T) {
	terminated := func(effective *metav1.Time) spec { return terminated(v1alpha1.TerminationOther, effective) }
	continuing := func(name string) spec {
		return func(e *v1alpha1.Engagement) { e.Spec.Continues = &v1alpha1.LocalReference{Name: name} }
	}
	related := func(to ...spec) spec { return all(append([]spec{pinned("ada")}, to...)...) }
	unrelated := func(e *v1alpha1.Engagement) { e.Spec.Continues, e.Spec.Replaces = nil, nil }
	withdrawn := func(e *v1alpha1.Engagement) { e.Spec.Termination = nil }
	existing := func(status func(*v1alpha1.Engagement), changes ...spec) *v1alpha1.Engagement {
		e := created(t, mia, with(engagement("tracker"), all(changes...)))
		return recorded(t, e, func(*v1alpha1.EngagementStatus) { status(e) })
	}
	open := func(*v1alpha1.Engagement) {}
	agreed := func(e *v1alpha1.Engagement) { e.Status.Terms = accepted(e) }
	ended := func(e *v1alpha1.Engagement) { agreed(e); e.Status.EndedAt = &end }

	pinnedOpen, pinnedAgreed, matched := existing(open, pinned("ada")), existing(agreed, pinned("ada")), existing(agreed)
	planned, passed, atOnce, unterminated := existing(agreed, terminated(&end)), existing(ended, terminated(&end)), existing(open, terminated(nil)), existing(ended)
	renewal, replacement := existing(agreed, related(continuing("winter"))), existing(agreed, related(replacing("winter", "logo")))
	const (
		frozenContinues   = "frozen-continues: a worker has accepted"
		frozenReplaces    = "frozen-replaces: a worker has accepted"
		frozenWorker      = "frozen-worker: a worker has accepted"
		frozenTermination = "frozen-termination: the termination has taken effect"
	)
	runAll(t, []attempt{
		{"another worker before anyone accepted", "nothing is agreed", mia, updating(pinnedOpen, pinned("bob")), ""},
		{"another worker after", "the worker would be swapped under the grants", mia, updating(pinnedAgreed, pinned("bob")), frozenWorker},
		{"no worker after", "the worker would be swapped under the grants", mia, updating(pinnedAgreed, func(e *v1alpha1.Engagement) { e.Spec.WorkerRef = nil }), frozenWorker},
		{"a worker where one was matched", "the worker would be swapped under the grants", mia, updating(matched, pinned("bob")), frozenWorker},
		{"another pool after", "the worker is of this pool", mia, updating(matched, func(e *v1alpha1.Engagement) { e.Spec.PoolRef.Name = "developers" }), "frozen-pool: "},
		{"renewing another before anyone accepted", "nothing is agreed", mia, updating(pinnedOpen, continuing("winter")), ""},
		{"renewing one after", "tenure would be made up", mia, updating(pinnedAgreed, continuing("winter")), frozenContinues},
		{"renewing another after", "steps would be carried over from elsewhere", mia, updating(renewal, continuing("autumn")), frozenContinues},
		{"renewing none after", "tenure would be shed", mia, updating(renewal, unrelated), frozenContinues},
		{"replacing another before anyone accepted", "nothing is agreed", mia, updating(pinnedOpen, replacing("winter")), ""},
		{"replacing one after", "deliverables would be taken over unaccepted", mia, updating(pinnedAgreed, replacing("winter")), frozenReplaces},
		{"taking over more after", "deliverables would be taken over unaccepted", mia, updating(replacement, replacing("winter", "logo", "flyer")), frozenReplaces},
		{"replacing none after", "what was taken over would be nobody's", mia, updating(replacement, unrelated), frozenReplaces},
		{"another title of a renewal", "what it renews stays", mia, updating(renewal, retitled), ""},
		{"another title of a replacement", "what it replaces stays", mia, updating(replacement, retitled), ""},
		{"other terms after", "that is an amendment", mia, updating(matched, later), ""},
		{"withdrawing a planned termination", "its time has not come", mia, updating(planned, withdrawn), ""},
		{"moving a planned termination", "its time has not come", mia, updating(planned, terminated(&start)), ""},
		{"withdrawing one that has taken effect", "nobody comes back by Git", mia, updating(passed, withdrawn), frozenTermination},
		{"changing one that has taken effect", "the end stays as it was stated", mia, updating(passed, func(e *v1alpha1.Engagement) { e.Spec.Termination.Reason = v1alpha1.TerminationMisconduct }), frozenTermination},
		{"withdrawing one that was at once", "it has taken effect", mia, updating(atOnce, withdrawn), frozenTermination},
		{"another title after it", "only the termination is frozen", mia, updating(passed, retitled), ""},
		{"terminating for cause after the end", "it cuts the grace short", mia, updating(unterminated, terminated(nil)), ""},
	})
}
