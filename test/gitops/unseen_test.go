package gitops

import (
	"context"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

// keepUnseen applies one object of each kind that has a reconciler while none runs, keeps them as the API server gives them out, and removes them.
func keepUnseen(ctx context.Context) error {
	const namespace = "unseen"
	if err := admin.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}); err != nil {
		return err
	}
	now := time.Now()
	replace := strings.NewReplacer("NAMESPACE", namespace, "PROFILE", namespace, "START", stamp(now), "END", stamp(now.Add(time.Hour)))
	more := []string{
		`{apiVersion: gig.longshore.dev/v1alpha1, kind: Assignment, metadata: {name: task, namespace: unseen}, spec: {title: A task, poolRef: {name: pool}, type: Task}}`,
		`{apiVersion: gig.longshore.dev/v1alpha1, kind: CompliancePolicy, metadata: {name: unseen}, spec: {effectiveFrom: "2027-01-01T00:00:00Z", source: {title: House rule},
  rules: [{name: capped, expression: "true", enforcement: Warn}]}}`,
	}
	for _, document := range append([]string{documents["provider"], documents["pool"], documents["worker"], documents["onboarding"], documents["engagement"]}, more...) {
		o := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(replace.Replace(document)), &o.Object); err != nil {
			return err
		}
		if o.GetKind() == "Engagement" { // asks for nothing that nobody may grant
			unstructured.RemoveNestedField(o.Object, "spec", "access")
		}
		if err := admin.Create(ctx, o); err != nil {
			return fmt.Errorf("creating a %s: %w", o.GetKind(), err)
		}
		if err := admin.Get(ctx, client.ObjectKeyFromObject(o), o); err != nil {
			return err
		}
		unseen[o.GetKind()] = o
		if err := admin.Delete(ctx, o.DeepCopy()); err != nil {
			return err
		}
	}
	return nil
}
