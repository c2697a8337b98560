package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/longshore-dev/longshore/controllers/metrics"
)

func TestConditionsAreReadOffTheirComments(t *testing.T) {
	groups, err := readGroups([]byte(`package p

// Reasons of Stalled, and of others.
const (
	// ReasonLate: it is late,
	// and was due.
	ReasonLate = "Late"
)
`))
	if err != nil {
		t.Fatalf("expected the file to be read, got: %v", err)
	}
	want := []group{{doc: "Reasons of Stalled, and of others.", rows: []row{{value: "Late", meaning: "It is late, and was due."}}}}
	if diff := cmp.Diff(want, groups, cmp.AllowUnexported(group{}, row{})); diff != "" {
		t.Errorf("expected another table (-expected +got):\n%s", diff)
	}
}

func TestAConstantWithoutAMeaningIsAnError(t *testing.T) {
	for reason, source := range map[string]string{
		"no comment":                     "const (\n\tReasonLate = \"Late\"\n)",
		"a comment about something else": "const (\n\t// ReasonEarly: it is early.\n\tReasonLate = \"Late\"\n)",
		"an empty meaning":               "const (\n\t// ReasonLate:\n\tReasonLate = \"Late\"\n)",
		"no string":                      "const (\n\t// ReasonLate: it is late.\n\tReasonLate = 1 + 1\n)",
	} {
		t.Run(reason, func(t *testing.T) {
			if _, err := readGroups([]byte("package p\n" + source)); err == nil || !strings.Contains(err.Error(), "ReasonLate") {
				t.Errorf("expected an error that names ReasonLate, got: %v", err)
			}
		})
	}
}

func TestTheConditionsOfTheAPICanBeWrittenDown(t *testing.T) {
	source, err := os.ReadFile(filepath.Join("..", "..", conditions))
	if err != nil {
		t.Fatalf("reading the conditions: %v", err)
	}
	groups, err := readGroups(source)
	if err != nil {
		t.Fatalf("expected every condition to have its meaning, got: %v", err)
	}
	if page := conditionsPage(groups); !strings.Contains(page, "| `Stalled` |") || !strings.Contains(page, "| `AccessExpired` |") {
		t.Errorf("expected the page to have rows for Stalled and AccessExpired, got:\n%s", page)
	}
}

func TestThePageOfMetricsHasARowForEach(t *testing.T) {
	page := metricsPage(metrics.Definitions(), metrics.Events())
	for _, d := range metrics.Definitions() {
		if !strings.Contains(page, "| `"+d.Name+"` | "+d.Type+" |") {
			t.Errorf("expected a row for %s", d.Name)
		}
	}
	for _, e := range metrics.Events() {
		if !strings.Contains(page, "| `"+e.Reason+"` |") {
			t.Errorf("expected a row for %s", e.Reason)
		}
	}
}

// Every replica exports its metrics, and one that is restarted begins a new series: without a sum over them an alert comes twice, or begins to count anew.
func TestAlertsAreOfMetricsThatExistWhateverReplicaExportsThem(t *testing.T) {
	file, err := os.ReadFile(filepath.Join("..", "..", "config", "prometheus", "rules.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var rules struct {
		Spec struct {
			Groups []struct {
				Rules []struct{ Alert, Expr string }
			}
		}
	}
	if err := yaml.Unmarshal(file, &rules); err != nil {
		t.Fatalf("reading the alerts: %v", err)
	}
	defined := map[string]bool{}
	for _, d := range metrics.Definitions() {
		defined[d.Name] = true
	}
	named := regexp.MustCompile(`longshore_[a-z_]+`)
	read := 0
	for _, group := range rules.Spec.Groups {
		for _, rule := range group.Rules {
			for _, name := range named.FindAllString(rule.Expr, -1) {
				read++
				if !defined[name] {
					t.Errorf("alert %s is of %s, which Longshore does not export", rule.Alert, name)
				}
				if !strings.HasPrefix(rule.Expr, "max") && !strings.HasPrefix(rule.Expr, "sum") {
					t.Errorf("alert %s is of each replica's %s by itself, expected max or sum over the replicas: %s", rule.Alert, name, rule.Expr)
				}
			}
		}
	}
	if read < 4 {
		t.Errorf("the alerts name %d metrics of Longshore, expected those of access and of pools at least", read)
	}
}

func TestACellCannotBreakItsTable(t *testing.T) {
	if got, want := table([]string{"a"}, [][]string{{"x|y"}}), "| a |\n|---|\n| x\\|y |\n"; got != want {
		t.Errorf("expected %q, got %q", want, got)
	}
}
