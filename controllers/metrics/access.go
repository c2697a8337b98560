package metrics

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

var (
	grants           = describe("grants", "Entitlements of all access grants, by AccessProvider and state.", "provider", "state")
	revocationsOwed  = describe("revocations_owed", "Revocations that are not yet proven, by AccessProvider and by how long they have been owed: under_1m, under_1h, under_1d or older.", "provider", "age")
	revocationOwedAt = describe("revocation_owed_age_seconds", "Age of the oldest revocation that is not yet proven, by AccessProvider; 0 while none is owed.", "provider")
	unclaimed        = describe("unclaimed_accesses", "Accesses in a target system that bear Longshore's mark and belong to no AccessGrant, by AccessProvider, as last listed.", "provider")

	providerRequests = newCounter("provider_requests_total", "Calls to target systems, by AccessProvider, operation (grant, verify, revoke, probe, list) and result (success, error, refused, timeout).", "provider", "operation", "result")
	providerDuration = newHistogram("provider_request_duration_seconds", "Duration of calls to target systems.", callBuckets, "provider", "operation")
	timeToRevoke     = newHistogram("time_to_revoke_seconds", "Time from the moment a revocation was owed until it was read back as done, by AccessProvider.", revokeBuckets, "provider")
	circuitOpen      = newGauge("provider_circuit_open", "1 while calls to a target system are held back because it does not answer, by AccessProvider; 0 otherwise.", "provider")
	driftRepaired    = newCounter("grant_drift_repaired_total", "Access that was changed by hand in a target system and put right, by AccessProvider.", "provider")
)

var (
	// callBuckets reach from a cluster's own API server to the longest timeout that makes sense.
	callBuckets = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, minute}
	// revokeBuckets reach from what is promised, a second, to a target system that is down for days.
	revokeBuckets = []float64{.1, .25, .5, 1, 2.5, 5, 15, minute, 5 * minute, 15 * minute, hour, 4 * hour, day, 7 * day}
)

// ObserveProviderRequest observes one call to a target system.
func ObserveProviderRequest(provider, operation, result string, took time.Duration) {
	providerRequests.WithLabelValues(provider, operation, result).Inc()
	providerDuration.WithLabelValues(provider, operation).Observe(took.Seconds())
}

// ObserveRevocation observes a revocation that was proven.
func ObserveRevocation(provider string, took time.Duration) {
	timeToRevoke.WithLabelValues(provider).Observe(max(took, 0).Seconds())
}

// CountDriftRepaired counts an access that was put right.
func CountDriftRepaired(provider string) { driftRepaired.WithLabelValues(provider).Inc() }

// SetCircuit says whether calls to a target system are held back.
func SetCircuit(provider string, open bool) {
	value := 0.0
	if open {
		value = 1
	}
	circuitOpen.WithLabelValues(provider).Set(value)
}

// ForgetProvider drops what was counted for an AccessProvider that is gone.
func ForgetProvider(provider string) {
	of := prometheus.Labels{"provider": provider}
	providerRequests.DeletePartialMatch(of)
	providerDuration.DeletePartialMatch(of)
	timeToRevoke.DeletePartialMatch(of)
	driftRepaired.DeletePartialMatch(of)
	circuitOpen.DeletePartialMatch(of)
}

// RegisterAccess counts the entitlements in a cache at each scrape.
func RegisterAccess(reader client.Reader, c clock.PassiveClock) error {
	return metrics.Registry.Register(accessCollector{reader, c})
}

type accessCollector struct {
	reader client.Reader
	clock  clock.PassiveClock
}

// Describe implements prometheus.Collector.
func (c accessCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{grants, revocationsOwed, revocationOwedAt, unclaimed} {
		ch <- d
	}
}

// owed is what one AccessProvider owes.
type owed struct {
	// ages of what is owed, by the index of the first of the bounds that is longer.
	ages      [len(ages)]int
	oldest    time.Duration
	unclaimed int32
}

// agedUnder is how old what is owed may be to be counted under a label.
type agedUnder struct {
	label string
	bound time.Duration
}

var ages = [...]agedUnder{{"under_1m", time.Minute}, {"under_1h", time.Hour}, {"under_1d", 24 * time.Hour}, {"older", math.MaxInt64}}

// Collect implements prometheus.Collector.
func (c accessCollector) Collect(ch chan<- prometheus.Metric) {
	states, debts, err := c.count(context.Background())
	if err != nil {
		ch <- prometheus.NewInvalidMetric(grants, err)
		return
	}
	for key, n := range states {
		ch <- prometheus.MustNewConstMetric(grants, prometheus.GaugeValue, float64(n), key[0], key[1])
	}
	for provider, debt := range debts {
		for i, age := range ages {
			ch <- prometheus.MustNewConstMetric(revocationsOwed, prometheus.GaugeValue, float64(debt.ages[i]), provider, age.label)
		}
		ch <- prometheus.MustNewConstMetric(revocationOwedAt, prometheus.GaugeValue, debt.oldest.Seconds(), provider)
		ch <- prometheus.MustNewConstMetric(unclaimed, prometheus.GaugeValue, float64(debt.unclaimed), provider)
	}
}

// count counts the entitlements by provider and state, and the debts of every provider that there is or that owes.
func (c accessCollector) count(ctx context.Context) (map[[2]string]int, map[string]owed, error) {
	states, debts := map[[2]string]int{}, map[string]owed{}
	providers := &v1alpha1.AccessProviderList{}
	if err := c.reader.List(ctx, providers, client.UnsafeDisableDeepCopy); err != nil {
		return nil, nil, err
	}
	for i := range providers.Items {
		debts[providers.Items[i].Name] = owed{unclaimed: providers.Items[i].Status.Unclaimed}
	}
	list := &v1alpha1.AccessGrantList{}
	if err := c.reader.List(ctx, list, client.UnsafeDisableDeepCopy); err != nil {
		return nil, nil, err
	}
	now := c.clock.Now()
	for i := range list.Items {
		rows := list.Items[i].Status.Entitlements
		for j := range rows {
			row := &rows[j]
			states[[2]string{row.Provider, string(row.State)}]++
			if row.State != v1alpha1.GrantRevoking {
				continue
			}
			debt := debts[row.Provider]
			age := time.Duration(0)
			if since := row.RevokeRequestedAt; since != nil {
				age = max(now.Sub(since.Time), 0)
			}
			debt.ages[slices.IndexFunc(ages[:], func(a agedUnder) bool { return age < a.bound })]++
			debt.oldest = max(debt.oldest, age)
			debts[row.Provider] = debt
		}
	}
	return states, debts, nil
}
