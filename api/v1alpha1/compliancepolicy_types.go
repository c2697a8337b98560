package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Enforcement says what happens when a rule does not hold.
// +kubebuilder:validation:Enum=Deny;RequireApproval;Warn;End
type Enforcement string

// The enforcements.
const (
	// EnforceDeny holds the engagement: nobody is engaged, and nothing new or wider is granted.
	EnforceDeny Enforcement = "Deny"
	// EnforceRequireApproval asks for one approver more.
	EnforceRequireApproval Enforcement = "RequireApproval"
	// EnforceWarn only tells.
	EnforceWarn Enforcement = "Warn"
	// EnforceEnd holds the engagement before somebody has accepted, and ends it afterwards; access is revoked first.
	EnforceEnd Enforcement = "End"
)

// CompliancePolicySpec is a set of dated, sourced rules.
// +kubebuilder:validation:XValidation:rule="!has(self.effectiveTo) || timestamp(self.effectiveTo) > timestamp(self.effectiveFrom)",message="effectiveTo must be after effectiveFrom"
type CompliancePolicySpec struct {
	// description for people. None of this is legal advice.
	// +optional
	// +kubebuilder:validation:MaxLength=4096
	Description string `json:"description,omitempty"`

	// appliesTo selects engagements; what is absent selects all.
	// +optional
	AppliesTo *PolicySelector `json:"appliesTo,omitempty"`

	// effectiveFrom is when the policy begins to apply. In the years 2000 to 2199.
	// +required
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Format=date-time
	// +kubebuilder:validation:Pattern=`^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$`
	// +kubebuilder:validation:XValidation:rule="self >= timestamp('2000-01-01T00:00:00Z') && self < timestamp('2200-01-01T00:00:00Z')",message="must be in the years 2000 to 2199 (UTC)"
	EffectiveFrom metav1.Time `json:"effectiveFrom"`

	// effectiveTo is when it ceases to apply. Default: never. In the years 2000 to 2199.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:Format=date-time
	// +kubebuilder:validation:Pattern=`^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$`
	// +kubebuilder:validation:XValidation:rule="self >= timestamp('2000-01-01T00:00:00Z') && self < timestamp('2200-01-01T00:00:00Z')",message="must be in the years 2000 to 2199 (UTC)"
	EffectiveTo *metav1.Time `json:"effectiveTo,omitempty"`

	// source of the rules.
	// +required
	Source PolicySource `json:"source"`

	// requiredDocuments that the worker must hold, by name; one that has expired does not count.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:items:MaxLength=63
	RequiredDocuments []string `json:"requiredDocuments,omitempty"`

	// requiredSteps that the onboarding checklist in force must have, by name, as required steps that the engagement's mode keeps.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:items:MaxLength=63
	RequiredSteps []string `json:"requiredSteps,omitempty"`

	// requiredApprovals is the smallest number of approvers of each stage or, without stages, of the engagement, and of each amendment.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=10
	RequiredApprovals int32 `json:"requiredApprovals,omitempty"`

	// tenure limits how long one person may be engaged.
	// +optional
	Tenure *Tenure `json:"tenure,omitempty"`

	// determination asks for an attested classification, and says how long it counts. Without it none is asked for; a rule that reads
	// engagement.spec.classification.facts needs it, because facts count only as determined.
	// +optional
	Determination *Determination `json:"determination,omitempty"`

	// retention is how long the sealed file is kept after the end of the work, as an ISO 8601 period, for example P6Y. Of several policies the longest counts.
	// +optional
	// +kubebuilder:validation:Pattern=`^P([0-9]{1,3}Y)?([0-9]{1,4}M)?([0-9]{1,4}W)?([0-9]{1,5}D)?$`
	// +kubebuilder:validation:MinLength=3
	// +kubebuilder:validation:MaxLength=24
	Retention string `json:"retention,omitempty"`

	// rules in CEL, all of which are evaluated.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=32
	Rules []PolicyRule `json:"rules,omitempty"`
}

// PolicySelector selects engagements.
type PolicySelector struct {
	// jurisdictions of the engagement or of the worker; a country selects its subdivisions too. Default: all.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:Pattern=`^[A-Z]{2}(-[A-Z0-9]{1,3})?$`
	// +kubebuilder:validation:items:MaxLength=6
	Jurisdictions []string `json:"jurisdictions,omitempty"`

	// workerTypes that it is about. Default: all.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=8
	WorkerTypes []WorkerType `json:"workerTypes,omitempty"`

	// namespaceSelector selects the engagements' namespaces. Default: all.
	// +optional
	NamespaceSelector *metav1.LabelSelector `json:"namespaceSelector,omitempty"`

	// pools that it is about, by name. Default: all.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MaxLength=253
	Pools []string `json:"pools,omitempty"`
}

// PolicySource says where a rule comes from.
type PolicySource struct {
	// title of the source.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=256
	Title string `json:"title"`

	// citation within the source.
	// +optional
	// +kubebuilder:validation:MaxLength=256
	Citation string `json:"citation,omitempty"`

	// uri of the source.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	URI string `json:"uri,omitempty"`
}

// TenureScope says across what tenure is counted.
// +kubebuilder:validation:Enum=Pool;Namespace;Cluster
type TenureScope string

// Tenure limits how long one person may be engaged.
type Tenure struct {
	// max is the longest tenure, as an ISO 8601 period, for example P18M. At the limit the engagement ends, and no access outlives it.
	// +required
	// +kubebuilder:validation:Pattern=`^P([0-9]{1,3}Y)?([0-9]{1,4}M)?([0-9]{1,4}W)?([0-9]{1,5}D)?$`
	// +kubebuilder:validation:MinLength=3
	// +kubebuilder:validation:MaxLength=24
	Max string `json:"max"`

	// resetGap is the gap that, when exceeded, starts the count anew, as an ISO 8601 period. Default: no gap does.
	// +optional
	// +kubebuilder:validation:Pattern=`^P([0-9]{1,3}Y)?([0-9]{1,4}M)?([0-9]{1,4}W)?([0-9]{1,5}D)?$`
	// +kubebuilder:validation:MinLength=3
	// +kubebuilder:validation:MaxLength=24
	ResetGap string `json:"resetGap,omitempty"`

	// across what it is counted, by personKey: Pool, Namespace or Cluster. Default: Cluster.
	// +optional
	Across TenureScope `json:"across,omitempty"`

	// warnBefore is how long ahead of the limit a warning is given, as an ISO 8601 period. Default: P30D.
	// +optional
	// +kubebuilder:validation:Pattern=`^P([0-9]{1,3}Y)?([0-9]{1,4}M)?([0-9]{1,4}W)?([0-9]{1,5}D)?$`
	// +kubebuilder:validation:MinLength=3
	// +kubebuilder:validation:MaxLength=24
	WarnBefore string `json:"warnBefore,omitempty"`
}

// Determination asks that the classification be attested, by determination/classification, by somebody with the verb classify who is neither a requester
// nor the worker. It covers the classification that stood when it was attested: a changed one has to be determined anew.
type Determination struct {
	// validFor is how long it counts, as an ISO 8601 period, for example P1Y.
	// +required
	// +kubebuilder:validation:Pattern=`^P([0-9]{1,3}Y)?([0-9]{1,4}M)?([0-9]{1,4}W)?([0-9]{1,5}D)?$`
	// +kubebuilder:validation:MinLength=3
	// +kubebuilder:validation:MaxLength=24
	ValidFor string `json:"validFor"`
}

// PolicyRule is one rule.
type PolicyRule struct {
	// name of the rule.
	// +required
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name"`

	// expression in CEL over engagement, worker, pool, checklist, tenure and now; it must yield true. One that cannot be evaluated holds the engagement.
	// A rule that reads worker or tenure is evaluated for each candidate and then for the worker, not before there is one.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=4096
	Expression string `json:"expression"`

	// messageExpression in CEL yields the message when the rule does not hold. Default: the expression.
	// +optional
	// +kubebuilder:validation:MaxLength=2048
	MessageExpression string `json:"messageExpression,omitempty"`

	// enforcement is Deny, RequireApproval, Warn or End.
	// +required
	Enforcement Enforcement `json:"enforcement"`

	// warnBefore is how long before time alone makes the rule fail a warning is given, as an ISO 8601 period. Default: no warning.
	// +optional
	// +kubebuilder:validation:Pattern=`^P([0-9]{1,3}Y)?([0-9]{1,4}M)?([0-9]{1,4}W)?([0-9]{1,5}D)?$`
	// +kubebuilder:validation:MinLength=3
	// +kubebuilder:validation:MaxLength=24
	WarnBefore string `json:"warnBefore,omitempty"`
}

// CompliancePolicyStatus is what the operator knows of a policy.
type CompliancePolicyStatus struct {
	// observedGeneration is the generation of the spec that this status speaks of; -1 before the first look.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration"`

	// conditions are Ready: every expression compiles and is of the right type. Where it is False, Stalled is True, and what the policy selects is held as
	// Compliant=Unknown.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:path=compliancepolicies,scope=Cluster,shortName=cpol,categories=longshore
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Jurisdictions",type=string,JSONPath=`.spec.appliesTo.jurisdictions`
// +kubebuilder:printcolumn:name="From",type=string,JSONPath=`.spec.effectiveFrom`
// +kubebuilder:printcolumn:name="To",type=string,JSONPath=`.spec.effectiveTo`
// +kubebuilder:printcolumn:name="Source",type=string,JSONPath=`.spec.source.title`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Message",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].message`,priority=1

// CompliancePolicy is a set of dated, sourced rules per jurisdiction, in CEL. All policies that select an engagement are evaluated, and all that they find is
// in its status. None of it is legal advice.
type CompliancePolicy struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is the rules.
	// +required
	Spec CompliancePolicySpec `json:"spec"`

	// status is what the operator knows.
	// +optional
	// +default={"observedGeneration": -1}
	Status CompliancePolicyStatus `json:"status,omitzero"`
}

// +kubebuilder:object:root=true

// CompliancePolicyList is a list of CompliancePolicies.
type CompliancePolicyList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []CompliancePolicy `json:"items"`
}
