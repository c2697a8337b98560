package reading_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/longshore-dev/longshore/test/gitops/reading"
)

var update = flag.Bool("update", false, "write the form for argocd-cm, and what actions are expected to make, anew")

// withStatus are the kinds that have a status which somebody may wait for.
var withStatus = []string{"AccessGrant", "AccessProvider", "Assignment", "Checklist", "CompliancePolicy", "Dossier", "Engagement", "TalentPool", "Worker"}

func openArgo(t *testing.T) *reading.Argo {
	t.Helper()
	argo, err := reading.OpenArgo()
	if err != nil {
		t.Fatal(err)
	}
	return argo
}

func read(t *testing.T, path string, into any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err == nil {
		err = yaml.UnmarshalStrict(text, into)
	}
	if err != nil {
		t.Fatalf("reading %s: %v", path, err)
	}
}

func object(t *testing.T, path string) *unstructured.Unstructured {
	t.Helper()
	o := &unstructured.Unstructured{}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := yaml.YAMLToJSON(text)
	if err == nil {
		err = o.UnmarshalJSON(raw)
	}
	if err != nil {
		t.Fatalf("reading %s: %v", path, err)
	}
	return o
}

// The form of health_test.yaml is Argo CD's own, so that the folder can be contributed as it is.
func TestTheHealthScriptsSayOfRealObjectsWhatTheirCasesSay(t *testing.T) {
	argo := openArgo(t)
	kinds, err := argo.Kinds()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(withStatus, kinds); diff != "" {
		t.Errorf("expected customizations for each kind with a status (-expected +there):\n%s", diff)
	}
	for _, kind := range kinds {
		var cases struct {
			Tests []struct {
				HealthStatus reading.Health `json:"healthStatus"`
				InputPath    string         `json:"inputPath"`
			} `json:"tests"`
		}
		read(t, filepath.Join(argo.Dir(kind), "health_test.yaml"), &cases)
		used := map[string]bool{}
		for _, c := range cases.Tests {
			t.Run(kind+" "+c.InputPath, func(t *testing.T) {
				used[filepath.Base(c.InputPath)] = true
				o := object(t, filepath.Join(argo.Dir(kind), c.InputPath))
				if o.GetKind() != kind {
					t.Fatalf("expected a %s, found a %s", kind, o.GetKind())
				}
				health, err := argo.Health(o)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(c.HealthStatus, health); diff != "" {
					t.Errorf("(-expected +found):\n%s", diff)
				}
				if _, err := argo.Check(o); err != nil {
					t.Errorf("kstatus, the script and the table should agree: %v", err)
				}
			})
		}
		files, err := os.ReadDir(filepath.Join(argo.Dir(kind), "testdata"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if !used[f.Name()] {
				t.Errorf("%s of %s is read by no case", f.Name(), kind)
			}
		}
	}
}

func TestTheActionsSayWhenTheyCanBeTakenAndDoWhatTheirCasesSay(t *testing.T) {
	argo := openArgo(t)
	at := time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)
	for _, kind := range []string{"Engagement", "AccessProvider"} {
		dir := filepath.Join(argo.Dir(kind), "actions")
		var cases struct {
			DiscoveryTests []struct {
				InputPath string `json:"inputPath"`
				Result    []struct {
					Name     string `json:"name"`
					Disabled bool   `json:"disabled"`
				} `json:"result"`
			} `json:"discoveryTests"`
			ActionTests []struct {
				Action             string `json:"action"`
				InputPath          string `json:"inputPath"`
				ExpectedOutputPath string `json:"expectedOutputPath"`
			} `json:"actionTests"`
		}
		read(t, filepath.Join(dir, "action_test.yaml"), &cases)
		for _, c := range cases.DiscoveryTests {
			t.Run(kind+" "+c.InputPath, func(t *testing.T) {
				want := map[string]bool{}
				for _, r := range c.Result {
					want[r.Name] = r.Disabled
				}
				found, err := argo.Actions(object(t, filepath.Join(dir, c.InputPath)))
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, found); diff != "" {
					t.Errorf("disabled (-expected +found):\n%s", diff)
				}
			})
		}
		for _, c := range cases.ActionTests {
			t.Run(kind+" "+c.Action+" "+c.InputPath, func(t *testing.T) {
				found, err := argo.Act(object(t, filepath.Join(dir, c.InputPath)), c.Action, at)
				if err != nil {
					t.Fatal(err)
				}
				if *update {
					text, err := yaml.Marshal(found.Object)
					if err == nil {
						err = os.WriteFile(filepath.Join(dir, c.ExpectedOutputPath), text, 0o644)
					}
					if err != nil {
						t.Fatal(err)
					}
				}
				if diff := cmp.Diff(object(t, filepath.Join(dir, c.ExpectedOutputPath)).Object, found.Object); diff != "" {
					t.Errorf("(-expected +found):\n%s", diff)
				}
			})
		}
	}
}

// One script reads them all, so that what is mended in one is mended in each; Argo CD finds a script by its kind.
func TestTheKindsWithConditionsShareOneScript(t *testing.T) {
	argo := openArgo(t)
	first := ""
	for _, kind := range withStatus {
		if kind == "Dossier" {
			continue
		}
		text, err := os.ReadFile(filepath.Join(argo.Dir(kind), "health.lua"))
		if err != nil {
			t.Fatal(err)
		}
		if first == "" {
			first = string(text)
		}
		if diff := cmp.Diff(first, string(text)); diff != "" {
			t.Errorf("the script of %s differs from that of %s:\n%s", kind, withStatus[0], diff)
		}
	}
}

// TestTheFormForArgoCDsConfigMapIsFresh compares config/gitops/argocd/argocd-cm.yaml with the scripts: go test ./test/gitops/reading -run Form -update writes it anew.
func TestTheFormForArgoCDsConfigMapIsFresh(t *testing.T) {
	argo := openArgo(t)
	path := filepath.Join(argo.Dir("."), "..", "..", "argocd-cm.yaml")
	want := configMap(t, argo)
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("argocd-cm.yaml is not what the scripts make; write it anew with -update (-expected +there):\n%s", diff)
	}
}

// configMap is what an installation of Argo CD adds to its own ConfigMap.
func configMap(t *testing.T, argo *reading.Argo) string {
	t.Helper()
	var b strings.Builder
	b.WriteString(`# What Argo CD has to know of Longshore's kinds, to be added to its own ConfigMap: health, and actions.
#
#   kubectl apply --server-side --field-manager=longshore -f config/gitops/argocd/argocd-cm.yaml
#
# adds these keys and leaves all others alone. Made of resource_customizations by
# go test ./test/gitops/reading -run Form -update
apiVersion: v1
kind: ConfigMap
metadata:
  name: argocd-cm
  namespace: argocd
  labels:
    app.kubernetes.io/name: argocd-cm
    app.kubernetes.io/part-of: argocd
data:
`)
	script := func(kind string, path ...string) string {
		text, err := os.ReadFile(filepath.Join(append([]string{argo.Dir(kind)}, path...)...))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	for _, kind := range withStatus {
		fmt.Fprintf(&b, "  resource.customizations.health.gig.longshore.dev_%s: |\n%s", kind, indented(4, script(kind, "health.lua")))
		entries, err := os.ReadDir(filepath.Join(argo.Dir(kind), "actions"))
		if os.IsNotExist(err) {
			continue
		} else if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "  resource.customizations.actions.gig.longshore.dev_%s: |\n    discovery.lua: |\n%s    definitions:\n", kind, indented(6, script(kind, "actions", "discovery.lua")))
		for _, entry := range entries {
			if entry.IsDir() && entry.Name() != "testdata" {
				fmt.Fprintf(&b, "    - name: %s\n      action.lua: |\n%s", entry.Name(), indented(8, script(kind, "actions", entry.Name(), "action.lua")))
			}
		}
	}
	return b.String()
}

func indented(by int, text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if line != "\n" {
			b.WriteString(strings.Repeat(" ", by))
		}
		b.WriteString(line)
	}
	return b.String()
}

// The form holds each script as Argo CD will read it.
func TestTheFormForArgoCDsConfigMapHoldsTheScripts(t *testing.T) {
	g := NewWithT(t)
	argo := openArgo(t)
	var form struct {
		Data map[string]string `json:"data"`
	}
	text, err := os.ReadFile(filepath.Join(argo.Dir("."), "..", "..", "argocd-cm.yaml"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(yaml.Unmarshal(text, &form)).To(Succeed())
	for _, kind := range withStatus {
		script, err := os.ReadFile(filepath.Join(argo.Dir(kind), "health.lua"))
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(form.Data["resource.customizations.health.gig.longshore.dev_"+kind]).To(Equal(string(script)))
	}
	var actions struct {
		Discovery   string `json:"discovery.lua"`
		Definitions []struct {
			Name   string `json:"name"`
			Action string `json:"action.lua"`
		} `json:"definitions"`
	}
	g.Expect(yaml.Unmarshal([]byte(form.Data["resource.customizations.actions.gig.longshore.dev_Engagement"]), &actions)).To(Succeed())
	names := make([]string, 0, len(actions.Definitions))
	for _, d := range actions.Definitions {
		names = append(names, d.Name)
		g.Expect(d.Action).To(ContainSubstring("return obj"))
	}
	slices.Sort(names)
	g.Expect(names).To(Equal([]string{"reconcile", "resume", "suspend"}))
	g.Expect(actions.Discovery).To(ContainSubstring("reconcile"))
}
