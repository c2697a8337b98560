package lifecycle

import (
	"context"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/dossier"
)

// dee answers requests to erase.
const dee = "dee"

// says waits until the sealed file says of its erasure what it should.
func (s *stage) says(name, reason string) *v1alpha1.Dossier {
	s.Helper()
	d := &v1alpha1.Dossier{}
	err := wait.PollUntilContextTimeout(s.Context(), 50*time.Millisecond, patience, true, func(ctx context.Context) (bool, error) {
		if err := admin.Get(ctx, client.ObjectKey{Name: name}, d); err != nil {
			return false, err
		}
		if d.Status == nil {
			return false, nil
		}
		erased := meta.FindStatusCondition(d.Status.Conditions, v1alpha1.ConditionErased)
		return erased != nil && erased.Reason == reason, nil
	})
	if err != nil {
		s.Fatalf("expected dossier %s to say %s; its status is %+v (%v)", name, reason, d.Status, err)
	}
	return d
}

func (s *stage) askToErase(user, name, erasure string) error {
	s.Helper()
	patch := client.RawPatch(types.MergePatchType, []byte(`{"spec":{"erasure":`+erasure+`}}`))
	return s.as(user).Patch(s.Context(), &v1alpha1.Dossier{ObjectMeta: metav1.ObjectMeta{Name: name}}, patch)
}

func TestARequestToEraseAgainstRetentionIsDecidedByPeople(t *testing.T) {
	s := newStage(t)
	kept := s.policy()
	kept.Spec.Source = v1alpha1.PolicySource{Title: "Tax code", Citation: "s. 147"}
	kept.Spec.Rules, kept.Spec.Retention = nil, "P6Y"
	s.mustCreate(admin, kept, &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "data-protection-" + s.ns},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "longshore-data-protection"},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: dee}},
	})
	s.request("work")
	s.begin("work", ada)
	s.attest(mia, "work", "end/engagement", v1alpha1.VerdictEndNow)
	closed := s.finish("work")
	sealed := s.dossier(closed)
	until := closed.Status.EndedAt.AddDate(6, 0, 0)
	if got := sealed.Spec.Record.RetainUntil; got == nil || !got.Time.Equal(until) {
		t.Fatalf("expected the file to be kept for six years after the end, until %s; got %s", until, got)
	}
	if by := sealed.Spec.Record.RetainedBy; !strings.Contains(by, s.profile) || !strings.Contains(by, "Tax code") {
		t.Errorf("expected the file to say which policy demands that, by which source; got %q", by)
	}
	if sealed.Status != nil {
		t.Errorf("expected nothing to be said before somebody asks, got %+v", sealed.Status)
	}

	if err := s.askToErase(mia, sealed.Name, `{"reason":"request 17"}`); err == nil {
		t.Error("expected a requester not to ask for it")
	}
	if err := s.askToErase(dee, sealed.Name, `{"reason":"request 17"}`); err != nil {
		t.Fatalf("data protection asks to erase: %v", err)
	}
	conflict := s.says(sealed.Name, v1alpha1.ReasonRetentionConflict)
	if len(conflict.Spec.Personal) != len(sealed.Spec.Personal) {
		t.Fatal("expected nothing to be erased before somebody decides")
	}
	for what, words := range map[string]string{
		"which policy": s.profile, "by which source": "Tax code", "until when": until.UTC().Format(time.RFC3339), "where to decide": "spec.erasure.decision",
	} {
		if message := conflict.Status.Conditions[0].Message; !strings.Contains(message, words) {
			t.Errorf("expected the conflict to say %s (%s): %s", what, words, message)
		}
	}

	if err := s.askToErase(dee, sealed.Name, `{"decision":"Erase"}`); err != nil {
		t.Fatalf("data protection decides to erase: %v", err)
	}
	erased := s.says(sealed.Name, v1alpha1.ReasonErased)
	if len(erased.Spec.Personal) > 0 || erased.Spec.Erasure.By.Username != dee || erased.Spec.Hash != sealed.Spec.Hash {
		t.Errorf("expected nothing personal, who decided, and the same seal; got %+v", erased.Spec)
	}
	s.leavesNothing(sealed)
	chain := &v1alpha1.DossierList{}
	if err := admin.List(s.Context(), chain); err != nil {
		t.Fatal(err)
	}
	if err := dossier.Verify(chain.Items); err != nil {
		t.Errorf("expected the chain of %d to hold: %v", len(chain.Items), err)
	}
}

// leavesNothing checks that no personal value of a file is left in what is stored of it.
func (s *stage) leavesNothing(sealed *v1alpha1.Dossier) {
	s.Helper()
	stored := &unstructured.Unstructured{}
	stored.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("Dossier"))
	if err := admin.Get(s.Context(), client.ObjectKeyFromObject(sealed), stored); err != nil {
		s.Fatal(err)
	}
	raw, err := json.Marshal(stored)
	if err != nil {
		s.Fatal(err)
	}
	if len(sealed.Spec.Personal) < 4 {
		s.Fatalf("expected a file with several people, got %d values", len(sealed.Spec.Personal))
	}
	for _, p := range sealed.Spec.Personal {
		// As a word of its own: a digest may hold the letters of a short name.
		word := regexp.MustCompile(`(^|[^A-Za-z0-9-])` + regexp.QuoteMeta(p.Value) + `($|[^A-Za-z0-9-])`)
		if word.Match(raw) || strings.Contains(string(raw), p.Salt) {
			s.Errorf("expected nothing to be left of %q: %s", p.Value, raw)
		}
	}
}
