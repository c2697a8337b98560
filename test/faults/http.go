package faults

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/longshore-dev/longshore/hack/targets/certs"
)

// HTTP stands in front of an HTTPS server, as the one that identity proves.
func HTTP(t *testing.T, upstream Upstream, identity certs.Pair) *Proxy {
	t.Helper()
	p := newProxy(t, upstream, identity)
	transport := &http.Transport{TLSClientConfig: p.client, DisableCompression: true}
	server := &http.Server{
		Handler:           &httpProxy{p, transport},
		ReadHeaderTimeout: time.Minute,
		// A connection can be reset only where it carries one request at a time.
		TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){},
		// Faults are no news here.
		ErrorLog: log.New(io.Discard, "", 0),
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(tls.NewListener(httpListener{p.listener, p}, p.server)) }()
	t.Cleanup(func() {
		_ = server.Close()
		transport.CloseIdleConnections()
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("serving in front of %s: %v", upstream.Address, err)
		}
	})
	return p
}

// httpListener hands out connections that can be reset.
type httpListener struct {
	net.Listener
	proxy *Proxy
}

func (l httpListener) Accept() (net.Conn, error) { return l.proxy.accept() }

type httpProxy struct {
	*Proxy
	transport http.RoundTripper
}

func (p *httpProxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// The body is read to its end first, or the server would not see the client go.
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	switch fault := p.onRequest(writes(r)); fault {
	case Timeout:
		<-r.Context().Done()
	case ServerError:
		answer(w, http.StatusInternalServerError, r, body)
	case Throttled:
		w.Header().Set("Retry-After", "1")
		answer(w, http.StatusTooManyRequests, r, body)
	default:
		p.pass(w, r, body, fault)
	}
}

// answer makes an answer up.
func answer(w http.ResponseWriter, status int, r *http.Request, body []byte) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	fmt.Fprintf(w, "failed while handling %s %s\n%s\n%s", r.Method, r.URL, r.Header.Get("Authorization"), body)
}

// pass passes a request on, and its answer back unless that is to be lost.
func (p *httpProxy) pass(w http.ResponseWriter, r *http.Request, body []byte, fault Fault) {
	onwards := r.Clone(r.Context())
	onwards.RequestURI, onwards.URL.Scheme, onwards.URL.Host = "", "https", p.upstream.Address
	onwards.Body = io.NopCloser(bytes.NewReader(body))
	if given := r.Header.Get("Authorization"); given != "" && p.altersCredentials() {
		onwards.Header.Set("Authorization", given+"x")
	}
	response, err := p.transport.RoundTrip(onwards)
	if err != nil {
		hangUp(w)
		return
	}
	defer response.Body.Close()
	if fault == "" {
		forward(w, response)
		return
	}
	if _, err := io.Copy(io.Discard, response.Body); err != nil || fault == ResetAfterEffect {
		hangUp(w)
		return
	}
	<-r.Context().Done()
}

func forward(w http.ResponseWriter, response *http.Response) {
	for name, values := range response.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(response.StatusCode)
	// A watch is passed on as it comes. What fails here the client sees as an answer cut short.
	flusher := http.NewResponseController(w)
	buffer := make([]byte, 32<<10)
	for {
		n, err := response.Body.Read(buffer)
		if _, writing := w.Write(buffer[:n]); writing != nil || err != nil {
			return
		}
		_ = flusher.Flush()
	}
}

// hangUp resets the client's connection instead of an answer.
func hangUp(w http.ResponseWriter) {
	hijacked, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer hijacked.Close()
	if over, is := hijacked.(*tls.Conn); is {
		if raw, is := over.NetConn().(*conn); is {
			raw.reset()
		}
	}
}

// writes says whether a request changes what the server keeps.
func writes(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return false
	case http.MethodPost:
		// A search of SCIM (RFC 7644, section 3.4.3), and questions about permissions and tokens to Kubernetes.
		return !strings.HasSuffix(r.URL.Path, "/.search") && !strings.HasSuffix(r.URL.Path, "reviews")
	}
	return true
}
