package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/longshore-dev/longshore/hack/policies/schemas"
)

// conftestVerify runs the tests that are written in Rego.
func (b bench) conftestVerify(ctx context.Context) (string, error) {
	said, err := succeeding(ctx, b.conftest, "verify", "--no-color", "--policy="+policyFolder+"/conftest/policy", "--data="+policyFolder+"/conftest/data")
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(said), nil
}

// schemasOfFixtures has kubeconform judge the fixtures by the schemas of the CustomResourceDefinitions.
func (b bench) schemasOfFixtures(ctx context.Context) (string, error) {
	resources, err := b.conform(ctx, b.paths()...)
	if err != nil {
		return "", err
	}
	if len(resources) != len(b.fixtures) {
		return "", fmt.Errorf("kubeconform looked at %d of the %d fixtures", len(resources), len(b.fixtures))
	}
	for _, resource := range resources {
		f, err := b.byPath(resource.Filename)
		if err != nil {
			return "", err
		}
		want := "statusValid"
		if f.SchemaRefuses {
			want = "statusInvalid"
		}
		if resource.Status != want {
			return "", fmt.Errorf("%s should be %s, and is %s: %s", f.Path, want, resource.Status, resource.Message)
		}
	}
	return fmt.Sprintf("%d/%d", len(resources), len(resources)), nil
}

// schemasOfSamples has kubeconform judge the samples. Kinds of Kubernetes itself are left to the API server.
func (b bench) schemasOfSamples(ctx context.Context) (string, error) {
	resources, err := b.conform(ctx, "-ignore-missing-schemas", "config/samples")
	if err != nil {
		return "", err
	}
	valid := 0
	for _, resource := range resources {
		switch resource.Status {
		case "statusValid":
			valid++
		case "statusSkipped":
			if strings.HasPrefix(resource.Version, "gig.longshore.dev/") {
				return "", fmt.Errorf("%s: there is no schema of %s", resource.Filename, resource.Kind)
			}
		default:
			return "", fmt.Errorf("%s, %s %s: %s", resource.Filename, resource.Kind, resource.Name, resource.Message)
		}
	}
	if valid == 0 {
		return "", fmt.Errorf("kubeconform found nothing to judge in config/samples")
	}
	return fmt.Sprintf("%d/%d", valid, valid), nil
}

// resource is what kubeconform says of one object.
type resource struct {
	Filename string `json:"filename"`
	Kind     string `json:"kind"`
	Name     string `json:"name"`
	Version  string `json:"version"`
	Status   string `json:"status"`
	Message  string `json:"msg"`
}

func (b bench) conform(ctx context.Context, args ...string) ([]resource, error) {
	folder := filepath.Join(b.dir, "schemas")
	if err := schemas.Write(definitions, folder); err != nil {
		return nil, err
	}
	args = append([]string{"-strict", "-verbose", "-output=json", "-schema-location=" + filepath.Join(folder, schemas.Location)}, args...)
	said, err := output(ctx, b.kubeconform, args...)
	if err != nil {
		return nil, err
	}
	var report struct {
		Resources []resource `json:"resources"`
	}
	return report.Resources, decode(said, &report)
}
