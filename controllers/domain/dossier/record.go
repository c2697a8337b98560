package dossier

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/types"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// sealer builds the records of one engagement, within ever narrower limits until one fits.
type sealer struct {
	facts  Facts
	limits limits
	people *people
	// mask hides the people whom the engagement knows by name.
	mask mask
	// digests of the statements, by UID.
	digests map[types.UID]string
	// rest are the rows of each list that the limits leave out.
	rest map[string]any
}

func newSealer(f Facts) *sealer {
	return &sealer{facts: f, limits: schemaLimits, mask: newMask(persons(f)), digests: map[types.UID]string{}}
}

// record is what is sealed: no notes, and no person but as a digest.
func (s *sealer) record(sequence int64) (*v1alpha1.DossierRecord, error) {
	e := s.facts.Engagement
	st := e.Status.DeepCopy()
	s.rest = map[string]any{}
	r := &v1alpha1.DossierRecord{
		Sequence:     sequence,
		SealedAt:     s.facts.SealedAt.Rfc3339Copy(),
		RetainUntil:  s.facts.RetainUntil.DeepCopy(),
		RetainedBy:   clip(s.facts.RetainedBy, maxRetainedBy),
		Namespace:    e.Namespace,
		Engagement:   e.Name,
		UID:          e.UID,
		Outcome:      s.facts.Outcome,
		Ending:       st.Ending,
		Rehire:       s.facts.Rehire,
		Pool:         pool(e),
		End:          st.EndedAt,
		Phases:       st.Phases,
		Steps:        steps(st),
		Deliverables: st.Deliverables,
		Score:        st.Score,
		Spend:        st.Spend,
	}
	if st.Terms != nil {
		r.Start, r.Terms = &st.Terms.StatementOfWork.Start, st.Terms.Hash
	}
	if st.Worker != nil && st.Worker.PersonKey != "" {
		person, err := s.people.digest(st.Worker.PersonKey)
		if err != nil {
			return nil, err
		}
		r.Person = &person
	}
	for _, section := range []func(*v1alpha1.DossierRecord) error{s.access, s.attestations, s.evaluations, s.evidence} {
		if err := section(r); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func pool(e *v1alpha1.Engagement) string {
	return cmp.Or(e.Spec.PoolRef.Namespace, e.Namespace) + "/" + e.Spec.PoolRef.Name
}

// steps as they were left, onboarding before offboarding.
func steps(st *v1alpha1.EngagementStatus) []v1alpha1.SealedStep {
	var sealed []v1alpha1.SealedStep
	for _, procedure := range []struct {
		area   string
		status *v1alpha1.ProcedureStatus
	}{{"onboarding", st.Onboarding}, {"offboarding", st.Offboarding}} {
		if procedure.status == nil {
			continue
		}
		for _, step := range procedure.status.Steps {
			sealed = append(sealed, v1alpha1.SealedStep{Name: procedure.area + "/" + step.Name, State: step.State, Since: step.Since})
		}
	}
	return sealed
}

// persons is every name by which the engagement knows a person, with what stands in its place.
func persons(f Facts) map[string]string {
	st := &f.Engagement.Status
	names := map[string]string{}
	for i := range st.Attestations {
		a := &st.Attestations[i]
		names[a.Author], names[a.OnBehalfOf], names[named(a.Claim)] = maskedPerson, maskedPerson, maskedPerson
	}
	for i := range st.Evaluations {
		names[st.Evaluations[i].Evaluator] = maskedPerson
	}
	for _, requester := range st.Requesters {
		names[requester] = maskedPerson
	}
	for i := range f.Grants {
		for j := range f.Grants[i].Status.Entitlements {
			names[f.Grants[i].Status.Entitlements[j].Subject] = maskedWorker
		}
	}
	maps.Copy(names, worker(f.Engagement))
	return names
}

// worker is every name of the worker who accepted.
func worker(e *v1alpha1.Engagement) map[string]string {
	w := e.Status.Worker
	if w == nil {
		return map[string]string{}
	}
	return map[string]string{w.Name: maskedWorker, w.Username: maskedWorker, w.PersonKey: maskedWorker}
}

// named is the worker whom a claim names: whom somebody chose, who answered an offer.
func named(claim string) string {
	area, item, _ := strings.Cut(claim, "/")
	if area == "selection" || area == "offer" {
		return item
	}
	return ""
}

// digestOf is the digest of a statement. A statement holds its own UID, which is random and not in the record, so that its
// digest cannot be guessed from a name.
func (s *sealer) digestOf(uid types.UID, statement any) (string, error) {
	if sum, is := s.digests[uid]; is {
		return sum, nil
	}
	sum, err := digest(statement)
	s.digests[uid] = sum
	return sum, err
}

func chronological(records []v1alpha1.AttestationRecord) []v1alpha1.AttestationRecord {
	return slices.SortedFunc(slices.Values(records), func(a, b v1alpha1.AttestationRecord) int {
		return cmp.Or(a.At.Compare(b.At.Time), cmp.Compare(a.UID, b.UID))
	})
}

// attestations by digest, in the order in which they were said.
func (s *sealer) attestations(r *v1alpha1.DossierRecord) error {
	records := chronological(s.facts.Engagement.Status.Attestations)
	// What counted is kept before what did not, and the newest before the oldest.
	kept, rest := keep(records, s.limits.attestations, func(a, b v1alpha1.AttestationRecord) int {
		return cmp.Or(rank(a.Ignored != "")-rank(b.Ignored != ""), b.At.Compare(a.At.Time), cmp.Compare(b.UID, a.UID))
	})
	for i := range kept {
		a := &kept[i]
		sum, err := s.digestOf(a.UID, a)
		if err != nil {
			return err
		}
		author, err := s.people.digest(a.Author)
		if err != nil {
			return err
		}
		claim := a.Claim
		if worker := named(claim); worker != "" {
			claim = strings.TrimSuffix(claim, worker) + s.mask.apply(worker)
		}
		r.Attestations = append(r.Attestations, v1alpha1.SealedStatement{
			Claim: claim, Verdict: string(a.Verdict), At: a.At, Author: author, Digest: sum, Ignored: a.Ignored,
		})
	}
	s.leaveOut(r, "attestations", len(rest), rest)
	return nil
}

// evaluations by digest, in the order in which they were given.
func (s *sealer) evaluations(r *v1alpha1.DossierRecord) error {
	records := slices.SortedFunc(slices.Values(s.facts.Engagement.Status.Evaluations), func(a, b v1alpha1.EvaluationRecord) int {
		return cmp.Or(a.At.Compare(b.At.Time), cmp.Compare(a.UID, b.UID))
	})
	kept, rest := keep(records, s.limits.evaluations, func(a, b v1alpha1.EvaluationRecord) int {
		return cmp.Or(b.At.Compare(a.At.Time), cmp.Compare(b.UID, a.UID))
	})
	for i := range kept {
		e := &kept[i]
		sum, err := s.digestOf(e.UID, e)
		if err != nil {
			return err
		}
		author, err := s.people.digest(e.Evaluator)
		if err != nil {
			return err
		}
		claim := string(e.Kind)
		if e.Period != "" {
			claim += "/" + e.Period
		}
		r.Evaluations = append(r.Evaluations, v1alpha1.SealedStatement{Claim: claim, Verdict: e.Score, At: e.At, Author: author, Digest: sum})
	}
	s.leaveOut(r, "evaluations", len(rest), rest)
	return nil
}

// grantedRow is a row of a grant; the grant's UID is random and not in the record, so that a row's digest cannot be guessed.
type grantedRow struct {
	Grant       string                     `json:"grant"`
	Profile     string                     `json:"profile"`
	Entitlement v1alpha1.EntitlementStatus `json:"entitlement"`
	Custody     []v1alpha1.CustodyRecord   `json:"custody,omitempty"`
}

// access is the evidence for every entitlement, by profile and target.
func (s *sealer) access(r *v1alpha1.DossierRecord) error {
	var rows []grantedRow
	for i := range s.facts.Grants {
		g := &s.facts.Grants[i]
		for _, row := range g.Status.Entitlements {
			rows = append(rows, grantedRow{Grant: string(g.UID), Profile: g.Spec.Profile, Entitlement: row, Custody: custody(g, row.Name)})
		}
	}
	slices.SortFunc(rows, func(a, b grantedRow) int {
		return cmp.Or(strings.Compare(a.Profile, b.Profile), strings.Compare(a.Entitlement.Name, b.Entitlement.Name),
			strings.Compare(a.Entitlement.Provider, b.Entitlement.Provider), strings.Compare(a.Entitlement.Target, b.Entitlement.Target),
			strings.Compare(a.Entitlement.Key, b.Entitlement.Key), strings.Compare(a.Grant, b.Grant))
	})
	// What is not simply revoked is what an auditor asks for first.
	kept, rest := keep(rows, s.limits.access, func(a, b grantedRow) int {
		return rank(a.Entitlement.State == v1alpha1.GrantRevoked) - rank(b.Entitlement.State == v1alpha1.GrantRevoked)
	})
	for i := range kept {
		row := &kept[i].Entitlement
		subject, err := s.people.digest(row.Subject)
		if err != nil {
			return err
		}
		// Other people's names stay: an account may be called like a role that is the target.
		names := worker(s.facts.Engagement)
		names[row.Subject] = maskedSubject
		own := newMask(names)
		attested, err := s.custody(kept[i].Custody)
		if err != nil {
			return err
		}
		r.Access = append(r.Access, v1alpha1.SealedAccess{
			Profile: kept[i].Profile, Entitlement: row.Name, Provider: row.Provider, Target: clip(own.apply(row.Target), maxTarget), Subject: subject,
			State: row.State, Preexisted: row.Preexisted, GrantedAt: row.GrantedAt, VerifiedAt: row.VerifiedAt, RevokedAt: row.RevokedAt,
			Evidence: clip(own.apply(row.Evidence), s.limits.text), Custody: attested,
		})
	}
	s.leaveOut(r, "access", len(rest), rest)
	return nil
}

// custody is what custodians attested of an entitlement, in the order in which they did.
func custody(g *v1alpha1.AccessGrant, entitlement string) []v1alpha1.CustodyRecord {
	said := slices.DeleteFunc(slices.Clone(g.Spec.Custody), func(c v1alpha1.CustodyRecord) bool { return c.Entitlement != entitlement })
	slices.SortFunc(said, func(a, b v1alpha1.CustodyRecord) int {
		return cmp.Or(a.At.Compare(b.At.Time), cmp.Compare(a.Verdict, b.Verdict))
	})
	return said
}

// custody keeps who attested what, and when, and the evidence that they gave.
func (s *sealer) custody(said []v1alpha1.CustodyRecord) ([]v1alpha1.SealedCustody, error) {
	var sealed []v1alpha1.SealedCustody
	for i := range said {
		by, err := s.people.digest(said[i].By)
		if err != nil {
			return nil, err
		}
		c := v1alpha1.SealedCustody{Verdict: string(said[i].Verdict), At: said[i].At, By: by}
		for _, e := range said[i].Evidence {
			c.Evidence = append(c.Evidence, v1alpha1.Evidence{URI: clip(s.mask.apply(e.URI), maxURI), SHA256: e.SHA256})
		}
		sealed = append(sealed, c)
	}
	return sealed, nil
}

// rank puts what is so after what is not.
func rank(is bool) int {
	if is {
		return 1
	}
	return 0
}

// statedEvidence is evidence with the statement that gave it, whose UID keeps the digest from being guessed.
type statedEvidence struct {
	Attestation string            `json:"attestation"`
	Evidence    v1alpha1.Evidence `json:"evidence"`
}

// evidence that counting attestations of offboarding gave: knowledge handed over, intellectual property returned.
func (s *sealer) evidence(r *v1alpha1.DossierRecord) error {
	var all []statedEvidence
	seen := map[v1alpha1.Evidence]bool{}
	for _, a := range chronological(s.facts.Engagement.Status.Attestations) {
		if a.Ignored != "" || a.Verdict != v1alpha1.VerdictDone || !strings.HasPrefix(a.Claim, "offboarding/") {
			continue
		}
		for _, e := range a.Evidence {
			if !seen[e] {
				seen[e] = true
				all = append(all, statedEvidence{string(a.UID), e})
			}
		}
	}
	slices.SortFunc(all, func(a, b statedEvidence) int {
		return cmp.Or(strings.Compare(a.Evidence.URI, b.Evidence.URI), strings.Compare(a.Evidence.SHA256, b.Evidence.SHA256))
	})
	kept, rest := keep(all, s.limits.evidence, func(statedEvidence, statedEvidence) int { return 0 })
	for _, e := range kept {
		r.Evidence = append(r.Evidence, v1alpha1.Evidence{URI: clip(s.mask.apply(e.Evidence.URI), maxURI), SHA256: e.Evidence.SHA256})
	}
	s.leaveOut(r, "evidence", len(rest), rest)
	return nil
}
