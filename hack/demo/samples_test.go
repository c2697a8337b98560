package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/checklist"
	"github.com/longshore-dev/longshore/controllers/domain/terms"
	"github.com/longshore-dev/longshore/hack/cluster"
	"github.com/longshore-dev/longshore/hack/floor/season"
)

// server is a control plane with Longshore's kinds, for the tests that put the samples before it.
var server *cluster.Cluster

func TestMain(m *testing.M) { os.Exit(runTests(m)) }

func runTests(m *testing.M) int {
	ctx := context.Background()
	var err error
	if server, err = cluster.Start(ctx, cluster.Options{}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := 1
	if err := server.InstallCRDs(ctx, "../../config/crd/bases"); err != nil {
		fmt.Fprintln(os.Stderr, err)
	} else {
		code = m.Run()
	}
	if err := server.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

func sampleFiles(t *testing.T) []string {
	t.Helper()
	var files []string
	for _, pattern := range []string{"../../config/samples/*/*.yaml", "../../config/samples/*/outside/*.yaml"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("expected samples like %s, found %d: %v", pattern, len(found), err)
		}
		files = append(files, found...)
	}
	return files
}

// yamlBlock is a block of YAML in a guide.
var yamlBlock = regexp.MustCompile("(?ms)^```yaml\n(.*?)\n```$")

func TestTheAPIServerTakesTheYAMLOfTheGuides(t *testing.T) {
	ctx := t.Context()
	api, err := client.New(server.RESTConfig(), client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"support", "marketing", "talent", "care"} {
		namespace := &unstructured.Unstructured{}
		namespace.SetAPIVersion("v1")
		namespace.SetKind("Namespace")
		namespace.SetName(name)
		if err := dryRun(ctx, api, namespace); err != nil {
			t.Fatal(err)
		}
	}
	guides, err := filepath.Glob("../../docs/guides/*.md")
	if err != nil || len(guides) == 0 {
		t.Fatalf("expected guides, found %d: %v", len(guides), err)
	}
	for _, guide := range guides {
		text, err := os.ReadFile(guide)
		if err != nil {
			t.Fatal(err)
		}
		for i, block := range yamlBlock.FindAllSubmatch(text, -1) {
			path := filepath.Join(t.TempDir(), "block.yaml")
			if err := os.WriteFile(path, block[1], 0o600); err != nil {
				t.Fatal(err)
			}
			objects, err := server.Objects(ctx, path)
			if err != nil {
				t.Errorf("expected block %d of %s to be readable: %v", i+1, guide, err)
			}
			for _, object := range objects {
				if strings.HasPrefix(object.GetAPIVersion(), "kustomize.config.k8s.io/") {
					continue // kubectl reads it, and sends what it builds of it
				}
				if err := dryRun(ctx, api, object); err != nil {
					t.Errorf("expected block %d of %s to be accepted: %v", i+1, guide, err)
				}
			}
		}
	}
}

// rendered is a copy of a sample with its dates moved, as the demo applies it.
func rendered(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text, err = calendar{from: storyBegins, to: time.Now(), day: 3 * time.Second}.render(text)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), filepath.Base(file))
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTheAPIServerTakesEverySampleAsItIsAndAsTheDemoAppliesIt(t *testing.T) {
	ctx := t.Context()
	api, err := client.New(server.RESTConfig(), client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	// The operator's namespace is there before any sample is.
	if err := server.Apply(ctx, fieldOwner, "../../config/manager/namespace.yaml"); err != nil {
		t.Fatal(err)
	}
	for _, file := range sampleFiles(t) {
		for form, path := range map[string]string{"as it is": file, "with its dates moved": rendered(t, file)} {
			objects, err := server.Objects(ctx, path)
			if err != nil {
				t.Errorf("expected %s to be readable %s: %v", file, form, err)
			}
			for _, object := range objects {
				if err := dryRun(ctx, api, object); err != nil {
					t.Errorf("expected %s to be accepted %s: %v", file, form, err)
				}
			}
		}
	}
}

func TestTheAPIServerTakesAGeneratedFloor(t *testing.T) {
	ctx := t.Context()
	api, err := client.New(server.RESTConfig(), client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	namespace := &unstructured.Unstructured{}
	namespace.SetAPIVersion("v1")
	namespace.SetKind("Namespace")
	namespace.SetName(season.Namespace)
	if err := dryRun(ctx, api, namespace); err != nil {
		t.Fatal(err)
	}
	floor, err := season.Plan(season.Options{Agents: 60, Days: 4, Seed: 3, Namespace: season.Namespace, Start: season.Start})
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	for _, err := range []error{season.WriteYAML(&text, floor.Workers), season.WriteYAML(&text, floor.Engagements), season.WriteYAML(&text, floor.Assignments)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), "floor.yaml")
	if err := os.WriteFile(path, text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	for form, path := range map[string]string{"as it is": path, "with its dates moved": rendered(t, path)} {
		objects, err := server.Objects(ctx, path)
		if err != nil || len(objects) != len(floor.Workers)+len(floor.Engagements)+len(floor.Assignments) {
			t.Fatalf("expected every generated object to be readable %s, got %d: %v", form, len(objects), err)
		}
		for _, object := range objects {
			if err := dryRun(ctx, api, object); err != nil {
				t.Errorf("expected the generated %s to be accepted %s: %v", object.GetName(), form, err)
			}
		}
	}
}

// dryRun applies or creates an object without storing it. Its namespace is stored: without, nothing in it could be tried.
func dryRun(ctx context.Context, api client.Client, object *unstructured.Unstructured) error {
	options := []client.ApplyOption{client.FieldOwner(fieldOwner), client.DryRunAll}
	if object.GetKind() == "Namespace" {
		options = options[:1]
	}
	if object.GetName() == "" { // The server is to find a name, which it does for what is created alone.
		return api.Create(ctx, object, client.DryRunAll)
	}
	return api.Apply(ctx, client.ApplyConfigurationFromUnstructured(object), options...)
}

func TestNoSampleContradictsItself(t *testing.T) {
	scheme, err := newScheme()
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range sampleFiles(t) {
		objects, err := server.Objects(t.Context(), file)
		if err != nil {
			t.Fatal(err)
		}
		for _, object := range objects {
			if typed, err := scheme.New(object.GroupVersionKind()); err == nil {
				if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, typed); err != nil {
					t.Fatalf("reading %s: %v", file, err)
				}
				for _, problem := range problems(t, typed) {
					t.Errorf("expected %s in %s to make sense: %s", object.GetName(), file, problem)
				}
			}
		}
	}
}

func problems(t *testing.T, object runtime.Object) []string {
	t.Helper()
	switch o := object.(type) {
	case *v1alpha1.Checklist:
		if err := checklist.Validate(o.Spec.Steps); err != nil {
			return []string{err.Error()}
		}
	case *v1alpha1.Engagement:
		return terms.Problems(&o.Spec)
	}
	return nil
}

// everyManifest is what the demo applies where nothing is missing on the machine.
func everyManifest() []manifest {
	cases := []storyCase{designer, featureTeam, supportFloor}
	return slices.Concat(grounds(cases), (&outside{directory: &directory{}, database: &database{}}).manifests(), requests(cases), []manifest{replacement})
}

func TestEverySampleFileSaysWhoAppliesIt(t *testing.T) {
	for _, m := range everyManifest() {
		text, err := os.ReadFile(filepath.Join("..", "..", samplesDir, m.path))
		if err != nil {
			t.Fatal(err)
		}
		who := "(" + m.by + ")"
		if m.by == "" {
			who = "the cluster administrator"
		}
		if first, _, _ := strings.Cut(string(text), "\n"); !strings.Contains(first, who) {
			t.Errorf("expected the first line of %s to name %s, who applies it in the demo; it is %q", m.path, who, first)
		}
	}
}

func TestTheDemoAppliesEverySample(t *testing.T) {
	applied := map[string]bool{"minimal/engagement.yaml": true} // for reading
	for _, m := range everyManifest() {
		applied[m.path] = true
	}
	for _, file := range sampleFiles(t) {
		if path := strings.TrimPrefix(filepath.ToSlash(file), "../../"+samplesDir+"/"); !applied[path] {
			t.Errorf("expected the demo to apply %s; name it in cases.go", path)
		}
	}
}
