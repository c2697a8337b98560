package metrics

import (
	"path"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// passedOn are the expressions by which an event carries a reason that is declared elsewhere.
var passedOn = map[string]string{
	"is.Reason":       "the reason of a Stalled condition",
	"standing.Reason": "the reason for which a statement does not count",
}

func TestEveryEventIsInTheTable(t *testing.T) {
	checkTable(t, readCode(t).eventReasons(), slices.DeleteFunc(Events(), func(e Event) bool { return e.Statement }))
}

func TestEveryReasonForWhichAStatementDoesNotCountIsInTheTable(t *testing.T) {
	given := readCode(t).standingReasons()
	rows := slices.DeleteFunc(Events(), func(e Event) bool { return !e.Statement })
	checkTable(t, given, rows)
	for _, row := range rows {
		for folder, kind := range map[string]string{"controllers/engagement/": "Engagement", "controllers/worker/": "Worker", "controllers/assignment/": "Assignment"} {
			gives := slices.ContainsFunc(given, func(e emission) bool { return e.reason == row.Reason && strings.HasPrefix(e.at, folder) })
			if says := slices.Contains(row.Kinds, kind); gives != says {
				t.Errorf("%s is given to statements about a %s: %t, and the table says %t", row.Reason, kind, gives, says)
			}
		}
	}
}

// checkTable holds what the code gives against the rows of the table, both ways.
func checkTable(t *testing.T, given []emission, rows []Event) {
	t.Helper()
	if len(given) == 0 {
		t.Fatal("expected to find reasons in the code, and found none: the code is written in a way that this test does not read")
	}
	used, told := map[string]bool{}, map[string]bool{}
	for _, e := range given {
		if told[e.String()+e.reason] {
			continue
		}
		told[e.String()+e.reason] = true
		if e.reason == "*" {
			if passedOn[e.from] == "" {
				t.Errorf("%s, and this test cannot tell what it is: write the reason out, or say here what is passed on", e)
			}
			continue
		}
		declared := false
		for _, row := range rows {
			// A pattern that cannot be read matches nothing, and is reported.
			if matches, err := path.Match(e.reason, row.Reason); err != nil || !matches {
				continue
			}
			declared, used[row.Reason] = true, true
			if e.kind != "" && e.kind != row.Type {
				t.Errorf("%s in an event of type %s, and the table says %s", e, e.kind, row.Type)
			}
		}
		if !declared {
			t.Errorf("%s, and no row of the table has the reason %s: declare it in events.go", e, e.reason)
		}
	}
	for _, row := range rows {
		if !used[row.Reason] {
			t.Errorf("the table has the reason %s, and nothing in the code gives it: remove the row", row.Reason)
		}
	}
}

func TestEveryReasonOfAConditionIsDeclaredInTheAPI(t *testing.T) {
	c := readCode(t)
	declared := map[string]bool{"*": true} // handed on from where it was given
	for name, value := range c.constants {
		if strings.HasPrefix(name, "api/v1alpha1.Reason") {
			declared[value] = true
		}
	}
	given := c.conditionReasons()
	if len(given) == 0 {
		t.Fatal("expected to find conditions in the code, and found none: the code is written in a way that this test does not read")
	}
	for _, e := range given {
		if !declared[e.reason] {
			t.Errorf("%s, and api/v1alpha1/conditions.go does not declare the reason %s", e, e.reason)
		}
	}
}

func TestTheTableOfEventsReadsAsOne(t *testing.T) {
	seen := map[string]bool{}
	for _, e := range Events() {
		if seen[e.Reason] {
			t.Errorf("%s has two rows", e.Reason)
		}
		seen[e.Reason] = true
		if e.Type != corev1.EventTypeNormal && e.Type != corev1.EventTypeWarning {
			t.Errorf("%s has type %q, expected Normal or Warning", e.Reason, e.Type)
		}
		if len(e.Kinds) == 0 {
			t.Errorf("%s names no kind on which it is reported", e.Reason)
		}
		if !strings.HasSuffix(e.Meaning, ".") {
			t.Errorf("the meaning of %s is no sentence: %q", e.Reason, e.Meaning)
		}
	}
}
