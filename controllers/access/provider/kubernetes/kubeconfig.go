package kubernetes

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/url"
	"strings"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// readKubeconfig returns the access that a kubeconfig's current context describes. It takes over what is known to be harmless, field by
// field: a Secret must not have the operator run commands, read files, speak for others or trust whoever answers. What it refuses, it
// refuses in words: errors of parsers would quote what they could not read.
func readKubeconfig(content []byte) (*rest.Config, error) {
	kubeconfig, err := clientcmd.Load(content)
	if err != nil {
		return nil, errors.New("is none that could be read")
	}
	chosen := kubeconfig.Contexts[kubeconfig.CurrentContext]
	if chosen == nil {
		return nil, errors.New("has no context under the name that its current-context gives")
	}
	cluster, user := kubeconfig.Clusters[chosen.Cluster], kubeconfig.AuthInfos[chosen.AuthInfo]
	if cluster == nil || user == nil {
		return nil, errors.New("has no cluster or no user under the names that its current context gives")
	}
	if err := cmp.Or(checkServer(cluster), checkUser(user)); err != nil {
		return nil, err
	}
	return &rest.Config{
		Host:        cluster.Server,
		BearerToken: user.Token,
		TLSClientConfig: rest.TLSClientConfig{
			ServerName: cluster.TLSServerName,
			CAData:     cluster.CertificateAuthorityData,
			CertData:   user.ClientCertificateData,
			KeyData:    user.ClientKeyData,
		},
	}, nil
}

// fault is something that a kubeconfig must not have, and what to do about it.
type fault struct {
	found bool
	words string
}

func firstOf(faults []fault) error {
	for _, f := range faults {
		if f.found {
			return errors.New(f.words)
		}
	}
	return nil
}

func checkServer(c *clientcmdapi.Cluster) error {
	server, err := url.Parse(c.Server)
	return firstOf([]fault{
		{c.InsecureSkipTLSVerify, "has insecure-skip-tls-verify, by which anybody could answer as the cluster: give certificate-authority-data instead"},
		{c.CertificateAuthority != "", "names a file in certificate-authority: put its content into certificate-authority-data"},
		{c.ProxyURL != "", "has a proxy-url: name a server that is reached without, or set the operator's own proxy"},
		{err != nil || server.Scheme != "https" || server.Hostname() == "", "has a server that is not https://host[:port]"},
		{err == nil && (server.User != nil || server.RawQuery != "" || server.Fragment != ""), "has a server with credentials or parameters: it is https://host[:port]"},
		{
			len(c.CertificateAuthorityData) > 0 && !x509.NewCertPool().AppendCertsFromPEM(c.CertificateAuthorityData),
			"has certificate-authority-data without a certificate in PEM",
		},
	})
}

func checkUser(u *clientcmdapi.AuthInfo) error {
	byCertificate := len(u.ClientCertificateData) > 0 || len(u.ClientKeyData) > 0
	unfit := false
	if byCertificate {
		_, err := tls.X509KeyPair(u.ClientCertificateData, u.ClientKeyData)
		unfit = err != nil
	}
	return firstOf([]fault{
		{u.Exec != nil, "runs a command for its credentials (exec), which the operator does not: give a token, or a certificate and its key"},
		{u.AuthProvider != nil, "has an auth-provider: give a token, or a certificate and its key"},
		{u.TokenFile != "", "names a file in tokenFile: put its content into token"},
		{u.ClientCertificate != "" || u.ClientKey != "", "names files in client-certificate or client-key: put their content into client-certificate-data and client-key-data"},
		{
			u.Impersonate != "" || u.ImpersonateUID != "" || len(u.ImpersonateGroups) > 0 || len(u.ImpersonateUserExtra) > 0,
			"speaks for somebody else (as, as-uid, as-groups, as-user-extra): give an identity of its own",
		},
		{u.Username != "" || u.Password != "", "has a username and password, which API servers do not take: give a token, or a certificate and its key"},
		{u.Token == "" && !byCertificate, "has no credentials: give a token, or client-certificate-data and client-key-data"},
		{strings.ContainsFunc(u.Token, func(r rune) bool { return r <= ' ' || r > '~' }), "has a token with characters that no token has, such as the end of a line"},
		{unfit, "has client-certificate-data and client-key-data that are not a certificate and its key in PEM"},
	})
}
