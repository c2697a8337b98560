package policies

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	. "github.com/onsi/gomega"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
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
			for _, binding := range []string{policy + observed, policy + onUpdate + observed} {
				prefix := "Validation failed for ValidatingAdmissionPolicy '" + policy + "' with binding '" + binding + "': "
				if message, is := strings.CutPrefix(text, prefix); is {
					found[policy] = message
				}
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
		for _, binding := range []string{policy, policy + onUpdate} {
			if strings.Contains(err.Error(), "ValidatingAdmissionPolicy '"+policy+"' with binding '"+binding+"' denied request: "+policy+": ") {
				return policy
			}
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
	held := fixture(t, "everything-wrong")
	g.Expect(admin.Get(t.Context(), client.ObjectKeyFromObject(held), held)).To(Succeed())
	g.Expect(unstructured.SetNestedField(held.Object, "Pending", "status", "phase")).To(Succeed())
	g.Expect(admin.Status().Update(t.Context(), held, client.DryRunAll)).To(Succeed(), "the operator should write the status of what is wrong")
	g.Expect(api.Delete(t.Context(), held, client.DryRunAll)).To(Succeed(), "what is wrong should be deleted")
}

func TestWithoutParametersNothingIsCreatedAndWhatIsThereCanBeEnded(t *testing.T) {
	api, _ := tenant(t)
	for _, policy := range fixtures.Policies {
		t.Run(policy, func(t *testing.T) {
			g := NewWithT(t)
			// Bound once more, to parameters that are not there, for what has a label of its own. The binding for creations
			// comes last: once it is in force, so is the other.
			name := policy + "-unset"
			for _, binding := range []string{policy + onUpdate, policy} {
				bindTo(t, binding, "-unset", name, map[string]string{"team": name})
			}
			labels := map[string]string{"team": name}
			g.Eventually(func() error { return create(t, api, labels) }, patience, pollInterval).
				Should(MatchError(ContainSubstring("'"+name+"'")), "%s should refuse what it has no parameters for", policy)

			g.Expect(endOf(t, api, labels)).To(Succeed(), "an engagement should be ended, though %s has no parameters", policy)
		})
	}
}

func TestParametersThatCannotBeReadRefuseWhatIsCreatedAndStandInTheWayOfNoEnd(t *testing.T) {
	refuseWhatIsCreated(t, "-unread", map[string]map[string]string{
		"longshore-budget-cap":          {"others": "USD lots"},
		"longshore-maximum-length":      {"others": "a while"},
		"longshore-mandatory-scorecard": {"longerThan": "a while"},
	})
}

// misspelt are parameters of each rule whose first key is written in a way that no rule reads.
var misspelt = map[string]map[string]string{
	"longshore-budget-cap":          {"Others": "USD 25000"},
	"longshore-forbidden-profile":   {"Everywhere": "break-glass-*"},
	"longshore-mandatory-scorecard": {"longer-than": "720h", "workerTypes": ""},
	"longshore-maximum-length":      {"other": "8760h"},
	"longshore-required-intake":     {"Fields": "costCenter", "labels": ""},
}

// A misspelt key limits nothing, and nobody would notice.
func TestAMisspeltParameterRefusesWhatIsCreatedAndStandsInTheWayOfNoEnd(t *testing.T) {
	NewWithT(t).Expect(slices.Sorted(maps.Keys(misspelt))).To(Equal(fixtures.Policies))
	refuseWhatIsCreated(t, "-misspelt", misspelt)
}

// refuseWhatIsCreated binds policies once more, to the parameters given, which are to refuse whatever is created, and no end.
func refuseWhatIsCreated(t *testing.T, end string, parameters map[string]map[string]string) {
	t.Helper()
	api, _ := tenant(t)
	for policy, data := range parameters {
		t.Run(policy, func(t *testing.T) {
			g := NewWithT(t)
			name := policy + end
			unread := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "longshore-system", Name: name}, Data: data}
			g.Expect(admin.Create(t.Context(), unread)).To(Succeed())
			for _, binding := range []string{policy + onUpdate, policy} {
				bindTo(t, binding, end, name, map[string]string{"team": name})
			}
			labels := map[string]string{"team": name}
			g.Eventually(func() error { return create(t, api, labels) }, patience, pollInterval).
				Should(MatchError(ContainSubstring("binding '"+name+"' denied request")), "%s should refuse what it cannot compare", policy)

			g.Expect(endOf(t, api, labels)).To(Succeed(), "an engagement should be ended, though the parameters of %s cannot be read", policy)
		})
	}
}

// bindTo binds a policy once more, to other parameters, for engagements with labels.
func bindTo(t *testing.T, binding, end, parameters string, labels map[string]string) {
	t.Helper()
	bound, err := rebound(t.Context(), binding, end)
	if err == nil {
		bound.Spec.ParamRef.Name = parameters
		bound.Spec.MatchResources.ObjectSelector = &metav1.LabelSelector{MatchLabels: labels}
		err = admin.Create(t.Context(), bound)
	}
	if err != nil {
		t.Fatalf("binding %s once more: %v", binding, err)
	}
	t.Cleanup(func() {
		if err := admin.Delete(context.WithoutCancel(t.Context()), bound); err != nil {
			t.Errorf("removing %s: %v", bound.Name, err)
		}
	})
}

// create tries to create an engagement that the shipped parameters let pass.
func create(t *testing.T, api client.Client, labels map[string]string) error {
	t.Helper()
	object := passing(t)
	object.SetLabels(labels)
	return api.Create(t.Context(), object, client.DryRunAll)
}

// endOf tries to end an engagement that is there, and is wrong all over.
func endOf(t *testing.T, api client.Client, labels map[string]string) error {
	t.Helper()
	held := fixture(t, "everything-wrong")
	if err := admin.Get(t.Context(), client.ObjectKeyFromObject(held), held); err != nil {
		return err
	}
	held.SetLabels(labels)
	if err := admin.Update(t.Context(), held); err != nil {
		return fmt.Errorf("labeling it: %w", err)
	}
	if err := unstructured.SetNestedField(held.Object, "BudgetCut", "spec", "termination", "reason"); err != nil {
		return err
	}
	return api.Update(t.Context(), held, client.DryRunAll)
}

// fixture is the engagement of a fixture.
func fixture(t *testing.T, name string) *unstructured.Unstructured {
	t.Helper()
	i := slices.IndexFunc(all, func(f fixtures.Fixture) bool { return f.Name == name })
	if i < 0 {
		t.Fatalf("there is no fixture %s", name)
	}
	return all[i].Object.DeepCopy()
}

// passing is an engagement that no guard rail refuses, short enough to need no scorecard, which asks for a profile: who asks for
// none needs to know of none that is forbidden.
func passing(t *testing.T) *unstructured.Unstructured {
	t.Helper()
	for _, f := range all {
		if len(f.Refusals) == 0 && f.Object.GetNamespace() == "marketing" {
			object := f.Object.DeepCopy()
			object.SetGenerateName(f.Name + "-")
			object.SetName("")
			unstructured.RemoveNestedField(object.Object, "spec", "evaluation")
			if err := unstructured.SetNestedSlice(object.Object, []any{map[string]any{"name": "tracker"}}, "spec", "access"); err != nil {
				t.Fatalf("asking for a profile: %v", err)
			}
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
