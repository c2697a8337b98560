package engagement

import (
	"fmt"
	"testing"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
)

// aLargePool is a scope of each of many engagements that look for somebody in a pool of many, as a pass reads it.
func aLargePool(b *testing.B, engagements, workers int) []*scope {
	b.Helper()
	pool := aPool("designers")
	pool.Spec.Limits = &v1alpha1.PoolLimits{MaxConcurrentPerWorker: 2}
	w := newWorld(b, "2026-11-20 08:00").add(pool)
	for i := range workers {
		w.add(aWorker(fmt.Sprintf("worker-%03d", i), "designers").Skilled(fmt.Sprintf("skill-%d", i%7), int32(1+i%5)).Skilled(fmt.Sprintf("skill-%d", i%3), int32(1+i%4)))
	}
	w.add(needing("first", "skill-0", false))
	w.settle()
	w.state(anAttestation("approval/engagement").By("dana").Says(v1alpha1.VerdictApproved).Terms(w.proposed()))
	w.pass("first")
	read := w.scope(w.eng("first"))
	var scopes []*scope
	for i := range engagements {
		s := *read
		s.Engagement = read.Engagement.DeepCopy()
		s.Engagement.Name = fmt.Sprintf("engagement-%03d", i)
		s.Engagement.Spec.Requirements.Skills[0].Name = fmt.Sprintf("skill-%d", i%7)
		scopes = append(scopes, &s)
	}
	return scopes
}

// What the planner adds to reading the cache: to find out what 500 engagements ask for, of 500 workers, and to fill them.
func BenchmarkPlanningForFiveHundredEngagements(b *testing.B) {
	scopes := aLargePool(b, 500, 500)
	for b.Loop() {
		demands := map[types.NamespacedName]*demand{}
		for _, s := range scopes {
			d, err := decide(s)
			if err != nil {
				b.Fatal(err)
			}
			if d.Actions.Plan != nil {
				demands[client.ObjectKeyFromObject(s.Engagement)] = d.Actions.Plan
			}
		}
		entries, err := fill(demands)
		if err != nil {
			b.Fatal(err)
		}
		if len(entries) != len(scopes) {
			b.Fatalf("%d of %d engagements are planned for", len(entries), len(scopes))
		}
	}
}

// What a pass costs that offers the work to whom the plan says, of a pool of 500.
func BenchmarkFollowingThePlan(b *testing.B) {
	s := aLargePool(b, 1, 500)[0]
	s.Planned = &planned{Hash: proposedHash(&s.Engagement.Status), Worker: "worker-042"}
	for b.Loop() {
		if d, err := decide(s); err != nil || d.Actions.Plan != nil || offerOf(d.Status) == nil {
			b.Fatalf("expected an offer to worker-042: %v", err)
		}
	}
}
