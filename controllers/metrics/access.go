package metrics

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

var (
	grants           = describe("grants", "Entitlements of all access grants, by AccessProvider and state.", "provider", "state")
	revocationsOwed  = describe("revocations_owed", "Revocations that are not yet proven, by AccessProvider.", "provider")
	revocationOwedAt = describe("revocation_owed_age_seconds", "Age of the oldest revocation that is not yet proven, by AccessProvider; 0 while none is owed.", "provider")

	providerRequests = newCounter("provider_requests_total", "Calls to target systems, by AccessProvider, operation (grant, verify, revoke, probe) and result (success, error, refused, timeout).", "provider", "operation", "result")
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
	for _, d := range []*prometheus.Desc{grants, revocationsOwed, revocationOwedAt} {
		ch <- d
	}
}

// owed is what one AccessProvider owes.
type owed struct {
	count  int
	oldest time.Time
}

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
	now := c.clock.Now()
	for provider, debt := range debts {
		age := time.Duration(0)
		if !debt.oldest.IsZero() {
			age = max(now.Sub(debt.oldest), 0)
		}
		ch <- prometheus.MustNewConstMetric(revocationsOwed, prometheus.GaugeValue, float64(debt.count), provider)
		ch <- prometheus.MustNewConstMetric(revocationOwedAt, prometheus.GaugeValue, age.Seconds(), provider)
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
		debts[providers.Items[i].Name] = owed{}
	}
	list := &v1alpha1.AccessGrantList{}
	if err := c.reader.List(ctx, list, client.UnsafeDisableDeepCopy); err != nil {
		return nil, nil, err
	}
	for i := range list.Items {
		rows := list.Items[i].Status.Entitlements
		for j := range rows {
			row := &rows[j]
			states[[2]string{row.Provider, string(row.State)}]++
			if row.State != v1alpha1.GrantRevoking {
				continue
			}
			debt := debts[row.Provider]
			debt.count++
			if since := row.RevokeRequestedAt; since != nil && (debt.oldest.IsZero() || since.Time.Before(debt.oldest)) {
				debt.oldest = since.Time
			}
			debts[row.Provider] = debt
		}
	}
	return states, debts, nil
}
