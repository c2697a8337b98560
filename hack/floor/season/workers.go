package season

import (
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // the same zones on every machine

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// place is where somebody works. Nothing else follows from it but the hours of their day: skills, rate and all the rest are drawn
// independently of it.
type place struct{ zone, jurisdiction string }

var places = []place{
	{"Africa/Lagos", "NG"}, {"Africa/Nairobi", "KE"}, {"America/Bogota", "CO"}, {"America/Mexico_City", "MX"}, {"America/Sao_Paulo", "BR"},
	{"America/Toronto", "CA-ON"}, {"Asia/Kolkata", "IN"}, {"Asia/Manila", "PH"}, {"Australia/Perth", "AU-WA"}, {"Europe/Dublin", "IE"},
	{"Europe/Lisbon", "PT"}, {"Europe/Warsaw", "PL"},
}

var (
	suppliers = []string{"harbour-people", "northwind-staffing", "tideline-services"}
	tongues   = []string{"de", "es", "fr", "it", "nl", "pl", "pt"}
	weekly    = []int32{24, 32, 40}
)

// Of a hundred applicants so many do not pass what a machine can decide, or lack a document.
const (
	withoutEnglish  = 5
	beginners       = 3
	withoutDocument = 2
	expiredDocument = 1
)

func (p *plan) workers() ([]*v1alpha1.Worker, error) {
	all := make([]*v1alpha1.Worker, 0, p.Agents)
	for i := range p.Agents {
		w, err := p.worker(i + 1)
		if err != nil {
			return nil, err
		}
		all = append(all, w)
	}
	return all, nil
}

func (p *plan) worker(number int) (*v1alpha1.Worker, error) {
	name, key := fmt.Sprintf("agent-%04d", number), fmt.Sprintf("P-4%04d", number)
	where := pick(p, places)
	can, err := p.shiftsAt(where.zone)
	if err != nil {
		return nil, err
	}
	skills := p.skills(lineAt(number-1, p.Agents))
	return &v1alpha1.Worker{
		TypeMeta:   metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion.String(), Kind: "Worker"},
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: p.Namespace, Labels: map[string]string{"craft": "support"}},
		Spec: v1alpha1.WorkerSpec{
			PersonKey: key, Supplier: pick(p, suppliers), Skills: skills, Languages: p.languages(), TimeZone: where.zone, Jurisdiction: where.jurisdiction,
			Rate:         rateFor(skills),
			Availability: &v1alpha1.Availability{HoursPerWeek: pick(p, weekly), Shifts: can},
			Preferences:  p.preferences(can),
			Identities:   []v1alpha1.Identity{{Provider: "this-cluster", Subject: name + "@agents.example.com"}},
			Documents:    p.documents(key),
		},
	}, nil
}

// skills are one line of tickets well, and often others less well.
func (p *plan) skills(main line) []v1alpha1.Skill {
	level := 2 + p.random.Int32N(4)
	if p.chance(beginners) {
		level = 1
	}
	skills := []v1alpha1.Skill{{Name: main.skill(), Level: level}}
	for _, l := range lines {
		if l != main && level > 1 && p.chance(40) {
			skills = append(skills, v1alpha1.Skill{Name: l.skill(), Level: 1 + p.random.Int32N(level)})
		}
	}
	return skills
}

// rateFor follows from the skills alone, and is the same everywhere.
func rateFor(skills []v1alpha1.Skill) *v1alpha1.Rate {
	halves := int32(28)
	for i, s := range skills {
		if i == 0 {
			halves += 3 * (s.Level - 1)
		} else {
			halves += s.Level
		}
	}
	amount := strings.TrimSuffix(fmt.Sprintf("%d.%d", halves/2, halves%2*5), ".0")
	return &v1alpha1.Rate{Currency: "USD", Amount: amount, Per: v1alpha1.PerHour}
}

func (p *plan) languages() []string {
	var all []string
	if !p.chance(withoutEnglish) {
		all = append(all, "en")
	}
	if len(all) == 0 || p.chance(50) {
		all = append(all, pick(p, tongues))
	}
	return all
}

// shiftsAt are the shifts that lie between six and midnight where somebody lives, and for a few all.
func (p *plan) shiftsAt(zone string) ([]string, error) {
	location, err := time.LoadLocation(zone)
	if err != nil {
		return nil, fmt.Errorf("reading the time zone %s: %w", zone, err)
	}
	anytime := p.chance(10)
	var can []string
	for _, w := range windows {
		begins := p.Start.Add(w.begins).In(location)
		if minute := begins.Hour()*60 + begins.Minute(); anytime || minute >= 6*60 && minute+int(shiftLength.Minutes()) <= 24*60 {
			can = append(can, w.name)
		}
	}
	return can, nil
}

func (p *plan) preferences(can []string) *v1alpha1.Preferences {
	var likes []v1alpha1.ShiftPreference
	for _, name := range can {
		if p.chance(70) {
			likes = append(likes, v1alpha1.ShiftPreference{Name: name, Weight: 10 * (1 + p.random.Int32N(10))})
		}
	}
	if len(likes) == 0 {
		return nil
	}
	return &v1alpha1.Preferences{Shifts: likes}
}

func (p *plan) documents(key string) []v1alpha1.WorkerDocument {
	if p.chance(withoutDocument) {
		return nil
	}
	expires := metav1.NewTime(p.Start.AddDate(1, p.random.IntN(24), 0))
	if p.chance(expiredDocument) {
		expires = metav1.NewTime(p.Start.AddDate(0, -2, 0))
	}
	return []v1alpha1.WorkerDocument{{Name: "right-to-work", URI: "https://documents.example.com/right-to-work/" + key, ExpiresAt: &expires}}
}
