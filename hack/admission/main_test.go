package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

const root = "../.."

func rendered(t *testing.T) []file {
	t.Helper()
	files, err := render()
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestThePoliciesAreFresh(t *testing.T) {
	want, got := map[string]string{}, map[string]string{}
	for _, f := range rendered(t) {
		want[f.path] = string(f.content)
	}
	dir := filepath.Join(root, folder)
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		got[strings.TrimPrefix(path, dir+"/")] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s is not what is generated: run make generate-admission (-want +got):\n%s", folder, diff)
	}
}

func TestTheOperatorKnowsThePoliciesAsTheyShip(t *testing.T) {
	want, err := fingerprints(validating())
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(root, shipped))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s is not what is generated: run make generate-admission (-want +got):\n%s", shipped, diff)
	}
}

// objects returns what is rendered for one kind, read as strictly as the API server can.
func objects[T any](t *testing.T, kind string) map[string]T {
	t.Helper()
	found := map[string]T{}
	for _, f := range rendered(t) {
		documents := utilyaml.NewDocumentDecoder(io.NopCloser(bytes.NewReader(f.content)))
		for {
			document := make([]byte, len(f.content))
			n, err := documents.Read(document)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			var meta struct {
				Kind     string
				Metadata struct{ Name string }
			}
			if err := yaml.Unmarshal(document[:n], &meta); err != nil {
				t.Fatalf("%s is no YAML: %v", f.path, err)
			}
			if meta.Kind != kind {
				continue
			}
			var object T
			if err := yaml.UnmarshalStrict(document[:n], &object); err != nil {
				t.Fatalf("%s has what a %s has not: %v", f.path, kind, err)
			}
			found[meta.Metadata.Name] = object
		}
	}
	if len(found) == 0 {
		t.Fatalf("there should be a %s", kind)
	}
	return found
}

func TestEveryValidatingPolicyFailsClosed(t *testing.T) {
	bindings := objects[admissionregistrationv1.ValidatingAdmissionPolicyBinding](t, "ValidatingAdmissionPolicyBinding")
	for name, policy := range objects[admissionregistrationv1.ValidatingAdmissionPolicy](t, "ValidatingAdmissionPolicy") {
		if policy.Spec.FailurePolicy == nil || *policy.Spec.FailurePolicy != admissionregistrationv1.Fail {
			t.Errorf("%s should have failurePolicy Fail", name)
		}
		binding := bindings[name]
		want := admissionregistrationv1.ValidatingAdmissionPolicyBindingSpec{
			PolicyName: name, ValidationActions: []admissionregistrationv1.ValidationAction{admissionregistrationv1.Deny},
		}
		if diff := cmp.Diff(want, binding.Spec); diff != "" {
			t.Errorf("the binding of %s should deny whatever it refuses (-want +got):\n%s", name, diff)
		}
	}
}

func TestEveryMutatingPolicyIsBackedByAValidatingOne(t *testing.T) {
	validating := objects[admissionregistrationv1.ValidatingAdmissionPolicy](t, "ValidatingAdmissionPolicy")
	bindings := objects[admissionregistrationv1.MutatingAdmissionPolicyBinding](t, "MutatingAdmissionPolicyBinding")
	for name := range objects[admissionregistrationv1.MutatingAdmissionPolicy](t, "MutatingAdmissionPolicy") {
		if _, ok := validating[name]; !ok {
			t.Errorf("what %s fails to fill in should be refused by a validating policy of the same name", name)
		}
		if bindings[name].Spec.PolicyName != name {
			t.Errorf("%s should be bound", name)
		}
	}
}

func TestEveryRefusalNamesItsRule(t *testing.T) {
	rule := regexp.MustCompile(`^[a-z]+(-[a-z]+)*: `)
	for name, policy := range objects[admissionregistrationv1.ValidatingAdmissionPolicy](t, "ValidatingAdmissionPolicy") {
		for _, v := range policy.Spec.Validations {
			said := rule.FindString(v.Message)
			if said == "" {
				t.Errorf("%s should begin its message with the name of a rule: %q", name, v.Message)
			}
			if v.MessageExpression != "" && !strings.HasPrefix(v.MessageExpression, "'"+said) {
				t.Errorf("%s should name the rule %q in the messageExpression too: %s", name, said, v.MessageExpression)
			}
			if v.Reason == nil {
				t.Errorf("%s should say whether %q is Forbidden or Invalid", name, said)
			}
		}
	}
}

func TestGrantIsAskedForAsManyProfilesAsAnEngagementMayList(t *testing.T) {
	content, err := os.ReadFile(filepath.Join(root, "config", "crd", "bases", "gig.longshore.dev_engagements.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var crd apiextensionsv1.CustomResourceDefinition
	if err := yaml.Unmarshal(content, &crd); err != nil {
		t.Fatal(err)
	}
	for _, version := range crd.Spec.Versions {
		access := version.Schema.OpenAPIV3Schema.Properties["spec"].Properties["access"]
		if access.MaxItems == nil || *access.MaxItems != maxProfiles {
			t.Errorf("an Engagement of %s should list at most %d profiles; its schema says %s", version.Name, maxProfiles, maxItems(access))
		}
	}
}

func maxItems(schema apiextensionsv1.JSONSchemaProps) string {
	if schema.MaxItems == nil {
		return "as many as one likes"
	}
	return fmt.Sprint(*schema.MaxItems)
}
