package matching

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

var (
	workStart = time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC)
	workEnd   = time.Date(2027, 1, 1, 8, 0, 0, 0, time.UTC)
)

// request asks for a month's work for USD 5,000, of a pool with three tiers.
func request(changes ...func(*Request)) Request {
	r := Request{
		Requirements: &v1alpha1.Requirements{},
		StatementOfWork: &v1alpha1.StatementOfWork{
			Start: metav1.NewTime(workStart), End: metav1.NewTime(workEnd),
			Budget: v1alpha1.Money{Currency: "USD", Amount: "5000"},
			Rate:   &v1alpha1.Rate{Currency: "USD", Amount: "5000", Per: v1alpha1.PerFixed},
		},
		Pool: &v1alpha1.TalentPoolSpec{Tiers: []v1alpha1.Tier{
			{Name: "Standard"}, {Name: "Gold", Priority: 10, RateMultiplier: "1.1"}, {Name: "Platinum", Priority: 20, RateMultiplier: "1.25"},
		}},
	}
	for _, change := range changes {
		change(&r)
	}
	return r
}

// worker is a screened member of the lowest tier.
func worker(name string, changes ...func(*Worker)) Worker {
	w := Worker{Name: name, PersonKey: "person-of-" + name, Spec: &v1alpha1.WorkerSpec{}, Screening: v1alpha1.ScreeningPassed, Tier: "Standard"}
	for _, change := range changes {
		change(&w)
	}
	return w
}

func skilled(name string, level int32) func(*Worker) {
	return func(w *Worker) { w.Spec.Skills = append(w.Spec.Skills, v1alpha1.Skill{Name: name, Level: level}) }
}

func speaking(languages ...string) func(*Worker) {
	return func(w *Worker) { w.Spec.Languages = languages }
}

func in(zone string) func(*Worker) {
	return func(w *Worker) { w.Spec.TimeZone = zone }
}

func ofTier(tier string) func(*Worker) {
	return func(w *Worker) { w.Tier = tier }
}

func charging(amount, currency string, per v1alpha1.RateUnit) func(*Worker) {
	return func(w *Worker) { w.Spec.Rate = &v1alpha1.Rate{Amount: amount, Currency: currency, Per: per} }
}

func available(change func(*v1alpha1.Availability)) func(*Worker) {
	return func(w *Worker) {
		w.Spec.Availability = &v1alpha1.Availability{}
		change(w.Spec.Availability)
	}
}

func working(hours, taken int32) func(*Worker) {
	return func(w *Worker) {
		w.Spec.Availability = &v1alpha1.Availability{HoursPerWeek: hours}
		w.HoursTaken = taken
	}
}

func asking(change func(*v1alpha1.Requirements)) func(*Request) {
	return func(r *Request) { change(r.Requirements) }
}

func holding(document string, expires *metav1.Time) func(*Worker) {
	return func(w *Worker) {
		w.Spec.Documents = append(w.Spec.Documents, v1alpha1.WorkerDocument{Name: document, URI: "https://example.com/" + document, ExpiresAt: expires})
	}
}

// rated at a score in tenths of a point.
func rated(tenths int32) func(*Worker) {
	return func(w *Worker) { w.Performance = tenths }
}

func atOwnRate(r *Request) { r.StatementOfWork.Rate = nil }

func lasting(start, end time.Time) func(*Request) {
	return func(r *Request) {
		r.StatementOfWork.Start, r.StatementOfWork.End = metav1.NewTime(start), metav1.NewTime(end)
	}
}

func overlapping(zone string, hours int32) func(*Request) {
	return asking(func(r *v1alpha1.Requirements) {
		r.TimeZoneOverlap = &v1alpha1.TimeZoneOverlap{Zone: zone, Hours: hours}
	})
}

// weighing leaves out performance and time zone.
func weighing(skills, tier, cost, load int32) func(*Request) {
	none := int32(0)
	return func(r *Request) {
		r.Pool.Matching = &v1alpha1.Matching{Weights: &v1alpha1.MatchingWeights{Skills: &skills, Performance: &none, Tier: &tier, Cost: &cost, Load: &load, TimeZone: &none}}
	}
}

// weighingOnly leaves out every other part.
func weighingOnly(part string) func(*Request) {
	return func(r *Request) {
		weights := map[string]*int32{}
		for _, name := range []string{"skills", "performance", "tier", "cost", "load", "timeZone"} {
			weights[name] = new(int32)
		}
		*weights[part] = 1
		r.Pool.Matching = &v1alpha1.Matching{Weights: &v1alpha1.MatchingWeights{
			Skills: weights["skills"], Performance: weights["performance"], Tier: weights["tier"], Cost: weights["cost"], Load: weights["load"], TimeZone: weights["timeZone"],
		}}
	}
}

func metaTime(t time.Time) *metav1.Time { return &metav1.Time{Time: t} }
