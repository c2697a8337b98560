package main

import (
	"strings"
	"testing"
	"time"
)

// The short form of the benchmark: with fewer engagements, every edit still has to wake exactly what its policy selects.
func TestEveryEditWakesWhatItsPolicySelectsAndNothingElse(t *testing.T) {
	var out strings.Builder
	if err := run([]string{"-engagements=1500", "-seed=7"}, &out); err != nil {
		t.Fatalf("nothing else should be woken, and nothing of it left out: %v\n%s", err, &out)
	}
	for _, want := range []string{
		"1500 open and 300 closed engagements in 50 namespaces and 12 jurisdictions", "20 pools, 50 policies",
		"selected", "woken", "found in", "per engagement", "a country's rule on facts", "everybody's tenure  1500   1500", "Peak memory",
	} {
		if !strings.Contains(strings.Join(strings.Fields(out.String()), " "), strings.Join(strings.Fields(want), " ")) {
			t.Errorf("the table should say %q:\n%s", want, &out)
		}
	}
}

func TestWhatIsNotAsItShouldBeFails(t *testing.T) {
	good := result{edit: "an edit", selected: 2, woken: 2, judgements: 2, find: time.Millisecond, judge: time.Millisecond, otherwise: 1}
	for reason, tc := range map[string]struct {
		change func(*result)
		want   string
	}{
		"as it should be":                    {func(*result) {}, ""},
		"one was left out":                   {func(r *result) { r.missed = 1 }, "1 engagements that the policy selects were not woken"},
		"one was woken for nothing":          {func(r *result) { r.extra = 1 }, "1 engagements were woken that the policy selects neither before nor after"},
		"one that sleeps is wrong by now":    {func(r *result) { r.asleep = 1 }, "says something else of 1 engagements that were not woken"},
		"an edit of nothing shows nothing":   {func(r *result) { r.selected, r.woken = 0, 0 }, "selects nothing"},
		"an edit that changes nothing, also": {func(r *result) { r.otherwise = 0 }, "says the same of every engagement"},
	} {
		t.Run(reason, func(t *testing.T) {
			r := good
			tc.change(&r)
			var out strings.Builder
			err := report(&out, []result{r})
			if failed := err != nil; failed != (tc.want != "") || !strings.Contains(out.String(), tc.want) {
				t.Errorf("expected %q, got %v:\n%s", tc.want, err, &out)
			}
		})
	}
}
