// Package kubernetes gives access in the operator's own cluster or in another one, by binding ClusterRoles to users.
package kubernetes

import (
	"context"
	"strings"
	"sync/atomic"
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
	// known is the handle of the cluster that answered last.
	known atomic.Pointer[string]
}

var (
	_ provider.Provider = (*Provider)(nil)
	_ provider.Lister   = (*Provider)(nil)
)

// Type is the operator's own cluster, which the reader and the writer call, or, for an AccessProvider with credentials, the one that their
// kubeconfig names. The reader must read the API server, never a cache.
func Type(reader client.Reader, writer client.Writer) provider.Type {
	return provider.Type{
		Open: func(c provider.Connection) (provider.Provider, error) {
			p := &Provider{reader: reader, writer: writer, behind: c.Behind}
			if p.remote() {
				there, err := openRemote(c)
				if err != nil {
					return nil, err
				}
				p.reader, p.writer = there, there
			}
			return p, nil
		},
		Watch: watch,
	}
}

// remote says whether this is another cluster than the operator's own.
func (p *Provider) remote() bool { return p.behind.Spec.CredentialsRef != nil }

// caller is who calls the API server, and bindRole the ClusterRole in which the installer lists what they may bind, in words.
func (p *Provider) caller() (who, bindRole string) {
	if p.remote() {
		return "the identity of the kubeconfig", "longshore-remote-bind in that cluster"
	}
	return "the operator", "longshore-bind"
}

// Capabilities says that bindings have names and labels of Longshore's own, and no expiry.
func (*Provider) Capabilities() provider.Capabilities {
	return provider.Capabilities{MarksGrants: true, Lists: true}
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
		return []provider.Target{provider.NewTarget(p.behind, scope{remote: p.remote(), clusterRole: wanted.ClusterRole}.String(), subject)}, nil
	}
	var targets []provider.Target
	for _, namespace := range wanted.Namespaces {
		if len(validation.IsDNS1123Label(namespace)) > 0 {
			return nil, provider.Refused("entitlement %s names no namespace that can exist: %q", entitlement.Name, namespace)
		}
		s := scope{remote: p.remote(), namespace: namespace, clusterRole: wanted.ClusterRole}
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
	// remote tells the clusters of kubeconfigs from the operator's own, in which nothing of theirs is ever to be looked for: there it
	// would be absent, and taken for proven gone.
	remote      bool
	namespace   string
	clusterRole string
}

const (
	remotePrefix    = "remote/"
	namespacePrefix = "namespaces/"
	roleInfix       = "clusterroles/"
)

func (s scope) String() string {
	name := roleInfix + s.clusterRole
	if s.namespace != "" {
		name = namespacePrefix + s.namespace + "/" + name
	}
	if s.remote {
		name = remotePrefix + name
	}
	return name
}

// scopeOf reads a Target's name, and refuses one of the other kind of cluster: the AccessProvider is gone, or was made again as another.
func (p *Provider) scopeOf(target provider.Target) (scope, error) {
	s, err := scopeOf(target)
	switch {
	case err != nil:
		return scope{}, err
	case s.remote && !p.remote():
		return scope{}, provider.Refused("this was granted in the cluster of a kubeconfig, which nobody knows any more: create AccessProvider %s with its spec.credentialsRef again", p.behind.Name)
	case !s.remote && p.remote():
		return scope{}, provider.Refused("this was granted in the operator's own cluster, and AccessProvider %s leads to another: create it without spec.credentialsRef again", p.behind.Name)
	}
	return s, nil
}

// scopeOf reads what String wrote. Neither a namespace nor a ClusterRole has a slash in its name.
func scopeOf(target provider.Target) (scope, error) {
	_, name := provider.TypeOf(target.Name)
	var s scope
	name, s.remote = strings.CutPrefix(name, remotePrefix)
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
