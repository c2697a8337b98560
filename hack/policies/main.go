// Command policies generates config/policies: the guard rails for engagements, for each policy engine. Run it from the
// root of the repository. The Rego for Conftest, in config/policies/conftest/policy, is written by hand.
//
// With -schemas it writes JSON schemas of Longshore's kinds into a folder instead, for kubeconform and for editors.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/longshore-dev/longshore/hack/policies/schemas"
)

const (
	folder      = "config/policies"
	definitions = "config/crd/bases"
)

func main() {
	into := flag.String("schemas", "", "write JSON schemas into this folder, and nothing else")
	flag.Parse()
	if err := run(*into); err != nil {
		fmt.Fprintln(os.Stderr, "generating the guard rails:", err)
		os.Exit(1)
	}
}

func run(into string) error {
	if into != "" {
		return schemas.Write(definitions, into)
	}
	return generate(folder)
}

// generate replaces what is generated; what is beside it stays.
func generate(folder string) error {
	files, err := render()
	if err != nil {
		return err
	}
	for _, generated := range []string{"conftest/data", "gatekeeper", "kyverno", "parameters", "vap"} {
		if err := os.RemoveAll(filepath.Join(folder, generated)); err != nil {
			return fmt.Errorf("removing what was generated before: %w", err)
		}
	}
	for _, file := range files {
		path := filepath.Join(folder, file.path)
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			return fmt.Errorf("making a folder: %w", err)
		}
		if err := os.WriteFile(path, file.content, 0o644); err != nil {
			return fmt.Errorf("writing %s: %w", path, err)
		}
	}
	return nil
}

// file is a generated file, by its path in the folder.
type file struct {
	path    string
	content []byte
}

// render renders every rule for every engine, and a kustomization for each folder.
func render() ([]file, error) {
	names := make([]string, 0, len(rules))
	var files []file
	for _, r := range rules {
		names = append(names, r.fileName())
		for folder, documents := range map[string][]any{
			"parameters":             {r.configMap()},
			"vap":                    append([]any{r.admissionPolicy()}, r.admissionBindings()...),
			"kyverno":                {r.kyvernoPolicy()},
			"gatekeeper/templates":   {r.constraintTemplate()},
			"gatekeeper/constraints": {r.constraint()},
		} {
			content, err := encode(r.comments(folder), documents...)
			if err != nil {
				return nil, fmt.Errorf("rendering %s for %s: %w", r.name, folder, err)
			}
			files = append(files, file{path: filepath.Join(folder, r.fileName()), content: content})
		}
	}
	data, err := encode(conftestComment, conftestData())
	if err != nil {
		return nil, fmt.Errorf("rendering the data for Conftest: %w", err)
	}
	return append(files,
		file{path: "conftest/data/parameters.yaml", content: data},
		kustomization("parameters", parametersComment, names...),
		kustomization("vap", admissionComment, append([]string{"../parameters"}, names...)...),
		kustomization("kyverno", kyvernoComment, append([]string{"../parameters"}, names...)...),
		kustomization("gatekeeper/templates", templatesComment, names...),
		kustomization("gatekeeper/constraints", constraintsComment, names...),
	), nil
}
