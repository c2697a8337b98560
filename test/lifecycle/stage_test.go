package lifecycle

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/hack/cluster/clustertest"
)

// patience is how long the operator is given to do what it should do at once. It is generous: a loaded machine is slow, and a test only waits this long when it fails.
const patience = 60 * time.Second

// The people of a stage. Each has exactly the ClusterRoles that a real team would bind.
const (
	mia  = "mia"  // requester
	ana  = "ana"  // approver
	amos = "amos" // another approver
	ben  = "ben"  // coordinator, and the Buddy
	rex  = "rex"  // reviewer
	tess = "tess" // talent operations
	ada  = "ada"  // a worker with an account
	bob  = "bob"  // another worker with an account
	seth = "seth" // security, who may grant every profile
)

// stage is a namespace with people, a pool with two screened workers, and what an engagement refers to.
type stage struct {
	*testing.T
	ns string
	// profile is the name of this stage's own AccessProfile: profiles are cluster-scoped.
	profile string
}

func newStage(t *testing.T) *stage {
	t.Helper()
	t.Parallel()
	s := &stage{T: t, ns: clustertest.Namespace(t, shared)}
	s.profile = "chat-" + s.ns[len(s.ns)-5:]
	for user, roles := range map[string][]string{
		mia: {"longshore-requester"}, ana: {"longshore-approver"}, amos: {"longshore-approver"}, ben: {"longshore-coordinator"},
		rex: {"longshore-reviewer"}, tess: {"longshore-talent-operations"}, ada: {"longshore-worker"}, bob: {"longshore-worker"},
	} {
		for _, role := range roles {
			s.bind(user, role)
		}
	}
	s.mustCreate(admin,
		&v1alpha1.AccessProvider{ObjectMeta: metav1.ObjectMeta{Name: s.profile}, Spec: v1alpha1.AccessProviderSpec{Type: v1alpha1.ProviderKubernetes}},
		&v1alpha1.AccessProfile{ObjectMeta: metav1.ObjectMeta{Name: s.profile}, Spec: v1alpha1.AccessProfileSpec{
			AvailableFrom: v1alpha1.AvailableFromOnboarding,
			Entitlements:  []v1alpha1.Entitlement{{Name: "chat", ProviderRef: v1alpha1.ClusterReference{Name: s.profile}, Kubernetes: &v1alpha1.KubernetesEntitlement{ClusterRole: "chat-user", Namespaces: []string{s.ns}}}},
		}},
		s.mayGrant(mia), s.grantBinding(mia), s.grantBinding(seth),
		&v1alpha1.TalentPool{ObjectMeta: s.meta("pool")},
		s.worker(ada), s.worker(bob),
		&v1alpha1.Checklist{ObjectMeta: s.meta("onboarding"), Spec: v1alpha1.ChecklistSpec{Steps: []v1alpha1.ChecklistStep{
			{Name: "nda", Type: v1alpha1.StepDocument, Blocks: v1alpha1.BlocksAccess},
			{Name: "contacts", Type: v1alpha1.StepMeeting, Actor: "Buddy", DependsOn: []string{"nda"}},
		}}},
		&v1alpha1.Checklist{ObjectMeta: s.meta("exit"), Spec: v1alpha1.ChecklistSpec{Steps: []v1alpha1.ChecklistStep{
			{Name: "handover", Type: v1alpha1.StepAttestation, Actor: "Buddy", BeforeEnd: &metav1.Duration{Duration: time.Hour}},
		}}},
		&v1alpha1.Scorecard{ObjectMeta: s.meta("card"), Spec: v1alpha1.ScorecardSpec{
			Criteria: []v1alpha1.Criterion{{Name: "quality", Weight: 1, Min: 1, Max: 5}},
			KPIs:     []v1alpha1.KPI{{Name: "OnTime", Weight: 1, Target: "1", Worst: "0", Source: v1alpha1.KPIOnTimeDeliveryRate}},
		}},
	)
	return s
}

func (s *stage) meta(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: name, Namespace: s.ns}
}

func (s *stage) worker(name string) *v1alpha1.Worker {
	return &v1alpha1.Worker{ObjectMeta: s.meta(name), Spec: v1alpha1.WorkerSpec{
		PersonKey: s.ns + "-" + name, Username: name, Jurisdiction: "US-CA",
		Rate:       &v1alpha1.Rate{Currency: "USD", Amount: "50", Per: v1alpha1.PerHour},
		Identities: []v1alpha1.Identity{{Provider: s.profile, Subject: s.ns + "-" + name}},
	}}
}

func (s *stage) mayGrant(string) *rbacv1.ClusterRole {
	return &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "grant-" + s.profile}, Rules: []rbacv1.PolicyRule{{
		APIGroups: []string{v1alpha1.GroupVersion.Group}, Resources: []string{"accessprofiles"}, ResourceNames: []string{s.profile}, Verbs: []string{"grant"},
	}}}
}

func (s *stage) grantBinding(user string) *rbacv1.ClusterRoleBinding {
	return &rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: "grant-" + s.profile + "-" + user}, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "grant-" + s.profile}, Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: user}}}
}

func (s *stage) bind(user, role string) {
	s.Helper()
	s.mustCreate(admin, &rbacv1.RoleBinding{ObjectMeta: s.meta(user + "-" + role), RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role}, Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: user}}})
}

func (s *stage) mustCreate(c client.Client, objects ...client.Object) {
	s.Helper()
	for _, o := range objects {
		if err := c.Create(s.Context(), o); err != nil {
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

// as acts as a person.
func (s *stage) as(user string) client.Client {
	s.Helper()
	c, err := client.New(shared.As(user), client.Options{Scheme: scheme})
	if err != nil {
		s.Fatalf("making a client for %s: %v", user, err)
	}
	return c
}

// engagement as its requester writes it: an hour's work that begins now, paid at a fixed price.
func (s *stage) engagement(name string, edits ...func(*v1alpha1.EngagementSpec)) *v1alpha1.Engagement {
	now := time.Now()
	eng := &v1alpha1.Engagement{ObjectMeta: s.meta(name), Spec: v1alpha1.EngagementSpec{
		Title:    name,
		Contacts: []v1alpha1.Contact{{Role: v1alpha1.RoleManager, Subject: v1alpha1.Subject{Kind: v1alpha1.SubjectUser, Name: mia}}, {Role: "Buddy", Subject: v1alpha1.Subject{Kind: v1alpha1.SubjectUser, Name: ben}}},
		PoolRef:  v1alpha1.PoolReference{Name: "pool"},
		StatementOfWork: v1alpha1.StatementOfWork{
			Start: metav1.NewTime(now.Add(-time.Second)), End: metav1.NewTime(now.Add(time.Hour)), Budget: v1alpha1.Money{Currency: "USD", Amount: "5000"},
			Rate:         &v1alpha1.Rate{Currency: "USD", Amount: "5000", Per: v1alpha1.PerFixed},
			Deliverables: []v1alpha1.Deliverable{{Name: "logo", Due: metav1.NewTime(now.Add(30 * time.Minute)), Amount: "2000"}},
		},
		Classification: v1alpha1.Classification{WorkerType: v1alpha1.IndependentContractor, Jurisdiction: "US-CA"},
		Onboarding:     &v1alpha1.Onboarding{ChecklistRef: &v1alpha1.LocalReference{Name: "onboarding"}},
		Offboarding:    &v1alpha1.Offboarding{ChecklistRef: &v1alpha1.LocalReference{Name: "exit"}},
		Evaluation:     &v1alpha1.EvaluationPlan{ScorecardRef: v1alpha1.LocalReference{Name: "card"}},
		Access:         []v1alpha1.AccessRequest{{Name: s.profile}},
	}}
	for _, edit := range edits {
		edit(&eng.Spec)
	}
	return eng
}

// request creates an engagement as mia.
func (s *stage) request(name string, edits ...func(*v1alpha1.EngagementSpec)) *v1alpha1.Engagement {
	s.Helper()
	eng := s.engagement(name, edits...)
	s.mustCreate(s.as(mia), eng)
	return eng
}

func (s *stage) get(name string) *v1alpha1.Engagement {
	s.Helper()
	eng := &v1alpha1.Engagement{}
	if err := admin.Get(s.Context(), types.NamespacedName{Namespace: s.ns, Name: name}, eng); err != nil {
		s.Fatalf("getting engagement %s: %v", name, err)
	}
	return eng
}

// eventually waits until the engagement is as it should be, and says what was expected and what is.
func (s *stage) eventually(name, expected string, is func(*v1alpha1.Engagement) bool) *v1alpha1.Engagement {
	s.Helper()
	var eng *v1alpha1.Engagement
	err := wait.PollUntilContextTimeout(s.Context(), 50*time.Millisecond, patience, true, func(context.Context) (bool, error) {
		eng = s.get(name)
		return is(eng), nil
	})
	if err != nil {
		s.Fatalf("expected of engagement %s: %s; it is\n%s", name, expected, describe(eng))
	}
	return eng
}

func (s *stage) inPhase(name string, phase v1alpha1.Phase) *v1alpha1.Engagement {
	s.Helper()
	return s.eventually(name, "phase "+string(phase), func(eng *v1alpha1.Engagement) bool { return eng.Status.Phase == phase })
}

func (s *stage) waitsFor(name, what string) *v1alpha1.Engagement {
	s.Helper()
	return s.eventually(name, "it waits for "+what, func(eng *v1alpha1.Engagement) bool { return waitsFor(eng, what) != nil })
}

func waitsFor(eng *v1alpha1.Engagement, what string) *v1alpha1.WaitingFor {
	for i := range eng.Status.WaitingFor {
		if strings.HasPrefix(eng.Status.WaitingFor[i].What, what) {
			return &eng.Status.WaitingFor[i]
		}
	}
	return nil
}

// describe shows an engagement's status without its record of statements.
func describe(eng *v1alpha1.Engagement) string {
	if eng == nil {
		return "gone"
	}
	st := eng.Status.DeepCopy()
	st.Attestations, st.Terms = nil, nil
	raw, err := json.MarshalIndent(st, "", "  ")
	if err != nil {
		return err.Error()
	}
	return string(raw)
}

// attest states something of an engagement under a person's own name.
func (s *stage) attest(user, engagement, claim string, verdict v1alpha1.Verdict, edits ...func(*v1alpha1.AttestationSpec)) *v1alpha1.Attestation {
	s.Helper()
	att := s.attestation(engagement, claim, verdict, edits...)
	s.mustCreate(s.as(user), att)
	return att
}

// nextSecond lets the second pass: of two opposite statements within one the refusing one counts, since times are whole seconds.
func (s *stage) nextSecond() {
	s.Helper()
	this := time.Now().Unix()
	if err := wait.PollUntilContextCancel(s.Context(), 20*time.Millisecond, true, func(context.Context) (bool, error) { return time.Now().Unix() > this, nil }); err != nil {
		s.Fatal(err)
	}
}

func (s *stage) attestation(engagement, claim string, verdict v1alpha1.Verdict, edits ...func(*v1alpha1.AttestationSpec)) *v1alpha1.Attestation {
	att := &v1alpha1.Attestation{ObjectMeta: metav1.ObjectMeta{GenerateName: "att-", Namespace: s.ns}, Spec: v1alpha1.AttestationSpec{
		SubjectRef: v1alpha1.SubjectReference{Kind: "Engagement", Name: engagement}, Claim: claim, Verdict: verdict,
	}}
	for _, edit := range edits {
		edit(&att.Spec)
	}
	return att
}

func terms(hash string) func(*v1alpha1.AttestationSpec) {
	return func(a *v1alpha1.AttestationSpec) { a.Terms = hash }
}

// standing waits until the operator has said of an attestation that it does not count, and why.
func (s *stage) ignored(att *v1alpha1.Attestation, reason string) {
	s.Helper()
	got := &v1alpha1.Attestation{}
	err := wait.PollUntilContextTimeout(s.Context(), 50*time.Millisecond, patience, true, func(ctx context.Context) (bool, error) {
		if err := admin.Get(ctx, client.ObjectKeyFromObject(att), got); err != nil {
			return false, err
		}
		return got.Status != nil && got.Status.State != "", nil
	})
	if err != nil || got.Status.Reason != reason {
		s.Fatalf("expected %s %s to be marked %s; its status is %+v (%v)", att.Spec.Claim, att.Spec.Verdict, reason, got.Status, err)
	}
}

// approve gives the approval that the proposed terms ask for.
func (s *stage) approve(name string) {
	s.Helper()
	eng := s.waitsFor(name, "approval/engagement")
	s.attest(ana, name, "approval/engagement", v1alpha1.VerdictApproved, terms(eng.Status.Proposed.Hash))
}

// hire takes an engagement from its creation to a worker's acceptance.
func (s *stage) hire(name, worker string) *v1alpha1.Engagement {
	s.Helper()
	s.approve(name)
	s.waitsFor(name, "selection/candidate")
	s.attest(mia, name, "selection/"+worker, v1alpha1.VerdictChosen)
	s.accept(name, worker)
	return s.inPhase(name, v1alpha1.PhaseOnboarding)
}

// accept answers the open offer as the worker.
func (s *stage) accept(name, worker string) {
	s.Helper()
	eng := s.eventually(name, "an offer to "+worker, func(eng *v1alpha1.Engagement) bool {
		r := eng.Status.Recruitment
		return r != nil && r.Offer != nil && r.Offer.Worker == worker
	})
	s.attest(worker, name, "offer/"+worker, v1alpha1.VerdictAccepted, terms(eng.Status.Recruitment.Offer.Hash))
}

// begin takes an engagement to the work itself, with access given.
func (s *stage) begin(name, worker string) *v1alpha1.Engagement {
	s.Helper()
	s.hire(name, worker)
	s.waitsFor(name, "onboarding/nda")
	s.attest(ben, name, "onboarding/nda", v1alpha1.VerdictDone)
	s.waitsFor(name, "onboarding/contacts")
	s.attest(ben, name, "onboarding/contacts", v1alpha1.VerdictDone)
	s.waitsFor(name, "start/confirmed")
	s.attest(mia, name, "start/confirmed", v1alpha1.VerdictDone)
	return s.inPhase(name, v1alpha1.PhaseAssigned)
}

// finish does what people have to do after the end, up to Closed.
func (s *stage) finish(name string) *v1alpha1.Engagement {
	s.Helper()
	s.inPhase(name, v1alpha1.PhaseEvaluating)
	s.evaluate(rex, name, v1alpha1.EvaluationFinal, "4")
	s.inPhase(name, v1alpha1.PhaseOffboarding)
	s.attest(ben, name, "offboarding/handover", v1alpha1.VerdictDone)
	return s.inPhase(name, v1alpha1.PhaseClosed)
}

func (s *stage) evaluate(user, engagement string, kind v1alpha1.EvaluationKind, quality string) *v1alpha1.Evaluation {
	s.Helper()
	eval := &v1alpha1.Evaluation{ObjectMeta: metav1.ObjectMeta{GenerateName: "eval-", Namespace: s.ns}, Spec: v1alpha1.EvaluationSpec{
		EngagementRef: &v1alpha1.LocalReference{Name: engagement}, ScorecardRef: v1alpha1.LocalReference{Name: "card"}, Kind: kind,
		Scores: []v1alpha1.CriterionScore{{Name: "quality", Score: quality}},
	}}
	s.mustCreate(s.as(user), eval)
	return eval
}

// hasAccess asks the API server itself whether the worker may do what the profile gives.
func (s *stage) hasAccess(worker string) bool {
	s.Helper()
	review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User: s.ns + "-" + worker, ResourceAttributes: &authorizationv1.ResourceAttributes{Namespace: s.ns, Verb: "get", Resource: "configmaps", Name: "chat-user"},
	}}
	if err := admin.Create(s.Context(), review); err != nil {
		s.Fatalf("asking whether %s has access: %v", worker, err)
	}
	return review.Status.Allowed
}

func (s *stage) losesAccess(worker string) {
	s.Helper()
	s.awaitAccess(worker, false)
}

func (s *stage) gainsAccess(worker string) {
	s.Helper()
	s.awaitAccess(worker, true)
}

func (s *stage) awaitAccess(worker string, want bool) {
	s.Helper()
	if err := wait.PollUntilContextTimeout(s.Context(), 50*time.Millisecond, patience, true, func(context.Context) (bool, error) { return s.hasAccess(worker) == want, nil }); err != nil {
		s.Fatalf("expected access of %s to be %v; the grants are\n%s", worker, want, s.grants())
	}
}

// edit changes a spec as a person, again if somebody else wrote in between.
func (s *stage) edit(user, name string, change func(*v1alpha1.EngagementSpec)) {
	s.Helper()
	if err := s.tryEdit(user, name, change); err != nil {
		s.Fatalf("%s editing engagement %s: %v", user, name, err)
	}
}

func (s *stage) tryEdit(user, name string, change func(*v1alpha1.EngagementSpec)) error {
	s.Helper()
	eng := s.get(name)
	before := eng.DeepCopy()
	change(&eng.Spec)
	return s.as(user).Patch(s.Context(), eng, client.MergeFrom(before))
}

func (s *stage) dossier(eng *v1alpha1.Engagement) *v1alpha1.Dossier {
	s.Helper()
	dossiers := &v1alpha1.DossierList{}
	if err := admin.List(s.Context(), dossiers, client.MatchingFields{"spec.record.uid": string(eng.UID)}); err != nil {
		s.Fatal(err)
	}
	if len(dossiers.Items) != 1 {
		s.Fatalf("expected exactly one Dossier of engagement %s, found %d", eng.Name, len(dossiers.Items))
	}
	return &dossiers.Items[0]
}

func (s *stage) namespace() *corev1.Namespace {
	return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.ns}}
}

// gone waits until an object is no more.
func (s *stage) gone(o client.Object) {
	s.Helper()
	got, is := o.DeepCopyObject().(client.Object)
	if !is {
		s.Fatalf("%T is no object", o)
	}
	err := wait.PollUntilContextTimeout(s.Context(), 100*time.Millisecond, patience, true, func(ctx context.Context) (bool, error) {
		err := admin.Get(ctx, client.ObjectKeyFromObject(o), got)
		return apierrors.IsNotFound(err), client.IgnoreNotFound(err)
	})
	if err != nil {
		s.Fatalf("expected %T %s to be gone: %v\n%+v", o, o.GetName(), err, got)
	}
}

// binding is the RoleBinding by which the worker has access.
func (s *stage) binding() *rbacv1.RoleBinding {
	s.Helper()
	bindings := &rbacv1.RoleBindingList{}
	if err := admin.List(s.Context(), bindings, client.InNamespace(s.ns), client.MatchingLabels{v1alpha1.ManagedByLabel: v1alpha1.ManagedByValue}); err != nil {
		s.Fatal(err)
	}
	if len(bindings.Items) != 1 {
		s.Fatalf("expected one binding made by Longshore in %s, found %d", s.ns, len(bindings.Items))
	}
	return &bindings.Items[0]
}

// grants shows what the grants of the stage want and have.
func (s *stage) grants() string {
	s.Helper()
	list := &v1alpha1.AccessGrantList{}
	if err := admin.List(s.Context(), list, client.InNamespace(s.ns)); err != nil {
		return err.Error()
	}
	var lines []string
	for _, g := range list.Items {
		raw, err := json.Marshal(map[string]any{"name": g.Name, "spec": g.Spec, "status": g.Status})
		if err != nil {
			return err.Error()
		}
		lines = append(lines, string(raw))
	}
	return strings.Join(lines, "\n")
}
