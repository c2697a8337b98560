package provider

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"strings"

	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// Registry holds every type of target system that this operator knows.
type Registry map[v1alpha1.ProviderType]Type

// Type is one type of target system.
type Type struct {
	// Open prepares calls to a target system; it makes none itself, and holds nothing that would have to be closed.
	Open func(Connection) (Provider, error)
	// Watch returns sources of news about what Longshore gave, so that drift is repaired at once and not only at the next resync.
	// Optional: most target systems have no such news.
	Watch func(manager.Manager, Concerned) []source.Source
}

// Connection is what a target system is called by.
type Connection struct {
	// Behind describes the target system. Of an AccessProvider that is gone, only name and type are known: what needs more to revoke by
	// Refuses.
	Behind *v1alpha1.AccessProvider
	// Credentials are the data of the Secret that credentialsRef names. They never show in an error, an event, a log or a metric.
	Credentials map[string][]byte
	// CABundle holds the certificate authorities of caBundleRef, PEM; empty for those of the system.
	CABundle []byte
}

// Credential returns the value of a key of the Secret, or says what is missing.
func (c Connection) Credential(key string) (string, error) {
	if c.Behind.Spec.CredentialsRef == nil {
		return "", Refused("AccessProvider %s has no spec.credentialsRef: name a Secret with the key %s", c.Behind.Name, key)
	}
	// A file that a Secret was made from often ends with a line break, and no credential does.
	value := strings.TrimRight(string(c.Credentials[key]), "\r\n")
	if value == "" {
		return "", Refused("Secret %s, which AccessProvider %s names in spec.credentialsRef, has no key %s", c.Behind.Spec.CredentialsRef.Name, c.Behind.Name, key)
	}
	return value, nil
}

// TLS is how the target system is verified: by the certificate authorities of caBundleRef or, without, by those of the system.
func (c Connection) TLS(serverName string) (*tls.Config, error) {
	config := &tls.Config{ServerName: serverName, MinVersion: tls.VersionTLS12}
	if c.Behind.Spec.CABundleRef == nil {
		return config, nil
	}
	config.RootCAs = x509.NewCertPool()
	if !config.RootCAs.AppendCertsFromPEM(c.CABundle) {
		return nil, Refused("ConfigMap %s, which AccessProvider %s names in spec.caBundleRef, has no certificate in PEM under the key %s", c.Behind.Spec.CABundleRef.Name, c.Behind.Name, v1alpha1.CABundleKey)
	}
	return config, nil
}

// Concerned returns the requests for the grants that hold the Target with a key.
type Concerned func(ctx context.Context, key string) []reconcile.Request
