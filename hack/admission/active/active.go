// Package active waits until Longshore's admission policies, once applied, are in force, which takes the API server a
// few seconds.
package active

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/rand"
	"k8s.io/apimachinery/pkg/util/wait"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	pollInterval = 100 * time.Millisecond
	// patience is generous: a second or two is usual.
	patience = time.Minute
	// stamp is the label that the mutating probe fills in.
	stamp = "admission-probe"
)

// Wait returns once every admission policy and binding that was applied before is in force, and Longshore's kinds can
// be written under them. It needs an administrator's access.
//
// The API server reads policies in the order in which they were written, and puts all that it has read in force at
// once. So Wait writes a validating and a mutating policy of its own, waits until both show, and removes them.
//
// It looks for new kinds only every five seconds, and until then it answers whatever a mutating policy is to change
// with 503. So Wait tries one of the kinds, too.
func Wait(ctx context.Context, config *rest.Config) (err error) {
	api, err := client.New(config, client.Options{Scheme: clientgoscheme.Scheme})
	if err != nil {
		return fmt.Errorf("building a client: %w", err)
	}
	name := "admission-probe-" + rand.String(8)
	objects := append(validating(name), mutating(name)...)
	defer func() {
		for _, object := range objects {
			err = errors.Join(err, client.IgnoreNotFound(ignoreNotServed(api.Delete(context.WithoutCancel(ctx), object))))
		}
	}()
	mutates := true
	for _, object := range objects {
		switch err := api.Create(ctx, object); {
		case meta.IsNoMatchError(err):
			mutates = false // Before Kubernetes 1.36 there is no MutatingAdmissionPolicy v1.
		case err != nil:
			return fmt.Errorf("creating the probe %s: %w", name, err)
		}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errors.New("the API server does not put admission policies in force"))
	defer cancel()
	err = wait.PollUntilContextCancel(ctx, pollInterval, true, func(ctx context.Context) (bool, error) {
		if ok, err := inForce(ctx, api, name, mutates); !ok {
			return false, err
		}
		return known(ctx, api)
	})
	if err != nil {
		return fmt.Errorf("waiting for admission policies: %w", errors.Join(err, context.Cause(ctx)))
	}
	return nil
}

func ignoreNotServed(err error) error {
	if meta.IsNoMatchError(err) {
		return nil
	}
	return err
}

// inForce says whether the probes show: one ConfigMap is refused, another is stamped.
func inForce(ctx context.Context, api client.Client, name string, mutates bool) (bool, error) {
	err := api.Create(ctx, configMap(name), client.DryRunAll)
	switch {
	case err == nil:
		return false, nil
	case !strings.Contains(err.Error(), "ValidatingAdmissionPolicy '"+name+"'"):
		return false, fmt.Errorf("trying the probe %s: %w", name, err)
	case !mutates:
		return true, nil
	}
	stamped := configMap(name + "-stamped")
	if err := api.Create(ctx, stamped, client.DryRunAll); err != nil {
		return false, fmt.Errorf("trying the probe %s: %w", name, err)
	}
	return stamped.Labels[stamp] == name, nil
}

// known says whether the mutating policies know Longshore's kinds. The schema refuses the Attestation in any case.
func known(ctx context.Context, api client.Client) (bool, error) {
	attestation := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{}}}
	attestation.SetAPIVersion("gig.longshore.dev/v1alpha1")
	attestation.SetKind("Attestation")
	attestation.SetNamespace(metav1.NamespaceDefault)
	attestation.SetGenerateName("admission-probe-")
	switch err := api.Create(ctx, attestation, client.DryRunAll); {
	case apierrors.IsServiceUnavailable(err):
		return false, nil
	case apierrors.IsInvalid(err):
		return true, nil
	default:
		return false, fmt.Errorf("trying an Attestation, which its schema should refuse: %w", err)
	}
}

func configMap(name string) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: metav1.NamespaceDefault, Name: name}}
}

// match selects the creation of one ConfigMap.
func match(name string) (*admissionregistrationv1.MatchResources, []admissionregistrationv1.MatchCondition) {
	resources := &admissionregistrationv1.MatchResources{ResourceRules: []admissionregistrationv1.NamedRuleWithOperations{{
		RuleWithOperations: admissionregistrationv1.RuleWithOperations{
			Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Create},
			Rule:       admissionregistrationv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"configmaps"}},
		},
	}}}
	return resources, []admissionregistrationv1.MatchCondition{{Name: "the-probe", Expression: "object.metadata.name == '" + name + "'"}}
}

func validating(name string) []client.Object {
	resources, conditions := match(name)
	return []client.Object{
		&admissionregistrationv1.ValidatingAdmissionPolicy{
			ObjectMeta: metav1.ObjectMeta{Name: name},
			Spec: admissionregistrationv1.ValidatingAdmissionPolicySpec{
				MatchConstraints: resources, MatchConditions: conditions,
				Validations: []admissionregistrationv1.Validation{{Expression: "false", Message: "in force"}},
			},
		},
		&admissionregistrationv1.ValidatingAdmissionPolicyBinding{
			ObjectMeta: metav1.ObjectMeta{Name: name},
			Spec: admissionregistrationv1.ValidatingAdmissionPolicyBindingSpec{
				PolicyName: name, ValidationActions: []admissionregistrationv1.ValidationAction{admissionregistrationv1.Deny},
			},
		},
	}
}

func mutating(name string) []client.Object {
	resources, conditions := match(name + "-stamped")
	patch := fmt.Sprintf(`[JSONPatch{op: "add", path: "/metadata/labels", value: {%q: %q}}]`, stamp, name)
	return []client.Object{
		&admissionregistrationv1.MutatingAdmissionPolicy{
			ObjectMeta: metav1.ObjectMeta{Name: name},
			Spec: admissionregistrationv1.MutatingAdmissionPolicySpec{
				MatchConstraints: resources, MatchConditions: conditions,
				ReinvocationPolicy: admissionregistrationv1.NeverReinvocationPolicy,
				Mutations: []admissionregistrationv1.Mutation{{
					PatchType: admissionregistrationv1.PatchTypeJSONPatch,
					JSONPatch: &admissionregistrationv1.JSONPatch{Expression: patch},
				}},
			},
		},
		&admissionregistrationv1.MutatingAdmissionPolicyBinding{
			ObjectMeta: metav1.ObjectMeta{Name: name},
			Spec:       admissionregistrationv1.MutatingAdmissionPolicyBindingSpec{PolicyName: name},
		},
	}
}
