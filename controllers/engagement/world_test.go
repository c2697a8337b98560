package engagement

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/dossier"
)

// A world is an API server in miniature with a clock that is set by hand: it stores objects, lets people state things, runs passes as
// Reconcile and act do, and moves grants as the access side does. After every pass it checks what must always hold.
type world struct {
	t   testing.TB
	now time.Time
	// rnd orders what has no order, so that whatever depends on an order comes out.
	rnd *rand.Rand
	// noise lets passes read late and be killed after any write.
	noise bool
	// closeLooks is in how many passes one is decided a second time in another order; every one unless set.
	closeLooks int

	namespaces  map[string]*corev1.Namespace
	engagements map[string]*v1alpha1.Engagement
	pools       map[string]*v1alpha1.TalentPool
	workers     map[string]*v1alpha1.Worker
	checklists  map[string]*v1alpha1.Checklist
	scorecards  map[string]*v1alpha1.Scorecard
	profiles    map[string]*v1alpha1.AccessProfile
	atts        map[string]*v1alpha1.Attestation
	evals       map[string]*v1alpha1.Evaluation
	grants      map[string]*v1alpha1.AccessGrant
	dossiers    map[string]*v1alpha1.Dossier
	policies    []v1alpha1.CompliancePolicy

	admissionMissing []string
	// mayNotGrant are the profiles that no requester may hand out.
	mayNotGrant map[string]bool
	// preexisting are the entitlements that people had before.
	preexisting map[string]bool
	// brokenTargets neither grant nor revoke anything.
	brokenTargets bool

	// leaders says when another one takes over.
	leaders *rand.Rand
	// plans are what a planner has in memory, and wanted are the pools for which a plan is to be made.
	plans  plans
	wanted map[types.NamespacedName]bool
	// planned counts the plans that were made.
	planned int

	// seen are the engagements as the last pass left them in its cache.
	seen map[string]*v1alpha1.Engagement
	next map[string]time.Time
	// subject is the engagement that statements are about unless they say otherwise.
	subject string
	writes  int
	// watch sees every engagement as it is stored.
	watch func(*v1alpha1.Engagement)
}

func newWorld(t testing.TB, moment string) *world {
	t.Helper()
	w := &world{
		t: t, now: on(moment), rnd: rand.New(rand.NewPCG(1, 1)), leaders: rand.New(rand.NewPCG(1, 2)), namespaces: map[string]*corev1.Namespace{}, engagements: map[string]*v1alpha1.Engagement{},
		pools: map[string]*v1alpha1.TalentPool{}, workers: map[string]*v1alpha1.Worker{}, checklists: map[string]*v1alpha1.Checklist{},
		scorecards: map[string]*v1alpha1.Scorecard{}, profiles: map[string]*v1alpha1.AccessProfile{}, atts: map[string]*v1alpha1.Attestation{},
		evals: map[string]*v1alpha1.Evaluation{}, grants: map[string]*v1alpha1.AccessGrant{}, dossiers: map[string]*v1alpha1.Dossier{},
		mayNotGrant: map[string]bool{}, preexisting: map[string]bool{}, wanted: map[types.NamespacedName]bool{}, seen: map[string]*v1alpha1.Engagement{}, next: map[string]time.Time{},
	}
	return w
}

// add stores objects as they are applied now.
func (w *world) add(objects ...any) *world {
	w.t.Helper()
	for _, o := range objects {
		switch o := o.(type) {
		case *engagementBuilder:
			o.CreationTimestamp = metav1.NewTime(w.now)
			w.engagements[o.Name] = o.Engagement
			w.subject = o.Name
		case *workerBuilder:
			w.workers[o.Namespace+"/"+o.Name] = o.Worker
		case *v1alpha1.TalentPool:
			w.pools[o.Namespace+"/"+o.Name] = o
		case *v1alpha1.Checklist:
			w.checklists[o.Namespace+"/"+o.Name] = o
		case *v1alpha1.Scorecard:
			w.scorecards[o.Namespace+"/"+o.Name] = o
		case *profileBuilder:
			w.profiles[o.Name] = o.AccessProfile
		case *policyBuilder:
			w.dropPolicy(o.Name)
			w.policies = append(w.policies, *o.DeepCopy())
			slices.SortFunc(w.policies, func(a, b v1alpha1.CompliancePolicy) int { return strings.Compare(a.Name, b.Name) })
		case *attestationBuilder:
			w.state(o)
		case *evaluationBuilder:
			w.evaluate(o)
		default:
			w.t.Fatalf("the test's own world has no place for %T", o)
		}
	}
	return w
}

func (w *world) dropPolicy(name string) *world {
	w.policies = slices.DeleteFunc(w.policies, func(cp v1alpha1.CompliancePolicy) bool { return cp.Name == name })
	return w
}

// state stores a statement, said now unless it says when.
func (w *world) state(b *attestationBuilder) *v1alpha1.Attestation {
	w.t.Helper()
	if b.Spec.SubjectRef.Name == "" {
		b.Spec.SubjectRef.Name = w.subject
	}
	if b.CreationTimestamp.IsZero() {
		b.CreationTimestamp = metav1.NewTime(w.now)
	}
	b.Namespace = w.eng(b.Spec.SubjectRef.Name).Namespace
	if b.Name == "" {
		author := ""
		if b.Spec.Author != nil {
			author = b.Spec.Author.Username
		}
		taken := func(name string) bool { return w.atts[name] != nil }
		b.Name = statementName(taken, b.Spec.SubjectRef.Name, b.Spec.Claim, string(b.Spec.Verdict), author, b.CreationTimestamp.UTC().Format(time.DateTime))
	}
	b.UID = types.UID("uid-of-" + b.Name)
	w.atts[b.Name] = stored(w.t, b.Attestation)
	return w.atts[b.Name]
}

func (w *world) evaluate(b *evaluationBuilder) *v1alpha1.Evaluation {
	w.t.Helper()
	if b.Spec.EngagementRef == nil {
		b.Of(w.subject)
	}
	if b.CreationTimestamp.IsZero() {
		b.CreationTimestamp = metav1.NewTime(w.now)
	}
	b.Namespace = w.eng(b.Spec.EngagementRef.Name).Namespace
	if b.Name == "" {
		author := ""
		if b.Spec.Author != nil {
			author = b.Spec.Author.Username
		}
		taken := func(name string) bool { return w.evals[name] != nil }
		b.Name = statementName(taken, b.Spec.EngagementRef.Name, string(b.Spec.Kind), b.Spec.Period, author)
	}
	b.UID = types.UID("uid-of-" + b.Name)
	w.evals[b.Name] = stored(w.t, b.Evaluation)
	return w.evals[b.Name]
}

// eng is an engagement as it is stored. It is not to be changed.
func (w *world) eng(name string) *v1alpha1.Engagement {
	w.t.Helper()
	if w.engagements[name] == nil {
		w.t.Fatalf("the test's own world has no engagement %q", name)
	}
	return w.engagements[name]
}

// edit changes a spec as somebody with kubectl would.
func (w *world) edit(name string, change func(*v1alpha1.EngagementSpec)) *world {
	w.t.Helper()
	eng := w.eng(name).DeepCopy()
	change(&eng.Spec)
	eng.Generation++
	w.put(eng)
	return w
}

func (w *world) put(eng *v1alpha1.Engagement) {
	eng.ResourceVersion += "+"
	w.engagements[eng.Name] = stored(w.t, eng)
	if w.watch != nil {
		w.watch(w.engagements[eng.Name])
	}
}

// remove deletes an engagement as the API server does: what has finalizers stays until they are gone.
func (w *world) remove(name string) *world {
	w.t.Helper()
	eng := w.eng(name).DeepCopy()
	if len(eng.Finalizers) == 0 {
		delete(w.engagements, name)
		return w
	}
	eng.DeletionTimestamp = metaTime(w.now)
	w.put(eng)
	return w
}

// stored is an object as it comes back from the API server: times in whole seconds, empty lists gone.
func stored[T any](t testing.TB, o *T) *T {
	t.Helper()
	raw, err := json.Marshal(o)
	if err != nil {
		t.Fatalf("storing %T: %v", o, err)
	}
	again := new(T)
	if err := json.Unmarshal(raw, again); err != nil {
		t.Fatalf("reading %T: %v", o, err)
	}
	return again
}

// write makes one write, unless the pass was killed before it. It says whether the pass goes on.
func (w *world) write(do func()) bool {
	if w.noise && w.rnd.IntN(8) == 0 {
		return false
	}
	do()
	w.writes++
	return true
}

// pass runs one pass over one engagement as Reconcile does. With noise it may be killed, or read an engagement as its last pass knew it.
func (w *world) pass(name string) {
	w.t.Helper()
	eng := w.engagements[name]
	if eng == nil {
		return
	}
	if old := w.seen[name]; w.noise && old != nil && w.rnd.IntN(4) == 0 {
		eng = old
	}
	w.seen[name] = eng
	if eng.Status.Phase != v1alpha1.PhaseClosed && !controllerutil.ContainsFinalizer(eng, v1alpha1.EngagementFinalizer) {
		if eng.DeletionTimestamp.IsZero() {
			w.write(func() { w.finalizers(eng, v1alpha1.EngagementFinalizer) })
		}
		return
	}
	s := w.scope(eng)
	s.Planned = w.plans.of(poolOf(eng), client.ObjectKeyFromObject(eng))
	d := w.decide(s)
	w.next[name] = d.Next
	if w.act(s, d) {
		if pool, wanted := w.plans.keep(s, d); wanted {
			w.wanted[pool] = true
		}
	}
}

// finalizers replaces an engagement's, if it is still as it was read. The last one gone, a deleted object is gone.
func (w *world) finalizers(eng *v1alpha1.Engagement, names ...string) {
	if w.engagements[eng.Name].ResourceVersion != eng.ResourceVersion {
		return
	}
	patched := eng.DeepCopy()
	patched.Finalizers = names
	w.put(patched)
	if len(names) == 0 && !eng.DeletionTimestamp.IsZero() {
		delete(w.engagements, eng.Name)
		for name, g := range w.grants {
			if g.Spec.EngagementRef.UID == eng.UID && len(g.Finalizers) == 0 {
				delete(w.grants, name)
			}
		}
	}
}

// decide checks that a decision is a function of the scope: it changes nothing in it, and no order of a list changes the answer.
func (w *world) decide(s *scope) *decision {
	w.t.Helper()
	if w.closeLooks > 1 && w.rnd.IntN(w.closeLooks) > 0 {
		d, err := decide(s)
		if err != nil {
			w.t.Fatalf("deciding on %s: %v", s.Engagement.Name, err)
		}
		return w.review(s, d)
	}
	before, other := cloneScope(s), w.shuffled(s)
	d, err := decide(s)
	if err != nil {
		w.t.Fatalf("deciding on %s: %v", s.Engagement.Name, err)
	}
	if diff := diff(before, cloneScope(s)); diff != "" {
		w.t.Fatalf("a decision never writes to its scope, but (-before +after):\n%s", diff)
	}
	again, err := decide(other)
	if err != nil {
		w.t.Fatalf("deciding on %s in another order: %v", s.Engagement.Name, err)
	}
	if diff := diff(d, again); diff != "" {
		w.t.Fatalf("the order in which a cache lists objects must not matter, but for %s at %s (-one +other):\n%s", s.Engagement.Name, w.now.Format(time.DateTime), diff)
	}
	return w.review(s, d)
}

// review answers what the decision asks about people's rights, and has it decided anew.
func (w *world) review(s *scope, d *decision) *decision {
	w.t.Helper()
	if len(d.Actions.Review) == 0 {
		return d
	}
	if s.MayGrant == nil {
		s.MayGrant = map[handOut]right{}
	}
	for _, asked := range d.Actions.Review {
		if _, reviewed := s.MayGrant[asked]; reviewed {
			w.t.Fatalf("what was reviewed is not reviewed again in the same pass: %v", asked)
		}
		s.MayGrant[asked] = rightHeld
		if w.mayNotGrant[asked.Profile] {
			s.MayGrant[asked] = rightMissing
		}
	}
	return w.decide(s)
}

// act does what act.go does, write by write, so that a pass can be killed between any two. It says whether the pass got to its end.
func (w *world) act(s *scope, d *decision) bool {
	w.t.Helper()
	w.checkDecision(s, d)
	for _, g := range d.Actions.Grants {
		if !w.applyGrant(s, g) {
			return false
		}
	}
	if !w.mark(s, &d.Actions) {
		return false
	}
	if d.Actions.Seal != nil {
		if !w.seal(s, d) {
			return false
		}
		sealed := w.decide(s)
		d.Status, d.Next = sealed.Status, sealed.Next
	}
	eng := s.Engagement
	closed := d.Status.Phase == v1alpha1.PhaseClosed && eng.Status.Phase != v1alpha1.PhaseClosed
	if !equality.Semantic.DeepEqual(&eng.Status, d.Status) {
		if w.engagements[eng.Name].ResourceVersion != eng.ResourceVersion {
			return false // a conflict: the pass is repeated on what is true now
		}
		if !w.write(func() { w.writeStatus(eng, d.Status) }) {
			return false
		}
	}
	if d.Actions.Release || closed {
		w.release(s)
	}
	return true
}

func (w *world) writeStatus(eng *v1alpha1.Engagement, status *v1alpha1.EngagementStatus) {
	w.t.Helper()
	patched := eng.DeepCopy()
	patched.Status = *status
	w.put(patched)
	kept := w.engagements[eng.Name]
	if !equality.Semantic.DeepEqual(&kept.Status, status) {
		w.t.Fatalf("a status that does not survive being stored is written for ever (-computed +stored):\n%s", cmp.Diff(status, &kept.Status))
	}
	w.checkStatus(&eng.Status, kept)
	eng.ResourceVersion, eng.Status = kept.ResourceVersion, *kept.Status.DeepCopy()
}

func (w *world) applyGrant(s *scope, g grant) bool {
	existing := w.grants[g.Name]
	known := slices.ContainsFunc(s.Grants, func(k v1alpha1.AccessGrant) bool {
		return k.Name == g.Name && equality.Semantic.DeepEqual(k.Spec, g.Spec)
	})
	if known || (existing == nil && !s.Engagement.DeletionTimestamp.IsZero()) {
		return true
	}
	return w.write(func() {
		if existing == nil {
			ag := &v1alpha1.AccessGrant{ObjectMeta: objectMeta(s.Engagement.Namespace, g.Name), Spec: g.Spec}
			ag.Finalizers, ag.Status.ObservedGeneration = []string{v1alpha1.GrantFinalizer}, -1
			w.grants[g.Name] = stored(w.t, ag)
			return
		}
		patched := existing.DeepCopy()
		if !equality.Semantic.DeepEqual(patched.Spec, g.Spec) {
			patched.Generation++
		}
		patched.Spec = g.Spec
		w.grants[g.Name] = stored(w.t, patched)
	})
}

func (w *world) mark(s *scope, acts *actions) bool {
	owner := ownerReference(s.Engagement)
	for i := range s.Attestations {
		name := s.Attestations[i].Name
		if standing, is := acts.IgnoreAttestations[name]; is && !w.write(func() { w.atts[name].Status = &standing }) {
			return false
		}
		if acts.BindAttestations[name] && !w.write(func() { w.atts[name].OwnerReferences = []metav1.OwnerReference{owner} }) {
			return false
		}
	}
	for i := range s.Evaluations {
		name := s.Evaluations[i].Name
		if standing, is := acts.IgnoreEvaluations[name]; is && !w.write(func() { w.evals[name].Status = &standing }) {
			return false
		}
		if acts.BindEvaluations[name] && !w.write(func() { w.evals[name].OwnerReferences = []metav1.OwnerReference{owner} }) {
			return false
		}
	}
	return true
}

// salts are the same in every world, so that files can be compared.
type salts struct{}

func (salts) Read(p []byte) (int, error) { return len(p), nil }

func (w *world) seal(s *scope, d *decision) bool {
	w.t.Helper()
	for _, existing := range w.dossiers {
		if existing.Spec.Record.UID == s.Engagement.UID {
			s.Dossier = existing
			return true
		}
	}
	facts := *d.Actions.Seal
	facts.Engagement, facts.Grants = s.Engagement.DeepCopy(), s.Grants
	facts.Engagement.Status = *d.Status
	sealed, err := dossier.Seal(w.head(), facts, salts{})
	if err != nil {
		w.t.Fatalf("sealing %s: %v", s.Engagement.Name, err)
	}
	s.Dossier = sealed
	return w.write(func() { w.dossiers[sealed.Name] = stored(w.t, sealed) })
}

func (w *world) head() dossier.Head {
	var all []v1alpha1.Dossier
	for _, d := range w.dossiers {
		all = append(all, *d)
	}
	return dossier.HeadOf(all...)
}

func (w *world) release(s *scope) {
	for i := range s.Grants {
		if len(s.Grants[i].Finalizers) > 0 && !w.write(func() { w.grants[s.Grants[i].Name].Finalizers = nil }) {
			return
		}
	}
	if controllerutil.ContainsFinalizer(s.Engagement, v1alpha1.EngagementFinalizer) {
		w.write(func() { w.finalizers(s.Engagement) })
	}
}
