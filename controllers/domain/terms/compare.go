package terms

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// Change is what an amendment would change in the accepted terms.
type Change struct {
	// Changed says that the terms mean something else than the accepted ones; every change needs the worker's acceptance.
	Changed bool
	// Dearer says that the budget, the rate or what deliverables cost rises, or a rate is paid by another unit, which cannot be
	// compared. Dearer, Longer, MoreAccess and OtherForm need an approval.
	Dearer bool
	// Longer says that the work starts earlier or ends later, or access outlives it for longer. A longer time to accept what
	// was submitted lengthens neither.
	Longer bool
	// MoreAccess says that a profile is added.
	MoreAccess bool
	// OtherForm says that the worker type or the jurisdiction changes: another law holds, and profiles may be given that were barred before.
	OtherForm bool
	// Refused says why the change cannot be made at all, each with what to do.
	Refused []string
	// Words says in words what changes.
	Words string
}

// Compare says what the spec would change in the accepted terms. Deliverables are those that stand now: what is accepted, in
// whole or in part, can only stay as it is, and at the price at which it was accepted.
func Compare(accepted *v1alpha1.AcceptedTerms, spec *v1alpha1.EngagementSpec, deliverables []v1alpha1.DeliverableStatus) Change {
	if accepted == nil {
		return Change{}
	}
	before, err := agreed(accepted)
	if err != nil {
		return Change{Changed: true, Refused: []string{fmt.Sprintf("the accepted terms cannot be read (%v): end this engagement and declare a new one", err)}}
	}
	after, err := proposed(spec)
	if err != nil {
		return Change{Changed: true, Refused: []string{fmt.Sprintf("the proposed terms cannot be read (%v): correct the field", err)}}
	}
	c := comparison{before: before, after: after}
	c.change.Changed = !equality.Semantic.DeepEqual(before, after)
	if !c.change.Changed {
		return c.change
	}
	c.rateBefore, c.rateAfter = acceptedRate(accepted), AmendedRate(accepted, spec)
	c.dates()
	c.money()
	c.work()
	c.access()
	c.rest()
	c.kept(deliverables)
	c.change.Words = words(c.phrases)
	return c.change
}

// comparison collects what differs between two proposals in their normal form.
type comparison struct {
	before, after         *proposal
	rateBefore, rateAfter *v1alpha1.Rate
	change                Change
	phrases               []string
}

func (c *comparison) say(format string, args ...any) {
	c.phrases = append(c.phrases, fmt.Sprintf(format, args...))
}

func (c *comparison) moved(what string, before, after metav1.Time) {
	if !before.Equal(&after) {
		c.say("%s moves from %s to %s", what, stamp(before.Time), stamp(after.Time))
	}
}

func (c *comparison) dates() {
	a, b := &c.before.StatementOfWork, &c.after.StatementOfWork
	c.moved("the start", a.Start, b.Start)
	c.moved("the end", a.End, b.End)
	c.lasts("access outlives the work by", c.before.AccessGrace.Duration, c.after.AccessGrace.Duration)
	c.lasts("work can be accepted after the end for", a.AcceptWithin.Duration, b.AcceptWithin.Duration)
	c.lasts("the start can stay unconfirmed for", a.StartGrace.Duration, b.StartGrace.Duration)
	c.change.Longer = b.Start.Before(&a.Start) || a.End.Before(&b.End) || c.after.AccessGrace.Duration > c.before.AccessGrace.Duration
}

func (c *comparison) lasts(what string, before, after time.Duration) {
	if before != after {
		c.say("%s %s instead of %s", what, after, before)
	}
}

func (c *comparison) money() {
	a, b := c.before.StatementOfWork.Budget, c.after.StatementOfWork.Budget
	if a.Currency != b.Currency {
		c.change.Refused = append(c.change.Refused, fmt.Sprintf("statementOfWork.budget is in %s but was accepted in %s, and amounts are never converted: set it back to %s, or end this engagement and declare a new one in %s",
			b.Currency, a.Currency, a.Currency, b.Currency))
		c.say("the budget is %s %s instead of %s %s", b.Amount, b.Currency, a.Amount, a.Currency)
		return
	}
	if a.Amount != b.Amount {
		c.say("the budget is %s instead of %s %s", b.Amount, a.Amount, a.Currency)
		c.change.Dearer = c.change.Dearer || exceeds(b.Amount, a.Amount)
	}
	c.rate()
}

func (c *comparison) rate() {
	a, b := c.rateBefore, c.rateAfter
	switch {
	case b == nil:
		return
	case equalRates(a, b):
		if (c.before.StatementOfWork.Rate == nil) != (c.after.StatementOfWork.Rate == nil) {
			c.say("the rate stays %s, whether statementOfWork.rate names it or not", rateWords(b))
		}
	case a == nil:
		c.say("the rate is %s", rateWords(b))
		c.change.Dearer = true
	case a.Currency != b.Currency:
		c.say("the rate is %s instead of %s", rateWords(b), rateWords(a))
		c.change.Refused = append(c.change.Refused, fmt.Sprintf("statementOfWork.rate is in %s but was accepted in %s, and amounts are never converted: set it back to %s",
			b.Currency, a.Currency, a.Currency))
	default:
		c.say("the rate is %s instead of %s", rateWords(b), rateWords(a))
		c.change.Dearer = c.change.Dearer || a.Per != b.Per || exceeds(b.Amount, a.Amount)
	}
}

func (c *comparison) work() {
	before, after := byName(c.before.StatementOfWork.Deliverables), byName(c.after.StatementOfWork.Deliverables)
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if _, kept := after[name]; !kept {
			c.say("deliverable %s is dropped", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(after)) {
		b := after[name]
		a, known := before[name]
		switch {
		case !known:
			c.say("deliverable %s is added, due %s%s", name, stamp(b.Due.Time), priceWords(c.priceAfter(&b)))
			c.change.Dearer = c.change.Dearer || exceeds(c.priceAfter(&b), "")
		case !equality.Semantic.DeepEqual(a, b):
			c.deliverable(&a, &b)
		}
	}
}

func (c *comparison) deliverable(a, b *v1alpha1.Deliverable) {
	c.moved("the due date of deliverable "+a.Name, a.Due, b.Due)
	if a.Amount != b.Amount {
		before, after := c.priceBefore(a), c.priceAfter(b)
		c.say("deliverable %s pays %s instead of %s", a.Name, orNothing(after), orNothing(before))
		c.change.Dearer = c.change.Dearer || exceeds(after, before)
	}
	x, y := a.DeepCopy(), b.DeepCopy()
	x.Due, x.Amount, y.Due, y.Amount = metav1.Time{}, "", metav1.Time{}, ""
	if !equality.Semantic.DeepEqual(x, y) {
		c.say("deliverable %s is described otherwise (description, acceptance criteria, points or rounds)", a.Name)
	}
}

func (c *comparison) access() {
	before, after := profiles(c.before.Access), profiles(c.after.Access)
	for _, profile := range after {
		if !slices.Contains(before, profile) {
			c.say("access %s is added", profile)
			c.change.MoreAccess = true
		}
	}
	for _, profile := range before {
		if !slices.Contains(after, profile) {
			c.say("access %s is dropped", profile)
		}
	}
}

func (c *comparison) rest() {
	a, b := &c.before.StatementOfWork, &c.after.StatementOfWork
	if a.Summary != b.Summary {
		c.say("the summary is reworded")
	}
	if !equality.Semantic.DeepEqual(a.Terms, b.Terms) {
		c.say("the legal terms change")
	}
	c.form()
}

func (c *comparison) form() {
	a, b := &c.before.Classification, &c.after.Classification
	if a.WorkerType != b.WorkerType || a.Jurisdiction != b.Jurisdiction {
		c.say("the legal form changes: %s in %s instead of %s in %s", b.WorkerType, b.Jurisdiction, a.WorkerType, a.Jurisdiction)
		c.change.OtherForm = true
	}
	if !equality.Semantic.DeepEqual(a.Facts, b.Facts) {
		c.say("the facts of the classification change")
	}
}

// kept refuses to touch what is accepted. A deliverable without an amount of its own is accepted at the rate per deliverable
// of that day, and keeps that price if the rate changes: the amount is then to be written into it.
func (c *comparison) kept(deliverables []v1alpha1.DeliverableStatus) {
	before, after := byName(c.before.StatementOfWork.Deliverables), byName(c.after.StatementOfWork.Deliverables)
	for _, status := range deliverables {
		if status.State != v1alpha1.DeliverableAccepted && status.State != v1alpha1.DeliverablePartlyAccepted {
			continue
		}
		a, own := before[status.Name]
		b, stays := after[status.Name]
		switch {
		case !own && stays:
			c.change.Refused = append(c.change.Refused, fmt.Sprintf("deliverable %s was taken over and is accepted, so that it can only stay as it was: remove it from statementOfWork.deliverables and give new work another name", status.Name))
		case own && !stays:
			c.change.Refused = append(c.change.Refused, fmt.Sprintf("deliverable %s is accepted and can only stay: put it back into statementOfWork.deliverables", status.Name))
		case own:
			a.Amount, b.Amount = c.priceBefore(&a), c.priceAfter(&b)
			if equality.Semantic.DeepEqual(a, b) {
				continue
			}
			c.change.Refused = append(c.change.Refused, fmt.Sprintf("deliverable %s is accepted and can only stay as it was (due %s, amount %s): set it back in statementOfWork.deliverables and put new work under another name",
				status.Name, stamp(a.Due.Time), orNothing(a.Amount)))
		}
	}
}

func (c *comparison) priceBefore(d *v1alpha1.Deliverable) string {
	return priceAt(c.rateBefore, d)
}

func (c *comparison) priceAfter(d *v1alpha1.Deliverable) string {
	return priceAt(c.rateAfter, d)
}

// priceAt expects amounts in their normal form; it is empty where the deliverable has no price of its own.
func priceAt(rate *v1alpha1.Rate, d *v1alpha1.Deliverable) string {
	price, priced, err := Price(&v1alpha1.StatementOfWork{Rate: rate}, d)
	if err != nil || !priced {
		return ""
	}
	return price.String()
}

// exceeds compares amounts in their normal form, nothing being zero.
func exceeds(a, b string) bool {
	return amountOrZero(a) > amountOrZero(b)
}

func amountOrZero(s string) Amount {
	amount, err := ParseAmount(s)
	if err != nil {
		return 0
	}
	return amount
}

func equalRates(a, b *v1alpha1.Rate) bool {
	return a != nil && a.Currency == b.Currency && a.Per == b.Per && amountOrZero(a.Amount) == amountOrZero(b.Amount)
}

func byName(deliverables []v1alpha1.Deliverable) map[string]v1alpha1.Deliverable {
	named := make(map[string]v1alpha1.Deliverable, len(deliverables))
	for _, d := range deliverables {
		named[d.Name] = d
	}
	return named
}

func rateWords(rate *v1alpha1.Rate) string {
	return fmt.Sprintf("%s %s per %s", amountOrZero(rate.Amount), rate.Currency, rate.Per)
}

func priceWords(price string) string {
	if price == "" {
		return ""
	}
	return ", for " + price
}

func orNothing(price string) string {
	if price == "" {
		return "nothing of its own"
	}
	return price
}

// maxWords keeps the words of a change within a status message, with room for what the caller adds.
const maxWords = 512

func words(phrases []string) string {
	if len(phrases) == 0 {
		return "details of the terms change"
	}
	var b strings.Builder
	for i, phrase := range phrases {
		if b.Len()+len(phrase) > maxWords {
			fmt.Fprintf(&b, "; and %d more", len(phrases)-i)
			break
		}
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(phrase)
	}
	return b.String()
}
