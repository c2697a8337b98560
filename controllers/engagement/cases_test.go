package engagement

import (
	"testing"
	"time"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
)

// theWorkedCases are the two cases that Longshore is made for, before anybody has said anything: one designer for a campaign, and three developers for a feature.
func theWorkedCases(t testing.TB) *world {
	w := newWorld(t, "2026-11-16 08:00")
	addDesigner(w)
	addFeatureTeam(w)
	addRules(w)
	return w
}

// addRules are what the company keeps to: everybody signs an NDA, what is dear has one approver more, somebody in legal looks at a developer's contract every four
// weeks, nobody stays longer than 18 months, and files are kept for six years.
func addRules(w *world) {
	w.add(
		aPolicy("guard-rails", "").Rule(v1alpha1.EnforceRequireApproval, "milli(engagement.spec.statementOfWork.budget.amount) <= 19000000").With(func(s *v1alpha1.CompliancePolicySpec) {
			s.RequiredSteps, s.Retention = []string{"nda"}, "P6Y"
		}),
		aPolicy("contractors", "GB").Determination("P4W").With(func(s *v1alpha1.CompliancePolicySpec) { s.AppliesTo.Pools = []string{"developers"} }),
		aPolicy("tenure", "").Tenure("P18M", "P3M", ""),
	)
}

func addDesigner(w *world) {
	w.add(
		aPool("designers"), aWorker("ada", "designers").Skilled("graphic-design", 4), aWorker("leo", "designers").Skilled("graphic-design", 3),
		aWorker("kai", "designers").Skilled("graphic-design", 2),
		aProfile("marketing-chat", v1alpha1.AvailableFromOnboarding), aProfile("marketing-drive", v1alpha1.AvailableFromOnboarding),
		aChecklist("designer-onboarding",
			aStep("nda", v1alpha1.StepDocument, blocking(v1alpha1.BlocksAccess), dueAfter(72*time.Hour)),
			aStep("chat", v1alpha1.StepAccess, waitingForAccess("marketing-chat")),
			aStep("drive", v1alpha1.StepAccess, waitingForAccess("marketing-drive")),
			aStep("brand-guidelines", v1alpha1.StepTraining, training("brand-basics", 80, 3), attestedBy("ben"), after("drive")),
			aStep("key-contacts", v1alpha1.StepMeeting, by("Buddy"), after("chat")),
		),
		aChecklist("designer-exit",
			aStep("source-files", v1alpha1.StepDocument, beforeEnd(120*time.Hour)),
			aStep("files-complete", v1alpha1.StepAttestation, after("source-files"), beforeEnd(48*time.Hour)),
			aStep("exit-talk", v1alpha1.StepMeeting, by("Buddy"), optional),
		),
	)
	card := aScorecard("creative", "rosa")
	card.Spec.KPIs = []v1alpha1.KPI{
		{Name: "OnTimeDeliveryRate", Source: v1alpha1.KPIOnTimeDeliveryRate, Weight: 1, Target: "1", Worst: "0.5"},
		{Name: "RevisionRounds", Source: v1alpha1.KPIRevisionRounds, Weight: 1, Target: "0", Worst: "3"},
	}
	w.add(card, anEngagement("spring-campaign-designer").Contact("Manager", "max").Rate("5000", v1alpha1.PerFixed).
		Deliverable("logo-set", "2026-12-14 17:00", "2000").Deliverable("social-assets", "2026-12-30 17:00", "3000").Notice("P7D").
		Recruiting(v1alpha1.Recruitment{Selection: v1alpha1.SelectionRequester, OfferTimeout: lasting(48 * time.Hour)}).
		Onboarding("designer-onboarding").Offboarding("designer-exit").Evaluated("creative", 0, 120*time.Hour).Access("marketing-chat", "marketing-drive").
		With(func(s *v1alpha1.EngagementSpec) {
			s.Requirements = &v1alpha1.Requirements{Skills: []v1alpha1.SkillRequirement{{Name: "graphic-design", MinLevel: 3, Required: true}}}
		}))
}

func addFeatureTeam(w *world) {
	pool := aPool("developers")
	pool.Namespace, pool.Spec.AllowedNamespaces = "talent", []string{"checkout"}
	pool.Spec.Limits = &v1alpha1.PoolLimits{MaxConcurrentPerWorker: 1}
	w.add(pool)
	for name, skill := range map[string]string{"fay": "typescript", "finn": "typescript", "bruno": "go", "cleo": "go", "quinn": "test-automation"} {
		w.add(aWorker(name, "developers").In("talent").Skilled(skill, 4))
	}
	onboarding := aChecklist("developer-onboarding",
		aStep("nda", v1alpha1.StepDocument, blocking(v1alpha1.BlocksAccess), dueAfter(24*time.Hour), fast),
		aStep("tracker", v1alpha1.StepAccess, waitingForAccess("checkout-tracker"), fast),
		aStep("code", v1alpha1.StepAccess, waitingForAccess("checkout-code"), fast),
		aStep("secure-coding", v1alpha1.StepTraining, training("secure-coding", 80, 3), attestedBy("theo")),
		aStep("architecture", v1alpha1.StepMeeting, by("Buddy"), notBefore(24*time.Hour), after("tracker", "code")),
		aStep("first-paired-task", v1alpha1.StepAssignment, by("Buddy"), notBefore(48*time.Hour), after("architecture")),
		aStep("context", v1alpha1.StepDocument, after("nda"), fast),
	)
	exit := aChecklist("developer-exit",
		aStep("handover", v1alpha1.StepDocument, beforeEnd(120*time.Hour)),
		aStep("handover-read", v1alpha1.StepAttestation, by("Buddy"), after("handover"), beforeEnd(72*time.Hour)),
		aStep("branches-merged", v1alpha1.StepAttestation, after("handover")),
		aStep("exit-talk", v1alpha1.StepMeeting, by("Buddy"), optional),
	)
	card := aScorecard("engineering", "rita")
	card.Spec.KPIs = []v1alpha1.KPI{{Name: "OnTimeDeliveryRate", Source: v1alpha1.KPIOnTimeDeliveryRate, Weight: 1, Target: "1", Worst: "0.5"}}
	onboarding.Namespace, exit.Namespace, card.Namespace = "checkout", "checkout", "checkout"
	w.add(onboarding, exit, card, aProfile("checkout-tracker", v1alpha1.AvailableFromOnboarding), aProfile("checkout-code", v1alpha1.AvailableFromOnboarding),
		aProfile("checkout-staging", v1alpha1.AvailableFromAssigned))
	w.add(
		aDeveloper("front-end", "typescript", "18000").Deliverable("cart-page", "2026-12-11 17:00", "6000").Deliverable("payment-form", "2026-12-23 17:00", "6000").
			Deliverable("polish", "2027-01-08 17:00", "6000").Access("checkout-tracker", "checkout-code", "checkout-staging"),
		aDeveloper("back-end", "go", "19200").Deliverable("payments-api", "2026-12-11 17:00", "6400").Deliverable("ledger", "2026-12-30 17:00", "6400").
			Deliverable("reconciliation", "2027-01-08 17:00", "6400").Access("checkout-tracker", "checkout-code", "checkout-staging"),
		aDeveloper("qa", "test-automation", "14400").Deliverable("test-plan", "2026-12-04 17:00", "2400").Deliverable("regression-suite", "2026-12-23 17:00", "6000").
			Deliverable("release-report", "2027-01-08 17:00", "6000").Access("checkout-tracker", "checkout-staging"),
	)
}

func aDeveloper(name, skill, amount string) *engagementBuilder {
	return anEngagement(name).In("checkout").FromPool("developers", "talent").RequestedBy("lena").Contact("Manager", "lena").Contact("Buddy", "theo").
		From("2026-11-30 08:00", "2027-01-11 08:00").Budget(amount).Notice("P2D").Approvals(1, stage("Budget", "dana", "dora"), stage("Security", "sam", "sue")).
		Onboarding("developer-onboarding").Offboarding("developer-exit").Evaluated("engineering", 336*time.Hour, 120*time.Hour).
		With(func(s *v1alpha1.EngagementSpec) {
			s.Requirements = &v1alpha1.Requirements{Skills: []v1alpha1.SkillRequirement{{Name: skill, MinLevel: 4, Required: true}}}
			s.StatementOfWork.StartGrace, s.StatementOfWork.AcceptWithin = lasting(48*time.Hour), lasting(72*time.Hour)
		})
}

// aReplacementDeveloper takes over what the back-end developer had not delivered.
func aReplacementDeveloper() *engagementBuilder {
	return aDeveloper("back-end-replacement", "go", "12800").From("2026-12-22 08:00", "2027-01-11 08:00").
		Replaces("back-end", "ledger", "reconciliation").FastTrack().Access("checkout-tracker", "checkout-code", "checkout-staging")
}
