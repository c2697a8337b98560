package engagement

import (
	"cmp"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
)

// The record of statements is bounded by the schema. The last places are kept for what ends access, so that no flood of feedback can delay a revocation.
const (
	maxRecords         = 1024
	recordsKeptForEnds = 64
	maxIgnoredRecords  = 128
	// etcd refuses objects over 1.5 MiB, and the terms and procedures are in status too.
	maxRecordBytes   = 512 << 10
	bytesKeptForEnds = 32 << 10
	maxEvaluations   = 256
)

// The areas of a claim.
const (
	areaApproval      = "approval"
	areaSelection     = "selection"
	areaOffer         = "offer"
	areaOnboarding    = "onboarding"
	areaOffboarding   = "offboarding"
	areaStart         = "start"
	areaDeliverable   = "deliverable"
	areaFeedback      = "feedback"
	areaEnd           = "end"
	areaAccess        = "access"
	areaRehire        = "rehire"
	areaDetermination = "determination"
	areaWaiver        = "waiver"
)

// Claims with a fixed item, and beginnings of those whose item is named by people.
const (
	claimStart     = "start/confirmed"
	claimEnd       = "end/engagement"
	claimWithdraw  = "access/withdraw"
	claimApproval  = "approval/engagement"
	claimAmendment = "approval/amendment"
	claimRehire    = "rehire/decision"

	claimDetermination = "determination/classification"

	prefixPreexist = "access/preexisting."
	prefixCustody  = "access/custody."
	prefixStage    = "approval/stage."
	prefixAccess   = "approval/access."
)

// Reasons why a statement does not count, where more than one rule gives them.
const (
	reasonSelfDeal  = "SelfDealing"
	reasonUnknown   = "UnknownClaim"
	reasonOther     = "OtherTerms"
	reasonNotNow    = "NotNow"
	reasonNotAsked  = "NotAsked"
	reasonTooLate   = "TooLate"
	reasonDuplicate = "Duplicate"
)

// readStatements binds and records every attestation that counts, and says of every other why it does not.
// A statement is judged once: it is either recorded in status, which only the operator writes, or marked. Until the last look
// those that do not count yet are left alone.
func (p *pass) readStatements(last bool) {
	known := map[string]bool{}
	for _, r := range p.st.Attestations {
		known[string(r.UID)] = true
	}
	atts := slices.Clone(p.Attestations)
	slices.SortFunc(atts, func(a, b v1alpha1.Attestation) int {
		return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(a.UID, b.UID))
	})
	for i := range atts {
		att := &atts[i]
		if known[string(att.UID)] {
			if (att.Status == nil || att.Status.State == "") && !p.bound(att.OwnerReferences) {
				p.acts.BindAttestations[att.Name] = true
			}
			continue
		}
		if p.boundElsewhere(att.OwnerReferences) {
			continue // the garbage collector removes it with the object it was said of
		}
		rec := recordOf(att)
		if att.Status != nil && att.Status.State != "" {
			if last && !p.predates(att) {
				p.keepIgnored(rec, att.Status.Reason) // marked by a pass that did not live to record it
			}
			continue
		}
		standing := p.judge(att, rec)
		if standing == undecided {
			continue
		}
		if standing == nil {
			standing = p.roomFor(rec)
		}
		if standing != nil && !last {
			continue
		}
		if standing != nil {
			p.acts.IgnoreAttestations[att.Name] = *standing
			p.keepIgnored(rec, standing.Reason)
			continue
		}
		p.st.Attestations = append(p.st.Attestations, rec)
		if !p.bound(att.OwnerReferences) { // a pass that did not live to record it may have bound it
			p.acts.BindAttestations[att.Name] = true
		}
	}
}

func (p *pass) roomFor(rec v1alpha1.AttestationRecord) *v1alpha1.Standing {
	limit := maxRecords - recordsKeptForEnds
	area, _, _ := strings.Cut(rec.Claim, "/")
	if area == areaEnd || area == areaAccess {
		limit = maxRecords
	}
	bytes := maxRecordBytes
	if limit < maxRecords {
		bytes -= bytesKeptForEnds
	}
	if len(p.st.Attestations) < limit && p.recordBytes()+sizeOf(rec) <= bytes {
		return nil
	}
	return ignored(v1alpha1.ReasonTooManyAttestations, "this engagement already has %d recorded attestations, the most it can keep; end it and continue in a new one", len(p.st.Attestations))
}

// recordBytes is about how much of the object the record takes.
func (p *pass) recordBytes() int {
	n := 0
	for _, r := range p.st.Attestations {
		n += sizeOf(r)
	}
	return n
}

func sizeOf(r v1alpha1.AttestationRecord) int {
	const fields = 300 // names of fields, UID, times and digests
	n := fields + len(r.Name) + len(r.Claim) + len(r.Author) + len(r.OnBehalfOf)
	for _, e := range r.Evidence {
		n += len(e.URI) + len(e.SHA256) + 30
	}
	return n
}

// keepIgnored records a statement that does not count, for the sealed file; beyond a bound further ones are only marked.
func (p *pass) keepIgnored(rec v1alpha1.AttestationRecord, why string) {
	n := 0
	for _, r := range p.st.Attestations {
		if r.Ignored != "" {
			n++
		}
	}
	if n < maxIgnoredRecords && p.st.Phase != v1alpha1.PhaseClosed && len(p.st.Attestations) < maxRecords-recordsKeptForEnds {
		rec.Ignored, rec.Evidence = why, nil
		p.st.Attestations = append(p.st.Attestations, rec)
	}
}

// predates says whether a statement is older than the engagement: it was said of one that had this name before.
func (p *pass) predates(att *v1alpha1.Attestation) bool {
	return att.CreationTimestamp.Time.Before(p.Engagement.CreationTimestamp.Time)
}

// counted are the recorded statements that count.
func (p *pass) counted() []v1alpha1.AttestationRecord {
	return slices.DeleteFunc(slices.Clone(p.st.Attestations), func(r v1alpha1.AttestationRecord) bool { return r.Ignored != "" })
}

func recordOf(att *v1alpha1.Attestation) v1alpha1.AttestationRecord {
	s := att.Spec
	rec := v1alpha1.AttestationRecord{
		UID: att.UID, Name: att.Name, Claim: s.Claim, Verdict: s.Verdict, At: att.CreationTimestamp, Terms: s.Terms,
		Cause: s.Cause, Effective: s.Effective, WorkerType: s.WorkerType, Score: s.Score, Amount: s.Amount, Evidence: s.Evidence,
	}
	if s.Author != nil {
		rec.Author = s.Author.Username
	}
	if s.OnBehalfOf != nil {
		rec.OnBehalfOf = s.OnBehalfOf.Name
	}
	return rec
}

// standing gives the newest record of each author on a claim. In the same second the refusing verdict counts.
func (p *pass) standing(claim string, matches func(v1alpha1.AttestationRecord) bool) map[string]v1alpha1.AttestationRecord {
	newest := map[string]v1alpha1.AttestationRecord{}
	for _, r := range p.counted() {
		if r.Claim != claim || (matches != nil && !matches(r)) {
			continue
		}
		if old, found := newest[r.Author]; !found || supersedes(r, old) {
			newest[r.Author] = r
		}
	}
	return newest
}

// latest gives the newest record on a claim, whoever said it.
func (p *pass) latest(claim string) *v1alpha1.AttestationRecord {
	var newest *v1alpha1.AttestationRecord
	for i := range p.st.Attestations {
		r := &p.st.Attestations[i]
		if r.Ignored == "" && r.Claim == claim && (newest == nil || supersedes(*r, *newest)) {
			newest = r
		}
	}
	return newest
}

func supersedes(r, old v1alpha1.AttestationRecord) bool {
	if !r.At.Equal(&old.At) {
		return r.At.After(old.At.Time)
	}
	if refuses(r) != refuses(old) {
		return refuses(r)
	}
	return r.UID > old.UID
}

// refuses says whether a verdict is the one that counts when the opposite was said in the same second: the one that lets less happen.
func refuses(r v1alpha1.AttestationRecord) bool {
	switch r.Verdict {
	case v1alpha1.VerdictRejected, v1alpha1.VerdictDeclined, v1alpha1.VerdictFailed, v1alpha1.VerdictNoShow, v1alpha1.VerdictRevise,
		v1alpha1.VerdictDisputed, v1alpha1.VerdictPassed, v1alpha1.VerdictIneligible, v1alpha1.VerdictEndNow:
		return true
	}
	return r.Claim == claimWithdraw && r.Verdict == v1alpha1.VerdictDone
}

func (p *pass) bound(refs []metav1.OwnerReference) bool {
	for _, ref := range refs {
		if ref.UID == p.Engagement.UID {
			return true
		}
	}
	return false
}

func (p *pass) boundElsewhere(refs []metav1.OwnerReference) bool {
	return boundToOther(refs, p.Engagement.UID)
}

// boundToOther says whether a statement was made of another engagement than the one with this UID.
func boundToOther(refs []metav1.OwnerReference, uid types.UID) bool {
	return slices.ContainsFunc(refs, func(ref metav1.OwnerReference) bool { return ref.Kind == "Engagement" && ref.UID != uid })
}
