package admission

import (
	"testing"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
)

const (
	eng     = "Engagement"
	wk      = "Worker"
	asg     = "Assignment"
	granted = "AccessGrant"
)

func TestTheAuthorIsWhoeverStates(t *testing.T) {
	g := NewWithT(t)
	approval := func() *v1alpha1.Attestation {
		return attestation(eng, "spring", "approval/engagement", v1alpha1.VerdictApproved)
	}
	g.Expect(created(t, ana, approval()).Spec.Author).To(Equal(author(ana)), "the author should be filled in")
	g.Expect(created(t, rex, evaluation(eng, "spring")).Spec.Author).To(Equal(author(rex)), "the author should be filled in")

	statedBy := func(name string) func(*v1alpha1.Attestation) {
		return func(a *v1alpha1.Attestation) { a.Spec.Author = author(name) }
	}
	evaluatedBy := func(name string) func(*v1alpha1.Evaluation) {
		return func(e *v1alpha1.Evaluation) { e.Spec.Author = author(name) }
	}
	stated := created(t, ana, approval())
	runAll(t, []attempt{
		{"naming oneself", "it says the same", ana, creating(with(approval(), statedBy(ana))), ""},
		{"naming another", "nobody approves under another's name", ana, creating(with(approval(), statedBy(sam))), "author: whoever makes a statement is its author"},
		{"evaluating as oneself", "it says the same", rex, creating(with(evaluation(eng, "spring"), evaluatedBy(rex))), ""},
		{"evaluating as another", "nobody judges under another's name", rex, creating(with(evaluation(eng, "spring"), evaluatedBy(tom))), "author: "},
		{"another author later", "a statement is immutable", ed, updating(stated, statedBy(ed)), "an attestation is immutable"},
		{"another verdict later", "a statement is immutable", ed, updating(stated, func(a *v1alpha1.Attestation) { a.Spec.Verdict = v1alpha1.VerdictRejected }), "an attestation is immutable"},
	})
}

// claims are api.md's table: each claim and verdict, the verb it needs, someone who holds it and someone who does not.
var claims = []struct {
	subject, claim string
	verdict        v1alpha1.Verdict
	verb           string
	may, mayNot    string
}{
	{eng, "approval/engagement", v1alpha1.VerdictApproved, "approve", ana, mia},
	{eng, "approval/engagement", v1alpha1.VerdictRejected, "approve", ana, cora},
	{eng, "approval/amendment", v1alpha1.VerdictApproved, "approve", ana, mia},
	{eng, "approval/stage.Budget", v1alpha1.VerdictApproved, "approve", ana, sam},
	{wk, "approval/demotion", v1alpha1.VerdictApproved, "approve", ana, tom},
	{wk, "approval/rehire", v1alpha1.VerdictApproved, "approve", ana, tom},
	{eng, "selection/ada", v1alpha1.VerdictChosen, "accept", mia, ana},
	{eng, "selection/ada", v1alpha1.VerdictPassed, "accept", mia, cora},
	{eng, "offer/ada", v1alpha1.VerdictAccepted, "attest", wanda, ana},
	{eng, "offer/ada", v1alpha1.VerdictDeclined, "attest", wanda, lea},
	{wk, "screening/portfolio", v1alpha1.VerdictDone, "attest", tom, ana},
	{wk, "screening/portfolio", v1alpha1.VerdictFailed, "attest", cora, ed},
	{eng, "onboarding/nda", v1alpha1.VerdictDone, "attest", cora, ana},
	{eng, "onboarding/academy", v1alpha1.VerdictFailed, "attest", cora, lea},
	{eng, "offboarding/laptop", v1alpha1.VerdictDone, "attest", cora, ed},
	{eng, "start/confirmed", v1alpha1.VerdictDone, "attest", mia, ana},
	{eng, "start/confirmed", v1alpha1.VerdictNoShow, "attest", mia, ana},
	{eng, "deliverable/logo-set", v1alpha1.VerdictSubmitted, "attest", wanda, ana},
	{eng, "deliverable/logo-set", v1alpha1.VerdictDisputed, "attest", wanda, ana},
	{eng, "deliverable/logo-set", v1alpha1.VerdictAccepted, "accept", mia, wanda},
	{eng, "deliverable/logo-set", v1alpha1.VerdictPartlyAccepted, "accept", mia, wanda},
	{eng, "deliverable/logo-set", v1alpha1.VerdictRevise, "accept", mia, cora},
	{asg, "assignment/shift-7", v1alpha1.VerdictStarted, "attest", wanda, ana},
	{asg, "assignment/shift-7", v1alpha1.VerdictDeclined, "attest", wanda, ana},
	{asg, "assignment/shift-7", v1alpha1.VerdictSubmitted, "attest", wanda, ana},
	{asg, "assignment/shift-7", v1alpha1.VerdictDisputed, "attest", wanda, ana},
	{asg, "assignment/shift-7", v1alpha1.VerdictAccepted, "accept", mia, wanda},
	{asg, "assignment/shift-7", v1alpha1.VerdictRevise, "accept", mia, wanda},
	{eng, "feedback/pay", v1alpha1.VerdictRaised, "attest", wanda, ana},
	{eng, "feedback/pay", v1alpha1.VerdictActioned, "attest", tom, ed},
	{eng, "end/engagement", v1alpha1.VerdictResigned, "attest", wanda, ana},
	{eng, "end/engagement", v1alpha1.VerdictEndNow, "end", sam, wanda},
	{eng, "end/engagement", v1alpha1.VerdictEndAt, "end", mia, cora},
	{eng, "access/withdraw", v1alpha1.VerdictDone, "end", sam, wanda},
	{eng, "access/withdraw", v1alpha1.VerdictLifted, "end", sam, cora},
	{granted, "access/withdraw", v1alpha1.VerdictDone, "end", sam, mia},
	{granted, "access/custody.laptop", v1alpha1.VerdictHandedOut, "attest", tom, mia},
	{granted, "access/custody.laptop", v1alpha1.VerdictReturned, "attest", tom, ana},
	{eng, "rehire/decision", v1alpha1.VerdictIneligible, "accept", tom, wanda},
	{eng, "determination/classification", v1alpha1.VerdictDetermined, "classify", lea, mia},
	{eng, "waiver/onboarding.nda", v1alpha1.VerdictWaived, "waive", tom, mia},
	{wk, "waiver/screening.portfolio", v1alpha1.VerdictWaived, "waive", tom, cora},
}

func TestEachClaimNeedsItsVerbOnTheSubject(t *testing.T) {
	plurals := map[string]string{eng: "engagements", wk: "workers", asg: "assignments", granted: "accessgrants"}
	for _, c := range claims {
		name := c.claim + " " + string(c.verdict) + " of " + c.subject
		namespace := team
		if c.subject == wk {
			namespace = pool
		}
		runAll(t, []attempt{
			{name + " by who holds the verb", "they hold " + c.verb, c.may, creating(attestation(c.subject, "spring", c.claim, c.verdict)), ""},
			{
				name + " by who does not", "they do not hold " + c.verb, c.mayNot, creating(attestation(c.subject, "spring", c.claim, c.verdict)),
				"verb: " + c.claim + " " + string(c.verdict) + " needs the verb " + c.verb + " on " + plurals[c.subject] + "/spring in namespace " + namespace,
			},
		})
	}
}

func TestAnApprovalOfAProfileNeedsGrantOnItAndNoOtherVerb(t *testing.T) {
	approving := func(profile string) *v1alpha1.Attestation {
		return attestation(eng, "spring", "approval/access."+profile, v1alpha1.VerdictApproved)
	}
	runAll(t, []attempt{
		{"its owner", "they hold grant on it", owen, creating(approving(production)), ""},
		{"the owner of another", "they hold grant on another", owen, creating(approving("tracker")), "needs the verb grant on accessprofiles/tracker"},
		{"security", "they hold grant on all", sam, creating(approving("tracker")), ""},
		{"an approver", "approve is not grant", ana, creating(approving("tracker")), "needs the verb grant on accessprofiles/tracker"},
	})
}

// Which profile it is stands in the AccessGrant, which CEL does not see: the operator asks for the verb grant.
func TestADecisionOnPreexistingAccessIsLeftToTheOperator(t *testing.T) {
	for _, subject := range []string{granted, eng} {
		runAll(t, []attempt{
			{"with the verb, of " + subject, "they hold grant on the profile", owen, creating(attestation(subject, "spring", "access/preexisting.editor", v1alpha1.VerdictKeep)), ""},
			{"without it, of " + subject, "the operator ignores it", ana, creating(attestation(subject, "spring", "access/preexisting.editor", v1alpha1.VerdictRemove)), ""},
		})
	}
}

func TestVerbsAreHeldInTheNamespaceOfTheStatement(t *testing.T) {
	elsewhere := func(a *v1alpha1.Attestation) { a.Namespace = other }
	attempt{
		reason: "she approves in another team's namespace alone", user: ed, want: "needs the verb approve on engagements/spring in namespace " + other,
		try: creating(with(attestation(eng, "spring", "approval/engagement", v1alpha1.VerdictApproved), elsewhere)),
	}.run(t)
}

func TestSpeakingForAWorkerNeedsAttestForAsWell(t *testing.T) {
	forAda := func(a *v1alpha1.Attestation) { a.Spec.OnBehalfOf = &v1alpha1.OnBehalfOf{Kind: "Worker", Name: "ada"} }
	offer := func() *v1alpha1.Attestation {
		return with(attestation(eng, "spring", "offer/ada", v1alpha1.VerdictAccepted), forAda)
	}
	runAll(t, []attempt{
		{"a coordinator", "they hold attest and attest-for", cora, creating(offer()), ""},
		{"a requester", "they hold attest alone, and would answer their own offer", mia, creating(offer()), "attest-for: a statement on behalf of a worker needs the verb attest-for on engagements/spring"},
		{"a worker for another", "they hold attest alone", wanda, creating(offer()), "attest-for: "},
		{"an integration without attest", "to speak for someone is to state", ivy, creating(offer()), "needs the verb attest on engagements/spring"},
		{"a coordinator accepting work", "attest-for is not accept", cora, creating(with(attestation(eng, "spring", "deliverable/logo", v1alpha1.VerdictAccepted), forAda)), "needs the verb accept"},
	})
}

func TestEvaluatingNeedsTheVerbOnWhatIsJudged(t *testing.T) {
	runAll(t, []attempt{
		{"an engagement", "a reviewer holds evaluate", rex, creating(evaluation(eng, "spring")), ""},
		{"an engagement without the verb", "talent operations do not judge work", tom, creating(evaluation(eng, "spring")), "evaluate: this needs the verb evaluate on engagements/spring in namespace " + team},
		{"an assignment", "a reviewer holds evaluate", rex, creating(evaluation(asg, "shift-7")), ""},
		{"an assignment without the verb", "talent operations do not judge work", tom, creating(evaluation(asg, "shift-7")), "evaluate: this needs the verb evaluate on assignments/shift-7"},
		{"a candidate", "talent operations screen", tom, creating(evaluation(wk, "ada")), ""},
		{"a candidate without the verb", "an editor of everything holds no custom verb", ed, creating(evaluation(wk, "ada")), "evaluate: this needs the verb evaluate on workers/ada in namespace " + pool},
	})
}

func TestTheOperatorAloneBindsAStatement(t *testing.T) {
	owner := func(o client.Object) {
		o.SetOwnerReferences([]metav1.OwnerReference{{APIVersion: v1alpha1.GroupVersion.String(), Kind: eng, Name: "spring", UID: "0"}})
	}
	stated := created(t, ana, attestation(eng, "spring", "approval/engagement", v1alpha1.VerdictRejected))
	judged := created(t, rex, evaluation(eng, "spring"))
	bound := created(t, ana, attestation(eng, "spring", "approval/engagement", v1alpha1.VerdictRejected))
	// An owner that exists, or the garbage collector takes the statement away.
	e := created(t, mia, engagement())
	must(t, put(t.Context(), as(t, operator), bound, func(a *v1alpha1.Attestation) {
		owner(a)
		a.OwnerReferences[0].Name, a.OwnerReferences[0].UID = e.Name, e.UID
	}))
	const want = "binding: Longshore alone binds a statement to its subject"
	runAll(t, []attempt{
		{"the operator", "it binds", operator, updating(stated, func(a *v1alpha1.Attestation) { owner(a) }), ""},
		{"at birth", "a statement is born unbound", ana, creating(with(attestation(eng, "spring", "approval/engagement", v1alpha1.VerdictApproved), func(a *v1alpha1.Attestation) { owner(a) })), want},
		{"later", "somebody would move a rejection", ed, updating(stated, func(a *v1alpha1.Attestation) { owner(a) }), want},
		{"later, an evaluation", "somebody would move it", ed, updating(judged, func(e *v1alpha1.Evaluation) { owner(e) }), want},
		{"taking it off", "it would outlive its subject", ed, updating(bound, func(a *v1alpha1.Attestation) { a.OwnerReferences = nil }), want},
		{"taking it off when the owner is gone", "that is the garbage collector's work", collects, updating(bound, func(a *v1alpha1.Attestation) { a.OwnerReferences = nil }), ""},
		{"a label", "labels say nothing to Longshore", ed, updating(bound, func(a *v1alpha1.Attestation) { a.Labels = map[string]string{"a": "b"} }), ""},
	})
}
