package policies

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/longshore-dev/longshore/test/policies/fixtures"
)

// regoGuard is what Conftest runs: the rules of the package main.
type regoGuard struct{ query rego.PreparedEvalQuery }

// compileRego compiles the Rego with the data of a folder; without a folder there is none.
func compileRego(t *testing.T, data string) regoGuard {
	t.Helper()
	g := NewWithT(t)
	store := map[string]any{}
	if data != "" {
		content, err := os.ReadFile(filepath.Join(data, "parameters.yaml"))
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(yaml.UnmarshalStrict(content, &store)).To(Succeed())
	}
	options := []func(*rego.Rego){rego.Query("data.main"), rego.Store(inmem.NewFromObject(store))}
	modules, err := filepath.Glob(filepath.Join(shipped, "conftest", "policy", "*.rego"))
	g.Expect(err).NotTo(HaveOccurred())
	for _, path := range modules {
		if strings.HasSuffix(path, "_test.rego") {
			continue
		}
		content, err := os.ReadFile(path)
		g.Expect(err).NotTo(HaveOccurred())
		options = append(options, rego.Module(path, string(content)))
	}
	query, err := rego.New(options...).PrepareForEval(t.Context())
	g.Expect(err).NotTo(HaveOccurred(), "the Rego should compile")
	return regoGuard{query}
}

// judge returns the messages by policy.
func (r regoGuard) judge(t *testing.T, object *unstructured.Unstructured) map[string]string {
	t.Helper()
	g := NewWithT(t)
	results, err := r.query.Eval(t.Context(), rego.EvalInput(object.Object))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(results).To(HaveLen(1))
	rules, ok := results[0].Expressions[0].Value.(map[string]any)
	g.Expect(ok).To(BeTrue(), "the package main has rules")
	answers := fixtures.Answers{}
	for rule, said := range rules {
		refusals, ok := said.([]any)
		g.Expect(ok).To(BeTrue(), "%s is a set of messages", rule)
		for _, refusal := range refusals {
			message, ok := refusal.(string)
			g.Expect(ok).To(BeTrue(), "%s says text", rule)
			answers.Add("", strings.ReplaceAll(strings.TrimPrefix(rule, "deny_"), "_", "-"), message)
		}
	}
	return answers[""]
}

func TestTheRegoJudgesEveryFixtureAsTheManifestSays(t *testing.T) {
	agree(t, compileRego(t, parameters+"/conftest"))
}

func TestTheRegoPassesTheSamplesByItsDefaults(t *testing.T) {
	judgeSamples(t, compileRego(t, shipped+"/conftest/data"))
}

func TestTheRegoPassesNothingWithoutParameters(t *testing.T) {
	g := NewWithT(t)
	without := compileRego(t, "")
	for _, f := range all {
		said := without.judge(t, f.Object)
		for _, policy := range fixtures.Policies {
			g.Expect(said[policy]).To(ContainSubstring("missing or malformed"), "%s of %s", policy, f.Name)
		}
	}
}

// As the data for Conftest would have them: the right values under a key that no rule reads.
func TestTheRegoPassesNothingByMisspeltParameters(t *testing.T) {
	g := NewWithT(t)
	folder := t.TempDir()
	content, err := yaml.Marshal(map[string]any{"guardrails": map[string]any{
		"longshore-budget-cap":          map[string]any{"Others": []any{map[string]any{"currency": "USD", "amount": "25000"}}},
		"longshore-forbidden-profile":   map[string]any{"Everywhere": []string{"break-glass-*"}},
		"longshore-mandatory-scorecard": map[string]any{"longer-than": "720h", "workerTypes": []string{}},
		"longshore-maximum-length":      map[string]any{"other": "8760h"},
		"longshore-required-intake":     map[string]any{"Fields": []string{"costCenter"}, "labels": []string{}},
	}})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(os.WriteFile(filepath.Join(folder, "parameters.yaml"), content, 0o600)).To(Succeed())
	said := compileRego(t, folder).judge(t, passing(t))
	for _, policy := range fixtures.Policies {
		g.Expect(said[policy]).To(ContainSubstring("missing or malformed"), "%s should not take a misspelt key for nothing to judge by", policy)
	}
}
