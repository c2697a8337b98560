package terms

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

func hashOf(t *testing.T, spec *v1alpha1.EngagementSpec) string {
	t.Helper()
	hash, err := ProposedHash(spec)
	if err != nil {
		t.Fatalf("a sound spec has a digest: %v", err)
	}
	return hash
}

// The digests are part of what people signed. They were computed from the canonical text by other means than this package: one that changes makes every
// stored approval and acceptance void.
func TestDigestsNeverChange(t *testing.T) {
	const (
		wantProposed = "sha256:9a139c9b10db206c3ec40cb23e1f3a8ce7a89bf917846fce244651d8fb10dec5"
		wantOffer    = "sha256:3678e943bd15ed5b62d1d204e6b0f7d152c9ae4790fcc85a43560dca8ef84291"
	)
	proposed := hashOf(t, designer(t))
	if proposed != wantProposed {
		t.Errorf("the digest of the proposed terms is %s, not %s", wantProposed, proposed)
	}
	offer, err := OfferHash(wantProposed, "ada", "5e1f", rate("5000.0", "USD", v1alpha1.PerFixed))
	if err != nil || offer != wantOffer {
		t.Errorf("the digest of the offer is %s, not %s (error %v)", wantOffer, offer, err)
	}
}

func TestSpecsThatMeanTheSameHaveTheSameDigest(t *testing.T) {
	want := hashOf(t, designer(t))
	for reason, change := range map[string]func(*v1alpha1.EngagementSpec){
		"times in another zone": func(s *v1alpha1.EngagementSpec) {
			s.StatementOfWork.Start = meta(t, "2026-12-01T09:00:00+01:00")
			s.StatementOfWork.Deliverables[0].Due = meta(t, "2026-12-14T12:00:00-05:00")
		},
		"fractions of a second, which no status keeps": func(s *v1alpha1.EngagementSpec) {
			s.StatementOfWork.End = metav1.NewTime(s.StatementOfWork.End.Add(750 * time.Millisecond))
		},
		"deliverables in another order": func(s *v1alpha1.EngagementSpec) { slices.Reverse(s.StatementOfWork.Deliverables) },
		"access in another order":       func(s *v1alpha1.EngagementSpec) { slices.Reverse(s.Access) },
		"amounts written otherwise": func(s *v1alpha1.EngagementSpec) {
			s.StatementOfWork.Budget.Amount, s.StatementOfWork.Rate.Amount = "05000.000", "5000.0"
			s.StatementOfWork.Deliverables[1].Amount = "1000.500"
		},
		"defaults written out": func(s *v1alpha1.EngagementSpec) {
			s.StatementOfWork.AcceptWithin, s.StatementOfWork.StartGrace = lasting(120*time.Hour), lasting(24*time.Hour)
			s.Offboarding = &v1alpha1.Offboarding{AccessGrace: lasting(0)}
		},
		"an equal notice period":            func(s *v1alpha1.EngagementSpec) { s.StatementOfWork.Terms.NoticePeriod = "P1W" },
		"an empty list of criteria":         func(s *v1alpha1.EngagementSpec) { s.StatementOfWork.Deliverables[1].AcceptanceCriteria = []string{} },
		"another title, which no one signs": func(s *v1alpha1.EngagementSpec) { s.Title = "Designer" },
		"another requester":                 func(s *v1alpha1.EngagementSpec) { s.Requester = &v1alpha1.Author{Username: "zoe"} },
		"suspended":                         func(s *v1alpha1.EngagementSpec) { s.Suspend = true },
	} {
		if got := hashOf(t, designer(t, change)); got != want {
			t.Errorf("%s: the terms mean the same and must have the same digest", reason)
		}
	}
}

func TestSpecsThatMeanSomethingElseHaveAnotherDigest(t *testing.T) {
	seen := map[string]string{hashOf(t, designer(t)): "as it was"}
	for reason, change := range map[string]func(*v1alpha1.EngagementSpec){
		"a later end":      func(s *v1alpha1.EngagementSpec) { s.StatementOfWork.End = meta(t, "2027-01-01T08:00:01Z") },
		"a larger budget":  func(s *v1alpha1.EngagementSpec) { s.StatementOfWork.Budget.Amount = "5000.001" },
		"another currency": func(s *v1alpha1.EngagementSpec) { s.StatementOfWork.Budget.Currency = "EUR" },
		"no rate":          func(s *v1alpha1.EngagementSpec) { s.StatementOfWork.Rate = nil },
		"a reworded criterion": func(s *v1alpha1.EngagementSpec) {
			s.StatementOfWork.Deliverables[0].AcceptanceCriteria[0] = "raster files"
		},
		"an amount of zero":     func(s *v1alpha1.EngagementSpec) { s.StatementOfWork.Deliverables[1].Amount = "0" },
		"no amount":             func(s *v1alpha1.EngagementSpec) { s.StatementOfWork.Deliverables[1].Amount = "" },
		"unlimited rounds":      func(s *v1alpha1.EngagementSpec) { s.StatementOfWork.Deliverables[0].MaxRounds = nil },
		"a longer acceptance":   func(s *v1alpha1.EngagementSpec) { s.StatementOfWork.AcceptWithin = lasting(121 * time.Hour) },
		"a shorter start grace": func(s *v1alpha1.EngagementSpec) { s.StatementOfWork.StartGrace = lasting(time.Hour) },
		"no legal terms":        func(s *v1alpha1.EngagementSpec) { s.StatementOfWork.Terms = nil },
		"a month for 30 days":   func(s *v1alpha1.EngagementSpec) { s.StatementOfWork.Terms.NoticePeriod = "P1M" },
		"30 days for a month":   func(s *v1alpha1.EngagementSpec) { s.StatementOfWork.Terms.NoticePeriod = "P30D" },
		"more access":           func(s *v1alpha1.EngagementSpec) { s.Access = append(s.Access, v1alpha1.AccessRequest{Name: "admin"}) },
		"no access":             func(s *v1alpha1.EngagementSpec) { s.Access = nil },
		"another worker type":   func(s *v1alpha1.EngagementSpec) { s.Classification.WorkerType = v1alpha1.AgencyWorker },
		"another fact":          func(s *v1alpha1.EngagementSpec) { s.Classification.Facts["freeFromControl"] = "false" },
		"a grace": func(s *v1alpha1.EngagementSpec) {
			s.Offboarding = &v1alpha1.Offboarding{AccessGrace: lasting(time.Hour)}
		},
	} {
		got := hashOf(t, designer(t, change))
		if other, taken := seen[got]; taken {
			t.Errorf("%s: the digest must differ from that of the terms with %s", reason, other)
		}
		seen[got] = reason
	}
}

func TestADeterminationCoversExactlyOneClassification(t *testing.T) {
	class := func(change func(*v1alpha1.Classification)) string {
		t.Helper()
		c := v1alpha1.Classification{WorkerType: v1alpha1.IndependentContractor, Jurisdiction: "US-CA", Facts: map[string]string{"ownTools": "true", "freeFromControl": "true"}}
		change(&c)
		hash, err := ClassificationHash(&c)
		if err != nil {
			t.Fatalf("a sound classification has a digest: %v", err)
		}
		return hash
	}
	as := class(func(*v1alpha1.Classification) {})
	// Computed from the canonical text with sha256sum: one that changes makes every determination void.
	if want := "sha256:8b7c8b43c3179274a24dfe81151cb854f787dda4ec11c66f53f6d28a940f0f89"; as != want {
		t.Errorf("the digest of the classification is %s, not %s", want, as)
	}
	seen := map[string]string{as: "as it was"}
	for reason, change := range map[string]func(*v1alpha1.Classification){
		"another worker type":  func(c *v1alpha1.Classification) { c.WorkerType = v1alpha1.AgencyWorker },
		"another jurisdiction": func(c *v1alpha1.Classification) { c.Jurisdiction = "US-NY" },
		"another fact":         func(c *v1alpha1.Classification) { c.Facts["ownTools"] = "false" },
		"one fact more":        func(c *v1alpha1.Classification) { c.Facts["otherClients"] = "true" },
		"no facts":             func(c *v1alpha1.Classification) { c.Facts = nil },
	} {
		got := class(change)
		if other, taken := seen[got]; taken {
			t.Errorf("%s: the digest must differ from that of the classification with %s", reason, other)
		}
		seen[got] = reason
	}
	if none := class(func(c *v1alpha1.Classification) { c.Facts = map[string]string{} }); seen[none] != "no facts" {
		t.Error("facts that were left out and an empty list of them mean the same, and must have the same digest")
	}
}

func TestAnOfferIsForOnePersonAtOneRate(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range []struct {
		proposed, worker, uid string
		rate                  *v1alpha1.Rate
	}{
		{"sha256:a", "ada", "1", rate("50", "USD", v1alpha1.PerHour)},
		{"sha256:b", "ada", "1", rate("50", "USD", v1alpha1.PerHour)},
		{"sha256:a", "bob", "1", rate("50", "USD", v1alpha1.PerHour)},
		{"sha256:a", "ada", "2", rate("50", "USD", v1alpha1.PerHour)},
		{"sha256:a", "ada", "1", rate("51", "USD", v1alpha1.PerHour)},
		{"sha256:a", "ada", "1", rate("50", "USD", v1alpha1.PerDay)},
		{"sha256:a", "ada", "1", nil},
	} {
		hash, err := OfferHash(c.proposed, c.worker, types.UID(c.uid), c.rate)
		if err != nil {
			t.Fatalf("a sound offer has a digest: %v", err)
		}
		if seen[hash] {
			t.Errorf("the offer %+v must have a digest of its own", c)
		}
		seen[hash] = true
	}
}

func TestADigestIsRefusedWhereTheTermsCannotBeRead(t *testing.T) {
	for reason, change := range map[string]func(*v1alpha1.EngagementSpec){
		"budget":        func(s *v1alpha1.EngagementSpec) { s.StatementOfWork.Budget.Amount = "-1" },
		"rate":          func(s *v1alpha1.EngagementSpec) { s.StatementOfWork.Rate.Amount = "" },
		"amount":        func(s *v1alpha1.EngagementSpec) { s.StatementOfWork.Deliverables[0].Amount = "x" },
		"notice period": func(s *v1alpha1.EngagementSpec) { s.StatementOfWork.Terms.NoticePeriod = "P" },
	} {
		if hash, err := ProposedHash(designer(t, change)); err == nil {
			t.Errorf("a %s that cannot be read must give an error, not the digest %s", reason, hash)
		}
	}
	if hash, err := OfferHash("sha256:a", "ada", "1", rate("x", "USD", v1alpha1.PerHour)); err == nil {
		t.Errorf("a rate that cannot be read must give an error, not the digest %s", hash)
	}
}

func TestAcceptedTermsKeepTheirMeaning(t *testing.T) {
	spec := designer(t, func(s *v1alpha1.EngagementSpec) {
		s.StatementOfWork.End = metav1.NewTime(s.StatementOfWork.End.Add(500 * time.Millisecond))
	})
	before := spec.DeepCopy()
	terms := accepted(t, spec, rate("5000", "USD", v1alpha1.PerFixed))

	if diff := cmp.Diff(before, spec); diff != "" {
		t.Errorf("accepting must not touch the spec:\n%s", diff)
	}
	if terms.StatementOfWork.AcceptWithin == nil || terms.StatementOfWork.StartGrace == nil || terms.AccessGrace == nil {
		t.Error("the defaults of the day must be written down")
	}
	stored, err := json.Marshal(terms)
	if err != nil {
		t.Fatalf("accepted terms can be written: %v", err)
	}
	var read v1alpha1.AcceptedTerms
	if err := json.Unmarshal(stored, &read); err != nil {
		t.Fatalf("accepted terms can be read again: %v", err)
	}
	if change := Compare(&read, spec, nil); change.Changed {
		t.Errorf("terms that were stored and read again must equal the spec they come from, not change: %s", change.Words)
	}
	spec.StatementOfWork.Deliverables[0].AcceptanceCriteria[0] = "altered"
	if terms.StatementOfWork.Deliverables[0].AcceptanceCriteria[0] == "altered" {
		t.Error("accepted terms must share no memory with the spec")
	}
}
