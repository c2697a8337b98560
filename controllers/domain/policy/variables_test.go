package policy

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

func TestRulesReadTheObjectsAsTheAPIWritesThem(t *testing.T) {
	c := campaign(determined("2026-11-15", v1alpha1.IndependentContractor), func(c *Case) {
		c.Pool.Spec.WorkerSelector.MatchLabels = map[string]string{"craft": "design"}
		c.Pool.Spec.Tiers = []v1alpha1.Tier{{Name: "Standard"}, {Name: "Gold", MinScore: 80}}
		c.Engagement.Spec.Intake = &v1alpha1.Intake{CostCenter: "MK-114"}
		c.Engagement.Spec.Access = []v1alpha1.AccessRequest{{Name: "design-tools"}}
		rounds := int32(3)
		c.Engagement.Spec.StatementOfWork.Deliverables[0].MaxRounds = &rounds
		c.Statements = append(c.Statements, v1alpha1.AttestationRecord{UID: "u-9", Claim: "feedback/tools", Ignored: "SelfDealing"})
		c.Worker.Spec.Availability = &v1alpha1.Availability{HoursPerWeek: 20, From: &metav1.Time{Time: date("2026-12-01")}}
	})
	for _, tc := range []struct{ reason, expression string }{
		{"metadata", "engagement.metadata.name == 'spring-campaign' && engagement.metadata.namespace == 'marketing' && engagement.metadata.labels.team == 'brand'"},
		{"absent annotations are absent", "!has(engagement.metadata.annotations) && engagement.metadata.?annotations['a'].orValue('none') == 'none'"},
		{"the age of an object", "now - engagement.metadata.creationTimestamp > duration('24h')"},
		{"strings with a type of their own", "engagement.spec.classification.workerType == 'IndependentContractor' && engagement.status.phase == 'Assigned'"},
		{"what is absent", "!has(engagement.spec.suspend) && !has(engagement.spec.workerRef) && !engagement.spec.?suspend.orValue(false)"},
		{"what is there", "has(engagement.spec.intake) && engagement.spec.intake.costCenter == 'MK-114' && !has(engagement.spec.intake.project)"},
		{"through what is absent", "engagement.spec.?requirements.?minTier.orValue('none') == 'none' && engagement.spec.?intake.?costCenter == optional.of('MK-114')"},
		{"numbers behind a pointer", "engagement.spec.statementOfWork.deliverables[0].maxRounds == 3 && !has(engagement.spec.statementOfWork.deliverables[1].maxRounds)"},
		{"numbers", "engagement.spec.statementOfWork.deliverables.map(d, d.points) == [3, 5] && sum(engagement.spec.statementOfWork.deliverables.map(d, d.points)) == 8"},
		{"durations", "engagement.spec.statementOfWork.acceptWithin == duration('120h') && engagement.spec.statementOfWork.acceptWithin.getHours() == 120"},
		{"moments", "engagement.spec.statementOfWork.end.getMonth() == 5 && engagement.spec.statementOfWork.start.getFullYear('America/Los_Angeles') == 2026"},
		{"money", "sum(engagement.spec.statementOfWork.deliverables.map(d, milli(d.amount))) == milli('5000.5')"},
		{"statements that count, and no others", "engagement.status.attestations.map(a, a.claim) == ['determination/classification'] && engagement.status.attestations[0].uid == 'u-1'"},
		{"the pool", "pool.spec.workerSelector.matchLabels.craft == 'design' && pool.spec.tiers.exists(t, t.name == 'Gold' && t.minScore >= 80) && pool.metadata.namespace == 'talent'"},
		{"the checklist", "checklist.spec.steps.exists_one(s, s.name == 'nda' && s.type == 'Document' && s.?required.orValue(true)) && checklist.spec.steps.exists(s, has(s.required) && !s.required)"},
		{"the worker", "worker.spec.availability.hoursPerWeek >= 20 && worker.spec.availability.from < now && 'de' in worker.spec.languages && worker.spec.personKey != ''"},
		{"a document without an end", "worker.spec.documents.filter(d, !has(d.expiresAt) || d.expiresAt > now).map(d, d.name) == ['contract', 'work-permit']"},
		{"access", "engagement.spec.access.all(a, a.name.startsWith('design-'))"},
		{"now is a timestamp", "type(now) == google.protobuf.Timestamp && now.getFullYear() == 2026 && now == timestamp('2026-12-15T12:00:00Z') && now == timestamp(1797336000)"},
		{"calendar periods", "timestamp('2027-01-31T00:00:00Z').plus('P1M') == timestamp('2027-02-28T00:00:00Z') && timestamp('2028-03-31T00:00:00Z').minus('P1M') == timestamp('2028-02-29T00:00:00Z')"},
		{"optional lists", "engagement.spec.?contacts.orValue([]).all(c, c.role == 'Manager')"},
	} {
		v := Judge([]v1alpha1.CompliancePolicy{asks(determinedEvery("P1Y"), rule(v1alpha1.EnforceDeny, tc.expression))}, c)
		if len(v.Violations) > 0 {
			t.Errorf("%s: %s should hold: %s", tc.reason, tc.expression, v.Violations[0].Message)
		}
	}
}

func TestWhatIsAbsentCannotBeRead(t *testing.T) {
	for expression, want := range map[string]string{
		"engagement.spec.suspend":                                  "no such key: suspend",
		"has(engagement.spec.intake.costCenter)":                   "no such key: intake",
		"engagement.spec.statementOfWork.rate.amount == ''":        "no such key: rate",
		"worker.spec.documents[0].expiresAt > now":                 "no such key: expiresAt",
		"worker.spec.documents[9].name == ''":                      "index out of bounds: 9",
		"milli(engagement.spec.title) > 0":                         `amount "Graphic designer" is not`,
		"sum([9223372036854775807, 1]) > 0":                        "integer overflow",
		"now.plus(engagement.spec.title) > now":                    `period "Graphic designer" is not`,
		"now.getHours(engagement.spec.title) > 0":                  "unknown time zone",
		"now - timestamp('1000-01-01T00:00:00Z') > duration('1s')": "duration overflow",
	} {
		program, err := compileRule(expression)
		if err != nil {
			t.Errorf("%s should compile, its values decide: %v", expression, err)
			continue
		}
		got, _, _ := program.evaluate(campaign().variablesOf(program), noon)
		if len(got.err) < len(want) || got.err[:len(want)] != want {
			t.Errorf("%s gives %+v, expected an error that begins %q", expression, got, want)
		}
	}
}

func TestConstantsStandStill(t *testing.T) {
	// What looks at constants alone, however often, never turns.
	for _, expression := range []string{
		"timestamp('2027-01-01T00:00:00Z').getHours('Europe/Berlin') == 1", "timestamp('2027-01-01T00:00:00Z') - timestamp('2026-01-01T00:00:00Z') == duration('8760h')",
		"string(timestamp('2027-01-01T00:00:00Z')).size() > 0", "now - now == duration('0s')", "now == now", "(now - now).getHours() == 0", "timestamp('2027-01-31T00:00:00Z').plus('P1M') > timestamp(0)",
	} {
		program, err := compileRule(expression)
		if err != nil {
			t.Errorf("%s: %v", expression, err)
			continue
		}
		first, turn := program.turns(campaign().variablesOf(program), noon)
		if !first.holds || !turn.at.IsZero() {
			t.Errorf("%s says %+v and turns at %s, expected true for good", expression, first, turn.at)
		}
	}
}

func TestGettersAgreeWithCELsOwn(t *testing.T) {
	for _, tc := range []struct {
		expression string
		want       bool
	}{
		{"timestamp('2023-07-14T10:30:45.123Z').getFullYear() == 2023", true}, {"timestamp('2023-07-14T10:30:45.123Z').getMonth() == 6", true},
		{"timestamp('2023-01-02T00:00:00Z').getDayOfYear() == 1", true}, {"timestamp('2023-01-01T05:00:00Z').getDayOfYear('America/Los_Angeles') == 364", true},
		{"timestamp('2023-07-14T10:30:45.123Z').getDayOfMonth() == 13", true}, {"timestamp('2023-07-14T10:30:45.123Z').getDate() == 14", true},
		{"timestamp('2023-07-14T10:30:45.123Z').getDayOfWeek() == 5", true}, {"timestamp('2023-07-16T05:00:00Z').getDayOfWeek('America/Los_Angeles') == 6", true},
		{"timestamp('2023-07-14T10:30:45.123Z').getHours('America/Los_Angeles') == 3", true}, {"timestamp('2023-07-14T10:30:45.123Z').getMilliseconds() == 123", true},
		{"timestamp('2023-01-01T05:30:00Z').getFullYear('-08:00') == 2022", true}, {"timestamp('2023-01-01T05:30:00Z').getMinutes('+05:45') == 15", true}, {"timestamp('2023-01-01T05:30:00Z').getMinutes('-00:45') == 45", true},
		{"duration('3723.456s').getHours() == 1 && duration('3723.456s').getMinutes() == 62 && duration('3723.456s').getSeconds() == 3723 && duration('3723.456s').getMilliseconds() == 3723456", true},
		{"duration('-90m').getHours() == -1 && duration('-30m').getHours() == 0", true},
		{"int(duration('1s')) == 1000000000 && string(duration('1h30m')) == '5400s'", true},
		{"timestamp(1) == timestamp('1970-01-01T00:00:01Z') && duration('1h') + timestamp(0) == timestamp(3600)", true},
	} {
		program, err := compileRule(tc.expression)
		if err != nil {
			t.Errorf("%s: %v", tc.expression, err)
			continue
		}
		if got, _, _ := program.evaluate(campaign().variablesOf(program), time.Unix(0, 0)); got.err != "" || got.holds != tc.want {
			t.Errorf("%s gives %+v", tc.expression, got)
		}
	}
}
