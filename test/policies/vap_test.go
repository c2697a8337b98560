package policies

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	. "github.com/onsi/gomega"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/test/policies/fixtures"
)

// warnings collects what the API server warns of.
type warnings struct {
	mu   sync.Mutex
	said []string
}

// HandleWarningHeaderWithContext is how client-go hands on a warning.
func (w *warnings) HandleWarningHeaderWithContext(_ context.Context, _ int, _, text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.said = append(w.said, text)
}

// take returns what was collected, and forgets it.
func (w *warnings) take() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	said := w.said
	w.said = nil
	return said
}

// tenant returns the API as tessa sees it, and what she is warned of.
func tenant(t *testing.T) (client.Client, *warnings) {
	t.Helper()
	said := &warnings{}
	config := rest.CopyConfig(plane.As(tessa, "system:authenticated"))
	config.WarningHandlerWithContext = said
	httpClient, err := rest.HTTPClientFor(config)
	if err != nil {
		t.Fatalf("building a client for %s: %v", tessa, err)
	}
	api, err := client.New(config, client.Options{Scheme: scheme, Mapper: admin.RESTMapper(), HTTPClient: httpClient})
	if err != nil {
		t.Fatalf("building a client for %s: %v", tessa, err)
	}
	return api, said
}

// messages are what the policies warn of, by policy.
func messages(said []string) map[string]string {
	found := map[string]string{}
	for _, text := range said {
		for _, policy := range fixtures.Policies {
			prefix := "Validation failed for ValidatingAdmissionPolicy '" + policy + "' with binding '" + policy + observed + "': "
			if message, is := strings.CutPrefix(text, prefix); is {
				found[policy] = message
			}
		}
	}
	return found
}

// refusals are the messages that are expected.
func refusals(f fixtures.Fixture) map[string]string {
	if f.SchemaRefuses {
		return map[string]string{}
	}
	return f.Refusals
}

func TestTheAPIServerJudgesEveryFixtureAsTheManifestSays(t *testing.T) {
	api, said := tenant(t)
	for _, f := range all {
		t.Run(f.Name, func(t *testing.T) {
			g := NewWithT(t)
			object := f.Object.DeepCopy()
			if object.GetNamespace() == "" {
				object.SetNamespace(metav1.NamespaceDefault)
			}
			// The name may be taken, by what an update changes.
			object.SetName("")
			object.SetGenerateName(f.Name + "-")
			said.take()
			err := api.Create(t.Context(), object, client.DryRunAll, client.FieldValidation(metav1.FieldValidationStrict))
			got := messages(said.take())
			want := map[string]string{}
			for policy, message := range refusals(f) {
				want[policy] = strings.Replace(message, "/"+f.Name+":", "/"+object.GetName()+":", 1)
			}
			switch {
			case f.SchemaRefuses:
				g.Expect(apierrors.IsInvalid(err)).To(BeTrue(), "%s should be refused by its schema; the answer is: %v", f.Name, err)
			case len(f.Refusals) > 0:
				g.Expect(refusedBy(err)).To(BeElementOf(policiesOf(f)), "%s should be refused; the answer is: %v", f.Name, err)
			default:
				g.Expect(err).NotTo(HaveOccurred(), "%s should be let through", f.Name)
			}
			g.Expect(got).To(HaveLen(len(want)), "each policy on its own, of %s", f.Name)
			for policy, message := range want {
				g.Expect(withoutName(got[policy])).To(Equal(withoutName(message)), "what %s says of %s", policy, f.Name)
			}
		})
	}
}

// withoutName cuts the engagement's name out of a message: here it is generated.
func withoutName(message string) string {
	before, rest, _ := strings.Cut(message, "/")
	_, after, _ := strings.Cut(rest, ": ")
	return before + ": " + after
}

func policiesOf(f fixtures.Fixture) []string {
	var names []string
	for policy := range f.Refusals {
		names = append(names, policy)
	}
	return names
}

// refusedBy names the policy that refused something with 403, and said so at the beginning of its message.
func refusedBy(err error) string {
	if !apierrors.IsForbidden(err) {
		return ""
	}
	for _, policy := range fixtures.Policies {
		if strings.Contains(err.Error(), "ValidatingAdmissionPolicy '"+policy+"' with binding '"+policy+"' denied request: "+policy+": ") {
			return policy
		}
	}
	return ""
}

func TestTheAPIServerRefusesOfAnUpdateOnlyWhatItMakesWorse(t *testing.T) {
	api, said := tenant(t)
	for _, u := range update {
		t.Run(u.Name, func(t *testing.T) {
			g := NewWithT(t)
			changed := current(t, u)
			said.take()
			err := api.Update(t.Context(), changed, client.DryRunAll, client.FieldValidation(metav1.FieldValidationStrict))
			got := messages(said.take())
			g.Expect(got).To(HaveLen(len(u.RefusedBy)), "the policies that refuse %s", u.Name)
			for _, policy := range u.RefusedBy {
				g.Expect(got).To(HaveKey(policy))
			}
			if len(u.RefusedBy) == 0 {
				g.Expect(err).NotTo(HaveOccurred(), "%s should be let through", u.Name)
			} else {
				g.Expect(refusedBy(err)).To(BeElementOf(u.RefusedBy), "%s is answered with: %v", u.Name, err)
			}
		})
	}
}

// current is an update of what the API server holds.
func current(t *testing.T, u fixtures.Update) *unstructured.Unstructured {
	t.Helper()
	held := u.Old.DeepCopy()
	if err := admin.Get(t.Context(), client.ObjectKeyFromObject(u.Old), held); err != nil {
		t.Fatalf("reading %s: %v", u.Old.GetName(), err)
	}
	changed := u.New.DeepCopy()
	changed.SetResourceVersion(held.GetResourceVersion())
	changed.SetUID(held.GetUID())
	return changed
}

func TestStatusAndDeletionAreNobodysBusiness(t *testing.T) {
	g := NewWithT(t)
	api, _ := tenant(t)
	i := slices.IndexFunc(all, func(f fixtures.Fixture) bool { return f.Name == "everything-wrong" })
	held := all[i].Object.DeepCopy()
	g.Expect(admin.Get(t.Context(), client.ObjectKeyFromObject(held), held)).To(Succeed())
	g.Expect(unstructured.SetNestedField(held.Object, "Pending", "status", "phase")).To(Succeed())
	g.Expect(admin.Status().Update(t.Context(), held, client.DryRunAll)).To(Succeed(), "the operator should write the status of what is wrong")
	g.Expect(api.Delete(t.Context(), held, client.DryRunAll)).To(Succeed(), "what is wrong should be deleted")
}

func TestWithoutParametersNothingPasses(t *testing.T) {
	api, _ := tenant(t)
	for _, policy := range fixtures.Policies {
		t.Run(policy, func(t *testing.T) {
			g := NewWithT(t)
			// A policy of its own, bound to a ConfigMap that is not there, so that the others go on.
			var shipped admissionregistrationv1.ValidatingAdmissionPolicy
			var binding admissionregistrationv1.ValidatingAdmissionPolicyBinding
			g.Expect(admin.Get(t.Context(), client.ObjectKey{Name: policy}, &shipped)).To(Succeed())
			g.Expect(admin.Get(t.Context(), client.ObjectKey{Name: policy}, &binding)).To(Succeed())
			name := policy + "-unset"
			unset := &admissionregistrationv1.ValidatingAdmissionPolicyBinding{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: *binding.Spec.DeepCopy()}
			unset.Spec.ParamRef.Name = name
			unset.Spec.MatchResources = &admissionregistrationv1.MatchResources{ObjectSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"team": name}}}
			g.Expect(admin.Create(t.Context(), unset)).To(Succeed())
			t.Cleanup(func() {
				if err := admin.Delete(context.WithoutCancel(t.Context()), unset); err != nil {
					t.Errorf("removing %s: %v", name, err)
				}
			})
			g.Eventually(func() error {
				object := passing(t)
				object.SetLabels(map[string]string{"team": name})
				return api.Create(t.Context(), object, client.DryRunAll)
			}, patience, pollInterval).Should(MatchError(ContainSubstring("'"+name+"'")), "%s should refuse what it has no parameters for", policy)
		})
	}
}

// passing is an engagement that no guard rail refuses.
func passing(t *testing.T) *unstructured.Unstructured {
	t.Helper()
	for _, f := range all {
		if len(f.Refusals) == 0 && f.Object.GetNamespace() == "marketing" {
			object := f.Object.DeepCopy()
			object.SetGenerateName(f.Name + "-")
			object.SetName("")
			return object
		}
	}
	t.Fatal("there is no fixture that passes")
	return nil
}

func TestTheAdmissionPoliciesAreTypeCorrect(t *testing.T) {
	g := NewWithT(t)
	for _, name := range fixtures.Policies {
		policy := &admissionregistrationv1.ValidatingAdmissionPolicy{}
		policy.Name = name
		g.Eventually(func(g Gomega) {
			g.Expect(admin.Get(t.Context(), client.ObjectKeyFromObject(policy), policy)).To(Succeed())
			g.Expect(policy.Status.ObservedGeneration).To(Equal(policy.Generation))
		}, patience, pollInterval).Should(Succeed(), "%s should be checked", name)
		if policy.Status.TypeChecking != nil {
			g.Expect(policy.Status.TypeChecking.ExpressionWarnings).To(BeEmpty(), name)
		}
	}
}
