package ldap_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
	"github.com/longshore-dev/longshore/controllers/access/provider/ldap/ldaptest"
	"github.com/longshore-dev/longshore/hack/targets/slapd"
)

// transports are both ways to a directory.
func transports(t *testing.T, s *ldaptest.System, do func(*testing.T, *ldaptest.System)) {
	t.Helper()
	t.Run("LDAPS", func(t *testing.T) { do(t, s) })
	t.Run("StartTLS", func(t *testing.T) { do(t, s.With(member, true)) })
}

// listen does something with every connection that is made, until the test ends, and returns the address.
func listen(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	return listenOn(t, "127.0.0.1", serve)
}

func listenOn(t *testing.T, host string, serve func(net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		t.Fatalf("listening: %v", err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				serve(conn)
			}()
		}
	}()
	return listener.Addr().String()
}

// swallow reads and never answers.
func swallow(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }

func TestACallToAServerThatNeverAnswersEndsWhenItsTimeIsUp(t *testing.T) {
	s := ldaptest.Start(t)
	pair, err := s.Authority().Issue()
	if err != nil {
		t.Fatal(err)
	}
	config, err := pair.TLS()
	if err != nil {
		t.Fatal(err)
	}
	silent := listen(t, swallow)
	greets := listen(t, func(conn net.Conn) { swallow(tls.Server(conn, config)) })
	for name, connection := range map[string]provider.Connection{
		"before TLS":      s.Via(silent),
		"before StartTLS": s.With(member, true).Via(silent),
		"before the bind": s.Via(greets),
	} {
		t.Run(name, func(t *testing.T) {
			d := connectBy(t, s, connection)
			target := d.newTarget()
			for name, call := range map[string]func(context.Context) error{
				"probe":  d.provider.Probe,
				"grant":  func(ctx context.Context) error { return d.provider.Grant(ctx, provider.Request{Target: target}) },
				"verify": func(ctx context.Context) error { _, err := d.provider.Verify(ctx, target); return err },
				"revoke": func(ctx context.Context) error {
					return d.provider.Revoke(ctx, target, provider.RevokeOptions{})
				},
			} {
				ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
				err := call(ctx)
				cancel()
				if !errors.Is(err, context.DeadlineExceeded) || provider.IsRefused(err) {
					t.Errorf("%s ended with %v, expected that its time was up", name, err)
				}
			}
		})
	}
}

func TestACallThatIsCalledOffMidwaySaysWhy(t *testing.T) {
	s := ldaptest.Start(t)
	why := errors.New("the operator is stopping")
	ctx, cancel := context.WithCancelCause(t.Context())
	d := connectBy(t, s, s.Via(listen(t, func(conn net.Conn) {
		cancel(why)
		swallow(conn)
	})))
	if err := d.provider.Probe(ctx); !errors.Is(err, why) || provider.IsRefused(err) {
		t.Errorf("it ended with %v, expected %v", err, why)
	}
}

func TestAServerThatIsAwayCanBeTriedAgainAndIsFoundAgain(t *testing.T) {
	transports(t, ldaptest.Start(t), func(t *testing.T, s *ldaptest.System) {
		d := connect(t, s)
		target := d.granted(d.newTarget())
		s.Server.Stop()
		_, err := d.provider.Verify(t.Context(), target)
		expectRetry(t, err, "connecting to the directory")
		s.Restart(t)
		if observed := d.verify(target); !observed.Exact() {
			t.Errorf("after the server was started again it was read back as %+v, expected it to be held", observed)
		}
	})
}

func TestAConnectionThatBreaksCanBeTriedAgain(t *testing.T) {
	transports(t, ldaptest.Start(t), func(t *testing.T, s *ldaptest.System) {
		d := connectBy(t, s, s.Via(listen(t, func(conn net.Conn) { _, _ = conn.Read(make([]byte, 1)) })))
		expectRetry(t, d.provider.Probe(t.Context()), "encrypting the connection")
	})
}

func TestNoPasswordIsShownToAServerThatCannotBeVerified(t *testing.T) {
	transports(t, ldaptest.Start(t), func(t *testing.T, s *ldaptest.System) {
		stranger := ldaptest.Start(t).With(s.Attribute, s.StartTLS)
		connection := s.Via(stranger.Address())
		err := connectBy(t, s, connection).provider.Probe(t.Context())
		expectRetry(t, err, "spec.caBundleRef")
		expectRetry(t, err, "certificate signed by unknown authority")
	})
}

func TestAServerWithAnotherNameIsNotTalkedTo(t *testing.T) {
	transports(t, ldaptest.Start(t), func(t *testing.T, s *ldaptest.System) {
		// It is this machine too, and not in the certificate.
		through := listenOn(t, "127.0.0.2", func(conn net.Conn) {
			onward, err := net.Dial("tcp", s.Address())
			if err != nil {
				return
			}
			defer onward.Close()
			go func() { _, _ = io.Copy(onward, conn) }()
			_, _ = io.Copy(conn, onward)
		})
		expectRetry(t, connectBy(t, s, s.Via(through)).provider.Probe(t.Context()), "127.0.0.2")
	})
}

func TestAServerWithoutStartTLSIsRefusedBeforeAnythingIsShownToIt(t *testing.T) {
	plain := ldaptest.StartWith(t, slapd.Options{WithoutTLS: true}).With(member, true)
	d := connect(t, plain)
	expectRefusal(t, d.provider.Probe(t.Context()), "does not offer StartTLS")
	_, err := d.provider.Verify(t.Context(), d.target(d.Group(t), "ada"))
	expectRefusal(t, err, "ldaps://")
}

func TestWrongCredentialsAreRefusedWithWhatToCorrect(t *testing.T) {
	transports(t, ldaptest.Start(t), func(t *testing.T, s *ldaptest.System) {
		for name, credentials := range map[string]map[string][]byte{
			"another password": {v1alpha1.CredentialUsername: []byte("cn=longshore,ou=operators," + slapd.Base), v1alpha1.CredentialPassword: []byte("hunter2")},
			"nobody":           {v1alpha1.CredentialUsername: []byte("cn=nobody," + slapd.Base), v1alpha1.CredentialPassword: []byte("hunter2")},
			"not a DN":         {v1alpha1.CredentialUsername: []byte("longshore"), v1alpha1.CredentialPassword: []byte("hunter2")},
		} {
			connection := s.Connection()
			connection.Credentials = credentials
			err := connectBy(t, s, connection).provider.Probe(t.Context())
			expectRefusal(t, err, "credentials of Secret directory")
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%s: the refusal repeats the password: %v", name, err)
			}
		}
	})
}

func TestABaseThatIsNotThereIsRefused(t *testing.T) {
	s := ldaptest.Start(t)
	for _, base := range []string{"ou=nowhere," + slapd.Base, "ou=hidden," + slapd.Base, "dc=example,dc=org"} {
		connection := s.Connection()
		connection.Behind.Spec.LDAP.BaseDN, connection.Behind.Spec.LDAP.UserDN = base, "uid={subject},"+base
		expectRefusal(t, connectBy(t, s, connection).provider.Probe(t.Context()), "is not there or may not be read")
	}
}
