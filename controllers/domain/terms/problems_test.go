package terms

import (
	"strings"
	"testing"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

func TestContradictionsAreNamedWithWhatToDo(t *testing.T) {
	for _, c := range []struct {
		reason string
		change func(*v1alpha1.EngagementSpec)
		want   []string // a part of each sentence
	}{
		{"a sound spec: deliverables may cost less than the Fixed rate", func(*v1alpha1.EngagementSpec) {}, nil},
		{"no rate and no deliverables: the worker's own rate is taken", func(s *v1alpha1.EngagementSpec) {
			s.StatementOfWork.Rate, s.StatementOfWork.Deliverables = nil, nil
		}, nil},
		{"deliverables that cost the whole budget", func(s *v1alpha1.EngagementSpec) { s.StatementOfWork.Deliverables[0].Amount = "3999.5" }, nil},
		{"deliverables that cost a thousandth more", func(s *v1alpha1.EngagementSpec) {
			s.StatementOfWork.Rate, s.StatementOfWork.Deliverables[0].Amount = nil, "3999.501"
		}, []string{"deliverables are 5000.001 USD together and exceed statementOfWork.budget of 5000"}},
		{"a Fixed rate above the budget", func(s *v1alpha1.EngagementSpec) { s.StatementOfWork.Rate.Amount = "6000" },
			[]string{"rate of 6000 USD per Fixed exceeds statementOfWork.budget of 5000"}},
		{"deliverables above the Fixed rate", func(s *v1alpha1.EngagementSpec) { s.StatementOfWork.Rate.Amount = "3000" },
			[]string{"deliverables are 3000.5 USD together and exceed statementOfWork.rate, which pays 3000"}},
		{"not one hour can be paid", func(s *v1alpha1.EngagementSpec) { s.StatementOfWork.Rate = rate("5000.001", "USD", v1alpha1.PerHour) },
			[]string{"per Hour exceeds statementOfWork.budget"}},
		{"deliverables without an amount cost the rate", func(s *v1alpha1.EngagementSpec) {
			s.StatementOfWork.Rate, s.StatementOfWork.Deliverables[1].Amount = rate("3500", "USD", v1alpha1.PerDeliverable), ""
		}, []string{"cost 5500 USD together at 3500 per deliverable"}},
		{"a rate per deliverable, and none", func(s *v1alpha1.EngagementSpec) {
			s.StatementOfWork.Rate, s.StatementOfWork.Deliverables = rate("100", "USD", v1alpha1.PerDeliverable), nil
		}, []string{"nothing would ever be paid"}},
		{"a rate per deliverable, and one that is taken over", func(s *v1alpha1.EngagementSpec) {
			s.StatementOfWork.Rate, s.StatementOfWork.Deliverables = rate("100", "USD", v1alpha1.PerDeliverable), nil
			s.Replaces = &v1alpha1.Replaces{Name: "earlier", Deliverables: []string{"logo-set"}}
		}, nil},
		{"unequal currencies are not compared", func(s *v1alpha1.EngagementSpec) { s.StatementOfWork.Rate = rate("9000", "EUR", v1alpha1.PerFixed) },
			[]string{"rate is in EUR and statementOfWork.budget in USD"}},
		{"due before the start", func(s *v1alpha1.EngagementSpec) {
			s.StatementOfWork.Deliverables[0].Due = meta(t, "2026-11-30T00:00:00Z")
		},
			[]string{"deliverables[logo-set].due is 2026-11-30T00:00:00Z, before statementOfWork.start at 2026-12-01T08:00:00Z"}},
		{"everything that cannot be read is named, and nothing is summed", func(s *v1alpha1.EngagementSpec) {
			s.StatementOfWork.Budget.Amount, s.StatementOfWork.Rate.Amount, s.StatementOfWork.Deliverables[0].Amount = "-5", "1e3", "12.3456"
			s.StatementOfWork.Terms.NoticePeriod = "P"
		}, []string{"budget.amount is \"-5\"", "rate.amount is \"1e3\"", "deliverables[logo-set].amount is \"12.3456\"", "noticePeriod is \"P\""}},
	} {
		t.Run(c.reason, func(t *testing.T) {
			got := Problems(designer(t, c.change))
			if len(got) != len(c.want) {
				t.Fatalf("want %d problems, got %q", len(c.want), got)
			}
			for i, want := range c.want {
				if !strings.Contains(got[i], want) {
					t.Errorf("problem %d must say %q: %q", i, want, got[i])
				}
				if !strings.ContainsAny(got[i], ":") {
					t.Errorf("problem %d must say what to do: %q", i, got[i])
				}
			}
		})
	}
}
