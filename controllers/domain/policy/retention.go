package policy

import (
	"time"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/terms"
)

// Retention is until when the policies that select a case at its end demand that its sealed file be kept, counted from that end, and which of them demands the
// longest, as policy (title, citation); of several the first by name. A policy that began or ceased between the end and the sealing is not asked, or is. Without such a policy it is nil. A period that cannot be read demands nothing: Problems has said so.
func Retention(policies []v1alpha1.CompliancePolicy, c *Case, end time.Time) (until *time.Time, by string) {
	selection := c.selection()
	selection.Now = end
	var longest *v1alpha1.CompliancePolicy
	for i := range policies {
		p := &policies[i]
		if p.Spec.Retention == "" || !selects(&p.Spec, selection) {
			continue
		}
		t, err := terms.AddPeriod(end, p.Spec.Retention)
		if err != nil {
			continue
		}
		if until == nil || t.After(*until) || t.Equal(*until) && p.Name < longest.Name {
			until, longest = &t, p
		}
	}
	if longest == nil {
		return nil, ""
	}
	return until, longest.Name + " (" + source(longest) + ")"
}
