package assignment

import (
	"context"
	"os"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

func TestTheAPIServerTakesTheYAMLOfTheGuide(t *testing.T) {
	g := NewWithT(t)
	stage := plane.Open(t, func(context.Context, ctrl.Manager) error { return nil })
	guide, err := os.ReadFile("../../docs/guides/assignments.md")
	g.Expect(err).NotTo(HaveOccurred())
	taken := 0
	for i, block := range strings.Split(string(guide), "```yaml\n") {
		if i == 0 {
			continue
		}
		block, _, _ = strings.Cut(block, "```")
		for _, document := range strings.Split(block, "---\n") {
			o := &unstructured.Unstructured{}
			g.Expect(yaml.UnmarshalStrict([]byte(document), o)).To(Succeed(), document)
			o.SetNamespace(stage.Namespace)
			g.Expect(stage.API.Create(t.Context(), o, client.FieldValidation("Strict"))).To(Succeed(), document)
			taken++
		}
	}
	g.Expect(taken).To(Equal(5), "objects in the guide")
}
