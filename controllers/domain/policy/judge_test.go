package policy

import (
	"testing"
	"time"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

func TestARuleIsEvaluatedAndTellsWhenTimeTurnsIt(t *testing.T) {
	for _, tc := range []struct {
		name, expression string
		holds            bool
		next             string
	}{
		{"before a moment", "now < engagement.spec.statementOfWork.end", true, "2027-06-01T00:00:00Z"},
		{"up to a moment", "now <= engagement.spec.statementOfWork.end", true, "2027-06-01T00:00:01Z"},
		{"from the other side", "engagement.spec.statementOfWork.end > now", true, "2027-06-01T00:00:00Z"},
		{"what is past stays past", "now > engagement.spec.statementOfWork.start", true, ""},
		{"what will come", "now >= engagement.spec.statementOfWork.end", false, "2027-06-01T00:00:00Z"},
		{"an elapsed time", "now - engagement.spec.statementOfWork.start < duration('720h')", true, "2026-12-31T00:00:00Z"},
		{"a calendar period", "engagement.spec.statementOfWork.start.plus('P6M') > now", true, "2027-06-01T00:00:00Z"},
		{"now and a calendar period", "now.plus('P1M') < engagement.spec.statementOfWork.end", true, "2027-05-01T00:00:00Z"},
		{"a part of the calendar", "now.getFullYear() == 2026", true, "2027-01-01T00:00:00Z"},
		{"a part of the calendar elsewhere", "now.getHours('America/Los_Angeles') < 8", true, "2026-12-15T16:00:00Z"},
		{"a moment of the worker's", "worker.spec.documents.exists(d, d.name == 'work-permit' && d.expiresAt > now)", true, "2027-03-01T00:00:00Z"},
		{"nothing of time", "engagement.spec.title == 'Graphic designer'", true, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			v := Judge([]v1alpha1.CompliancePolicy{asks(rule(v1alpha1.EnforceDeny, tc.expression))}, campaign())
			if holds := len(v.Violations) == 0; holds != tc.holds {
				t.Errorf("%s holds: %v, expected %v: %+v", tc.expression, holds, tc.holds, v.Violations)
			}
			next := ""
			if !v.Next.IsZero() {
				next = v.Next.Format(time.RFC3339)
			}
			if next != tc.next {
				t.Errorf("%s turns at %q, expected %q", tc.expression, next, tc.next)
			}
		})
	}
}
