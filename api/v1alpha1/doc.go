// Package v1alpha1 is the API of Longshore: what people declare about a gig workforce, and what the operator knows about it.
//
// Desire lives in spec and is written by people. What the operator knows lives in status and is written by the operator alone.
//
// +kubebuilder:object:generate=true
// +kubebuilder:ac:generate=true
// +kubebuilder:ac:output:package=../applyconfiguration
// +groupName=gig.longshore.dev
package v1alpha1
