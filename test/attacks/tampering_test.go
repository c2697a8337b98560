package attacks

import (
	"context"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
)

func (w world) eventually(expected string, is func() bool) {
	w.Helper()
	if err := wait.PollUntilContextTimeout(w.Context(), 50*time.Millisecond, patience, true, func(context.Context) (bool, error) { return is(), nil }); err != nil {
		w.Fatalf("expected %s: %v", expected, err)
	}
}

// theOne is the policy that is tampered with, and its binding.
const theOne = "longshore-grant"

type (
	policy  = admissionregistrationv1.ValidatingAdmissionPolicy
	binding = admissionregistrationv1.ValidatingAdmissionPolicyBinding
)

func tampering(*stock) []attack {
	const another = "AdmissionMissing: nothing is granted while admission policies are missing: ValidatingAdmissionPolicy longshore-grant is not the one of this version"
	const spares = "AdmissionMissing: nothing is granted while admission policies are missing: ValidatingAdmissionPolicyBinding longshore-grant does not deny whatever longshore-grant refuses"
	tamper := func(what, says string, with func(world)) attack {
		return attack{
			who: "An administrator, by mistake,", what: what, by: byOperator, says: says,
			try: func(w world) outcome {
				e := w.hired(mia, onboardedBy("onboarding"))
				restore := w.intact()
				defer restore()
				with(w)
				w.stalled(e.Name, v1alpha1.ReasonAdmissionMissing)
				w.must(as(w.T, tess).Create(w.Context(), attestation(e.Name, "onboarding/nda", v1alpha1.VerdictDone)))
				w.until(e.Name, "its onboarding done", func(e *v1alpha1.Engagement) bool { return e.Status.Onboarding != nil && e.Status.Onboarding.Done == 1 })
				w.nextSecond()
				got := w.stalled(e.Name, v1alpha1.ReasonAdmissionMissing)
				w.noAccess(e, design)
				return got
			},
			twin: "as it ships", passes: func(w world) outcome { return w.hasAccess(w.hired(mia), design) },
		}
	}
	changed := func(what, says string, change func(*policy)) attack {
		return tamper(what, says, func(w world) { keeps(w, "", &policy{ObjectMeta: metav1.ObjectMeta{Name: theOne}}, change) })
	}
	rebound := func(what, says string, change func(*binding)) attack {
		return tamper(what, says, func(w world) { keeps(w, "", &binding{ObjectMeta: metav1.ObjectMeta{Name: theOne}}, change) })
	}
	some := &metav1.LabelSelector{MatchLabels: map[string]string{"checked": "yes"}}
	ignore := admissionregistrationv1.Ignore
	return []attack{
		tamper("deletes a policy", "AdmissionMissing: nothing is granted while admission policies are missing: ValidatingAdmissionPolicy longshore-grant is not installed", func(w world) {
			w.must(admin.Delete(w.Context(), &policy{ObjectMeta: metav1.ObjectMeta{Name: theOne}}))
		}),
		tamper("deletes the binding of a policy", "AdmissionMissing: nothing is granted while admission policies are missing: ValidatingAdmissionPolicyBinding longshore-grant is not installed", func(w world) {
			w.must(admin.Delete(w.Context(), &binding{ObjectMeta: metav1.ObjectMeta{Name: theOne}}))
		}),
		rebound("has a binding warn and audit", spares, func(b *binding) {
			b.Spec.ValidationActions = []admissionregistrationv1.ValidationAction{admissionregistrationv1.Warn, admissionregistrationv1.Audit}
		}),
		rebound("has a binding spare a namespace", spares, func(b *binding) {
			b.Spec.MatchResources = &admissionregistrationv1.MatchResources{NamespaceSelector: some}
		}),
		changed("has a policy ignore what it cannot judge", "AdmissionMissing: nothing is granted while admission policies are missing: ValidatingAdmissionPolicy longshore-grant has failurePolicy Ignore", func(p *policy) { p.Spec.FailurePolicy = &ignore }),
		changed("has a policy spare somebody by a matchCondition", another, func(p *policy) {
			p.Spec.MatchConditions = append(p.Spec.MatchConditions, admissionregistrationv1.MatchCondition{Name: "not-noa", Expression: "request.userInfo.username != 'noa'"})
		}),
		changed("has a policy spare a namespace", another, func(p *policy) { p.Spec.MatchConstraints.NamespaceSelector = some }),
		changed("has a policy look at creations alone", another, func(p *policy) {
			p.Spec.MatchConstraints.ResourceRules[0].Operations = []admissionregistrationv1.OperationType{admissionregistrationv1.Create}
		}),
		changed("leaves a policy of another version", another, func(p *policy) { p.Spec.Validations = p.Spec.Validations[:1] }),
	}
}

// intact gives what makes the policy and its binding again as they are now.
func (w world) intact() (restore func()) {
	w.Helper()
	p, b := &policy{}, &binding{}
	key := client.ObjectKey{Name: theOne}
	w.must(admin.Get(w.Context(), key, p))
	w.must(admin.Get(w.Context(), key, b))
	return func() {
		for _, o := range []client.Object{p, b} {
			if err := client.IgnoreNotFound(admin.Delete(context.WithoutCancel(w.Context()), o)); err != nil {
				w.Error(err)
			}
			o.SetResourceVersion("")
			o.SetUID("")
			if err := admin.Create(context.WithoutCancel(w.Context()), o); err != nil {
				w.Error(err)
			}
		}
	}
}
