package worker

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/types"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/checklist"
)

// maxRecords is how many statements a worker's status keeps.
const maxRecords = 512

// decision is what one pass came to.
type decision struct {
	Status *v1alpha1.WorkerStatus
	// Bind are the statements to be tied to the worker, Ignore those that do not count.
	Bind   map[types.UID]bool
	Ignore map[types.UID]v1alpha1.Standing
	// News are what people are told of tiers, once the status is written.
	News []news
	// Next is the earliest moment at which time alone changes the answer; zero if it never does.
	Next time.Time
}

// pass decides what one scope means. It reads no clock and calls nobody.
type pass struct {
	*scope
	d          *decision
	faults     []fault
	screenings []*screening
	// statements that nobody has looked at before and that seem to count.
	fresh []v1alpha1.WorkerAttestation
}

func decide(s *scope) *decision {
	p := &pass{scope: s, faults: s.specFaults(), d: &decision{Status: s.Worker.Status.DeepCopy(), Bind: map[types.UID]bool{}, Ignore: map[types.UID]v1alpha1.Standing{}}}
	st := p.d.Status
	st.ObservedGeneration = s.Worker.Generation
	certificates := s.certificates()
	p.follow(certificates, nil)
	p.read()
	// A certificate that is earned in one pool counts in the others as well.
	for range len(p.screenings) + 1 {
		p.follow(certificates, p.fresh)
		held := p.certificates()
		if equality.Semantic.DeepEqual(held, st.Certificates) {
			break
		}
		st.Certificates = held
		certificates = mergeCertificates(certificates, held)
	}
	for _, sc := range p.screenings {
		sc.rating = p.rate(sc)
	}
	p.record()
	p.putPools()
	st.Engagements = p.engagements()
	p.await()
	p.conditions()
	return p.d
}

// follow goes through every screening with the statements that are recorded and those that are fresh.
func (p *pass) follow(certificates []v1alpha1.Certificate, fresh []v1alpha1.WorkerAttestation) {
	p.screenings = nil
	for _, pool := range p.memberships() {
		sc := p.screen(pool, certificates)
		if sc.course != nil {
			sc.course.follow(slices.Concat(ofPool(p.Worker.Status.Attestations, pool.Name), ofPool(fresh, pool.Name)))
		}
		p.screenings = append(p.screenings, sc)
	}
}

// ofPool are the counting statements about a pool's screening.
func ofPool(statements []v1alpha1.WorkerAttestation, pool string) []v1alpha1.WorkerAttestation {
	return slices.DeleteFunc(slices.Clone(statements), func(a v1alpha1.WorkerAttestation) bool {
		screens := a.Evaluation != nil || strings.HasPrefix(a.Claim, areaScreening+"/") || strings.HasPrefix(a.Claim, areaWaiver+"/")
		return a.Pool != pool || a.Ignored != "" || !screens
	})
}

// record keeps the fresh statements that count, and turns down those of which only the moment shows that they do not.
func (p *pass) record() {
	for i := range p.fresh {
		a := &p.fresh[i]
		sc := p.screening(a.Pool)
		if standing := sc.untimely(a); standing != nil {
			p.d.Ignore[a.UID] = *standing
			continue
		}
		if a.Evaluation != nil {
			sc.course.put(a)
		}
		p.d.Status.Attestations = append(p.d.Status.Attestations, *a)
	}
	p.bind()
}

// untimely says why a statement does not count at its moment: before a new attempt may begin, or of something that was not
// open by then.
func (sc *screening) untimely(a *v1alpha1.WorkerAttestation) *v1alpha1.Standing {
	if standing, is := sc.rating.unasked[a.UID]; is {
		return &standing
	}
	if sc.course == nil {
		return nil
	}
	if sc.course.Early[a.UID] {
		return tooEarly(sc.course)
	}
	if standing, is := sc.course.Unasked[a.UID]; is {
		return &standing
	}
	return nil
}

// bind asks for the statements on record to be tied to the worker, where they are not.
func (p *pass) bind() {
	recorded := map[types.UID]bool{}
	for i := range p.d.Status.Attestations {
		recorded[p.d.Status.Attestations[i].UID] = true
	}
	for i := range p.Attestations {
		if att := &p.Attestations[i]; recorded[att.UID] && !boundTo(att.OwnerReferences, p.Worker.UID) {
			p.d.Bind[att.UID] = true
		}
	}
	for i := range p.Evaluations {
		if eval := &p.Evaluations[i]; recorded[eval.UID] && !boundTo(eval.OwnerReferences, p.Worker.UID) {
			p.d.Bind[eval.UID] = true
		}
	}
}

func (p *pass) screening(pool string) *screening {
	for _, sc := range p.screenings {
		if sc.pool.Name == pool {
			return sc
		}
	}
	return nil
}

func (p *pass) putPools() {
	p.d.Status.Pools = nil
	for _, sc := range p.screenings[:min(len(p.screenings), maxPools)] {
		m := sc.membership(p.Now)
		sc.rating.put(&m)
		p.d.Status.Pools = append(p.d.Status.Pools, m)
		p.d.News = append(p.d.News, sc.rating.news(sc.previous)...)
		if sc.course != nil {
			for _, at := range sc.course.next() {
				p.until(at)
			}
		}
	}
}

// until notes a moment at which time alone changes the answer.
func (p *pass) until(t time.Time) {
	if t.After(p.Now) && (p.d.Next.IsZero() || t.Before(p.d.Next)) {
		p.d.Next = t
	}
}

// engagements are those that the worker holds now: accepted, and not yet ended.
func (p *pass) engagements() []string {
	const maxEngagements = 200
	var held []string
	for i := range p.Engagements {
		e := &p.Engagements[i]
		if p.engagedIn(e) && e.Status.Terms != nil && e.Status.EndedAt == nil && e.Status.Phase != v1alpha1.PhaseClosed {
			held = append(held, e.Namespace+"/"+e.Name)
		}
	}
	slices.Sort(held)
	return held[:min(len(held), maxEngagements)]
}

// engagedIn says whether the worker is who accepted: by name and person, since the object may have been made again.
func (p *pass) engagedIn(e *v1alpha1.Engagement) bool {
	w := e.Status.Worker
	return w != nil && w.Name == p.Worker.Name && w.PersonKey == p.Worker.Spec.PersonKey && (w.Namespace == "" || w.Namespace == p.Worker.Namespace)
}

// await says for whom screenings and demotions wait, and who has to mend the spec.
func (p *pass) await() {
	st := p.d.Status
	waiting := map[string]int{}
	for _, sc := range p.screenings {
		for _, w := range sc.waits() {
			waiting[w.What]++
		}
	}
	st.WaitingFor = p.faultWaits()
	for _, sc := range p.screenings {
		for _, w := range sc.waits() {
			if waiting[w.What] > 1 {
				w.What += "." + sc.pool.Name
			}
			if w.Since.IsZero() {
				w.Since.Time = p.waitingSince(w.What)
			}
			w.Subject = p.subject(sc, w.Who, w.What)
			st.WaitingFor = append(st.WaitingFor, w)
		}
	}
	slices.SortFunc(st.WaitingFor, func(a, b v1alpha1.WaitingFor) int { return cmp.Compare(a.What, b.What) })
	const maxWaits = 200
	st.WaitingFor = st.WaitingFor[:min(len(st.WaitingFor), maxWaits)]
}

// waitingSince is when a wait began that begins with no fact of its own: the first pass that saw it.
func (p *pass) waitingSince(what string) time.Time {
	for _, w := range p.Worker.Status.WaitingFor {
		if w.What == what {
			return w.Since.Time
		}
	}
	return p.Now
}

// waits are for whom it waits in one pool, each with a claim of its own.
func (sc *screening) waits() []v1alpha1.WaitingFor {
	return slices.Concat(sc.screeningWaits(), sc.rating.waits())
}

func (sc *screening) screeningWaits() []v1alpha1.WaitingFor {
	if sc.problem != nil {
		return []v1alpha1.WaitingFor{{What: areaScreening + "/checklist", Who: checklist.RoleManager, Message: truncate(sc.problem.Message)}}
	}
	if sc.course == nil || sc.course.state() == v1alpha1.ScreeningFailed || sc.course.state() == v1alpha1.ScreeningPassed {
		return nil
	}
	waits := sc.documentWaits()
	for _, w := range sc.course.Result.Waiting {
		message := w.Message + sc.byScorecard(w.Step) + " (pool " + sc.pool.Name + ")"
		wait := v1alpha1.WaitingFor{What: checklist.Screening.Claim(w.Step), Who: w.Who, Message: truncate(message)}
		wait.Since.Time = w.Since
		if w.Due != nil {
			wait.Due = stamp(*w.Due)
		}
		waits = append(waits, wait)
	}
	return waits
}
