package assignment

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/placement"
	"github.com/longshore-dev/longshore/controllers/metrics"
)

const (
	// gathering is how long a pool waits for more before it places what it has: a burst is placed in few large batches.
	gathering = 250 * time.Millisecond
	// writers are how many statuses are written side by side.
	writers = 16
)

// Placer gives what is pending in one pool to the pool's engaged workers. It works on whole pools: what one person has another does not get.
type Placer struct {
	// Client reads from the manager's cache and writes to the API server.
	Client client.Client
	// Clock is the only clock that is read.
	Clock clock.PassiveClock
	// Recorder tells people of what could not be placed.
	Recorder events.EventRecorder

	// mu is held while a pool is read and decided on, so that two pools cannot give the same hours of a person who is engaged through both. Writes go
	// on without it.
	mu sync.Mutex
	// assumed is what was decided and what the cache may not show yet.
	assumed assumptions
	// asked is when a pool's gathering began.
	asked map[types.NamespacedName]time.Time
}

// +kubebuilder:rbac:groups=gig.longshore.dev,resources=assignments;engagements;talentpools;workers,verbs=get;list;watch
// +kubebuilder:rbac:groups=gig.longshore.dev,resources=assignments/status,verbs=patch
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// Reconcile places everything that is pending in one pool. It can be killed after any write and run again from the start: what was written stays, and
// what was not is decided anew.
func (p *Placer) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	if wait := p.gather(req.NamespacedName); wait > 0 {
		return ctrl.Result{RequeueAfter: wait}, nil
	}
	work, err := p.decide(ctx, req.NamespacedName)
	if work == nil {
		return ctrl.Result{}, err
	}
	again, writeErr := p.write(ctx, work)
	p.announce(work)
	if err := errors.Join(err, writeErr); err != nil {
		return ctrl.Result{}, err
	}
	if !work.next.IsZero() {
		again = sooner(again, max(work.next.Sub(p.Clock.Now()), time.Millisecond))
	}
	return ctrl.Result{RequeueAfter: again}, nil
}

// sooner is the shorter of two waits, of which 0 is none.
func sooner(a, b time.Duration) time.Duration {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// gather says how long a pool is still to wait for more.
func (p *Placer) gather(pool types.NamespacedName) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.Clock.Now()
	since, waiting := p.asked[pool]
	if !waiting {
		if p.asked == nil {
			p.asked = map[types.NamespacedName]time.Time{}
		}
		p.asked[pool], since = now, now
	}
	if wait := since.Add(gathering).Sub(now); wait > 0 {
		return wait
	}
	delete(p.asked, pool)
	return 0
}

// work is what one pass over a pool is to write.
type work struct {
	pool   *v1alpha1.TalentPool
	writes []write
	next   time.Time
}

// write is a status that is to be written.
type write struct {
	assignment *v1alpha1.Assignment
	status     *v1alpha1.AssignmentStatus
}

// decide reads a pool, decides on what is pending, and remembers what it gives. Nothing to do is nil.
func (p *Placer) decide(ctx context.Context, key types.NamespacedName) (*work, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	began := p.Clock.Now()
	if p.assumed == nil {
		p.assumed = assumptions{}
	}
	if err := p.assumed.forgetShown(ctx, p.Client, began); err != nil {
		return nil, err
	}
	f, err := p.read(ctx, key)
	if err != nil {
		return nil, fmt.Errorf("reading what the placement in pool %s depends on: %w", key, err)
	}
	if len(f.in.Pending)+len(f.refused) == 0 {
		return nil, nil
	}
	w := &work{pool: f.in.Pool}
	for _, d := range f.refused {
		p.add(w, d, f.in.Now)
	}
	if f.in.Pool == nil {
		return w, nil
	}
	result, err := placement.Place(f.in)
	for i := range result.Decisions {
		p.add(w, &result.Decisions[i], f.in.Now)
	}
	w.next = result.Next
	if err != nil {
		err = fmt.Errorf("placing what is pending in pool %s: %w", key, err)
	}
	metrics.ObservePlacement(p.Clock.Now().Sub(began), len(result.Batches), result.Failed)
	return w, err
}

// add notes a decision for writing, if it says anything new.
func (p *Placer) add(w *work, d *placement.Decision, now time.Time) {
	a := d.Assignment
	st := statusOf(d, now)
	if equality.Semantic.DeepEqual(&a.Status, st) || repeats(&a.Status, st) {
		return
	}
	w.writes = append(w.writes, write{a, st})
	if d.Engagement != nil {
		given := *a // Shares its spec with the cache: nobody writes to it.
		given.Status = *st
		p.assumed.add(&given, placement.PersonOf(d.Engagement))
	}
}

// statusOf is the status that a decision comes to.
func statusOf(d *placement.Decision, now time.Time) *v1alpha1.AssignmentStatus {
	a := d.Assignment
	st := a.Status.DeepCopy()
	st.ObservedGeneration, st.State, st.Why, st.Others = a.Generation, d.State, d.Why, d.Others
	switch d.State {
	case v1alpha1.AssignmentAssigned:
		st.Engagement, st.EngagementUID, st.Worker = d.Engagement.Name, d.Engagement.UID, d.Worker
		st.AssignedAt = &metav1.Time{Time: now}
		st.Score, st.Parts = d.Score, d.Parts
		settle(a, st, d.Engagement, now)
	case v1alpha1.AssignmentMissed:
		st.WaitingFor = nil
		setReady(a, st, now, false, d.Problem, d.Why)
	default:
		what, since := "assignment/"+a.Name, metav1.Time{Time: now}
		for _, w := range a.Status.WaitingFor {
			if w.What == what {
				since = w.Since
			}
		}
		st.WaitingFor = []v1alpha1.WaitingFor{{What: what, Who: v1alpha1.ActorRequester, Since: since, Message: clip(advice(d), maxWaitMessage)}}
		setReady(a, st, now, false, d.Problem, d.Why)
	}
	return st
}

// advice says what the requester is to do about work that nobody has. What is wrong in a spec says itself what is to be mended.
func advice(d *placement.Decision) string {
	if d.Problem == v1alpha1.ReasonNoCandidates {
		return "nobody can be given it; engage somebody who can, or change what it asks for: " + d.Why
	}
	return d.Why
}

// write writes everything that was decided, side by side, and says after what time to look again: a conflict says that the cache was behind, and
// where an answer was lost nobody knows yet what was written.
func (p *Placer) write(ctx context.Context, w *work) (again time.Duration, err error) {
	queue := make(chan write)
	var mu sync.Mutex
	var problems []error
	var group sync.WaitGroup
	for range min(writers, len(w.writes)) {
		group.Go(func() {
			for each := range queue {
				wait, err := p.writeOne(ctx, each)
				mu.Lock()
				again = sooner(again, wait)
				if err != nil {
					problems = append(problems, err)
				}
				mu.Unlock()
			}
		})
	}
	for _, each := range w.writes {
		queue <- each
	}
	close(queue)
	group.Wait()
	return again, errors.Join(problems...)
}

func (p *Placer) writeOne(ctx context.Context, w write) (again time.Duration, err error) {
	written, err := writeStatus(ctx, p.Client, w.assignment, w.status)
	p.mu.Lock()
	doubtful := p.assumed.wrote(w.assignment.UID, written, err, p.Clock.Now())
	p.mu.Unlock()
	switch {
	case err == nil || apierrors.IsNotFound(err):
		return 0, nil
	case apierrors.IsConflict(err):
		return gathering, nil
	case doubtful:
		log.FromContext(ctx).Error(err, "a placement may or may not be written; it is looked at again")
		return doubt, nil
	}
	return 0, err
}
