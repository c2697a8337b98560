package faults_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"testing"

	"github.com/go-ldap/ldap/v3"
	. "github.com/onsi/gomega"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/hack/targets/certs"
	"github.com/longshore-dev/longshore/hack/targets/slapd"
	"github.com/longshore-dev/longshore/test/faults"
)

// directory is a real directory, and clients that come to it through a proxy.
type directory struct {
	Gomega
	server *slapd.Server
	trust  *tls.Config
	// proxy stands in front of LDAPS, and plain in front of StartTLS.
	proxy, plain *faults.Proxy
	people       int
}

func newDirectory(t *testing.T) *directory {
	t.Helper()
	d := &directory{Gomega: NewWithT(t)}
	authority, err := certs.NewAuthority()
	d.Expect(err).NotTo(HaveOccurred())
	d.server, err = slapd.Start(t.Context(), slapd.Options{Dir: t.TempDir(), Authority: authority})
	d.Expect(err).NotTo(HaveOccurred())
	t.Cleanup(d.server.Stop)
	d.proxy, d.plain = d.inFrontOf(t, authority, d.server.Endpoint()), d.inFrontOf(t, authority, d.server.StartTLSEndpoint())
	d.trust = &tls.Config{RootCAs: x509.NewCertPool(), ServerName: "127.0.0.1", MinVersion: tls.VersionTLS12}
	d.trust.RootCAs.AppendCertsFromPEM(authority.PEM)
	return d
}

func (d *directory) inFrontOf(t *testing.T, authority *certs.Authority, endpoint string) *faults.Proxy {
	t.Helper()
	at, err := url.Parse(endpoint)
	d.Expect(err).NotTo(HaveOccurred())
	identity, err := authority.Issue()
	d.Expect(err).NotTo(HaveOccurred())
	return faults.LDAP(t, faults.Upstream{Address: at.Host, CABundle: authority.PEM}, identity)
}

// connect binds as Longshore does.
func (d *directory) connect(t *testing.T) (*ldap.Conn, error) {
	t.Helper()
	conn, err := ldap.DialURL("ldaps://"+d.proxy.Address(), ldap.DialWithTLSConfig(d.trust))
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { _ = conn.Close() })
	conn.SetTimeout(patience)
	return conn, d.bind(conn)
}

func (d *directory) bind(conn *ldap.Conn) error {
	as := d.server.Credentials()
	return conn.Bind(string(as[v1alpha1.CredentialUsername]), string(as[v1alpha1.CredentialPassword]))
}

// person is somebody new.
func (d *directory) person(t *testing.T) (dn string) {
	t.Helper()
	d.people++
	uid := fmt.Sprintf("person-%d", d.people)
	_, err := d.server.AddPerson(t.Context(), uid)
	d.Expect(err).NotTo(HaveOccurred())
	return "uid=" + uid + "," + slapd.People
}

func TestFaultsOfLDAP(t *testing.T) {
	d := newDirectory(t)
	group, err := d.server.AddGroup(t.Context(), "designers", v1alpha1.LDAPMember)
	d.Expect(err).NotTo(HaveOccurred())
	for _, test := range []struct {
		fault  faults.Fault
		effect bool
		// code is the directory's answer; zero if it is lost.
		code uint16
	}{
		{faults.Timeout, false, 0},
		{faults.ServerError, false, ldap.LDAPResultOther},
		{faults.Throttled, false, ldap.LDAPResultBusy},
		{faults.ResetAfterEffect, true, 0},
		{faults.Unanswered, true, 0},
	} {
		t.Run(string(test.fault), func(t *testing.T) {
			g := NewWithT(t)
			conn, err := d.connect(t)
			g.Expect(err).NotTo(HaveOccurred())
			conn.SetTimeout(within(test.fault))
			person := d.person(t)
			d.proxy.Arm(faults.Plan{Fault: test.fault, WritesOnly: true, Times: 1})
			g.Expect(read(conn, group)).To(Succeed(), "reads are spared")
			change := ldap.NewModifyRequest(group, nil)
			change.Add("member", []string{person})
			err = conn.Modify(change)
			g.Expect(err).To(HaveOccurred())
			g.Expect(answered(err)).To(Equal(test.code), "the client is told %v", err)
			if test.code != 0 {
				g.Expect(err).To(MatchError(ContainSubstring(person)), "servers repeat what they were asked")
			}
			g.Expect(d.proxy.Struck()).To(BeClosed())
			members := func() ([]string, error) { return d.server.Members(t.Context(), group, v1alpha1.LDAPMember) }
			if test.effect {
				g.Eventually(members, patience).Should(ContainElement(person))
			} else {
				g.Expect(members()).NotTo(ContainElement(person))
			}

			again, err := d.connect(t)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(read(again, group)).To(Succeed(), "one request was to be struck, and no more")

			d.proxy.Arm(faults.Plan{Fault: test.fault, Times: 1})
			again.SetTimeout(within(test.fault))
			err = read(again, group)
			g.Expect(err).To(HaveOccurred())
			g.Expect(answered(err)).To(Equal(test.code), "a client that reads is told %v", err)
		})
	}
	t.Run(string(faults.WrongCredentials), func(t *testing.T) {
		g := NewWithT(t)
		d.proxy.Arm(faults.Plan{Fault: faults.WrongCredentials})
		_, err := d.connect(t)
		g.Expect(answered(err)).To(BeEquivalentTo(ldap.LDAPResultInvalidCredentials), "%v", err)
		d.proxy.Clear()
		_, err = d.connect(t)
		g.Expect(err).NotTo(HaveOccurred())
	})
	t.Run("by StartTLS", func(t *testing.T) {
		g := NewWithT(t)
		conn, err := ldap.DialURL("ldap://" + d.plain.Address())
		g.Expect(err).NotTo(HaveOccurred())
		defer conn.Close()
		conn.SetTimeout(patience)
		g.Expect(conn.StartTLS(d.trust)).To(Succeed())
		g.Expect(d.bind(conn)).To(Succeed())
		d.plain.Arm(faults.Plan{Fault: faults.ServerError, Times: 1})
		g.Expect(answered(read(conn, group))).To(BeEquivalentTo(ldap.LDAPResultOther))
		g.Expect(read(conn, group)).To(Succeed())
	})
}

// answered is the code that a directory answered with; zero if it did not answer.
func answered(err error) uint16 {
	var told *ldap.Error
	if !errors.As(err, &told) || told.ResultCode >= ldap.ErrorNetwork {
		return 0
	}
	return told.ResultCode
}

func read(conn *ldap.Conn, dn string) error {
	found, err := conn.Search(ldap.NewSearchRequest(dn, ldap.ScopeBaseObject, ldap.NeverDerefAliases, 0, 0, false, "(objectClass=*)", nil, nil))
	if err == nil && len(found.Entries) != 1 {
		err = fmt.Errorf("found %d entries", len(found.Entries))
	}
	return err
}
