package kubernetes

import (
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
)

// These bound what goes on behind a call that was given up: a connection is made to its end, for the next call to use.
const (
	dialTimeout      = 30 * time.Second
	handshakeTimeout = 10 * time.Second
	idleTimeout      = 90 * time.Second
)

// openRemote prepares calls to the cluster that a kubeconfig names.
func openRemote(c provider.Connection) (client.Client, error) {
	kubeconfig, err := c.Credential(v1alpha1.CredentialKubeconfig)
	if err != nil {
		return nil, err
	}
	config, err := readKubeconfig([]byte(kubeconfig))
	if err != nil {
		return nil, provider.Refused("the kubeconfig in Secret %s, which AccessProvider %s names in spec.credentialsRef, %w", c.Behind.Spec.CredentialsRef.Name, c.Behind.Name, err)
	}
	// The AccessProvider's own limits are kept by its callers.
	config.QPS = -1
	config.UserAgent = rest.DefaultKubernetesUserAgent()
	// A warning may be about a subject, and would be logged.
	config.WarningHandlerWithContext = rest.NoWarnings{}
	caller, err := httpClient(config)
	if err != nil {
		return nil, fmt.Errorf("preparing calls to the cluster of AccessProvider %s: %w", c.Behind.Name, err)
	}
	opened, err := client.New(config, client.Options{HTTPClient: caller, Mapper: kinds()})
	if err != nil {
		return nil, fmt.Errorf("preparing calls to the cluster of AccessProvider %s: %w", c.Behind.Name, err)
	}
	return opened, nil
}

// httpClient speaks HTTP/1.1: a call that is given up then takes its connection with it, where HTTP/2 would send the next call into the
// same silence. client-go's own would be kept in a cache for good, with the credentials.
func httpClient(config *rest.Config) (*http.Client, error) {
	trust, err := rest.TLSConfigFor(config)
	if err != nil {
		return nil, err
	}
	transport, err := rest.HTTPWrappersForConfig(config, unrepeated{&http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: dialTimeout}).DialContext,
		TLSClientConfig:     trust,
		TLSHandshakeTimeout: handshakeTimeout,
		IdleConnTimeout:     idleTimeout,
		MaxIdleConnsPerHost: provider.DefaultMaxConcurrent,
	}})
	if err != nil {
		return nil, err
	}
	return &http.Client{
		Transport: transport,
		// Whoever answers must not send the credentials on to somebody else.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}

// unrepeated hands a server's wish to be left alone to the caller. client-go would wait and ask again, until the call's time is up and
// the wish is lost.
type unrepeated struct{ next http.RoundTripper }

func (u unrepeated) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := u.next.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	wait, asked := waitAskedFor(response)
	if !asked {
		return response, nil
	}
	response.Body.Close()
	return nil, provider.After(wait, fmt.Errorf("the API server answered %d %s", response.StatusCode, http.StatusText(response.StatusCode)))
}

// waitAskedFor is what client-go would wait.
func waitAskedFor(response *http.Response) (time.Duration, bool) {
	if response.StatusCode != http.StatusTooManyRequests && response.StatusCode < http.StatusInternalServerError {
		return 0, false
	}
	seconds, err := strconv.ParseUint(response.Header.Get("Retry-After"), 10, 31)
	return time.Duration(seconds) * time.Second, err == nil
}

// kinds are all that the provider needs to know of an API server, so that it need not ask.
func kinds() meta.RESTMapper {
	mapper := meta.NewDefaultRESTMapper(nil)
	mapper.Add(rbacv1.SchemeGroupVersion.WithKind("RoleBinding"), meta.RESTScopeNamespace)
	mapper.Add(rbacv1.SchemeGroupVersion.WithKind("ClusterRoleBinding"), meta.RESTScopeRoot)
	mapper.Add(rbacv1.SchemeGroupVersion.WithKind("ClusterRole"), meta.RESTScopeRoot)
	mapper.Add(corev1.SchemeGroupVersion.WithKind("Namespace"), meta.RESTScopeRoot)
	mapper.Add(authorizationv1.SchemeGroupVersion.WithKind("SelfSubjectAccessReview"), meta.RESTScopeRoot)
	return mapper
}
