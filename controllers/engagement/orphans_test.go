package engagement

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/index"
)

func TestAStatementAboutAnEngagementThatDoesNotExistIsToldSo(t *testing.T) {
	scheme := clientgoscheme.Scheme
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	judged := &v1alpha1.Standing{State: v1alpha1.StandingIgnored, Reason: "SelfDealing", Message: "nobody approves their own work"}
	gone := []metav1.OwnerReference{{APIVersion: v1alpha1.GroupVersion.String(), Kind: "Engagement", Name: "nothing", UID: "uid-of-one-before"}}
	tests := []struct {
		name, because string
		of            string
		standing      *v1alpha1.Standing
		owners        []metav1.OwnerReference
		stored        bool
		reason        string
	}{
		{"of nothing", "nobody would ever look at it", "nothing", nil, nil, false, "UnknownEngagement"},
		{"of an engagement that the cache does not show yet", "the next pass judges it", "nothing", nil, nil, true, ""},
		{"of one that is gone", "the garbage collector removes it with what it was said of", "nothing", nil, gone, false, ""},
		{"that was judged before", "a statement is judged once", "nothing", judged, nil, false, "SelfDealing"},
		{"of another", "it was not looked for", "something", nil, nil, false, ""},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			att, eval := anAttestation("approval/engagement").By("max").Of(tc.of).Attestation, anEvaluation(v1alpha1.EvaluationFinal, "rosa", "4").Of(tc.of).Evaluation
			att.Namespace, att.Name, att.Status, att.OwnerReferences = "marketing", "said", tc.standing, tc.owners
			eval.Namespace, eval.Name, eval.Status, eval.OwnerReferences = "marketing", "given", tc.standing, tc.owners
			builder := fake.NewClientBuilder().WithScheme(scheme).WithStatusSubresource(att, eval).WithObjects(att, eval)
			if err := index.Setup(t.Context(), fakeIndexer{builder}); err != nil {
				t.Fatal(err)
			}
			api := fake.NewClientBuilder().WithScheme(scheme)
			eng := anEngagement("nothing").Engagement
			if tc.stored {
				api.WithObjects(eng)
			}
			r := &Reconciler{Client: builder.Build(), Reader: api.Build()}
			if _, err := r.Reconcile(t.Context(), ctrl.Request{NamespacedName: client.ObjectKeyFromObject(eng)}); err != nil {
				t.Fatal(err)
			}
			for o, standing := range map[client.Object]func() *v1alpha1.Standing{
				att: func() *v1alpha1.Standing { return att.Status }, eval: func() *v1alpha1.Standing { return eval.Status },
			} {
				if err := r.Client.Get(t.Context(), client.ObjectKeyFromObject(o), o); err != nil {
					t.Fatal(err)
				}
				reason := ""
				if s := standing(); s != nil {
					reason = s.Reason
				}
				if reason != tc.reason {
					t.Errorf("%s, %s should be marked %q, but is %q", tc.because, o.GetName(), tc.reason, reason)
				}
			}
		})
	}
}
