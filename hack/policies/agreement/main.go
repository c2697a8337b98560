// Command agreement runs the policy engines' own command-line tools over the fixtures in test/policies/fixtures, and
// prints a table of how many of them each rule of each engine judges as it must. Run it from the root of the repository:
// make test-policies.
package main

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/longshore-dev/longshore/test/policies/fixtures"
)

// tools are the paths of the command-line tools.
type tools struct {
	gator, conftest, kyverno, kubeconform, kustomize string
}

func main() {
	var t tools
	for name, path := range map[string]*string{
		"gator": &t.gator, "conftest": &t.conftest, "kyverno": &t.kyverno, "kubeconform": &t.kubeconform, "kustomize": &t.kustomize,
	} {
		flag.StringVar(path, name, name, "the path of "+name)
	}
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	agreed, err := run(ctx, t)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	if err != nil || !agreed {
		os.Exit(1)
	}
}

// engine is one tool on one form of the guard rails.
type engine struct {
	name   string
	answer func(context.Context) (fixtures.Answers, error)
}

// run says whether every engine agrees with the manifest of the fixtures, and every tool's own tests pass.
func run(ctx context.Context, t tools) (bool, error) {
	all, err := fixtures.All()
	if err != nil {
		return false, err
	}
	dir, err := os.MkdirTemp("", "longshore-policies-")
	if err != nil {
		return false, fmt.Errorf("making a folder: %w", err)
	}
	defer os.RemoveAll(dir)
	b := bench{tools: t, dir: dir, fixtures: all}

	report := newTable()
	for _, e := range []engine{
		{"Gatekeeper: gator test", b.gatorTest},
		{"Kyverno: kyverno apply", b.kyvernoApply},
		{"Conftest: conftest test", b.conftestTest},
		{"ValidatingAdmissionPolicy: kyverno apply", b.kyvernoApplyNative},
	} {
		answers, err := e.answer(ctx)
		if err != nil {
			return false, fmt.Errorf("%s: %w", e.name, err)
		}
		report.judged(e.name, all, answers)
	}
	for _, check := range []struct {
		name string
		run  func(context.Context) (string, error)
	}{
		{"Gatekeeper: gator verify, updates", b.gatorVerify},
		{"Conftest: conftest verify, its own tests", b.conftestVerify},
		{"kubeconform: schemas, fixtures", b.schemasOfFixtures},
		{"kubeconform: schemas, samples", b.schemasOfSamples},
	} {
		what, err := check.run(ctx)
		if err != nil {
			return false, fmt.Errorf("%s: %w", check.name, err)
		}
		report.checked(check.name, what)
	}
	return report.print(), nil
}

// table is what is printed at the end.
type table struct {
	rows, checks []string
	differences  []string
}

func newTable() *table {
	var header []string
	for _, policy := range fixtures.Policies {
		header = append(header, strings.TrimPrefix(policy, "longshore-"))
	}
	return &table{rows: []string{"engine\t" + strings.Join(header, "\t")}}
}

func (t *table) judged(engine string, all []fixtures.Fixture, answers fixtures.Answers) {
	row := []string{engine}
	for _, policy := range fixtures.Policies {
		differences := fixtures.Differences(all, policy, answers)
		row = append(row, fmt.Sprintf("%d/%d", len(all)-len(differences), len(all)))
		for _, fixture := range slices.Sorted(maps.Keys(differences)) {
			t.differences = append(t.differences, engine+": "+differences[fixture])
		}
	}
	t.rows = append(t.rows, strings.Join(row, "\t"))
}

func (t *table) checked(name, what string) { t.checks = append(t.checks, name+"\t"+what) }

// print prints the table, and says whether everything agrees.
func (t *table) print() bool {
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, strings.Join(t.rows, "\n"))
	fmt.Fprintln(out)
	fmt.Fprintln(out, strings.Join(t.checks, "\n"))
	out.Flush()
	for _, difference := range t.differences {
		fmt.Fprintln(os.Stderr, difference)
	}
	return len(t.differences) == 0
}
