package assignment

import (
	"os"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/longshore-dev/longshore/hack/cluster/clustertest"
)

func TestTheAPIServerTakesTheYAMLOfTheGuide(t *testing.T) {
	g := NewWithT(t)
	namespace := clustertest.Namespace(t, shared)
	api, err := client.New(shared.RESTConfig(), client.Options{})
	g.Expect(err).NotTo(HaveOccurred())
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
			o.SetNamespace(namespace)
			g.Expect(api.Create(t.Context(), o, client.FieldValidation("Strict"))).To(Succeed(), document)
			taken++
		}
	}
	g.Expect(taken).To(Equal(5), "objects in the guide")
}
