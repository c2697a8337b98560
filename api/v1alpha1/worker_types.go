package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// WorkerSpec is what is known of one person. Creating a Worker, or changing personKey, identities, documents, jurisdiction or username, needs the verb identify.
type WorkerSpec struct {
	// personKey is an opaque key that joins one human's Worker objects across namespaces and suppliers, for tenure, concurrency and rehire. It never changes.
	// +required
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="personKey is immutable: it stands for a person"
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	PersonKey string `json:"personKey"`

	// username is the person's own cluster account, if any; with it they attest for themselves. Workers of one namespace share it only where they share
	// the personKey: until that is mended, those who do not are not Ready, and are screened and offered work all the same.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	// +kubebuilder:validation:XValidation:rule="!self.startsWith('system:')",message="a system: identity belongs to no person"
	Username string `json:"username,omitempty"`

	// skills with their levels.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=64
	Skills []Skill `json:"skills,omitempty"`

	// languages as BCP 47 tags.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MaxLength=35
	// +kubebuilder:validation:items:Pattern=`^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$`
	Languages []string `json:"languages,omitempty"`

	// timeZone is the IANA time zone where the person works, for example Europe/Lisbon. Under a name that the IANA database does not have the Worker is
	// not Ready, and counts as one who states no zone.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	TimeZone string `json:"timeZone,omitempty"`

	// jurisdiction where the person works, as ISO 3166 country or subdivision.
	// +optional
	// +kubebuilder:validation:Pattern=`^[A-Z]{2}(-[A-Z0-9]{1,3})?$`
	// +kubebuilder:validation:MaxLength=6
	Jurisdiction string `json:"jurisdiction,omitempty"`

	// rate is the person's base rate, before any tier's multiplier.
	// +optional
	Rate *Rate `json:"rate,omitempty"`

	// availability says when the person can work.
	// +optional
	Availability *Availability `json:"availability,omitempty"`

	// preferences are what the person would rather do; they never exclude.
	// +optional
	Preferences *Preferences `json:"preferences,omitempty"`

	// segments the person belongs to, for planning, for example strategic.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MaxLength=63
	Segments []string `json:"segments,omitempty"`

	// portfolio of earlier work.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=32
	Portfolio []Evidence `json:"portfolio,omitempty"`

	// identities of the person in target systems, by AccessProvider.
	// +optional
	// +listType=map
	// +listMapKey=provider
	// +kubebuilder:validation:MaxItems=32
	Identities []Identity `json:"identities,omitempty"`

	// documents of the person, for example a work permit.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=64
	Documents []WorkerDocument `json:"documents,omitempty"`

	// supplier who sends the person, for agency workers.
	// +optional
	// +kubebuilder:validation:MaxLength=128
	Supplier string `json:"supplier,omitempty"`

	// contactSecretRef names a Secret with contact data. The operator never reads it.
	// +optional
	ContactSecretRef *LocalReference `json:"contactSecretRef,omitempty"`
}

// Skill is one skill at one level.
type Skill struct {
	// name of the skill.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name"`

	// level from 1 (beginner) to 5 (expert). Default: 1.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=5
	Level int32 `json:"level,omitempty"`
}

// Availability says when a person can work.
// +kubebuilder:validation:XValidation:rule="!has(self.from) || !has(self.until) || timestamp(self.until) > timestamp(self.from)",message="until must be after from"
type Availability struct {
	// hoursPerWeek in all. Default: not stated, not limited.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=168
	HoursPerWeek int32 `json:"hoursPerWeek,omitempty"`

	// from when. In the years 2000 to 2199.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Format=date-time
	// +kubebuilder:validation:Pattern=`^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$`
	// +kubebuilder:validation:XValidation:rule="self >= timestamp('2000-01-01T00:00:00Z') && self < timestamp('2200-01-01T00:00:00Z')",message="must be in the years 2000 to 2199 (UTC)"
	From *metav1.Time `json:"from,omitempty"`

	// until when. In the years 2000 to 2199.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Format=date-time
	// +kubebuilder:validation:Pattern=`^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$`
	// +kubebuilder:validation:XValidation:rule="self >= timestamp('2000-01-01T00:00:00Z') && self < timestamp('2200-01-01T00:00:00Z')",message="must be in the years 2000 to 2199 (UTC)"
	Until *metav1.Time `json:"until,omitempty"`

	// shifts that the person can take, by the pool's own names.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MaxLength=63
	Shifts []string `json:"shifts,omitempty"`
}

// Preferences are what a person would rather do.
type Preferences struct {
	// shifts that the person likes, with weights.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=64
	Shifts []ShiftPreference `json:"shifts,omitempty"`
}

// ShiftPreference is how much a person likes a shift.
type ShiftPreference struct {
	// name of the shift.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name"`

	// weight from 1 to 100.
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100
	Weight int32 `json:"weight"`
}

// Identity is a person's account in one target system.
type Identity struct {
	// provider is the AccessProvider's name.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Provider string `json:"provider"`

	// subject is the account, as the provider names it: for Kubernetes a username, never one that begins with system:.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	Subject string `json:"subject"`
}

// WorkerDocument is one document of a person.
type WorkerDocument struct {
	// name of the document, for example work-permit.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name"`

	// uri where it is kept.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	URI string `json:"uri"`

	// sha256 is the document's digest in lower-case hexadecimal.
	// +optional
	// +kubebuilder:validation:Pattern=`^[0-9a-f]{64}$`
	// +kubebuilder:validation:MaxLength=64
	SHA256 string `json:"sha256,omitempty"`

	// expiresAt is when it stops being valid. Default: never. In the years 2000 to 2199.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Format=date-time
	// +kubebuilder:validation:Pattern=`^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$`
	// +kubebuilder:validation:XValidation:rule="self >= timestamp('2000-01-01T00:00:00Z') && self < timestamp('2200-01-01T00:00:00Z')",message="must be in the years 2000 to 2199 (UTC)"
	ExpiresAt *metav1.Time `json:"expiresAt,omitempty"`
}

// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:path=workers,shortName=wk,categories=longshore
// +kubebuilder:selectablefield:JSONPath=`.spec.personKey`
// +kubebuilder:printcolumn:name="Pools",type=string,JSONPath=`.status.pools[*].name`
// +kubebuilder:printcolumn:name="Screening",type=string,JSONPath=`.status.pools[*].screening`
// +kubebuilder:printcolumn:name="Tier",type=string,JSONPath=`.status.pools[*].tier`
// +kubebuilder:printcolumn:name="Score",type=string,JSONPath=`.status.pools[*].score.value`
// +kubebuilder:printcolumn:name="Engagements",type=string,JSONPath=`.status.engagements[*]`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Jurisdiction",type=string,JSONPath=`.spec.jurisdiction`,priority=1
// +kubebuilder:printcolumn:name="Supplier",type=string,JSONPath=`.spec.supplier`,priority=1

// Worker is one person: skills, rate, availability, jurisdiction, identities in target systems, documents. Its status says, for each pool, how the screening stands, the tier and the score. Tenure is counted for each engagement, in its status.compliance.tenure.
type Worker struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is what is known of the person.
	// +required
	Spec WorkerSpec `json:"spec"`

	// status is what the operator knows.
	// +optional
	// +default={"observedGeneration": -1}
	Status WorkerStatus `json:"status,omitzero"`
}

// +kubebuilder:object:root=true

// WorkerList is a list of Workers.
type WorkerList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Worker `json:"items"`
}
