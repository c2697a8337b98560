package checklist

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

var (
	designer = map[string]any{"spec": map[string]any{
		"jurisdiction": "US-CA",
		"skills":       []any{map[string]any{"name": "graphic-design", "level": int64(4)}, map[string]any{"name": "motion", "level": int64(2)}},
		"languages":    []any{"en", "de"},
	}}
	campaign = map[string]any{"spec": map[string]any{
		"title":        "Graphic designer",
		"requirements": map[string]any{"languages": []any{"en"}},
	}}
)

func TestChecksReadWorkerAndEngagement(t *testing.T) {
	tests := []struct {
		expression string
		reason     string
		want       bool
	}{
		{`worker.spec.skills.exists(s, s.name == "graphic-design" && s.level >= 3)`, "a required skill is held", true},
		{`worker.spec.skills.exists_one(s, s.level >= 5)`, "nobody is an expert", false},
		{`engagement.spec.requirements.languages.all(l, l in worker.spec.languages)`, "each language that is asked for is spoken", true},
		{`worker.spec.languages.filter(l, l != "en").size() == 1`, "filter builds a list of its own", true},
		{`has(worker.spec.supplier)`, "an absent field can be asked for", false},
		{`worker.spec.jurisdiction in ["US-CA", "US-NY"]`, "lists of constants are allowed", true},
		{`engagement.spec.title.lowerAscii().startsWith("graphic")`, "the functions on strings are there", true},
		{`worker.spec.skills[0].level > 3.5`, "numbers of different types compare", true},
	}
	for _, tt := range tests {
		check, err := CompileCheck(tt.expression)
		if err != nil {
			t.Errorf("%s does not compile (%s): %v", tt.expression, tt.reason, err)
			continue
		}
		got, err := check.Holds(campaign, designer)
		if err != nil || got != tt.want {
			t.Errorf("%s yields %v, %v; want %v, because %s", tt.expression, got, err, tt.want, tt.reason)
		}
	}
}

func TestChecksThatCannotBeEvaluatedSayWhy(t *testing.T) {
	nested := `worker.l.all(a, worker.l.all(b, worker.l.all(c, worker.l.all(d, a+b+c+d < 1000))))`
	numbers := make([]any, 100)
	for i := range numbers {
		numbers[i] = int64(i)
	}
	tests := []struct {
		name       string
		expression string
		worker     map[string]any
		want       string
	}{
		{"a field that is not there", "worker.spec.rating > 3", designer, "no such key: rating"},
		{"a value that is no truth", "worker.spec.jurisdiction", designer, "must yield true or false"},
		{"an engagement in screening", "engagement.spec.title != ''", designer, "no such key: spec"},
		{"a hundred million comparisons", nested, map[string]any{"l": numbers}, "cost limit exceeded"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			check, err := CompileCheck(tt.expression)
			if err != nil {
				t.Fatalf("%s should compile, its values decide: %v", tt.expression, err)
			}
			if _, err := check.Holds(nil, tt.worker); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s gives %v; the message should say %q", tt.expression, err, tt.want)
			}
		})
	}
}

func TestChecksRefuseWhatTheCostLimitDoesNotBound(t *testing.T) {
	tests := []struct {
		reason     string
		expression string
	}{
		{"each map doubles a list that shares its parts, and == walks them all", "[1]" + strings.Repeat(".map(a, [a, a])", 100) + ".all(x, x == x)"},
		{"types so deep take minutes to check", "[1]" + strings.Repeat(".map(a, [a])", 200) + ".all(x, x == x)"},
		{"a literal with a variable doubles as well", "[1].exists(a, [[a, a]].exists(b, [[b, b]].exists(c, c == c)))"},
		{"so does a variable that hides worker", "[1].exists(worker, [[worker, worker]].exists(b, b == b))"},
		{"and a map", "[1].exists(a, [{'x': a, 'y': a}].exists(b, b == b))"},
		{"replace multiplies a string by a string before anyone counts", "worker.spec.a.replace('a', worker.spec.a) == ''"},
		{"join does too", "worker.spec.l.join(worker.spec.a) == ''"},
	}
	for _, tt := range tests {
		if _, err := CompileCheck(tt.expression); err == nil {
			t.Errorf("CompileCheck accepts %.80s, though %s", tt.expression, tt.reason)
		}
	}
}

func TestCompiledChecksAreSharedSafelyAndForgottenInTime(t *testing.T) {
	var group sync.WaitGroup
	for worker := range 4 {
		group.Go(func() {
			for i := range checkMemory / 2 {
				check, err := CompileCheck(fmt.Sprintf("%d == %d", i, i+worker%2))
				if err != nil {
					t.Errorf("compiling: %v", err)
					return
				}
				if holds, err := check.Holds(nil, nil); err != nil || holds != (worker%2 == 0) {
					t.Errorf("%d == %d yields %v, %v", i, i+worker%2, holds, err)
				}
			}
		})
	}
	group.Wait()
	compiled.mu.Lock()
	defer compiled.mu.Unlock()
	if len(compiled.entries) > checkMemory {
		t.Errorf("%d compiled checks are kept; the memory is bounded by %d", len(compiled.entries), checkMemory)
	}
}
