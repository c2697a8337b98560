package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TalentPoolStatus is what the operator knows of a pool. Engagements and assignments are counted of the namespaces that may draw on it.
type TalentPoolStatus struct {
	// observedGeneration is the generation of the spec that this status speaks of; -1 before the first look.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration"`

	// members is how many workers the selector selects.
	// +optional
	Members int32 `json:"members"`

	// screened is how many of them have passed screening.
	// +optional
	Screened int32 `json:"screened"`

	// engaged is how many of them are engaged now.
	// +optional
	Engaged int32 `json:"engaged"`

	// screening is how many members are in each state of it.
	// +optional
	Screening *ScreeningCounts `json:"screening,omitempty"`

	// tiers with their members, from the lowest to the highest.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=8
	Tiers []TierCounts `json:"tiers,omitempty"`

	// utilisation is how much of the members' time is taken, as far as engagements state requirements.hoursPerWeek.
	// +optional
	Utilisation *Utilisation `json:"utilisation,omitempty"`

	// recruiting is how many engagements look for somebody in the pool.
	// +optional
	Recruiting int32 `json:"recruiting"`

	// pendingAssignments is how many tasks and shifts of the pool nobody has yet.
	// +optional
	PendingAssignments int32 `json:"pendingAssignments"`

	// funnel counts, for each step of the screening, what became of the members in their present attempt.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=64
	Funnel []FunnelStep `json:"funnel,omitempty"`

	// times that the pool's engagements took.
	// +optional
	Times *PoolTimes `json:"times,omitempty"`

	// slowestSteps of screening, onboarding and offboarding, the slowest first.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=5
	SlowestSteps []SlowStep `json:"slowestSteps,omitempty"`

	// scores of the members who have one.
	// +optional
	Scores *ScoreDistribution `json:"scores,omitempty"`

	// prior towards which the score of a worker with few evaluations is drawn. It is replaced at most once a day, and only when the pool's mean has moved by scoring.priorDrift.
	// +optional
	Prior *Prior `json:"prior,omitempty"`

	// agreement between those who rated the same work by the same Scorecard.
	// +optional
	// +listType=map
	// +listMapKey=scorecard
	// +kubebuilder:validation:MaxItems=32
	Agreement []RaterAgreement `json:"agreement,omitempty"`

	// feedback themes of the pool's engagements and workers, the most often raised first.
	// +optional
	// +listType=map
	// +listMapKey=theme
	// +kubebuilder:validation:MaxItems=32
	Feedback []FeedbackTheme `json:"feedback,omitempty"`

	// conditions are Ready.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// ScreeningCounts is how many members are in each state of the screening.
type ScreeningCounts struct {
	// inProgress is how many are on their way through it.
	// +optional
	InProgress int32 `json:"inProgress"`

	// passed is how many may be offered work.
	// +optional
	Passed int32 `json:"passed"`

	// failed is how many failed for good in their present attempt.
	// +optional
	Failed int32 `json:"failed"`

	// lapsed is how many had passed, and a certificate or document has expired since.
	// +optional
	Lapsed int32 `json:"lapsed"`
}

// TierCounts is who is in a tier.
type TierCounts struct {
	// name of the tier.
	// +required
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name"`

	// members in it.
	// +optional
	Members int32 `json:"members"`

	// screened is how many of them have passed screening.
	// +optional
	Screened int32 `json:"screened"`

	// engaged is how many of them are engaged now.
	// +optional
	Engaged int32 `json:"engaged"`

	// demotions is how many of them are proposed for a lower tier and wait for a person's decision.
	// +optional
	Demotions int32 `json:"demotions"`
}

// Utilisation is how much of the screened members' time is taken, in hours a week. Members who state no hours are left out, and engagements that ask for none,
// without requirements.hoursPerWeek, count 0 hours: where none asks for hours it is 0 % with everybody engaged.
type Utilisation struct {
	// hoursAvailable is what they offer.
	// +optional
	HoursAvailable int32 `json:"hoursAvailable"`

	// hoursTaken is what the engagements that they hold ask for in requirements.hoursPerWeek, in this pool and in others. One without it counts 0 hours.
	// +optional
	HoursTaken int32 `json:"hoursTaken"`

	// percent of what is offered that is taken, as far as engagements state requirements.hoursPerWeek.
	// +optional
	Percent int32 `json:"percent"`
}

// FunnelStep is what became of the members at one step of the screening.
type FunnelStep struct {
	// name of the step.
	// +required
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name"`

	// entered is for how many the step was opened.
	// +optional
	Entered int32 `json:"entered"`

	// passed is how many have done it, or were waived.
	// +optional
	Passed int32 `json:"passed"`

	// failed is how many failed it for good.
	// +optional
	Failed int32 `json:"failed"`

	// waiting is for how many it is open, or may be tried again. Nobody waits whose attempt failed at another step.
	// +optional
	Waiting int32 `json:"waiting"`

	// conversion is the share that passed, of those for whom it is decided, from 0 to 1. Absent while it is decided for nobody.
	// +optional
	// +kubebuilder:validation:MaxLength=8
	Conversion string `json:"conversion,omitempty"`

	// conversionLow is the lower end of its 95 % interval, by Wilson.
	// +optional
	// +kubebuilder:validation:MaxLength=8
	ConversionLow string `json:"conversionLow,omitempty"`

	// conversionHigh is the upper end of its 95 % interval, by Wilson.
	// +optional
	// +kubebuilder:validation:MaxLength=8
	ConversionHigh string `json:"conversionHigh,omitempty"`

	// median time from the opening of the step to its decision. A step opens when the attempt has begun, its notBefore has passed and the steps are settled
	// that it depends on; lapsed training, when it lapsed. What is settled before that took no time. Absent while it is decided for nobody.
	// +optional
	Median *metav1.Duration `json:"median,omitempty"`
}

// PoolTimes are the times that the pool's engagements took.
type PoolTimes struct {
	// toFill is from the beginning of recruiting to the acceptance of the offer; amendments change nothing.
	// +optional
	ToFill *TimeTaken `json:"toFill,omitempty"`

	// toOnboard is from the acceptance to the beginning of work.
	// +optional
	ToOnboard *TimeTaken `json:"toOnboard,omitempty"`

	// toFirstAccepted is from the beginning of work to the first deliverable or assignment that was accepted.
	// +optional
	ToFirstAccepted *TimeTaken `json:"toFirstAccepted,omitempty"`
}

// TimeTaken sums up how long something took.
type TimeTaken struct {
	// median of the sample.
	// +required
	Median metav1.Duration `json:"median"`

	// p90 is what nine of ten did not exceed.
	// +required
	P90 metav1.Duration `json:"p90"`

	// sample is how many were measured.
	// +required
	Sample int32 `json:"sample"`
}

// SlowStep is a step that takes long.
type SlowStep struct {
	// step as <area>/<step>, for example onboarding/nda.
	// +required
	// +kubebuilder:validation:MaxLength=127
	Step string `json:"step"`

	// median time from its opening to its decision, as in the funnel.
	// +required
	Median metav1.Duration `json:"median"`

	// sample is how many were decided.
	// +required
	Sample int32 `json:"sample"`

	// waiting is for how many it is open, or may be tried again.
	// +optional
	Waiting int32 `json:"waiting"`
}

// ScoreDistribution is how the scores of the members lie.
type ScoreDistribution struct {
	// sample is how many members have a score.
	// +required
	Sample int32 `json:"sample"`

	// p10 is what one in ten does not exceed.
	// +optional
	// +kubebuilder:validation:MaxLength=8
	P10 string `json:"p10,omitempty"`

	// median of the scores.
	// +optional
	// +kubebuilder:validation:MaxLength=8
	Median string `json:"median,omitempty"`

	// p90 is what nine of ten do not exceed.
	// +optional
	// +kubebuilder:validation:MaxLength=8
	P90 string `json:"p90,omitempty"`

	// histogram counts the scores in ten bins of ten points, the lowest first; 100 is in the last.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=10
	Histogram []int32 `json:"histogram,omitempty"`
}

// Prior is what is assumed of a worker before anything is known of them: the pool's mean.
type Prior struct {
	// version counts the replacements, from 1.
	// +required
	Version int64 `json:"version"`

	// mean of the scores, 0 to 100 with one decimal. Version 1, before there are evaluations enough, is the middle of the scale.
	// +required
	// +kubebuilder:validation:MaxLength=8
	Mean string `json:"mean"`

	// spread is the standard deviation of evaluations of the same worker, with one decimal.
	// +required
	// +kubebuilder:validation:MaxLength=8
	Spread string `json:"spread"`

	// sample is how many evaluations it rests on.
	// +optional
	Sample int32 `json:"sample"`

	// at is when it was put in force.
	// +required
	At metav1.Time `json:"at"`
}

// RaterAgreement is how far those who rated the same work by the same Scorecard agree.
type RaterAgreement struct {
	// scorecard by which they rated, as namespace/name.
	// +required
	// +kubebuilder:validation:MaxLength=317
	Scorecard string `json:"scorecard"`

	// alpha is Krippendorff's α for interval data: 1 for perfect agreement, 0 for what chance gives, below 0 for less.
	// +optional
	// +kubebuilder:validation:MaxLength=8
	Alpha string `json:"alpha,omitempty"`

	// units is how many pieces of work at least two people rated: the periods and ends of engagements.
	// +optional
	Units int32 `json:"units"`

	// ratings is how many ratings those have.
	// +optional
	Ratings int32 `json:"ratings"`
}

// FeedbackTheme is what people said of one theme.
type FeedbackTheme struct {
	// theme of what was said, as in feedback/<theme>.
	// +required
	// +kubebuilder:validation:MaxLength=317
	Theme string `json:"theme"`

	// raised is how often it was raised.
	// +optional
	Raised int32 `json:"raised"`

	// acknowledged is how often it was acknowledged.
	// +optional
	Acknowledged int32 `json:"acknowledged"`

	// actioned is how often something was done about it.
	// +optional
	Actioned int32 `json:"actioned"`

	// oldestOpen is when it was first raised without having been actioned since, of whomever. Absent where nothing is open.
	// +optional
	OldestOpen *metav1.Time `json:"oldestOpen,omitempty"`
}
