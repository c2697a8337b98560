package compliance

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/policy"
)

// classified is the digest of a classification; what matters of it is that it is the same.
const classified = "sha256:c1a55"

// given is a contract of an independent contractor for a month from 1 March 2027 on, for USD 5,000, judged on the 10th, but for what is changed.
func given(changes ...func(*policy.Case)) *policy.Case {
	c := &policy.Case{
		Engagement: &v1alpha1.Engagement{
			ObjectMeta: metav1.ObjectMeta{Name: "work", Namespace: "marketing"},
			Spec: v1alpha1.EngagementSpec{
				Title:   "Work",
				PoolRef: v1alpha1.PoolReference{Name: "people"},
				StatementOfWork: v1alpha1.StatementOfWork{
					Start: on("2027-03-01"), End: on("2027-04-01"),
					Budget: v1alpha1.Money{Currency: "USD", Amount: "5000"},
				},
				Classification: v1alpha1.Classification{WorkerType: v1alpha1.IndependentContractor, Jurisdiction: "XX"},
			},
		},
		Classification: classified,
		Pool:           &v1alpha1.TalentPool{ObjectMeta: metav1.ObjectMeta{Name: "people", Namespace: "marketing"}},
		Worker: &v1alpha1.Worker{
			ObjectMeta: metav1.ObjectMeta{Name: "ada", Namespace: "marketing"},
			Spec:       v1alpha1.WorkerSpec{PersonKey: "P-1"},
		},
		Now: on("2027-03-10").Time,
	}
	for _, change := range changes {
		change(c)
	}
	return c
}

// on is a date, or a moment, in UTC.
func on(written string) metav1.Time {
	layout := time.RFC3339
	if len(written) == len(time.DateOnly) {
		layout = time.DateOnly
	}
	t, err := time.Parse(layout, written)
	if err != nil {
		// A date that is none judges nothing: every example with it fails.
		return metav1.Time{}
	}
	return metav1.NewTime(t)
}

func at(moment string) func(*policy.Case) {
	return func(c *policy.Case) { c.Now = on(moment).Time }
}

func in(jurisdiction string) func(*policy.Case) {
	return func(c *policy.Case) { c.Engagement.Spec.Classification.Jurisdiction = jurisdiction }
}

func as(t v1alpha1.WorkerType) func(*policy.Case) {
	return func(c *policy.Case) { c.Engagement.Spec.Classification.WorkerType = t }
}

func budget(currency, amount string) func(*policy.Case) {
	return func(c *policy.Case) {
		c.Engagement.Spec.StatementOfWork.Budget = v1alpha1.Money{Currency: currency, Amount: amount}
	}
}

func from(start, end string) func(*policy.Case) {
	return func(c *policy.Case) {
		c.Engagement.Spec.StatementOfWork.Start, c.Engagement.Spec.StatementOfWork.End = on(start), on(end)
	}
}

// inWriting is a contract that can be read and compared.
func inWriting(c *policy.Case) {
	c.Engagement.Spec.StatementOfWork.Terms = &v1alpha1.LegalTerms{
		DocumentURI: "https://contracts.example.com/work", SHA256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
	}
}

// digestless is a contract of which nobody can tell whether it is the one that was read.
func digestless(c *policy.Case) {
	c.Engagement.Spec.StatementOfWork.Terms = &v1alpha1.LegalTerms{DocumentURI: "https://contracts.example.com/work"}
}

// placeless is a contract of which nobody can tell where it is.
func placeless(c *policy.Case) {
	c.Engagement.Spec.StatementOfWork.Terms = &v1alpha1.LegalTerms{SHA256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}
}

func paidPer(unit v1alpha1.RateUnit) func(*policy.Case) {
	return func(c *policy.Case) {
		c.Engagement.Spec.StatementOfWork.Rate = &v1alpha1.Rate{Currency: "USD", Amount: "80", Per: unit}
	}
}

func reviewedEvery(cadence time.Duration) func(*policy.Case) {
	return func(c *policy.Case) {
		c.Engagement.Spec.Evaluation = &v1alpha1.EvaluationPlan{ScorecardRef: v1alpha1.LocalReference{Name: "work"}, Cadence: &metav1.Duration{Duration: cadence}}
	}
}

func withStep(name string, t v1alpha1.StepType) func(*policy.Case) {
	return func(c *policy.Case) {
		c.Checklist = append(c.Checklist, v1alpha1.ChecklistStep{Name: name, Type: t})
	}
}

func demoting(d v1alpha1.Demotion) func(*policy.Case) {
	return func(c *policy.Case) { c.Pool.Spec.Demotion = d }
}

func nobodyYet(c *policy.Case) { c.Worker = nil }

func livingIn(jurisdiction string) func(*policy.Case) {
	return func(c *policy.Case) { c.Worker.Spec.Jurisdiction = jurisdiction }
}

func onShifts(names ...string) func(*policy.Case) {
	return func(c *policy.Case) { c.Worker.Spec.Availability = &v1alpha1.Availability{Shifts: names} }
}

// holding is a document of the worker's; without an expiry it does not expire.
func holding(name, expires string) func(*policy.Case) {
	return func(c *policy.Case) {
		d := v1alpha1.WorkerDocument{Name: name, URI: "https://documents.example.com/" + name}
		if expires != "" {
			d.ExpiresAt = new(on(expires))
		}
		c.Worker.Spec.Documents = append(c.Worker.Spec.Documents, d)
	}
}

// also is another contract of the same person and kind.
func also(start, end, currency, amount string) func(*policy.Case) {
	return alsoAs(v1alpha1.IndependentContractor, "", start, end, currency, amount)
}

// sentBy is another engagement of the same agency worker.
func sentBy(supplier, start, end string) func(*policy.Case) {
	return alsoAs(v1alpha1.AgencyWorker, supplier, start, end, "EUR", "9000")
}

func alsoAs(t v1alpha1.WorkerType, supplier, start, end, currency, amount string) func(*policy.Case) {
	return func(c *policy.Case) {
		c.History = append(c.History, policy.Engaged{
			Span:       policy.Span{Start: on(start).Time, End: on(end).Time, Pool: "sales/others", Namespace: "sales"},
			WorkerType: t, Jurisdiction: c.Engagement.Spec.Classification.Jurisdiction, Supplier: supplier,
			Budget: v1alpha1.Money{Currency: currency, Amount: amount},
		})
	}
}

// said is a statement that counts.
func said(claim string, verdict v1alpha1.Verdict, author, moment string) func(*policy.Case) {
	return func(c *policy.Case) {
		c.Statements = append(c.Statements, v1alpha1.AttestationRecord{
			UID: "5a1f", Name: "statement", Claim: claim, Verdict: verdict, Author: author, At: on(moment),
		})
	}
}

// facts is what a determination is about.
type facts map[string]string

// but is the same with one fact changed, or left out where it is empty.
func (f facts) but(name, value string) facts {
	changed := facts{}
	for n, v := range f {
		changed[n] = v
	}
	changed[name] = value
	if value == "" {
		delete(changed, name)
	}
	return changed
}

// determined states the facts, and has somebody determine them on a date.
func determined(f facts, moment string) func(*policy.Case) {
	return func(c *policy.Case) {
		c.Engagement.Spec.Classification.Facts = f
		c.Statements = append(c.Statements, v1alpha1.AttestationRecord{
			UID: "d944", Name: "determination", Claim: "determination/classification", Verdict: v1alpha1.VerdictDetermined, Author: "lena", At: on(moment),
			Terms: classified, WorkerType: c.Engagement.Spec.Classification.WorkerType,
		})
	}
}

// claimed states the facts, and nobody determines them.
func claimed(f facts) func(*policy.Case) {
	return func(c *policy.Case) { c.Engagement.Spec.Classification.Facts = f }
}
