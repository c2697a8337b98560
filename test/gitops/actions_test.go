package gitops

import (
	"encoding/json"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/jsonmergepatch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/test/gitops/reading"
)

// argoServer runs actions, under an account of its own and not the controller's.
const argoServer = "system:serviceaccount:argocd:argocd-server"

// act runs an action on a live object as Argo CD does: the difference that the script makes is sent as a merge patch.
func (s *stage) act(user string, o *unstructured.Unstructured, action string) error {
	s.Helper()
	changed, err := s.argo.Act(o, action, time.Now())
	if err != nil {
		s.Fatal(err)
	}
	before, err := json.Marshal(o)
	if err != nil {
		s.Fatal(err)
	}
	after, err := json.Marshal(changed)
	if err != nil {
		s.Fatal(err)
	}
	patch, err := jsonmergepatch.CreateThreeWayJSONMergePatch(before, after, before)
	if err != nil {
		s.Fatal(err)
	}
	return s.as(user).Patch(s.Context(), o.DeepCopy(), client.RawPatch(types.MergePatchType, patch))
}

func TestTheActionsOfArgoCDDoWhatTheySayAndAreNoDrift(t *testing.T) {
	g := NewWithT(t)
	s := newStage(t)
	server := rbacv1.Subject{Kind: rbacv1.ServiceAccountKind, Name: "argocd-server", Namespace: "argocd"}
	s.bind("longshore-engagement-editor", server)
	for _, name := range inOrder {
		s.apply(s.username(), "gitops", s.manifest(name))
	}
	inGit := s.manifest("engagement")
	s.begin()
	noDrift := func(what string) {
		t.Helper()
		out, code := s.kubectl(s.username(), inGit, "diff", "--server-side", "--field-manager=gitops")
		g.Expect(code).To(BeZero(), "%s should be no drift: %s", what, out)
	}

	// Somebody removes access by hand. The next look of the operator's own accord is minutes away.
	g.Expect(admin.DeleteAllOf(t.Context(), &rbacv1.RoleBinding{}, client.InNamespace(s.ns), client.MatchingLabels{v1alpha1.ManagedByLabel: v1alpha1.ManagedByValue})).To(Succeed())
	before := s.live("Engagement", s.ns, "work")
	g.Expect(s.act(argoServer, before, "reconcile")).To(Succeed(), "to ask for a look needs no verb")
	g.Eventually(s.bindings).WithTimeout(patience).WithPolling(50*time.Millisecond).Should(Equal(1), "access that somebody removed comes back at once when asked")
	after := s.live("Engagement", s.ns, "work")
	g.Expect(after.GetGeneration()).To(Equal(before.GetGeneration()), "to ask for a look changes no spec")
	g.Expect(after.Object["spec"]).To(Equal(before.Object["spec"]), "nor who the requester is")
	noDrift("reconcile")

	g.Expect(s.act(argoServer, s.live("Engagement", s.ns, "work"), "suspend")).To(Succeed(), "to suspend asks for nothing more")
	suspended := s.reads("Engagement", s.ns, "work", reading.Paused)
	g.Expect(s.bindings()).To(BeZero(), "access is withdrawn while it is suspended")
	g.Expect(suspended.Object["spec"]).To(HaveKeyWithValue("requester", HaveKeyWithValue("username", s.username())))
	noDrift("suspend, where Git leaves spec.suspend out,")

	err := s.act(argoServer, suspended, "resume")
	g.Expect(err).To(MatchError(And(ContainSubstring("grant: this request lifts the suspension"), ContainSubstring("needs the verb grant on accessprofiles/"+s.profile))))
	s.reads("Engagement", s.ns, "work", reading.Paused)
	s.create(&rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: s.profile + "-argocd-server"}, RoleRef: clusterRole(s.profile), Subjects: []rbacv1.Subject{server}})
	g.Eventually(func() error { return s.act(argoServer, s.live("Engagement", s.ns, "work"), "resume") }).WithTimeout(patience).Should(Succeed(), "whoever holds grant may resume")
	resumed := s.live("Engagement", s.ns, "work")
	g.Expect(resumed.Object["spec"]).NotTo(HaveKey("suspend"), "it is left out again, as in Git")
	g.Expect(resumed.Object["spec"]).To(HaveKeyWithValue("requester", HaveKeyWithValue("username", argoServer)), "whoever resumes answers for it")
	noDrift("resume")

	provider := s.live("AccessProvider", "", s.profile)
	g.Expect(s.act(sam, provider, "reconcile")).To(Succeed())
	s.reads("AccessProvider", "", s.profile, reading.AsWritten)
}
