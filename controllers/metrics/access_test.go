package metrics

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// stored is a cache with some grants and providers.
type stored struct {
	client.Reader
	grants    []v1alpha1.AccessGrant
	providers []v1alpha1.AccessProvider
	err       error
}

func (s stored) List(_ context.Context, list client.ObjectList, _ ...client.ListOption) error {
	switch list := list.(type) {
	case *v1alpha1.AccessGrantList:
		list.Items = s.grants
	case *v1alpha1.AccessProviderList:
		list.Items = s.providers
	}
	return s.err
}

func TestAScrapeCountsEntitlementsAndDebts(t *testing.T) {
	now := time.Now()
	ago := func(d time.Duration) *metav1.Time { return &metav1.Time{Time: now.Add(-d)} }
	grant := func(rows ...v1alpha1.EntitlementStatus) v1alpha1.AccessGrant {
		return v1alpha1.AccessGrant{Status: v1alpha1.AccessGrantStatus{Entitlements: rows}}
	}
	cache := stored{
		providers: []v1alpha1.AccessProvider{{ObjectMeta: metav1.ObjectMeta{Name: "cluster"}, Status: v1alpha1.AccessProviderStatus{Unclaimed: 3}}, {ObjectMeta: metav1.ObjectMeta{Name: "idle"}}},
		grants: []v1alpha1.AccessGrant{
			grant(
				v1alpha1.EntitlementStatus{Provider: "cluster", Subject: "ada", State: v1alpha1.GrantVerified},
				v1alpha1.EntitlementStatus{Provider: "cluster", Subject: "ada", State: v1alpha1.GrantRevoking, RevokeRequestedAt: ago(time.Minute)},
			),
			grant(
				v1alpha1.EntitlementStatus{Provider: "cluster", State: v1alpha1.GrantRevoking, RevokeRequestedAt: ago(time.Hour)},
				v1alpha1.EntitlementStatus{Provider: "cluster", State: v1alpha1.GrantRevoking, RevokeRequestedAt: ago(time.Hour - time.Second)},
				v1alpha1.EntitlementStatus{Provider: "cluster", State: v1alpha1.GrantRevoking, RevokeRequestedAt: ago(240 * time.Hour)},
				v1alpha1.EntitlementStatus{Provider: "gone", State: v1alpha1.GrantRevoking, RevokeRequestedAt: ago(time.Second)},
			),
		},
	}
	const want = `
# HELP longshore_grants Entitlements of all access grants, by AccessProvider and state.
# TYPE longshore_grants gauge
longshore_grants{provider="cluster",state="Revoking"} 4
longshore_grants{provider="cluster",state="Verified"} 1
longshore_grants{provider="gone",state="Revoking"} 1
# HELP longshore_revocation_owed_age_seconds Age of the oldest revocation that is not yet proven, by AccessProvider; 0 while none is owed.
# TYPE longshore_revocation_owed_age_seconds gauge
longshore_revocation_owed_age_seconds{provider="cluster"} 864000
longshore_revocation_owed_age_seconds{provider="gone"} 1
longshore_revocation_owed_age_seconds{provider="idle"} 0
# HELP longshore_revocations_owed Revocations that are not yet proven, by AccessProvider and by how long they have been owed: under_1m, under_1h, under_1d or older.
# TYPE longshore_revocations_owed gauge
longshore_revocations_owed{age="older",provider="cluster"} 1
longshore_revocations_owed{age="older",provider="gone"} 0
longshore_revocations_owed{age="older",provider="idle"} 0
longshore_revocations_owed{age="under_1d",provider="cluster"} 1
longshore_revocations_owed{age="under_1d",provider="gone"} 0
longshore_revocations_owed{age="under_1d",provider="idle"} 0
longshore_revocations_owed{age="under_1h",provider="cluster"} 2
longshore_revocations_owed{age="under_1h",provider="gone"} 0
longshore_revocations_owed{age="under_1h",provider="idle"} 0
longshore_revocations_owed{age="under_1m",provider="cluster"} 0
longshore_revocations_owed{age="under_1m",provider="gone"} 1
longshore_revocations_owed{age="under_1m",provider="idle"} 0
# HELP longshore_unclaimed_accesses Accesses in a target system that bear Longshore's mark and belong to no AccessGrant, by AccessProvider, as last listed.
# TYPE longshore_unclaimed_accesses gauge
longshore_unclaimed_accesses{provider="cluster"} 3
longshore_unclaimed_accesses{provider="gone"} 0
longshore_unclaimed_accesses{provider="idle"} 0
`
	collector := accessCollector{cache, clocktesting.NewFakePassiveClock(now)}
	if err := testutil.CollectAndCompare(collector, strings.NewReader(want)); err != nil {
		t.Errorf("a scrape of three providers counts wrongly: %v", err)
	}
	if faults, err := testutil.CollectAndLint(collector); err != nil || len(faults) > 0 {
		t.Errorf("the metrics do not keep Prometheus' conventions: %v %v", faults, err)
	}
}

func TestAScrapeThatCannotReadSaysSo(t *testing.T) {
	collector := accessCollector{stored{err: errors.New("the cache has not started")}, clocktesting.NewFakePassiveClock(time.Now())}
	if err := testutil.CollectAndCompare(collector, strings.NewReader("")); err == nil || !strings.Contains(err.Error(), "the cache has not started") {
		t.Errorf("a scrape without a cache gave %v, expected the cache's error", err)
	}
}

func TestWhatWasCountedForAProviderGoesWithIt(t *testing.T) {
	ObserveProviderRequest("short-lived", "grant", "success", time.Millisecond)
	ObserveRevocation("short-lived", -time.Second)
	CountDriftRepaired("short-lived")
	if n := testutil.CollectAndCount(providerRequests, "longshore_provider_requests_total"); n != 1 {
		t.Fatalf("%d series of requests, expected one", n)
	}
	ForgetProvider("short-lived")
	if n := testutil.CollectAndCount(providerRequests) + testutil.CollectAndCount(providerDuration) + testutil.CollectAndCount(timeToRevoke) + testutil.CollectAndCount(driftRepaired); n != 0 {
		t.Errorf("%d series are left of a provider that is gone, expected none", n)
	}
}
