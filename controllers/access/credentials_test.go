package access

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
)

// locked is a target system that opens with the right password.
type locked struct {
	provider.Provider
	given string
	right *string
}

func (l *locked) check() error {
	if l.given != *l.right {
		return provider.Refused("the password is refused: correct it in the Secret")
	}
	return nil
}

func (l *locked) Grant(ctx context.Context, request provider.Request) error {
	if err := l.check(); err != nil {
		return err
	}
	return l.Provider.Grant(ctx, request)
}

func (l *locked) Verify(ctx context.Context, target provider.Target) (provider.Observed, error) {
	if err := l.check(); err != nil {
		return provider.Observed{}, err
	}
	return l.Provider.Verify(ctx, target)
}

func (l *locked) Revoke(ctx context.Context, target provider.Target, options provider.RevokeOptions) error {
	if err := l.check(); err != nil {
		return err
	}
	return l.Provider.Revoke(ctx, target, options)
}

func (l *locked) Probe(context.Context) error { return l.check() }

// vault is a world whose target system needs a password.
type vault struct {
	*world
	right  string
	secret *corev1.Secret
}

func newVault(t *testing.T) *vault {
	t.Helper()
	v := &vault{world: newWorld(t, marked), right: "first-password"}
	kind := v.memory.Type()
	v.operate(provider.Registry{v1alpha1.ProviderSCIM: {Open: func(c provider.Connection) (provider.Provider, error) {
		password, err := c.Credential(v1alpha1.CredentialPassword)
		if err != nil {
			return nil, err
		}
		opened, err := kind.Open(c)
		return &locked{opened, password, &v.right}, err
	}}})
	v.target += "-vault"
	v.secret = &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: v.namespace, Name: "vault"}, Data: map[string][]byte{v1alpha1.CredentialPassword: []byte(v.right)}}
	v.create(v.secret.DeepCopy())
	v.create(&v1alpha1.AccessProvider{ObjectMeta: metav1.ObjectMeta{Name: v.target}, Spec: v1alpha1.AccessProviderSpec{
		Type: v1alpha1.ProviderSCIM, Endpoint: "https://vault.example.com", CredentialsRef: &v1alpha1.LocalReference{Name: "vault"},
	}})
	return v
}

func (v *vault) rotate(password string) {
	v.Helper()
	v.right = password
	update(v.world, v.secret.DeepCopy(), func(s *corev1.Secret) { s.Data[v1alpha1.CredentialPassword] = []byte(password) })
}

func TestCredentialsAreReadAgainWhenTheyAreRotated(t *testing.T) {
	v := newVault(t)
	v.Expect(providerReady(v.reconcileProvider()).Status).To(Equal(metav1.ConditionTrue))
	g := v.settle(v.simple("chat"))
	v.Expect(states(g)).To(Equal(map[string]string{"chat": "Verified"}))
	object := v.reconcileProvider()
	old, err := v.targets.connect(t.Context(), object)
	v.Expect(err).NotTo(HaveOccurred())

	v.rotate("second-password")
	v.right = "first-password" // The target system still takes the old one.
	v.later(rereadKeys - time.Second)
	same, err := v.targets.connect(t.Context(), object)
	v.Expect(err).NotTo(HaveOccurred())
	v.Expect(same).To(BeIdenticalTo(old), "it is not read for each call")
	v.right = "second-password"
	v.later(time.Second)
	v.settle(g)
	v.Expect(states(v.read(g))).To(Equal(map[string]string{"chat": "Verified"}))
	v.Expect(rowOf(v.read(g), "chat").Attempts).To(BeZero(), "a new version is used within half a minute")

	v.Expect(provider.IsRefused(old.Probe(t.Context()))).To(BeTrue(), "who still holds what was opened before is refused, and does no harm")
	v.Expect(states(v.settle(g))).To(Equal(map[string]string{"chat": "Verified"}))
}

func TestWhatIsRefusedIsTriedNextWithNewCredentials(t *testing.T) {
	v := newVault(t)
	v.reconcileProvider()
	g := v.settle(v.simple("chat"))
	v.rotate("second-password")
	update(v.world, g.DeepCopy(), func(g *v1alpha1.AccessGrant) { g.Spec.Withdraw = v1alpha1.WithdrawalEnded })
	g = v.settle(g)
	v.Expect(only(v.world, g)).To(And(HaveField("State", v1alpha1.GrantRevoking), HaveField("Attempts", int32(1))))
	v.later(refusedRetry + time.Second)
	v.Expect(states(v.settle(g))).To(Equal(map[string]string{"chat": "Revoked"}), "sooner than half a minute after it was last read")
}

func TestMissingCredentialsAreNamedAndOweOnAndOn(t *testing.T) {
	for _, test := range []struct {
		reason string
		lose   func(*vault)
		find   func(*vault)
		want   string
	}{
		{"the Secret is gone", func(v *vault) { v.Expect(admin.Delete(v.Context(), v.secret.DeepCopy())).To(Succeed()) },
			func(v *vault) { v.create(v.secret.DeepCopy()) }, "Secret vault, which spec.credentialsRef names, does not exist in namespace "},
		{"the key is gone", func(v *vault) {
			update(v.world, v.secret.DeepCopy(), func(s *corev1.Secret) { s.Data = map[string][]byte{"pasword": []byte(v.right)} })
		}, func(v *vault) {
			update(v.world, v.secret.DeepCopy(), func(s *corev1.Secret) { s.Data = v.secret.Data })
		}, "has no key password"},
	} {
		t.Run(test.reason, func(t *testing.T) {
			v := newVault(t)
			v.reconcileProvider()
			g := v.settle(v.simple("chat"))
			test.lose(v)
			v.later(reprobe)
			v.Expect(providerReady(v.reconcileProvider())).To(And(HaveField("Status", metav1.ConditionFalse), HaveField("Message", ContainSubstring(test.want))))
			v.Expect(states(v.settle(g))).To(Equal(map[string]string{"chat": "Verified"}), "what is held stays")
			g = v.withdraw(g, v1alpha1.WithdrawalEnded)
			v.Expect(g.Status.Owed).To(Equal(int32(1)))
			v.Expect(ready(g)).To(ContainSubstring(test.want))
			test.find(v)
			v.later(refusedRetry + time.Second)
			v.Expect(states(v.settle(g))).To(Equal(map[string]string{"chat": "Revoked"}))
		})
	}
}

func TestADecommissionedProviderNeedsNoCredentials(t *testing.T) {
	v := newVault(t)
	v.reconcileProvider()
	g := v.settle(v.simple("chat"))
	v.Expect(admin.Delete(t.Context(), v.secret.DeepCopy())).To(Succeed())
	v.later(rereadKeys)
	g = v.withdraw(g, v1alpha1.WithdrawalEnded)
	v.Expect(g.Status.Owed).To(Equal(int32(1)))
	v.events.Read()
	update(v.world, &v1alpha1.AccessProvider{ObjectMeta: metav1.ObjectMeta{Name: v.target}}, func(p *v1alpha1.AccessProvider) {
		p.Spec.Decommissioned = &v1alpha1.Decommissioned{Reason: "sold", By: &v1alpha1.Author{Username: "olga"}}
	})
	g = v.settle(g)
	v.Expect(only(v.world, g)).To(And(HaveField("State", v1alpha1.GrantAbandoned), HaveField("RevokedAt", BeNil()), HaveField("LastError", "")))
	v.Expect(v.events.reasons()).To(Equal([]string{"Warning Abandoned"}))
	v.Expect(ready(g)).To(HavePrefix("True Closed"))
}

func TestAForbiddenSecretIsNamedWithTheRoleThatAllowsIt(t *testing.T) {
	v := newVault(t)
	stranger, err := client.New(shared.As("stranger"), client.Options{Scheme: scheme})
	v.Expect(err).NotTo(HaveOccurred())
	_, err = Keyring{Reader: stranger, Namespace: v.namespace}.read(t.Context(), v.reconcileProvider())
	v.Expect(provider.IsRefused(err)).To(BeTrue())
	v.Expect(err).To(MatchError("the operator may not read Secret vault, which spec.credentialsRef names: add it to the resourceNames of Role longshore-credentials in namespace " + v.namespace))
}

func TestNoCredentialShowsAnywhere(t *testing.T) {
	v := newVault(t)
	v.reconcileProvider()
	g := v.settle(v.simple("chat"))
	v.right = "another-password"
	v.later(reprobe)
	object := v.reconcileProvider()
	v.settle(g)
	g = v.withdraw(g, v1alpha1.WithdrawalEnded)
	shown, err := json.Marshal([]any{object, g, v.events.Read()})
	v.Expect(err).NotTo(HaveOccurred())
	v.Expect(string(shown)).To(ContainSubstring("the password is refused"))
	for _, secret := range []string{"first-password", "another-password"} {
		v.Expect(strings.Contains(string(shown), secret)).To(BeFalse())
	}
}
