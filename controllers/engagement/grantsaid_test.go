package engagement

import (
	"strings"
	"testing"

	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
)

func TestWhoeverStatesSomethingOfAGrantIsToldToStateItOfTheEngagement(t *testing.T) {
	scheme := clientgoscheme.Scheme
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	judged := &v1alpha1.Standing{State: v1alpha1.StandingInvalid, Reason: "Judged", Message: "before"}
	for _, tc := range []struct {
		name, because string
		kind, of      string
		before        *v1alpha1.Standing
		reason, says  string
	}{
		{"of a grant", "security must not believe that access was taken away", "AccessGrant", "designer-chat", nil, "UnknownClaim", "state access/withdraw of its Engagement, with subjectRef: {kind: Engagement, name: designer}"},
		{"of no grant", "nobody would ever look at it", "AccessGrant", "nothing", nil, "UnknownClaim", "state access/withdraw of the Engagement that has the access"},
		{"of a grant, and judged before", "a statement is judged once", "AccessGrant", "designer-chat", judged, "Judged", "before"},
		{"of an engagement", "that is judged by the engagement's own passes", "Engagement", "designer", nil, "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			att := anAttestation("access/withdraw").By("sam").Says(v1alpha1.VerdictDone).Of(tc.of).Attestation
			att.Namespace, att.Name, att.Spec.SubjectRef.Kind, att.Status = "marketing", "said", tc.kind, tc.before
			grant := &v1alpha1.AccessGrant{ObjectMeta: objectMeta("marketing", "designer-chat")}
			grant.Spec.EngagementRef.Name = "designer"
			api := fake.NewClientBuilder().WithScheme(scheme).WithStatusSubresource(att).WithObjects(att, grant).Build()
			r := &grantSaid{&Reconciler{Client: api}}
			if _, err := r.Reconcile(t.Context(), ctrl.Request{NamespacedName: client.ObjectKeyFromObject(att)}); err != nil {
				t.Fatal(err)
			}
			if err := api.Get(t.Context(), client.ObjectKeyFromObject(att), att); err != nil {
				t.Fatal(err)
			}
			got := v1alpha1.Standing{}
			if att.Status != nil {
				got = *att.Status
			}
			if got.Reason != tc.reason || !strings.Contains(got.Message, tc.says) {
				t.Errorf("%s: it should be marked %q, saying %q, but is %+v", tc.because, tc.reason, tc.says, got)
			}
		})
	}
}
