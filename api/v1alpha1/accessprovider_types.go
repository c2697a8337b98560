package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ProviderType is a kind of target system.
// +kubebuilder:validation:Enum=Kubernetes;LDAP;SCIM;PostgreSQL;Manual
type ProviderType string

// The kinds of target systems.
const (
	// ProviderKubernetes is the cluster that the operator runs in or, with credentials, another one.
	ProviderKubernetes ProviderType = "Kubernetes"
	// ProviderLDAP is a directory.
	ProviderLDAP ProviderType = "LDAP"
	// ProviderSCIM is a service that is provisioned by SCIM 2.0 (RFC 7643 and RFC 7644).
	ProviderSCIM ProviderType = "SCIM"
	// ProviderPostgreSQL is a PostgreSQL server.
	ProviderPostgreSQL ProviderType = "PostgreSQL"
	// ProviderManual is whatever people hand out and take back: laptops, badges, systems without an API.
	ProviderManual ProviderType = "Manual"
)

// The keys of the Secret that credentialsRef names, by type.
const (
	// CredentialKubeconfig is, for Kubernetes, a kubeconfig that carries its certificates and its token or key itself.
	CredentialKubeconfig = "kubeconfig"
	// CredentialUsername is, for LDAP, the distinguished name to bind as; for PostgreSQL, the role.
	CredentialUsername = "username"
	// CredentialPassword is, for LDAP and PostgreSQL, the password.
	CredentialPassword = "password"
	// CredentialToken is, for SCIM, the bearer token.
	CredentialToken = "token"
)

// CABundleKey is the key of the ConfigMap that caBundleRef names: certificate authorities, PEM.
const CABundleKey = "ca.crt"

// AccessProviderSpec is a connection to one target system.
// +kubebuilder:validation:XValidation:rule="self.type != 'Kubernetes' || (!has(self.endpoint) && !has(self.caBundleRef))",message="type Kubernetes is the operator's own cluster or, by credentialsRef, the one that a kubeconfig names: endpoint and caBundleRef do not apply"
// +kubebuilder:validation:XValidation:rule="self.type != 'Manual' || (!has(self.endpoint) && !has(self.credentialsRef) && !has(self.caBundleRef))",message="type Manual has no target system to connect to: endpoint, credentialsRef and caBundleRef do not apply"
// +kubebuilder:validation:XValidation:rule="!(self.type in ['LDAP', 'SCIM', 'PostgreSQL']) || has(self.credentialsRef)",message="types LDAP, SCIM and PostgreSQL need a credentialsRef"
// +kubebuilder:validation:XValidation:rule="self.type != 'LDAP' || (has(self.endpoint) && self.endpoint.matches('^ldaps?://[^/?#@ ]+/?$'))",message="the endpoint of type LDAP is ldaps://host[:port], or ldap://host[:port], which is always upgraded by StartTLS"
// +kubebuilder:validation:XValidation:rule="self.type != 'SCIM' || (has(self.endpoint) && self.endpoint.matches('^https://[^?#@ ]+$'))",message="the endpoint of type SCIM is https://host[:port]/path, the base that /Users and /Groups follow"
// +kubebuilder:validation:XValidation:rule="self.type != 'PostgreSQL' || (has(self.endpoint) && self.endpoint.matches('^postgres(ql)?://[^/?#@ ]+(/[^/?# ]+)?$'))",message="the endpoint of type PostgreSQL is postgres://host[:port][/database], without credentials or parameters"
// +kubebuilder:validation:XValidation:rule="(self.type == 'LDAP') == has(self.ldap)",message="type LDAP needs ldap, which describes the directory, and no other type has it"
// +kubebuilder:validation:XValidation:rule="self.type == oldSelf.type",message="type is immutable: create another AccessProvider"
// +kubebuilder:validation:XValidation:rule="self.type != 'SCIM' || (has(self.endpoint) && has(oldSelf.endpoint) && self.endpoint == oldSelf.endpoint)",message="another endpoint may be another service, which SCIM does not tell and in which nothing of what was granted would be found: create another AccessProvider"
// +kubebuilder:validation:XValidation:rule="self.type != 'Kubernetes' || has(self.credentialsRef) == has(oldSelf.credentialsRef)",message="a credentialsRef that is added or taken away leads to another cluster, in which nothing of what was granted would be found: create another AccessProvider"
type AccessProviderSpec struct {
	// type of the target system: Kubernetes, LDAP, SCIM, PostgreSQL or Manual.
	// +required
	Type ProviderType `json:"type"`

	// endpoint of the target system: ldaps://host[:port] or ldap://host[:port] (StartTLS) for LDAP, https://host[:port]/path for SCIM, postgres://host[:port][/database] for PostgreSQL. TLS is always used and verified.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	Endpoint string `json:"endpoint,omitempty"`

	// credentialsRef names a Secret in the operator's namespace that the installer lets it read: username and password for LDAP and PostgreSQL, token for SCIM, kubeconfig for another Kubernetes cluster. It is read again when it changes.
	// +optional
	CredentialsRef *LocalReference `json:"credentialsRef,omitempty"`

	// caBundleRef names a ConfigMap in the operator's namespace whose key ca.crt holds the certificate authorities by which the endpoint is verified. Default: those of the system.
	// +optional
	CABundleRef *LocalReference `json:"caBundleRef,omitempty"`

	// ldap describes the directory, for type LDAP.
	// +optional
	LDAP *LDAPDirectory `json:"ldap,omitempty"`

	// timeout of one call, as a Go duration. Default: 10s.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=20
	// +kubebuilder:validation:Pattern=`^([0-9]{1,5}(ms|s|m|h))+$`
	Timeout *metav1.Duration `json:"timeout,omitempty"`

	// maxConcurrent is how many calls are under way at once. Default: 4.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=256
	MaxConcurrent int32 `json:"maxConcurrent,omitempty"`

	// qps is how many calls are made in a second. Default: unlimited.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=10000
	QPS int32 `json:"qps,omitempty"`

	// decommissioned declares a target that is gone for good; it needs the verb forgive. What the target owes becomes Abandoned, never Revoked.
	// +optional
	Decommissioned *Decommissioned `json:"decommissioned,omitempty"`
}

// LDAPMemberAttribute is the attribute of a group that lists its members.
// +kubebuilder:validation:Enum=member;uniqueMember;memberUid
type LDAPMemberAttribute string

// The attributes by which groups list their members.
const (
	// LDAPMember holds distinguished names: groupOfNames (RFC 4519), Active Directory.
	LDAPMember LDAPMemberAttribute = "member"
	// LDAPUniqueMember holds distinguished names: groupOfUniqueNames (RFC 4519).
	LDAPUniqueMember LDAPMemberAttribute = "uniqueMember"
	// LDAPMemberUID holds user names: posixGroup (RFC 2307).
	LDAPMemberUID LDAPMemberAttribute = "memberUid"
)

// LDAPDirectory describes a directory.
// +kubebuilder:validation:XValidation:rule="(has(self.memberAttribute) && self.memberAttribute == 'memberUid') || has(self.userDN)",message="userDN is needed, because member and uniqueMember hold distinguished names"
type LDAPDirectory struct {
	// baseDN is the entry below which all groups and accounts are, for example dc=example,dc=com.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	BaseDN string `json:"baseDN"`

	// userDN is the distinguished name of an account, with {subject} for the subject of a worker's identity, for example uid={subject},ou=people,dc=example,dc=com.
	// +optional
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:XValidation:rule="self.contains('={subject}')",message="userDN holds {subject} as the value of one attribute"
	UserDN string `json:"userDN,omitempty"`

	// memberAttribute of groups: member, uniqueMember or memberUid. Default: member.
	// +optional
	MemberAttribute LDAPMemberAttribute `json:"memberAttribute,omitempty"`
}

// Decommissioned declares that a target is gone for good.
type Decommissioned struct {
	// reason in words.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Reason string `json:"reason"`

	// evidence that it is gone.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	Evidence []Evidence `json:"evidence,omitempty"`

	// by is who declares it. It is filled in at admission; any other value than the caller is refused.
	// +optional
	By *Author `json:"by,omitempty"`
}

// AccessProviderStatus is what the operator knows of a target system.
type AccessProviderStatus struct {
	// observedGeneration is the generation of the spec that this status speaks of; -1 before the first look.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration"`

	// granted is how many entitlements are held on this target.
	// +optional
	Granted int32 `json:"granted"`

	// owed is how many revocations are not yet proven.
	// +optional
	Owed int32 `json:"owed"`

	// unclaimed is how many accesses in the target system bear Longshore's mark and belong to no AccessGrant, for types that can list what Longshore granted. They are reported, never removed: another installation may own them. It is the count of when they could last be listed; 0 once the target system is declared gone for good.
	// +optional
	Unclaimed int32 `json:"unclaimed,omitempty"`

	// conditions are Ready, from a real probe.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:path=accessproviders,scope=Cluster,shortName=aprov,categories=longshore
// +kubebuilder:printcolumn:name="Type",type=string,JSONPath=`.spec.type`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Granted",type=integer,JSONPath=`.status.granted`
// +kubebuilder:printcolumn:name="Owed",type=integer,JSONPath=`.status.owed`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Message",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].message`,priority=1

// AccessProvider is a connection to one target system. It cannot be removed while it owes a revocation.
type AccessProvider struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is the connection.
	// +required
	Spec AccessProviderSpec `json:"spec"`

	// status is what the operator knows.
	// +optional
	// +default={"observedGeneration": -1}
	Status AccessProviderStatus `json:"status,omitzero"`
}

// +kubebuilder:object:root=true

// AccessProviderList is a list of AccessProviders.
type AccessProviderList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []AccessProvider `json:"items"`
}
