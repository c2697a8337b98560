package main

import (
	"fmt"
	"math/rand/v2"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/terms"
)

const (
	namespaceCount = 50
	poolCount      = 20
	// Every fifth engagement more is closed: it is there, and nobody is to look at it.
	closedEvery = 5
)

var (
	// now is when everything is judged.
	now           = time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC)
	jurisdictions = []string{"US", "US-CA", "US-NY", "US-IL", "GB", "DE", "DE-BY", "FR", "NL", "ES", "IN", "PL"}
	units         = []string{"retail", "media", "care", "labs", "field"}
	workerTypes   = []v1alpha1.WorkerType{
		v1alpha1.IndependentContractor, v1alpha1.AgencyWorker, v1alpha1.IndependentContractor, v1alpha1.ServiceProvider, v1alpha1.PayrolledWorker, v1alpha1.FixedTermEmployee,
	}
)

// world is everything that there is, as the operator leaves it.
type world struct {
	namespaces  []*corev1.Namespace
	pools       []*v1alpha1.TalentPool
	workers     []*v1alpha1.Worker
	engagements []*v1alpha1.Engagement
	// members of each pool who are screened, by its name.
	members map[string][]*v1alpha1.Worker
}

// talent is where a pool and its workers are: one namespace for the company's own, one for its suppliers'.
func talent(pool int) string { return []string{"talent", "suppliers"}[pool%2] }

func poolName(i int) string { return fmt.Sprintf("pool-%02d", i) }

// makeWorld makes a world with so many open engagements. Equal seeds make equal worlds.
func makeWorld(open int, seed uint64) (*world, error) {
	random := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // A world is to be the same each time, not a secret.
	w := &world{members: map[string][]*v1alpha1.Worker{}}
	for i := range namespaceCount {
		w.namespaces = append(w.namespaces, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("team-%02d", i), Labels: map[string]string{"unit": units[i%len(units)]}}})
	}
	for i := range poolCount {
		w.pools = append(w.pools, &v1alpha1.TalentPool{ObjectMeta: metav1.ObjectMeta{Namespace: talent(i), Name: poolName(i)}})
	}
	for i := range max(open*2/5, poolCount) {
		w.addWorker(random, i)
	}
	for i := range open {
		if err := w.addEngagement(random, i, stage(random.IntN(100))); err != nil {
			return nil, err
		}
	}
	for i := range open / closedEvery {
		if err := w.addEngagement(random, open+i, v1alpha1.PhaseClosed); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// addWorker adds one to a pool. One in eight is somebody who is there already, through another supplier.
func (w *world) addWorker(random *rand.Rand, i int) {
	pool, person := i%poolCount, i
	if i > poolCount && random.IntN(8) == 0 {
		person = random.IntN(i)
	}
	worker := &v1alpha1.Worker{ObjectMeta: metav1.ObjectMeta{Namespace: talent(pool), Name: fmt.Sprintf("worker-%05d", i), UID: types.UID(fmt.Sprintf("w-%05d", i))}}
	worker.Spec = v1alpha1.WorkerSpec{PersonKey: fmt.Sprintf("person-%05d", person), Jurisdiction: jurisdictions[random.IntN(len(jurisdictions))]}
	if random.IntN(2) == 0 {
		worker.Spec.Supplier = fmt.Sprintf("supplier-%d", random.IntN(9))
	}
	if random.IntN(3) > 0 {
		worker.Spec.Documents = []v1alpha1.WorkerDocument{{Name: "insurance", ExpiresAt: at(random.IntN(500) - 100)}}
	}
	membership := v1alpha1.PoolMembership{Name: poolName(pool), Screening: v1alpha1.ScreeningPassed}
	if random.IntN(4) == 0 {
		membership.Screening = v1alpha1.ScreeningInProgress
	} else {
		w.members[poolName(pool)] = append(w.members[poolName(pool)], worker)
	}
	worker.Status.Pools = []v1alpha1.PoolMembership{membership}
	w.workers = append(w.workers, worker)
}

// stage is how far one of a hundred engagements is. Recruiting is most work: policies are asked about every candidate.
func stage(of int) v1alpha1.Phase {
	switch {
	case of < 10:
		return v1alpha1.PhasePending
	case of < 14:
		return v1alpha1.PhaseRecruiting
	case of < 24:
		return v1alpha1.PhaseOnboarding
	case of < 92:
		return v1alpha1.PhaseAssigned
	default:
		return v1alpha1.PhaseOffboarding
	}
}

func (w *world) addEngagement(random *rand.Rand, i int, phase v1alpha1.Phase) error {
	pool := random.IntN(poolCount)
	start := now.AddDate(0, 0, 30-random.IntN(360))
	if phase == v1alpha1.PhaseClosed {
		start = start.AddDate(-1, 0, 0)
	}
	eng := &v1alpha1.Engagement{ObjectMeta: metav1.ObjectMeta{
		Namespace: w.namespaces[random.IntN(namespaceCount)].Name, Name: fmt.Sprintf("engagement-%05d", i), UID: types.UID(fmt.Sprintf("e-%05d", i)), Generation: 1, CreationTimestamp: metav1.NewTime(start.AddDate(0, -1, 0)),
	}}
	eng.Spec = v1alpha1.EngagementSpec{
		Title: "Work", PoolRef: v1alpha1.PoolReference{Namespace: talent(pool), Name: poolName(pool)},
		StatementOfWork: v1alpha1.StatementOfWork{
			Summary: "Work that somebody does", Start: metav1.NewTime(start), End: metav1.NewTime(start.AddDate(0, 1+random.IntN(18), 0)),
			Budget: v1alpha1.Money{Currency: "USD", Amount: fmt.Sprint(100 * (1 + random.IntN(400)))},
		},
		Classification: v1alpha1.Classification{
			WorkerType: workerTypes[random.IntN(len(workerTypes))], Jurisdiction: jurisdictions[random.IntN(len(jurisdictions))],
			Facts: map[string]string{"freeFromControl": fmt.Sprint(random.IntN(10) > 0), "independentTrade": fmt.Sprint(random.IntN(10) > 0)},
		},
	}
	eng.Status.Phase = phase
	eng.Status.ObservedGeneration = 1
	if random.IntN(10) > 0 {
		if err := determine(eng, start); err != nil {
			return err
		}
	}
	w.staff(random, eng, w.members[poolName(pool)])
	w.engagements = append(w.engagements, eng)
	return nil
}

// determine has somebody determine the classification as it is asked for.
func determine(eng *v1alpha1.Engagement, when time.Time) error {
	hash, err := terms.ClassificationHash(&eng.Spec.Classification)
	if err != nil {
		return fmt.Errorf("digesting a classification: %w", err)
	}
	eng.Status.Proposed = &v1alpha1.ProposedTerms{Hash: hash, Classification: hash}
	eng.Status.Attestations = []v1alpha1.AttestationRecord{{
		UID: eng.UID + "-d", Name: "determined", Claim: "determination/classification", Verdict: v1alpha1.VerdictDetermined, Author: "legal", At: metav1.NewTime(when),
		Terms: hash, WorkerType: eng.Spec.Classification.WorkerType,
	}}
	return nil
}

// staff gives an engagement whom it has at its stage: nobody, somebody who is pinned or has an offer, or somebody who is engaged.
func (w *world) staff(random *rand.Rand, eng *v1alpha1.Engagement, members []*v1alpha1.Worker) {
	worker := members[random.IntN(len(members))]
	switch eng.Status.Phase {
	case v1alpha1.PhasePending:
		if random.IntN(4) == 0 {
			eng.Spec.WorkerRef = &v1alpha1.LocalReference{Name: worker.Name}
		}
	case v1alpha1.PhaseRecruiting:
		eng.Status.Recruitment = &v1alpha1.RecruitmentStatus{}
		if random.IntN(2) == 0 {
			eng.Status.Recruitment.Offer = &v1alpha1.Offer{Worker: worker.Name, WorkerUID: worker.UID}
		}
	default:
		eng.Status.Worker = &v1alpha1.EngagedWorker{Name: worker.Name, Namespace: worker.Namespace, UID: worker.UID, PersonKey: worker.Spec.PersonKey}
		eng.Status.Terms = &v1alpha1.AcceptedTerms{StatementOfWork: eng.Spec.StatementOfWork, Classification: eng.Spec.Classification, Worker: worker.Name}
	}
	if eng.Status.Phase == v1alpha1.PhaseClosed {
		eng.Status.EndedAt = &eng.Spec.StatementOfWork.End
	}
}

func at(days int) *metav1.Time { return &metav1.Time{Time: now.AddDate(0, 0, days)} }

// objects are all that the cache of a manager holds of it.
func (w *world) objects(policies []v1alpha1.CompliancePolicy) []client.Object {
	var all []client.Object
	for _, o := range w.namespaces {
		all = append(all, o)
	}
	for _, o := range w.pools {
		all = append(all, o)
	}
	for _, o := range w.workers {
		all = append(all, o)
	}
	for _, o := range w.engagements {
		all = append(all, o)
	}
	for i := range policies {
		all = append(all, &policies[i])
	}
	return all
}
