package inmemory_test

import (
	"testing"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/index"
	"github.com/longshore-dev/longshore/hack/bench/inmemory"
)

func TestTheCacheHoldsWhatItIsGivenAndFindsItByIndex(t *testing.T) {
	g := NewWithT(t)
	worker := func(name, jurisdiction string) *v1alpha1.Worker {
		return &v1alpha1.Worker{ObjectMeta: metav1.ObjectMeta{Namespace: "talent", Name: name}, Spec: v1alpha1.WorkerSpec{Jurisdiction: jurisdiction}}
	}
	reader, err := inmemory.Start(t.Context(), []client.Object{
		worker("ada", "US-CA"), worker("ben", "DE"), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "talent", Labels: map[string]string{"team": "a"}}},
	})
	g.Expect(err).NotTo(HaveOccurred())

	var american v1alpha1.WorkerList
	g.Expect(reader.List(t.Context(), &american, client.MatchingFields{index.WorkerByJurisdiction: "US"})).To(Succeed())
	g.Expect(american.Items).To(ConsistOf(HaveField("Name", "ada")))
	var ns corev1.Namespace
	g.Expect(reader.Get(t.Context(), client.ObjectKey{Name: "talent"}, &ns)).To(Succeed(), "what is in no namespace is found without one")
	g.Expect(ns.Labels).To(HaveKeyWithValue("team", "a"))
	g.Expect(reader.Get(t.Context(), client.ObjectKey{Namespace: "talent", Name: "cy"}, &v1alpha1.Worker{})).To(MatchError(apierrors.IsNotFound, "not found"))
	var none v1alpha1.EngagementList
	g.Expect(reader.List(t.Context(), &none, client.MatchingFields{index.EngagementByPerson: "p"})).To(Succeed(), "of a kind of which nothing was given there is nothing")
	g.Expect(none.Items).To(BeEmpty())
}
