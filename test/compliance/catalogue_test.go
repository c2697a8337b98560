// Package compliance judges the shipped compliance catalogue: every rule of it on either side of where its answer turns.
package compliance

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/yaml"
	sigsyaml "sigs.k8s.io/yaml"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/policy"
)

const catalogue = "../../config/compliance"

// shipped are the policies of the catalogue, decoded strictly, by name, in the order of its files.
func shipped(t *testing.T) []v1alpha1.CompliancePolicy {
	t.Helper()
	var kustomization struct {
		Resources []string `json:"resources"`
	}
	raw, err := os.ReadFile(filepath.Join(catalogue, "kustomization.yaml"))
	if err == nil {
		err = sigsyaml.Unmarshal(raw, &kustomization)
	}
	if err != nil {
		t.Fatalf("reading the catalogue's kustomization: %v", err)
	}
	var policies []v1alpha1.CompliancePolicy
	for _, file := range kustomization.Resources {
		raw, err := os.ReadFile(filepath.Join(catalogue, file))
		if err != nil {
			t.Fatalf("reading a policy: %v", err)
		}
		policies = append(policies, decode(t, file, raw)...)
	}
	return policies
}

// decode reads policies, and fails on a field that the API does not have.
func decode(t *testing.T, file string, raw []byte) []v1alpha1.CompliancePolicy {
	t.Helper()
	var policies []v1alpha1.CompliancePolicy
	documents := yaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(raw)))
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return policies
		}
		if err != nil {
			t.Fatalf("reading %s: %v", file, err)
		}
		var p v1alpha1.CompliancePolicy
		if err := sigsyaml.UnmarshalStrict(document, &p); err != nil {
			t.Fatalf("%s is not a policy: %v", file, err)
		}
		policies = append(policies, p)
	}
}

// the is one policy of the catalogue.
func the(t *testing.T, name string) v1alpha1.CompliancePolicy {
	t.Helper()
	all := shipped(t)
	i := slices.IndexFunc(all, func(p v1alpha1.CompliancePolicy) bool { return p.Name == name })
	if i < 0 {
		t.Fatalf("the catalogue has no policy %s", name)
	}
	return all[i]
}

func TestEveryFileOfTheCatalogueIsInstalled(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(catalogue, "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(catalogue, "kustomization.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		if name != "kustomization.yaml" && !bytes.Contains(raw, []byte("\n- "+name+"\n")) {
			t.Errorf("%s lies in the catalogue's folder, and its kustomization does not install it", name)
		}
	}
}

func TestEveryShippedPolicyCanBeEvaluated(t *testing.T) {
	for _, p := range shipped(t) {
		for _, problem := range policy.Problems(&p.Spec) {
			t.Errorf("%s should be Ready as it is shipped: %s", p.Name, problem)
		}
	}
}

func TestEveryShippedPolicySaysWhatItIsAndWhatNot(t *testing.T) {
	for _, p := range shipped(t) {
		if !strings.HasPrefix(p.Spec.Description, "Not legal advice") {
			t.Errorf("the description of %s should begin by saying that it is not legal advice", p.Name)
		}
		if !strings.Contains(p.Spec.Description, "Does not cover: ") {
			t.Errorf("the description of %s should say what it does not cover", p.Name)
		}
		if p.Spec.Source.Citation == "" || p.Spec.Source.URI == "" && !strings.HasPrefix(p.Spec.Source.Title, "Company policy") {
			t.Errorf("%s should cite its source, with where to read it", p.Name)
		}
		for _, r := range p.Spec.Rules {
			if r.MessageExpression == "" {
				t.Errorf("rule %s of %s should say what to do where it does not hold", r.Name, p.Name)
			}
		}
	}
}

func TestEveryRuleIsJudgedOnBothSides(t *testing.T) {
	type side struct {
		policy, rule string
		holds        bool
	}
	judged := map[side]bool{}
	for _, e := range examples() {
		judged[side{e.policy, e.rule, e.isHeld}] = true
	}
	for _, p := range shipped(t) {
		for _, rule := range demands(&p.Spec) {
			for _, holds := range []bool{true, false} {
				if !judged[side{p.Name, rule, holds}] {
					t.Errorf("%s of %s is in no example that should be judged holds=%t", rule, p.Name, holds)
				}
			}
		}
	}
}

// What a policy asks for beside its rules, as examples name it.
const (
	theDetermination = "determination"
	theTenure        = "tenure"
)

// demands are what a policy asks for: its rules and what stands beside them.
func demands(spec *v1alpha1.CompliancePolicySpec) []string {
	var names []string
	if spec.Determination != nil {
		names = append(names, theDetermination)
	}
	if spec.Tenure != nil {
		names = append(names, theTenure)
	}
	for _, r := range spec.Rules {
		names = append(names, r.Name)
	}
	return names
}
