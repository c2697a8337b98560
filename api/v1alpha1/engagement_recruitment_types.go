package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Requirements are what a worker must bring.
type Requirements struct {
	// skills asked for.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=32
	Skills []SkillRequirement `json:"skills,omitempty"`

	// languages asked for, as BCP 47 tags; all of them.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MaxLength=35
	// +kubebuilder:validation:items:Pattern=`^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$`
	Languages []string `json:"languages,omitempty"`

	// minTier is the lowest tier of the pool that will do.
	// +optional
	// +kubebuilder:validation:MaxLength=63
	MinTier string `json:"minTier,omitempty"`

	// hoursPerWeek asked for; a worker must have that many free.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=168
	HoursPerWeek int32 `json:"hoursPerWeek,omitempty"`

	// documents that a worker must hold, by their names in Worker.spec.documents, unexpired until the end of the statement of work.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=63
	Documents []string `json:"documents,omitempty"`

	// timeZoneOverlap asked for with the team's working day.
	// +optional
	TimeZoneOverlap *TimeZoneOverlap `json:"timeZoneOverlap,omitempty"`
}

// SkillRequirement asks for one skill.
type SkillRequirement struct {
	// name of the skill.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name"`

	// minLevel is the lowest level that counts, 1 (beginner) to 5 (expert). Default: 1.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=5
	MinLevel int32 `json:"minLevel,omitempty"`

	// weight of the skill in ranking. Default: 1.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100
	Weight int32 `json:"weight,omitempty"`

	// required excludes workers without the skill at minLevel. Default: false, the skill only ranks.
	// +optional
	Required bool `json:"required,omitempty"`
}

// TimeZoneOverlap asks for hours in common with a working day of 09:00 to 17:00 in a zone.
type TimeZoneOverlap struct {
	// zone is an IANA time zone, for example Europe/London.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	Zone string `json:"zone"`

	// hours in common, on every working day of the engagement, daylight saving time included.
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=8
	Hours int32 `json:"hours"`
}

// Selection says who chooses the worker.
// +kubebuilder:validation:Enum=Requester;Automatic
type Selection string

// The ways to choose.
const (
	// SelectionRequester lets a person choose from the ranked shortlist.
	SelectionRequester Selection = "Requester"
	// SelectionAutomatic offers to the best candidate.
	SelectionAutomatic Selection = "Automatic"
)

// Recruitment says how a worker is chosen.
type Recruitment struct {
	// selection is Requester (a person chooses from the ranked shortlist) or Automatic (the best candidate is offered the work). Default: Requester.
	// +optional
	Selection Selection `json:"selection,omitempty"`

	// shortlist is how many candidates are put before the requester. Default: 3.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=20
	Shortlist int32 `json:"shortlist,omitempty"`

	// offerTimeout is how long an offer or an amendment waits for its answer, as a Go duration of at least 1s. Default: 48h.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=20
	// +kubebuilder:validation:Pattern=`^([0-9]{1,5}(ms|s|m|h))+$`
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('1s')",message="must be at least 1s"
	OfferTimeout *metav1.Duration `json:"offerTimeout,omitempty"`

	// fillBy is when an unfilled engagement is escalated to its Manager contact; recruiting goes on until the end. In the years 2000 to 2199.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Format=date-time
	// +kubebuilder:validation:Pattern=`^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$`
	// +kubebuilder:validation:XValidation:rule="self >= timestamp('2000-01-01T00:00:00Z') && self < timestamp('2200-01-01T00:00:00Z')",message="must be in the years 2000 to 2199 (UTC)"
	FillBy *metav1.Time `json:"fillBy,omitempty"`
}

// CandidateState says how far a candidate is.
// +kubebuilder:validation:Enum=Excluded;Eligible;Shortlisted;Chosen;Passed;Offered;Declined;TimedOut;Accepted
type CandidateState string

// The states of a candidate.
const (
	CandidateExcluded    CandidateState = "Excluded"
	CandidateEligible    CandidateState = "Eligible"
	CandidateShortlisted CandidateState = "Shortlisted"
	CandidateChosen      CandidateState = "Chosen"
	CandidatePassed      CandidateState = "Passed"
	CandidateOffered     CandidateState = "Offered"
	CandidateDeclined    CandidateState = "Declined"
	CandidateTimedOut    CandidateState = "TimedOut"
	CandidateAccepted    CandidateState = "Accepted"
)

// RecruitmentStatus is how the search goes.
type RecruitmentStatus struct {
	// candidates considered: the best ones, and as many of the excluded with their reason as fit.
	// +optional
	// +listType=map
	// +listMapKey=worker
	// +kubebuilder:validation:MaxItems=50
	Candidates []Candidate `json:"candidates,omitempty"`

	// considered is how many members of the pool were looked at.
	// +optional
	Considered int32 `json:"considered,omitempty"`

	// eligible is how many of them could do the work.
	// +optional
	Eligible int32 `json:"eligible,omitempty"`

	// offer that is open or was accepted.
	// +optional
	Offer *Offer `json:"offer,omitempty"`

	// refusals are the offers that were declined or not answered in time.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=200
	Refusals []Refusal `json:"refusals,omitempty"`
}

// Candidate is one worker who was considered.
type Candidate struct {
	// worker is the Worker's name.
	// +required
	// +kubebuilder:validation:MaxLength=253
	Worker string `json:"worker"`

	// score by which candidates are ranked, 0 to 100 with one decimal.
	// +optional
	// +kubebuilder:validation:MaxLength=8
	Score string `json:"score,omitempty"`

	// parts of the score, by name.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=8
	Parts []ScorePart `json:"parts,omitempty"`

	// state of the candidate.
	// +required
	State CandidateState `json:"state"`

	// reason why an excluded candidate is excluded, or why an eligible one is not offered the work.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	Reason string `json:"reason,omitempty"`
}

// ScorePart is one part of a candidate's score.
type ScorePart struct {
	// name of the part: skills, performance, tier, cost, load or timeZone; of an assignment also preference.
	// +required
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name"`

	// value of the part, 0 to 100 with one decimal.
	// +required
	// +kubebuilder:validation:MaxLength=8
	Value string `json:"value"`
}

// Offer is made to one worker at a time.
type Offer struct {
	// worker to whom the offer is made.
	// +required
	// +kubebuilder:validation:MaxLength=253
	Worker string `json:"worker"`

	// workerUID pins the person.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=64
	WorkerUID types.UID `json:"workerUID,omitempty"`

	// rate offered.
	// +optional
	Rate *Rate `json:"rate,omitempty"`

	// tier of the worker when the offer was made.
	// +optional
	// +kubebuilder:validation:MaxLength=63
	Tier string `json:"tier,omitempty"`

	// hash of what is offered, as sha256:<hex>: the proposed terms, the worker and the rate. Accepted must carry it.
	// +required
	// +kubebuilder:validation:MaxLength=71
	Hash string `json:"hash"`

	// offeredAt is when.
	// +required
	OfferedAt metav1.Time `json:"offeredAt"`

	// expiresAt is when the next candidate is offered the work.
	// +required
	ExpiresAt metav1.Time `json:"expiresAt"`
}

// Refusal is an offer that was declined or not answered.
type Refusal struct {
	// worker who refused.
	// +required
	// +kubebuilder:validation:MaxLength=253
	Worker string `json:"worker"`

	// hash of what was offered.
	// +required
	// +kubebuilder:validation:MaxLength=71
	Hash string `json:"hash"`

	// state is Declined or TimedOut.
	// +required
	State CandidateState `json:"state"`

	// at is when.
	// +required
	At metav1.Time `json:"at"`
}
