package dossier

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// Verify checks a whole chain, in whatever order its Dossiers come: that none is missing, that each names the one before it,
// that each record still has the hash it was sealed with, and that the personal values that were not erased are those that
// were sealed. Its error names the first Dossier that breaks the chain.
func Verify(chain []v1alpha1.Dossier) error {
	ordered := make([]*v1alpha1.Dossier, 0, len(chain))
	for i := range chain {
		ordered = append(ordered, &chain[i])
	}
	slices.SortStableFunc(ordered, func(a, b *v1alpha1.Dossier) int {
		return cmp.Or(cmp.Compare(a.Spec.Record.Sequence, b.Spec.Record.Sequence), cmp.Compare(a.Name, b.Name))
	})
	var head Head
	for _, d := range ordered {
		if err := follows(head, d); err != nil {
			return err
		}
		head = HeadOf(*d)
	}
	return nil
}

// follows checks one Dossier against the one before it.
func follows(head Head, d *v1alpha1.Dossier) error {
	record := &d.Spec.Record
	switch next := head.Sequence + 1; {
	case record.Sequence > next:
		return fmt.Errorf("dossier %s is missing", Name(next))
	case record.Sequence < next:
		return fmt.Errorf("dossier %s has sequence number %d, which another one has or none can have", d.Name, record.Sequence)
	case d.Name != Name(record.Sequence):
		return fmt.Errorf("dossier %s has sequence number %d and would be named %s", d.Name, record.Sequence, Name(record.Sequence))
	case d.Spec.Previous != head.hash():
		return fmt.Errorf("dossier %s names %s as the hash of the one before it, which is %s", d.Name, d.Spec.Previous, head.hash())
	}
	computed, err := hash(&d.Spec)
	if err != nil {
		return fmt.Errorf("dossier %s: %w", d.Name, err)
	}
	if computed != d.Spec.Hash {
		return fmt.Errorf("dossier %s was changed: its record has the hash %s, it was sealed with %s", d.Name, computed, d.Spec.Hash)
	}
	return verifyPersonal(d)
}

// verifyPersonal checks the personal values that are there: erased ones, all of them, are no break.
func verifyPersonal(d *v1alpha1.Dossier) error {
	if len(d.Spec.Personal) == 0 {
		return nil
	}
	sealed := sealedDigests(&d.Spec.Record)
	for _, p := range d.Spec.Personal {
		want, is := sealed[p.Key]
		if !is {
			return fmt.Errorf("dossier %s: the personal value %s was added: the record does not know it", d.Name, p.Key)
		}
		if saltedDigest(p.Salt, p.Value) != want {
			return fmt.Errorf("dossier %s: the personal value %s was changed: it does not have the digest that was sealed", d.Name, p.Key)
		}
		delete(sealed, p.Key)
	}
	if len(sealed) > 0 {
		return fmt.Errorf("dossier %s: the personal value %s was taken out: personal values are erased all together", d.Name, slices.Min(slices.Collect(maps.Keys(sealed))))
	}
	return nil
}

// sealedDigests are the digests of personal values in a record, by key.
func sealedDigests(r *v1alpha1.DossierRecord) map[string]string {
	digests := map[string]string{}
	note := func(d v1alpha1.PersonalDigest) { digests[d.Key] = d.Digest }
	if r.Person != nil {
		note(*r.Person)
	}
	for i := range r.Attestations {
		note(r.Attestations[i].Author)
	}
	for i := range r.Evaluations {
		note(r.Evaluations[i].Author)
	}
	for i := range r.Access {
		note(r.Access[i].Subject)
		for _, c := range r.Access[i].Custody {
			note(c.By)
		}
	}
	return digests
}
