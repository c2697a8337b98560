package cluster

import (
	"os"
	"path/filepath"
	"testing"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

func TestOneFileMayHoldAKindItsNamespaceAndItsInstances(t *testing.T) {
	g := NewWithT(t)
	g.Expect(shared.Apply(t.Context(), "test", "testdata/everything.yaml")).To(Succeed())

	api := newClient(t, shared.RESTConfig())
	gadget := &unstructured.Unstructured{}
	gadget.SetAPIVersion("example.longshore.dev/v1")
	gadget.SetKind("Gadget")
	g.Expect(api.Get(t.Context(), client.ObjectKey{Namespace: "gadgets", Name: "first"}, gadget)).To(Succeed())
	g.Expect(api.Get(t.Context(), client.ObjectKey{Namespace: "default", Name: "in-a-list"}, &corev1.ConfigMap{})).To(Succeed(),
		"the item of a List without a namespace should be in the default one")

	before := gadget.GetResourceVersion()
	g.Expect(shared.Apply(t.Context(), "test", "testdata/everything.yaml")).To(Succeed(), "applying twice")
	g.Expect(api.Get(t.Context(), client.ObjectKeyFromObject(gadget), gadget)).To(Succeed())
	g.Expect(gadget.GetResourceVersion()).To(Equal(before), "applying the same again should change nothing")
}

func TestAFolderWithAKustomizationIsRendered(t *testing.T) {
	g := NewWithT(t)
	g.Expect(shared.Apply(t.Context(), "test", "testdata/kustomized")).To(Succeed())

	api := newClient(t, shared.RESTConfig())
	g.Expect(api.Get(t.Context(), client.ObjectKey{Namespace: "default", Name: "rendered-plain"}, &corev1.ConfigMap{})).To(Succeed())
}

func TestAConflictIsAnErrorAndNotForced(t *testing.T) {
	g := NewWithT(t)
	dir := t.TempDir()
	write := func(value string) {
		manifest := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: contested, namespace: default}\ndata: {key: " + value + "}\n"
		g.Expect(os.WriteFile(filepath.Join(dir, "contested.yaml"), []byte(manifest), 0o600)).To(Succeed())
	}
	write("first")
	g.Expect(shared.Apply(t.Context(), "one", dir)).To(Succeed())
	write("second")
	err := shared.Apply(t.Context(), "two", dir)
	g.Expect(apierrors.IsConflict(err)).To(BeTrue(), "expected a conflict, got: %v", err)
}

func TestManifestsThatCannotBeAppliedSayWhy(t *testing.T) {
	cases := map[string]struct{ content, want string }{
		"a kind that is not installed": {
			"apiVersion: example.longshore.dev/v1\nkind: Gizmo\nmetadata: {name: x}\n", `no matches for kind "Gizmo"`},
		"a document that is no object": {
			"name: x\n", "a document without apiVersion or kind"},
		"broken YAML": {
			"apiVersion: [", "broken.yaml"},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			path := filepath.Join(t.TempDir(), "broken.yaml")
			g.Expect(os.WriteFile(path, []byte(test.content), 0o600)).To(Succeed())
			g.Expect(shared.Apply(t.Context(), "test", path)).To(MatchError(ContainSubstring(test.want)))
		})
	}
	t.Run("no CustomResourceDefinition where some are expected", func(t *testing.T) {
		NewWithT(t).Expect(shared.InstallCRDs(t.Context(), "testdata/kustomized")).To(MatchError(ContainSubstring("there are none")))
	})
}
