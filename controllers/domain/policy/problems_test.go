package policy

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

func TestProblemsSayWhereAPolicyCannotBeRead(t *testing.T) {
	deny := func(expression string, changes ...func(*v1alpha1.PolicyRule)) v1alpha1.CompliancePolicy {
		return asks(rule(v1alpha1.EnforceDeny, expression, changes...))
	}
	const facts = "it reads engagement.spec.classification.facts, which count only as determined: add spec.determination.validFor to the policy"
	for _, tc := range []struct {
		name   string
		policy v1alpha1.CompliancePolicy
		want   []string
	}{
		{"nothing", asks(), nil},
		{"everything as it should be", asks(rule(v1alpha1.EnforceDeny, "engagement.spec.classification.facts['a'] == ''", saying("'facts: ' + engagement.spec.title"), warning("P7D")), determinedEvery("P1Y"), func(s *v1alpha1.CompliancePolicySpec) {
			s.Tenure, s.Retention = &v1alpha1.Tenure{Max: "P18M", ResetGap: "P3M", WarnBefore: "P60D"}, "P6Y"
			s.AppliesTo = &v1alpha1.PolicySelector{NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"a": "b"}}}
		}), nil},
		{"a misspelt field", deny("worker.spec.personkey == ''"), []string{"rules[r0]: 1:12: undefined field 'personkey'"}},
		{"a misspelt field behind ?", deny("worker.?specs.hasValue()"), []string{"rules[r0]: 1:7: undefined field 'specs'"}},
		{"a misspelt field in a macro", deny("worker.spec.documents.all(d, d.expires > now)"), []string{"rules[r0]: 1:31: undefined field 'expires'"}},
		{"a misspelt variable", deny("engagment.spec.title == ''"), []string{"rules[r0]: 1:1: undeclared reference to 'engagment' (in container '')"}},
		{"a type that does not fit", deny("engagement.spec.title > 3"), []string{"rules[r0]: 1:23: found no matching overload for '_>_' applied to '(string, int)'"}},
		{"no truth", deny("engagement.spec.title"), []string{"rules[r0]: it yields string and must yield true or false"}},
		{"no sentence", deny("true", saying("now")), []string{"rules[r0]: messageExpression: it yields google.protobuf.Timestamp and must yield a string"}},
		{"a message that does not compile", deny("true", saying("worker.name")), []string{"rules[r0]: messageExpression: 1:7: undefined field 'name'"}},
		{"facts that nobody determines", deny("has(engagement.spec.classification.facts)"), []string{"rules[r0]: " + facts}},
		{"facts behind ?", deny("engagement.?spec.?classification.?facts.hasValue()"), []string{"rules[r0]: " + facts}},
		{"facts behind [?]", deny("engagement.spec.classification.facts[?'a'].hasValue()"), []string{"rules[r0]: " + facts}},
		{"facts in a message", deny("true", saying("engagement.spec.classification.facts['a']")), []string{"rules[r0]: messageExpression: " + facts}},
		{"another's facts", deny("engagement.metadata.labels.facts == ''"), nil},
		{"a period in a rule", deny("now.plus('18 months') > now"), []string{`rules[r0]: period "18 months" is not an ISO 8601 period of whole years, months, weeks and days, like "P18M" or "P7D"`}},
		{"an amount in a rule", deny("milli('$800') > 0"), []string{`rules[r0]: amount "$800" is not a non-negative decimal with at most three places, like "5000" or "12.5"`}},
		{"a moment in a rule", deny("now > timestamp('2026-13-01')"), []string{"rules[r0]: 1:17: invalid timestamp argument"}},
		{"warnBefore", deny("true", warning("soon")), []string{`rules[r0]: warnBefore: period "soon" is not an ISO 8601 period of whole years, months, weeks and days, like "P18M" or "P7D"`}},
		{"periods", asks(determinedEvery(""), func(s *v1alpha1.CompliancePolicySpec) {
			s.Tenure, s.Retention = &v1alpha1.Tenure{Max: "1", ResetGap: "2", WarnBefore: "3"}, "4"
		}), []string{"tenure.max: period", "tenure.resetGap: period", "tenure.warnBefore: period", "determination.validFor: period", "retention: period"}},
		{"a namespace selector", asks(func(s *v1alpha1.CompliancePolicySpec) {
			s.AppliesTo = &v1alpha1.PolicySelector{NamespaceSelector: &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "a", Operator: "Near"}}}}
		}), []string{`appliesTo.namespaceSelector: "Near" is not a valid label selector operator`}},
		{"all of it", asks(rule(v1alpha1.EnforceDeny, "1"), rule(v1alpha1.EnforceDeny, "2")), []string{"rules[r0]: it yields int", "rules[r1]: it yields int"}},
		{"more depth than can be checked in time", deny("[1]" + strings.Repeat(".map(a, a + 1)", 70) + ".all(a, a > 0)"), []string{"rules[r0]: it nests deeper than 64: make several rules of it"}},
		{"a whole object", deny("worker.spec.rate == engagement.spec.statementOfWork.rate"), []string{"rules[r0]: Rate cannot be compared as a whole: compare its fields, or ask with has() or hasValue() whether it is there"}},
		{"a whole object in a list", deny("engagement.spec.contacts[0] in engagement.spec.contacts"), []string{"rules[r0]: Contact cannot be looked for as a whole: compare its fields"}},
		{"objects that map makes", deny("engagement.spec.contacts.map(c, c.subject).size() > 0"), []string{"rules[r0]: map may make single values only, not Subject: compare inside of all or exists"}},
		{"the seconds of now", deny("int(now) < 1893456000"), []string{"rules[r0]: int() of what moves with now is another value again and again: compare timestamps instead"}},
		{"now as text", deny("string(now).startsWith('2027')"), []string{"rules[r0]: string() of what moves with now"}},
		{"what is left, as a number", deny("int(engagement.spec.statementOfWork.end - now) > 0"), []string{"rules[r0]: int() of what moves with now"}},
		{"the minutes of now", deny("now.plus('P1M').getMinutes('Europe/Berlin') < 30"), []string{"rules[r0]: getMinutes() of what moves with now"}},
		{"the minutes that are left", deny("(engagement.spec.statementOfWork.end - now).getMinutes() > 90"), []string{"rules[r0]: getMinutes() of what moves with now"}},
		{"the seconds of now in a macro", deny("[timestamp(0)].map(t, now - t).all(d, d.getSeconds() > 5)"), []string{"rules[r0]: getSeconds() of what moves with now"}},
		{"the milliseconds of one of two", deny("(engagement.spec.title == '' ? engagement.spec.statementOfWork.end : now).getMilliseconds() == 0"), []string{"rules[r0]: getMilliseconds() of what moves with now"}},
		{"the dot of the rule's own now", deny("[1].all(now, int(.now) > now)"), []string{"rules[r0]: int() of what moves with now"}},
		{"another now", deny("[1].all(now, int(now) > 0)"), nil},
		{"what stands still as a number", deny("int(engagement.spec.statementOfWork.end) > 0 && string(engagement.spec.statementOfWork.end).size() > 0 && engagement.spec.statementOfWork.end.getMinutes() == 0"), nil},
		{"what was found by comparing with now", deny("engagement.status.attestations.filter(a, a.at < now).all(a, string(a.at) != '' && (now < a.at ? a.at : a.at).getSeconds() >= 0)"), nil},
		{"the calendar of now", deny("now.getFullYear() < 2030 && now.getHours() < 12"), nil},
		{"a message as of now", deny("true", saying("'as of ' + string(now)")), []string{"rules[r0]: messageExpression: string() of what moves with now"}},
		{"a message with the hours that are left", deny("true", saying("string((engagement.spec.statementOfWork.end - now).getHours()) + ' hours'")), []string{"rules[r0]: messageExpression: getHours() of what moves with now"}},
		{"a message with the year", deny("true", saying("string(now.getFullYear())")), []string{"rules[r0]: messageExpression: getFullYear() of what moves with now"}},
		{"a message that compares", deny("true", saying("now < engagement.spec.statementOfWork.end ? 'until ' + string(engagement.spec.statementOfWork.end) : 'over'")), nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := Problems(&tc.policy.Spec)
			begins := func(a, b string) bool { return strings.HasPrefix(a, b) || strings.HasPrefix(b, a) }
			if diff := cmp.Diff(tc.want, got, cmp.Comparer(begins)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}
