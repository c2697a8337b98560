package gitops

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/hack/cluster"
	"github.com/longshore-dev/longshore/hack/cluster/clustertest"
	"github.com/longshore-dev/longshore/test/gitops/reading"
)

// patience is how long the operator is given to do what it should do at once. A test only waits this long when it fails.
const patience = 60 * time.Second

// The people of a stage, and what each is bound to.
const (
	mia = "mia" // requester
	ana = "ana" // approver
	sam = "sam" // security
	ben = "ben" // coordinator
	ada = "ada" // worker
)

// stage is a namespace with people and an account for a GitOps tool, and what an engagement in it needs, as YAML.
type stage struct {
	*testing.T
	ns string
	// profile and provider are cluster-scoped, and this stage's own.
	profile string
	argo    *reading.Argo
	// opened is when the stage was: what the repository says of times does not change under a test.
	opened time.Time
}

func newStage(t *testing.T) *stage {
	t.Helper()
	argo, err := reading.OpenArgo()
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{T: t, ns: clustertest.Namespace(t, shared), argo: argo, opened: time.Now()}
	s.profile = "chat-" + s.ns[len(s.ns)-5:]
	s.bind("longshore-requester", person(mia))
	s.bind("longshore-approver", person(ana))
	s.bind("longshore-coordinator", person(ben))
	s.bind("longshore-worker", person(ada))
	s.bind("longshore-security", person(sam))
	for _, kind := range []string{"engagement", "talentpool", "worker", "checklist", "scorecard"} {
		s.bind("longshore-"+kind+"-editor", s.tool())
	}
	s.create(
		&corev1.ServiceAccount{ObjectMeta: s.meta("gitops")},
		&rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: s.profile}, Rules: []rbacv1.PolicyRule{
			{APIGroups: []string{v1alpha1.GroupVersion.Group}, Resources: []string{"accessprofiles"}, ResourceNames: []string{s.profile}, Verbs: []string{"grant", "get", "patch", "create", "delete"}},
			{APIGroups: []string{v1alpha1.GroupVersion.Group}, Resources: []string{"accessproviders"}, ResourceNames: []string{s.profile}, Verbs: []string{"get", "patch", "create", "delete"}},
			{APIGroups: []string{v1alpha1.GroupVersion.Group}, Resources: []string{"accessproviders", "accessprofiles"}, Verbs: []string{"create"}},
			{APIGroups: []string{v1alpha1.GroupVersion.Group}, Resources: []string{"workers"}, Verbs: []string{"identify"}},
		}},
		&rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: s.profile}, RoleRef: clusterRole(s.profile), Subjects: []rbacv1.Subject{s.tool(), person(sam), person(mia)}},
	)
	return s
}

func (s *stage) meta(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: name, Namespace: s.ns}
}

func person(name string) rbacv1.Subject {
	return rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: name}
}

func clusterRole(name string) rbacv1.RoleRef {
	return rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: name}
}

// tool is the account of the stage's GitOps tool.
func (s *stage) tool() rbacv1.Subject {
	return rbacv1.Subject{Kind: rbacv1.ServiceAccountKind, Name: "gitops", Namespace: s.ns}
}

// username is the tool's, as the API server knows it.
func (s *stage) username() string { return "system:serviceaccount:" + s.ns + ":gitops" }

func (s *stage) bind(role string, to rbacv1.Subject) {
	s.Helper()
	s.create(&rbacv1.RoleBinding{ObjectMeta: s.meta(role + "-" + to.Name), RoleRef: clusterRole(role), Subjects: []rbacv1.Subject{to}})
}

func (s *stage) create(objects ...client.Object) {
	s.Helper()
	for _, o := range objects {
		if err := admin.Create(s.Context(), o); err != nil {
			s.Fatalf("creating %T %s: %v", o, o.GetName(), err)
		}
		if o.GetNamespace() == "" {
			s.Cleanup(func() {
				if err := client.IgnoreNotFound(admin.Delete(context.Background(), o)); err != nil {
					s.Errorf("deleting %T %s: %v", o, o.GetName(), err)
				}
			})
		}
	}
}

// as acts as somebody; a service account comes with its groups.
func (s *stage) as(user string) client.Client {
	s.Helper()
	c, err := client.New(shared.As(user, groupsOf(user)...), client.Options{Scheme: scheme, Mapper: admin.RESTMapper()})
	if err != nil {
		s.Fatalf("making a client for %s: %v", user, err)
	}
	return c
}

func groupsOf(user string) []string {
	if parts := strings.Split(user, ":"); len(parts) == 4 {
		return []string{"system:serviceaccounts", "system:serviceaccounts:" + parts[2], "system:authenticated"}
	}
	return []string{"system:authenticated"}
}

// The documents of a repository for one namespace: all that an engagement needs, by what each is called.
var documents = map[string]string{
	"provider": `{apiVersion: gig.longshore.dev/v1alpha1, kind: AccessProvider, metadata: {name: PROFILE}, spec: {type: Kubernetes}}`,
	"profile": `{apiVersion: gig.longshore.dev/v1alpha1, kind: AccessProfile, metadata: {name: PROFILE}, spec: {availableFrom: Onboarding,
  entitlements: [{name: chat, providerRef: {name: PROFILE}, kubernetes: {clusterRole: ` + chat + `, namespaces: [NAMESPACE]}}]}}`,
	"pool": `{apiVersion: gig.longshore.dev/v1alpha1, kind: TalentPool, metadata: {name: pool, namespace: NAMESPACE}, spec: {workerSelector: {}}}`,
	"worker": `{apiVersion: gig.longshore.dev/v1alpha1, kind: Worker, metadata: {name: ada, namespace: NAMESPACE}, spec: {personKey: NAMESPACE, username: ada, jurisdiction: GB,
  rate: {currency: USD, amount: "50", per: Hour}, identities: [{provider: PROFILE, subject: NAMESPACE-ada}]}}`,
	"onboarding": `{apiVersion: gig.longshore.dev/v1alpha1, kind: Checklist, metadata: {name: onboarding, namespace: NAMESPACE}, spec: {steps: [{name: nda, type: Document, blocks: Access}]}}`,
	"exit":       `{apiVersion: gig.longshore.dev/v1alpha1, kind: Checklist, metadata: {name: exit, namespace: NAMESPACE}, spec: {steps: [{name: handover, type: Document, beforeEnd: 1h}]}}`,
	"scorecard":  `{apiVersion: gig.longshore.dev/v1alpha1, kind: Scorecard, metadata: {name: card, namespace: NAMESPACE}, spec: {criteria: [{name: quality, weight: 1, min: 1, max: 5}]}}`,
	"engagement": `
apiVersion: gig.longshore.dev/v1alpha1
kind: Engagement
metadata: {name: work, namespace: NAMESPACE}
spec:
  title: work
  contacts: [{role: Manager, subject: {kind: User, name: mia}}]
  poolRef: {name: pool}
  recruitment: {selection: Automatic}
  statementOfWork:
    start: START
    end: END
    budget: {currency: USD, amount: "5000"}
    rate: {currency: USD, amount: "5000", per: Fixed}
    deliverables: [{name: logo, due: END, amount: "2000"}]
  classification: {workerType: IndependentContractor, jurisdiction: GB}
  onboarding: {checklistRef: {name: onboarding}}
  offboarding: {checklistRef: {name: exit}}
  evaluation: {scorecardRef: {name: card}}
  access: [{name: PROFILE}]
`,
}

// inOrder are the names of the documents as a careful person would apply them.
var inOrder = []string{"provider", "profile", "pool", "worker", "onboarding", "exit", "scorecard", "engagement"}

// manifest is what the repository says, with this stage's names; an hour's work that has just begun.
func (s *stage) manifest(names ...string) string {
	now := s.opened
	replace := strings.NewReplacer("NAMESPACE", s.ns, "PROFILE", s.profile, "START", stamp(now.Add(-time.Second)), "END", stamp(now.Add(time.Hour)))
	parts := make([]string, 0, len(names))
	for _, name := range names {
		parts = append(parts, replace.Replace(documents[name]))
	}
	return strings.Join(parts, "\n---\n")
}

func stamp(t time.Time) string { return `"` + t.UTC().Truncate(time.Second).Format(time.RFC3339) + `"` }

// kubectl runs kubectl as somebody on a manifest, and returns what it says and its exit code.
func (s *stage) kubectl(user, manifest string, args ...string) (string, int) {
	s.Helper()
	dir := s.TempDir()
	kubeconfig, file := filepath.Join(dir, "kubeconfig"), filepath.Join(dir, "manifest.yaml")
	if err := errors.Join(cluster.WriteKubeconfig(kubeconfig, shared.As(user, groupsOf(user)...)), os.WriteFile(file, []byte(manifest), 0o600)); err != nil {
		s.Fatal(err)
	}
	args = append([]string{"--kubeconfig=" + kubeconfig}, args...)
	if manifest != "" {
		args = append(args, "--filename="+file)
	}
	command := exec.CommandContext(s.Context(), shared.Kubectl(), args...)
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	err := command.Run()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		return out.String(), exit.ExitCode()
	case err != nil:
		s.Fatal(err)
	}
	return out.String(), 0
}

// apply applies a manifest on the server's side, as a GitOps tool does.
func (s *stage) apply(user, manager, manifest string) {
	s.Helper()
	if out, code := s.kubectl(user, manifest, "apply", "--server-side", "--field-manager="+manager); code != 0 {
		s.Fatalf("%s applying as %s ended with %d: %s", user, manager, code, out)
	}
}

// eventually waits until the engagement work is as it should be.
func (s *stage) eventually(expected string, is func(*v1alpha1.Engagement) bool) *v1alpha1.Engagement {
	s.Helper()
	return s.eventuallyOf(s.ns, "work", expected, is)
}

func (s *stage) eventuallyOf(namespace, name, expected string, is func(*v1alpha1.Engagement) bool) *v1alpha1.Engagement {
	s.Helper()
	eng := &v1alpha1.Engagement{}
	err := wait.PollUntilContextTimeout(s.Context(), 50*time.Millisecond, patience, true, func(ctx context.Context) (bool, error) {
		if err := admin.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, eng); err != nil {
			return false, client.IgnoreNotFound(err)
		}
		return is(eng), nil
	})
	if err != nil {
		st := eng.Status
		s.Fatalf("expected of engagement %s: %s; it is %s, waits for %+v, with conditions %+v", name, expected, st.Phase, st.WaitingFor, st.Conditions)
	}
	return eng
}

func (s *stage) waitsFor(what string) *v1alpha1.Engagement {
	s.Helper()
	return s.eventually("it waits for "+what, func(eng *v1alpha1.Engagement) bool { return waits(eng, what) })
}

func waits(eng *v1alpha1.Engagement, what string) bool {
	for _, w := range eng.Status.WaitingFor {
		if w.What == what {
			return true
		}
	}
	return false
}

// say has somebody state something of an engagement under their own name.
func (s *stage) say(user, namespace, engagement, claim string, verdict v1alpha1.Verdict, terms string) {
	s.Helper()
	att := &v1alpha1.Attestation{ObjectMeta: metav1.ObjectMeta{GenerateName: "att-", Namespace: namespace}, Spec: v1alpha1.AttestationSpec{
		SubjectRef: v1alpha1.SubjectReference{Kind: "Engagement", Name: engagement}, Claim: claim, Verdict: verdict, Terms: terms,
	}}
	if err := s.as(user).Create(s.Context(), att); err != nil {
		s.Fatalf("%s stating %s %s of %s: %v", user, claim, verdict, engagement, err)
	}
}

// begin has people do what the engagement waits for until the work has begun and access is there.
func (s *stage) begin() *v1alpha1.Engagement {
	s.Helper()
	s.approved()
	return s.begun()
}

// approved has both halves of consent given: to the terms, and to the access that a shared account asks for.
func (s *stage) approved() {
	s.Helper()
	eng := s.waitsFor("approval/engagement")
	hash := eng.Status.Proposed.Hash
	s.say(ana, s.ns, "work", "approval/engagement", v1alpha1.VerdictApproved, hash)
	s.say(sam, s.ns, "work", "approval/access."+s.profile, v1alpha1.VerdictApproved, hash)
}

func (s *stage) begun() *v1alpha1.Engagement {
	s.Helper()
	eng := s.waitsFor("offer/ada")
	s.say(ada, s.ns, "work", "offer/ada", v1alpha1.VerdictAccepted, eng.Status.Recruitment.Offer.Hash)
	s.waitsFor("onboarding/nda")
	s.say(ben, s.ns, "work", "onboarding/nda", v1alpha1.VerdictDone, "")
	s.waitsFor("start/confirmed")
	s.say(mia, s.ns, "work", "start/confirmed", v1alpha1.VerdictDone, "")
	return s.eventually("at work with access, and nothing left for the operator to do", func(eng *v1alpha1.Engagement) bool {
		return eng.Status.Phase == v1alpha1.PhaseAssigned && is(eng, v1alpha1.ConditionAccessReady) && is(eng, v1alpha1.ConditionReady)
	})
}

func is(eng *v1alpha1.Engagement, kind string) bool {
	for _, c := range eng.Status.Conditions {
		if c.Type == kind {
			return c.Status == metav1.ConditionTrue
		}
	}
	return false
}

// live is an object as the API server has it, for GitOps tools to read.
func (s *stage) live(kind, namespace, name string) *unstructured.Unstructured {
	s.Helper()
	o := &unstructured.Unstructured{}
	o.SetAPIVersion(v1alpha1.GroupVersion.String())
	o.SetKind(kind)
	if err := admin.Get(s.Context(), client.ObjectKey{Namespace: namespace, Name: name}, o); err != nil {
		s.Fatalf("getting %s %s: %v", kind, name, err)
	}
	return o
}

// reads has GitOps tools read an object until it is in a state; kstatus, Argo CD's script and the table must agree all the way.
func (s *stage) reads(kind, namespace, name string, want reading.State) *unstructured.Unstructured {
	s.Helper()
	var o *unstructured.Unstructured
	var state reading.State
	err := wait.PollUntilContextTimeout(s.Context(), 50*time.Millisecond, patience, true, func(context.Context) (bool, error) {
		o = s.live(kind, namespace, name)
		var err error
		state, err = s.argo.Check(o)
		return state == want, err
	})
	if err != nil {
		s.Fatalf("expected %s %s to be read as %q, it is read as %q: %v; its status is %v", kind, name, want, state, err, o.Object["status"])
	}
	return o
}

// gone waits until an engagement is no more.
func (s *stage) gone(name string) {
	s.Helper()
	eng := &v1alpha1.Engagement{}
	err := wait.PollUntilContextTimeout(s.Context(), 50*time.Millisecond, patience, true, func(ctx context.Context) (bool, error) {
		err := admin.Get(ctx, client.ObjectKey{Namespace: s.ns, Name: name}, eng)
		return apierrors.IsNotFound(err), client.IgnoreNotFound(err)
	})
	if err != nil {
		s.Fatalf("expected engagement %s to be gone: %v; its status is %+v", name, err, eng.Status)
	}
}

// bindings is how many bindings give access in this stage.
func (s *stage) bindings() int {
	s.Helper()
	list := &rbacv1.RoleBindingList{}
	if err := admin.List(s.Context(), list, client.InNamespace(s.ns), client.MatchingLabels{v1alpha1.ManagedByLabel: v1alpha1.ManagedByValue}); err != nil {
		s.Fatal(err)
	}
	return len(list.Items)
}
