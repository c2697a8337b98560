package policy

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// patience is how long a rule may take, evaluated at as many moments as its look ahead allows, on a machine that does other things too.
const patience = 10 * time.Second

// hostile rules that try to take for ever, or all memory.
var hostile = []string{
	"[1]" + strings.Repeat(".map(a, [a, a])", 60) + ".all(x, x == x)", "[1]" + strings.Repeat(".map(a, [a, a])", 200) + ".all(x, x == x)",
	"['aaaaaaaa']" + strings.Repeat(".map(s, s + s)", 55) + ".all(s, s == s)",
	"[1]" + strings.Repeat(".map(a, a + a)", 55) + " == [1]",
	"[1].map(d, now - timestamp('2026-12-15T12:00:00Z'))" + strings.Repeat(".map(d, d + d)", 50) + ".all(d, d < duration('1s'))",
	"engagement.status.attestations.map(a, now - now)" + strings.Repeat(".map(d, d + (now - now) + d)", 50) + ".all(d, d <= duration('0s'))",
	strings.Repeat("engagement.status.attestations.all(a, ", 6) + "a.author == a.author" + strings.Repeat(")", 6),
	"engagement.status.attestations.all(a, engagement == engagement)",
	"engagement.status.attestations.all(a, worker.spec.documents == worker.spec.documents)",
	"engagement.status.attestations.all(a, a in engagement.status.attestations)",
	"optional.of([1]).optMap(v, v + v).hasValue()",
	strings.Repeat("(", 60) + "now" + strings.Repeat(")", 60) + " == now",
	"now" + strings.Repeat(" + duration('2562047h')", 55) + " > now",
	"now" + strings.Repeat(" + (now - timestamp('1970-01-01T00:00:00Z'))", 55) + " > now",
	"string(now).matches('" + strings.Repeat("(a?){100}", 20) + "')",
	"engagement.status.attestations.all(a, now.getHours('America/Los_Angeles') >= 0)",
	"engagement.status.attestations.all(a, now.plus('P1M').minus('P999Y') < now.plus('P4Y'))",
	"'%.100f'.format([1.0]) == ''",
	"engagement.metadata.name.replace('', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaa') == ''",
	"dyn(engagement) == dyn(engagement)",
	"google.protobuf.Int64Value{value: 1} == 1",
	"Money{currency: 'USD'} == Money{currency: 'USD'}",
	"sum(engagement.status.attestations.map(a, 9223372036854775807)) > 0",
	"now.getFullYear('Local') > 0", "now.getFullYear('../../etc/passwd') > 0", "now.getHours('99999999999:00') > 0", "now.plus('P') > now",
	"timestamp('0001-01-01T00:00:00Z').getFullYear('-14:00') == 0", "timestamp('9999-12-31T23:59:59Z').plus('P1D') > now", "timestamp(9223372036854775807) > now",
	"duration('9223372036s') + duration('9223372036s') > duration('1s')", "(now - duration('1s') - now).getHours() == 0",
}

func crowded() *Case {
	return campaign(determined("2026-12-01", v1alpha1.IndependentContractor), func(c *Case) {
		for range 1000 {
			c.Statements = append(c.Statements, v1alpha1.AttestationRecord{UID: types.UID("u"), Claim: "feedback/tools", Verdict: "Raised", Author: "mia", At: metav1.NewTime(date("2026-12-02"))})
		}
	})
}

func FuzzNoRulePanicsOrHangs(f *testing.F) {
	for _, written := range hostile {
		f.Add(written)
	}
	for _, written := range []string{
		"now < engagement.spec.statementOfWork.end", "worker.spec.?documents[0].?name.orValue('') != ''", "tenure.engagements.exists(e, e.start < now)",
		"now.getDayOfWeek('Europe/Berlin') in [0, 6]", "milli('800.50') == 800500", "pool.spec.?tiers.orValue([]).all(t, has(t.minScore))",
		"checklist.spec.steps.exists(s, s.name == 'nda')", "[1, 2].map(x, x > 1, x * 2) == [4]", "string(now - timestamp(0)).size() > 3", "{'a': 1}[?'a'].hasValue()",
	} {
		f.Add(written)
	}
	c := crowded()
	f.Fuzz(func(t *testing.T, written string) {
		if len(written) > 4096 {
			return // refused by the API
		}
		begun := time.Now()
		v := Judge([]v1alpha1.CompliancePolicy{asks(rule(v1alpha1.EnforceDeny, written, withMessage(written)), func(s *v1alpha1.CompliancePolicySpec) {
			s.Determination = &v1alpha1.Determination{ValidFor: "P1Y"}
		})}, c)
		if took := time.Since(begun); took > patience {
			t.Errorf("%.200s takes %s; a rule may take some 20 ms", written, took)
		}
		for _, found := range v.Violations {
			if strings.Contains(found.Message, "internal error") {
				t.Errorf("%.200s panics: %s", written, found.Message)
			}
		}
		if !v.Next.IsZero() && !v.Next.After(c.Now) {
			t.Errorf("%.200s turns at %s, which is not to come: a reconciler would spin", written, v.Next)
		}
	})
}

func withMessage(written string) func(*v1alpha1.PolicyRule) {
	return func(r *v1alpha1.PolicyRule) { r.MessageExpression = "'it is ' + ((" + written + ") ? 'so' : 'not so')" }
}
