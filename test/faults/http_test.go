package faults_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/longshore-dev/longshore/hack/targets/certs"
	"github.com/longshore-dev/longshore/test/faults"
)

// soon is a client's patience with a server that does not answer; patience is that of a test with what must come.
const (
	soon     = 300 * time.Millisecond
	patience = 20 * time.Second
)

// within is how long a client waits for the answer to what a fault strikes.
func within(fault faults.Fault) time.Duration {
	switch fault {
	case faults.Timeout, faults.Unanswered, faults.Silence:
		return soon
	default:
		return patience
	}
}

// service is an HTTPS server that counts what has its effect, and a client that comes to it through a proxy.
type service struct {
	Gomega
	proxy   *faults.Proxy
	client  *http.Client
	effects atomic.Int32
}

func newService(t *testing.T) *service {
	t.Helper()
	s := &service{Gomega: NewWithT(t)}
	authority, err := certs.NewAuthority()
	s.Expect(err).NotTo(HaveOccurred())
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Header.Get("Authorization") != "Bearer right":
			w.WriteHeader(http.StatusUnauthorized)
		case r.Method == http.MethodPost:
			s.effects.Add(1)
		}
	}))
	server.TLS = tlsOf(t, authority)
	server.StartTLS()
	t.Cleanup(server.Close)
	identity, err := authority.Issue()
	s.Expect(err).NotTo(HaveOccurred())
	s.proxy = faults.HTTP(t, faults.Upstream{Address: server.Listener.Addr().String(), CABundle: authority.PEM}, identity)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority.PEM)
	s.client = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true}}
	return s
}

func tlsOf(t *testing.T, authority *certs.Authority) *tls.Config {
	t.Helper()
	pair, err := authority.Issue()
	if err != nil {
		t.Fatal(err)
	}
	config, err := pair.TLS()
	if err != nil {
		t.Fatal(err)
	}
	return config
}

func (s *service) do(t *testing.T, method string, within time.Duration) (answer, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, "https://"+s.proxy.Address()+"/Users", strings.NewReader("ada@example.com"))
	s.Expect(err).NotTo(HaveOccurred())
	request.Header.Set("Authorization", "Bearer right")
	response, err := s.client.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header.Get("Retry-After"), string(body)}, err
}

// answer is what a client is told.
type answer struct {
	status     int
	retryAfter string
	body       string
}

func TestFaultsOfHTTP(t *testing.T) {
	for _, test := range []struct {
		fault   faults.Fault
		effects int32
		expect  func(Gomega, answer, error)
	}{
		{faults.Timeout, 0, func(g Gomega, _ answer, err error) { g.Expect(err).To(MatchError(context.DeadlineExceeded)) }},
		{faults.Silence, 0, func(g Gomega, _ answer, err error) { g.Expect(err).To(MatchError(context.DeadlineExceeded)) }},
		{faults.ServerError, 0, func(g Gomega, a answer, err error) {
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(a.status).To(Equal(500))
			g.Expect(a.body).To(ContainSubstring("ada@example.com"), "servers repeat what they were asked")
		}},
		{faults.Throttled, 0, func(g Gomega, a answer, err error) {
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(a.status).To(Equal(429))
			g.Expect(a.retryAfter).To(Equal("1"))
		}},
		{faults.ResetAfterEffect, 1, func(g Gomega, _ answer, err error) { g.Expect(err).To(MatchError(syscall.ECONNRESET)) }},
		{faults.Unanswered, 1, func(g Gomega, _ answer, err error) { g.Expect(err).To(MatchError(context.DeadlineExceeded)) }},
		{faults.WrongCredentials, 0, func(g Gomega, a answer, err error) {
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(a.status).To(Equal(401))
		}},
	} {
		t.Run(string(test.fault), func(t *testing.T) {
			s := newService(t)
			s.proxy.Arm(faults.Plan{Fault: test.fault, Times: 1})
			got, err := s.do(t, http.MethodPost, within(test.fault))
			test.expect(s, got, err)
			s.Expect(s.effects.Load()).To(Equal(test.effects), "whether the request had its effect")
			s.Expect(s.proxy.Struck()).To(BeClosed())

			got, err = s.do(t, http.MethodPost, patience)
			s.Expect(err).NotTo(HaveOccurred())
			s.Expect(got.status).To(Equal(200), "one request was to be struck, and no more")
		})
	}
}

func TestWritesOnlySparesReads(t *testing.T) {
	s := newService(t)
	s.proxy.Arm(faults.Plan{Fault: faults.ServerError, WritesOnly: true})
	got, err := s.do(t, http.MethodGet, patience)
	s.Expect(err).NotTo(HaveOccurred())
	s.Expect(got.status).To(Equal(200))
	for range 2 {
		got, err = s.do(t, http.MethodPost, patience)
		s.Expect(err).NotTo(HaveOccurred())
		s.Expect(got.status).To(Equal(500))
	}
	s.proxy.Clear()
	got, err = s.do(t, http.MethodPost, patience)
	s.Expect(err).NotTo(HaveOccurred())
	s.Expect(got.status).To(Equal(200))
	s.Expect(s.proxy.Strikes()).To(Equal(2))
}

func TestEveryConnectionIsReset(t *testing.T) {
	s := newService(t)
	idle, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", s.proxy.Address())
	s.Expect(err).NotTo(HaveOccurred())
	defer idle.Close()
	ended := make(chan error, 1)
	go func() {
		_, err := idle.Read(make([]byte, 1))
		ended <- err
	}()
	s.Eventually(func() error {
		s.proxy.Reset()
		select {
		case err := <-ended:
			return err
		default:
			return nil
		}
	}, patience).Should(MatchError(syscall.ECONNRESET))
}
