package policies

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/test/policies/fixtures"
)

// guard is the guard rails in one form.
type guard interface {
	// judge returns the messages of what refuses an engagement that is created, by policy.
	judge(t *testing.T, object *unstructured.Unstructured) map[string]string
}

// agree has a guard judge every fixture.
func agree(t *testing.T, by guard) {
	t.Helper()
	answers := fixtures.Answers{}
	for _, f := range all {
		for policy, message := range by.judge(t, f.Object) {
			answers.Add(f.Name, policy, message)
		}
	}
	for _, policy := range fixtures.Policies {
		for _, difference := range fixtures.Differences(all, policy, answers) {
			t.Error(difference)
		}
	}
}

// agreeOnUpdates has a guard judge every update.
func agreeOnUpdates(t *testing.T, by celGuard) {
	t.Helper()
	for _, u := range update {
		var refused []string
		for policy := range by.judgeUpdate(t, u.Old, u.New) {
			refused = append(refused, policy)
		}
		slices.Sort(refused)
		if !slices.Equal(refused, u.RefusedBy) {
			t.Errorf("%s should be refused by %v, and is by %v", u.Name, u.RefusedBy, refused)
		}
	}
}

// exempt are the samples that the defaults refuse: the shortest engagement that goes its whole way has no intake.
var exempt = map[string][]string{"product-leaflet": {"longshore-required-intake"}}

// judgeSamples has a guard judge the engagements of the samples by the parameters that are shipped.
func judgeSamples(t *testing.T, by guard) {
	t.Helper()
	g := NewWithT(t)
	judged := map[string]bool{}
	for _, folder := range sampleFolders(t) {
		objects, err := plane.Objects(t.Context(), folder)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(objects).NotTo(BeEmpty(), "%s should have something to judge", folder)
		for _, object := range objects {
			if object.GetKind() != "Engagement" {
				continue
			}
			judged[object.GetName()] = true
			var refused []string
			for policy := range by.judge(t, object) {
				refused = append(refused, policy)
			}
			if !slices.Equal(refused, exempt[object.GetName()]) {
				t.Errorf("the sample %s/%s should be refused by %v, and is by %v", object.GetNamespace(), object.GetName(), exempt[object.GetName()], refused)
			}
		}
	}
	g.Expect(len(judged)).To(BeNumerically(">=", 7), "the samples have engagements")
	g.Expect(judged).To(And(HaveKey("spring-campaign"), HaveKey("one-page-checkout")), "the layout of a repository has them in folders of its own")
}

// sampleFolders are the folders that hold manifests, however deep: a kustomization is rendered, and of a folder without one only
// the files in it are read.
func sampleFolders(t *testing.T) []string {
	t.Helper()
	var folders []string
	err := filepath.WalkDir(samples, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		if folder := filepath.Dir(path); filepath.Ext(path) == ".yaml" && !slices.Contains(folders, folder) {
			folders = append(folders, folder)
		}
		return nil
	})
	if err != nil {
		t.Fatalf("walking the samples: %v", err)
	}
	return folders
}

// decodeInto reads what YAML gave as a Go type.
func decodeInto(part, into any) error {
	content, err := json.Marshal(part)
	if err != nil {
		return err
	}
	return json.Unmarshal(content, into)
}

func TestTheEnginesHaveTheSamePolicies(t *testing.T) {
	for _, folder := range []string{"vap", "kyverno", "gatekeeper/constraints", "parameters"} {
		g := NewWithT(t)
		objects, err := plane.Objects(t.Context(), filepath.Join(shipped, folder))
		g.Expect(err).NotTo(HaveOccurred())
		var names []string
		for _, object := range objects {
			names = append(names, strings.TrimSuffix(object.GetName(), onUpdate))
		}
		slices.Sort(names)
		g.Expect(slices.Compact(names)).To(Equal(fixtures.Policies), "the names in %s", folder)
	}
}

// A field that is added to the intake can be required too.
func TestEveryFieldOfTheIntakeCanBeRequired(t *testing.T) {
	g := NewWithT(t)
	template, err := os.ReadFile(filepath.Join(shipped, "gatekeeper", "templates", "required_intake.yaml"))
	g.Expect(err).NotTo(HaveOccurred())
	intake := reflect.TypeFor[v1alpha1.Intake]()
	for i := range intake.NumField() {
		name, _, _ := strings.Cut(intake.Field(i).Tag.Get("json"), ",")
		g.Expect(string(template)).To(ContainSubstring("'"+name+"': string("), "spec.intake.%s", name)
	}
}
