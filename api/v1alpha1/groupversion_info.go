package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

var (
	// GroupVersion is the group and version of every kind in this package.
	GroupVersion = schema.GroupVersion{Group: "gig.longshore.dev", Version: "v1alpha1"}

	// SchemeGroupVersion is GroupVersion under the name that generated code expects.
	SchemeGroupVersion = GroupVersion

	schemeBuilder = runtime.NewSchemeBuilder(addKnownTypes)

	// AddToScheme registers every kind of this package in a scheme.
	AddToScheme = schemeBuilder.AddToScheme
)

func addKnownTypes(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(GroupVersion,
		&AccessGrant{}, &AccessGrantList{},
		&AccessProfile{}, &AccessProfileList{},
		&AccessProvider{}, &AccessProviderList{},
		&Assignment{}, &AssignmentList{},
		&Attestation{}, &AttestationList{},
		&Checklist{}, &ChecklistList{},
		&CompliancePolicy{}, &CompliancePolicyList{},
		&Dossier{}, &DossierList{},
		&Engagement{}, &EngagementList{},
		&Evaluation{}, &EvaluationList{},
		&Scorecard{}, &ScorecardList{},
		&TalentPool{}, &TalentPoolList{},
		&Worker{}, &WorkerList{},
	)
	metav1.AddToGroupVersion(scheme, GroupVersion)
	return nil
}

// Resource qualifies an unqualified resource name with this group.
func Resource(resource string) schema.GroupResource {
	return GroupVersion.WithResource(resource).GroupResource()
}
