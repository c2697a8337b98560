package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

const (
	// EngagementFinalizer keeps an Engagement until its access is revoked and its Dossier sealed.
	EngagementFinalizer = "gig.longshore.dev/engagement"
	// GrantFinalizer keeps an AccessGrant until its revocation is proven and sealed.
	GrantFinalizer = "gig.longshore.dev/access"
	// ProviderFinalizer keeps an AccessProvider while any revocation is owed on it.
	ProviderFinalizer = "gig.longshore.dev/provider"
	// ManagedByLabel marks what Longshore made, in this cluster and in others.
	ManagedByLabel = "app.kubernetes.io/managed-by"
	// ManagedByValue is the value of ManagedByLabel on what Longshore made.
	ManagedByValue = "longshore"
	// EngagementLabel carries the engagement's name on its AccessGrants.
	EngagementLabel = "gig.longshore.dev/engagement"
	// RequestedAtAnnotation on an Engagement or an AccessProvider asks, with each new value, that its access be read back at once, and put right.
	RequestedAtAnnotation = "gig.longshore.dev/requested-at"
)

// LocalReference names an object in the same namespace.
type LocalReference struct {
	// name of the object.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`
}

// ClusterReference names a cluster-scoped object.
type ClusterReference struct {
	// name of the object.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`
}

// PoolReference names a TalentPool, which may live in another namespace if it allows this one.
type PoolReference struct {
	// name of the TalentPool.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`

	// namespace of the TalentPool. Default: the referring object's own. The pool must list the referring namespace in allowedNamespaces.
	// +optional
	// +kubebuilder:validation:MaxLength=63
	Namespace string `json:"namespace,omitempty"`
}

// SubjectKind says what sort of identity a Subject is.
// +kubebuilder:validation:Enum=User;Group;ServiceAccount
type SubjectKind string

// The kinds of Subject, as in Kubernetes RBAC.
const (
	SubjectUser           SubjectKind = "User"
	SubjectGroup          SubjectKind = "Group"
	SubjectServiceAccount SubjectKind = "ServiceAccount"
)

// Subject is an identity known to the API server.
type Subject struct {
	// kind of identity: User, Group or ServiceAccount.
	// +required
	Kind SubjectKind `json:"kind"`

	// name of the identity as the API server authenticates it; a service account as namespace:name or with its full system:serviceaccount: prefix.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=256
	Name string `json:"name"`
}

// Money is an amount in one currency. Amounts are summed in thousandths, never as floating point; unequal currencies are refused, never converted.
type Money struct {
	// currency is an ISO 4217 code, for example USD.
	// +required
	// +kubebuilder:validation:Pattern=`^[A-Z]{3}$`
	// +kubebuilder:validation:MinLength=3
	// +kubebuilder:validation:MaxLength=3
	Currency string `json:"currency"`

	// amount is a non-negative decimal with at most three places, for example "5000" or "12.5".
	// +required
	// +kubebuilder:validation:Pattern=`^[0-9]{1,12}(\.[0-9]{1,3})?$`
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=16
	Amount string `json:"amount"`
}

// RateUnit says what a rate is paid for.
// +kubebuilder:validation:Enum=Hour;Day;Unit;Deliverable;Fixed
type RateUnit string

// The units of a rate.
const (
	PerHour        RateUnit = "Hour"
	PerDay         RateUnit = "Day"
	PerUnit        RateUnit = "Unit"
	PerDeliverable RateUnit = "Deliverable"
	PerFixed       RateUnit = "Fixed"
)

// Rate is money for a unit of work.
type Rate struct {
	// currency is an ISO 4217 code, for example USD.
	// +required
	// +kubebuilder:validation:Pattern=`^[A-Z]{3}$`
	// +kubebuilder:validation:MinLength=3
	// +kubebuilder:validation:MaxLength=3
	Currency string `json:"currency"`

	// amount for one unit: a non-negative decimal with at most three places.
	// +required
	// +kubebuilder:validation:Pattern=`^[0-9]{1,12}(\.[0-9]{1,3})?$`
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=16
	Amount string `json:"amount"`

	// per is the unit: Hour, Day, Unit, Deliverable, or Fixed for the whole engagement.
	// +required
	Per RateUnit `json:"per"`
}

// WorkerType is the legal form under which a person works.
// +kubebuilder:validation:Enum=IndependentContractor;AgencyWorker;PayrolledWorker;ServiceProvider;FixedTermEmployee
type WorkerType string

// The worker types.
const (
	IndependentContractor WorkerType = "IndependentContractor"
	AgencyWorker          WorkerType = "AgencyWorker"
	PayrolledWorker       WorkerType = "PayrolledWorker"
	ServiceProvider       WorkerType = "ServiceProvider"
	FixedTermEmployee     WorkerType = "FixedTermEmployee"
)

// Evidence points at a document outside the cluster.
type Evidence struct {
	// uri where the evidence is kept.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	URI string `json:"uri"`

	// sha256 is the document's digest in lower-case hexadecimal.
	// +optional
	// +kubebuilder:validation:Pattern=`^[0-9a-f]{64}$`
	// +kubebuilder:validation:MaxLength=64
	SHA256 string `json:"sha256,omitempty"`
}

// Author is who said it, as the API server authenticated them. It is filled in at admission when absent; any other value is refused.
type Author struct {
	// username as the API server authenticated it.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=256
	Username string `json:"username"`
}

// OnBehalfOf names the person whose statement an integration passes on.
type OnBehalfOf struct {
	// kind of the person's object: Worker.
	// +required
	// +kubebuilder:validation:Enum=Worker
	Kind string `json:"kind"`

	// name of the Worker, in the pool's namespace.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`
}

// ObjectVersion identifies one generation of one object.
type ObjectVersion struct {
	// name of the object.
	// +required
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`

	// uid of the object.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=64
	UID types.UID `json:"uid,omitempty"`

	// generation of the object's spec.
	// +optional
	Generation int64 `json:"generation,omitempty"`
}

// Rehire says whether a person may be engaged again.
// +kubebuilder:validation:Enum=Eligible;WithReview;Ineligible
type Rehire string

// The rehire decisions.
const (
	RehireEligible   Rehire = "Eligible"
	RehireWithReview Rehire = "WithReview"
	RehireIneligible Rehire = "Ineligible"
)

// WaitingFor says what an object waits for, and for whom.
type WaitingFor struct {
	// what is awaited, as <area>/<item>, for example onboarding/nda.
	// +required
	// +kubebuilder:validation:MaxLength=317
	What string `json:"what"`

	// who is awaited: a contact's role, Worker, Supplier, Approver, Requester, Reviewer, Custodian, or Operator for the operator itself.
	// +required
	// +kubebuilder:validation:MaxLength=63
	Who string `json:"who"`

	// subject is the awaited identity, where it is known by name.
	// +optional
	Subject *Subject `json:"subject,omitempty"`

	// since when it is awaited.
	// +required
	Since metav1.Time `json:"since"`

	// due is when the wait becomes overdue, if it has a limit.
	// +optional
	Due *metav1.Time `json:"due,omitempty"`

	// message says in words what is awaited and what to do next.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	Message string `json:"message,omitempty"`
}

// StepState says how far a checklist step is.
// +kubebuilder:validation:Enum=Pending;Open;Done;Failed;Waived;Dropped;NotDone
type StepState string

// The states of a step.
const (
	// StepPending waits for other steps or for its time.
	StepPending StepState = "Pending"
	// StepOpen waits for its actor.
	StepOpen StepState = "Open"
	// StepDone is done.
	StepDone StepState = "Done"
	// StepFailed was attested as failed; training may be tried again while attempts are left.
	StepFailed StepState = "Failed"
	// StepWaived was waived by someone with the verb waive.
	StepWaived StepState = "Waived"
	// StepDropped is left out by the fast track or for want of what it concerns.
	StepDropped StepState = "Dropped"
	// StepNotDone was still undone when the file was sealed.
	StepNotDone StepState = "NotDone"
)

// StepStatus is what the operator knows of one checklist step.
type StepStatus struct {
	// name of the step.
	// +required
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name"`

	// state of the step: Pending, Open, Done, Failed, Waived, Dropped or NotDone.
	// +required
	State StepState `json:"state"`

	// since when the step has been in this state.
	// +optional
	Since *metav1.Time `json:"since,omitempty"`

	// due is when an open step becomes overdue.
	// +optional
	Due *metav1.Time `json:"due,omitempty"`

	// attestation is the name of the attestation that decided the state.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	Attestation string `json:"attestation,omitempty"`

	// score is a training gate's result, 0 to 100.
	// +optional
	Score *int32 `json:"score,omitempty"`

	// attempts is how often a training gate was tried.
	// +optional
	Attempts int32 `json:"attempts,omitempty"`

	// message says why the step is where it is.
	// +optional
	// +kubebuilder:validation:MaxLength=512
	Message string `json:"message,omitempty"`
}

// Standing says that an Attestation or an Evaluation does not count, and why. It is absent while the statement counts.
type Standing struct {
	// state is Ignored when the statement means nothing or is self-dealing, Invalid when its content cannot count.
	// +optional
	// +kubebuilder:validation:Enum=Ignored;Invalid
	State string `json:"state,omitempty"`

	// reason is a CamelCase word for programs.
	// +optional
	// +kubebuilder:validation:MaxLength=63
	Reason string `json:"reason,omitempty"`

	// message says what is wrong and what to do.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	Message string `json:"message,omitempty"`
}

// The states of a Standing.
const (
	StandingIgnored = "Ignored"
	StandingInvalid = "Invalid"
)
