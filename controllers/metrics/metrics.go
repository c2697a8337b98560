// Package metrics declares every metric of Longshore in one table, from which its documentation is generated.
package metrics

import (
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
)

const namespace = "longshore_"

// The types of metric, as Prometheus names them.
const (
	gauge     = "gauge"
	counter   = "counter"
	histogram = "histogram"
)

// Definition is one row of the table. Labels carry no names of people or objects.
type Definition struct {
	Name   string
	Type   string
	Help   string
	Labels []string
}

var definitions []Definition

// Definitions lists every metric, by name.
func Definitions() []Definition {
	all := slices.Clone(definitions)
	slices.SortFunc(all, func(a, b Definition) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// declare notes a metric in the table.
func declare(name, kind, help string, labels ...string) Definition {
	d := Definition{Name: namespace + name, Type: kind, Help: help, Labels: labels}
	definitions = append(definitions, d)
	return d
}

// describe declares a gauge that a collector counts at each scrape.
func describe(name, help string, labels ...string) *prometheus.Desc {
	d := declare(name, gauge, help, labels...)
	return prometheus.NewDesc(d.Name, d.Help, d.Labels, nil)
}

func newCounter(name, help string, labels ...string) *prometheus.CounterVec {
	d := declare(name, counter, help, labels...)
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: d.Name, Help: d.Help}, d.Labels)
	metrics.Registry.MustRegister(c)
	return c
}

func newGauge(name, help string, labels ...string) *prometheus.GaugeVec {
	d := declare(name, gauge, help, labels...)
	g := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: d.Name, Help: d.Help}, d.Labels)
	metrics.Registry.MustRegister(g)
	return g
}

func newHistogram(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	d := declare(name, histogram, help, labels...)
	h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: d.Name, Help: d.Help, Buckets: buckets}, d.Labels)
	metrics.Registry.MustRegister(h)
	return h
}

// Seconds in the lengths that people count a workforce in.
const (
	minute = 60
	hour   = 60 * minute
	day    = 24 * hour
)

// longBuckets suit what takes people hours to months.
var longBuckets = []float64{minute, 10 * minute, hour, 4 * hour, day, 2 * day, 5 * day, 10 * day, 30 * day, 90 * day, 180 * day, 365 * day}
