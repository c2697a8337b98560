package access

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
)

var noon = time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)

func at(d time.Duration) metav1.Time { return metav1.NewTime(noon.Add(d)) }

func TestAccessEndsForTheFirstOfItsReasons(t *testing.T) {
	deleted := at(-time.Minute)
	for _, test := range []struct {
		reason  string
		change  func(*facts)
		want    string
		since   time.Duration
		expired bool
	}{
		{"nothing ends it", func(*facts) {}, "", 0, false},
		{"deletion, since when it is known", func(f *facts) { f.grant.DeletionTimestamp = &deleted }, v1alpha1.ReasonDeleted, -time.Minute, false},
		{"the end", func(f *facts) { f.grant.Spec.Withdraw = v1alpha1.WithdrawalEnded }, v1alpha1.ReasonClosed, 0, false},
		{"a suspension", func(f *facts) { f.grant.Spec.Withdraw = v1alpha1.WithdrawalSuspended }, v1alpha1.ReasonSuspended, 0, false},
		{"a withdrawal", func(f *facts) { f.grant.Spec.Withdraw = v1alpha1.WithdrawalWithdrawn }, v1alpha1.ReasonWithdrawn, 0, false},
		{"the worker's end", func(f *facts) { f.grant.Spec.Withdraw = v1alpha1.WithdrawalWorkerGone }, v1alpha1.ReasonWorkerGone, 0, false},
		{"narrower terms", func(f *facts) { f.grant.Spec.Withdraw = v1alpha1.WithdrawalNarrowed }, v1alpha1.ReasonNotAsked, 0, false},
		{"a reason of a later version", func(f *facts) { f.grant.Spec.Withdraw = "Recalled" }, v1alpha1.ReasonWithdrawn, 0, false},
		{"its time", func(f *facts) { f.grant.Spec.ExpiresAt = at(-time.Hour) }, v1alpha1.ReasonAccessExpired, -time.Hour, true},
		{"its time, to the second", func(f *facts) { f.grant.Spec.ExpiresAt = at(0) }, v1alpha1.ReasonAccessExpired, 0, true},
		{"nobody is left to want it", func(f *facts) { f.orphaned = true }, v1alpha1.ReasonDeleted, 0, false},
		{"a suspension says more than an expiry", func(f *facts) {
			f.grant.Spec.Withdraw, f.grant.Spec.ExpiresAt = v1alpha1.WithdrawalSuspended, at(-time.Hour)
		}, v1alpha1.ReasonSuspended, 0, false},
		{"a hold ends nothing", func(f *facts) { f.grant.Spec.Hold = "denied" }, "", 0, false},
	} {
		t.Run(test.reason, func(t *testing.T) {
			g := NewWithT(t)
			f := &facts{now: noon, grant: &v1alpha1.AccessGrant{Spec: v1alpha1.AccessGrantSpec{ExpiresAt: at(time.Hour)}}}
			test.change(f)
			got := endingOf(f, f.grant.Spec.ExpiresAt.Time)
			if test.want == "" {
				g.Expect(got).To(BeNil())
				return
			}
			g.Expect(got.reason).To(Equal(test.want))
			g.Expect(got.since).To(BeTemporally("==", noon.Add(test.since)))
			g.Expect(got.expired).To(Equal(test.expired))
			g.Expect(got.words).NotTo(BeEmpty())
		})
	}
}

func TestExpiryIsTheEarliestBound(t *testing.T) {
	hours := func(n int) *v1alpha1.AccessProfile {
		return &v1alpha1.AccessProfile{Spec: v1alpha1.AccessProfileSpec{MaxDuration: &metav1.Duration{Duration: time.Duration(n) * time.Hour}}}
	}
	first, was := at(-time.Hour), at(2*time.Hour)
	for _, test := range []struct {
		reason  string
		profile *v1alpha1.AccessProfile
		first   *metav1.Time
		was     *metav1.Time
		want    time.Duration
	}{
		{"the spec's, without a longest duration", &v1alpha1.AccessProfile{}, &first, &was, 10 * time.Hour},
		{"the spec's, before the first grant", hours(3), nil, nil, 10 * time.Hour},
		{"first grant plus longest duration", hours(3), &first, nil, 2 * time.Hour},
		{"the spec's, if sooner", hours(300), &first, nil, 10 * time.Hour},
		{"without the profile, what it was", nil, &first, &was, 2 * time.Hour},
		{"without the profile and ever having been, the spec's", nil, nil, nil, 10 * time.Hour},
	} {
		t.Run(test.reason, func(t *testing.T) {
			grant := &v1alpha1.AccessGrant{}
			grant.Spec.ExpiresAt, grant.Status.ExpiresAt = at(10*time.Hour), test.was
			NewWithT(t).Expect(expiry(grant, test.profile, test.first)).To(BeTemporally("==", noon.Add(test.want)))
		})
	}
}

func TestWhatIsDoneAboutARow(t *testing.T) {
	seen := at(0)
	wantedNow := []wanted{{name: "chat", target: provider.Target{Key: "k"}}}
	blocked := []wanted{{name: "chat", target: provider.Target{Key: "k"}, blocked: &obstacle{}}}
	removal := []v1alpha1.PreexistingDecision{{Entitlement: "chat", Decision: v1alpha1.VerdictRemove}}
	keeping := []v1alpha1.PreexistingDecision{{Entitlement: "chat", Decision: v1alpha1.VerdictKeep}}
	gone := &v1alpha1.AccessProvider{Spec: v1alpha1.AccessProviderSpec{Decommissioned: &v1alpha1.Decommissioned{Reason: "sold"}}}

	type want map[v1alpha1.GrantState]action
	for _, test := range []struct {
		reason    string
		plan      plan
		system    system
		decisions []v1alpha1.PreexistingDecision
		want      want
		uncalled  action
	}{
		{"wanted", plan{wanted: wantedNow}, system{}, nil, want{
			v1alpha1.GrantPending: give, v1alpha1.GrantGranted: check, v1alpha1.GrantVerified: check, v1alpha1.GrantPreexisting: check,
			v1alpha1.GrantRevoking: prepare, v1alpha1.GrantRevoked: prepare, v1alpha1.GrantStillHeld: prepare, v1alpha1.GrantAbandoned: prepare,
		}, prepare},
		{"wanted, and not to be given now: nothing new, and what is owed stays owed", plan{wanted: blocked}, system{}, nil, want{
			v1alpha1.GrantPending: leave, v1alpha1.GrantGranted: check, v1alpha1.GrantVerified: check, v1alpha1.GrantPreexisting: check,
			v1alpha1.GrantRevoking: take, v1alpha1.GrantRevoked: leave, v1alpha1.GrantStillHeld: leave, v1alpha1.GrantAbandoned: leave,
		}, leave},
		{"nobody knows what is wanted: nothing new, nothing taken", plan{allUnknown: true}, system{}, nil, want{
			v1alpha1.GrantPending: leave, v1alpha1.GrantGranted: check, v1alpha1.GrantVerified: check, v1alpha1.GrantPreexisting: check,
			v1alpha1.GrantRevoking: take, v1alpha1.GrantRevoked: leave, v1alpha1.GrantStillHeld: leave, v1alpha1.GrantAbandoned: leave,
		}, leave},
		{"not wanted any more", plan{}, system{}, nil, want{
			v1alpha1.GrantPending: take, v1alpha1.GrantGranted: take, v1alpha1.GrantVerified: take, v1alpha1.GrantPreexisting: settle,
			v1alpha1.GrantRevoking: take, v1alpha1.GrantRevoked: leave, v1alpha1.GrantStillHeld: leave, v1alpha1.GrantAbandoned: leave,
			v1alpha1.GrantAttested: leave,
		}, forget},
		{"ended, though nobody knows what was wanted", plan{ending: &ending{}, allUnknown: true}, system{}, removal, want{
			v1alpha1.GrantVerified: take, v1alpha1.GrantPreexisting: take, v1alpha1.GrantRevoked: leave,
		}, forget},
		{"ended, and access from before is kept", plan{ending: &ending{}}, system{}, keeping, want{v1alpha1.GrantPreexisting: settle}, forget},
		{"the target system is gone for good", plan{wanted: wantedNow}, system{object: gone}, nil, want{
			v1alpha1.GrantPending: abandon, v1alpha1.GrantGranted: abandon, v1alpha1.GrantVerified: abandon, v1alpha1.GrantPreexisting: abandon,
			v1alpha1.GrantRevoking: abandon, v1alpha1.GrantRevoked: leave, v1alpha1.GrantStillHeld: leave, v1alpha1.GrantAbandoned: leave,
		}, forget},
	} {
		t.Run(test.reason, func(t *testing.T) {
			g := NewWithT(t)
			for state, want := range test.want {
				r := &row{Key: "k", Name: "chat", State: state, VerifiedAt: &seen}
				g.Expect(test.plan.actionFor(r, &test.system, test.decisions)).To(Equal(want), string(state))
			}
			r := &row{Key: "k", Name: "chat", State: v1alpha1.GrantPending}
			g.Expect(test.plan.actionFor(r, &test.system, test.decisions)).To(Equal(test.uncalled), "pending, and nothing was ever called for it")
		})
	}
}

func TestTheLeastAdvancedRowSumsAGrantUp(t *testing.T) {
	two := []wanted{{name: "a", target: provider.Target{Key: "a"}}, {name: "b", target: provider.Target{Key: "b"}}}
	for _, test := range []struct {
		reason    string
		plan      plan
		states    []v1alpha1.GrantState
		decisions []v1alpha1.PreexistingDecision
		want      v1alpha1.GrantState
	}{
		{"nothing yet", plan{wanted: two}, nil, nil, v1alpha1.GrantPending},
		{"one is missing", plan{wanted: two}, []v1alpha1.GrantState{v1alpha1.GrantVerified}, nil, v1alpha1.GrantPending},
		{"one is not read back", plan{wanted: two}, []v1alpha1.GrantState{v1alpha1.GrantVerified, v1alpha1.GrantGranted}, nil, v1alpha1.GrantGranted},
		{"all are there", plan{wanted: two}, []v1alpha1.GrantState{v1alpha1.GrantVerified, v1alpha1.GrantVerified}, nil, v1alpha1.GrantVerified},
		{"one was there before", plan{wanted: two}, []v1alpha1.GrantState{v1alpha1.GrantPreexisting, v1alpha1.GrantVerified}, nil, v1alpha1.GrantPreexisting},
		{"one was there once", plan{wanted: two}, []v1alpha1.GrantState{v1alpha1.GrantRevoked, v1alpha1.GrantVerified}, nil, v1alpha1.GrantPending},
		{"what is not wanted any more does not count", plan{wanted: two}, []v1alpha1.GrantState{v1alpha1.GrantVerified, v1alpha1.GrantVerified, v1alpha1.GrantRevoked}, nil, v1alpha1.GrantVerified},
		{"something cannot even be wanted", plan{wanted: two, lacking: true}, []v1alpha1.GrantState{v1alpha1.GrantVerified, v1alpha1.GrantVerified}, nil, v1alpha1.GrantPending},
		{"what was given stays, though nobody knows what is wanted", plan{allUnknown: true}, []v1alpha1.GrantState{v1alpha1.GrantVerified}, nil, v1alpha1.GrantVerified},

		{"ended, nothing was ever given", plan{ending: &ending{}}, nil, nil, v1alpha1.GrantRevoked},
		{"ended, one is owed", plan{ending: &ending{}}, []v1alpha1.GrantState{v1alpha1.GrantRevoked, v1alpha1.GrantRevoking}, nil, v1alpha1.GrantRevoking},
		{"ended, one is undecided", plan{ending: &ending{}}, []v1alpha1.GrantState{v1alpha1.GrantRevoked, v1alpha1.GrantPreexisting}, nil, v1alpha1.GrantPreexisting},
		{"ended, one is kept and one abandoned", plan{ending: &ending{}}, []v1alpha1.GrantState{v1alpha1.GrantPreexisting, v1alpha1.GrantAbandoned}, []v1alpha1.PreexistingDecision{{Entitlement: "a", Decision: v1alpha1.VerdictKeep}}, v1alpha1.GrantAbandoned},
		{"ended, one is kept", plan{ending: &ending{}}, []v1alpha1.GrantState{v1alpha1.GrantPreexisting, v1alpha1.GrantRevoked}, []v1alpha1.PreexistingDecision{{Entitlement: "a", Decision: v1alpha1.VerdictKeep}}, v1alpha1.GrantPreexisting},
		{"ended, one is still held", plan{ending: &ending{}}, []v1alpha1.GrantState{v1alpha1.GrantStillHeld, v1alpha1.GrantRevoked}, nil, v1alpha1.GrantStillHeld},
		{"ended, all are proven gone", plan{ending: &ending{}}, []v1alpha1.GrantState{v1alpha1.GrantRevoked, v1alpha1.GrantRevoked}, nil, v1alpha1.GrantRevoked},
	} {
		t.Run(test.reason, func(t *testing.T) {
			var rows []row
			for i, state := range test.states {
				name := string(rune('a' + i))
				rows = append(rows, row{Key: name, Name: name, State: state})
			}
			NewWithT(t).Expect(test.plan.leastAdvanced(rows, test.decisions)).To(Equal(test.want))
		})
	}
}

func TestTheConditionTellsTheWorstFirstAndNotTooMuch(t *testing.T) {
	g := NewWithT(t)
	p := &plan{}
	var rows []row
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g"} {
		p.wanted = append(p.wanted, wanted{name: name, target: provider.Target{Key: name}})
		rows = append(rows, row{Key: name, Name: name, Provider: "cluster", State: v1alpha1.GrantPending, Attempts: 1, LastError: "no route"})
	}
	rows = append(rows, row{Key: "old", Name: "old", Provider: "cluster", State: v1alpha1.GrantRevoking, Attempts: 3, LastError: "no route"})
	got := p.readiness(rows, nil, nil)
	g.Expect(got.Reason).To(Equal(v1alpha1.ReasonProviderFailed))
	g.Expect(got.Message).To(HavePrefix("entitlement old on AccessProvider cluster is not revoked yet"), "what should be gone comes before what should be there")
	g.Expect(got.Message).To(HaveSuffix("and 3 more"))
}

func TestWaitsGrowAndAreTheSameEachTime(t *testing.T) {
	g := NewWithT(t)
	var last time.Duration
	failure := provider.Retryable("no route")
	for attempts := range int32(40) {
		wait := retryAfter("uid", "key", attempts+1, failure)
		g.Expect(wait).To(Equal(retryAfter("uid", "key", attempts+1, failure)), "a restart moves nothing")
		g.Expect(wait).To(And(BeNumerically("<=", maxRetry), BeNumerically(">=", firstRetry*4/5)))
		if attempts < 8 {
			g.Expect(wait).To(BeNumerically(">", last))
		}
		last = wait
	}
	g.Expect(last).To(BeNumerically(">", maxRetry/2))
	g.Expect(retryAfter("uid", "key", 9, failure)).NotTo(Equal(retryAfter("uid", "other", 9, failure)), "rows do not come back all at once")
	g.Expect(retryAfter("uid", "key", 1, provider.Refused("add it"))).To(BeNumerically(">", 10*time.Second))
}

func TestTextsAreCutToWhatIsStored(t *testing.T) {
	g := NewWithT(t)
	g.Expect(cut("short")).To(Equal("short"))
	long := ""
	for range 600 {
		long += "ä"
	}
	got := cut(long)
	g.Expect(len(got)).To(And(BeNumerically("<=", maxText), BeNumerically(">", maxText-8)))
	g.Expect(got).To(HaveSuffix("ä…"), "no character is cut in half")
}
