package schemas

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	. "github.com/onsi/gomega"
)

const definitions = "../../../config/crd/bases"

func TestEveryKindHasASchema(t *testing.T) {
	g := NewWithT(t)
	folder := t.TempDir()
	g.Expect(Write(definitions, folder)).To(Succeed())
	kinds, err := filepath.Glob(filepath.Join(definitions, "*.yaml"))
	g.Expect(err).NotTo(HaveOccurred())
	schemas, err := filepath.Glob(filepath.Join(folder, "*-gig.longshore.dev-v1alpha1.json"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(schemas).To(HaveLen(len(kinds)), "one schema for every CustomResourceDefinition")
}

func TestAFieldThatIsNotThereIsRefusedAtEveryDepth(t *testing.T) {
	g := NewWithT(t)
	folder := t.TempDir()
	g.Expect(Write(definitions, folder)).To(Succeed())
	content, err := os.ReadFile(filepath.Join(folder, "engagement-gig.longshore.dev-v1alpha1.json"))
	g.Expect(err).NotTo(HaveOccurred())
	schema := map[string]any{}
	g.Expect(json.Unmarshal(content, &schema)).To(Succeed())

	g.Expect(schema).To(HaveKeyWithValue("additionalProperties", false))
	g.Expect(schema["required"]).To(ContainElements("apiVersion", "kind", "metadata", "spec"))
	for _, path := range [][]string{
		{"spec"}, {"spec", "statementOfWork"}, {"spec", "statementOfWork", "budget"}, {"spec", "intake"}, {"spec", "evaluation", "scorecardRef"},
	} {
		at := schema
		for _, field := range path {
			properties, ok := at["properties"].(map[string]any)
			g.Expect(ok).To(BeTrue(), "%v has properties", path)
			at, ok = properties[field].(map[string]any)
			g.Expect(ok).To(BeTrue(), "%v has the property %s", path, field)
		}
		g.Expect(at).To(HaveKeyWithValue("additionalProperties", false), "a misspelt field in %v", path)
	}
	g.Expect(string(content)).NotTo(ContainSubstring("x-kubernetes-"), "what only an API server knows is left out")
}

func TestAFolderWithoutDefinitionsIsAnError(t *testing.T) {
	NewWithT(t).Expect(Write(t.TempDir(), t.TempDir())).To(MatchError(ContainSubstring("there are none")))
}
