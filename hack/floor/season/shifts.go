package season

import (
	"fmt"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

const shiftLength = 8 * time.Hour

// window is one of the shifts into which a day is divided, in UTC.
type window struct {
	name   string
	begins time.Duration
	// share of the day's shifts, in percent.
	share int
	// priority is higher where fewer people can work.
	priority int32
}

var windows = []window{{"early", 6 * time.Hour, 45, 10}, {"late", 14 * time.Hour, 40, 10}, {"night", 22 * time.Hour, 15, 20}}

// atPeak is how many of a hundred seats work on the day with the most work: with three shifts a week for each, there are people enough.
const atPeak = 40

// Demand is how many shifts a day needs: a quarter of the peak at both ends of the season, rising evenly to its middle.
func (o Options) Demand(day int) int {
	peak, half := o.Seats()*atPeak, (o.Days-1)/2
	if half == 0 {
		return max((peak+50)/100, 1)
	}
	fromEnd := min(day, o.Days-1-day)
	return max((peak*(half+3*fromEnd)+200*half)/(400*half), 1)
}

// shifts begin on the second day: the first is for arriving.
func (p *plan) shifts() []*v1alpha1.Assignment {
	var all []*v1alpha1.Assignment
	for day := range p.Days {
		need := p.Demand(day)
		first := 0
		for i, w := range windows {
			count := (need*sharedUpTo(i) + 50) / 100
			for k := range count - first {
				all = append(all, p.shift(day, w, lineAt(k, count-first), k+1))
			}
			first = count
		}
	}
	return all
}

// sharedUpTo is the share of the day's shifts that the first windows have together.
func sharedUpTo(last int) int {
	sum := 0
	for _, w := range windows[:last+1] {
		sum += w.share
	}
	return sum
}

func (p *plan) shift(day int, w window, l line, number int) *v1alpha1.Assignment {
	begins := p.Start.AddDate(0, 0, 1+day).Add(w.begins)
	name := fmt.Sprintf("%s-%s-%s-%s-%02d", Name, begins.Format("0102"), w.name, l.name, number)
	a := p.assignment(name, l, v1alpha1.AssignmentShift, 2)
	a.Spec.Title = fmt.Sprintf("%s tickets, %s shift", strings.ToUpper(l.name[:1])+l.name[1:], w.name)
	a.Spec.Shift, a.Spec.Priority = w.name, w.priority
	a.Spec.Load = &v1alpha1.Load{Hours: int32(shiftLength / time.Hour)}
	a.Spec.Window = &v1alpha1.Window{Start: metav1.NewTime(begins), End: metav1.NewTime(begins.Add(shiftLength))}
	a.Spec.ExternalRef = &v1alpha1.ExternalRef{Provider: "shift-plan", Key: strings.ToUpper(name)}
	return a
}

// tasks are help articles that agents write beside their shifts: one for every twenty applicants, due one after the other.
func (p *plan) tasks() []*v1alpha1.Assignment {
	n := max(p.Agents/20, 1)
	all := make([]*v1alpha1.Assignment, 0, n)
	for i := range n {
		l := lineAt(i, n)
		a := p.assignment(fmt.Sprintf("%s-article-%02d", Name, i+1), l, v1alpha1.AssignmentTask, 3)
		a.Spec.Title = "Write a help article from the tickets of this week: " + l.name
		a.Spec.Load = &v1alpha1.Load{Points: 1 + p.random.Int32N(5)}
		due := metav1.NewTime(p.Start.AddDate(0, 0, 2+(i+1)*(p.Days-1)/n).Add(17 * time.Hour))
		a.Spec.Due = &due
		all = append(all, a)
	}
	return all
}

func (p *plan) assignment(name string, l line, kind v1alpha1.AssignmentType, level int32) *v1alpha1.Assignment {
	return &v1alpha1.Assignment{
		TypeMeta:   metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion.String(), Kind: "Assignment"},
		ObjectMeta: p.meta(name, l.name),
		Spec: v1alpha1.AssignmentSpec{
			PoolRef:     v1alpha1.PoolReference{Name: Pool},
			Engagements: &metav1.LabelSelector{MatchLabels: map[string]string{Label: Name}},
			Type:        kind,
			Skills:      []v1alpha1.SkillRequirement{{Name: l.skill(), MinLevel: level, Required: true}},
		},
	}
}
