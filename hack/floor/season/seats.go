package season

import (
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// hoursPerWeek that a seat is for: three shifts.
const hoursPerWeek = 24

var leads = []string{"tara", "timo"}

// moreTongues are what every twelfth seat asks for besides English.
var moreTongues = []string{"de", "es", "fr"}

// seats are the contracts of the season. None names a worker: all are filled by one plan of the pool.
func (p *plan) seats() []*v1alpha1.Engagement {
	n := p.Seats()
	all := make([]*v1alpha1.Engagement, 0, n)
	for i := range n {
		all = append(all, p.seat(i, lineAt(i, n)))
	}
	return all
}

func (p *plan) seat(i int, l line) *v1alpha1.Engagement {
	languages := []string{"en"}
	if i%12 == 11 {
		languages = append(languages, pick(p, moreTongues))
	}
	hours := func(n int) *metav1.Duration { return &metav1.Duration{Duration: time.Duration(n) * time.Hour} }
	return &v1alpha1.Engagement{
		TypeMeta:   metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion.String(), Kind: "Engagement"},
		ObjectMeta: p.meta(fmt.Sprintf("%s-%s-%03d", Name, l.name, i+1), l.name),
		Spec: v1alpha1.EngagementSpec{
			Title:    fmt.Sprintf("Support agent, %s, %s season", l.name, Name),
			Intake:   &v1alpha1.Intake{CostCenter: "CC-310", Project: Name + "-season", DataClassification: "Confidential"},
			Contacts: []v1alpha1.Contact{{Role: v1alpha1.RoleManager, Subject: user(leads[i%len(leads)])}},
			PoolRef:  v1alpha1.PoolReference{Name: Pool},
			Requirements: &v1alpha1.Requirements{
				Skills:    []v1alpha1.SkillRequirement{{Name: l.skill(), MinLevel: 2, Weight: 3, Required: true}},
				Languages: languages, HoursPerWeek: hoursPerWeek,
			},
			Recruitment: &v1alpha1.Recruitment{Selection: v1alpha1.SelectionAutomatic, OfferTimeout: hours(72)},
			StatementOfWork: v1alpha1.StatementOfWork{
				Summary: fmt.Sprintf("Answers %s tickets through the %s season, in shifts that are assigned from day to day.", l.name, Name),
				Start:   metav1.NewTime(p.Start), End: metav1.NewTime(p.Start.AddDate(0, 0, p.Days+2)),
				Budget: v1alpha1.Money{Currency: "USD", Amount: fmt.Sprint(240 * p.Days)}, StartGrace: hours(96),
				Terms: &v1alpha1.LegalTerms{NoticePeriod: "P2D"},
			},
			Classification: v1alpha1.Classification{WorkerType: v1alpha1.AgencyWorker, Jurisdiction: "IE"},
			Approvals:      &v1alpha1.Approvals{Stages: []v1alpha1.ApprovalStage{{Name: "Budget", Subjects: []v1alpha1.Subject{user("nils")}}}},
			Onboarding:     &v1alpha1.Onboarding{ChecklistRef: &v1alpha1.LocalReference{Name: "agent-academy"}, Mode: v1alpha1.OnboardingFull},
			Access:         []v1alpha1.AccessRequest{{Name: "care-desk"}},
			Evaluation:     &v1alpha1.EvaluationPlan{ScorecardRef: v1alpha1.LocalReference{Name: "floor"}, Cadence: hours(48), FinalWithin: hours(120)},
			Offboarding:    &v1alpha1.Offboarding{ChecklistRef: &v1alpha1.LocalReference{Name: "agent-exit"}},
		},
	}
}

func user(name string) v1alpha1.Subject {
	return v1alpha1.Subject{Kind: v1alpha1.SubjectUser, Name: name}
}
