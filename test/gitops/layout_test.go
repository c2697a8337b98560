package gitops

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/test/gitops/reading"
)

var layout = filepath.Join(config, "samples", "gitops-layout")

// render builds a folder of the layout with the kustomize in kubectl.
func render(t *testing.T, folder string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), shared.Kubectl(), "kustomize", filepath.Join(layout, folder)).Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("building %s: %s", folder, exit.Stderr)
		}
		t.Fatal(err)
	}
	return string(out)
}

func objects(t *testing.T, manifest []byte) []*unstructured.Unstructured {
	t.Helper()
	var found []*unstructured.Unstructured
	documents := utilyaml.NewYAMLOrJSONDecoder(bytes.NewReader(manifest), 4096)
	for {
		o := &unstructured.Unstructured{}
		if err := documents.Decode(&o.Object); errors.Is(err, io.EOF) {
			return found
		} else if err != nil {
			t.Fatal(err)
		}
		if len(o.Object) > 0 {
			found = append(found, o)
		}
	}
}

// The folders, each with the account that applies it; root stands for the platform team's and security's own pipelines.
var folders = []struct{ name, account string }{
	{"platform", "root"}, {"security", "root"},
	{"talent", "system:serviceaccount:gitops-accounts:talent"}, {"marketing", "system:serviceaccount:gitops-accounts:marketing"}, {"checkout", "system:serviceaccount:gitops-accounts:checkout"},
}

// Whoever may make a token of an account acts as it, and the built-in edit may, of every account in its namespace. So the accounts are where no role is bound, and none of
// the roles that are bound for the whole cluster reaches them.
func TestNobodyOfATeamMayActAsTheAccountsThatApply(t *testing.T) {
	g := NewWithT(t)
	const home = "gitops-accounts"
	accounts := 0
	roles := map[string]*unstructured.Unstructured{}
	var everywhere []string
	for _, f := range folders {
		for _, o := range objects(t, []byte(render(t, f.name))) {
			switch o.GetKind() {
			case "ServiceAccount":
				accounts++
				g.Expect(o.GetNamespace()).To(Equal(home), "the account %s should not be where a team may make tokens", o.GetName())
			case "Role", "RoleBinding":
				g.Expect(o.GetNamespace()).NotTo(Equal(home), "%s %s should give nobody a role among the accounts", o.GetKind(), o.GetName())
			case "ClusterRole":
				roles[o.GetName()] = o
			case "ClusterRoleBinding":
				role, _, err := unstructured.NestedString(o.Object, "roleRef", "name")
				g.Expect(err).NotTo(HaveOccurred())
				everywhere = append(everywhere, role)
			}
			if o.GetKind() != "Namespace" && o.GetNamespace() == home {
				g.Expect(o.GetKind()).To(Equal("ServiceAccount"), "nothing but the accounts should be in %s", home)
			}
		}
	}
	g.Expect(accounts).To(Equal(3), "each of the three namespaces has its account")
	g.Expect(everywhere).NotTo(BeEmpty())
	for _, name := range everywhere {
		role, own := roles[name]
		if !own {
			g.Expect(name).To(Equal("longshore-security"), "a role that is bound for the whole cluster should be known not to reach accounts")
			continue
		}
		rules, _, err := unstructured.NestedSlice(role.Object, "rules")
		g.Expect(err).NotTo(HaveOccurred())
		for _, rule := range rules {
			g.Expect(rule).To(HaveKeyWithValue("apiGroups", Not(Or(ContainElement(""), ContainElement("*")))), "%s is bound for the whole cluster, and should reach no account", name)
		}
	}
}

// The example is applied as it stands, each folder by its own account, and two people are brought to work by it. Only its dates are moved to today.
func TestTheRepositoryLayoutIsAppliedAndRunsToReady(t *testing.T) {
	g := NewWithT(t)
	argo, err := reading.OpenArgo()
	g.Expect(err).NotTo(HaveOccurred())
	s := &stage{T: t, argo: argo}
	now := time.Now().UTC().Truncate(time.Second)
	today := strings.NewReplacer("2027-02-01T08:00:00Z", now.Add(-time.Second).Format(time.RFC3339), "2027-03-01T17:00:00Z", now.Add(time.Hour).Format(time.RFC3339),
		"2027-03-25T17:00:00Z", now.Add(2*time.Hour).Format(time.RFC3339), "2027-04-01T08:00:00Z", now.Add(3*time.Hour).Format(time.RFC3339))
	rendered := map[string]string{}
	sync := func(folder, account string) (string, int) {
		return s.kubectl(account, rendered[folder], "apply", "--server-side", "--field-manager=gitops-"+folder)
	}
	for _, f := range folders {
		rendered[f.name] = today.Replace(render(t, f.name))
		account := f.account
		if account == "root" {
			g.Expect(shared.ApplyAs(t.Context(), shared.RESTConfig(), "gitops-"+f.name, writeFile(t, rendered[f.name]))).To(Succeed())
			continue
		}
		g.Eventually(func() string { // RBAC learns of new bindings a moment later
			out, code := sync(f.name, account)
			if code == 0 {
				return ""
			}
			return out
		}).WithTimeout(patience).Should(BeEmpty(), "%s should be able to apply %s", account, f.name)
	}
	// What a team could be given at most: the built-in edit in its own namespace.
	s.create(&rbacv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{Name: "edit", Namespace: "marketing"}, RoleRef: clusterRole("edit"), Subjects: []rbacv1.Subject{person(mia)}})
	token := func(namespace, account string) (string, int) {
		return s.kubectl(mia, "", "create", "token", account, "--namespace="+namespace)
	}
	g.Eventually(func() int {
		_, code := token("marketing", "default")
		return code
	}).WithTimeout(patience).Should(BeZero(), "edit makes tokens of the accounts beside it")
	refusal, code := token("gitops-accounts", "marketing")
	g.Expect(code).NotTo(BeZero(), "nobody of a team should act as the account that applies")
	g.Expect(refusal).To(ContainSubstring(`cannot create resource "serviceaccounts/token"`))
	bindings := &rbacv1.RoleBindingList{}
	g.Expect(admin.List(t.Context(), bindings, client.InNamespace("gitops-accounts"))).To(Succeed())
	g.Expect(bindings.Items).To(BeEmpty(), "nobody should hold a role among the accounts")
	for _, c := range []struct{ namespace, engagement, requester, worker, approves string }{
		{"marketing", "spring-campaign", "mia", "ada", "marketing-tracker"}, {"checkout", "one-page-checkout", "lena", "fay", "checkout-tracker"},
	} {
		until := func(expected string, is func(*v1alpha1.Engagement) bool) *v1alpha1.Engagement {
			return s.eventuallyOf(c.namespace, c.engagement, expected, is)
		}
		eng := until("approvals to be asked for", func(eng *v1alpha1.Engagement) bool {
			return waits(eng, "approval/engagement") && waits(eng, "approval/access."+c.approves)
		})
		s.reads("Engagement", c.namespace, c.engagement, reading.Waiting)
		s.say("dana", c.namespace, c.engagement, "approval/engagement", v1alpha1.VerdictApproved, eng.Status.Proposed.Hash)
		s.say("sam", c.namespace, c.engagement, "approval/access."+c.approves, v1alpha1.VerdictApproved, eng.Status.Proposed.Hash)
		offer := "offer/" + c.worker
		eng = until("an offer to "+c.worker, func(eng *v1alpha1.Engagement) bool { return waits(eng, offer) })
		s.say(c.worker, c.namespace, c.engagement, offer, v1alpha1.VerdictAccepted, eng.Status.Recruitment.Offer.Hash)
		for _, step := range []string{"onboarding/nda", "onboarding/contacts"} {
			until(step+" to be asked for", func(eng *v1alpha1.Engagement) bool { return waits(eng, step) })
			s.say("ben", c.namespace, c.engagement, step, v1alpha1.VerdictDone, "")
		}
		until("the start to be confirmed", func(eng *v1alpha1.Engagement) bool { return waits(eng, "start/confirmed") })
		s.say(c.requester, c.namespace, c.engagement, "start/confirmed", v1alpha1.VerdictDone, "")
		until("at work, with access, Ready", func(eng *v1alpha1.Engagement) bool {
			return eng.Status.Phase == v1alpha1.PhaseAssigned && is(eng, v1alpha1.ConditionAccessReady) && is(eng, v1alpha1.ConditionReady)
		})
	}
	for _, f := range folders {
		for _, o := range objects(t, []byte(rendered[f.name])) {
			if slices.Contains([]string{"Engagement", "TalentPool", "Worker", "Checklist", "AccessProvider"}, o.GetKind()) {
				state, err := argo.Check(s.live(o.GetKind(), o.GetNamespace(), o.GetName()))
				g.Expect(err).NotTo(HaveOccurred())
				g.Expect(reading.Table[state].Health).To(Equal(reading.Healthy), "%s %s is %s", o.GetKind(), o.GetName(), state)
			}
		}
		if f.account != "root" {
			out, code := s.kubectl(f.account, rendered[f.name], "diff", "--server-side", "--field-manager=gitops-"+f.name)
			g.Expect(code).To(BeZero(), "%s should see no drift in %s: %s", f.account, f.name, out)
		}
	}
}

func writeFile(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "manifest.yaml")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// A team's account reaches its own namespace and nothing that is cluster-scoped, whatever its repository says.
func TestATeamsFolderHoldsNothingOfAnother(t *testing.T) {
	g := NewWithT(t)
	seen := map[string]string{}
	for _, f := range folders {
		for _, o := range objects(t, []byte(render(t, f.name))) {
			key := o.GroupVersionKind().GroupKind().String() + " " + o.GetNamespace() + "/" + o.GetName()
			g.Expect(seen).NotTo(HaveKey(key), "%s is in two folders, and two tools would fight over it", key)
			seen[key] = f.name
			if f.account != "root" {
				g.Expect(o.GetNamespace()).To(Equal(f.name), "%s should be in the folder's own namespace", key)
				g.Expect(o.GroupVersionKind().Group).To(Equal(v1alpha1.GroupVersion.Group), "%s gives rights, and is the platform's", key)
			}
		}
	}
}

// The kinds of Flux and Argo CD are not served here, so what is read of them is that they point at what is there.
func TestTheExamplesForFluxAndArgoCDPointAtWhatIsThere(t *testing.T) {
	g := NewWithT(t)
	read := func(path ...string) []*unstructured.Unstructured {
		content, err := os.ReadFile(filepath.Join(append([]string{layout}, path...)...))
		g.Expect(err).NotTo(HaveOccurred())
		return objects(t, content)
	}
	text := func(o *unstructured.Unstructured, path ...string) string {
		value, found, err := unstructured.NestedString(o.Object, path...)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(found).To(BeTrue(), "%s %s should have %s", o.GetKind(), o.GetName(), strings.Join(path, "."))
		return value
	}
	there := map[string]bool{}
	accounts := map[string]bool{}
	for _, f := range folders {
		for _, o := range objects(t, []byte(render(t, f.name))) {
			there[f.name+" "+o.GetAPIVersion()+" "+o.GetKind()+" "+o.GetNamespace()+"/"+o.GetName()] = true
			accounts[o.GetKind()+" "+o.GetNamespace()+"/"+o.GetName()] = true
		}
	}
	names := map[string]bool{}
	for _, o := range read("flux", "kustomizations.yaml") {
		depends, _, err := unstructured.NestedSlice(o.Object, "spec", "dependsOn")
		g.Expect(err).NotTo(HaveOccurred())
		for _, d := range depends {
			on, is := d.(map[string]any)
			g.Expect(is).To(BeTrue())
			namespace := o.GetNamespace()
			if other, has := on["namespace"].(string); has {
				namespace = other
			}
			g.Expect(names).To(HaveKey(namespace+"/"+on["name"].(string)), "%s depends on what is not there before it", o.GetName()) //nolint:errcheck,forcetypeassert // A panic is a failure.
		}
		names[o.GetNamespace()+"/"+o.GetName()] = true
		folder := strings.TrimPrefix(text(o, "spec", "path"), "./")
		checks, _, err := unstructured.NestedSlice(o.Object, "spec", "healthChecks")
		g.Expect(err).NotTo(HaveOccurred())
		for _, c := range checks {
			check := unstructured.Unstructured{Object: c.(map[string]any)} //nolint:errcheck,forcetypeassert // A panic is a failure.
			key := folder + " " + text(&check, "apiVersion") + " " + text(&check, "kind") + " "
			if namespace, has := check.Object["namespace"].(string); has {
				key += namespace
			}
			g.Expect(there).To(HaveKey(key+"/"+text(&check, "name")), "%s checks the health of what its folder does not hold", o.GetName())
		}
		if o.GetNamespace() != "flux-system" {
			g.Expect(text(o, "spec", "targetNamespace")).To(Equal(folder), "%s should write where its account may", o.GetName())
			g.Expect(accounts).To(HaveKey("ServiceAccount "+o.GetNamespace()+"/"+text(o, "spec", "serviceAccountName")), "%s acts as nobody", o.GetName())
		}
	}
	g.Expect(names).To(HaveLen(len(folders)), "each folder has its Kustomization")
	waves := map[string]string{}
	for _, o := range read("argocd", "platform.yaml") {
		waves[text(o, "spec", "source", "path")] = o.GetAnnotations()["argocd.argoproj.io/sync-wave"]
	}
	g.Expect(waves).To(Equal(map[string]string{"platform": "-2", "security": "-1"}), "what gives rights comes first")
	for _, o := range read("argocd", "teams.yaml") {
		switch o.GetKind() {
		case "AppProject":
			impersonated, _, err := unstructured.NestedSlice(o.Object, "spec", "destinationServiceAccounts")
			g.Expect(err).NotTo(HaveOccurred())
			for _, i := range impersonated {
				fields := i.(map[string]any)                                                         //nolint:errcheck,forcetypeassert // A panic is a failure.
				namespace, name, found := strings.Cut(fields["defaultServiceAccount"].(string), ":") //nolint:errcheck,forcetypeassert // A panic is a failure.
				g.Expect(found).To(BeTrue(), "without its namespace an account is looked for where it applies")
				g.Expect(accounts).To(HaveKey(fmt.Sprintf("ServiceAccount %s/%s", namespace, name)))
				g.Expect(name).To(Equal(fields["namespace"]), "each account applies the namespace that it is called after")
			}
		case "ApplicationSet":
			generators, _, err := unstructured.NestedSlice(o.Object, "spec", "generators")
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(generators).To(HaveExactElements(HaveKeyWithValue("list", HaveKeyWithValue("elements", HaveExactElements(
				HaveKeyWithValue("namespace", "talent"), HaveKeyWithValue("namespace", "marketing"), HaveKeyWithValue("namespace", "checkout"))))))
		default:
			t.Errorf("nothing is known of a %s", o.GetKind())
		}
	}
}
