package terms

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

func at(t *testing.T, s string) time.Time {
	t.Helper()
	moment, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatalf("the test's own time %q: %v", s, err)
	}
	return moment
}

func meta(t *testing.T, s string) metav1.Time {
	t.Helper()
	return metav1.NewTime(at(t, s))
}

func lasting(d time.Duration) *metav1.Duration {
	return &metav1.Duration{Duration: d}
}

func rate(amount, currency string, per v1alpha1.RateUnit) *v1alpha1.Rate {
	return &v1alpha1.Rate{Currency: currency, Amount: amount, Per: per}
}

// designer is the contract of one freelance designer for a month.
func designer(t *testing.T, changes ...func(*v1alpha1.EngagementSpec)) *v1alpha1.EngagementSpec {
	t.Helper()
	spec := &v1alpha1.EngagementSpec{
		Title: "Graphic designer, spring campaign",
		StatementOfWork: v1alpha1.StatementOfWork{
			Summary: "Logo set and social assets",
			Start:   meta(t, "2026-12-01T08:00:00Z"),
			End:     meta(t, "2027-01-01T08:00:00Z"),
			Budget:  v1alpha1.Money{Currency: "USD", Amount: "5000"},
			Rate:    rate("5000", "USD", v1alpha1.PerFixed),
			Deliverables: []v1alpha1.Deliverable{
				{Name: "logo-set", AcceptanceCriteria: []string{"vector files"}, Due: meta(t, "2026-12-14T17:00:00Z"), Amount: "2000", Points: 8, MaxRounds: ptr.To[int32](3)},
				{Name: "assets", Due: meta(t, "2026-12-28T17:00:00Z"), Amount: "1000.5"},
			},
			Terms: &v1alpha1.LegalTerms{IPAssignment: true, NoticePeriod: "P7D"},
		},
		Classification: v1alpha1.Classification{WorkerType: v1alpha1.IndependentContractor, Jurisdiction: "US-CA", Facts: map[string]string{"freeFromControl": "true"}},
		Access:         []v1alpha1.AccessRequest{{Name: "design-tools"}, {Name: "chat"}},
	}
	for _, change := range changes {
		change(spec)
	}
	return spec
}

func accepted(t *testing.T, spec *v1alpha1.EngagementSpec, agreed *v1alpha1.Rate) *v1alpha1.AcceptedTerms {
	t.Helper()
	hash, err := ProposedHash(spec)
	if err != nil {
		t.Fatalf("a sound spec has a digest: %v", err)
	}
	offer, err := OfferHash(hash, "ada", "5e1f", agreed)
	if err != nil {
		t.Fatalf("a sound offer has a digest: %v", err)
	}
	return Accept(spec, "ada", agreed, hash, offer, meta(t, "2026-11-25T10:00:00Z"))
}
