package main

import (
	"context"
	"fmt"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// probe is a question put to the API server itself, and not to Longshore: may this account do what the grant was for?
type probe struct {
	Grant       string `json:"grant"`
	Entitlement string `json:"entitlement"`
	// Verified is when the entitlement was read back in the state that it is in.
	Verified *metav1.Time `json:"verifiedAt,omitempty"`
	Question string       `json:"question"`
	Allowed  bool         `json:"allowed"`
	At       time.Time    `json:"at"`

	grant types.UID
}

// probes asks twice about every grant: while it is verified, and when all is over.
type probes struct {
	admin, reader client.Client
	asked         map[types.UID]bool
	granted       []probe
}

func newProbes(admin, reader client.Client) *probes {
	return &probes{admin: admin, reader: reader, asked: map[types.UID]bool{}}
}

// whileGranted asks about every grant that has been verified since it was last called.
func (p *probes) whileGranted(ctx context.Context) error {
	var grants v1alpha1.AccessGrantList
	if err := p.reader.List(ctx, &grants); err != nil {
		return fmt.Errorf("reading grants: %w", err)
	}
	for i := range grants.Items {
		g := &grants.Items[i]
		if p.asked[g.UID] || g.Status.State != v1alpha1.GrantVerified {
			continue
		}
		answers, err := p.ask(ctx, g)
		if err != nil {
			return err
		}
		p.asked[g.UID] = true
		p.granted = append(p.granted, answers...)
	}
	return nil
}

// ask puts a SubjectAccessReview for each entitlement of a grant.
func (p *probes) ask(ctx context.Context, g *v1alpha1.AccessGrant) ([]probe, error) {
	var profile v1alpha1.AccessProfile
	if err := p.reader.Get(ctx, client.ObjectKey{Name: g.Spec.Profile}, &profile); err != nil {
		return nil, fmt.Errorf("reading the profile %s: %w", g.Spec.Profile, err)
	}
	var answers []probe
	for _, held := range g.Status.Entitlements {
		for _, e := range profile.Spec.Entitlements {
			if e.Name != held.Name || e.Kubernetes == nil {
				continue
			}
			answer, err := p.review(ctx, held.Subject, e.Kubernetes)
			if err != nil {
				return nil, err
			}
			answer.Grant, answer.Entitlement, answer.Verified, answer.grant = g.Namespace+"/"+g.Name, e.Name, held.VerifiedAt, g.UID
			answers = append(answers, answer)
		}
	}
	return answers, nil
}

// review asks for the last verb of the first rule of the ClusterRole, which is the most that the samples' roles allow.
func (p *probes) review(ctx context.Context, user string, k *v1alpha1.KubernetesEntitlement) (probe, error) {
	var role rbacv1.ClusterRole
	if err := p.reader.Get(ctx, client.ObjectKey{Name: k.ClusterRole}, &role); err != nil {
		return probe{}, fmt.Errorf("reading the ClusterRole %s: %w", k.ClusterRole, err)
	}
	if len(role.Rules) == 0 {
		return probe{}, fmt.Errorf("the ClusterRole %s allows nothing, so there is nothing to ask", k.ClusterRole)
	}
	rule := role.Rules[0]
	attributes := &authorizationv1.ResourceAttributes{
		Verb: rule.Verbs[len(rule.Verbs)-1], Group: rule.APIGroups[0], Resource: rule.Resources[0],
	}
	if len(k.Namespaces) > 0 {
		attributes.Namespace = k.Namespaces[0]
	}
	review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{User: user, ResourceAttributes: attributes}}
	if err := p.admin.Create(ctx, review); err != nil {
		return probe{}, fmt.Errorf("asking the API server what %s may do: %w", user, err)
	}
	question := fmt.Sprintf("may %s %s %s.%s in %s?", user, attributes.Verb, attributes.Resource, attributes.Group, attributes.Namespace)
	return probe{Question: question, Allowed: review.Status.Allowed, At: time.Now()}, nil
}
