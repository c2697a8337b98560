package gitops

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/test/gitops/reading"
)

// Nobody has to say what depends on what: whatever comes first waits for the rest, says for what, and settles by itself.
func TestTheOrderInWhichARepositoryIsAppliedDoesNotMatter(t *testing.T) {
	orders := [][]string{slices.Clone(inOrder), slices.Clone(inOrder)}
	slices.Reverse(orders[1]) // the engagement before all that it names
	random := rand.New(rand.NewPCG(5, 5))
	for range 3 {
		order := slices.Clone(inOrder)
		random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		orders = append(orders, order)
	}
	var first []metav1.Condition
	for _, order := range orders {
		t.Run(order[0]+" first, "+order[len(order)-1]+" last", func(t *testing.T) {
			s := newStage(t)
			for i, name := range order {
				s.apply(s.username(), "gitops", s.manifest(name))
				if name == "engagement" && i == 0 {
					s.reads("Engagement", s.ns, "work", reading.Stalled)
				}
			}
			s.eventually("nothing stalled", func(eng *v1alpha1.Engagement) bool { return is(eng, v1alpha1.ConditionReady) })
			s.begin()
			eng := s.eventually("at rest", func(eng *v1alpha1.Engagement) bool { return is(eng, v1alpha1.ConditionReady) })
			for kind, name := range map[string]string{"TalentPool": "pool", "Worker": "ada", "Checklist": "onboarding"} {
				s.reads(kind, s.ns, name, reading.AsWritten)
			}
			conditions := eng.Status.Conditions
			for i := range conditions {
				conditions[i].LastTransitionTime, conditions[i].ObservedGeneration = metav1.Time{}, 0
			}
			slices.SortFunc(conditions, func(a, b metav1.Condition) int {
				if a.Type < b.Type {
					return -1
				}
				return 1
			})
			if first == nil {
				first = conditions
			}
			if diff := cmp.Diff(first, conditions); diff != "" {
				t.Errorf("expected the same status whatever was applied first (-%v +%v):\n%s", orders[0], order, diff)
			}
		})
	}
}
