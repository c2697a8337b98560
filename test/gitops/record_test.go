package gitops

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/test/gitops/reading"
)

var update = flag.Bool("update", false, "write the test data for Argo CD anew, from this run")

// scene is one file of test data: the first version of an object, in the order in which the API server stored them, that is in a state and as it should be.
type scene struct {
	kind, file string
	state      reading.State
	is         func(*unstructured.Unstructured) bool
}

func anything(*unstructured.Unstructured) bool { return true }

func named(name string) func(*unstructured.Unstructured) bool {
	return func(o *unstructured.Unstructured) bool { return strings.Contains(o.GetName(), name) }
}

func inPhase(phase v1alpha1.Phase) func(*unstructured.Unstructured) bool {
	return func(o *unstructured.Unstructured) bool {
		found, _, err := unstructured.NestedString(o.Object, "status", "phase")
		return err == nil && found == string(phase)
	}
}

// scenes are what a GitOps tool can meet of each kind.
var scenes = []scene{
	{"Engagement", "pool-missing", reading.Stalled, anything},
	{"Engagement", "approval", reading.Waiting, inPhase(v1alpha1.PhasePending)},
	{"Engagement", "onboarding", reading.Waiting, inPhase(v1alpha1.PhaseOnboarding)},
	{"Engagement", "matching", reading.Busy, inPhase(v1alpha1.PhaseRecruiting)},
	{"Engagement", "assigned", reading.Waiting, inPhase(v1alpha1.PhaseAssigned)},
	{"Engagement", "edited", reading.Changed, anything},
	{"Engagement", "suspended", reading.Paused, anything},
	{"Engagement", "deleting", reading.Deleting, anything},
	{"Engagement", "closed", reading.Closed, anything},
	{"TalentPool", "checklist-missing", reading.Stalled, named("screened")},
	{"TalentPool", "ready", reading.AsWritten, named("pool")},
	{"Worker", "ready", reading.AsWritten, named("ada")},
	{"Worker", "screening", reading.Waiting, named("bob")},
	{"Checklist", "ready", reading.AsWritten, named("onboarding")},
	{"Checklist", "cycle", reading.Stalled, named("funnel")},
	{"Assignment", "nobody", reading.Stalled, anything},
	{"Assignment", "given", reading.Waiting, anything},
	{"AccessProvider", "answers", reading.AsWritten, anything},
	{"AccessProvider", "silent", reading.Stalled, named("ldap")},
	{"AccessGrant", "fresh", reading.Fresh, anything},
	{"AccessGrant", "verified", reading.AsWritten, anything},
	{"CompliancePolicy", "ready", reading.AsWritten, anything},
	{"CompliancePolicy", "misspelt", reading.Stalled, anything},
	{"Dossier", "sealed", reading.AsWritten, anything},
}

// recorder keeps every version of what is stored of a stage's, in order.
type recorder struct {
	mu       sync.Mutex
	versions []*unstructured.Unstructured
}

func (r *recorder) keep(o *unstructured.Unstructured) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.versions = append(r.versions, o.DeepCopy())
}

// record watches a kind until the test ends; mine says which objects are the stage's.
func (r *recorder) record(s *stage, kind string, mine func(*unstructured.Unstructured) bool) {
	s.Helper()
	watcher, err := client.NewWithWatch(shared.RESTConfig(), client.Options{Scheme: scheme, Mapper: admin.RESTMapper()})
	if err != nil {
		s.Fatal(err)
	}
	list := &unstructured.UnstructuredList{}
	list.SetAPIVersion(v1alpha1.GroupVersion.String())
	list.SetKind(kind + "List")
	events, err := watcher.Watch(s.Context(), list)
	if err != nil {
		s.Fatal(err)
	}
	go func() {
		for event := range events.ResultChan() {
			if o, is := event.Object.(*unstructured.Unstructured); is && mine(o) {
				r.keep(o)
			}
		}
	}()
}

// find is the first version that a scene is about.
func (r *recorder) find(s *stage, want scene) *unstructured.Unstructured {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, o := range r.versions {
		if o.GetKind() != want.kind || !want.is(o) {
			continue
		}
		state, err := s.argo.Check(o)
		if err != nil {
			s.Fatalf("of %s %s: %v", o.GetKind(), o.GetName(), err)
		}
		if state == want.state {
			return o
		}
	}
	return nil
}

// TestTheTestDataForArgoCDIsWhatARealRunGives plays every state of every kind on the real API server, has GitOps tools read each version that is ever stored, and
// holds the answers of the shipped scripts to health_test.yaml. go test ./test/gitops -run TestData -update writes the objects and the answers anew.
func TestTheTestDataForArgoCDIsWhatARealRunGives(t *testing.T) {
	g := NewWithT(t)
	s := newStage(t)
	r := &recorder{}
	for _, o := range []string{"Engagement", "TalentPool", "Worker", "Checklist", "Assignment", "AccessGrant"} {
		r.record(s, o, func(o *unstructured.Unstructured) bool { return o.GetNamespace() == s.ns })
	}
	for _, o := range []string{"AccessProvider", "CompliancePolicy"} {
		r.record(s, o, func(o *unstructured.Unstructured) bool {
			return strings.HasSuffix(o.GetName(), s.profile[len(s.profile)-5:])
		})
	}
	r.record(s, "Dossier", func(o *unstructured.Unstructured) bool {
		namespace, _, err := unstructured.NestedString(o.Object, "spec", "record", "namespace")
		return err == nil && namespace == s.ns
	})
	play(s)

	normal := &normaliser{s: s}
	for _, kind := range []string{"AccessProvider", "Assignment", "Checklist", "CompliancePolicy", "Engagement", "TalentPool", "Worker"} {
		state, err := s.argo.Check(unseen[kind])
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(state).To(Equal(reading.Fresh), "a %s that no operator has looked at should not be taken for a finished one", kind)
		normal.write(scene{kind: kind, file: "fresh"}, unseen[kind])
	}
	for _, want := range scenes {
		var o *unstructured.Unstructured
		g.Eventually(func() bool { o = r.find(s, want); return o != nil }).WithTimeout(patience).WithPolling(50*time.Millisecond).Should(BeTrue(), "no %s was ever %q as %s wants it", want.kind, want.state, want.file)
		normal.write(want, o)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, o := range r.versions {
		if _, err := s.argo.Check(o); err != nil {
			t.Errorf("of a %s that was stored: %v", o.GetKind(), err)
		}
	}
	t.Logf("%d versions were read", len(r.versions))
	normal.finish()
}

// play brings each kind into each of its states.
func play(s *stage) {
	g := NewWithT(s.T)
	apply := func(names ...string) { s.Helper(); s.apply(s.username(), "gitops", s.manifest(names...)) }
	more := func(document string) {
		s.Helper()
		s.apply("root", "gitops", strings.NewReplacer("NAMESPACE", s.ns, "SUFFIX", s.profile[len(s.profile)-5:], "PROFILE", s.profile).Replace(document))
	}
	s.create(&rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: s.profile + "-root"}, RoleRef: clusterRole("cluster-admin"), Subjects: []rbacv1.Subject{person("root")}})
	apply("provider", "profile", "engagement")
	more(`{apiVersion: gig.longshore.dev/v1alpha1, kind: Assignment, metadata: {name: task, namespace: NAMESPACE}, spec: {title: A first sketch, poolRef: {name: pool}, type: Task}}`)
	more(`{apiVersion: gig.longshore.dev/v1alpha1, kind: TalentPool, metadata: {name: screened, namespace: NAMESPACE}, spec: {workerSelector: {matchLabels: {screened: "yes"}}, screening: {checklistRef: {name: funnel}}}}`)
	s.reads("Engagement", s.ns, "work", reading.Stalled)
	s.reads("TalentPool", s.ns, "screened", reading.Stalled)
	more(`{apiVersion: gig.longshore.dev/v1alpha1, kind: Checklist, metadata: {name: funnel, namespace: NAMESPACE}, spec: {steps: [{name: a, type: Attestation, dependsOn: [b]}, {name: b, type: Attestation, dependsOn: [a]}]}}`)
	s.reads("Checklist", s.ns, "funnel", reading.Stalled)
	more(`{apiVersion: gig.longshore.dev/v1alpha1, kind: Checklist, metadata: {name: funnel, namespace: NAMESPACE}, spec: {steps: [{name: a, type: Attestation}]}}`)
	more(`{apiVersion: gig.longshore.dev/v1alpha1, kind: AccessProvider, metadata: {name: ldap-SUFFIX}, spec: {type: LDAP, endpoint: "ldap://127.0.0.1:1", credentialsRef: {name: none}, ldap: {baseDN: "dc=example,dc=com", memberAttribute: memberUid}}}`)
	const policy = `{apiVersion: gig.longshore.dev/v1alpha1, kind: CompliancePolicy, metadata: {name: house-SUFFIX}, spec: {effectiveFrom: "2020-01-01T00:00:00Z", source: {title: House rule},
  appliesTo: {namespaceSelector: {matchLabels: {nobody: here}}}, rules: [{name: titled, expression: "size(engagement.spec.FIELD) > 0", enforcement: Warn}]}}`
	more(strings.Replace(policy, "FIELD", "titel", 1))
	s.reads("CompliancePolicy", "", "house-"+s.profile[len(s.profile)-5:], reading.Stalled)
	more(strings.Replace(policy, "FIELD", "title", 1))
	s.reads("CompliancePolicy", "", "house-"+s.profile[len(s.profile)-5:], reading.AsWritten)

	apply("pool", "worker", "onboarding", "exit", "scorecard")
	s.begin()
	more(`{apiVersion: gig.longshore.dev/v1alpha1, kind: Worker, metadata: {name: bob, namespace: NAMESPACE, labels: {screened: "yes"}}, spec: {personKey: NAMESPACE-bob, jurisdiction: GB}}`)
	s.reads("Worker", s.ns, "bob", reading.Waiting)
	s.reads("Assignment", s.ns, "task", reading.Waiting)
	s.reads("AccessProvider", "", "ldap-"+s.profile[len(s.profile)-5:], reading.Stalled)

	eng := s.live("Engagement", s.ns, "work")
	g.Expect(s.as(mia).Patch(s.Context(), eng, client.RawPatch(types.MergePatchType, []byte(`{"spec":{"suspend":true}}`)))).To(Succeed())
	s.reads("Engagement", s.ns, "work", reading.Paused)
	g.Expect(s.as(mia).Patch(s.Context(), eng, client.RawPatch(types.MergePatchType, []byte(`{"spec":{"suspend":null}}`)))).To(Succeed())
	s.reads("Engagement", s.ns, "work", reading.Waiting)

	// One engagement is deleted, another ended: the deleted one is never seen as closed.
	again := strings.NewReplacer("name: work,", "name: next,", "title: work", "title: next").Replace(s.manifest("engagement"))
	s.apply(s.username(), "gitops", again)
	g.Expect(s.as(mia).Delete(s.Context(), &v1alpha1.Engagement{ObjectMeta: s.meta("work")}, client.PropagationPolicy(metav1.DeletePropagationForeground))).To(Succeed())
	s.gone("work")
	s.eventuallyOf(s.ns, "next", "it is looked at", func(eng *v1alpha1.Engagement) bool { return eng.Status.Phase == v1alpha1.PhasePending })
	s.say(mia, s.ns, "next", "end/engagement", v1alpha1.VerdictEndNow, "")
	s.eventuallyOf(s.ns, "next", "closed", func(eng *v1alpha1.Engagement) bool { return eng.Status.Phase == v1alpha1.PhaseClosed })
}

// normaliser writes objects with names and moments of their own, so that a run of another day writes the same.
type normaliser struct {
	s     *stage
	cases map[string][]healthCase
}

type healthCase struct {
	HealthStatus reading.Health `json:"healthStatus"`
	InputPath    string         `json:"inputPath"`
}

var (
	moment = regexp.MustCompile(`\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z`)
	digest = regexp.MustCompile(`sha256:[0-9a-f]{64}`)
	uid    = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	made   = regexp.MustCompile(`\batt-[a-z0-9]{5}\b`)
)

// renamed gives each thing that a pattern finds a name by its place in their order.
func renamed(text string, pattern *regexp.Regexp, sorted bool, name func(int) string) string {
	var found []string
	for _, f := range pattern.FindAllString(text, -1) {
		if !slices.Contains(found, f) {
			found = append(found, f)
		}
	}
	if sorted {
		slices.Sort(found)
	}
	return pattern.ReplaceAllStringFunc(text, func(f string) string { return name(slices.Index(found, f)) })
}

// normal is a text with what differs from run to run replaced. Moments keep their order.
func (n *normaliser) normal(text string) string {
	text = strings.NewReplacer(n.s.ns, "marketing", n.s.profile, "chat", "ldap-"+n.s.profile[len(n.s.profile)-5:], "directory", "house-"+n.s.profile[len(n.s.profile)-5:], "house-rule").Replace(text)
	first := time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)
	text = renamed(text, moment, true, func(i int) string { return first.Add(time.Duration(i) * time.Minute).Format(time.RFC3339) })
	text = renamed(text, digest, false, func(i int) string { return fmt.Sprintf("sha256:%064x", i+1) })
	text = renamed(text, uid, false, func(i int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012x", i+1) })
	return renamed(text, made, false, func(i int) string { return fmt.Sprintf("att-%05d", i+1) })
}

// write notes what a scene's object is answered, and writes the object itself where that is asked for.
func (n *normaliser) write(want scene, o *unstructured.Unstructured) {
	n.s.Helper()
	o = o.DeepCopy()
	o.SetManagedFields(nil)
	o.SetResourceVersion("1000")
	text, err := yaml.Marshal(o.Object)
	if err != nil {
		n.s.Fatal(err)
	}
	normal := n.normal(string(text))
	if err := yaml.Unmarshal([]byte(normal), &o.Object); err != nil {
		n.s.Fatal(err)
	}
	health, err := n.s.argo.Health(o)
	if err != nil {
		n.s.Fatal(err)
	}
	if n.cases == nil {
		n.cases = map[string][]healthCase{}
	}
	n.cases[want.kind] = append(n.cases[want.kind], healthCase{health, "testdata/" + want.file + ".yaml"})
	if !*update {
		return
	}
	path := filepath.Join(n.s.argo.Dir(want.kind), "testdata", want.file+".yaml")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		n.s.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(normal), 0o644); err != nil {
		n.s.Fatal(err)
	}
}

// finish compares the answers with those that ship, or writes them. Moments in messages are this run's own.
func (n *normaliser) finish() {
	n.s.Helper()
	g := NewWithT(n.s.T)
	timeless := func(cases []healthCase) []healthCase {
		told := slices.Clone(cases)
		for i := range told {
			told[i].HealthStatus.Message = moment.ReplaceAllString(told[i].HealthStatus.Message, "TIME")
		}
		return told
	}
	for kind, cases := range n.cases {
		path := filepath.Join(n.s.argo.Dir(kind), "health_test.yaml")
		if *update {
			text, err := yaml.Marshal(map[string]any{"tests": cases})
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(os.WriteFile(path, text, 0o644)).To(Succeed())
		}
		text, err := os.ReadFile(path)
		g.Expect(err).NotTo(HaveOccurred())
		var shipped struct {
			Tests []healthCase `json:"tests"`
		}
		g.Expect(yaml.UnmarshalStrict(text, &shipped)).To(Succeed())
		g.Expect(timeless(cases)).To(Equal(timeless(shipped.Tests)), "the cases of %s should be what a real run gives; write them anew with -update", kind)
	}
}
