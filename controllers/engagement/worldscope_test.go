package engagement

import (
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/account"
	"github.com/longshore-dev/longshore/controllers/index"
)

// scopeOptions compare scopes and decisions whole; empty and absent lists are the same to the API server.
var scopeOptions = []cmp.Option{cmp.AllowUnexported(scope{}, load{}, engaged{}, decision{}, actions{}, grant{}, planned{}), cmpopts.EquateEmpty()}

// diff looks closer only where there is something to see: comparing two scopes for a report is slow.
func diff(a, b any) string {
	if reflect.DeepEqual(a, b) {
		return ""
	}
	return cmp.Diff(a, b, scopeOptions...)
}

// scope reads what read.go reads.
func (w *world) scope(eng *v1alpha1.Engagement) *scope {
	eng = eng.DeepCopy()
	s := &scope{Now: w.now, Engagement: eng, Workers: map[string]*v1alpha1.Worker{}, Head: w.head()}
	for _, att := range values(w.atts) {
		if att.Spec.SubjectRef.Name == eng.Name && att.Namespace == eng.Namespace && !w.late(att.CreationTimestamp.Unix()) {
			s.Attestations = append(s.Attestations, *att.DeepCopy())
		}
	}
	for _, eval := range values(w.evals) {
		if eval.Spec.EngagementRef.Name == eng.Name && eval.Namespace == eng.Namespace && !w.late(eval.CreationTimestamp.Unix()) {
			s.Evaluations = append(s.Evaluations, *eval.DeepCopy())
		}
	}
	for _, g := range values(w.grants) {
		if g.Spec.EngagementRef.UID == eng.UID {
			s.Grants = append(s.Grants, *g.DeepCopy())
		}
	}
	if eng.Status.Phase == v1alpha1.PhaseClosed {
		return s
	}
	s.Namespace = w.namespaces[eng.Namespace]
	if s.Namespace == nil {
		s.Namespace = &corev1.Namespace{ObjectMeta: objectMeta("", eng.Namespace)}
	}
	s.Pool = clone(w.pools[index.PoolNamespace(eng)+"/"+eng.Spec.PoolRef.Name])
	if o := eng.Spec.Onboarding; o != nil && o.ChecklistRef != nil {
		s.OnboardingChecklist = clone(w.checklists[eng.Namespace+"/"+o.ChecklistRef.Name])
	}
	if o := eng.Spec.Offboarding; o != nil && o.ChecklistRef != nil {
		s.OffboardingChecklist = clone(w.checklists[eng.Namespace+"/"+o.ChecklistRef.Name])
	}
	s.Scorecards, s.Profiles = map[string]*v1alpha1.Scorecard{}, map[string]*v1alpha1.AccessProfile{}
	for _, name := range scorecardNames(eng, s.OnboardingChecklist, s.OffboardingChecklist) {
		if sc := w.scorecards[eng.Namespace+"/"+name]; sc != nil {
			s.Scorecards[name] = sc.DeepCopy()
		}
	}
	for _, name := range profileNames(s) {
		if ap := w.profiles[name]; ap != nil {
			s.Profiles[name] = ap.DeepCopy()
		}
	}
	w.scopeRelatives(s)
	w.scopeWorkers(s)
	s.Policies = slices.Clone(w.policies)
	s.AdmissionMissing = w.admissionMissing
	w.scopeMembers(s)
	return s
}

// late says whether a cache does not know yet of what was created this second.
func (w *world) late(created int64) bool {
	return w.noise && created == w.now.Unix() && w.rnd.IntN(3) == 0
}

func (w *world) scopeRelatives(s *scope) {
	name := ""
	if ref := s.Engagement.Spec.Replaces; ref != nil {
		name = ref.Name
	} else if ref := s.Engagement.Spec.Continues; ref != nil {
		name = ref.Name
	}
	if name != s.Engagement.Name {
		s.Predecessor = clone(w.engagements[name])
	}
	for _, other := range values(w.engagements) {
		if r := other.Spec.Replaces; r != nil && r.Name == s.Engagement.Name {
			s.Successors = append(s.Successors, *other.DeepCopy())
		}
		if c := other.Spec.Continues; c != nil && c.Name == s.Engagement.Name {
			s.Successors = append(s.Successors, *other.DeepCopy())
		}
	}
}

func (w *world) scopeWorkers(s *scope) {
	names := map[string]bool{}
	if ref := s.Engagement.Spec.WorkerRef; ref != nil {
		names[ref.Name] = true
	}
	if engaged := s.Engagement.Status.Worker; engaged != nil {
		names[engaged.Name] = true
	}
	if rec := s.Engagement.Status.Recruitment; rec != nil && rec.Offer != nil {
		names[rec.Offer.Worker] = true
	}
	for _, att := range s.Attestations {
		if area, item, _ := strings.Cut(att.Spec.Claim, "/"); area == areaSelection || area == areaOffer {
			names[item] = true
		}
	}
	for name := range names {
		if wk := w.workers[index.PoolNamespace(s.Engagement)+"/"+name]; wk != nil {
			s.Workers[name] = wk.DeepCopy()
		}
	}
	s.Colleagues = people{}
	for _, author := range noShowAuthors(s.Attestations) {
		for _, wk := range values(w.workers) {
			if wk.Namespace == index.PoolNamespace(s.Engagement) && account.Has(&wk.Spec, author) {
				s.Colleagues[author] = true
			}
		}
	}
	key := ""
	if engaged := s.Engagement.Status.Worker; engaged != nil {
		key = engaged.PersonKey
	} else if rec := s.Engagement.Status.Recruitment; rec != nil && rec.Offer != nil && s.Workers[rec.Offer.Worker] != nil {
		key = s.Workers[rec.Offer.Worker].Spec.PersonKey
	}
	for _, wk := range values(w.workers) {
		if key != "" && wk.Spec.PersonKey == key {
			s.Person = append(s.Person, *wk.DeepCopy())
		}
	}
}

func (w *world) scopeMembers(s *scope) {
	if engaged := s.Engagement.Status.Worker; engaged != nil && len(s.Policies) > 0 {
		s.Load = map[string]load{engaged.PersonKey: w.loadOf(engaged.PersonKey)}
	}
	if s.Pool == nil || s.Engagement.Status.Terms != nil || s.Engagement.Status.EndedAt != nil {
		return
	}
	s.Load = map[string]load{}
	for _, wk := range values(w.workers) {
		if wk.Namespace != s.Pool.Namespace || membership(wk, s.Pool.Name) == nil || !wk.DeletionTimestamp.IsZero() {
			continue
		}
		s.Members = append(s.Members, *wk.DeepCopy())
		s.Load[wk.Spec.PersonKey] = w.loadOf(wk.Spec.PersonKey)
	}
}

// loadOf is what readLoad and readHistory read.
func (w *world) loadOf(person string) load {
	var held []v1alpha1.Engagement
	var workers []v1alpha1.Worker
	for _, wk := range values(w.workers) {
		if wk.Spec.PersonKey == person {
			workers = append(workers, *wk)
		}
	}
	for _, other := range values(w.engagements) {
		if other.Status.Worker != nil && other.Status.Worker.PersonKey == person {
			held = append(held, *other)
		}
		for i := range workers {
			if offeredTo(other, &workers[i]) {
				held = append(held, *other)
			}
		}
	}
	shuffle(w.rnd, held)
	return loadOf(held, workers)
}

func values[T any](m map[string]*T) []*T {
	var all []*T
	for _, name := range slices.Sorted(maps.Keys(m)) {
		all = append(all, m[name])
	}
	return all
}

func clone[T any, P interface {
	*T
	DeepCopy() *T
}](o P) P {
	if o == nil {
		return nil
	}
	return o.DeepCopy()
}

// cloneScope shares nothing with the scope that a decision could write to.
func cloneScope(s *scope) *scope {
	c := *s
	c.Engagement, c.Predecessor, c.Pool = clone(s.Engagement), clone(s.Predecessor), clone(s.Pool)
	c.OnboardingChecklist, c.OffboardingChecklist, c.Dossier = clone(s.OnboardingChecklist), clone(s.OffboardingChecklist), clone(s.Dossier)
	c.Workers, c.Scorecards, c.Profiles = cloneMap(s.Workers), cloneMap(s.Scorecards), cloneMap(s.Profiles)
	c.Members, c.Person, c.Successors = cloneList(s.Members), cloneList(s.Person), cloneList(s.Successors)
	c.Attestations, c.Evaluations, c.Grants, c.Policies = cloneList(s.Attestations), cloneList(s.Evaluations), cloneList(s.Grants), cloneList(s.Policies)
	c.MayGrant = maps.Clone(s.MayGrant)
	if s.Planned != nil {
		plan := *s.Planned
		plan.Considered.Candidates = slices.Clone(plan.Considered.Candidates)
		c.Planned = &plan
	}
	return &c
}

// shuffled is the scope with every list in another order.
func (w *world) shuffled(s *scope) *scope {
	c := cloneScope(s)
	shuffle(w.rnd, c.Members)
	shuffle(w.rnd, c.Person)
	shuffle(w.rnd, c.Successors)
	shuffle(w.rnd, c.Attestations)
	shuffle(w.rnd, c.Evaluations)
	shuffle(w.rnd, c.Grants)
	return c
}

func shuffle[T any](rnd *rand.Rand, list []T) {
	rnd.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
}

func cloneList[T any, P interface {
	*T
	DeepCopy() *T
}](list []T) []T {
	var c []T
	for i := range list {
		c = append(c, *P(&list[i]).DeepCopy())
	}
	return c
}

func cloneMap[T any, P interface {
	*T
	DeepCopy() *T
}](m map[string]P) map[string]P {
	c := map[string]P{}
	for name, o := range m {
		c[name] = o.DeepCopy()
	}
	return c
}
