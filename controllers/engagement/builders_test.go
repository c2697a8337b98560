package engagement

import (
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
)

const day = 24 * time.Hour

// on reads a moment written for people, in UTC: "2026-12-01" is midnight, "2026-12-01 08:30" and "2026-12-01 08:30:05" are as they look.
func on(moment string) time.Time {
	for _, layout := range []string{time.DateTime, "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.Parse(layout, moment); err == nil {
			return t.UTC()
		}
	}
	panic("the test's own moment cannot be read: " + moment)
}

func lasting(d time.Duration) *metav1.Duration { return &metav1.Duration{Duration: d} }

func user(name string) v1alpha1.Subject {
	return v1alpha1.Subject{Kind: v1alpha1.SubjectUser, Name: name}
}

func users(names ...string) []v1alpha1.Subject {
	var subjects []v1alpha1.Subject
	for _, name := range names {
		subjects = append(subjects, user(name))
	}
	return subjects
}

func objectMeta(namespace, name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: namespace, Name: name, UID: types.UID("uid-of-" + name), Generation: 1}
}

// anEngagement is one designer for December, asked for by mia, without anything that could be left out.
func anEngagement(name string) *engagementBuilder {
	eng := &v1alpha1.Engagement{ObjectMeta: objectMeta("marketing", name)}
	eng.Spec = v1alpha1.EngagementSpec{
		Title:    name,
		PoolRef:  v1alpha1.PoolReference{Name: "designers"},
		Contacts: []v1alpha1.Contact{{Role: "Manager", Subject: user("max")}, {Role: "Buddy", Subject: user("ben")}},
		StatementOfWork: v1alpha1.StatementOfWork{
			Start: metav1.NewTime(on("2026-12-01 08:00")), End: metav1.NewTime(on("2027-01-01 08:00")),
			Budget: v1alpha1.Money{Currency: "USD", Amount: "5000"}, Rate: &v1alpha1.Rate{Currency: "USD", Amount: "50", Per: v1alpha1.PerHour},
		},
		Classification: v1alpha1.Classification{WorkerType: v1alpha1.IndependentContractor, Jurisdiction: "GB"},
		Recruitment:    &v1alpha1.Recruitment{Selection: v1alpha1.SelectionAutomatic},
		Requester:      &v1alpha1.Author{Username: "mia"},
	}
	eng.Status.ObservedGeneration = -1
	return &engagementBuilder{eng}
}

type engagementBuilder struct{ *v1alpha1.Engagement }

// With changes what no word of its own exists for.
func (b *engagementBuilder) With(change func(*v1alpha1.EngagementSpec)) *engagementBuilder {
	change(&b.Spec)
	return b
}

func (b *engagementBuilder) In(namespace string) *engagementBuilder {
	b.Namespace = namespace
	return b
}

func (b *engagementBuilder) FromPool(name, namespace string) *engagementBuilder {
	b.Spec.PoolRef = v1alpha1.PoolReference{Name: name, Namespace: namespace}
	return b
}

func (b *engagementBuilder) RequestedBy(name string) *engagementBuilder {
	b.Spec.Requester = &v1alpha1.Author{Username: name}
	return b
}

func (b *engagementBuilder) Contact(role, name string) *engagementBuilder {
	for i := range b.Spec.Contacts {
		if b.Spec.Contacts[i].Role == role {
			b.Spec.Contacts[i].Subject = user(name)
			return b
		}
	}
	b.Spec.Contacts = append(b.Spec.Contacts, v1alpha1.Contact{Role: role, Subject: user(name)})
	return b
}

func (b *engagementBuilder) From(start, end string) *engagementBuilder {
	b.Spec.StatementOfWork.Start, b.Spec.StatementOfWork.End = metav1.NewTime(on(start)), metav1.NewTime(on(end))
	return b
}

func (b *engagementBuilder) Pinned(worker string) *engagementBuilder {
	b.Spec.WorkerRef = &v1alpha1.LocalReference{Name: worker}
	return b
}

func (b *engagementBuilder) Recruiting(r v1alpha1.Recruitment) *engagementBuilder {
	b.Spec.Recruitment = &r
	return b
}

func (b *engagementBuilder) Approvals(required int32, stages ...v1alpha1.ApprovalStage) *engagementBuilder {
	b.Spec.Approvals = &v1alpha1.Approvals{Required: required, Stages: stages}
	return b
}

func stage(name string, approvers ...string) v1alpha1.ApprovalStage {
	return v1alpha1.ApprovalStage{Name: name, Subjects: users(approvers...)}
}

func (b *engagementBuilder) Budget(amount string) *engagementBuilder {
	b.Spec.StatementOfWork.Budget.Amount = amount
	return b
}

func (b *engagementBuilder) Rate(amount string, per v1alpha1.RateUnit) *engagementBuilder {
	b.Spec.StatementOfWork.Rate = &v1alpha1.Rate{Currency: "USD", Amount: amount, Per: per}
	return b
}

// Deliverable asks for one more; amount may be empty.
func (b *engagementBuilder) Deliverable(name, due, amount string) *engagementBuilder {
	sow := &b.Spec.StatementOfWork
	sow.Deliverables = append(sow.Deliverables, v1alpha1.Deliverable{Name: name, Due: metav1.NewTime(on(due)), Amount: amount})
	return b
}

func (b *engagementBuilder) Notice(period string) *engagementBuilder {
	b.Spec.StatementOfWork.Terms = &v1alpha1.LegalTerms{NoticePeriod: period}
	return b
}

func (b *engagementBuilder) Access(profiles ...string) *engagementBuilder {
	for _, name := range profiles {
		b.Spec.Access = append(b.Spec.Access, v1alpha1.AccessRequest{Name: name})
	}
	return b
}

func (b *engagementBuilder) Grace(d time.Duration) *engagementBuilder {
	b.offboarding().AccessGrace = lasting(d)
	return b
}

func (b *engagementBuilder) offboarding() *v1alpha1.Offboarding {
	if b.Spec.Offboarding == nil {
		b.Spec.Offboarding = &v1alpha1.Offboarding{}
	}
	return b.Spec.Offboarding
}

func (b *engagementBuilder) Onboarding(checklist string) *engagementBuilder {
	b.Spec.Onboarding = &v1alpha1.Onboarding{ChecklistRef: &v1alpha1.LocalReference{Name: checklist}}
	return b
}

func (b *engagementBuilder) FastTrack() *engagementBuilder {
	b.Spec.Onboarding.Mode = v1alpha1.OnboardingFastTrack
	return b
}

func (b *engagementBuilder) Offboarding(checklist string) *engagementBuilder {
	b.offboarding().ChecklistRef = &v1alpha1.LocalReference{Name: checklist}
	return b
}

// Evaluated by a scorecard; a cadence of 0 asks for the final evaluation alone.
func (b *engagementBuilder) Evaluated(scorecard string, cadence, finalWithin time.Duration) *engagementBuilder {
	b.Spec.Evaluation = &v1alpha1.EvaluationPlan{ScorecardRef: v1alpha1.LocalReference{Name: scorecard}, FinalWithin: lasting(finalWithin)}
	if cadence > 0 {
		b.Spec.Evaluation.Cadence = lasting(cadence)
	}
	return b
}

func (b *engagementBuilder) Replaces(name string, deliverables ...string) *engagementBuilder {
	b.Spec.Replaces = &v1alpha1.Replaces{Name: name, Deliverables: deliverables}
	return b
}

func (b *engagementBuilder) Continues(name string) *engagementBuilder {
	b.Spec.Continues = &v1alpha1.LocalReference{Name: name}
	return b
}

// aWorker with an account of their own, screened for the pools.
func aWorker(name string, pools ...string) *workerBuilder {
	w := &v1alpha1.Worker{ObjectMeta: objectMeta("marketing", name)}
	w.Spec = v1alpha1.WorkerSpec{PersonKey: "person-of-" + name, Username: name, Jurisdiction: "GB"}
	for _, pool := range pools {
		w.Status.Pools = append(w.Status.Pools, v1alpha1.PoolMembership{Name: pool, Screening: v1alpha1.ScreeningPassed, Tier: v1alpha1.DefaultTier})
	}
	return &workerBuilder{w}
}

type workerBuilder struct{ *v1alpha1.Worker }

func (b *workerBuilder) With(change func(*v1alpha1.Worker)) *workerBuilder {
	change(b.Worker)
	return b
}

func (b *workerBuilder) In(namespace string) *workerBuilder {
	b.Namespace = namespace
	return b
}

func (b *workerBuilder) Person(key string) *workerBuilder {
	b.Spec.PersonKey = key
	return b
}

func (b *workerBuilder) Skilled(name string, level int32) *workerBuilder {
	b.Spec.Skills = append(b.Spec.Skills, v1alpha1.Skill{Name: name, Level: level})
	return b
}

func aPool(name string) *v1alpha1.TalentPool {
	return &v1alpha1.TalentPool{ObjectMeta: objectMeta("marketing", name)}
}

func aChecklist(name string, steps ...v1alpha1.ChecklistStep) *v1alpha1.Checklist {
	return &v1alpha1.Checklist{ObjectMeta: objectMeta("marketing", name), Spec: v1alpha1.ChecklistSpec{Steps: steps}}
}

func aStep(name string, t v1alpha1.StepType, changes ...func(*v1alpha1.ChecklistStep)) v1alpha1.ChecklistStep {
	s := v1alpha1.ChecklistStep{Name: name, Type: t}
	for _, change := range changes {
		change(&s)
	}
	return s
}

func by(actor string) func(*v1alpha1.ChecklistStep) {
	return func(s *v1alpha1.ChecklistStep) { s.Actor = actor }
}

func attestedBy(names ...string) func(*v1alpha1.ChecklistStep) {
	return func(s *v1alpha1.ChecklistStep) { s.Attestors = users(names...) }
}

func after(steps ...string) func(*v1alpha1.ChecklistStep) {
	return func(s *v1alpha1.ChecklistStep) { s.DependsOn = steps }
}

func blocking(b v1alpha1.StepBlocks) func(*v1alpha1.ChecklistStep) {
	return func(s *v1alpha1.ChecklistStep) { s.Blocks = b }
}

func dueAfter(d time.Duration) func(*v1alpha1.ChecklistStep) {
	return func(s *v1alpha1.ChecklistStep) { s.DueAfter = lasting(d) }
}

func notBefore(d time.Duration) func(*v1alpha1.ChecklistStep) {
	return func(s *v1alpha1.ChecklistStep) { s.NotBefore = lasting(d) }
}

func beforeEnd(d time.Duration) func(*v1alpha1.ChecklistStep) {
	return func(s *v1alpha1.ChecklistStep) { s.BeforeEnd = lasting(d) }
}

func fast(s *v1alpha1.ChecklistStep) { s.FastTrack = true }

func optional(s *v1alpha1.ChecklistStep) { no := false; s.Required = &no }

func waitingForAccess(profile string) func(*v1alpha1.ChecklistStep) {
	return func(s *v1alpha1.ChecklistStep) { s.Access = &v1alpha1.StepAccessRef{Profile: profile} }
}

func training(certificate string, passScore, maxAttempts int32) func(*v1alpha1.ChecklistStep) {
	return func(s *v1alpha1.ChecklistStep) {
		s.Training = &v1alpha1.Training{Certificate: certificate, PassScore: passScore, MaxAttempts: maxAttempts}
	}
}

func checking(expression string) func(*v1alpha1.ChecklistStep) {
	return func(s *v1alpha1.ChecklistStep) { s.Check = &v1alpha1.Check{Expression: expression} }
}

// aScorecard with one criterion from 1 to 5, filled in by the reviewers, or by anyone where none is named.
func aScorecard(name string, reviewers ...string) *v1alpha1.Scorecard {
	sc := &v1alpha1.Scorecard{ObjectMeta: objectMeta("marketing", name)}
	sc.Spec.Criteria = []v1alpha1.Criterion{{Name: "craft", Weight: 1, Min: 1, Max: 5}}
	if len(reviewers) > 0 {
		sc.Spec.Reviewers = &v1alpha1.Reviewers{Subjects: users(reviewers...)}
	}
	return sc
}

// aProfile with one entitlement, which has the profile's name.
func aProfile(name string, from v1alpha1.AvailableFrom) *profileBuilder {
	ap := &v1alpha1.AccessProfile{ObjectMeta: objectMeta("", name)}
	ap.Spec.AvailableFrom = from
	ap.Spec.Entitlements = []v1alpha1.Entitlement{{Name: name, ProviderRef: v1alpha1.ClusterReference{Name: "this-cluster"}}}
	return &profileBuilder{ap}
}

type profileBuilder struct{ *v1alpha1.AccessProfile }

// Item adds something that a custodian hands out.
func (b *profileBuilder) Item(entitlement, item string, custodian v1alpha1.Subject) *profileBuilder {
	b.Spec.Entitlements = append(b.Spec.Entitlements, v1alpha1.Entitlement{
		Name: entitlement, ProviderRef: v1alpha1.ClusterReference{Name: "stores"}, Manual: &v1alpha1.ManualEntitlement{Item: item, Custodian: custodian},
	})
	return b
}

// Only leaves out all but the items.
func (b *profileBuilder) Only() *profileBuilder {
	b.Spec.Entitlements = slices.DeleteFunc(b.Spec.Entitlements, func(e v1alpha1.Entitlement) bool { return e.Manual == nil })
	return b
}

func (b *profileBuilder) MaxGrace(d time.Duration) *profileBuilder {
	b.Spec.MaxGrace = lasting(d)
	return b
}

func (b *profileBuilder) MaxDuration(d time.Duration) *profileBuilder {
	b.Spec.MaxDuration = lasting(d)
	return b
}

// aPolicy since the year's beginning, for a jurisdiction or, where that is empty, for all, that asks for nothing yet.
func aPolicy(name, jurisdiction string) *policyBuilder {
	cp := &v1alpha1.CompliancePolicy{ObjectMeta: objectMeta("", name)}
	if jurisdiction != "" {
		cp.Spec.AppliesTo = &v1alpha1.PolicySelector{Jurisdictions: []string{jurisdiction}}
	}
	cp.Spec.EffectiveFrom = metav1.NewTime(on("2026-01-01"))
	cp.Spec.Source.Title = "a law"
	return &policyBuilder{cp}
}

type policyBuilder struct{ *v1alpha1.CompliancePolicy }

func (b *policyBuilder) With(change func(*v1alpha1.CompliancePolicySpec)) *policyBuilder {
	change(&b.Spec)
	return b
}

// Rule adds one, named after its enforcement.
func (b *policyBuilder) Rule(e v1alpha1.Enforcement, expression string) *policyBuilder {
	b.Spec.Rules = append(b.Spec.Rules, v1alpha1.PolicyRule{Name: strings.ToLower(string(e)) + fmt.Sprint(len(b.Spec.Rules)), Expression: expression, Enforcement: e})
	return b
}

// Unreadable has a rule that nobody can evaluate.
func (b *policyBuilder) Unreadable() *policyBuilder {
	return b.Rule(v1alpha1.EnforceDeny, "engagement.spec.misspelt == 1")
}

func (b *policyBuilder) Tenure(limit, resetGap string, across v1alpha1.TenureScope) *policyBuilder {
	b.Spec.Tenure = &v1alpha1.Tenure{Max: limit, ResetGap: resetGap, Across: across}
	return b
}

func (b *policyBuilder) Determination(validFor string) *policyBuilder {
	b.Spec.Determination = &v1alpha1.Determination{ValidFor: validFor}
	return b
}

// anAttestation of a claim. Unless it says otherwise it is said now, of the engagement that the world was told of last.
func anAttestation(claim string) *attestationBuilder {
	att := &v1alpha1.Attestation{}
	att.Spec.Claim = claim
	att.Spec.SubjectRef.Kind = "Engagement"
	return &attestationBuilder{att}
}

type attestationBuilder struct{ *v1alpha1.Attestation }

func (b *attestationBuilder) By(author string) *attestationBuilder {
	b.Spec.Author = &v1alpha1.Author{Username: author}
	return b
}

func (b *attestationBuilder) OnBehalfOf(worker string) *attestationBuilder {
	b.Spec.OnBehalfOf = &v1alpha1.OnBehalfOf{Kind: "Worker", Name: worker}
	return b
}

func (b *attestationBuilder) Says(v v1alpha1.Verdict) *attestationBuilder {
	b.Spec.Verdict = v
	return b
}

func (b *attestationBuilder) Done() *attestationBuilder { return b.Says(v1alpha1.VerdictDone) }

func (b *attestationBuilder) Of(engagement string) *attestationBuilder {
	b.Spec.SubjectRef.Name = engagement
	return b
}

func (b *attestationBuilder) Terms(hash string) *attestationBuilder {
	b.Spec.Terms = hash
	return b
}

// Determines a classification.
func (b *attestationBuilder) Determines(t v1alpha1.WorkerType) *attestationBuilder {
	b.Spec.WorkerType = t
	return b.Says(v1alpha1.VerdictDetermined)
}

func (b *attestationBuilder) Score(score int32) *attestationBuilder {
	b.Spec.Score = &score
	return b
}

func (b *attestationBuilder) Amount(amount string) *attestationBuilder {
	b.Spec.Amount = amount
	return b
}

func (b *attestationBuilder) Cause(cause v1alpha1.ReviseCause) *attestationBuilder {
	b.Spec.Cause = cause
	return b
}

func (b *attestationBuilder) Effective(moment string) *attestationBuilder {
	b.Spec.Effective = metaTime(on(moment))
	return b
}

func (b *attestationBuilder) Evidence(uri string) *attestationBuilder {
	b.Spec.Evidence = append(b.Spec.Evidence, v1alpha1.Evidence{URI: uri})
	return b
}

func (b *attestationBuilder) At(moment string) *attestationBuilder {
	b.CreationTimestamp = metav1.NewTime(on(moment))
	return b
}

// Named fixes the name, which otherwise says what is attested by whom and when.
func (b *attestationBuilder) Named(name string) *attestationBuilder {
	b.Name = name
	return b
}

// An evaluation by the scorecard "creative", with a score from 1 to 5 for its one criterion.
func anEvaluation(kind v1alpha1.EvaluationKind, author, score string) *evaluationBuilder {
	eval := &v1alpha1.Evaluation{}
	eval.Spec = v1alpha1.EvaluationSpec{
		Kind: kind, ScorecardRef: v1alpha1.LocalReference{Name: "creative"}, Author: &v1alpha1.Author{Username: author},
		Scores: []v1alpha1.CriterionScore{{Name: "craft", Score: score}},
	}
	return &evaluationBuilder{eval}
}

type evaluationBuilder struct{ *v1alpha1.Evaluation }

func (b *evaluationBuilder) Of(engagement string) *evaluationBuilder {
	b.Spec.EngagementRef = &v1alpha1.LocalReference{Name: engagement}
	return b
}

func (b *evaluationBuilder) Period(n int) *evaluationBuilder {
	b.Spec.Period = fmt.Sprint(n)
	return b
}

func (b *evaluationBuilder) With(change func(*v1alpha1.EvaluationSpec)) *evaluationBuilder {
	change(&b.Spec)
	return b
}

// statementName is stable: who says what, when. Two things said alike in one second are numbered.
func statementName(taken func(string) bool, parts ...string) string {
	name := strings.ToLower(strings.NewReplacer("/", ".", ":", ".", " ", "t").Replace(strings.Join(parts, "-")))
	for n, base := 2, name; taken(name); n++ {
		name = fmt.Sprintf("%s-%d", base, n)
	}
	return name
}
