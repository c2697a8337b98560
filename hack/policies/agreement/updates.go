package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/longshore-dev/longshore/test/policies/fixtures"
)

// gatorVerify tries the updates: requests with an engagement as it was, by a suite that is written for gator.
func (b bench) gatorVerify(ctx context.Context) (string, error) {
	updates, err := fixtures.Updates()
	if err != nil {
		return "", err
	}
	requests := make([]string, 0, len(updates))
	for n, update := range updates {
		name := fmt.Sprintf("update-%d.yaml", n)
		if _, err := b.write(name, review(update)); err != nil {
			return "", err
		}
		requests = append(requests, name)
	}
	templates, err := b.build(ctx, policyFolder+"/gatekeeper/templates")
	if err != nil {
		return "", err
	}
	constraints, err := b.build(ctx, parameterFolder+"/gatekeeper")
	if err != nil {
		return "", err
	}
	var tests []any
	for _, policy := range fixtures.Policies {
		test, err := b.gatorSuite(policy, templates, constraints, updates, requests)
		if err != nil {
			return "", err
		}
		tests = append(tests, test)
	}
	suite, err := b.write("suite.yaml", map[string]any{"apiVersion": "test.gatekeeper.sh/v1alpha1", "kind": "Suite", "tests": tests})
	if err != nil {
		return "", err
	}
	if _, err := succeeding(ctx, b.gator, "verify", suite); err != nil {
		return "", err
	}
	cases := len(updates) * len(tests)
	return fmt.Sprintf("%d/%d", cases, cases), nil
}

// gatorSuite is the part of the suite for one policy. Paths in it are relative to the suite.
func (b bench) gatorSuite(policy string, templates, constraints []map[string]any, updates []fixtures.Update, requests []string) (map[string]any, error) {
	var cases []any
	for n, update := range updates {
		violations := "no"
		if slices.Contains(update.RefusedBy, policy) {
			violations = "yes"
		}
		cases = append(cases, map[string]any{"name": update.Name, "object": requests[n], "assertions": []any{map[string]any{"violations": violations}}})
	}
	files := map[string]string{}
	for part, objects := range map[string][]map[string]any{"template": templates, "constraint": constraints} {
		object, err := named(objects, policy)
		if err != nil {
			return nil, err
		}
		files[part] = part + "-" + policy + ".yaml"
		if _, err := b.write(files[part], object); err != nil {
			return nil, err
		}
	}
	return map[string]any{"name": policy, "template": files["template"], "constraint": files["constraint"], "cases": cases}, nil
}

// named finds the object of a policy. The name of a template is that of its kind, without hyphens.
func named(objects []map[string]any, policy string) (map[string]any, error) {
	for _, object := range objects {
		metadata, _ := object["metadata"].(map[string]any)
		if name := metadata["name"]; name == policy || name == strings.ReplaceAll(policy, "-", "") {
			return object, nil
		}
	}
	return nil, fmt.Errorf("there is nothing of %s", policy)
}

// review is the request that an update makes.
func review(update fixtures.Update) map[string]any {
	return map[string]any{
		"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
		"request": map[string]any{
			"uid": "1", "operation": "UPDATE", "name": update.New.GetName(), "namespace": update.New.GetNamespace(),
			"kind":   map[string]any{"group": "gig.longshore.dev", "version": "v1alpha1", "kind": "Engagement"},
			"object": update.New.Object, "oldObject": update.Old.Object,
		},
	}
}
