// Package dossier seals the file of a closed engagement into a chain of hashes, and checks the chain.
package dossier

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/gowebpki/jcs"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// genesis is what the first Dossier of a chain names as its predecessor.
var genesis = "sha256:" + strings.Repeat("0", 2*sha256.Size)

// Facts are what is sealed.
type Facts struct {
	// Engagement with its final status.
	Engagement *v1alpha1.Engagement
	// Grants are the engagement's AccessGrants with their final status.
	Grants []v1alpha1.AccessGrant
	// SealedAt is when; it is kept in whole seconds.
	SealedAt metav1.Time
	// RetainUntil is the end of retention, where a policy sets one.
	RetainUntil *metav1.Time
	// RetainedBy is that policy, with its source.
	RetainedBy string
	Outcome    v1alpha1.Outcome
	Rehire     v1alpha1.Rehire
}

// Head is the newest Dossier of a chain. The zero value is an empty chain.
type Head struct {
	Sequence int64
	Hash     string
}

// Name of the Dossier with a sequence number. Names sort as the numbers do.
func Name(sequence int64) string { return fmt.Sprintf("%010d", sequence) }

// HeadOf is the newest of the Dossiers, in whatever order they come. Of none it is an empty chain.
func HeadOf(dossiers ...v1alpha1.Dossier) Head {
	var head Head
	for i := range dossiers {
		if s := &dossiers[i].Spec; s.Record.Sequence > head.Sequence {
			head = Head{Sequence: s.Record.Sequence, Hash: s.Hash}
		}
	}
	return head
}

// Seal makes the Dossier that follows head. The same facts give the same Dossier but for the salts, which are read from
// random. What is stored stays below 256 KiB: rows that do not fit are folded into a count and a digest, list by list, the
// largest first. It fails when random fails, or when there is no engagement to seal.
func Seal(head Head, f Facts, random io.Reader) (*v1alpha1.Dossier, error) {
	if f.Engagement == nil {
		return nil, fmt.Errorf("sealing dossier %s: there is no engagement", Name(head.Sequence+1))
	}
	d, err := seal(head, f, newSalts(random))
	if err != nil {
		return nil, fmt.Errorf("sealing dossier %s of engagement %s/%s: %w", Name(head.Sequence+1), f.Engagement.Namespace, f.Engagement.Name, err)
	}
	return d, nil
}

func seal(head Head, f Facts, salts *salts) (*v1alpha1.Dossier, error) {
	s := newSealer(f)
	for {
		s.people = newPeople(salts)
		record, err := s.record(head.Sequence + 1)
		if err != nil {
			return nil, err
		}
		d := &v1alpha1.Dossier{
			TypeMeta:   metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion.String(), Kind: "Dossier"},
			ObjectMeta: metav1.ObjectMeta{Name: Name(record.Sequence)},
			Spec:       v1alpha1.DossierSpec{Previous: head.hash(), Hash: genesis, Record: *record, Personal: s.people.values},
		}
		size, err := storedSize(d)
		if err != nil {
			return nil, err
		}
		if size > maxStored || len(d.Spec.Personal) > maxPersonal {
			if s.limits, err = s.limits.shrink(record); err != nil {
				return nil, err
			}
			continue
		}
		if err := s.fold(&d.Spec.Record); err != nil {
			return nil, err
		}
		d.Spec.Hash, err = hash(&d.Spec)
		return d, err
	}
}

// hash of what follows an empty chain is all zeros.
func (h Head) hash() string {
	if h.Sequence == 0 {
		return genesis
	}
	return h.Hash
}

// hash is the digest that binds a record to its place in the chain. Personal values are no part of it, so that they can be
// erased; the record has their salted digests.
func hash(s *v1alpha1.DossierSpec) (string, error) {
	return digest(struct {
		Sequence int64                  `json:"sequence"`
		Previous string                 `json:"previous"`
		Record   v1alpha1.DossierRecord `json:"record"`
	}{s.Record.Sequence, s.Previous, s.Record})
}

// digest is the SHA-256 of a value's JSON in the canonical form of RFC 8785.
func digest(v any) (string, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("encoding: %w", err)
	}
	canonical, err := jcs.Transform(raw)
	if err != nil {
		return "", fmt.Errorf("bringing JSON into the canonical form of RFC 8785: %w", err)
	}
	sum := sha256.Sum256(canonical)
	return "sha256:" + hex.EncodeToString(sum[:]), nil
}
