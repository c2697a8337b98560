// Package policy judges engagements by CompliancePolicies: what does not hold, what will not, and when.
package policy

import (
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// Selection is what a policy selects an engagement by.
type Selection struct {
	// Jurisdiction where the work is done.
	Jurisdiction string
	// WorkerJurisdiction is where the worker works; empty while nobody is chosen.
	WorkerJurisdiction string
	WorkerType         v1alpha1.WorkerType
	// NamespaceLabels are the labels of the engagement's namespace.
	NamespaceLabels map[string]string
	// Pool by name.
	Pool string
	Now  time.Time
}

// selects says whether the policy applies to the engagement now. What a selector leaves out selects all. A namespace
// selector that cannot be read selects all too: what nobody can evaluate must hold, not pass.
func selects(p *v1alpha1.CompliancePolicySpec, in Selection) bool {
	if in.Now.Before(p.EffectiveFrom.Time) {
		return false
	}
	if p.EffectiveTo != nil && !in.Now.Before(p.EffectiveTo.Time) {
		return false
	}
	return Covers(p, in)
}

// Covers says whether the policy applies to the engagement at any time, before it is effective and after too: an edit of it concerns whatever it covers.
func Covers(p *v1alpha1.CompliancePolicySpec, in Selection) bool {
	s := p.AppliesTo
	if s == nil {
		return true
	}
	return concerns(s.Jurisdictions, in) &&
		(len(s.WorkerTypes) == 0 || slices.Contains(s.WorkerTypes, in.WorkerType)) &&
		(len(s.Pools) == 0 || slices.Contains(s.Pools, in.Pool)) &&
		selectsNamespace(s.NamespaceSelector, in.NamespaceLabels)
}

// NextChange is the next moment after now at which the policy begins or ceases to apply, or nil if there is none.
func NextChange(p *v1alpha1.CompliancePolicySpec, now time.Time) *time.Time {
	if p.EffectiveFrom.After(now) {
		return &p.EffectiveFrom.Time
	}
	if p.EffectiveTo != nil && p.EffectiveTo.After(now) {
		return &p.EffectiveTo.Time
	}
	return nil
}

// concerns says whether the work or the worker is in one of the jurisdictions; the policies of both apply.
func concerns(jurisdictions []string, in Selection) bool {
	if len(jurisdictions) == 0 {
		return true
	}
	for _, j := range jurisdictions {
		if within(in.Jurisdiction, j) || within(in.WorkerJurisdiction, j) {
			return true
		}
	}
	return false
}

// within says whether a place is the jurisdiction or a subdivision of it: US-CA is within US, US is not within US-CA.
func within(place, jurisdiction string) bool {
	return place == jurisdiction || strings.HasPrefix(place, jurisdiction+"-")
}

func selectsNamespace(selector *metav1.LabelSelector, namespace map[string]string) bool {
	if selector == nil {
		return true
	}
	s, err := metav1.LabelSelectorAsSelector(selector)
	return err != nil || s.Matches(labels.Set(namespace))
}
