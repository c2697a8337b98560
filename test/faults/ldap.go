package faults

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"

	"github.com/longshore-dev/longshore/hack/targets/certs"
)

// LDAP stands in front of a directory, as the one that identity proves. It takes both ways to TLS, and goes on to the directory by the
// same: LDAPS, and StartTLS as a client's first request.
func LDAP(t *testing.T, upstream Upstream, identity certs.Pair) *Proxy {
	t.Helper()
	p := newProxy(t, upstream, identity)
	go p.serve(func(c *conn) error { return p.serveLDAP(t.Context(), c) })
	return p
}

// answers are the operations that can be struck, by the operation that answers each.
var answers = map[ber.Tag]ber.Tag{
	ldap.ApplicationSearchRequest:   ldap.ApplicationSearchResultDone,
	ldap.ApplicationCompareRequest:  ldap.ApplicationCompareResponse,
	ldap.ApplicationModifyRequest:   ldap.ApplicationModifyResponse,
	ldap.ApplicationAddRequest:      ldap.ApplicationAddResponse,
	ldap.ApplicationDelRequest:      ldap.ApplicationDelResponse,
	ldap.ApplicationModifyDNRequest: ldap.ApplicationModifyDNResponse,
}

// tlsHandshake begins every connection that is TLS from the start (RFC 8446, section 5.1); LDAP's messages begin with another byte.
const tlsHandshake = 0x16

func (p *Proxy) serveLDAP(ctx context.Context, c *conn) error {
	raw, err := p.dial(ctx, c)
	if err != nil {
		c.reset()
		return err
	}
	reader := bufio.NewReader(c)
	first, err := reader.Peek(1)
	if err != nil {
		return err
	}
	if first[0] != tlsHandshake {
		if err := startTLS(reader, c, raw); err != nil {
			return err
		}
	}
	s := &ldapSession{proxy: p, raw: c, lost: map[int64]Fault{}}
	s.client = tls.Server(&bufferedConn{c, reader}, p.server)
	s.server = tls.Client(raw, p.client)
	go func() {
		defer c.Close()
		_ = s.answers() // The client sees its connection closed.
	}()
	return s.requests()
}

// bufferedConn reads what was looked at already.
type bufferedConn struct {
	net.Conn
	reader *bufio.Reader
}

func (b *bufferedConn) Read(into []byte) (int, error) { return b.reader.Read(into) }

// startTLS passes a StartTLS (RFC 4511, section 4.14) and its answer on.
func startTLS(client *bufio.Reader, to io.Writer, server io.ReadWriter) error {
	asked, request, err := readLDAP(client)
	if err != nil {
		return err
	}
	if request.operation != ldap.ApplicationExtendedRequest {
		return errors.New("a client began without TLS")
	}
	if _, err := server.Write(asked); err != nil {
		return err
	}
	answered, _, err := readLDAP(server)
	if err != nil {
		return err
	}
	_, err = to.Write(answered)
	return err
}

type ldapSession struct {
	proxy  *Proxy
	raw    *conn
	client net.Conn
	server net.Conn

	mu sync.Mutex
	// lost are the messages whose answers are not passed on.
	lost map[int64]Fault
}

// requests passes on what the client asks.
func (s *ldapSession) requests() error {
	for {
		asked, m, err := readLDAP(s.client)
		if err != nil {
			return err
		}
		answer, strikable := answers[m.operation]
		var fault Fault
		switch {
		case strikable:
			fault = s.proxy.onRequest(m.operation != ldap.ApplicationSearchRequest && m.operation != ldap.ApplicationCompareRequest)
		case m.operation == ldap.ApplicationBindRequest && s.proxy.altersCredentials():
			asked = m.withWrongPassword()
		}
		switch fault {
		case Timeout:
			continue
		case ServerError:
			err = s.answer(m, answer, ldap.LDAPResultOther)
		case Throttled:
			err = s.answer(m, answer, ldap.LDAPResultBusy)
		case ResetAfterEffect, Unanswered:
			s.lose(m.id, fault)
			fallthrough
		default:
			_, err = s.server.Write(asked)
		}
		if err != nil {
			return err
		}
	}
}

// answers passes on what the directory answers.
func (s *ldapSession) answers() error {
	for {
		answered, m, err := readLDAP(s.server)
		if err != nil {
			return err
		}
		switch s.lostBy(m.id) {
		case ResetAfterEffect:
			s.raw.reset()
			return nil
		case Unanswered:
			continue
		default:
		}
		if err := s.tell(answered); err != nil {
			return err
		}
	}
}

func (s *ldapSession) lose(id int64, fault Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lost[id] = fault
}

func (s *ldapSession) lostBy(id int64) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lost[id]
}

// tell writes to the client, one message at a time.
func (s *ldapSession) tell(message []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := s.client.Write(message)
	return err
}

// answer makes an LDAPResult up (RFC 4511, section 4.1.9).
func (s *ldapSession) answer(to message, operation ber.Tag, code int64) error {
	result := ber.Encode(ber.ClassApplication, ber.TypeConstructed, operation, nil, "")
	result.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagEnumerated, code, ""))
	result.AppendChild(ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, "", ""))
	result.AppendChild(ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, "failed while handling "+strings.Join(words(to.packet), " "), ""))
	return s.tell(envelope(to.id, result).Bytes())
}

// message is one of LDAP's (RFC 4511, section 4.1.1).
type message struct {
	id        int64
	operation ber.Tag
	packet    *ber.Packet
}

// readLDAP reads one message, and returns it as it was on the wire too.
func readLDAP(from io.Reader) ([]byte, message, error) {
	var wire bytes.Buffer
	packet, err := ber.ReadPacket(io.TeeReader(from, &wire))
	if err != nil {
		return nil, message{}, err
	}
	if len(packet.Children) < 2 {
		return nil, message{}, errors.New("a message without an operation")
	}
	id, is := packet.Children[0].Value.(int64)
	if !is {
		return nil, message{}, fmt.Errorf("a message with the id %v", packet.Children[0].Value)
	}
	return wire.Bytes(), message{id: id, operation: packet.Children[1].Tag, packet: packet}, nil
}

func envelope(id int64, operation *ber.Packet) *ber.Packet {
	e := ber.NewSequence("")
	e.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, id, ""))
	e.AppendChild(operation)
	return e
}

// withWrongPassword is a simple bind with another password (RFC 4511, section 4.2).
func (m message) withWrongPassword() []byte {
	bind := ber.Encode(ber.ClassApplication, ber.TypeConstructed, ldap.ApplicationBindRequest, nil, "")
	for _, child := range m.packet.Children[1].Children[:2] {
		bind.AppendChild(child)
	}
	bind.AppendChild(ber.NewString(ber.ClassContext, ber.TypePrimitive, 0, "wrong", ""))
	return envelope(m.id, bind).Bytes()
}

// words are the strings in a packet.
func words(p *ber.Packet) []string {
	var found []string
	if word, is := p.Value.(string); is && word != "" {
		found = append(found, word)
	}
	for _, child := range p.Children {
		found = append(found, words(child)...)
	}
	return found
}
