package access

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	ctrl "sigs.k8s.io/controller-runtime"
)

// newsKind is one reason of events.
type newsKind struct {
	reason string
	// action is what Longshore did, as events name it.
	action string
	kind   string
	// words follow the names of the entitlements.
	words string
	// tellEngagement says that whoever follows the engagement is told too.
	tellEngagement bool
}

// The events of a grant. None names a person: what is granted is named by the entitlements' names.
var (
	newsGranted       = newsKind{"Granted", "Grant", corev1.EventTypeNormal, "granted and read back", false}
	newsHandedOut     = newsKind{"HandedOut", "Grant", corev1.EventTypeNormal, "handed out, as the custodian attested", false}
	newsReturned      = newsKind{"Attested", "Revoke", corev1.EventTypeNormal, "closed by what the custodian attested; nothing can be read back", true}
	newsGrantFailed   = newsKind{"GrantFailed", "Grant", corev1.EventTypeWarning, "not granted: status.entitlements has the target system's answer; it is tried again for as long as it is wanted", true}
	newsDriftRepaired = newsKind{"DriftRepaired", "Grant", corev1.EventTypeWarning, "changed in the target system by hand, and put right; whoever did it should change the engagement or the profile instead", true}
	newsPreexisting   = newsKind{"PreexistingFound", "Verify", corev1.EventTypeWarning, "not granted, because the worker has it already; before the engagement closes, attest access/preexisting.<entitlement> Keep or Remove", true}
	newsExpired       = newsKind{"Expired", "Revoke", corev1.EventTypeNormal, "expired, and is being revoked", true}
	newsRevoked       = newsKind{"Revoked", "Revoke", corev1.EventTypeNormal, "revoked, and read back as gone", true}
	newsStillHeld     = newsKind{"StillHeld", "Revoke", corev1.EventTypeNormal, "ended here, and stays for another grant that holds the same access", true}
	newsRevokeFailed  = newsKind{"RevokeFailed", "Revoke", corev1.EventTypeWarning, "not revoked yet: status.entitlements has the target system's answer; it is owed, and tried again until it is proven; revoking it by hand in the target system helps at once", true}
	newsAbandoned     = newsKind{"Abandoned", "Abandon", corev1.EventTypeWarning, "abandoned with the target system, which was declared gone for good; not proven revoked", true}
)

// news are the events of one pass: the entitlements and their providers, by kind.
type news []item

type item struct {
	kind  newsKind
	names []string
}

func (n *news) add(kind newsKind, r *row) {
	n.addNamed(kind, fmt.Sprintf("%s (%s)", r.Name, r.Provider))
}

func (n *news) addNamed(kind newsKind, name string) {
	for i := range *n {
		if (*n)[i].kind != kind {
			continue
		}
		if !slices.Contains((*n)[i].names, name) {
			(*n)[i].names = append((*n)[i].names, name)
		}
		return
	}
	*n = append(*n, item{kind, []string{name}})
}

// announce tells what was written to status, once.
func (p *pass) announce(ctx context.Context) {
	for _, i := range p.found.news {
		names := strings.Join(i.names, ", ")
		ctrl.LoggerFrom(ctx).Info(i.kind.reason, "entitlements", names)
		p.tell(i.kind, names)
	}
	p.found.news = nil
}

func (p *pass) tell(kind newsKind, names string) {
	if p.engagement == nil {
		p.Recorder.Eventf(p.grant, nil, kind.kind, kind.reason, kind.action, "%s: %s", names, kind.words)
		return
	}
	p.Recorder.Eventf(p.grant, p.engagement, kind.kind, kind.reason, kind.action, "%s: %s", names, kind.words)
	if kind.tellEngagement {
		p.Recorder.Eventf(p.engagement, p.grant, kind.kind, kind.reason, kind.action, "profile %s, %s: %s", p.grant.Spec.Profile, names, kind.words)
	}
}
