package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/longshore-dev/longshore/test/policies/fixtures"
)

// Where things are, from the root of the repository.
const (
	fixtureFolder   = "test/policies/fixtures"
	parameterFolder = "test/policies/parameters"
	policyFolder    = "config/policies"
	definitions     = "config/crd/bases"
)

// bench is where the tools are tried.
type bench struct {
	tools
	// dir is for what is only needed now.
	dir      string
	fixtures []fixtures.Fixture
}

// paths of the files of the fixtures.
func (b bench) paths() []string {
	paths := make([]string, 0, len(b.fixtures))
	for _, f := range b.fixtures {
		paths = append(paths, filepath.Join(fixtureFolder, f.Path))
	}
	return paths
}

// byPath finds a fixture by the path of its file.
func (b bench) byPath(path string) (fixtures.Fixture, error) {
	for _, f := range b.fixtures {
		if strings.HasSuffix(path, f.Path) {
			return f, nil
		}
	}
	return fixtures.Fixture{}, fmt.Errorf("%s is none of the fixtures", path)
}

// output runs a tool and returns what it says. Tools that refuse something end with 1, which is no error here.
func output(ctx context.Context, tool string, args ...string) ([]byte, error) {
	command := exec.CommandContext(ctx, tool, args...)
	var out, errs bytes.Buffer
	command.Stdout, command.Stderr = &out, &errs
	err := command.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 1 && out.Len() > 0 {
		return out.Bytes(), nil
	}
	if err != nil {
		return nil, fmt.Errorf("running %s %s: %w\n%s%s", tool, strings.Join(args, " "), err, out.String(), errs.String())
	}
	return out.Bytes(), nil
}

// succeeding runs a tool that is to find nothing wrong.
func succeeding(ctx context.Context, tool string, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, tool, args...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("running %s %s: %w\n%s", tool, strings.Join(args, " "), err, out)
	}
	return string(out), nil
}

// decode reads what a tool says in JSON.
func decode(said []byte, into any) error {
	if err := json.Unmarshal(said, into); err != nil {
		return fmt.Errorf("reading what the tool says: %w\n%s", err, said)
	}
	return nil
}

// build renders a kustomization.
func (b bench) build(ctx context.Context, folder string) ([]map[string]any, error) {
	rendered, err := output(ctx, b.kustomize, "build", folder)
	if err != nil {
		return nil, err
	}
	var objects []map[string]any
	for document := range strings.SplitSeq(string(rendered), "\n---\n") {
		var object map[string]any
		if err := yaml.Unmarshal([]byte(document), &object); err != nil {
			return nil, fmt.Errorf("reading what %s renders to: %w", folder, err)
		}
		objects = append(objects, object)
	}
	return objects, nil
}

// write writes objects into a file of the bench and returns its path.
func (b bench) write(name string, objects ...map[string]any) (string, error) {
	var content bytes.Buffer
	for _, object := range objects {
		document, err := yaml.Marshal(object)
		if err != nil {
			return "", fmt.Errorf("writing %s: %w", name, err)
		}
		content.WriteString("---\n")
		content.Write(document)
	}
	path := filepath.Join(b.dir, name)
	if err := os.WriteFile(path, content.Bytes(), 0o600); err != nil {
		return "", fmt.Errorf("writing %s: %w", name, err)
	}
	return path, nil
}

// split separates the ConfigMaps from the rest.
func split(objects []map[string]any) (configMaps, others []map[string]any) {
	for _, object := range objects {
		if object["kind"] == "ConfigMap" {
			configMaps = append(configMaps, object)
		} else {
			others = append(others, object)
		}
	}
	return configMaps, others
}
