package gitops

import (
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
)

// mayEnd gives the tool the verb end in its namespace.
func (s *stage) mayEnd() {
	s.Helper()
	s.create(
		&rbacv1.Role{ObjectMeta: s.meta("end"), Rules: []rbacv1.PolicyRule{{APIGroups: []string{v1alpha1.GroupVersion.Group}, Resources: []string{"engagements", "workers"}, Verbs: []string{"end"}}}},
		&rbacv1.RoleBinding{ObjectMeta: s.meta("end"), RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: "end"}, Subjects: []rbacv1.Subject{s.tool()}},
	)
}

// repository applies all of the stage's documents under a label, as the tool, and has people bring the engagement to work.
func (s *stage) repository() (everything string) {
	s.Helper()
	var labelled []string
	for _, name := range inOrder {
		if name == "provider" || name == "profile" { // security's, and not in this repository
			s.apply(sam, "security", s.manifest(name))
			continue
		}
		labelled = append(labelled, strings.Replace(s.manifest(name), "metadata: {", "metadata: {labels: {repository: team}, ", 1))
	}
	// A second engagement, that nobody was hired for.
	labelled = append(labelled, strings.NewReplacer("name: work,", "name: idle,", "title: work", "title: idle").Replace(labelled[len(labelled)-1]))
	everything = strings.Join(labelled, "\n---\n")
	// On the client's side: kubectl prunes only what was applied so.
	if out, code := s.kubectl(s.username(), everything, "apply"); code != 0 {
		s.Fatalf("applying the repository ended with %d: %s", code, out)
	}
	s.begin()
	return everything
}

// without is a manifest from which an engagement has been deleted.
func without(manifest, engagement string) string {
	kept := slices.DeleteFunc(strings.Split(manifest, "\n---\n"), func(d string) bool {
		return strings.Contains(d, "kind: Engagement") && strings.Contains(d, "name: "+engagement+",")
	})
	return strings.Join(kept, "\n---\n")
}

func (s *stage) prune(manifest string) (string, int) {
	s.Helper()
	return s.kubectl(s.username(), manifest, "apply", "--prune", "--selector=repository=team", "--namespace="+s.ns,
		"--prune-allowlist=gig.longshore.dev/v1alpha1/Engagement")
}

// Whatever left Git and holds nobody's access is pruned; who holds access stays at work, and the tool is told by which rule.
func TestAPruneWithoutTheVerbEndIsRefusedAndHarmsNothing(t *testing.T) {
	g := NewWithT(t)
	s := newStage(t)
	everything := s.repository()
	out, code := s.kubectl(s.username(), everything, "diff")
	g.Expect(code).To(BeZero(), "what was applied on the client's side should show no difference at work: %s", out)

	out, code = s.prune(without(everything, "work"))
	g.Expect(code).NotTo(BeZero(), "a wrong prune should be refused: %s", out)
	g.Expect(out).To(And(ContainSubstring("longshore-end"), ContainSubstring("needs the verb end on engagements/work in namespace "+s.ns), ContainSubstring("ask someone who holds it")))
	// As Flux deletes: object by object, in the background and in the foreground.
	for _, policy := range []metav1.DeletionPropagation{metav1.DeletePropagationBackground, metav1.DeletePropagationForeground} {
		err := s.as(s.username()).Delete(t.Context(), &v1alpha1.Engagement{ObjectMeta: s.meta("work")}, client.PropagationPolicy(policy))
		g.Expect(err).To(MatchError(ContainSubstring("end: the worker of this engagement holds access")))
		g.Expect(apierrors.IsForbidden(err)).To(BeTrue(), "a tool should take it for missing rights, and not try for ever")
	}
	eng := s.eventually("at work as before", func(*v1alpha1.Engagement) bool { return true })
	g.Expect(eng.DeletionTimestamp).To(BeNil())
	g.Expect(s.bindings()).To(Equal(1), "the worker keeps their access")
	g.Expect(is(eng, v1alpha1.ConditionReady)).To(BeTrue())
	for kind, name := range map[string]string{"TalentPool": "pool", "Worker": "ada", "Checklist": "onboarding", "Scorecard": "card"} {
		g.Expect(s.live(kind, s.ns, name).GetDeletionTimestamp()).To(BeNil(), "nothing else of the set should be harmed")
	}

	out, code = s.prune(without(everything, "idle"))
	g.Expect(code).To(BeZero(), "nobody holds access through the other one: %s", out)
	s.gone("idle")
	out, code = s.kubectl(s.username(), everything, "diff", "--selector=repository=team")
	g.Expect(code).To(Equal(1), "only what was pruned should be missing: %s", out)
}

func TestAPruneWithTheVerbEndRevokesFirstAndSealsTheFile(t *testing.T) {
	g := NewWithT(t)
	s := newStage(t)
	everything := s.repository()
	s.mayEnd()
	eng := s.eventually("at work", func(*v1alpha1.Engagement) bool { return true })

	out, code := s.prune(without(everything, "work"))
	g.Expect(code).To(BeZero(), out)
	s.gone("work")
	g.Expect(s.bindings()).To(BeZero(), "access should be gone before the engagement is")
	file := s.dossier(eng)
	g.Expect(file.Spec.Record.Outcome).To(Equal(v1alpha1.OutcomeTerminated))
	g.Expect(file.Spec.Record.Access).NotTo(BeEmpty(), "the file should prove what became of access")
	grants := &v1alpha1.AccessGrantList{}
	g.Expect(admin.List(t.Context(), grants, client.InNamespace(s.ns))).To(Succeed())
	g.Expect(grants.Items).To(BeEmpty(), "no finalizer should keep anything")
}

// The whole set at once, as when an Application is deleted with its resources: what an engagement needs to be wound up goes at the same moment.
func TestPruningTheWholeSetDoesNotDeadlock(t *testing.T) {
	g := NewWithT(t)
	s := newStage(t)
	everything := s.repository()
	s.mayEnd()
	eng := s.eventually("at work", func(*v1alpha1.Engagement) bool { return true })
	// Worst order: the people, the pool and the procedures first.
	out, code := s.kubectl(s.username(), everything, "delete", "--timeout=60s")
	g.Expect(code).To(BeZero(), out)
	s.gone("work")
	s.gone("idle")
	g.Expect(s.bindings()).To(BeZero())
	s.dossier(eng)
	for _, o := range []client.ObjectList{&v1alpha1.TalentPoolList{}, &v1alpha1.WorkerList{}, &v1alpha1.ChecklistList{}, &v1alpha1.ScorecardList{}} {
		g.Expect(admin.List(t.Context(), o, client.InNamespace(s.ns))).To(Succeed())
		g.Expect(o).To(HaveField("Items", BeEmpty()), "nothing of the set should hang")
	}
}

func (s *stage) dossier(eng *v1alpha1.Engagement) *v1alpha1.Dossier {
	s.Helper()
	files := &v1alpha1.DossierList{}
	if err := admin.List(s.Context(), files, client.MatchingFields{"spec.record.uid": string(eng.UID)}); err != nil {
		s.Fatal(err)
	}
	if len(files.Items) != 1 {
		s.Fatalf("expected one sealed file of %s, found %d", eng.Name, len(files.Items))
	}
	return &files.Items[0]
}
