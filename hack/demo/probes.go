package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// probe is a question put to the target system itself, and not to Longshore: may this account do what the grant was for?
type probe struct {
	Grant       string `json:"grant"`
	Entitlement string `json:"entitlement"`
	// Verified is when the entitlement was read back in the state that it is in.
	Verified *metav1.Time `json:"verifiedAt,omitempty"`
	// Expires is the expiry that was read back, where the target system can end access itself.
	Expires *metav1.Time `json:"expiresAt,omitempty"`
	// Asked is who answered: the API server, the directory, the database.
	Asked    string    `json:"asked"`
	Question string    `json:"question"`
	Allowed  bool      `json:"allowed"`
	At       time.Time `json:"at"`

	grant types.UID
}

// probes asks twice about every grant: while it is verified, and when all is over.
type probes struct {
	admin, reader client.Client
	outside       *outside
	asked         map[types.UID]bool
	granted       []probe
}

func newProbes(admin, reader client.Client, o *outside) *probes {
	return &probes{admin: admin, reader: reader, outside: o, asked: map[types.UID]bool{}}
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

// ask asks about each entitlement of a grant. Of an item that was handed out by hand there is nothing to ask.
func (p *probes) ask(ctx context.Context, g *v1alpha1.AccessGrant) ([]probe, error) {
	var profile v1alpha1.AccessProfile
	if err := p.reader.Get(ctx, client.ObjectKey{Name: g.Spec.Profile}, &profile); err != nil {
		return nil, fmt.Errorf("reading the profile %s: %w", g.Spec.Profile, err)
	}
	var all []probe
	asked, expires := map[string]bool{}, map[string]*metav1.Time{}
	for _, held := range g.Status.Entitlements {
		expires[held.Name] = cmp.Or(expires[held.Name], held.ExpiresAt)
	}
	for _, held := range g.Status.Entitlements {
		i := slices.IndexFunc(profile.Spec.Entitlements, func(e v1alpha1.Entitlement) bool { return e.Name == held.Name })
		// One entitlement may have several rows, one for each place in the target system: the question is the same.
		if i < 0 || asked[held.Name] {
			continue
		}
		asked[held.Name] = true
		answers, err := p.put(ctx, held.Subject, &profile.Spec.Entitlements[i])
		if err != nil {
			return nil, err
		}
		for _, a := range answers {
			a.Grant, a.Entitlement, a.grant = g.Namespace+"/"+g.Name, held.Name, g.UID
			a.Verified, a.Expires = held.VerifiedAt, expires[held.Name]
			all = append(all, a)
		}
	}
	return all, nil
}

// put puts the question that goes with an entitlement to the system that knows.
func (p *probes) put(ctx context.Context, subject string, e *v1alpha1.Entitlement) ([]probe, error) {
	switch {
	case e.Kubernetes != nil:
		return p.review(ctx, subject, e.Kubernetes)
	case e.LDAP != nil && p.outside.directory != nil:
		return p.outside.directory.ask(ctx, subject, e.LDAP.Group)
	case e.Postgres != nil && p.outside.database != nil:
		return p.outside.database.ask(ctx, subject, e.Postgres.Database)
	default:
		return nil, nil
	}
}

// review asks for the last verb of the first rule of the ClusterRole, which is the most that the samples' roles allow.
func (p *probes) review(ctx context.Context, user string, k *v1alpha1.KubernetesEntitlement) ([]probe, error) {
	var role rbacv1.ClusterRole
	if err := p.reader.Get(ctx, client.ObjectKey{Name: k.ClusterRole}, &role); err != nil {
		return nil, fmt.Errorf("reading the ClusterRole %s: %w", k.ClusterRole, err)
	}
	if len(role.Rules) == 0 {
		return nil, fmt.Errorf("the ClusterRole %s allows nothing, so there is nothing to ask", k.ClusterRole)
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
		return nil, fmt.Errorf("asking the API server what %s may do: %w", user, err)
	}
	question := fmt.Sprintf("may %s %s %s.%s in %s?", user, attributes.Verb, attributes.Resource, attributes.Group, attributes.Namespace)
	return []probe{{Asked: "the API server", Question: question, Allowed: review.Status.Allowed, At: time.Now()}}, nil
}
