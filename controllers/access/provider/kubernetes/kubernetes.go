// Package kubernetes gives access in the operator's own cluster, by binding ClusterRoles to users.
package kubernetes

import (
	"context"
	"strings"
	"unicode"

	"k8s.io/apimachinery/pkg/api/validate/content"
	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
)

// Giving a ClusterRole also needs the verb bind on it, which the operator has, by the ClusterRole longshore-bind, on those that the
// installer lists. Taking it away does not.
//
// +kubebuilder:rbac:groups=rbac.authorization.k8s.io,resources=rolebindings;clusterrolebindings,verbs=get;list;watch;create;update;delete
// +kubebuilder:rbac:groups=rbac.authorization.k8s.io,resources=clusterroles,verbs=get
// +kubebuilder:rbac:groups=authorization.k8s.io,resources=selfsubjectaccessreviews,verbs=create
// +kubebuilder:rbac:groups="",resources=namespaces,verbs=get

// Provider binds ClusterRoles to users.
type Provider struct {
	reader client.Reader
	writer client.Writer
	behind *v1alpha1.AccessProvider
}

var _ provider.Provider = (*Provider)(nil)

// Type is the operator's own cluster. The reader must read the API server, never a cache.
func Type(reader client.Reader, writer client.Writer) provider.Type {
	return provider.Type{
		Open: func(c provider.Connection) (provider.Provider, error) {
			return &Provider{reader: reader, writer: writer, behind: c.Behind}, nil
		},
		Watch: watch,
	}
}

// Capabilities says that bindings have names of Longshore's own, and no expiry.
func (*Provider) Capabilities() provider.Capabilities {
	return provider.Capabilities{MarksGrants: true}
}

// Resolve gives one Target for each namespace, or one for the whole cluster.
func (p *Provider) Resolve(entitlement v1alpha1.Entitlement, subject string) ([]provider.Target, error) {
	wanted := entitlement.Kubernetes
	if wanted == nil {
		return nil, provider.Refused("entitlement %s says nothing about kubernetes, which AccessProvider %s is for", entitlement.Name, p.behind.Name)
	}
	if err := checkSubject(subject); err != nil {
		return nil, err
	}
	if faults := content.IsPathSegmentName(wanted.ClusterRole); wanted.ClusterRole == "" || len(faults) > 0 {
		return nil, provider.Refused("entitlement %s names no ClusterRole that can exist: %q", entitlement.Name, wanted.ClusterRole)
	}
	if wanted.ClusterWide {
		return []provider.Target{provider.NewTarget(p.behind, scope{clusterRole: wanted.ClusterRole}.String(), subject)}, nil
	}
	var targets []provider.Target
	for _, namespace := range wanted.Namespaces {
		if len(validation.IsDNS1123Label(namespace)) > 0 {
			return nil, provider.Refused("entitlement %s names no namespace that can exist: %q", entitlement.Name, namespace)
		}
		s := scope{namespace: namespace, clusterRole: wanted.ClusterRole}
		targets = append(targets, provider.NewTarget(p.behind, s.String(), subject))
	}
	return targets, nil
}

// checkSubject refuses what is no person's username. The message does not repeat it: it may be somebody's name.
func checkSubject(subject string) error {
	switch {
	case strings.TrimSpace(subject) == "":
		return provider.Refused("the worker's identity has no username")
	case strings.HasPrefix(subject, "system:"):
		return provider.Refused("the worker's identity begins with system:, which belongs to Kubernetes itself: name the person's own username")
	case strings.TrimSpace(subject) != subject, strings.ContainsFunc(subject, func(r rune) bool { return !unicode.IsPrint(r) }):
		return provider.Refused("the worker's identity has characters around or in it that cannot be seen: no username has them")
	}
	return nil
}

// scope is where a ClusterRole is bound: in one namespace, or, without one, in the whole cluster.
type scope struct {
	namespace   string
	clusterRole string
}

const (
	namespacePrefix = "namespaces/"
	roleInfix       = "clusterroles/"
)

func (s scope) String() string {
	if s.namespace == "" {
		return roleInfix + s.clusterRole
	}
	return namespacePrefix + s.namespace + "/" + roleInfix + s.clusterRole
}

// scopeOf reads what String wrote. Neither a namespace nor a ClusterRole has a slash in its name.
func scopeOf(target provider.Target) (scope, error) {
	_, name := provider.TypeOf(target.Name)
	var s scope
	if rest, namespaced := strings.CutPrefix(name, namespacePrefix); namespaced {
		s.namespace, name, _ = strings.Cut(rest, "/")
		if s.namespace == "" {
			return scope{}, provider.Refused("target %q has no namespace", target.Name)
		}
	}
	role, found := strings.CutPrefix(name, roleInfix)
	if !found || role == "" {
		return scope{}, provider.Refused("target %q is not one of a ClusterRole", target.Name)
	}
	s.clusterRole = role
	return s, nil
}

// namespaceExists asks the API server itself.
func (p *Provider) namespaceExists(ctx context.Context, name string) (bool, error) {
	err := p.reader.Get(ctx, client.ObjectKey{Name: name}, namespaceMetadata())
	if client.IgnoreNotFound(err) != nil {
		return false, explain(err, "reading namespace %s", name)
	}
	return err == nil, nil
}
