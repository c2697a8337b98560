package engagement

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
)

const (
	// A custodian has a day to hand out what can be handed out, counted from the start of the work at the earliest, and five days to get
	// back what has to come back: it may be in the post. Then the wait is overdue.
	handOutWithin = 24 * time.Hour
	returnWithin  = 120 * time.Hour

	// The schema's bounds.
	maxCustody         = 48
	maxCustodyEvidence = 4
)

// manualTarget begins the targets of what people hand out.
const manualTarget = string(v1alpha1.ProviderManual) + ":"

// item is what people hand out for a grant: a manual entitlement of its profile, or one that it had and that is on record.
type item struct {
	grant       *v1alpha1.AccessGrant
	entitlement string
	// words that the profile calls it by, or called it by.
	words string
	// custodian is nil where the profile names nobody any more.
	custodian *v1alpha1.Subject
}

func (i item) claim() string { return prefixCustody + i.entitlement }

// rows are those of the entitlement: several if the profile calls it by other words than it did.
func (i item) rows() []*v1alpha1.EntitlementStatus {
	var rows []*v1alpha1.EntitlementStatus
	for n := range i.grant.Status.Entitlements {
		if row := &i.grant.Status.Entitlements[n]; row.Name == i.entitlement && strings.HasPrefix(row.Target, manualTarget) {
			rows = append(rows, row)
		}
	}
	return rows
}

// items are what people hand out for a grant, in the order of the entitlements' names.
func (p *pass) items(g *v1alpha1.AccessGrant) []item {
	var items []item
	profile := p.Profiles[g.Spec.Profile]
	add := func(entitlement, words string) {
		if slices.ContainsFunc(items, func(i item) bool { return i.entitlement == entitlement }) {
			return
		}
		it := item{grant: g, entitlement: entitlement, words: words}
		if profile != nil {
			it.custodian = profile.Spec.CustodianOf(entitlement, words)
		}
		items = append(items, it)
	}
	if profile != nil {
		for _, e := range profile.Spec.Entitlements {
			if e.Manual != nil {
				add(e.Name, e.Manual.Item)
			}
		}
	}
	for _, row := range g.Status.Entitlements {
		if words, is := strings.CutPrefix(row.Target, manualTarget); is {
			add(row.Name, words)
		}
	}
	for _, said := range g.Spec.Custody {
		add(said.Entitlement, said.Entitlement)
	}
	slices.SortFunc(items, func(a, b item) int { return cmp.Compare(a.entitlement, b.entitlement) })
	return items
}

// itemsNamed are what people hand out under one name, in the order of the grants' names.
func (p *pass) itemsNamed(entitlement string) []item {
	var named []item
	for _, g := range p.grantsByName() {
		for _, it := range p.items(g) {
			if it.entitlement == entitlement {
				named = append(named, it)
			}
		}
	}
	return named
}

func (p *pass) grantsByName() []*v1alpha1.AccessGrant {
	var grants []*v1alpha1.AccessGrant
	for i := range p.Grants {
		grants = append(grants, &p.Grants[i])
	}
	slices.SortFunc(grants, func(a, b *v1alpha1.AccessGrant) int { return cmp.Compare(a.Name, b.Name) })
	return grants
}

// judgeCustody says why what somebody attested of an item does not count. It is the custodian's to say whom the profile names at this
// moment, so that another can take over. Where the profile names nobody any more, what is out must still come back: then anybody who
// holds the verb may say so, but for whoever has the item.
func (p *pass) judgeCustody(rec v1alpha1.AttestationRecord, entitlement string) *v1alpha1.Standing {
	if p.isWorker(rec.Author, rec.OnBehalfOf) {
		return selfDealing("nobody attests what was handed to themselves; its custodian must")
	}
	named := p.itemsNamed(entitlement)
	if len(named) == 0 {
		if p.promises(entitlement) {
			return ignored(reasonNotNow, "nothing is handed out yet: access has not begun; see status.waitingFor of the engagement, and state it again when it has")
		}
		return ignored(reasonUnknown, "no entitlement %q of this engagement is handed out by people", entitlement)
	}
	for _, it := range named {
		if it.custodian != nil && !listed([]v1alpha1.Subject{*it.custodian}, rec.Author) {
			return ignored("NotTheCustodian", "%s is handed out, checked and taken back by %s %s, whom AccessProfile %s names as its custodian", it.words, it.custodian.Kind, it.custodian.Name, it.grant.Spec.Profile)
		}
	}
	var why *v1alpha1.Standing
	for _, it := range named {
		standing := p.judgeItem(rec, it)
		if standing == nil {
			return nil
		}
		why = cmp.Or(why, standing)
	}
	return why
}

// promises says whether a profile that is asked for has something handed out under this name.
func (p *pass) promises(entitlement string) bool {
	for name, profile := range p.Profiles {
		for _, e := range profile.Spec.Entitlements {
			if e.Name == entitlement && e.Manual != nil && p.asksFor(name) {
				return true
			}
		}
	}
	return false
}

// judgeItem says why a statement of a custodian does not count for one grant.
func (p *pass) judgeItem(rec v1alpha1.AttestationRecord, it item) *v1alpha1.Standing {
	spec := &it.grant.Spec
	if rec.Verdict != v1alpha1.VerdictHandedOut {
		if !p.wasHandedOut(it, rec.At) {
			return ignored("NotHandedOut", "nobody attested before that %s was handed out; attest %s HandedOut first", it.words, it.claim())
		}
		return nil
	}
	ends := &spec.ExpiresAt
	if bound := it.grant.Status.ExpiresAt; bound != nil && bound.Before(ends) {
		ends = bound
	}
	if p.st.EndedAt != nil && p.st.EndedAt.Before(ends) {
		ends = p.st.EndedAt
	}
	switch {
	case it.custodian == nil:
		return ignored(reasonNotNow, "AccessProfile %s has no %s handed out any more; take it back", spec.Profile, it.words)
	case rec.At.Before(&spec.NotBefore):
		return ignored(reasonNotNow, "%s is handed out from %s on; if it was handed out before, state so again now", it.words, spec.NotBefore.UTC().Format(time.RFC3339))
	case !rec.At.Before(ends):
		return ignored(reasonTooLate, "access ended at %s, and nothing is handed out after that; take %s back", ends.UTC().Format(time.RFC3339), it.words)
	case spec.Withdraw != "" && spec.Withdraw != v1alpha1.WithdrawalEnded:
		return ignored(reasonNotNow, "access is withdrawn (%s), and nothing is handed out meanwhile; take %s back, or state it again when access is given again", spec.Withdraw, it.words)
	}
	return nil
}

// wasHandedOut says whether something of an item was handed out before a moment, here or, for what is renewed, before. In one second
// nobody knows what came first, so that does not do.
func (p *pass) wasHandedOut(it item, at metav1.Time) bool {
	for _, row := range it.rows() {
		if row.Preexisted || row.GrantedAt != nil && row.GrantedAt.Before(&at) {
			return true
		}
	}
	return slices.ContainsFunc(p.counted(), func(r v1alpha1.AttestationRecord) bool {
		return r.Claim == it.claim() && r.Verdict == v1alpha1.VerdictHandedOut && r.At.Before(&at)
	})
}

// attested is the newest statement of a verdict since a grant began, or nil. Whoever was the custodian when it was judged, it stays.
func (p *pass) attested(it item, verdict v1alpha1.Verdict) *v1alpha1.AttestationRecord {
	var newest *v1alpha1.AttestationRecord
	for i := range p.st.Attestations {
		r := &p.st.Attestations[i]
		if r.Ignored == "" && r.Claim == it.claim() && r.Verdict == verdict && !r.At.Before(&it.grant.Spec.NotBefore) && (newest == nil || supersedes(*r, *newest)) {
			newest = r
		}
	}
	return newest
}

// outSince is when an item was handed out that has not come back since, as it was attested of this engagement; nil if none has been.
func (p *pass) outSince(it item) *metav1.Time {
	handedOut, returned := p.attested(it, v1alpha1.VerdictHandedOut), p.attested(it, v1alpha1.VerdictReturned)
	if handedOut == nil || returned != nil && returned.At.After(handedOut.At.Time) {
		return nil
	}
	return &handedOut.At
}

// custody is what custodians attested of what a grant has handed out: of each verdict the newest.
func (p *pass) custody(g *v1alpha1.AccessGrant) []v1alpha1.CustodyRecord {
	var said []v1alpha1.CustodyRecord
	for _, it := range p.items(g) {
		for _, verdict := range []v1alpha1.Verdict{v1alpha1.VerdictHandedOut, v1alpha1.VerdictChecked, v1alpha1.VerdictReturned} {
			if r := p.attested(it, verdict); r != nil {
				evidence := r.Evidence[:min(len(r.Evidence), maxCustodyEvidence)]
				said = append(said, v1alpha1.CustodyRecord{Entitlement: it.entitlement, Verdict: verdict, By: r.Author, At: r.At, Evidence: evidence})
			}
		}
	}
	return said[:min(len(said), maxCustody)]
}

// awaitsHandOut says whether a row waits for its custodian to hand something out.
func (p *pass) awaitsHandOut(it item, row *v1alpha1.EntitlementStatus) bool {
	wanted := it.grant.Spec.Withdraw == "" && p.withdrawn() == "" && len(p.holds) == 0 && !p.ended()
	return wanted && it.custodian != nil && row.State == v1alpha1.GrantPending && p.outSince(it) == nil
}

// awaitsReturn says whether a row waits for its custodian to take back what was handed out, here or, for what is renewed, before.
func (p *pass) awaitsReturn(it item, row *v1alpha1.EntitlementStatus) bool {
	return row.State == v1alpha1.GrantRevoking && (p.outSince(it) != nil || row.GrantedAt != nil && p.attested(it, v1alpha1.VerdictReturned) == nil)
}

// stranded says whether an item is out that no row of its grant stands for: it was handed out in the moment in which access ended.
func (p *pass) stranded(it item) bool {
	out := p.outSince(it)
	if out == nil || it.grant.Spec.Withdraw == "" {
		return false
	}
	return !slices.ContainsFunc(it.rows(), func(row *v1alpha1.EntitlementStatus) bool {
		switch row.State {
		case v1alpha1.GrantAttested:
			return row.GrantedAt != nil && row.Since != nil && !row.Since.Before(out)
		case v1alpha1.GrantPending:
			return false
		default:
			return true
		}
	})
}

// strands says whether anything of a grant is stranded.
func (p *pass) strands(g *v1alpha1.AccessGrant) bool {
	return slices.ContainsFunc(p.items(g), p.stranded)
}

// keeps says whether a grant has all that custodians attested, so that its file has it too.
func (p *pass) keeps(g *v1alpha1.AccessGrant) bool {
	return !slices.ContainsFunc(p.custody(g), func(said v1alpha1.CustodyRecord) bool {
		return !slices.ContainsFunc(g.Spec.Custody, func(kept v1alpha1.CustodyRecord) bool { return equality.Semantic.DeepEqual(said, kept) })
	})
}

// leftToCustodians says whether all that a grant lacks is to be handed out by people.
func (p *pass) leftToCustodians(g *v1alpha1.AccessGrant) bool {
	lacking, awaited := 0, 0
	for i := range g.Status.Entitlements {
		if !settled(&g.Status.Entitlements[i]) {
			lacking++
		}
	}
	for _, it := range p.items(g) {
		for _, row := range it.rows() {
			if p.awaitsHandOut(it, row) {
				awaited++
			}
		}
	}
	return lacking > 0 && lacking == awaited
}

// handedOutBy says whether an Access step waits for people to hand out what its profile lacks.
func (p *pass) handedOutBy(step *v1alpha1.ChecklistStep) bool {
	if step.Access == nil {
		return false
	}
	g := p.grantOf(grantName(p.Engagement, step.Access.Profile))
	return g != nil && p.leftToCustodians(g)
}

// attestedIn gives the words only if something that people hand out is in a state: nothing of it is ever read back.
func (p *pass) attestedIn(state v1alpha1.GrantState, words string) string {
	for i := range p.Grants {
		for _, row := range p.Grants[i].Status.Entitlements {
			if row.State == state && strings.HasPrefix(row.Target, manualTarget) {
				return words
			}
		}
	}
	return ""
}

// returning is how many rows of a grant wait for a custodian to take something back.
func (p *pass) returning(g *v1alpha1.AccessGrant) int32 {
	n := int32(0)
	for _, it := range p.items(g) {
		for _, row := range it.rows() {
			if p.awaitsReturn(it, row) {
				n++
			}
		}
	}
	return n
}

// noteCustody asks custodians for what is to be handed out and what is to come back.
func (p *pass) noteCustody(g *v1alpha1.AccessGrant) {
	for _, it := range p.items(g) {
		for _, row := range it.rows() {
			words := strings.TrimPrefix(row.Target, manualTarget)
			switch {
			case p.awaitsHandOut(it, row):
				since := cmp.Or(row.Since, &g.Spec.NotBefore).Time
				due := since
				if start := p.statementOfWork().Start.Time; start.After(due) {
					due = start
				}
				p.waitCustodian(it, since, due.Add(handOutWithin), fmt.Sprintf("%s hands out %s and attests %s HandedOut", p.custodian(it), words, it.claim()))
			case p.awaitsReturn(it, row):
				p.noteReturn(it, words, cmp.Or(row.RevokeRequestedAt, row.Since, &g.Spec.ExpiresAt).Time)
			}
		}
		if p.stranded(it) {
			p.noteReturn(it, it.words, p.since(it.claim()))
		}
	}
}

func (p *pass) noteReturn(it item, words string, since time.Time) {
	if since.After(p.Now) {
		since = p.Now
	}
	handedOut := ""
	if out := p.outSince(it); out != nil {
		handedOut = fmt.Sprintf(", handed out at %s,", out.UTC().Format(time.RFC3339))
	}
	message := fmt.Sprintf("%s takes %s%s back and attests %s Returned", p.custodian(it), words, handedOut, it.claim())
	if ns := p.Namespace; ns != nil && !ns.DeletionTimestamp.IsZero() {
		// The API server takes no new object there.
		message += "; the namespace is being deleted, so that nobody can attest anything in it: what is out is given up by somebody with the verb forgive, who declares its AccessProvider decommissioned"
	}
	p.waitCustodian(it, since, since.Add(returnWithin), message)
}

// custodian is in words who hands an item out and takes it back.
func (p *pass) custodian(it item) string {
	if it.custodian == nil {
		return "somebody with the verb attest, other than the worker,"
	}
	return fmt.Sprintf("%s %s", it.custodian.Kind, it.custodian.Name)
}

// waitCustodian notes that a custodian is waited for, who is named by the profile and not by the engagement's contacts.
func (p *pass) waitCustodian(it item, since, due time.Time, message string) {
	waits := len(p.waits)
	p.wait(it.claim(), v1alpha1.ActorCustodian, since, &due, message)
	if len(p.waits) > waits && it.custodian != nil {
		p.waits[waits].Subject = it.custodian.DeepCopy()
	}
}
