package cluster

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// tokenLifetime is longer than any test or benchmark runs.
const tokenLifetime = 24 * time.Hour

// RESTConfig returns the administrator's access, in the group system:masters, without a limit on requests. That group is
// exempt from the server's priority and fairness: benchmark as a ServiceAccount.
func (c *Cluster) RESTConfig() *rest.Config {
	return rest.CopyConfig(c.admin)
}

// As returns the access of a user who is authenticated by name and groups alone, through impersonation. What that user
// may do is up to RBAC. Like every user without an account in the cluster, they have no uid.
func (c *Cluster) As(user string, groups ...string) *rest.Config {
	config := c.RESTConfig()
	config.Impersonate = rest.ImpersonationConfig{UserName: user, Groups: groups}
	return config
}

// ServiceAccount returns the access of a service account by a token that the API server issued, without a limit on
// requests. It creates the account where it does not exist; the namespace must exist.
func (c *Cluster) ServiceAccount(ctx context.Context, namespace, name string) (*rest.Config, error) {
	admin, err := client.New(c.admin, client.Options{})
	if err != nil {
		return nil, fmt.Errorf("building a client: %w", err)
	}
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
	if err := client.IgnoreAlreadyExists(admin.Create(ctx, account)); err != nil {
		return nil, fmt.Errorf("creating the service account %s/%s: %w", namespace, name, err)
	}
	seconds := int64(tokenLifetime.Seconds())
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: &seconds}}
	if err := admin.SubResource("token").Create(ctx, account, request); err != nil {
		return nil, fmt.Errorf("requesting a token for the service account %s/%s: %w", namespace, name, err)
	}
	config := rest.AnonymousClientConfig(c.admin)
	config.BearerToken = request.Status.Token
	return config, nil
}

// Kubeconfig writes a kubeconfig file with the administrator's access.
func (c *Cluster) Kubeconfig(path string) error {
	return WriteKubeconfig(path, c.admin)
}

// Kubectl returns the path of a kubectl of the server's version.
func (c *Cluster) Kubectl() string {
	return filepath.Join(c.assets, "kubectl")
}

// WriteKubeconfig writes a kubeconfig file, readable by its owner alone, with the access that config describes:
// RESTConfig, As or ServiceAccount.
func WriteKubeconfig(path string, config *rest.Config) error {
	const name = "longshore"
	kubeconfig := clientcmdapi.Config{
		Clusters: map[string]*clientcmdapi.Cluster{name: {
			Server:                   config.Host,
			CertificateAuthorityData: config.CAData,
		}},
		AuthInfos: map[string]*clientcmdapi.AuthInfo{name: {
			ClientCertificateData: config.CertData,
			ClientKeyData:         config.KeyData,
			Token:                 config.BearerToken,
			Impersonate:           config.Impersonate.UserName,
			ImpersonateGroups:     config.Impersonate.Groups,
		}},
		Contexts:       map[string]*clientcmdapi.Context{name: {Cluster: name, AuthInfo: name}},
		CurrentContext: name,
	}
	// WriteToFile makes the file with mode 0600.
	if err := clientcmd.WriteToFile(kubeconfig, path); err != nil {
		return fmt.Errorf("writing the kubeconfig %s: %w", path, err)
	}
	return nil
}
