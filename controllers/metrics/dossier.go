package metrics

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/index"
)

var (
	erasureConflicts = describe("dossier_erasure_conflicts", "Sealed files whose erasure was asked for while a policy demands that they be kept, and nobody has decided.")

	erased = newCounter("dossiers_erased_total", "Sealed files in which what was personal was erased, by reason.", "reason")
)

// CountErased counts a sealed file in which what was personal was erased.
func CountErased(reason string) { erased.WithLabelValues(reason).Inc() }

// RegisterDossiers counts, at each scrape, the conflicts between erasure and retention in a cache that has package index's indexes.
func RegisterDossiers(reader client.Reader) error {
	return metrics.Registry.Register(dossierCollector{reader})
}

type dossierCollector struct{ reader client.Reader }

// Describe implements prometheus.Collector.
func (c dossierCollector) Describe(ch chan<- *prometheus.Desc) { ch <- erasureConflicts }

// Collect implements prometheus.Collector. Sealed files are many, and few of them are in conflict: only those are read.
func (c dossierCollector) Collect(ch chan<- prometheus.Metric) {
	list := &v1alpha1.DossierList{}
	conflicts := client.MatchingFields{index.DossierByErasure: v1alpha1.ReasonRetentionConflict}
	if err := c.reader.List(context.Background(), list, conflicts, client.UnsafeDisableDeepCopy); err != nil {
		ch <- prometheus.NewInvalidMetric(erasureConflicts, err)
		return
	}
	ch <- prometheus.MustNewConstMetric(erasureConflicts, prometheus.GaugeValue, float64(len(list.Items)))
}
