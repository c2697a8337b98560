package dossier

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

const (
	// maxStored is the most that a Dossier may take in the API server's storage, in bytes.
	maxStored = 256 << 10
	// What the API server adds: identity and times of the object, and the field ownership of each row of a keyed list.
	serverOverhead = 4 << 10
	ownedRow       = 160

	// Lengths that the schema allows, in characters, and rows.
	maxTarget     = 1024
	maxRetainedBy = 1024
	maxURI        = 512
	maxPersonal   = 1200

	// shortText is what the evidence of an entitlement is cut to before whole rows give way, in characters.
	shortText = 160
)

// limits are how many rows of each list, and how many characters of each row's evidence, a record keeps.
type limits struct {
	attestations, evaluations, access, evidence, text int
}

// schemaLimits are what the schema allows.
var schemaLimits = limits{attestations: 1024, evaluations: 256, access: 1024, evidence: 256, text: 1024}

// shrink gives up the least that helps: long texts first, then half of the list that takes the most space.
func (l limits) shrink(r *v1alpha1.DossierRecord) (limits, error) {
	if l.text > shortText {
		l.text = shortText
		return l, nil
	}
	largest, most := (*int)(nil), 0
	for _, list := range []struct {
		rows  any
		count int
		limit *int
	}{
		{r.Evidence, len(r.Evidence), &l.evidence},
		{r.Attestations, len(r.Attestations), &l.attestations},
		{r.Evaluations, len(r.Evaluations), &l.evaluations},
		{r.Access, len(r.Access), &l.access},
	} {
		if list.count == 0 {
			continue
		}
		raw, err := json.Marshal(list.rows)
		if err != nil {
			return l, fmt.Errorf("encoding: %w", err)
		}
		if len(raw) > most {
			largest, most = list.limit, len(raw)
			*list.limit = min(*list.limit, list.count)
		}
	}
	if largest == nil {
		return l, errors.New("it is larger than 256 KiB without any attestation, evaluation or access")
	}
	*largest /= 2
	return l, nil
}

// keep takes the first n rows by an order of importance, and leaves what it takes, and the rest, in the order they had.
func keep[T any](rows []T, n int, importance func(a, b T) int) (kept, rest []T) {
	if len(rows) <= n {
		return rows, nil
	}
	byImportance := make([]int, len(rows))
	for i := range byImportance {
		byImportance[i] = i
	}
	slices.SortStableFunc(byImportance, func(a, b int) int { return importance(rows[a], rows[b]) })
	chosen := make([]bool, len(rows))
	for _, i := range byImportance[:n] {
		chosen[i] = true
	}
	for i, row := range rows {
		if chosen[i] {
			kept = append(kept, row)
		} else {
			rest = append(rest, row)
		}
	}
	return kept, rest
}

// leaveOut notes the rows of a list that the limits leave out.
func (s *sealer) leaveOut(r *v1alpha1.DossierRecord, list string, count int, rest any) {
	if count == 0 {
		return
	}
	s.rest[list] = rest
	// The digest, which is the same length as this, waits until the record fits.
	r.Folded = append(r.Folded, v1alpha1.SealedRest{List: list, Count: int32(count), Digest: genesis}) //nolint:gosec // The lists' rows are bounded by their schema.
}

// fold gives the rows that were left out the digest by which they can be proven.
func (s *sealer) fold(r *v1alpha1.DossierRecord) error {
	for i := range r.Folded {
		sum, err := digest(s.rest[r.Folded[i].List])
		if err != nil {
			return err
		}
		r.Folded[i].Digest = sum
	}
	return nil
}

// storedSize is what a Dossier takes in storage, estimated from above.
func storedSize(d *v1alpha1.Dossier) (int, error) {
	raw, err := json.Marshal(d)
	if err != nil {
		return 0, fmt.Errorf("encoding: %w", err)
	}
	r := &d.Spec.Record
	rows := len(d.Spec.Personal) + len(r.Deliverables) + len(r.Phases) + len(r.Folded)
	return len(raw) + serverOverhead + rows*ownedRow, nil
}
