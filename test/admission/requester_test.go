package admission

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
)

// spec is a change of an engagement.
type spec = func(*v1alpha1.Engagement)

func later(e *v1alpha1.Engagement)    { e.Spec.StatementOfWork.End.Time = end.Add(time.Hour) }
func retitled(e *v1alpha1.Engagement) { e.Spec.Title = "Illustrator" }

func pinned(worker string) spec {
	return func(e *v1alpha1.Engagement) { e.Spec.WorkerRef = &v1alpha1.LocalReference{Name: worker} }
}

func grace(d time.Duration) spec {
	return func(e *v1alpha1.Engagement) {
		e.Spec.Offboarding = &v1alpha1.Offboarding{AccessGrace: &metav1.Duration{Duration: d}}
	}
}

func suspended(s bool) spec { return func(e *v1alpha1.Engagement) { e.Spec.Suspend = s } }

func listing(profiles ...string) spec {
	return func(e *v1alpha1.Engagement) { e.Spec.Access = engagement(profiles...).Spec.Access }
}

func requestedBy(name string) spec {
	return func(e *v1alpha1.Engagement) { e.Spec.Requester = author(name) }
}

func terminated(reason v1alpha1.TerminationReason, effective *metav1.Time) spec {
	return func(e *v1alpha1.Engagement) {
		e.Spec.Termination = &v1alpha1.Termination{Reason: reason, Effective: effective}
	}
}

// after is a time before the end.
func after(d time.Duration) *metav1.Time { return &metav1.Time{Time: start.Add(d)} }

func requestedByNobody(e *v1alpha1.Engagement) { e.Spec.Requester = nil }

func all(changes ...spec) spec {
	return func(e *v1alpha1.Engagement) {
		for _, change := range changes {
			change(e)
		}
	}
}

func TestTheRequesterIsWhoeverCreates(t *testing.T) {
	runAll(t, []attempt{
		{"by leaving it out", "it is filled in", mia, creating(engagement("tracker")), ""},
		{"by naming oneself", "it says the same", mia, creating(with(engagement("tracker"), requestedBy(mia))), ""},
		{"and nobody else", "mia would answer for what noa asks", noa, creating(with(engagement(), requestedBy(mia))), "requester: this request creates the engagement"},
		{"not even by the operator", "the rule has no exception", operator, creating(with(engagement(), requestedBy(mia))), "requester: "},
	})
	g := NewWithT(t)
	e := created(t, mia, engagement("tracker"))
	g.Expect(e.Spec.Requester).To(Equal(author(mia)), "the requester should be stamped")
}

// widenings are what asks for more, each with what it starts from.
var widenings = []struct {
	name   string
	before spec
	change spec
	says   string
}{
	{"a profile is added", listing("tracker"), listing("tracker", "design-tools"), "adds access"},
	{"a profile is swapped", listing("tracker"), listing("design-tools"), "adds access"},
	{"a worker is pinned", listing("tracker"), pinned("ada"), "changes the worker"},
	{"the worker is swapped", all(listing("tracker"), pinned("ada")), pinned("bob"), "changes the worker"},
	{"the worker is unpinned", all(listing("tracker"), pinned("ada")), func(e *v1alpha1.Engagement) { e.Spec.WorkerRef = nil }, "changes the worker"},
	{"the pool is another", listing("tracker"), func(e *v1alpha1.Engagement) { e.Spec.PoolRef.Name = "developers" }, "changes the pool"},
	{"the pool is in another namespace", listing("tracker"), func(e *v1alpha1.Engagement) { e.Spec.PoolRef.Namespace = "" }, "changes the pool"},
	{"the end is later", listing("tracker"), later, "ends later"},
	{"a grace is given", listing("tracker"), grace(time.Hour), "lengthens the grace"},
	{"the grace is longer", all(listing("tracker"), grace(90*time.Minute)), grace(2 * time.Hour), "lengthens the grace"},
	{"a suspension is lifted", all(listing("tracker"), suspended(true)), suspended(false), "lifts the suspension"},
	{"the start is earlier", listing("tracker"), func(e *v1alpha1.Engagement) { e.Spec.StatementOfWork.Start = *after(-time.Hour) }, "starts earlier"},
	{
		"a planned termination is withdrawn", all(listing("tracker"), terminated(v1alpha1.TerminationOther, after(time.Hour))),
		func(e *v1alpha1.Engagement) { e.Spec.Termination = nil }, "withdraws the termination",
	},
	{
		"a planned termination is postponed", all(listing("tracker"), terminated(v1alpha1.TerminationOther, after(time.Hour))),
		terminated(v1alpha1.TerminationOther, after(2*time.Hour)), "postpones the termination",
	},
	{
		"a cause is excused", all(listing("tracker"), terminated(v1alpha1.TerminationMisconduct, after(time.Hour))),
		terminated(v1alpha1.TerminationOther, after(time.Hour)), "ends no longer for cause",
	},
	{"the budget is larger", all(listing("tracker"), priced("5000", "100", "500")), priced("5000.001", "100", "500"), "raises the price"},
	{"the rate is higher", all(listing("tracker"), priced("5000", "99.5", "500")), priced("5000", "100", "500"), "raises the price"},
	{"a deliverable is dearer", all(listing("tracker"), priced("5000", "100", "500")), priced("5000", "100", "1000"), "raises the price"},
	{"a deliverable with a price is added", listing("tracker"), func(e *v1alpha1.Engagement) {
		e.Spec.StatementOfWork.Deliverables = []v1alpha1.Deliverable{{Name: "logo", Due: *after(time.Hour), Amount: "1"}}
	}, "raises the price"},
	{"the rate is paid by another unit", all(listing("tracker"), priced("5000", "100", "500")), func(e *v1alpha1.Engagement) { e.Spec.StatementOfWork.Rate.Per = v1alpha1.PerFixed }, "raises the price"},
	{"the rate is left to the worker", all(listing("tracker"), priced("5000", "100", "500")), func(e *v1alpha1.Engagement) { e.Spec.StatementOfWork.Rate = nil }, "raises the price"},
	{"the budget is in another currency", listing("tracker"), func(e *v1alpha1.Engagement) { e.Spec.StatementOfWork.Budget.Currency = "KWD" }, "raises the price"},
	{"the worker is of another type", listing("tracker"), func(e *v1alpha1.Engagement) { e.Spec.Classification.WorkerType = v1alpha1.AgencyWorker }, "changes the legal form"},
	{"the work is elsewhere", listing("tracker"), func(e *v1alpha1.Engagement) { e.Spec.Classification.Jurisdiction = "US-TX" }, "changes the legal form"},
	{"facts are stated", listing("tracker"), stating("own"), "changes the facts"},
	{"a fact is another", all(listing("tracker"), stating("own")), stating("ours"), "changes the facts"},
	{"facts are no longer stated", all(listing("tracker"), stating("own")), func(e *v1alpha1.Engagement) { e.Spec.Classification.Facts = nil }, "changes the facts"},
	{"fewer have to approve", all(listing("tracker"), staged), func(e *v1alpha1.Engagement) { e.Spec.Approvals.Required = 1 }, "eases the approval"},
	{"nobody in particular has to approve", all(listing("tracker"), staged), func(e *v1alpha1.Engagement) { e.Spec.Approvals = nil }, "eases the approval"},
	{"others may approve a stage", all(listing("tracker"), staged), func(e *v1alpha1.Engagement) { e.Spec.Approvals.Stages[0].Subjects[0].Name = noa }, "eases the approval"},
	{"the onboarding is dropped", all(listing("tracker"), onboardedBy("onboarding", v1alpha1.OnboardingFull)), func(e *v1alpha1.Engagement) { e.Spec.Onboarding = nil }, "eases the onboarding"},
	{"the onboarding is another", all(listing("tracker"), onboardedBy("onboarding", v1alpha1.OnboardingFull)), onboardedBy("nothing", v1alpha1.OnboardingFull), "eases the onboarding"},
	{"the onboarding is shortened", all(listing("tracker"), onboardedBy("onboarding", "")), onboardedBy("onboarding", v1alpha1.OnboardingFastTrack), "eases the onboarding"},
	{"it becomes a renewal", all(listing("tracker"), pinned("ada")), func(e *v1alpha1.Engagement) { e.Spec.Continues = &v1alpha1.LocalReference{Name: "winter"} }, "changes what is renewed"},
	{"it takes over another's deliverables", listing("tracker"), replacing("winter", "logo"), "changes what is replaced"},
	{"it takes over more", all(listing("tracker"), replacing("winter", "logo")), replacing("winter", "logo", "flyer"), "changes what is replaced"},
	{"it takes over nothing", all(listing("tracker"), replacing("winter", "logo")), func(e *v1alpha1.Engagement) { e.Spec.Replaces = nil }, "changes what is replaced"},
	{"another skill is asked for", all(listing("tracker"), seeking("graphic-design")), seeking("falconry"), "changes whom to look for"},
	{"nothing is asked for any more", all(listing("tracker"), seeking("graphic-design")), func(e *v1alpha1.Engagement) { e.Spec.Requirements = nil }, "changes whom to look for"},
	{"a tier is asked for", listing("tracker"), func(e *v1alpha1.Engagement) { e.Spec.Requirements = &v1alpha1.Requirements{MinTier: "gold"} }, "changes whom to look for"},
	{"nobody chooses any more", listing("tracker"), chosen(v1alpha1.SelectionAutomatic), "changes whom to look for"},
	{"somebody chooses", all(listing("tracker"), chosen(v1alpha1.SelectionAutomatic)), chosen(v1alpha1.SelectionRequester), "changes whom to look for"},
}

func replacing(name string, deliverables ...string) spec {
	return func(e *v1alpha1.Engagement) {
		e.Spec.Replaces = &v1alpha1.Replaces{Name: name, Deliverables: deliverables}
	}
}

func seeking(skill string) spec {
	return func(e *v1alpha1.Engagement) {
		e.Spec.Requirements = &v1alpha1.Requirements{Skills: []v1alpha1.SkillRequirement{{Name: skill, MinLevel: 3, Required: true}}}
	}
}

func chosen(by v1alpha1.Selection) spec {
	return func(e *v1alpha1.Engagement) { e.Spec.Recruitment = &v1alpha1.Recruitment{Selection: by} }
}

// priced sets the three amounts that an engagement can name.
func priced(budget, rate, deliverable string) spec {
	return func(e *v1alpha1.Engagement) {
		sow := &e.Spec.StatementOfWork
		sow.Budget.Amount = budget
		sow.Rate = &v1alpha1.Rate{Currency: "USD", Amount: rate, Per: v1alpha1.PerHour}
		sow.Deliverables = []v1alpha1.Deliverable{{Name: "logo", Due: *after(time.Hour), Amount: deliverable}}
	}
}

// stating sets whose tools the worker uses, which is to be determined from.
func stating(tools string) spec {
	return func(e *v1alpha1.Engagement) { e.Spec.Classification.Facts = map[string]string{"tools": tools} }
}

func staged(e *v1alpha1.Engagement) {
	e.Spec.Approvals = &v1alpha1.Approvals{Required: 2, Stages: []v1alpha1.ApprovalStage{{Name: "Budget", Subjects: []v1alpha1.Subject{{Kind: v1alpha1.SubjectUser, Name: ana}}}}}
}

func onboardedBy(checklist string, mode v1alpha1.OnboardingMode) spec {
	return func(e *v1alpha1.Engagement) {
		e.Spec.Onboarding = &v1alpha1.Onboarding{ChecklistRef: &v1alpha1.LocalReference{Name: checklist}, Mode: mode}
	}
}

func TestWhoeverWidensBecomesTheRequester(t *testing.T) {
	for _, w := range widenings {
		t.Run("when "+w.name, func(t *testing.T) {
			g := NewWithT(t)
			e := created(t, mia, with(engagement(), w.before))
			for how, change := range map[string]spec{
				"carrying the old requester": w.change,
				"leaving the requester out":  all(w.change, requestedByNobody),
				"naming themselves":          all(w.change, requestedBy(gitops)),
			} {
				widened := &v1alpha1.Engagement{}
				err := updating(e, func(e *v1alpha1.Engagement) { change(e); widened = e })(t.Context(), as(t, gitops))
				g.Expect(err).NotTo(HaveOccurred(), how)
				g.Expect(widened.Spec.Requester).To(Equal(author(gitops)), how)
			}
			attempt{
				reason: "nobody widens under another's name", user: gitops, want: "requester: this request " + w.says,
				try: updating(e, all(w.change, requestedBy(noa))),
			}.run(t)
		})
	}
}

func TestWhatAsksForNothingMoreKeepsTheRequester(t *testing.T) {
	full := all(listing("tracker", "design-tools"), pinned("ada"), grace(time.Hour), terminated(v1alpha1.TerminationSecurityIncident, after(2*time.Hour)),
		priced("5000", "100", "500"), staged, onboardedBy("onboarding", v1alpha1.OnboardingFastTrack), stating("own"), replacing("winter", "logo"))
	for name, change := range map[string]spec{
		"nothing changes":               func(*v1alpha1.Engagement) {},
		"another title":                 retitled,
		"a profile less":                listing("tracker"),
		"the profiles in another order": listing("design-tools", "tracker"),
		"an earlier end":                func(e *v1alpha1.Engagement) { e.Spec.StatementOfWork.End.Time = end.Add(-time.Hour) },
		"the same end in another zone": func(e *v1alpha1.Engagement) {
			e.Spec.StatementOfWork.End = metav1.NewTime(end.In(time.FixedZone("", 7200)))
		},
		"a shorter grace":                grace(time.Minute),
		"the same grace in another unit": grace(60 * time.Minute),
		"no grace":                       func(e *v1alpha1.Engagement) { e.Spec.Offboarding = nil },
		"a suspension":                   suspended(true),
		"a later start":                  func(e *v1alpha1.Engagement) { e.Spec.StatementOfWork.Start = *after(time.Hour) },
		"an earlier termination":         terminated(v1alpha1.TerminationSecurityIncident, after(time.Hour)),
		"a termination at once":          terminated(v1alpha1.TerminationSecurityIncident, nil),
		"another cause to terminate":     terminated(v1alpha1.TerminationMisconduct, after(2*time.Hour)),
		"a smaller budget":               priced("4999.999", "100", "500"),
		"a lower rate":                   priced("5000", "99.5", "500"),
		"a cheaper deliverable":          priced("5000", "100", "499.999"),
		"the same money, otherwise":      priced("5000.0", "100.000", "500.00"),
		"a deliverable less":             func(e *v1alpha1.Engagement) { e.Spec.StatementOfWork.Deliverables = nil },
		"more approvers":                 func(e *v1alpha1.Engagement) { e.Spec.Approvals.Required = 3 },
		"a stage more": func(e *v1alpha1.Engagement) {
			e.Spec.Approvals.Stages = append(e.Spec.Approvals.Stages, v1alpha1.ApprovalStage{Name: "Legal"})
		},
		"the whole onboarding":                       onboardedBy("onboarding", v1alpha1.OnboardingFull),
		"other requirements of who is named already": seeking("falconry"),
		"no choice, of who is named already":         chosen(v1alpha1.SelectionAutomatic),
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			e := created(t, mia, with(engagement(), full))
			for how, change := range map[string]spec{
				"carrying the requester":    change,
				"leaving the requester out": all(change, requestedByNobody),
			} {
				kept := &v1alpha1.Engagement{}
				err := updating(e, func(e *v1alpha1.Engagement) { change(e); kept = e })(t.Context(), as(t, noa))
				g.Expect(err).NotTo(HaveOccurred(), "%s: it should need no verb grant", how)
				g.Expect(kept.Spec.Requester).To(Equal(author(mia)), how)
			}
			attempt{
				reason: "the requester stays who asked", user: noa, want: "requester: a change that asks for nothing more",
				try: updating(e, all(change, requestedBy(noa))),
			}.run(t)
		})
	}
}

func TestASearchThatIsOverIsNobodysToSteer(t *testing.T) {
	e := created(t, mia, with(engagement("tracker"), seeking("graphic-design")))
	recorded(t, e, func(s *v1alpha1.EngagementStatus) { s.Terms = accepted(e) })
	open := created(t, mia, with(engagement("tracker"), chosen(v1alpha1.SelectionAutomatic)))
	silent := created(t, mia, engagement("tracker"))
	runAll(t, []attempt{
		{"other requirements after somebody accepted", "it is with them", noa, updating(e, seeking("falconry")), ""},
		{"another choice after somebody accepted", "it is with them", noa, updating(e, chosen(v1alpha1.SelectionAutomatic)), ""},
		{"what is the default, said", "somebody chooses either way", noa, updating(silent, chosen(v1alpha1.SelectionRequester)), ""},
		{"a longer shortlist", "who is asked for stays the same", noa, updating(open, func(e *v1alpha1.Engagement) { e.Spec.Recruitment.Shortlist = 5 }), ""},
		{"requirements that ask for nothing", "none were there", noa, updating(open, func(e *v1alpha1.Engagement) { e.Spec.Requirements = &v1alpha1.Requirements{} }), ""},
	})
}

func TestTerminatingAsksForNothingMore(t *testing.T) {
	open := created(t, mia, engagement("tracker"))
	planned := created(t, mia, with(engagement("tracker"), terminated(v1alpha1.TerminationOther, after(time.Hour))))
	runAll(t, []attempt{
		{"at once", "it takes access away", noa, updating(open, terminated(v1alpha1.TerminationOther, nil)), ""},
		{"at a time", "it takes access away", noa, updating(open, terminated(v1alpha1.TerminationOther, after(time.Hour))), ""},
		{"for a cause found later", "it leaves no grace", noa, updating(planned, terminated(v1alpha1.TerminationMisconduct, after(time.Hour))), ""},
	})
}

func TestAnEmptyPoolNamespaceIsTheEngagementsOwn(t *testing.T) {
	e := created(t, mia, with(engagement("tracker"), func(e *v1alpha1.Engagement) { e.Spec.PoolRef.Namespace = "" }))
	attempt{
		reason: "the pool is the same", user: noa,
		try: updating(e, func(e *v1alpha1.Engagement) { e.Spec.PoolRef.Namespace = team }),
	}.run(t)
}

func TestTheOperatorsFinalizerKeepsTheRequester(t *testing.T) {
	g := NewWithT(t)
	e := created(t, mia, engagement("tracker"))
	must(t, put(t.Context(), as(t, operator), e, func(e *v1alpha1.Engagement) { e.Finalizers = []string{v1alpha1.EngagementFinalizer} }))
	must(t, admin.Get(t.Context(), client.ObjectKeyFromObject(e), e))
	g.Expect(e.Spec.Requester).To(Equal(author(mia)))
}

func TestAnEngagementOlderThanThePolicies(t *testing.T) {
	g := NewWithT(t)
	g.Expect(legacyEngagement.Spec.Requester).To(BeNil(), "nothing should have stamped it")
	kept := &v1alpha1.Engagement{}
	must(t, updating(legacyEngagement, func(e *v1alpha1.Engagement) { retitled(e); kept = e })(t.Context(), as(t, ed)))
	g.Expect(kept.Spec.Requester).To(BeNil(), "whoever changes a title should not become the requester")
	runAll(t, []attempt{
		{"is taken on by someone who may", "they answer for it from then on", gus, updating(legacyEngagement, requestedBy(gus)), ""},
		{"is not taken on without the verb grant", "the profiles would be handed out by someone who may not", ed, updating(legacyEngagement, requestedBy(ed)), "grant: this request names a requester"},
		{"is not put on someone else", "nobody answers for what another asked", gus, updating(legacyEngagement, requestedBy(mia)), "requester: this request names a requester"},
	})
}

func TestGrantIsAskedForEveryProfile(t *testing.T) {
	many := created(t, mia, engagement(profiles...))
	listsProduction := created(t, gus, engagement("tracker", production))
	attempts := []attempt{
		{"sixteen at once", "an engagement may list as many, and CEL can afford it", mia, creating(engagement(profiles...)), ""},
		{"none", "there is nothing to hand out", noa, creating(engagement()), ""},
		{"one without the verb", "noa may hand out nothing", noa, creating(engagement("tracker")), "grant: this request creates the engagement, which needs the verb grant on accessprofiles/tracker"},
		{"the last of sixteen", "each is asked for", mia, creating(engagement(append(profiles[:15:15], production)...)), "accessprofiles/" + production},
		{"sixteen when widened", "an engagement may list as many", mia, updating(many, later), ""},
		{"adding one that one may not hand out", "that is what the verb is for", mia, updating(many, listing(append(profiles[:15:15], production)...)), "grant: this request adds access"},
		{"keeping one that another handed out", "nothing more is asked for", mia, updating(listsProduction, retitled), ""},
		{"moving the end under what another handed out", "it lengthens a grant that mia may not give", mia, updating(listsProduction, later), "grant: this request ends later, which needs the verb grant on accessprofiles/" + production},
		{"taking out what one may not hand out", "it asks for less", mia, updating(listsProduction, listing("tracker")), ""},
		{"swapping what one may not hand out for what one may", "each that is left is hers to give", mia, updating(listsProduction, listing("tracker", "design-tools")), ""},
	}
	for _, w := range widenings {
		e := created(t, mia, with(engagement(), w.before))
		attempts = append(attempts, attempt{"without the verb when " + w.name, "it asks for more", noa, updating(e, w.change), "grant: this request " + w.says})
	}
	runAll(t, attempts)
}

func TestAnEngagementThatIsBeingDeletedIsNotJudged(t *testing.T) {
	e := created(t, mia, with(engagement("tracker"), func(e *v1alpha1.Engagement) {
		e.Spec.Termination = &v1alpha1.Termination{Reason: v1alpha1.TerminationOther}
	}))
	e = beingDeleted(t, e)
	runAll(t, []attempt{
		{"losing its finalizers", "nothing may hold what is to go", noa, updating(e, func(e *v1alpha1.Engagement) { e.Finalizers = nil }), ""},
		{"widened", "it is given nothing more", noa, updating(e, all(later, listing("tracker", production))), ""},
		{"with its termination withdrawn", "it ends all the same", noa, updating(e, func(e *v1alpha1.Engagement) { e.Spec.Termination = nil }), ""},
	})
	runAll(t, []attempt{
		{"by who makes another answer for it", "its file would name who never asked", mia, updating(e, requestedBy(ana)), "requester: an engagement that is being deleted keeps its requester"},
		{"by who takes it upon themselves", "its file would name who never asked", noa, updating(e, all(later, requestedBy(noa))), "requester: an engagement that is being deleted keeps its requester"},
		{"by who applies it without a requester", "that names nobody", noa, updating(e, requestedByNobody), ""},
	})
	g := NewWithT(t)
	kept := &v1alpha1.Engagement{}
	must(t, updating(e, func(e *v1alpha1.Engagement) { later(e); kept = e })(t.Context(), as(t, noa)))
	g.Expect(kept.Spec.Requester).To(Equal(author(mia)), "nobody should become the requester of what is to go")
}

func TestAMalformedEngagementIsRefusedByItsSchema(t *testing.T) {
	e := created(t, mia, engagement("tracker"))
	for path, value := range map[string]any{
		"/spec/statementOfWork/end": "tomorrow",
		"/spec/statementOfWork":     nil,
		"/spec/offboarding":         map[string]any{"accessGrace": "soon"},
		"/spec/access":              "everything",
		"/spec/suspend":             "no",
		"/spec/poolRef":             map[string]any{},
		"/spec/workerRef":           []string{"ada"},
	} {
		t.Run(path, func(t *testing.T) {
			patch, err := json.Marshal([]map[string]any{{"op": "add", "path": path, "value": value}})
			must(t, err)
			attempt{
				reason: "the schema says best what is wrong", user: mia, want: "is invalid",
				try: func(ctx context.Context, api client.Client) error {
					return api.Patch(ctx, e.DeepCopy(), client.RawPatch(types.JSONPatchType, patch), client.DryRunAll)
				},
			}.run(t)
		})
	}
}
