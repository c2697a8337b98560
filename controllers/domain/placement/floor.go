package placement

import (
	"cmp"
	"math"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/scoring"
)

// floor is everybody who can be given work and everything that is to be given, made ready so that one pair is looked at in nanoseconds.
type floor struct {
	Input
	now     int64
	weights weights
	people  []*person
	// in are the candidates of each namespace, by the names of their engagements.
	in       map[string][]*candidate
	selected map[string][]bool
	// skill and shift give names their numbers.
	skill, shift map[string]int
	result       Result
}

// person is one human, whatever engagements they have.
type person struct {
	column int32
	name   string
	key    string
	// windows of shifts that are not over.
	windows []span
	// hours and effort of each week.
	hours, effort map[week]int32
	engagements   []*candidate
}

// candidate is one engagement of a person.
type candidate struct {
	*person
	engagement *v1alpha1.Engagement
	worker     string
	// number in its namespace, and round in which it is asked.
	number, round int
	// barred says why it gets nothing at all.
	barred fault
	// levels of skills, 0 for none.
	levels []int8
	// takes says of each shift whether they take it; nil if they take any. likes are the weights of their preferences; nil if they state none.
	takes []bool
	likes []int32
	// performance and tier in tenths.
	performance, tier int64
	// perWeek are the hours a week that the person gives, agreed those of the engagement; 0 for no limit.
	perWeek, agreed int32
	// taken are the hours of each week that the engagement has.
	taken map[week]int32
	// from and until when the person can work, start and end of the statement of work.
	from, until, start, end int64
}

// row is one Assignment that nobody has.
type row struct {
	a        *v1alpha1.Assignment
	selected []bool
	skills   []wanted
	shift    int
	span     span
	week     week
	hours    int32
	effort   int32
	declined map[string]bool
}

// wanted is one skill that is asked for.
type wanted struct {
	skill    int
	level    int8
	weight   int64
	required bool
}

// noShift is the shift of an Assignment that names none.
const noShift = -1

func newFloor(in Input) *floor {
	f := &floor{Input: in, now: in.Now.Unix(), weights: weightsOf(&in.Pool.Spec), in: map[string][]*candidate{}, selected: map[string][]bool{}, skill: map[string]int{}, shift: map[string]int{}}
	// Only what is asked for has a number.
	for _, a := range in.Pending {
		for _, s := range a.Spec.Skills {
			number(f.skill, s.Name)
		}
		if a.Spec.Shift != "" {
			number(f.shift, a.Spec.Shift)
		}
	}
	f.meet()
	f.load()
	return f
}

func number(numbers map[string]int, name string) {
	if _, known := numbers[name]; !known {
		numbers[name] = len(numbers)
	}
}

// meet makes everybody ready, in an order that does not depend on the input's.
func (f *floor) meet() {
	candidates := slices.Clone(f.Candidates)
	slices.SortFunc(candidates, func(a, b Candidate) int {
		return cmp.Or(cmp.Compare(a.Engagement.Namespace, b.Engagement.Namespace), cmp.Compare(a.Engagement.Name, b.Engagement.Name))
	})
	people := map[string]*person{}
	for i := range candidates {
		key := PersonOf(candidates[i].Engagement)
		p := people[key]
		if p == nil {
			p = &person{key: key, name: workerName(candidates[i].Engagement), hours: map[week]int32{}, effort: map[week]int32{}}
			people[key] = p
			f.people = append(f.people, p)
		}
		c := f.candidate(&candidates[i], p)
		for _, other := range p.engagements {
			if other.engagement.Namespace == c.engagement.Namespace {
				c.round++
			}
		}
		p.engagements = append(p.engagements, c)
		c.number = len(f.in[c.engagement.Namespace])
		f.in[c.engagement.Namespace] = append(f.in[c.engagement.Namespace], c)
	}
	slices.SortFunc(f.people, func(a, b *person) int { return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.key, b.key)) })
	for i, p := range f.people {
		p.column = int32(i)
	}
}

// PersonOf is who works in an engagement, the same for all engagements of one human.
func PersonOf(e *v1alpha1.Engagement) string {
	w := e.Status.Worker
	if w == nil {
		return ""
	}
	if w.PersonKey != "" {
		return w.PersonKey
	}
	return cmp.Or(w.Namespace, e.Spec.PoolRef.Namespace, e.Namespace) + "/" + w.Name
}

func workerName(e *v1alpha1.Engagement) string {
	if e.Status.Worker == nil {
		return ""
	}
	return e.Status.Worker.Name
}

func (f *floor) candidate(of *Candidate, p *person) *candidate {
	e := of.Engagement
	c := &candidate{
		person: p, engagement: e, worker: workerName(e), barred: f.bar(of), until: math.MaxInt64, start: math.MinInt64, end: math.MaxInt64, from: math.MinInt64,
		taken: map[week]int32{}, levels: make([]int8, len(f.skill)),
	}
	if r := e.Spec.Requirements; r != nil {
		c.agreed = r.HoursPerWeek
	}
	if t := e.Status.Terms; t != nil {
		c.start, c.end = t.StatementOfWork.Start.Unix(), t.StatementOfWork.End.Unix()
	}
	if of.Worker == nil {
		return c
	}
	spec := &of.Worker.Spec
	for _, s := range spec.Skills {
		if n, asked := f.skill[s.Name]; asked {
			c.levels[n] = int8(max(s.Level, 1)) //nolint:gosec // 1 to 5.
		}
	}
	f.available(c, spec)
	m := membership(of.Worker, f.Pool.Name)
	c.performance, c.tier = scoring.Performance(m, f.Pool.Status.Prior), f.tierFit(m)
	return c
}

// available takes over when a person can work, and what they would rather do.
func (f *floor) available(c *candidate, spec *v1alpha1.WorkerSpec) {
	if a := spec.Availability; a != nil {
		c.perWeek = a.HoursPerWeek
		if a.From != nil {
			c.from = a.From.Unix()
		}
		if a.Until != nil {
			c.until = a.Until.Unix()
		}
		if len(a.Shifts) > 0 {
			c.takes = make([]bool, len(f.shift))
			for _, name := range a.Shifts {
				if n, asked := f.shift[name]; asked {
					c.takes[n] = true
				}
			}
		}
	}
	if p := spec.Preferences; p != nil && len(p.Shifts) > 0 {
		c.likes = make([]int32, len(f.shift))
		for _, s := range p.Shifts {
			if n, asked := f.shift[s.Name]; asked {
				c.likes[n] = s.Weight
			}
		}
	}
}

// bar says why an engagement is given nothing at all now.
func (f *floor) bar(of *Candidate) fault {
	e := of.Engagement
	switch {
	case !e.DeletionTimestamp.IsZero() || e.Status.EndedAt != nil:
		return fault{kind: hasEnded}
	case e.Spec.Suspend:
		return fault{kind: isSuspended}
	case e.Status.Phase != v1alpha1.PhaseAssigned:
		return fault{kind: notAtWork}
	case of.Worker == nil:
		return fault{kind: isGone}
	}
	return fault{}
}

// Holds says whether an Assignment takes somebody's time: they have it, or have done it.
func Holds(a *v1alpha1.Assignment) bool {
	if a.Status.Engagement == "" {
		return false
	}
	switch a.Status.State {
	case v1alpha1.AssignmentAssigned, v1alpha1.AssignmentStarted, v1alpha1.AssignmentSubmitted, v1alpha1.AssignmentRevise, v1alpha1.AssignmentAccepted:
		return true
	default:
		return false
	}
}

// load counts what people have already.
func (f *floor) load() {
	people := map[string]*person{}
	engagements := map[[2]string]*candidate{}
	for _, p := range f.people {
		people[p.key] = p
		for _, c := range p.engagements {
			engagements[[2]string{c.engagement.Namespace, c.engagement.Name}] = c
		}
	}
	for _, h := range f.Held {
		p := people[h.Person]
		if p == nil || !Holds(h.Assignment) {
			continue
		}
		given := f.Now
		if at := h.Assignment.Status.AssignedAt; at != nil {
			given = at.Time
		}
		p.take(h.Assignment, engagements[[2]string{h.Assignment.Namespace, h.Assignment.Status.Engagement}], spanOf(h.Assignment, given), weekOf(day(h.Assignment, given)), f.now)
	}
}

// take counts an Assignment for the person and for their engagement, if that is one of the pool's.
func (p *person) take(a *v1alpha1.Assignment, c *candidate, s span, w week, now int64) {
	if a.Spec.Type == v1alpha1.AssignmentShift && s.to > now {
		p.windows = append(p.windows, s)
	}
	p.hours[w] += hours(a)
	p.effort[w] += effort(a)
	if c != nil {
		c.taken[w] += hours(a)
	}
}

func (f *floor) row(a *v1alpha1.Assignment) *row {
	r := &row{a: a, shift: noShift, span: spanOf(a, f.Now), week: weekOf(day(a, f.Now)), hours: hours(a), effort: effort(a)}
	for _, s := range a.Spec.Skills {
		r.skills = append(r.skills, wanted{f.skill[s.Name], int8(max(s.MinLevel, 1)), int64(max(s.Weight, 1)), s.Required}) //nolint:gosec // 1 to 5.
	}
	if a.Spec.Shift != "" {
		r.shift = f.shift[a.Spec.Shift]
	}
	for _, worker := range a.Status.Declined {
		if r.declined == nil {
			r.declined = map[string]bool{}
		}
		r.declined[worker] = true
	}
	return r
}

// choose finds whom a label selector selects, once for each that is written.
func (f *floor) choose(r *row) error {
	if r.a.Spec.Engagements == nil {
		return nil
	}
	selector, err := metav1.LabelSelectorAsSelector(r.a.Spec.Engagements)
	if err != nil {
		return err
	}
	key := r.a.Namespace + "\x00" + selector.String()
	chosen, known := f.selected[key]
	if !known {
		candidates := f.in[r.a.Namespace]
		chosen = make([]bool, len(candidates))
		for i, c := range candidates {
			chosen[i] = selector.Matches(labels.Set(c.engagement.Labels))
		}
		f.selected[key] = chosen
	}
	r.selected = chosen
	return nil
}
