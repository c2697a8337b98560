package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/longshore-dev/longshore/test/policies/fixtures"
)

// gatorTest tries the constraints of Gatekeeper.
func (b bench) gatorTest(ctx context.Context) (fixtures.Answers, error) {
	templates, err := b.build(ctx, policyFolder+"/gatekeeper/templates")
	if err != nil {
		return nil, err
	}
	constraints, err := b.build(ctx, parameterFolder+"/gatekeeper")
	if err != nil {
		return nil, err
	}
	policies, err := b.write("gatekeeper.yaml", append(templates, constraints...)...)
	if err != nil {
		return nil, err
	}
	args := []string{"test", "--output=json", "--filename=" + policies}
	for _, path := range b.paths() {
		args = append(args, "--filename="+path)
	}
	said, err := output(ctx, b.gator, args...)
	if err != nil {
		return nil, err
	}
	type object struct {
		Metadata struct {
			Name string `json:"name"`
		} `json:"metadata"`
	}
	var violations []struct {
		Message         string `json:"msg"`
		Constraint      object `json:"constraint"`
		ViolatingObject object `json:"violatingObject"`
	}
	if err := decode(said, &violations); err != nil {
		return nil, err
	}
	answers := fixtures.Answers{}
	for _, v := range violations {
		answers.Add(v.ViolatingObject.Metadata.Name, v.Constraint.Metadata.Name, v.Message)
	}
	return answers, nil
}

// conftestTest tries the Rego.
func (b bench) conftestTest(ctx context.Context) (fixtures.Answers, error) {
	args := []string{"test", "--output=json", "--policy=" + policyFolder + "/conftest/policy", "--data=" + parameterFolder + "/conftest"}
	said, err := output(ctx, b.conftest, append(args, b.paths()...)...)
	if err != nil {
		return nil, err
	}
	var results []struct {
		Filename string `json:"filename"`
		Failures []struct {
			Message  string `json:"msg"`
			Metadata struct {
				Query string `json:"query"`
			} `json:"metadata"`
		} `json:"failures"`
	}
	if err := decode(said, &results); err != nil {
		return nil, err
	}
	if len(results) != len(b.fixtures) {
		return nil, fmt.Errorf("conftest looked at %d of the %d fixtures", len(results), len(b.fixtures))
	}
	answers := fixtures.Answers{}
	for _, result := range results {
		f, err := b.byPath(result.Filename)
		if err != nil {
			return nil, err
		}
		for _, failure := range result.Failures {
			policy := strings.ReplaceAll(strings.TrimPrefix(failure.Metadata.Query, "data.main.deny_"), "_", "-")
			answers.Add(f.Name, policy, failure.Message)
		}
	}
	return answers, nil
}

// kyvernoApply tries the ValidatingPolicies of Kyverno.
func (b bench) kyvernoApply(ctx context.Context) (fixtures.Answers, error) {
	objects, err := b.build(ctx, parameterFolder+"/kyverno")
	if err != nil {
		return nil, err
	}
	configMaps, policies := split(objects)
	// What resource.Get finds is what stands in a Context.
	parameters, err := b.write("kyverno-context.yaml", map[string]any{
		"apiVersion": "cli.kyverno.io/v1alpha1", "kind": "Context",
		"metadata": map[string]any{"name": "parameters"}, "spec": map[string]any{"resources": configMaps},
	})
	if err != nil {
		return nil, err
	}
	return b.apply(ctx, "kyverno.yaml", policies, "--context-file="+parameters)
}

// kyvernoApplyNative tries the ValidatingAdmissionPolicies, which the API server evaluates in the tests too.
func (b bench) kyvernoApplyNative(ctx context.Context) (fixtures.Answers, error) {
	objects, err := b.build(ctx, parameterFolder+"/vap")
	if err != nil {
		return nil, err
	}
	configMaps, policies := split(objects)
	parameters, err := b.write("parameters.yaml", configMaps...)
	if err != nil {
		return nil, err
	}
	return b.apply(ctx, "admission.yaml", policies, "--parameter-resource="+parameters)
}

func (b bench) apply(ctx context.Context, name string, policies []map[string]any, args ...string) (fixtures.Answers, error) {
	path, err := b.write(name, policies...)
	if err != nil {
		return nil, err
	}
	args = append([]string{"apply", path, "--policy-report", "--output-format=json", "--crd-paths=" + definitions + "/gig.longshore.dev_engagements.yaml"}, args...)
	for _, path := range b.paths() {
		args = append(args, "--resource="+path)
	}
	said, err := output(ctx, b.kyverno, args...)
	if err != nil {
		return nil, err
	}
	var report struct {
		Results []struct {
			Policy    string `json:"policy"`
			Result    string `json:"result"`
			Message   string `json:"message"`
			Resources []struct {
				Name string `json:"name"`
			} `json:"resources"`
		} `json:"results"`
	}
	if err := decode(said, &report); err != nil {
		return nil, err
	}
	if want := len(b.fixtures) * len(fixtures.Policies); len(report.Results) != want {
		return nil, fmt.Errorf("kyverno gave %d results of %d", len(report.Results), want)
	}
	answers := fixtures.Answers{}
	for _, result := range report.Results {
		if result.Result == "pass" {
			continue
		}
		for _, resource := range result.Resources {
			answers.Add(resource.Name, result.Policy, result.Message)
		}
	}
	return answers, nil
}
