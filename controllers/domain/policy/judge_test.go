package policy

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

func TestWhatDoesNotHoldIsToldByItsEnforcement(t *testing.T) {
	for _, tc := range []struct {
		name, reason                    string
		policies                        []v1alpha1.CompliancePolicy
		c                               *Case
		violations, approvals, warnings []string
		ends                            bool
	}{
		{name: "nothing", reason: "without policies nothing is asked", c: campaign()},
		{
			name: "a rule that holds", reason: "there is nothing to say", c: campaign(),
			policies: []v1alpha1.CompliancePolicy{asks(rule(v1alpha1.EnforceDeny, "true"), rule(v1alpha1.EnforceEnd, "true"), rule(v1alpha1.EnforceWarn, "true"))},
		},
		{
			name: "each enforcement", reason: "all rules are evaluated, never only up to the first", c: campaign(),
			policies: []v1alpha1.CompliancePolicy{asks(
				rule(v1alpha1.EnforceDeny, "false"), rule(v1alpha1.EnforceRequireApproval, "false"), rule(v1alpha1.EnforceWarn, "false"), rule(v1alpha1.EnforceEnd, "false"))},
			violations: []string{"us-ca-abc/r0 Deny", "us-ca-abc/r3 End"}, approvals: []string{"us-ca-abc/r1 RequireApproval"}, warnings: []string{"us-ca-abc/r2 Warn"}, ends: true,
		},
		{
			name: "policies in whatever order", reason: "findings go by the policies' names", c: campaign(),
			policies:   []v1alpha1.CompliancePolicy{named("b", asks(rule(v1alpha1.EnforceDeny, "false"))), named("a", asks(rule(v1alpha1.EnforceDeny, "false")))},
			violations: []string{"a/r0 Deny", "b/r0 Deny"},
		},
		{
			name: "requirements and rules", reason: "what a policy asks for beside its rules is told first", c: campaign(),
			policies: []v1alpha1.CompliancePolicy{asks(rule(v1alpha1.EnforceDeny, "false"), determinedEvery("P1Y"), func(s *v1alpha1.CompliancePolicySpec) {
				s.RequiredSteps, s.RequiredDocuments = []string{"safety"}, []string{"w-9"}
			})},
			violations: []string{"us-ca-abc/ Deny", "us-ca-abc/ Deny", "us-ca-abc/ Deny", "us-ca-abc/r0 Deny"},
		},
		{
			name: "what cannot be evaluated", reason: "it holds the engagement, whatever the enforcement", c: campaign(),
			policies: []v1alpha1.CompliancePolicy{asks(
				rule(v1alpha1.EnforceWarn, "engagement.spec.intake.costCenter != ''"), rule(v1alpha1.EnforceEnd, "1 / 0 == 1"), rule(v1alpha1.EnforceRequireApproval, "pool.metadata.labels.x == ''"))},
			violations: []string{"us-ca-abc/r0 Warn undecided", "us-ca-abc/r1 End undecided", "us-ca-abc/r2 RequireApproval undecided"},
		},
		{
			name: "a rule that does not compile", reason: "the policy as a whole is not evaluated, and once is enough to say so", c: campaign(),
			policies:   []v1alpha1.CompliancePolicy{asks(rule(v1alpha1.EnforceWarn, "engagement.spec.titel == ''"), rule(v1alpha1.EnforceEnd, "false"))},
			violations: []string{"us-ca-abc/ Deny undecided"},
		},
		{
			name: "rules about a person, and nobody", reason: "they are evaluated once somebody is considered", c: campaign(nobody),
			policies: []v1alpha1.CompliancePolicy{asks(rule(v1alpha1.EnforceDeny, "worker.spec.supplier != ''"), rule(v1alpha1.EnforceDeny, "size(tenure.engagements) > 0"),
				rule(v1alpha1.EnforceDeny, "[1].exists(worker, worker == 2)"), func(s *v1alpha1.CompliancePolicySpec) { s.RequiredDocuments = []string{"w-9"} })},
			violations: []string{"us-ca-abc/r2 Deny"},
		},
		{
			name: "no pool", reason: "a rule that reads what is not there is undecided", c: campaign(func(c *Case) { c.Pool = nil }),
			policies:   []v1alpha1.CompliancePolicy{asks(rule(v1alpha1.EnforceDeny, "pool.metadata.name == 'designers'"))},
			violations: []string{"us-ca-abc/r0 Deny undecided"},
		},
		{
			name: "a policy for another place", reason: "it does not select the engagement", c: campaign(),
			policies: []v1alpha1.CompliancePolicy{asks(rule(v1alpha1.EnforceDeny, "false"), func(s *v1alpha1.CompliancePolicySpec) {
				s.AppliesTo = &v1alpha1.PolicySelector{Jurisdictions: []string{"DE"}}
			})},
		},
		{
			name: "a policy whose namespace selector cannot be read", reason: "it selects all and can decide nothing", c: campaign(),
			policies: []v1alpha1.CompliancePolicy{asks(rule(v1alpha1.EnforceWarn, "true"), func(s *v1alpha1.CompliancePolicySpec) {
				s.AppliesTo = &v1alpha1.PolicySelector{NamespaceSelector: &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "a", Operator: "Near"}}}}
			})},
			violations: []string{"us-ca-abc/ Deny undecided"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			v := Judge(tc.policies, tc.c)
			for _, list := range []struct {
				what      string
				got, want []string
			}{{"violations", told(v.Violations), tc.violations}, {"approvals", told(v.Approvals), tc.approvals}, {"warnings", told(v.Warnings), tc.warnings}} {
				if diff := cmp.Diff(list.want, list.got); diff != "" {
					t.Errorf("%s, because %s (-want +got):\n%s", list.what, tc.reason, diff)
				}
			}
			if ends := v.Ends() != nil; ends != tc.ends {
				t.Errorf("the engagement ends by it: %v, expected %v, because %s", ends, tc.ends, tc.reason)
			}
		})
	}
}

func TestTheMostApproversThatAPolicyAsksForCount(t *testing.T) {
	approvers := func(n int32) func(*v1alpha1.CompliancePolicySpec) {
		return func(s *v1alpha1.CompliancePolicySpec) { s.RequiredApprovals = n }
	}
	v := Judge([]v1alpha1.CompliancePolicy{named("a", asks(approvers(2))), named("b", asks(approvers(3))), named("c", asks())}, campaign())
	if v.RequiredApprovals != 3 || v.Selected != 3 {
		t.Errorf("%d policies ask for %d approvers, expected 3 and the most, 3", v.Selected, v.RequiredApprovals)
	}
	if v := Judge(nil, campaign()); v.RequiredApprovals != 0 {
		t.Errorf("without a policy %d approvers are asked for, expected none", v.RequiredApprovals)
	}
	// A policy that cannot be evaluated does not ask for less.
	if v := Judge([]v1alpha1.CompliancePolicy{asks(approvers(4), rule(v1alpha1.EnforceDeny, "?"))}, campaign()); v.RequiredApprovals != 4 {
		t.Errorf("beside a rule that does not compile %d approvers are asked for, expected 4", v.RequiredApprovals)
	}
}

func TestARuleTellsWhenTimeTurnsIt(t *testing.T) {
	for _, tc := range []struct {
		name, expression string
		holds            bool
		next             string
	}{
		{"before a moment", "now < engagement.spec.statementOfWork.end", true, "2027-06-01T00:00:00Z"},
		{"up to a moment", "now <= engagement.spec.statementOfWork.end", true, "2027-06-01T00:00:01Z"},
		{"from the other side", "engagement.spec.statementOfWork.end > now", true, "2027-06-01T00:00:00Z"},
		{"what is past stays past", "now > engagement.spec.statementOfWork.start", true, ""},
		{"what will come", "now >= engagement.spec.statementOfWork.end", false, "2027-06-01T00:00:00Z"},
		{"a fraction of a second", "now < timestamp('2026-12-20T00:00:00.25Z')", true, "2026-12-20T00:00:01Z"},
		{"an elapsed time", "now - engagement.spec.statementOfWork.start < duration('720h')", true, "2026-12-31T00:00:00Z"},
		{"what is left", "engagement.spec.statementOfWork.end - now > duration('720h')", true, "2027-05-02T00:00:00Z"},
		{"twice as fast", "now + (now - engagement.spec.statementOfWork.start) < engagement.spec.statementOfWork.end", true, "2027-03-02T00:00:00Z"},
		{"a calendar period", "engagement.spec.statementOfWork.start.plus('P6M') > now", true, "2027-06-01T00:00:00Z"},
		{"now and a calendar period", "now.plus('P1M') < engagement.spec.statementOfWork.end", true, "2027-05-01T00:00:00Z"},
		{"a calendar period back from now", "now.minus('P1M') < engagement.spec.statementOfWork.end", true, "2027-07-01T00:00:00Z"},
		{"now, one way or the other", "now < timestamp('2026-12-20T00:00:00Z') || now > timestamp('2026-12-25T00:00:00Z')", true, "2026-12-20T00:00:00Z"},
		{"only behind what holds now", "engagement.spec.title == '' && now < timestamp('2026-12-20T00:00:00Z')", false, ""},
		{"several breakpoints that change nothing", "now < timestamp('2026-12-20T00:00:00Z') || now < timestamp('2026-12-25T00:00:00Z')", true, "2026-12-25T00:00:00Z"},
		{"a part of the calendar", "now.getFullYear() == 2026", true, "2027-01-01T00:00:00Z"},
		{"a part of the calendar elsewhere", "now.getHours('America/Los_Angeles') < 8", true, "2026-12-15T16:00:00Z"},
		{"an exact moment", "now == timestamp('2026-12-20T00:00:00Z')", false, "2026-12-20T00:00:00Z"},
		{"a list of moments", "now in [timestamp('2026-12-25T00:00:00Z'), timestamp('2026-12-20T00:00:00Z')]", false, "2026-12-20T00:00:00Z"},
		{"the due dates", "engagement.spec.statementOfWork.deliverables.all(d, now < d.due)", true, "2026-12-20T00:00:00Z"},
		{"whole hours of a duration", "(timestamp('2026-12-20T00:00:00Z') - now).getHours() >= 24", true, "2026-12-19T00:00:01Z"},
		{"a moment of the worker's", "worker.spec.documents.exists(d, d.name == 'work-permit' && d.expiresAt > now)", true, "2027-03-01T00:00:00Z"},
		{"nothing of time", "engagement.spec.title == 'Graphic designer'", true, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			v := Judge([]v1alpha1.CompliancePolicy{asks(rule(v1alpha1.EnforceDeny, tc.expression))}, campaign())
			if holds := len(v.Violations) == 0; holds != tc.holds {
				t.Errorf("%s holds: %v, expected %v: %+v", tc.expression, holds, tc.holds, v.Violations)
			}
			if got := next(v); got != tc.next {
				t.Errorf("%s turns at %q, expected %q", tc.expression, got, tc.next)
			}
		})
	}
}

func TestASearchThatIsGivenUpIsMadeAnewAndIsNoDeadline(t *testing.T) {
	for _, tc := range []struct{ name, reason, expression, next, again string }{
		{"hours of half a year", "the last of 256 breakpoints is the next to look at", "(engagement.spec.statementOfWork.end - now).getHours() >= 24", "", "2026-12-26T04:00:01Z"},
		{"300 seconds, one after the other", "it is asked every hour, not every few minutes", seconds(300), "", "2026-12-15T13:00:00Z"},
		{"found", "nothing was given up", "now < timestamp('2027-01-01T00:00:00Z')", "2027-01-01T00:00:00Z", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			v := Judge([]v1alpha1.CompliancePolicy{asks(rule(v1alpha1.EnforceDeny, tc.expression, warning("P30D")))}, campaign())
			again := ""
			if !v.LookAgain.IsZero() {
				again = stamp(v.LookAgain)
			}
			if next(v) != tc.next || again != tc.again || tc.next == "" && len(v.Warnings) > 0 {
				t.Errorf("it turns at %q, is looked at again at %q and warns of %+v, expected %q and %q, because %s", next(v), again, v.Warnings, tc.next, tc.again, tc.reason)
			}
		})
	}
}

// seconds are comparisons of which each turns a second after the one before, and changes nothing.
func seconds(n int) string {
	comparisons := make([]string, n)
	for i := range comparisons {
		comparisons[i] = fmt.Sprintf("(now < timestamp('2026-12-15T12:00:00Z') + duration('%ds') ? 1 : 1) == 1", i+1)
	}
	return strings.Join(comparisons, " && ")
}

func next(v Verdict) string {
	if v.Next.IsZero() {
		return ""
	}
	return stamp(v.Next)
}

func TestAWarningComesBeforeARuleFailsByTime(t *testing.T) {
	policy := asks(rule(v1alpha1.EnforceDeny, "now < engagement.spec.statementOfWork.start.plus('P3M')", warning("P1M")))
	ceasing := asks(rule(v1alpha1.EnforceDeny, "now < engagement.spec.statementOfWork.start.plus('P3M')", warning("P1M")), func(s *v1alpha1.CompliancePolicySpec) {
		s.EffectiveTo = &metav1.Time{Time: date("2027-02-15")}
	})
	for _, tc := range []struct {
		name, reason, now, next string
		policy                  v1alpha1.CompliancePolicy
		warnings, violations    []string
	}{
		{name: "long before", reason: "it is looked at again when the warning is due", policy: policy, now: "2026-12-15T00:00:00Z", next: "2027-02-01T00:00:00Z"},
		{name: "a second before the warning", reason: "it is too early", policy: policy, now: "2027-01-31T23:59:59Z", next: "2027-02-01T00:00:00Z"},
		{name: "a month before", reason: "warnBefore is P1M", policy: policy, now: "2027-02-01T00:00:00Z", next: "2027-03-01T00:00:00Z", warnings: []string{"us-ca-abc/r0 Deny 2027-03-01T00:00:00Z"}},
		{name: "a second before", reason: "it still holds", policy: policy, now: "2027-02-28T23:59:59Z", next: "2027-03-01T00:00:00Z", warnings: []string{"us-ca-abc/r0 Deny 2027-03-01T00:00:00Z"}},
		{name: "from then on", reason: "it does not hold", policy: policy, now: "2027-03-01T00:00:00Z", violations: []string{"us-ca-abc/r0 Deny"}},
		{name: "a policy that ceases before", reason: "nobody will ask then", policy: ceasing, now: "2027-02-10T00:00:00Z", next: "2027-02-15T00:00:00Z"},
		{
			name: "one that will not be decided", reason: "to be undecided holds the engagement too", now: "2026-12-15T00:00:00Z", next: "2026-12-20T00:00:00Z",
			policy:   asks(rule(v1alpha1.EnforceDeny, "now < timestamp('2026-12-20T00:00:00Z') ? true : engagement.spec.intake.costCenter == ''", warning("P30D"))),
			warnings: []string{"us-ca-abc/r0 Deny 2026-12-20T00:00:00Z"},
		},
		{
			name: "without warnBefore", reason: "nobody asked to be warned", now: "2026-12-19T00:00:00Z", next: "2026-12-20T00:00:00Z",
			policy: asks(rule(v1alpha1.EnforceDeny, "now < timestamp('2026-12-20T00:00:00Z')")),
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			now, err := time.Parse(time.RFC3339, tc.now)
			if err != nil {
				t.Fatal(err)
			}
			v := Judge([]v1alpha1.CompliancePolicy{tc.policy}, campaign(at(now)))
			if diff := cmp.Diff(tc.warnings, told(v.Warnings)); diff != "" {
				t.Errorf("warnings, because %s (-want +got):\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.violations, told(v.Violations)); diff != "" {
				t.Errorf("violations, because %s (-want +got):\n%s", tc.reason, diff)
			}
			if got := next(v); got != tc.next {
				t.Errorf("it is looked at again at %q, expected %q, because %s", got, tc.next, tc.reason)
			}
		})
	}
}

func TestTimeCountsInWholeSeconds(t *testing.T) {
	policy := asks(rule(v1alpha1.EnforceDeny, "now <= timestamp('2026-12-20T00:00:00Z')"))
	for now, want := range map[time.Time]string{
		date("2026-12-20").Add(999 * time.Millisecond): "2026-12-20T00:00:01Z",
		date("2026-12-20").Add(-time.Millisecond):      "2026-12-20T00:00:01Z",
		date("2026-12-20").Add(time.Second):            "",
	} {
		if v := Judge([]v1alpha1.CompliancePolicy{policy}, campaign(at(now))); next(v) != want {
			t.Errorf("at %s it is to be looked at again at %q, expected %q", now, next(v), want)
		}
	}
}

func TestPoliciesAreLookedAtAgainWhenTheyBeginAndCease(t *testing.T) {
	dated := func(from, to string) func(*v1alpha1.CompliancePolicySpec) {
		return func(s *v1alpha1.CompliancePolicySpec) {
			s.EffectiveFrom = metav1.NewTime(date(from))
			if to != "" {
				s.EffectiveTo = &metav1.Time{Time: date(to)}
			}
		}
	}
	elsewhere := func(s *v1alpha1.CompliancePolicySpec) {
		s.AppliesTo = &v1alpha1.PolicySelector{Jurisdictions: []string{"FR"}}
	}
	for _, tc := range []struct {
		name, reason, next string
		policy             v1alpha1.CompliancePolicy
		selected           int
	}{
		{"to come", "30 days before it begins what it will hold is told", "2027-01-02T00:00:00Z", asks(dated("2027-02-01", "")), 0},
		{"to come soon", "it will begin", "2027-01-14T00:00:00Z", asks(dated("2027-01-14", "")), 0},
		{"to come when the work is over", "it will begin", "2027-06-01T00:00:00Z", asks(dated("2027-06-01", "")), 0},
		{"until then", "it will cease", "2027-02-01T00:00:00Z", asks(dated("2026-02-01", "2027-02-01")), 1},
		{"for good", "it never ceases", "", asks(dated("2026-02-01", "")), 1},
		{"to come elsewhere", "it never concerns this engagement", "", asks(dated("2027-02-01", ""), elsewhere), 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			v := Judge([]v1alpha1.CompliancePolicy{tc.policy}, campaign())
			if v.Selected != tc.selected || next(v) != tc.next {
				t.Errorf("%d policies select it and it is looked at again at %q, expected %d and %q, because %s", v.Selected, next(v), tc.selected, tc.next, tc.reason)
			}
		})
	}
}

func TestMessagesNameThePolicyTheSourceAndWhatToDo(t *testing.T) {
	for _, tc := range []struct {
		name   string
		policy v1alpha1.CompliancePolicy
		want   string
	}{
		{
			"a rule's own message", asks(rule(v1alpha1.EnforceDeny, "false", saying("'the budget of ' + engagement.spec.statementOfWork.budget.amount + ' needs a written contract'"))),
			"policy us-ca-abc, rule r0 (California Labor Code, §2775): the budget of 5000.50 needs a written contract; until it holds nobody is engaged",
		},
		{
			"no message", asks(rule(v1alpha1.EnforceEnd, "1 > 2")),
			"policy us-ca-abc, rule r0 (California Labor Code, §2775): does not hold: 1 > 2; change the engagement so that it holds; until it holds nobody is engaged",
		},
		{
			"a message that cannot be evaluated", asks(rule(v1alpha1.EnforceDeny, "1 > 2", saying("engagement.spec.intake.costCenter"))),
			"policy us-ca-abc, rule r0 (California Labor Code, §2775): does not hold: 1 > 2; change the engagement so that it holds; until it holds nobody is engaged",
		},
		{
			"no answer", asks(rule(v1alpha1.EnforceDeny, "engagement.spec.intake.costCenter == ''")),
			"policy us-ca-abc, rule r0 (California Labor Code, §2775): cannot be evaluated: no such key: intake; give the engagement or the worker what the rule reads, or have its owner mend the policy",
		},
		{
			"a misspelt field", asks(rule(v1alpha1.EnforceDeny, "engagement.spec.titel == ''"), rule(v1alpha1.EnforceDeny, "1"), rule(v1alpha1.EnforceDeny, "'")),
			"policy us-ca-abc (California Labor Code, §2775) applies and cannot be evaluated: rules[r0]: 1:16: undefined field 'titel'; rules[r1]: it yields int and must yield true or false; and 1 more; have its owner mend the policy, or exclude the engagement by spec.appliesTo",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			v := Judge([]v1alpha1.CompliancePolicy{tc.policy}, campaign())
			if len(v.Violations) != 1 || v.Violations[0].Message != tc.want {
				t.Errorf("the message is %+v, expected %q", v.Violations, tc.want)
			}
		})
	}
}

func TestWhatFollowsIsToldOfThePeopleThatItIsAbout(t *testing.T) {
	for _, tc := range []struct {
		enforcement   v1alpha1.Enforcement
		before, after string
	}{
		{v1alpha1.EnforceDeny, "until it holds nobody is engaged", "until it holds nothing new is granted; who is engaged keeps what they have until it expires"},
		{v1alpha1.EnforceRequireApproval, "otherwise one more person has to approve", "otherwise one more person has to approve, and nothing new is granted until then"},
		{v1alpha1.EnforceWarn, "nothing is held by it", "nothing is held by it"},
		{v1alpha1.EnforceEnd, "until it holds nobody is engaged", "the engagement ends by it, and its access"},
	} {
		for _, engaged := range []bool{false, true} {
			c, want := campaign(), tc.before
			if engaged {
				c.Engagement.Status.Terms, want = &v1alpha1.AcceptedTerms{}, tc.after
			}
			v := Judge([]v1alpha1.CompliancePolicy{asks(rule(tc.enforcement, "1 > 2"), rule(tc.enforcement, "1 > 2", saying("'lower the budget'")))}, c)
			all := append(append(v.Violations, v.Approvals...), v.Warnings...)
			if len(all) != 2 || !strings.HasSuffix(all[0].Message, ": does not hold: 1 > 2; change the engagement so that it holds; "+want) || !strings.HasSuffix(all[1].Message, ": lower the budget; "+want) {
				t.Errorf("of %s, with somebody engaged: %v, %q should be told: %+v", tc.enforcement, engaged, want, all)
			}
		}
	}
}

func TestAWarningAheadSaysWhatWillBeToldThen(t *testing.T) {
	const turns = "now < timestamp('2026-12-20T00:00:00Z')"
	for _, tc := range []struct{ name, expression, message, want string }{
		{"in the policy's words", turns, "'ask the agency'", ": from 2026-12-20T00:00:00Z on: ask the agency"},
		{"in its words as of then", turns, "now < timestamp('2026-12-20T00:00:00Z') ? 'early' : 'ask the agency'", ": from 2026-12-20T00:00:00Z on: ask the agency"},
		{"without words", turns, "", ": from 2026-12-20T00:00:00Z on: does not hold: " + turns + "; change the engagement before then so that it holds"},
		{"undecided then", turns + " ? true : engagement.spec.intake.costCenter == ''", "'ask'", ": from 2026-12-20T00:00:00Z on: cannot be evaluated: no such key: intake; before then give the engagement or the worker what the rule reads"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			v := Judge([]v1alpha1.CompliancePolicy{asks(rule(v1alpha1.EnforceDeny, tc.expression, warning("P30D"), saying(tc.message)))}, campaign())
			if len(v.Warnings) != 1 || !strings.HasSuffix(v.Warnings[0].Message, tc.want) {
				t.Errorf("the warning should end with %q: %+v", tc.want, v.Warnings)
			}
		})
	}
}

func TestAMessageFitsIntoStatusAndStillSaysWhatToDo(t *testing.T) {
	long := strings.Repeat("ä", 256)
	p := asks(rule(v1alpha1.EnforceDeny, "false", saying("'"+strings.Repeat("ö", 1000)+". Ask legal'")), rule(v1alpha1.EnforceDeny, "'"+strings.Repeat("x", 3000)+"' == ''"), func(s *v1alpha1.CompliancePolicySpec) {
		s.Source = v1alpha1.PolicySource{Title: long, Citation: long}
		s.RequiredDocuments = []string{"w-9"}
	})
	v := Judge([]v1alpha1.CompliancePolicy{named(strings.Repeat("p", 100), p)}, campaign())
	if len(v.Violations) != 3 {
		t.Fatalf("%d violations, expected three", len(v.Violations))
	}
	if said := v.Violations[1].Message; !strings.Contains(said, ": ööö") || !strings.Contains(said, "ööö. Ask legal; until") {
		t.Errorf("%q should leave out the middle of what the policy says, not its end, which says what to do", said)
	}
	for _, f := range v.Violations {
		if n := utf8.RuneCountInString(f.Message); n > 1024 || !utf8.ValidString(f.Message) {
			t.Errorf("a message has %d characters; a Finding can hold 1024", n)
		}
		if !strings.HasSuffix(f.Message, "until it holds nobody is engaged") && !strings.HasSuffix(f.Message, "or engage somebody who holds it") {
			t.Errorf("%q does not say what to do", f.Message)
		}
	}
}
