package admission

import (
	"testing"

	. "github.com/onsi/gomega"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/admission"
)

func TestWhatTheOperatorWaitsForIsInstalled(t *testing.T) {
	g := NewWithT(t)
	var policies admissionregistrationv1.ValidatingAdmissionPolicyList
	var bindings admissionregistrationv1.ValidatingAdmissionPolicyBindingList
	must(t, admin.List(t.Context(), &policies))
	must(t, admin.List(t.Context(), &bindings))
	g.Expect(admission.Missing(policies.Items, bindings.Items)).To(BeEmpty())
}

func TestThePoliciesAreTypeCorrect(t *testing.T) {
	g := NewWithT(t)
	for _, required := range admission.Required {
		policy := &admissionregistrationv1.ValidatingAdmissionPolicy{}
		policy.Name = required.Policy
		g.Eventually(func(g Gomega) {
			g.Expect(admin.Get(t.Context(), client.ObjectKeyFromObject(policy), policy)).To(Succeed())
			g.Expect(policy.Status.ObservedGeneration).To(Equal(policy.Generation))
		}, patience, pollInterval).Should(Succeed(), "%s should be checked", policy.Name)
		if policy.Status.TypeChecking != nil {
			g.Expect(policy.Status.TypeChecking.ExpressionWarnings).To(BeEmpty(), policy.Name)
		}
	}
}

func TestTheOverlayForOlderClustersHasEveryValidatingPolicyAndNoOther(t *testing.T) {
	g := NewWithT(t)
	all, err := plane.Objects(t.Context(), "../../config/admission")
	must(t, err)
	overlay, err := plane.Objects(t.Context(), "../../config/admission/overlays/no-mutating")
	must(t, err)
	var want []*unstructured.Unstructured
	for _, object := range all {
		switch object.GetKind() {
		case "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding":
			want = append(want, object)
		}
	}
	g.Expect(overlay).To(ConsistOf(want))
	g.Expect(overlay).To(HaveLen(2 * len(admission.Required)))
}

// Where nothing is filled in, everyone states themselves.
func TestWithoutMutatingPoliciesTheFieldsAreDemanded(t *testing.T) {
	old := map[string]string{olderCluster: ""}
	asked := func(change spec) *v1alpha1.Engagement {
		return with(engagement("tracker"), func(e *v1alpha1.Engagement) { e.Labels = old; change(e) })
	}
	stated := func(name string) *v1alpha1.Attestation {
		a := attestation(eng, "spring", "approval/engagement", v1alpha1.VerdictApproved)
		a.Labels = old
		if name != "" {
			a.Spec.Author = author(name)
		}
		return a
	}
	declaredGone := func(name string) *v1alpha1.AccessProvider {
		p := provider()
		p.Labels, p.Spec.Decommissioned = old, &v1alpha1.Decommissioned{Reason: "switched off"}
		if name != "" {
			p.Spec.Decommissioned.By = author(name)
		}
		return p
	}
	mias := created(t, mia, asked(requestedBy(mia)))
	runAll(t, []attempt{
		{"a statement without its author", "nobody fills it in", ana, creating(stated("")), "leave spec.author out, or set it to your own username"},
		{"a statement with its author", "it is who states it", ana, creating(stated(ana)), ""},
		{"a statement under another's name", "nobody states under another's name", ana, creating(stated(sam)), "author: "},
		{"an engagement without a requester", "nobody fills it in", mia, creating(asked(requestedByNobody)), "or set it to your own username"},
		{"an engagement with its requester", "it is who asks", mia, creating(asked(requestedBy(mia))), ""},
		{"a change that keeps the requester", "it asks for nothing more", noa, updating(mias, retitled), ""},
		{"a change that leaves the requester out", "nobody fills it in", noa, updating(mias, all(retitled, requestedByNobody)), "requester: a change that asks for nothing more keeps its requester"},
		{"widening under the old requester", "mia would answer for it", gitops, updating(mias, later), "requester: this request ends later"},
		{"widening under one's own name", "whoever widens answers", gitops, updating(mias, all(later, requestedBy(gitops))), ""},
		{"a declaration without a name", "nobody fills it in", sam, creating(declaredGone("")), "decommissioned-by: "},
		{"a declaration with one's name", "it is who answers", sam, creating(declaredGone(sam)), ""},
	})
}
