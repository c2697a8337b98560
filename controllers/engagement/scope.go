package engagement

import (
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/account"
	"github.com/longshore-dev/longshore/controllers/domain/dossier"
	"github.com/longshore-dev/longshore/controllers/domain/policy"
	"github.com/longshore-dev/longshore/controllers/domain/terms"
	"github.com/longshore-dev/longshore/controllers/index"
)

// Defaults of what a spec may leave out, as the API's documentation states them.
const (
	defaultFinalWithin = 120 * time.Hour
	defaultShortlist   = 3
)

// scope is everything that one pass knows. It is read once, before anything is decided, and never written to.
type scope struct {
	// Now in whole seconds, the precision of every time in the API.
	Now time.Time

	Engagement *v1alpha1.Engagement
	Namespace  *corev1.Namespace

	Pool *v1alpha1.TalentPool
	// Members are the pool's workers; read only while somebody is looked for.
	Members []v1alpha1.Worker
	// Load is what each person, by personKey, has to do and has done; read with Members, and of the person who is engaged.
	Load map[string]load
	// Planned is what the plan of the pool's open engagements means for this one; nil if it is in none.
	Planned *planned
	// Workers are the workers of the pool's namespace that the engagement or a statement names, by name.
	Workers map[string]*v1alpha1.Worker
	// Colleagues are those accounts of workers of the pool's namespace under which somebody is said not to have turned up.
	Colleagues people
	// Person are all Worker objects of the person who is engaged.
	Person []v1alpha1.Worker

	OnboardingChecklist  *v1alpha1.Checklist
	OffboardingChecklist *v1alpha1.Checklist
	// Scorecards of the evaluation and of checklist steps, by name.
	Scorecards map[string]*v1alpha1.Scorecard
	Profiles   map[string]*v1alpha1.AccessProfile

	Attestations []v1alpha1.Attestation
	Evaluations  []v1alpha1.Evaluation
	Grants       []v1alpha1.AccessGrant
	// Assignments that this engagement has or has done.
	Assignments []v1alpha1.Assignment

	// Predecessor is the engagement that this one replaces or continues.
	Predecessor *v1alpha1.Engagement
	// Successors are the engagements that replace or continue this one.
	Successors []v1alpha1.Engagement

	Policies []v1alpha1.CompliancePolicy
	// AdmissionMissing names the admission policies and bindings that are not installed.
	AdmissionMissing []string

	// MayGrant says whether somebody may hand a profile out; what is not in it has not been reviewed.
	MayGrant map[handOut]right

	// Dossier is this engagement's own, once it is sealed.
	Dossier *v1alpha1.Dossier
	// Head of the chain as far as the cache knows; a stale one makes a create conflict, and the pass is run again.
	Head dossier.Head
}

// pass decides what one scope means. Every decision is a function of the scope alone: it reads no clock and calls nobody.
type pass struct {
	*scope
	// st is the status that will be written if it differs from the stored one.
	st *v1alpha1.EngagementStatus

	waits  []v1alpha1.WaitingFor
	stalls []finding
	// holds are the reasons for which nothing new or wider is granted.
	holds []finding
	next  time.Time
	acts  actions

	// known while the pass runs
	verdicts map[question]*policy.Verdict
	// candidacies is the case that all candidates are judged by.
	candidacies *policy.Case
	gate        []finding
	held        bool // holds and their waits are noted
	delivery    deliveryResult
	onboarding  procedure
	offboard    procedure
}

// finding is a reason with a message that says what to do.
type finding struct {
	Reason  string
	Message string
}

// actions is what the pass wants done, in the order in which it is done.
type actions struct {
	// Bind are the statements to be tied to this engagement's UID.
	BindAttestations map[string]bool
	BindEvaluations  map[string]bool
	// Ignore are the statements that do not count.
	IgnoreAttestations map[string]v1alpha1.Standing
	IgnoreEvaluations  map[string]v1alpha1.Standing
	// Review is whose right to hand what out is yet to be reviewed; the pass is then decided anew.
	Review []handOut
	// Plan asks for a plan of the pool's open engagements, this one among them.
	Plan *demand
	// Grants are the grants as they should be.
	Grants []grant
	// Seal asks for the Dossier.
	Seal *dossier.Facts
	// Release asks for the finalizers of the grants and of the engagement to go.
	Release bool
}

// right is what a review said.
type right int

const (
	// rightUnknown could not be reviewed: nothing is given by it, and nobody is turned down.
	rightUnknown right = iota
	rightHeld
	rightMissing
)

// handOut is a right to be reviewed: the verb grant on a profile.
type handOut struct {
	Username string
	Profile  string
}

// grant is an AccessGrant as it should be.
type grant struct {
	Name string
	Spec v1alpha1.AccessGrantSpec
}

func newPass(s *scope) *pass {
	st := s.Engagement.Status.DeepCopy()
	return &pass{scope: s, st: st, acts: actions{
		BindAttestations: map[string]bool{}, BindEvaluations: map[string]bool{},
		IgnoreAttestations: map[string]v1alpha1.Standing{}, IgnoreEvaluations: map[string]v1alpha1.Standing{},
	}}
}

// until notes a moment at which time alone changes the answer.
func (p *pass) until(t time.Time) {
	if t.After(p.Now) && (p.next.IsZero() || t.Before(p.next)) {
		p.next = t
	}
}

// stall notes something that is blocked or overdue until somebody acts.
func (p *pass) stall(reason, message string) {
	p.stalls = append(p.stalls, finding{reason, message})
}

// wait notes that somebody is waited for. Of several for the same thing the first stands, but a person takes the operator's place: without them it can do nothing.
func (p *pass) wait(what, who string, since time.Time, due *time.Time, message string) {
	if i := slices.IndexFunc(p.waits, func(w v1alpha1.WaitingFor) bool { return w.What == what }); i >= 0 {
		if p.waits[i].Who != v1alpha1.ActorOperator || who == v1alpha1.ActorOperator {
			return
		}
		p.waits = slices.Delete(p.waits, i, i+1)
	}
	w := v1alpha1.WaitingFor{What: what, Who: who, Subject: p.subject(who), Since: metav1.NewTime(since), Message: truncate(message, 1024)}
	if due != nil {
		w.Due = &metav1.Time{Time: due.Truncate(time.Second)}
		p.until(w.Due.Time)
	}
	p.waits = append(p.waits, w)
}

// since is when a wait began that begins with no fact of its own: the first pass that saw it.
func (p *pass) since(what string) time.Time {
	for _, w := range p.Engagement.Status.WaitingFor {
		if w.What == what {
			return w.Since.Time
		}
	}
	return p.Now
}

// subject is the identity behind a role, where it is known by name.
func (p *pass) subject(role string) *v1alpha1.Subject {
	if c := p.contact(role); c != nil {
		return c
	}
	switch role {
	case v1alpha1.ActorRequester:
		if r := p.Engagement.Spec.Requester; r != nil {
			return &v1alpha1.Subject{Kind: v1alpha1.SubjectUser, Name: r.Username}
		}
	case v1alpha1.ActorWorker:
		if name := p.workerUsername(); name != "" {
			return &v1alpha1.Subject{Kind: v1alpha1.SubjectUser, Name: name}
		}
	}
	return nil
}

// contact is the identity that the spec names for a role, or nil.
func (p *pass) contact(role string) *v1alpha1.Subject {
	for _, c := range p.Engagement.Spec.Contacts {
		if c.Role == role {
			return c.Subject.DeepCopy()
		}
	}
	return nil
}

// workerUsername is the account of the worker who is engaged or has been offered the work.
func (p *pass) workerUsername() string {
	if w := p.worker(); w != nil {
		return w.Spec.Username
	}
	if p.st.Worker != nil {
		return p.st.Worker.Username
	}
	if r := p.st.Recruitment; r != nil && r.Offer != nil {
		if w := p.workerNamed(r.Offer.Worker); w != nil {
			return w.Spec.Username
		}
	}
	return ""
}

// worker is the Worker object of the person who is engaged: the one who accepted or, when that object is gone, another of the same person.
func (p *pass) worker() *v1alpha1.Worker {
	if p.st.Worker == nil {
		return nil
	}
	if w := p.Workers[p.st.Worker.Name]; w != nil && w.Namespace == p.st.Worker.Namespace && w.Spec.PersonKey == p.st.Worker.PersonKey && w.DeletionTimestamp.IsZero() {
		return w
	}
	var first *v1alpha1.Worker
	for i := range p.Person {
		w := &p.Person[i]
		if w.Namespace == p.st.Worker.Namespace && w.DeletionTimestamp.IsZero() && (first == nil || w.Name < first.Name) {
			first = w
		}
	}
	return first
}

// workerNamed is a Worker of the pool's namespace, by name.
func (p *pass) workerNamed(name string) *v1alpha1.Worker {
	if w := p.Workers[name]; w != nil {
		return w
	}
	for i := range p.Members {
		if p.Members[i].Name == name {
			return &p.Members[i]
		}
	}
	return nil
}

// engaged says whether a worker has accepted.
func (p *pass) engaged() bool { return p.st.Terms != nil }

func (p *pass) deleting() bool { return !p.Engagement.DeletionTimestamp.IsZero() }

// enter moves the engagement forward.
func (p *pass) enter(phase v1alpha1.Phase) {
	if !p.st.Phase.Before(phase) {
		return
	}
	at := metav1.NewTime(p.Now)
	if n := len(p.st.Phases); n > 0 && p.st.Phases[n-1].LeftAt == nil {
		p.st.Phases[n-1].LeftAt = &at
	}
	p.st.Phase = phase
	entered := v1alpha1.PhaseTime{Name: phase, EnteredAt: at}
	if phase == v1alpha1.PhaseClosed {
		entered.LeftAt = nil
	}
	p.st.Phases = append(p.st.Phases, entered)
}

// enteredAt is when a phase was entered, or the zero time.
func (p *pass) enteredAt(phase v1alpha1.Phase) time.Time {
	for _, t := range p.st.Phases {
		if t.Name == phase {
			return t.EnteredAt.Time
		}
	}
	return time.Time{}
}

// people is a set of usernames.
type people map[string]bool

func (p *pass) requesters() people {
	set := people{}
	for _, r := range p.st.Requesters {
		set[r] = true
	}
	return set
}

// isWorker says whether an account, or the person on whose behalf it speaks, is or may be the engaged worker: what is their own, it does not decide.
func (p *pass) isWorker(author, onBehalfOf string) bool {
	return p.speaksAsWorker(author, onBehalfOf) || p.st.Worker != nil && p.anyOfPerson(func(w *v1alpha1.Worker) bool { return account.Has(&w.Spec, author) })
}

// speaksAsWorker says whether an account, or the person on whose behalf it speaks, is the engaged worker: it says what is for the worker alone to say.
func (p *pass) speaksAsWorker(author, onBehalfOf string) bool {
	switch {
	case p.st.Worker == nil:
		return false
	case onBehalfOf != "" && onBehalfOf == p.st.Worker.Name:
		return true
	case author == "":
		return false
	case author == p.st.Worker.Username:
		return true
	}
	return p.anyOfPerson(func(w *v1alpha1.Worker) bool { return w.Spec.Username == author })
}

// anyOfPerson looks at the Worker objects of the person who is engaged, but only where the pool's own people say who is who: elsewhere anybody could claim to be
// this person.
func (p *pass) anyOfPerson(is func(*v1alpha1.Worker) bool) bool {
	if w := p.worker(); w != nil && is(w) {
		return true
	}
	for i := range p.Person {
		if p.Person[i].Namespace == p.st.Worker.Namespace && is(&p.Person[i]) {
			return true
		}
	}
	return false
}

// isCandidate says whether an account, or the person on whose behalf it speaks, is the one who is pinned or has been offered the work.
func (p *pass) isCandidate(author, onBehalfOf string) bool {
	var names []string
	if ref := p.Engagement.Spec.WorkerRef; ref != nil {
		names = append(names, ref.Name)
	}
	if offer := offerOf(p.st); offer != nil {
		names = append(names, offer.Worker)
	}
	return slices.ContainsFunc(names, func(name string) bool {
		w := p.workerNamed(name)
		return onBehalfOf == name || w != nil && account.Has(&w.Spec, author)
	})
}

func (p *pass) offerTimeout() time.Duration { return terms.OfferTimeout(&p.Engagement.Spec) }

// scorecard of the evaluation, or nil.
func (p *pass) scorecard() *v1alpha1.Scorecard {
	if e := p.Engagement.Spec.Evaluation; e != nil {
		return p.Scorecards[e.ScorecardRef.Name]
	}
	return nil
}

func (p *pass) poolNamespace() string { return index.PoolNamespace(p.Engagement) }

func truncate(s string, n int) string {
	if len(s) <= n {
		return s
	}
	cut := n - len("…")
	for cut > 0 && s[cut]&0xC0 == 0x80 { // not within a rune
		cut--
	}
	return s[:cut] + "…"
}

func sortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}

func timePtr(t time.Time) *time.Time { return &t }

func metaTime(t time.Time) *metav1.Time { return &metav1.Time{Time: t} }
