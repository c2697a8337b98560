package engagement

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/policy"
	"github.com/longshore-dev/longshore/controllers/index"
)

// roster is who can be drawn on, and what each of them has to do.
type roster struct {
	// Members are the pool's workers.
	Members []v1alpha1.Worker
	// Load of each person, by personKey.
	Load map[string]load
}

// load is what a person has to do, in all pools.
type load struct {
	// Places are the engagements that the person holds or has been offered.
	Places []place
	// History is what the person was, is, or will be engaged in, in the order of its beginnings.
	History []engaged
	// Rehire is what stands on engaging the person again, and since when.
	Rehire   v1alpha1.Rehire
	RehireAt time.Time
}

// rehireVerdict is what one engagement that has ended says on engaging its person again.
type rehireVerdict struct {
	Rehire v1alpha1.Rehire
	At     time.Time
	// Found says that a person decided it, or that the engagement ended for cause. Otherwise nothing spoke against the person there, which says nothing of elsewhere.
	Found bool
}

// rehireOf is what an engagement that has ended says, or nil if it is not over yet.
func rehireOf(st *v1alpha1.EngagementStatus) *rehireVerdict {
	if st.Rehire == "" || st.EndedAt == nil {
		return nil
	}
	v := &rehireVerdict{Rehire: st.Rehire, At: st.EndedAt.Time, Found: st.Ending != nil && st.Ending.ForCause}
	for i := range st.Attestations {
		if r := &st.Attestations[i]; r.Claim == claimRehire && r.Ignored == "" {
			v.Found = true
			if r.At.After(v.At) {
				v.At = r.At.Time
			}
		}
	}
	return v
}

// outweighs says whether a verdict stands rather than another: what was found before what merely was not, then the newer, then the stricter.
func (v *rehireVerdict) outweighs(other *rehireVerdict) bool {
	strictness := []v1alpha1.Rehire{v1alpha1.RehireEligible, v1alpha1.RehireWithReview, v1alpha1.RehireIneligible}
	switch {
	case other == nil:
		return true
	case v.Found != other.Found:
		return v.Found
	case !v.At.Equal(other.At):
		return v.At.After(other.At)
	default:
		return slices.Index(strictness, v.Rehire) > slices.Index(strictness, other.Rehire)
	}
}

// engaged is one engagement that a person accepted.
type engaged struct {
	policy.Engaged
	UID types.UID
}

// place is one engagement that takes up a person.
type place struct {
	UID types.UID
	// Offered is an offer that waits for an answer; otherwise it was accepted.
	Offered bool
	Hours   int32
}

// taken is how many engagements and open offers take up a person, without some engagements, and how many hours a week.
func (l load) taken(without ...types.UID) (engaged, offered, hours int32) {
	for _, p := range l.Places {
		if slices.Contains(without, p.UID) {
			continue
		}
		hours += p.Hours
		if p.Offered {
			offered++
		} else {
			engaged++
		}
	}
	return engaged, offered, hours
}

// shared lists without copying: a scope is never written to, and a pool has many members.
const shared = client.UnsafeDisableDeepCopy

// readMembers reads the pool's workers and how much each is engaged, only while somebody is looked for. Whoever looks at all engagements of a pool has them already.
func (r *Reconciler) readMembers(ctx context.Context, s *scope, known *roster) (err error) {
	st := &s.Engagement.Status
	if s.Pool == nil || st.Terms != nil || st.EndedAt != nil {
		return nil
	}
	if known == nil {
		if known, err = r.readRoster(ctx, s.Pool); err != nil {
			return err
		}
	}
	s.Members, s.Load = known.Members, known.Load
	return nil
}

// readRoster reads everybody of a pool.
func (r *Reconciler) readRoster(ctx context.Context, pool *v1alpha1.TalentPool) (*roster, error) {
	read := &roster{Load: map[string]load{}}
	selector, err := metav1.LabelSelectorAsSelector(&pool.Spec.WorkerSelector)
	if err != nil {
		return read, nil //nolint:nilerr // the pool says so in its own status, and has no members until it is mended
	}
	members := &v1alpha1.WorkerList{}
	if err := r.Client.List(ctx, members, client.InNamespace(pool.Namespace), client.MatchingLabelsSelector{Selector: selector}, shared); err != nil {
		return nil, fmt.Errorf("listing the workers of pool %s/%s: %w", pool.Namespace, pool.Name, err)
	}
	read.Members = slices.DeleteFunc(members.Items, func(w v1alpha1.Worker) bool { return !w.DeletionTimestamp.IsZero() })
	pending := r.places.pending(r.shownVersion(ctx))
	for i := range read.Members {
		key := read.Members[i].Spec.PersonKey
		if _, known := read.Load[key]; known {
			continue
		}
		cached, err := r.readLoad(ctx, key)
		if err != nil {
			return nil, err
		}
		read.Load[key] = cached.with(pending[key])
	}
	return read, nil
}

// readLoad reads what a person is engaged in and has been offered, in all pools.
func (r *Reconciler) readLoad(ctx context.Context, person string) (load, error) {
	accepted := &v1alpha1.EngagementList{}
	if err := r.Client.List(ctx, accepted, client.MatchingFields{index.EngagementByPerson: person}, shared); err != nil {
		return load{}, fmt.Errorf("listing the engagements of a person: %w", err)
	}
	workers := &v1alpha1.WorkerList{}
	if err := r.Client.List(ctx, workers, client.MatchingFields{index.WorkerByPerson: person}, shared); err != nil {
		return load{}, fmt.Errorf("listing the workers of a person: %w", err)
	}
	engagements := accepted.Items
	for i := range workers.Items {
		w := &workers.Items[i]
		concerned := &v1alpha1.EngagementList{}
		if err := r.Client.List(ctx, concerned, client.MatchingFields{index.EngagementByWorker: index.Key(w.Namespace, w.Name)}, shared); err != nil {
			return load{}, fmt.Errorf("listing the offers to a person: %w", err)
		}
		for j := range concerned.Items {
			if eng := &concerned.Items[j]; offeredTo(eng, w) {
				engagements = append(engagements, *eng)
			}
		}
	}
	return loadOf(engagements, workers.Items), nil
}

// readHistory reads what else the person who is engaged was, is, or will be engaged in: tenure is counted across all of it. Without a policy nobody asks.
func (r *Reconciler) readHistory(ctx context.Context, s *scope) error {
	person := s.Engagement.Status.Worker
	if person == nil || len(s.Policies) == 0 {
		return nil
	}
	accepted := &v1alpha1.EngagementList{}
	if err := r.Client.List(ctx, accepted, client.MatchingFields{index.EngagementByPerson: person.PersonKey}, shared); err != nil {
		return fmt.Errorf("listing the engagements of the person who is engaged: %w", err)
	}
	s.Load = map[string]load{person.PersonKey: loadOf(accepted.Items, s.Person)}
	return nil
}

// shownVersion reads which version of an engagement the cache shows.
func (r *Reconciler) shownVersion(ctx context.Context) shownVersion {
	return func(key types.NamespacedName) string {
		eng := &v1alpha1.Engagement{}
		if err := r.Client.Get(ctx, key, eng); err != nil {
			return ""
		}
		return eng.ResourceVersion
	}
}

// takePlace keeps the place of somebody who is about to be offered the work, or to be engaged, from being given a second time. It says whether one was taken.
func (r *Reconciler) takePlace(ctx context.Context, s *scope, status *v1alpha1.EngagementStatus) (bool, error) {
	g := givenPlace{Engagement: client.ObjectKeyFromObject(s.Engagement), place: placeOf(s.Engagement, status.Terms == nil)}
	old := &s.Engagement.Status
	before, after := offerOf(old), offerOf(status)
	switch {
	case old.Terms != nil || s.Pool == nil:
		return false, nil
	case status.Terms != nil && status.Worker != nil:
		g.Person = status.Worker.PersonKey
	case after != nil && (before == nil || before.Hash != after.Hash):
		for i := range s.Members {
			if w := &s.Members[i]; w.Name == after.Worker {
				g.Person = w.Spec.PersonKey
				// Requirements are not held against whoever is pinned.
				if a := w.Spec.Availability; a != nil && s.Engagement.Spec.WorkerRef == nil {
					g.PerWeek = a.HoursPerWeek
				}
			}
		}
	}
	if g.Person == "" {
		return false, nil
	}
	limit := int32(0)
	if s.Pool.Spec.Limits != nil {
		limit = s.Pool.Spec.Limits.MaxConcurrentPerWorker
	}
	taken, err := r.places.take(g, limit, func() (load, error) { return r.readLoad(ctx, g.Person) }, r.shownVersion(ctx), s.renewed()...)
	if err == nil && !taken {
		err = errBehind
	}
	return taken, err
}

// offeredTo says whether an offer to a worker waits for an answer. Changed terms are offered to somebody who is engaged already.
func offeredTo(eng *v1alpha1.Engagement, w *v1alpha1.Worker) bool {
	return openOffer(eng) == w.Name && eng.Status.Recruitment.Offer.WorkerUID == w.UID && index.PoolNamespace(eng) == w.Namespace
}

// loadOf sums up what a person is engaged in or has been offered, as which of their Workers, and finds what stands on their rehire.
func loadOf(engagements []v1alpha1.Engagement, workers []v1alpha1.Worker) load {
	var l load
	var stands *rehireVerdict
	suppliers := map[string]string{}
	for i := range workers {
		suppliers[index.Key(workers[i].Namespace, workers[i].Name)] = workers[i].Spec.Supplier
	}
	for i := range engagements {
		eng := &engagements[i]
		st := &eng.Status
		if st.Terms != nil {
			l.History = append(l.History, engagedIn(eng, suppliers))
		}
		if st.EndedAt == nil {
			l.Places = append(l.Places, placeOf(eng, st.Terms == nil))
			continue
		}
		if v := rehireOf(st); v != nil && v.outweighs(stands) {
			stands = v
		}
	}
	if stands != nil {
		l.Rehire, l.RehireAt = stands.Rehire, stands.At
	}
	slices.SortFunc(l.History, func(a, b engaged) int {
		return cmp.Or(a.Start.Compare(b.Start), a.End.Compare(b.End), cmp.Compare(a.UID, b.UID))
	})
	return l
}

// renewed is the engagement whose place this one takes over.
func (s *scope) renewed() []types.UID {
	if s.Engagement.Spec.Continues == nil || s.Predecessor == nil {
		return nil
	}
	return []types.UID{s.Predecessor.UID}
}

func placeOf(eng *v1alpha1.Engagement, offered bool) place {
	p := place{UID: eng.UID, Offered: offered}
	if r := eng.Spec.Requirements; r != nil {
		p.Hours = r.HoursPerWeek
	}
	return p
}

// engagedIn is for how long, and as what, an engagement engages the person who accepted it. Whose Worker object is gone has no supplier that anybody knows.
func engagedIn(eng *v1alpha1.Engagement, suppliers map[string]string) engaged {
	t := eng.Status.Terms
	e := engaged{UID: eng.UID}
	e.Start, e.End = t.StatementOfWork.Start.Time, t.StatementOfWork.End.Time
	e.Pool, e.Namespace = index.Key(index.PoolNamespace(eng), eng.Spec.PoolRef.Name), eng.Namespace
	e.WorkerType, e.Jurisdiction, e.Budget = t.Classification.WorkerType, t.Classification.Jurisdiction, t.StatementOfWork.Budget
	if ended := eng.Status.EndedAt; ended != nil {
		e.End = ended.Time
	}
	if w := eng.Status.Worker; w != nil {
		e.Supplier = suppliers[index.Key(w.Namespace, w.Name)]
	}
	return e
}
