package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Verdict is what an attestation says of its claim.
// +kubebuilder:validation:Enum=Approved;Rejected;Chosen;Passed;Accepted;Declined;Done;Failed;NoShow;Submitted;Disputed;PartlyAccepted;Revise;Raised;Acknowledged;Actioned;Resigned;EndNow;EndAt;Lifted;Started;Keep;Remove;HandedOut;Checked;Returned;Eligible;WithReview;Ineligible;Determined;Waived
type Verdict string

// The verdicts; which belong to which claim is said at Attestation.
const (
	VerdictApproved       Verdict = "Approved"
	VerdictRejected       Verdict = "Rejected"
	VerdictChosen         Verdict = "Chosen"
	VerdictPassed         Verdict = "Passed"
	VerdictAccepted       Verdict = "Accepted"
	VerdictDeclined       Verdict = "Declined"
	VerdictDone           Verdict = "Done"
	VerdictFailed         Verdict = "Failed"
	VerdictNoShow         Verdict = "NoShow"
	VerdictSubmitted      Verdict = "Submitted"
	VerdictDisputed       Verdict = "Disputed"
	VerdictPartlyAccepted Verdict = "PartlyAccepted"
	VerdictRevise         Verdict = "Revise"
	VerdictRaised         Verdict = "Raised"
	VerdictAcknowledged   Verdict = "Acknowledged"
	VerdictActioned       Verdict = "Actioned"
	VerdictResigned       Verdict = "Resigned"
	VerdictEndNow         Verdict = "EndNow"
	VerdictEndAt          Verdict = "EndAt"
	VerdictLifted         Verdict = "Lifted"
	VerdictStarted        Verdict = "Started"
	VerdictKeep           Verdict = "Keep"
	VerdictRemove         Verdict = "Remove"
	VerdictHandedOut      Verdict = "HandedOut"
	VerdictChecked        Verdict = "Checked"
	VerdictReturned       Verdict = "Returned"
	VerdictEligible       Verdict = "Eligible"
	VerdictWithReview     Verdict = "WithReview"
	VerdictIneligible     Verdict = "Ineligible"
	VerdictDetermined     Verdict = "Determined"
	VerdictWaived         Verdict = "Waived"
)

// ReviseCause says who caused a round of revision.
// +kubebuilder:validation:Enum=Client;Worker
type ReviseCause string

// The causes of a revision.
const (
	CauseClient ReviseCause = "Client"
	CauseWorker ReviseCause = "Worker"
)

// SubjectReference names what an attestation is about.
// +kubebuilder:validation:XValidation:rule="(self.kind == 'Worker') == has(self.poolRef)",message="poolRef is given with kind Worker, and only then"
type SubjectReference struct {
	// kind of the subject: Engagement, Worker, Assignment or AccessGrant.
	// +required
	// +kubebuilder:validation:Enum=Engagement;Worker;Assignment;AccessGrant
	Kind string `json:"kind"`

	// name of the subject, in the attestation's namespace.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`

	// poolRef is the pool in which a worker is spoken of.
	// +optional
	PoolRef *LocalReference `json:"poolRef,omitempty"`
}

// AttestationSpec is a statement that something happened or was decided.
// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="an attestation is immutable: create a new one"
// +kubebuilder:validation:XValidation:rule="!self.claim.startsWith('approval/') || self.claim in ['approval/engagement', 'approval/amendment', 'approval/demotion', 'approval/rehire'] || self.claim.startsWith('approval/stage.') || self.claim.startsWith('approval/access.')",message="approve engagement, amendment, stage.<name>, access.<profile>, demotion or rehire"
// +kubebuilder:validation:XValidation:rule="!self.claim.startsWith('approval/') || self.verdict in ['Approved', 'Rejected']",message="an approval is Approved or Rejected"
// +kubebuilder:validation:XValidation:rule="!self.claim.startsWith('approval/') || self.claim in ['approval/demotion', 'approval/rehire'] || has(self.terms)",message="an approval carries terms, the hash in status.proposed.hash"
// +kubebuilder:validation:XValidation:rule="!self.claim.startsWith('selection/') || self.verdict in ['Chosen', 'Passed']",message="a selection is Chosen or Passed"
// +kubebuilder:validation:XValidation:rule="!self.claim.startsWith('offer/') || (self.verdict in ['Accepted', 'Declined'] && has(self.terms))",message="an offer is Accepted or Declined, with terms, the offer's hash"
// +kubebuilder:validation:XValidation:rule="!(self.claim.startsWith('screening/') || self.claim.startsWith('onboarding/') || self.claim.startsWith('offboarding/')) || self.verdict in ['Done', 'Failed']",message="a step is Done or Failed"
// +kubebuilder:validation:XValidation:rule="!self.claim.startsWith('start/') || (self.claim == 'start/confirmed' && self.verdict in ['Done', 'NoShow'])",message="start/confirmed is Done or NoShow"
// +kubebuilder:validation:XValidation:rule="!self.claim.startsWith('deliverable/') || self.verdict in ['Submitted', 'Disputed', 'Accepted', 'PartlyAccepted', 'Revise']",message="a deliverable is Submitted, Disputed, Accepted, PartlyAccepted or Revise"
// +kubebuilder:validation:XValidation:rule="!self.claim.startsWith('assignment/') || self.verdict in ['Started', 'Declined', 'Submitted', 'Disputed', 'Accepted', 'Revise']",message="an assignment is Started, Declined, Submitted, Disputed, Accepted or Revise"
// +kubebuilder:validation:XValidation:rule="self.claim != 'approval/demotion' || (has(self.note) && self.note.trim().size() > 0)",message="a decision on a demotion states its reason in note"
// +kubebuilder:validation:XValidation:rule="!self.claim.startsWith('feedback/') || self.verdict in ['Raised', 'Acknowledged', 'Actioned']",message="feedback is Raised, Acknowledged or Actioned"
// +kubebuilder:validation:XValidation:rule="!self.claim.startsWith('end/') || (self.claim == 'end/engagement' && self.verdict in ['Resigned', 'EndNow', 'EndAt'])",message="end/engagement is Resigned, EndNow or EndAt"
// +kubebuilder:validation:XValidation:rule="self.claim != 'access/withdraw' || self.verdict in ['Done', 'Lifted']",message="access/withdraw is Done or Lifted"
// +kubebuilder:validation:XValidation:rule="!self.claim.startsWith('access/preexisting.') || self.verdict in ['Keep', 'Remove']",message="access/preexisting.<entitlement> is Keep or Remove"
// +kubebuilder:validation:XValidation:rule="!self.claim.startsWith('access/custody.') || self.verdict in ['HandedOut', 'Checked', 'Returned']",message="access/custody.<entitlement> is HandedOut, Checked or Returned"
// +kubebuilder:validation:XValidation:rule="!self.claim.startsWith('access/') || self.claim == 'access/withdraw' || self.claim.startsWith('access/preexisting.') || self.claim.startsWith('access/custody.')",message="of access, say access/withdraw, access/preexisting.<entitlement> or access/custody.<entitlement>"
// +kubebuilder:validation:XValidation:rule="!self.claim.startsWith('rehire/') || (self.claim == 'rehire/decision' && self.verdict in ['Eligible', 'WithReview', 'Ineligible'])",message="rehire/decision is Eligible, WithReview or Ineligible"
// +kubebuilder:validation:XValidation:rule="!self.claim.startsWith('determination/') || (self.claim == 'determination/classification' && self.verdict == 'Determined' && has(self.workerType) && has(self.terms))",message="determination/classification is Determined, with workerType and terms, the hash in status.proposed.classification"
// +kubebuilder:validation:XValidation:rule="!self.claim.startsWith('waiver/') || (self.verdict == 'Waived' && self.claim.matches('^waiver/(screening|onboarding|offboarding)[.].+$'))",message="waiver/<screening, onboarding or offboarding>.<step> is Waived"
// +kubebuilder:validation:XValidation:rule="self.verdict == 'Revise' || !has(self.cause)",message="cause is given with Revise only"
// +kubebuilder:validation:XValidation:rule="(self.verdict == 'PartlyAccepted') == has(self.amount)",message="amount is given with PartlyAccepted, and only then"
// +kubebuilder:validation:XValidation:rule="self.verdict != 'EndAt' || has(self.effective)",message="EndAt needs effective"
// +kubebuilder:validation:XValidation:rule="self.verdict in ['EndAt', 'Resigned'] || !has(self.effective)",message="effective is given with EndAt or Resigned only"
type AttestationSpec struct {
	// subjectRef is what the statement is about.
	// +required
	SubjectRef SubjectReference `json:"subjectRef"`

	// claim that is made, as <area>/<item>, for example onboarding/nda.
	// +required
	// +kubebuilder:validation:Pattern=`^(approval|selection|offer|screening|onboarding|offboarding|start|deliverable|assignment|feedback|end|access|rehire|determination|waiver)/[A-Za-z0-9]([-.A-Za-z0-9]*[A-Za-z0-9])?$`
	// +kubebuilder:validation:MaxLength=317
	Claim string `json:"claim"`

	// verdict on the claim.
	// +required
	Verdict Verdict `json:"verdict"`

	// terms is the hash of what was read: status.proposed.hash for approvals, status.recruitment.offer.hash for offers, status.proposed.classification for a
	// determination. Consent covers exactly that.
	// +optional
	// +kubebuilder:validation:Pattern=`^sha256:[0-9a-f]{64}$`
	// +kubebuilder:validation:MaxLength=71
	Terms string `json:"terms,omitempty"`

	// cause of a Revise: Client or Worker. Default: Worker.
	// +optional
	Cause ReviseCause `json:"cause,omitempty"`

	// effective time of EndAt or Resigned. Default for Resigned: now plus the notice period. In the years 2000 to 2199.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Format=date-time
	// +kubebuilder:validation:Pattern=`^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$`
	// +kubebuilder:validation:XValidation:rule="self >= timestamp('2000-01-01T00:00:00Z') && self < timestamp('2200-01-01T00:00:00Z')",message="must be in the years 2000 to 2199 (UTC)"
	Effective *metav1.Time `json:"effective,omitempty"`

	// workerType that was determined.
	// +optional
	WorkerType WorkerType `json:"workerType,omitempty"`

	// score of a training gate or an interview, 0 to 100.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100
	Score *int32 `json:"score,omitempty"`

	// amount of a part acceptance, in the budget's currency.
	// +optional
	// +kubebuilder:validation:Pattern=`^[0-9]{1,12}(\.[0-9]{1,3})?$`
	// +kubebuilder:validation:MaxLength=16
	Amount string `json:"amount,omitempty"`

	// evidence behind the statement.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=8
	Evidence []Evidence `json:"evidence,omitempty"`

	// note for people; it is not copied anywhere.
	// +optional
	// +kubebuilder:validation:MaxLength=4096
	Note string `json:"note,omitempty"`

	// onBehalfOf names the worker whose statement an integration passes on; it needs the verb attest-for, and both identities are kept.
	// +optional
	OnBehalfOf *OnBehalfOf `json:"onBehalfOf,omitempty"`

	// author is filled in at admission when absent; any other value than the caller is refused.
	// +optional
	Author *Author `json:"author,omitempty"`
}

// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:path=attestations,shortName=att,categories=longshore
// +kubebuilder:selectablefield:JSONPath=`.spec.subjectRef.kind`
// +kubebuilder:selectablefield:JSONPath=`.spec.subjectRef.name`
// +kubebuilder:selectablefield:JSONPath=`.spec.claim`
// +kubebuilder:printcolumn:name="Kind",type=string,JSONPath=`.spec.subjectRef.kind`
// +kubebuilder:printcolumn:name="Subject",type=string,JSONPath=`.spec.subjectRef.name`
// +kubebuilder:printcolumn:name="Claim",type=string,JSONPath=`.spec.claim`
// +kubebuilder:printcolumn:name="Verdict",type=string,JSONPath=`.spec.verdict`
// +kubebuilder:printcolumn:name="Author",type=string,JSONPath=`.spec.author.username`
// +kubebuilder:printcolumn:name="Standing",type=string,JSONPath=`.status.state`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Why",type=string,JSONPath=`.status.message`,priority=1

// Attestation is an immutable, authenticated statement that something happened or was decided: the one way a human fact enters.
// It counts only if created after its subject. The operator binds it to the subject's UID by an owner reference and records it there,
// so that deleting it undoes nothing and nothing outlives the subject under the same name. It gets a status only when it does not count.
type Attestation struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is the statement.
	// +required
	Spec AttestationSpec `json:"spec"`

	// status says why the statement does not count; absent while it does.
	// +optional
	Status *Standing `json:"status,omitempty"`
}

// +kubebuilder:object:root=true

// AttestationList is a list of Attestations.
type AttestationList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Attestation `json:"items"`
}
