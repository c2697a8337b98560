// Package faults puts real faults on the wire between Longshore and a real target system: it terminates TLS, reads the protocol, and talks
// TLS to the server behind it.
package faults

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"

	"github.com/longshore-dev/longshore/hack/targets/certs"
)

// Fault is what goes wrong on the wire.
type Fault string

// The faults. An answer that a proxy makes up repeats the request, as servers do: whoever passes it on gives the subject away.
const (
	// Timeout keeps a request from the server, and never answers.
	Timeout Fault = "timeout"
	// ServerError answers in the server's place that something broke: HTTP 500, LDAP other (80), PostgreSQL XX000.
	ServerError Fault = "500"
	// Throttled answers in the server's place that there is too much to do: HTTP 429 with Retry-After: 1, LDAP busy (51), PostgreSQL 53300
	// to whoever connects.
	Throttled Fault = "429"
	// ResetAfterEffect passes a request on and, once the server has answered, resets the connection instead of passing the answer on.
	ResetAfterEffect Fault = "reset after effect"
	// Unanswered passes a request on, and keeps the answer.
	Unanswered Fault = "unanswered"
	// Silence takes connections and never says or passes on a word, as a machine does whose network was cut. What is connected already stays.
	Silence Fault = "silence"
	// WrongCredentials changes the password or the token that is passed on, which the server then refuses.
	WrongCredentials Fault = "wrong credentials"
)

// Plan says which requests a fault strikes.
type Plan struct {
	Fault Fault
	// WritesOnly spares requests that only read. Silence, WrongCredentials and, in front of PostgreSQL, Throttled strike before it is known
	// what is requested.
	WritesOnly bool
	// Times is how many requests are struck; zero means all until Clear.
	Times int
}

// Upstream is the real server.
type Upstream struct {
	// Address is its host and port.
	Address string
	// CABundle holds the authorities by which it is verified, PEM.
	CABundle []byte
}

// Proxy stands in front of a server. Its methods are safe for concurrent use.
type Proxy struct {
	upstream Upstream
	client   *tls.Config
	server   *tls.Config
	listener net.Listener

	mu     sync.Mutex
	closed bool
	conns  map[*conn]bool
	plan   Plan
	armed  bool
	// struck is closed with the first strike since the proxy was armed.
	struck  chan struct{}
	strikes int
}

// newProxy listens, and closes what is open when the test ends.
func newProxy(t *testing.T, upstream Upstream, identity certs.Pair) *Proxy {
	t.Helper()
	server, err := identity.TLS()
	if err != nil {
		t.Fatal(err)
	}
	host, _, err := net.SplitHostPort(upstream.Address)
	if err != nil {
		t.Fatalf("reading the address of the server behind the proxy: %v", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(upstream.CABundle) {
		t.Fatal("the server behind the proxy has no certificate authority")
	}
	p := &Proxy{
		upstream: upstream, server: server, client: &tls.Config{RootCAs: roots, ServerName: host, MinVersion: tls.VersionTLS12},
		conns: map[*conn]bool{}, struck: make(chan struct{}),
	}
	if p.listener, err = (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0"); err != nil {
		t.Fatalf("listening in front of %s: %v", upstream.Address, err)
	}
	t.Cleanup(p.close)
	return p
}

// Address is the host and port of the proxy.
func (p *Proxy) Address() string { return p.listener.Addr().String() }

// Arm lets a fault strike from now on, in place of the one before.
func (p *Proxy) Arm(plan Plan) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.plan, p.armed, p.strikes, p.struck = plan, true, 0, make(chan struct{})
}

// Clear lets nothing strike from now on. What was struck stays so.
func (p *Proxy) Clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.armed = false
}

// Struck is closed once the fault that was armed last has struck.
func (p *Proxy) Struck() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.struck
}

// Strikes is how many requests the fault that was armed last has struck.
func (p *Proxy) Strikes() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.strikes
}

// Reset resets every connection with a client, as a server does that is killed.
func (p *Proxy) Reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		go c.reset()
	}
}

// fault is what strikes, if it is one of those that can strike here; an empty one strikes nothing.
func (p *Proxy) fault(can func(Plan) bool) Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.armed || !can(p.plan) {
		return ""
	}
	if p.strikes++; p.strikes == 1 {
		close(p.struck)
	}
	if p.strikes == p.plan.Times {
		p.armed = false
	}
	return p.plan.Fault
}

// onRequest is the fault that strikes a request.
func (p *Proxy) onRequest(write bool) Fault {
	return p.fault(func(plan Plan) bool {
		return plan.Fault != WrongCredentials && plan.Fault != Silence && (write || !plan.WritesOnly)
	})
}

// altersCredentials says whether the credentials that are passed now are to be changed.
func (p *Proxy) altersCredentials() bool {
	return p.fault(func(plan Plan) bool { return plan.Fault == WrongCredentials }) != ""
}

// serve handles every connection in a goroutine of its own.
func (p *Proxy) serve(handle func(*conn) error) {
	for {
		accepted, err := p.accept()
		if err != nil {
			return
		}
		go func() {
			defer accepted.Close()
			// Whichever side went away, the other sees its connection closed.
			_ = handle(accepted)
		}()
	}
}

// accept returns the next connection that is not to meet with silence.
func (p *Proxy) accept() (*conn, error) {
	for {
		c, err := p.acceptAny()
		if err != nil || !p.silent(c) {
			return c, err
		}
	}
}

func (p *Proxy) acceptAny() (*conn, error) {
	accepted, err := p.listener.Accept()
	if err != nil {
		return nil, err
	}
	raw, is := accepted.(*net.TCPConn)
	if !is {
		return nil, fmt.Errorf("accepted a %T", accepted)
	}
	c := &conn{TCPConn: raw, proxy: p}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, errors.Join(net.ErrClosed, raw.Close())
	}
	p.conns[c] = true
	return c, nil
}

// silent says whether a connection is one that nothing is said on. It stays open until it is reset or its client goes.
func (p *Proxy) silent(c *conn) bool {
	if p.fault(func(plan Plan) bool { return plan.Fault == Silence }) == "" {
		return false
	}
	go func() {
		_, _ = io.Copy(io.Discard, c)
		_ = c.Close()
	}()
	return true
}

// dial connects to the server, without TLS yet. The connection ends with the client's.
func (p *Proxy) dial(ctx context.Context, c *conn) (net.Conn, error) {
	upstream, err := (&net.Dialer{}).DialContext(ctx, "tcp", p.upstream.Address)
	if err != nil {
		return nil, fmt.Errorf("connecting to the server behind the proxy: %w", err)
	}
	c.endsWith(upstream)
	return upstream, nil
}

func (p *Proxy) close() {
	_ = p.listener.Close()
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.Reset()
}

// conn is a client's connection.
type conn struct {
	*net.TCPConn
	proxy *Proxy

	mu       sync.Mutex
	closed   bool
	upstream net.Conn
}

// endsWith has the connection to the server closed with the client's.
func (c *conn) endsWith(upstream net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.upstream = upstream
	if c.closed {
		_ = upstream.Close()
	}
}

// reset ends the connection with a reset instead of an orderly end.
func (c *conn) reset() {
	_ = c.SetLinger(0)
	_ = c.Close()
}

// Close closes both sides.
func (c *conn) Close() error {
	c.proxy.mu.Lock()
	delete(c.proxy.conns, c)
	c.proxy.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	if c.upstream != nil {
		_ = c.upstream.Close()
	}
	return c.TCPConn.Close()
}
