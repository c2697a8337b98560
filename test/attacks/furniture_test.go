package attacks

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
)

// The profiles. Everybody gets the same from each, so that only who may hand it out, and to whom, differs.
const (
	design  = "design"
	prod    = "production"
	staff   = "staff"   // For employees alone.
	limited = "limited" // For another team alone.
)

const provider = "cluster"

func meta(namespace, name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: namespace, Name: name}
}

func profile(name string, allowed *v1alpha1.AllowedUse) *v1alpha1.AccessProfile {
	return &v1alpha1.AccessProfile{ObjectMeta: meta("", name), Spec: v1alpha1.AccessProfileSpec{
		AvailableFrom: v1alpha1.AvailableFromOnboarding, Allowed: allowed,
		Entitlements: []v1alpha1.Entitlement{{
			Name: "tools", ProviderRef: v1alpha1.ClusterReference{Name: provider},
			Kubernetes: &v1alpha1.KubernetesEntitlement{ClusterRole: bindable, Namespaces: []string{elsewhere}},
		}},
	}}
}

func worker(namespace, name string) *v1alpha1.Worker {
	return &v1alpha1.Worker{ObjectMeta: meta(namespace, name), Spec: v1alpha1.WorkerSpec{
		PersonKey: namespace + "-" + name, Username: name, Jurisdiction: "US-CA",
		Rate:       &v1alpha1.Rate{Currency: "USD", Amount: "50", Per: v1alpha1.PerHour},
		Identities: []v1alpha1.Identity{{Provider: provider, Subject: name + "-at-work"}},
	}}
}

// novice is screened in a pool of their own.
var novice = func() *v1alpha1.Worker {
	w := worker(talent, "novice")
	w.Labels = map[string]string{"screened": "yes"}
	return w
}()

func checklist(name string, steps ...v1alpha1.ChecklistStep) *v1alpha1.Checklist {
	return &v1alpha1.Checklist{ObjectMeta: meta(team, name), Spec: v1alpha1.ChecklistSpec{Steps: steps}}
}

// nda is what is to be signed before access.
var nda = v1alpha1.ChecklistStep{Name: "nda", Type: v1alpha1.StepDocument, Blocks: v1alpha1.BlocksAccess}

func furniture() []client.Object {
	attested := nda
	attested.Attestors = []v1alpha1.Subject{{Kind: v1alpha1.SubjectUser, Name: tess}}
	return []client.Object{
		&v1alpha1.AccessProvider{ObjectMeta: meta("", provider), Spec: v1alpha1.AccessProviderSpec{Type: v1alpha1.ProviderKubernetes}},
		profile(design, nil), profile(prod, nil),
		profile(staff, &v1alpha1.AllowedUse{WorkerTypes: []v1alpha1.WorkerType{v1alpha1.FixedTermEmployee}}),
		profile(limited, &v1alpha1.AllowedUse{NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"kubernetes.io/metadata.name": elsewhere}}}),
		&v1alpha1.TalentPool{ObjectMeta: meta(talent, "pool"), Spec: v1alpha1.TalentPoolSpec{AllowedNamespaces: []string{team}}},
		&v1alpha1.TalentPool{ObjectMeta: meta(vault, "pool")},
		&v1alpha1.TalentPool{ObjectMeta: meta(talent, "screened"), Spec: v1alpha1.TalentPoolSpec{
			WorkerSelector: metav1.LabelSelector{MatchLabels: map[string]string{"screened": "yes"}},
			Screening:      &v1alpha1.Screening{ChecklistRef: v1alpha1.LocalReference{Name: "portfolio"}},
		}},
		&v1alpha1.Checklist{ObjectMeta: meta(talent, "portfolio"), Spec: v1alpha1.ChecklistSpec{Steps: []v1alpha1.ChecklistStep{{Name: "portfolio", Type: v1alpha1.StepDocument}}}},
		novice,
		worker(talent, ada), worker(talent, bob), worker(talent, wim), worker(talent, "idle"), worker(vault, "vera"),
		checklist("onboarding", nda), checklist("attested", attested),
		checklist("greedy", v1alpha1.ChecklistStep{Name: "tools", Type: v1alpha1.StepAccess, Access: &v1alpha1.StepAccessRef{Profile: prod}}),
		&v1alpha1.Scorecard{ObjectMeta: meta(team, "card"), Spec: v1alpha1.ScorecardSpec{Criteria: []v1alpha1.Criterion{{Name: "quality", Weight: 1, Min: 1, Max: 5}}}},
	}
}

// spec is a change of an engagement.
type spec = func(*v1alpha1.Engagement)

// engagement as a requester of the team writes it: an hour's work for ada that begins now.
func engagement(name string, changes ...spec) *v1alpha1.Engagement {
	now := time.Now()
	e := &v1alpha1.Engagement{ObjectMeta: meta(team, name), Spec: v1alpha1.EngagementSpec{
		Title:     "Designer",
		PoolRef:   v1alpha1.PoolReference{Namespace: talent, Name: "pool"},
		WorkerRef: &v1alpha1.LocalReference{Name: ada},
		Contacts:  []v1alpha1.Contact{{Role: v1alpha1.RoleManager, Subject: v1alpha1.Subject{Kind: v1alpha1.SubjectUser, Name: mia}}},
		StatementOfWork: v1alpha1.StatementOfWork{
			Start: metav1.NewTime(now.Add(-time.Minute)), End: metav1.NewTime(now.Add(time.Hour)),
			Budget: v1alpha1.Money{Currency: "USD", Amount: "5000"}, Rate: &v1alpha1.Rate{Currency: "USD", Amount: "100", Per: v1alpha1.PerFixed},
			Deliverables: []v1alpha1.Deliverable{{Name: "logo", Due: metav1.NewTime(now.Add(time.Minute)), Amount: "100"}},
		},
		Classification: v1alpha1.Classification{WorkerType: v1alpha1.IndependentContractor, Jurisdiction: "US-CA"},
		Evaluation:     &v1alpha1.EvaluationPlan{ScorecardRef: v1alpha1.LocalReference{Name: "card"}, Cadence: &metav1.Duration{Duration: time.Hour}},
		Access:         []v1alpha1.AccessRequest{{Name: design}},
	}}
	for _, change := range changes {
		change(e)
	}
	return e
}

// early was written before the admission policies were there, so that nobody stamped it.
var early = engagement("early")

func pinned(worker string) spec {
	return func(e *v1alpha1.Engagement) { e.Spec.WorkerRef = &v1alpha1.LocalReference{Name: worker} }
}

func anybody(e *v1alpha1.Engagement) { e.Spec.WorkerRef = nil }

func listing(profiles ...string) spec {
	return func(e *v1alpha1.Engagement) {
		e.Spec.Access = nil
		for _, p := range profiles {
			e.Spec.Access = append(e.Spec.Access, v1alpha1.AccessRequest{Name: p})
		}
	}
}

func onboardedBy(name string) spec {
	return func(e *v1alpha1.Engagement) {
		e.Spec.Onboarding = &v1alpha1.Onboarding{ChecklistRef: &v1alpha1.LocalReference{Name: name}}
	}
}

func requestedBy(name string) spec {
	return func(e *v1alpha1.Engagement) { e.Spec.Requester = author(name) }
}

func suspended(s bool) spec { return func(e *v1alpha1.Engagement) { e.Spec.Suspend = s } }

func later(e *v1alpha1.Engagement) {
	e.Spec.StatementOfWork.End = metav1.NewTime(e.Spec.StatementOfWork.End.Add(time.Hour))
}

// ending plans a termination, in a while or at once.
func ending(in time.Duration) spec {
	return func(e *v1alpha1.Engagement) {
		e.Spec.Termination = &v1alpha1.Termination{Reason: v1alpha1.TerminationOther}
		if in > 0 {
			at := metav1.NewTime(time.Now().Add(in))
			e.Spec.Termination.Effective = &at
		}
	}
}

// becauseOf gives a termination another reason.
func becauseOf(reason v1alpha1.TerminationReason) spec {
	return func(e *v1alpha1.Engagement) { e.Spec.Termination.Reason = reason }
}

func approvedBy(n int32) spec {
	return func(e *v1alpha1.Engagement) { e.Spec.Approvals = &v1alpha1.Approvals{Required: n} }
}

func goingOn(e *v1alpha1.Engagement) { e.Spec.Termination = nil }

func ofType(t v1alpha1.WorkerType) spec {
	return func(e *v1alpha1.Engagement) { e.Spec.Classification.WorkerType = t }
}

// toolsOf states a fact that the legal form is determined from.
func toolsOf(whom string) spec {
	return func(e *v1alpha1.Engagement) { e.Spec.Classification.Facts = map[string]string{"tools": whom} }
}
