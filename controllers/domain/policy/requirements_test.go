package policy

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

func instant(t *testing.T, written string) time.Time {
	t.Helper()
	m, err := time.Parse(time.RFC3339, written)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestRequirementsBesideRules(t *testing.T) {
	documents := func(names ...string) v1alpha1.CompliancePolicy {
		return asks(func(s *v1alpha1.CompliancePolicySpec) { s.RequiredDocuments = names })
	}
	steps := func(names ...string) v1alpha1.CompliancePolicy {
		return asks(func(s *v1alpha1.CompliancePolicySpec) { s.RequiredSteps = names })
	}
	fast := func(c *Case) {
		c.Engagement.Spec.Onboarding = &v1alpha1.Onboarding{Mode: v1alpha1.OnboardingFastTrack}
		c.Checklist = nil
	}
	short := func(c *Case) { c.Engagement.Spec.StatementOfWork.End = metav1.NewTime(date("2027-03-01")) }
	worker := func(workerType v1alpha1.WorkerType) func(*Case) { return determined("2026-11-15", workerType) }
	contractor := worker(v1alpha1.IndependentContractor)
	changed := func(c *Case) { c.Classification = "sha256:later" }
	ignored := func(c *Case) { c.Statements[len(c.Statements)-1].Ignored = "SelfDealing" }
	unstated := func(c *Case) { c.Statements[len(c.Statements)-1].Verdict = v1alpha1.VerdictDone }
	newer := func(workerType v1alpha1.WorkerType, on string) func(*Case) {
		return func(c *Case) {
			determined(on, workerType)(c)
			c.Statements[len(c.Statements)-1].UID = "u-2"
		}
	}

	for _, tc := range []struct {
		name, reason, now, next string
		policy                  v1alpha1.CompliancePolicy
		changes                 []func(*Case)
		violation, warning      string
		warnedOf                string
	}{
		{name: "a document that is held", reason: "it never expires", policy: documents("contract")},
		{name: "a document that is not held", reason: "it is asked for", policy: documents("w-9"), violation: "asks for the document w-9, which the worker does not hold"},
		{name: "a document and nobody", reason: "nobody could hold it", policy: documents("w-9"), changes: []func(*Case){nobody}},
		{name: "a document long before it expires", reason: "the warning comes 30 days before", policy: documents("work-permit"), now: "2027-01-29T23:59:59Z", next: "2027-01-30T00:00:00Z"},
		{name: "a document 30 days before it expires", reason: "the work goes on beyond", policy: documents("work-permit"), now: "2027-01-30T00:00:00Z", next: "2027-03-01T00:00:00Z", warning: "expires at 2027-03-01T00:00:00Z, before the end of the work", warnedOf: "2027-03-01T00:00:00Z"},
		{name: "a document that lasts to the end of the work", reason: "nobody needs it then", policy: documents("work-permit"), now: "2027-02-20T00:00:00Z", next: "2027-03-01T00:00:00Z", changes: []func(*Case){short}},
		{name: "a document a second before it expires", reason: "it still counts", policy: documents("work-permit"), now: "2027-02-28T23:59:59Z", next: "2027-03-01T00:00:00Z", warning: "expires at", warnedOf: "2027-03-01T00:00:00Z"},
		{name: "a document as it expires", reason: "it is valid up to then", policy: documents("work-permit"), now: "2027-03-01T00:00:00Z", violation: "expired at 2027-03-01T00:00:00Z"},

		{name: "a step that is there", reason: "steps are required unless told otherwise", policy: steps("nda")},
		{name: "a step that may be left out", reason: "a required one is asked for", policy: steps("tour"), violation: "leaves it to choice"},
		{name: "a step that is not there", reason: "it is asked for", policy: steps("safety"), violation: "which the checklist in force does not have"},
		{name: "a step and nobody", reason: "the checklist is known without anybody", policy: steps("safety"), changes: []func(*Case){nobody}, violation: "does not have"},
		{name: "a step that the fast track drops", reason: "what is dropped is not done", policy: steps("nda"), changes: []func(*Case){fast}, violation: "mark the step fastTrack"},

		{name: "no determination", reason: "it is asked for", policy: asks(determinedEvery("P1Y")), violation: "nobody has determined it; somebody with the verb classify"},
		{name: "a determination", reason: "it counts for a year", policy: asks(determinedEvery("P1Y")), changes: []func(*Case){contractor}, next: "2027-11-15T00:00:00Z"},
		{name: "a determination of another classification", reason: "a changed one is determined anew", policy: asks(determinedEvery("P1Y")), changes: []func(*Case){contractor, changed}, violation: "spec.classification has changed since"},
		{name: "a determination that is ignored", reason: "self-dealing does not count", policy: asks(determinedEvery("P1Y")), changes: []func(*Case){contractor, ignored}, violation: "nobody has determined it"},
		{name: "the claim with another verdict", reason: "only Determined determines", policy: asks(determinedEvery("P1Y")), changes: []func(*Case){contractor, unstated}, violation: "nobody has determined it"},
		{name: "an employee by determination", reason: "the spec says contractor", policy: asks(determinedEvery("P1Y")), changes: []func(*Case){worker(v1alpha1.FixedTermEmployee)}, next: "2027-11-15T00:00:00Z", violation: "determined, which is FixedTermEmployee, and spec.classification.workerType is IndependentContractor"},
		{name: "a newer determination", reason: "the newest counts", policy: asks(determinedEvery("P1Y")), changes: []func(*Case){worker(v1alpha1.FixedTermEmployee), newer(v1alpha1.IndependentContractor, "2026-12-01")}, next: "2027-12-01T00:00:00Z"},
		{name: "two in the same second", reason: "the refusing one counts", policy: asks(determinedEvery("P1Y")), changes: []func(*Case){worker(v1alpha1.FixedTermEmployee), newer(v1alpha1.IndependentContractor, "2026-11-15")}, next: "2027-11-15T00:00:00Z", violation: "which is FixedTermEmployee"},
		{name: "a determination 30 days before it expires", reason: "the work goes on beyond", policy: asks(determinedEvery("P3M")), changes: []func(*Case){contractor}, now: "2027-01-16T00:00:00Z", next: "2027-02-15T00:00:00Z", warning: "expires at 2027-02-15T00:00:00Z", warnedOf: "2027-02-15T00:00:00Z"},
		{name: "a determination a second earlier", reason: "the warning comes 30 days before", policy: asks(determinedEvery("P3M")), changes: []func(*Case){contractor}, now: "2027-01-15T23:59:59Z", next: "2027-01-16T00:00:00Z"},
		{name: "a determination as it expires", reason: "it counts up to then", policy: asks(determinedEvery("P3M")), changes: []func(*Case){contractor}, now: "2027-02-15T00:00:00Z", violation: "the last expired at 2027-02-15T00:00:00Z"},
		{name: "a determination a second before", reason: "it still counts", policy: asks(determinedEvery("P3M")), changes: []func(*Case){contractor}, now: "2027-02-14T23:59:59Z", next: "2027-02-15T00:00:00Z", warning: "expires at", warnedOf: "2027-02-15T00:00:00Z"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := campaign(tc.changes...)
			if tc.now != "" {
				c.Now = instant(t, tc.now)
			}
			v := Judge([]v1alpha1.CompliancePolicy{tc.policy}, c)
			for _, list := range []struct {
				what, want string
				got        []v1alpha1.Finding
			}{{"violation", tc.violation, v.Violations}, {"warning", tc.warning, v.Warnings}} {
				switch {
				case list.want == "" && len(list.got) > 0:
					t.Errorf("no %s is expected, because %s: %+v", list.what, tc.reason, list.got)
				case list.want != "" && (len(list.got) != 1 || !strings.Contains(list.got[0].Message, list.want)):
					t.Errorf("one %s that says %q is expected, because %s: %+v", list.what, list.want, tc.reason, list.got)
				case list.want != "" && list.got[0].Enforcement != v1alpha1.EnforceDeny:
					t.Errorf("what a policy asks for is enforced as Deny, not %s", list.got[0].Enforcement)
				}
			}
			if tc.warnedOf != "" && (len(v.Warnings) != 1 || stamp(v.Warnings[0].At.Time) != tc.warnedOf) {
				t.Errorf("the warning is of %s: %+v", tc.warnedOf, v.Warnings)
			}
			if tc.next != "" && next(v) != tc.next {
				t.Errorf("it is looked at again at %q, expected %q, because %s", next(v), tc.next, tc.reason)
			}
		})
	}
}

func TestTheDeterminationThatExpiresFirstIsTold(t *testing.T) {
	year, quarter, days := named("a", asks(determinedEvery("P1Y"))), named("b", asks(determinedEvery("P3M"))), named("c", asks(determinedEvery("P7D")))
	v := Judge([]v1alpha1.CompliancePolicy{year, quarter, days, named("d", asks())}, campaign(determined("2026-11-15", v1alpha1.IndependentContractor)))
	if d := v.Determination; d == nil || d.Attestation != "u-1" || stamp(d.ExpiresAt.Time) != "2027-02-15T00:00:00Z" || stamp(d.At.Time) != "2026-11-15T00:00:00Z" {
		t.Errorf("the determination is %+v; of those that still count the shortest is that of P3M, up to 2027-02-15", d)
	}
	if diff := cmp.Diff([]string{"c/ Deny"}, told(v.Violations)); diff != "" {
		t.Errorf("only for P7D it has expired (-want +got):\n%s", diff)
	}
}

func TestFactsCountOnlyAsDetermined(t *testing.T) {
	free := "engagement.spec.classification.?facts.?freeFromControl.orValue('unknown') == 'true'"
	there := "has(engagement.spec.classification.facts)"
	for _, tc := range []struct {
		name, reason string
		policy       v1alpha1.CompliancePolicy
		changes      []func(*Case)
		violations   []string
	}{
		{"determined", "they are those of the classification", asks(determinedEvery("P1Y"), rule(v1alpha1.EnforceDeny, free), rule(v1alpha1.EnforceDeny, there)), []func(*Case){determined("2026-11-15", v1alpha1.IndependentContractor)}, nil},
		{"not determined", "they are absent", asks(determinedEvery("P1Y"), rule(v1alpha1.EnforceDeny, free), rule(v1alpha1.EnforceDeny, there)), nil, []string{"us-ca-abc/ Deny", "us-ca-abc/r0 Deny", "us-ca-abc/r1 Deny"}},
		{"determined too long ago", "for this policy they are absent again", asks(determinedEvery("P7D"), rule(v1alpha1.EnforceDeny, free)), []func(*Case){determined("2026-11-15", v1alpha1.IndependentContractor)}, []string{"us-ca-abc/ Deny", "us-ca-abc/r0 Deny"}},
		{"read plainly and not determined", "what is absent cannot be read", asks(determinedEvery("P1Y"), rule(v1alpha1.EnforceDeny, "engagement.spec.classification.facts.freeFromControl == 'true'")), nil, []string{"us-ca-abc/ Deny", "us-ca-abc/r0 Deny undecided"}},
		{"in a policy that asks for no determination", "it does not compile", asks(rule(v1alpha1.EnforceDeny, free)), []func(*Case){determined("2026-11-15", v1alpha1.IndependentContractor)}, []string{"us-ca-abc/ Deny undecided"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := campaign(tc.changes...)
			if diff := cmp.Diff(tc.violations, told(Judge([]v1alpha1.CompliancePolicy{tc.policy}, c).Violations)); diff != "" {
				t.Errorf("violations, because %s (-want +got):\n%s", tc.reason, diff)
			}
			if c.Engagement.Spec.Classification.Facts == nil {
				t.Error("judging must not change the engagement")
			}
		})
	}
}

func TestTenureWarnsBeforeThePlannedEnd(t *testing.T) {
	limited := func(longest, before string) v1alpha1.CompliancePolicy {
		return asks(func(s *v1alpha1.CompliancePolicySpec) { s.Tenure = &v1alpha1.Tenure{Max: longest, WarnBefore: before} })
	}
	served := func(c *Case) {
		c.History = []Engaged{{Span: Span{Start: date("2026-09-01"), End: date("2026-10-01"), Pool: "talent/designers", Namespace: "sales"}, Supplier: "another"}}
	}
	for _, tc := range []struct {
		name, reason, now, next string
		policy                  v1alpha1.CompliancePolicy
		changes                 []func(*Case)
		since, limit            string
		warnings                []string
	}{
		{name: "nobody", reason: "nobody serves", policy: limited("P3M", ""), changes: []func(*Case){nobody}},
		{name: "a limit past the end", reason: "the end comes first", policy: limited("P18M", ""), since: "2026-12-01", limit: "2028-06-01", next: "2028-06-01T00:00:00Z"},
		{name: "a limit at the end", reason: "nothing is cut off", policy: limited("P6M", ""), now: "2027-05-31T00:00:00Z", since: "2026-12-01", limit: "2027-06-01", next: "2027-06-01T00:00:00Z"},
		{name: "a limit before the end", reason: "the warning comes 30 days before", policy: limited("P3M", ""), now: "2027-01-29T23:59:59Z", since: "2026-12-01", limit: "2027-03-01", next: "2027-01-30T00:00:00Z"},
		{name: "30 days before", reason: "the planned end is past the limit", policy: limited("P3M", ""), now: "2027-01-30T00:00:00Z", since: "2026-12-01", limit: "2027-03-01", next: "2027-03-01T00:00:00Z", warnings: []string{"us-ca-abc/ Deny 2027-03-01T00:00:00Z"}},
		{name: "two months before, as the policy says", reason: "warnBefore is P2M", policy: limited("P3M", "P2M"), now: "2027-01-01T00:00:00Z", since: "2026-12-01", limit: "2027-03-01", next: "2027-03-01T00:00:00Z", warnings: []string{"us-ca-abc/ Deny 2027-03-01T00:00:00Z"}},
		{name: "a month served for another supplier", reason: "it is the same person", policy: limited("P3M", ""), changes: []func(*Case){served}, since: "2026-11-01", limit: "2027-02-01", next: "2027-01-02T00:00:00Z"},
		{name: "at the limit", reason: "it is still told why", policy: limited("P3M", ""), now: "2027-03-01T00:00:00Z", since: "2026-12-01", limit: "2027-03-01", warnings: []string{"us-ca-abc/ Deny 2027-03-01T00:00:00Z"}},
		{name: "beside a rule that does not compile", reason: "access must not outlive the limit because a rule was misspelt", policy: func() v1alpha1.CompliancePolicy {
			p := limited("P3M", "")
			p.Spec.Rules = []v1alpha1.PolicyRule{{Name: "r", Expression: "?", Enforcement: v1alpha1.EnforceDeny}}
			return p
		}(), since: "2026-12-01", limit: "2027-03-01", next: "2027-01-30T00:00:00Z"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := campaign(tc.changes...)
			if tc.now != "" {
				c.Now = instant(t, tc.now)
			}
			v := Judge([]v1alpha1.CompliancePolicy{tc.policy}, c)
			var since, limit string
			if v.Tenure != nil {
				since, limit = v.Tenure.Since.Format(time.DateOnly), v.Tenure.Limit.Format(time.DateOnly)
			}
			if since != tc.since || limit != tc.limit {
				t.Errorf("the tenure is from %q to %q, expected %q to %q, because %s", since, limit, tc.since, tc.limit, tc.reason)
			}
			if diff := cmp.Diff(tc.warnings, told(v.Warnings)); diff != "" {
				t.Errorf("warnings, because %s (-want +got):\n%s", tc.reason, diff)
			}
			if next(v) != tc.next {
				t.Errorf("it is looked at again at %q, expected %q, because %s", next(v), tc.next, tc.reason)
			}
		})
	}
}

func TestTheNearestTenureCounts(t *testing.T) {
	limited := func(longest string) v1alpha1.CompliancePolicy {
		return asks(func(s *v1alpha1.CompliancePolicySpec) { s.Tenure = &v1alpha1.Tenure{Max: longest} })
	}
	v := Judge([]v1alpha1.CompliancePolicy{named("a", limited("P18M")), named("b", limited("P12M")), named("c", limited("P24M"))}, campaign())
	if v.Tenure == nil || v.Tenure.Policy != "b" {
		t.Errorf("the tenure is %+v, expected the nearest, that of b", v.Tenure)
	}
}

func TestRulesReadTheTenure(t *testing.T) {
	scoped := func(across v1alpha1.TenureScope, gap string) func(*v1alpha1.CompliancePolicySpec) {
		return func(s *v1alpha1.CompliancePolicySpec) {
			s.Tenure = &v1alpha1.Tenure{Max: "P18M", Across: across, ResetGap: gap}
		}
	}
	c := campaign(func(c *Case) {
		c.History = []Engaged{
			{Span: Span{Start: date("2026-09-01"), End: date("2026-10-01"), Pool: "talent/designers", Namespace: "sales"}, WorkerType: v1alpha1.AgencyWorker, Jurisdiction: "DE", Supplier: "acme", Budget: v1alpha1.Money{Currency: "EUR", Amount: "800.5"}},
			{Span: Span{Start: date("2027-08-01"), End: date("2027-09-01"), Pool: "talent/agents", Namespace: "marketing"}, Budget: v1alpha1.Money{Currency: "USD", Amount: "100"}},
		}
	})
	for _, tc := range []struct {
		name, expression string
		changes          []func(*v1alpha1.CompliancePolicySpec)
	}{
		{"without a tenure all of the cluster counts and no gap resets", "tenure.since == timestamp('2026-11-01T00:00:00Z') && !has(tenure.limit) && size(tenure.engagements) == 2", nil},
		{"with one there is a limit", "tenure.limit == timestamp('2028-05-01T00:00:00Z')", []func(*v1alpha1.CompliancePolicySpec){scoped("", "")}},
		{"a gap resets", "tenure.since == engagement.spec.statementOfWork.start", []func(*v1alpha1.CompliancePolicySpec){scoped("", "P1M")}},
		{"across a pool only that pool's count", "tenure.engagements.map(e, e.pool) == ['talent/designers']", []func(*v1alpha1.CompliancePolicySpec){scoped("Pool", "")}},
		{"across a namespace only that namespace's count", "tenure.engagements.map(e, e.namespace) == ['marketing']", []func(*v1alpha1.CompliancePolicySpec){scoped("Namespace", "")}},
		{"everything that is known of an engagement can be read", "tenure.engagements.exists_one(e, e.workerType == 'AgencyWorker' && e.jurisdiction == 'DE' && e.supplier == 'acme' && milli(e.budget.amount) == 800500 && e.budget.currency == 'EUR' && e.end - e.start == duration('720h'))", nil},
		{"what is absent is absent", "tenure.engagements.exists_one(e, !has(e.supplier) && e.?workerType.orValue('') == '')", nil},
		{"sums of what was paid lately", "sum(tenure.engagements.filter(e, e.start > now.minus('P120D') && e.budget.currency == 'EUR').map(e, milli(e.budget.amount))) == 800500", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			v := Judge([]v1alpha1.CompliancePolicy{asks(append(tc.changes, rule(v1alpha1.EnforceDeny, tc.expression))...)}, c)
			if len(v.Violations) > 0 {
				t.Errorf("%s should hold: %s", tc.expression, v.Violations[0].Message)
			}
		})
	}
}
