package worker

import (
	"fmt"
	"strings"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/checklist"
	"github.com/longshore-dev/longshore/controllers/domain/matching"
)

const areaSpec = "spec"

// fault is something that the worker's spec says and that cannot be so. It changes nothing of the screening: a person mends it.
type fault struct {
	// field of the spec.
	field   string
	message string
}

// specFaults are what the schema cannot find.
func (s *scope) specFaults() []fault {
	var faults []fault
	if len(s.Account) > 0 {
		faults = append(faults, fault{"username", sharedAccount(s.Account)})
	}
	if _, err := matching.LoadZone(s.Worker.Spec.TimeZone); err != nil && s.Worker.Spec.TimeZone != "" {
		faults = append(faults, fault{"timeZone", fmt.Sprintf("spec.timeZone %s is no time zone of the IANA database: write one like Europe/Berlin", s.Worker.Spec.TimeZone)})
	}
	return faults
}

// sharedAccount names the others: the limits of a pool count people, and would see several behind one account.
func sharedAccount(others []v1alpha1.Worker) string {
	if len(others) == 1 {
		return fmt.Sprintf("spec.username is also that of Worker %s, who has another personKey: one account is one person; mend one of them", others[0].Name)
	}
	names := make([]string, 0, len(others))
	for i := range others {
		names = append(names, others[i].Name)
	}
	return fmt.Sprintf("spec.username is also that of Workers %s, who have other personKeys: one account is one person; mend all but one of them", strings.Join(names, ", "))
}

// faultWaits are for whom it waits that the spec is mended.
func (p *pass) faultWaits() []v1alpha1.WaitingFor {
	var waits []v1alpha1.WaitingFor
	for _, f := range p.faults {
		w := v1alpha1.WaitingFor{What: areaSpec + "/" + f.field, Who: checklist.RoleManager, Message: truncate(f.message)}
		w.Since.Time = p.waitingSince(w.What)
		waits = append(waits, w)
	}
	return waits
}
