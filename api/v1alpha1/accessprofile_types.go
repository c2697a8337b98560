package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// AvailableFrom says in which phase access is first given.
// +kubebuilder:validation:Enum=Onboarding;Assigned
type AvailableFrom string

// The phases from which access can be available.
const (
	AvailableFromOnboarding AvailableFrom = "Onboarding"
	AvailableFromAssigned   AvailableFrom = "Assigned"
)

// AccessProfileSpec is a named bundle of entitlements.
type AccessProfileSpec struct {
	// description for people.
	// +optional
	// +kubebuilder:validation:MaxLength=2048
	Description string `json:"description,omitempty"`

	// entitlements in target systems.
	// +required
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	Entitlements []Entitlement `json:"entitlements"`

	// maxDuration is the longest a grant may last from its first grant, as a Go duration. Default: unlimited.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=20
	// +kubebuilder:validation:Pattern=`^([0-9]{1,5}(ms|s|m|h))+$`
	MaxDuration *metav1.Duration `json:"maxDuration,omitempty"`

	// maxGrace is the longest that access may outlive the work, as a Go duration; the engagement's accessGrace may be shorter. Default: 0s.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=20
	// +kubebuilder:validation:Pattern=`^([0-9]{1,5}(ms|s|m|h))+$`
	MaxGrace *metav1.Duration `json:"maxGrace,omitempty"`

	// availableFrom is the phase in which access is first given: Onboarding or Assigned. Default: Assigned.
	// +optional
	AvailableFrom AvailableFrom `json:"availableFrom,omitempty"`

	// allowed limits who may be given the profile. Default: no further limit than the verb grant.
	// +optional
	Allowed *AllowedUse `json:"allowed,omitempty"`
}

// AllowedUse limits who may be given a profile.
type AllowedUse struct {
	// namespaceSelector selects the namespaces whose engagements may list it. Default: all.
	// +optional
	NamespaceSelector *metav1.LabelSelector `json:"namespaceSelector,omitempty"`

	// workerTypes that may be given it. Default: all.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=8
	WorkerTypes []WorkerType `json:"workerTypes,omitempty"`
}

// Entitlement is one thing that is granted in one target system.
// +kubebuilder:validation:XValidation:rule="[has(self.kubernetes), has(self.ldap), has(self.scim), has(self.postgres), has(self.manual)].filter(x, x).size() == 1",message="an entitlement says what is granted, in the words of its provider's type: exactly one of kubernetes, ldap, scim, postgres and manual"
type Entitlement struct {
	// name of the entitlement.
	// +required
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name"`

	// providerRef is the AccessProvider that grants it.
	// +required
	ProviderRef ClusterReference `json:"providerRef"`

	// kubernetes binds a ClusterRole to the worker's username.
	// +optional
	Kubernetes *KubernetesEntitlement `json:"kubernetes,omitempty"`

	// ldap makes the worker's account a member of a group.
	// +optional
	LDAP *LDAPEntitlement `json:"ldap,omitempty"`

	// scim gives the worker an active account, and membership of groups.
	// +optional
	SCIM *SCIMEntitlement `json:"scim,omitempty"`

	// postgres lets the worker log in until access ends, with the privileges of roles.
	// +optional
	Postgres *PostgresEntitlement `json:"postgres,omitempty"`

	// manual is an item that a custodian hands out and takes back.
	// +optional
	Manual *ManualEntitlement `json:"manual,omitempty"`
}

// KubernetesEntitlement binds a ClusterRole to a worker's username, by RoleBindings in the namespaces listed or by one ClusterRoleBinding.
// +kubebuilder:validation:XValidation:rule="(has(self.namespaces) && size(self.namespaces) > 0) != (has(self.clusterWide) && self.clusterWide)",message="give either namespaces or clusterWide: true"
type KubernetesEntitlement struct {
	// clusterRole that is bound. The operator must have been allowed to bind it, at install.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	ClusterRole string `json:"clusterRole"`

	// namespaces in which it is bound.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:items:MaxLength=63
	Namespaces []string `json:"namespaces,omitempty"`

	// clusterWide binds it in every namespace. Default: false.
	// +optional
	ClusterWide bool `json:"clusterWide,omitempty"`
}

// LDAPEntitlement makes a worker's account a member of a group.
type LDAPEntitlement struct {
	// group is its distinguished name, for example cn=designers,ou=groups,dc=example,dc=com.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	Group string `json:"group"`
}

// SCIMEntitlement gives a worker an active account and membership of groups. The account is found by its userName, which is the subject of the worker's identity, or created.
type SCIMEntitlement struct {
	// groups by their displayName. Default: none, the account alone.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=256
	Groups []string `json:"groups,omitempty"`
}

// PostgresEntitlement lets a worker log in until access ends, with the privileges of roles. The login role is the subject of the worker's identity; it is created where it does not exist, without a password.
type PostgresEntitlement struct {
	// database to which the worker may connect. Default: those that everybody may connect to.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Database string `json:"database,omitempty"`

	// roles that the login role becomes a member of.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=63
	Roles []string `json:"roles,omitempty"`
}

// ManualEntitlement is an item that a custodian hands out and takes back: a laptop, a badge, an account in a system without an API. Each step is attested by the custodian, with the claim access/custody.<entitlement>.
type ManualEntitlement struct {
	// item that is handed out, in words.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=256
	Item string `json:"item"`

	// custodian who hands it out and takes it back, also holding the verb attest. A Group counts only by the verb.
	// +required
	Custodian Subject `json:"custodian"`
}

// CustodianOf is who hands an item out and takes it back: the custodian of the entitlement with this name or, where it was renamed, of one
// for the same item. It is nil where the profile names nobody any more.
func (s *AccessProfileSpec) CustodianOf(entitlement, item string) *Subject {
	var same *Subject
	for i := range s.Entitlements {
		e := &s.Entitlements[i]
		switch {
		case e.Manual == nil:
		case e.Name == entitlement:
			return &e.Manual.Custodian
		case e.Manual.Item == item && same == nil:
			same = &e.Manual.Custodian
		}
	}
	return same
}

// +kubebuilder:object:root=true
// +kubebuilder:resource:path=accessprofiles,scope=Cluster,shortName=ap,categories=longshore
// +kubebuilder:printcolumn:name="From",type=string,JSONPath=`.spec.availableFrom`
// +kubebuilder:printcolumn:name="Max duration",type=string,JSONPath=`.spec.maxDuration`
// +kubebuilder:printcolumn:name="Max grace",type=string,JSONPath=`.spec.maxGrace`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`

// AccessProfile is a named bundle of entitlements, its longest duration, and who may be given it. Handing it out needs the verb grant on it. It has no status: nothing reconciles it.
type AccessProfile struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is the bundle.
	// +required
	Spec AccessProfileSpec `json:"spec"`
}

// +kubebuilder:object:root=true

// AccessProfileList is a list of AccessProfiles.
type AccessProfileList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []AccessProfile `json:"items"`
}
