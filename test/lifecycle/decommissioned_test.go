package lifecycle

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider/ldap/ldaptest"
	"github.com/longshore-dev/longshore/controllers/domain/admission"
)

// enlist adds a directory's group to the stage's profile, for a worker who has an account there. The AccessProvider bears the name that is returned.
func (s *stage) enlist(directory *ldaptest.System, worker string) (providerName string) {
	s.Helper()
	name := "directory-" + s.profile
	connection := directory.Connection()
	meta := metav1.ObjectMeta{Namespace: admission.OperatorNamespace, Name: name}
	behind := &v1alpha1.AccessProvider{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: connection.Behind.Spec}
	behind.Spec.CredentialsRef.Name, behind.Spec.CABundleRef.Name = name, name
	s.mustCreate(admin,
		&corev1.Secret{ObjectMeta: meta, Data: connection.Credentials},
		&corev1.ConfigMap{ObjectMeta: meta, Data: map[string]string{v1alpha1.CABundleKey: string(connection.CABundle)}},
		&rbacv1.Role{ObjectMeta: meta, Rules: []rbacv1.PolicyRule{
			{APIGroups: []string{corev1.GroupName}, Resources: []string{"secrets", "configmaps"}, Verbs: []string{"get"}, ResourceNames: []string{name}},
		}},
		&rbacv1.RoleBinding{
			ObjectMeta: meta, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: name},
			Subjects: []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: admission.OperatorNamespace, Name: admission.OperatorServiceAccount}},
		},
		behind,
	)
	profile := &v1alpha1.AccessProfile{ObjectMeta: metav1.ObjectMeta{Name: s.profile}}
	entitlement := directory.Entitlement(s.T)
	entitlement.ProviderRef.Name = name
	s.change(profile, func() { profile.Spec.Entitlements = append(profile.Spec.Entitlements, entitlement) })
	who := &v1alpha1.Worker{ObjectMeta: s.meta(worker)}
	subject := directory.Subject(s.T)
	s.change(who, func() {
		who.Spec.Identities = append(who.Spec.Identities, v1alpha1.Identity{Provider: name, Subject: subject})
	})
	return name
}

// change changes an object as an administrator.
func (s *stage) change(o client.Object, how func()) {
	s.Helper()
	if err := admin.Get(s.Context(), client.ObjectKeyFromObject(o), o); err != nil {
		s.Fatalf("reading %T %s: %v", o, o.GetName(), err)
	}
	how()
	if err := admin.Update(s.Context(), o); err != nil {
		s.Fatalf("changing %T %s: %v", o, o.GetName(), err)
	}
}

// in is the row of the engagement's grant in one AccessProvider.
func (s *stage) in(providerName, engagement string) (row v1alpha1.EntitlementStatus) {
	s.Helper()
	list := &v1alpha1.AccessGrantList{}
	if err := admin.List(s.Context(), list, client.InNamespace(s.ns)); err != nil {
		s.Fatal(err)
	}
	for _, g := range list.Items {
		for _, e := range g.Status.Entitlements {
			if g.Spec.EngagementRef.Name == engagement && e.Provider == providerName {
				row = e
			}
		}
	}
	return row
}

// A target system that is gone for good cannot be read back: what it owes is given up in somebody's name, and the file says so.
func TestWhatADecommissionedTargetOwesIsAbandonedInTheFileAndNeverCalledRevoked(t *testing.T) {
	s := newStage(t)
	directory := ldaptest.Start(t)
	name := s.enlist(directory, ada)
	s.mustCreate(admin, &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "security-" + s.profile}, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "longshore-security"},
		Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: seth}},
	})
	s.request("work")
	s.begin("work", ada)
	s.gainsAccess(ada)
	s.eventually("work", "that it has access in the directory", func(*v1alpha1.Engagement) bool { return s.in(name, "work").State == v1alpha1.GrantVerified })

	directory.Server.Stop()
	s.attest(mia, "work", "end/engagement", v1alpha1.VerdictEndNow)
	s.losesAccess(ada) // whatever does not answer elsewhere
	s.inPhase("work", v1alpha1.PhaseEvaluating)
	s.evaluate(rex, "work", v1alpha1.EvaluationFinal, "4")
	s.inPhase("work", v1alpha1.PhaseOffboarding)
	s.attest(ben, "work", "offboarding/handover", v1alpha1.VerdictDone)
	s.eventually("work", "that nothing but the revocation in the directory is owed, which failed", func(eng *v1alpha1.Engagement) bool {
		row := s.in(name, "work")
		return eng.Status.Access.Owed == 1 && row.State == v1alpha1.GrantRevoking && row.Attempts > 0 && row.LastError != ""
	})
	declare := []byte(`{"spec":{"decommissioned":{"reason":"its machine room was sold"}}}`)
	behind := &v1alpha1.AccessProvider{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if err := s.as(seth).Patch(s.Context(), behind, client.RawPatch("application/merge-patch+json", declare)); err != nil {
		t.Fatalf("security declares a target gone for good: %v", err)
	}
	closed := s.eventually("work", "phase Closed", func(eng *v1alpha1.Engagement) bool {
		if s.in(name, "work").State == v1alpha1.GrantRevoked {
			t.Fatal("expected nothing to be called revoked that nobody read back")
		}
		return eng.Status.Phase == v1alpha1.PhaseClosed
	})

	found := map[string]v1alpha1.SealedAccess{}
	for _, a := range s.dossier(closed).Spec.Record.Access {
		found[a.Provider] = a
	}
	owed, given := found[name], found[s.profile]
	if owed.State != v1alpha1.GrantAbandoned || owed.GrantedAt == nil || owed.VerifiedAt != nil || owed.RevokedAt != nil {
		t.Errorf("expected the file to say that what the directory owed was granted, and abandoned without having been read back as gone; got %+v", owed)
	}
	for what, words := range map[string]string{"that it was declared": "declared gone for good", "who declared it": "by " + seth, "why": "its machine room was sold"} {
		if !strings.Contains(owed.Evidence, words) {
			t.Errorf("expected the file to say %s, got %q", what, owed.Evidence)
		}
	}
	if strings.Contains(strings.ToLower(owed.Evidence), "revoked") {
		t.Errorf("expected nothing about the directory to be called revoked, got %q", owed.Evidence)
	}
	if given.State != v1alpha1.GrantRevoked || given.RevokedAt == nil {
		t.Errorf("expected access elsewhere to be proven revoked, got %+v", given)
	}
}
