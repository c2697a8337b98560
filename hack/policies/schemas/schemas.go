// Package schemas makes JSON schemas of CustomResourceDefinitions, for tools such as kubeconform that check files without
// an API server.
package schemas

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"
)

// Location is what kubeconform is told with -schema-location, in the folder that Write has filled.
const Location = "{{.ResourceKind}}-{{.Group}}-{{.ResourceAPIVersion}}.json"

// Write writes a strict schema into a folder for every kind and version of the CustomResourceDefinitions in another.
// Fields that are not in the CustomResourceDefinition are refused. Rules in CEL are not in a JSON schema: those only an
// API server checks.
func Write(definitions, folder string) error {
	paths, err := filepath.Glob(filepath.Join(definitions, "*.yaml"))
	if err != nil {
		return fmt.Errorf("looking for CustomResourceDefinitions: %w", err)
	}
	if len(paths) == 0 {
		return fmt.Errorf("looking for CustomResourceDefinitions: there are none in %s", definitions)
	}
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return fmt.Errorf("making the folder of the schemas: %w", err)
	}
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("reading a CustomResourceDefinition: %w", err)
		}
		var crd apiextensionsv1.CustomResourceDefinition
		if err := yaml.UnmarshalStrict(content, &crd); err != nil {
			return fmt.Errorf("reading the CustomResourceDefinition %s: %w", path, err)
		}
		for _, version := range crd.Spec.Versions {
			schema, err := Of(&crd, version)
			if err != nil {
				return err
			}
			name := fmt.Sprintf("%s-%s-%s.json", crd.Spec.Names.Singular, crd.Spec.Group, version.Name)
			if err := os.WriteFile(filepath.Join(folder, name), schema, 0o644); err != nil {
				return fmt.Errorf("writing a schema: %w", err)
			}
		}
	}
	return nil
}

// Of is the strict JSON schema of one version of a kind.
func Of(crd *apiextensionsv1.CustomResourceDefinition, version apiextensionsv1.CustomResourceDefinitionVersion) ([]byte, error) {
	content, err := json.Marshal(version.Schema.OpenAPIV3Schema)
	if err != nil {
		return nil, fmt.Errorf("reading the schema of %s: %w", crd.Name, err)
	}
	var schema map[string]any
	if err := json.Unmarshal(content, &schema); err != nil {
		return nil, fmt.Errorf("reading the schema of %s: %w", crd.Name, err)
	}
	properties, ok := schema["properties"].(map[string]any)
	if !ok {
		return nil, fmt.Errorf("reading the schema of %s: it has no properties", crd.Name)
	}
	for property := range properties {
		tighten(properties[property])
	}
	properties["apiVersion"] = map[string]any{"const": crd.Spec.Group + "/" + version.Name}
	properties["kind"] = map[string]any{"const": crd.Spec.Names.Kind}
	properties["metadata"] = map[string]any{"type": "object"}
	schema["required"] = append([]any{"apiVersion", "kind", "metadata"}, list(schema["required"])...)
	schema["additionalProperties"] = false
	schema["$schema"] = "http://json-schema.org/draft-07/schema#"
	return json.MarshalIndent(schema, "", "  ")
}

// tighten refuses fields that a schema does not name, where the API server would drop them, and takes out what is for the
// API server alone.
func tighten(value any) {
	switch value := value.(type) {
	case map[string]any:
		open := value["x-kubernetes-preserve-unknown-fields"] == true
		for key := range value {
			if strings.HasPrefix(key, "x-kubernetes-") {
				delete(value, key)
			}
		}
		if _, named := value["properties"].(map[string]any); named && value["additionalProperties"] == nil && !open {
			value["additionalProperties"] = false
		}
		for _, inner := range value {
			tighten(inner)
		}
	case []any:
		for _, inner := range value {
			tighten(inner)
		}
	}
}

func list(value any) []any {
	items, _ := value.([]any)
	return items
}
