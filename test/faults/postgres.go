package faults

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/longshore-dev/longshore/hack/targets/certs"
)

// PostgreSQL stands in front of a database server. Clients that bind their password to the server's certificate (SCRAM-SHA-256-PLUS) see
// through a proxy unless its identity is the server's own.
func PostgreSQL(t *testing.T, upstream Upstream, identity certs.Pair) *Proxy {
	t.Helper()
	p := newProxy(t, upstream, identity)
	go p.serve(func(c *conn) error { return p.servePostgreSQL(t.Context(), c) })
	return p
}

// What a connection begins with instead of a protocol version ("Message Formats" in PostgreSQL's manual).
const (
	cancelRequest = 80877102
	sslRequest    = 80877103
	gssEncRequest = 80877104
)

func (p *Proxy) servePostgreSQL(ctx context.Context, c *conn) error {
	var client net.Conn = c
	startup, err := readStartup(client)
	for err == nil && (startup.code() == sslRequest || startup.code() == gssEncRequest) {
		answer := byte('N')
		if startup.code() == sslRequest {
			answer = 'S'
		}
		if _, err = client.Write([]byte{answer}); err != nil {
			break
		}
		if answer == 'S' {
			client = tls.Server(c, p.server)
		}
		startup, err = readStartup(client)
	}
	if err != nil {
		return err
	}
	if startup.code() != cancelRequest && p.fault(func(plan Plan) bool { return plan.Fault == Throttled }) != "" {
		return tell(client, &pgproto3.ErrorResponse{Severity: "FATAL", Code: "53300", Message: "sorry, too many clients already: " + startup.words()})
	}
	server, err := p.dialPostgreSQL(ctx, c)
	if err != nil {
		c.reset()
		return err
	}
	if _, err := server.Write(startup.wire); err != nil {
		return err
	}
	s := &pgSession{proxy: p, raw: c, client: client, server: server, statements: map[string]string{}, transaction: idle}
	go func() {
		defer c.Close()
		_ = s.answers() // The client sees its connection closed.
	}()
	return s.requests()
}

// dialPostgreSQL connects to the server by TLS.
func (p *Proxy) dialPostgreSQL(ctx context.Context, c *conn) (net.Conn, error) {
	raw, err := p.dial(ctx, c)
	if err != nil {
		return nil, err
	}
	request, err := (&pgproto3.SSLRequest{}).Encode(nil)
	if err != nil {
		return nil, err
	}
	if _, err := raw.Write(request); err != nil {
		return nil, err
	}
	var answer [1]byte
	if _, err := io.ReadFull(raw, answer[:]); err != nil {
		return nil, err
	}
	if answer[0] != 'S' {
		return nil, errors.New("the server behind the proxy does not speak TLS")
	}
	return tls.Client(raw, p.client), nil
}

// The states of a transaction, as the server tells them.
const (
	idle          = 'I'
	inTransaction = 'T'
	failed        = 'E'
)

// pgSession is a connection that has begun. A request is all that a client sends until it waits for an answer.
type pgSession struct {
	proxy  *Proxy
	raw    *conn
	client net.Conn
	server net.Conn
	// statements are those that the client prepared, by name.
	statements map[string]string

	mu          sync.Mutex
	transaction byte
	// loses is how the answer to what was passed on is lost; empty if it is not.
	loses Fault
}

// requests passes on what the client sends.
func (s *pgSession) requests() error {
	var pending []frame
	for {
		f, err := readFrame(s.client)
		if err != nil {
			return err
		}
		if f.kind == 'p' && s.proxy.altersCredentials() {
			f = f.withWrongProof()
		}
		pending = append(pending, f)
		switch f.kind {
		case 'P', 'B', 'D', 'E', 'C':
			// The client goes on.
			continue
		}
		if err := s.request(pending); err != nil {
			return err
		}
		pending = nil
	}
}

// request passes one on, or what strikes it.
func (s *pgSession) request(frames []frame) error {
	run, err := s.statementsOf(frames)
	if err != nil {
		return err
	}
	var fault Fault
	if len(run) > 0 {
		fault = s.strike(run)
	}
	switch fault {
	case Timeout:
		return nil
	case ServerError:
		return s.fail("XX000", "failed while running "+strings.Join(run, "; "))
	default:
	}
	s.mu.Lock()
	if fault != "" {
		s.loses = fault
	}
	s.mu.Unlock()
	for _, f := range frames {
		if _, err := s.server.Write(f.wire); err != nil {
			return err
		}
	}
	return nil
}

// strike returns what strikes a request. A write in a transaction has its effect with the commit, so that is where an answer is lost.
func (s *pgSession) strike(run []string) Fault {
	s.mu.Lock()
	within := s.transaction != idle
	s.mu.Unlock()
	kinds := map[kind]bool{}
	for _, statement := range run {
		kinds[kindOf(statement)] = true
	}
	return s.proxy.fault(func(plan Plan) bool {
		switch {
		case plan.Fault == WrongCredentials || plan.Fault == Throttled || plan.Fault == Silence:
			return false
		case !plan.WritesOnly:
			return true
		case plan.Fault == ResetAfterEffect:
			return kinds[commits] || kinds[changes] && !within
		}
		return kinds[changes]
	})
}

// answers passes on what the server sends.
func (s *pgSession) answers() error {
	for {
		f, err := readFrame(s.server)
		if err != nil {
			return err
		}
		s.mu.Lock()
		ready := f.kind == 'Z' && len(f.body()) == 1
		if ready {
			s.transaction = f.body()[0]
		}
		loses := s.loses
		s.mu.Unlock()
		switch {
		case loses == ResetAfterEffect && ready:
			s.raw.reset()
			return nil
		case loses != "":
			continue
		}
		if _, err := s.client.Write(f.wire); err != nil {
			return err
		}
	}
}

// fail answers that a request failed, which fails the transaction that it is part of. The server is not told: the client rolls back.
func (s *pgSession) fail(code, message string) error {
	s.mu.Lock()
	status := byte(idle)
	if s.transaction != idle {
		status = failed
	}
	s.mu.Unlock()
	return tell(s.client, &pgproto3.ErrorResponse{Severity: "ERROR", Code: code, Message: message}, &pgproto3.ReadyForQuery{TxStatus: status})
}

// statementsOf are those that a request runs.
func (s *pgSession) statementsOf(frames []frame) ([]string, error) {
	var run []string
	bound := ""
	for _, f := range frames {
		var err error
		switch f.kind {
		case 'P':
			var m pgproto3.Parse
			err = m.Decode(f.body())
			s.statements[m.Name] = m.Query
		case 'B':
			var m pgproto3.Bind
			err = m.Decode(f.body())
			bound = s.statements[m.PreparedStatement]
		case 'E':
			run = append(run, bound)
		case 'Q':
			var m pgproto3.Query
			err = m.Decode(f.body())
			run = append(run, strings.Split(m.String, ";")...)
		}
		if err != nil {
			return nil, fmt.Errorf("reading a client's message: %w", err)
		}
	}
	return run, nil
}

// kind is what a statement does.
type kind int

const (
	reads kind = iota
	changes
	commits
	controls
)

func kindOf(statement string) kind {
	word, _, _ := strings.Cut(strings.TrimSpace(statement), " ")
	switch strings.ToUpper(word) {
	case "", "SELECT", "SHOW", "VALUES", "TABLE", "EXPLAIN", "FETCH":
		return reads
	case "COMMIT", "END":
		return commits
	case "BEGIN", "START", "ROLLBACK", "ABORT", "SET", "RESET", "SAVEPOINT", "RELEASE", "LOCK", "DISCARD", "DEALLOCATE":
		return controls
	}
	return changes
}

// frame is one message of the protocol, as it is on the wire.
type frame struct {
	kind byte
	wire []byte
}

func (f frame) body() []byte { return f.wire[5:] }

// maxFrame is more than any message of a test.
const maxFrame = 1 << 20

func readFrame(from io.Reader) (frame, error) {
	header := make([]byte, 5)
	if _, err := io.ReadFull(from, header); err != nil {
		return frame{}, err
	}
	wire, err := readRest(from, header, header[1:])
	return frame{kind: header[0], wire: wire}, err
}

// withWrongProof is the last message of SCRAM (RFC 5802, section 7) with a proof of another password. Others stay as they are.
func (f frame) withWrongProof() frame {
	before, proof, found := strings.Cut(string(f.body()), ",p=")
	raw, err := base64.StdEncoding.DecodeString(proof)
	if !found || err != nil || len(raw) == 0 {
		return f
	}
	raw[0] ^= 1
	wire := append(append([]byte{}, f.wire[:5]...), before+",p="+base64.StdEncoding.EncodeToString(raw)...)
	return frame{kind: f.kind, wire: wire}
}

// startup is the first message of a connection, which has no type.
type startup struct{ wire []byte }

func readStartup(from io.Reader) (startup, error) {
	header := make([]byte, 4)
	if _, err := io.ReadFull(from, header); err != nil {
		return startup{}, err
	}
	wire, err := readRest(from, header, header)
	if err == nil && len(wire) < 8 {
		err = errors.New("a connection begins with too little")
	}
	return startup{wire}, err
}

func (s startup) code() uint32 { return binary.BigEndian.Uint32(s.wire[4:]) }

// words are what the client says of itself.
func (s startup) words() string {
	return strings.Join(strings.FieldsFunc(string(s.wire[8:]), func(r rune) bool { return r == 0 }), " ")
}

// readRest reads what is left of a message. The length counts itself.
func readRest(from io.Reader, header, length []byte) ([]byte, error) {
	left := int64(binary.BigEndian.Uint32(length)) - 4
	if left < 0 || left > maxFrame {
		return nil, fmt.Errorf("a message of %d bytes", left)
	}
	wire := make([]byte, len(header)+int(left))
	copy(wire, header)
	_, err := io.ReadFull(from, wire[len(header):])
	return wire, err
}

func tell(client io.Writer, messages ...pgproto3.BackendMessage) error {
	var wire []byte
	for _, m := range messages {
		var err error
		if wire, err = m.Encode(wire); err != nil {
			return err
		}
	}
	_, err := client.Write(wire)
	return err
}
