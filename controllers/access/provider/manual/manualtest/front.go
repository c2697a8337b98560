package manualtest

import (
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"testing"
	"time"

	"k8s.io/client-go/rest"

	"github.com/longshore-dev/longshore/hack/targets/certs"
)

// front stands before an API server: whoever asks there is let in, and it shows a certificate whose authority tests have.
type front struct {
	authority *certs.Authority
	address   string
	config    *tls.Config
	proxy     *httputil.ReverseProxy

	server *http.Server
	ended  chan error
}

func startFront(t *testing.T, config *rest.Config) *front {
	t.Helper()
	f := &front{address: "127.0.0.1:0"}
	var err error
	if f.authority, err = certs.NewAuthority(); err != nil {
		t.Fatal(err)
	}
	pair, err := f.authority.Issue()
	if err != nil {
		t.Fatal(err)
	}
	if f.config, err = pair.TLS(); err != nil {
		t.Fatal(err)
	}
	transport, err := rest.TransportFor(config)
	if err != nil {
		t.Fatalf("reaching the API server: %v", err)
	}
	upstream, err := url.Parse(config.Host)
	if err != nil {
		t.Fatalf("reading the API server's address: %v", err)
	}
	quiet := log.New(io.Discard, "", 0)
	f.proxy = &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(upstream) }, Transport: transport, ErrorLog: quiet}
	f.start(t)
	t.Cleanup(func() { f.stop(t) })
	return f
}

// start listens: the first time wherever it can, and then there again.
func (f *front) start(t *testing.T) {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", f.address)
	if err != nil {
		t.Fatalf("listening in front of the API server: %v", err)
	}
	f.address = listener.Addr().String()
	f.server = &http.Server{Handler: f.proxy, ReadHeaderTimeout: time.Minute, ErrorLog: f.proxy.ErrorLog}
	f.ended = make(chan error, 1)
	go func(server *http.Server, ended chan<- error) {
		ended <- server.Serve(tls.NewListener(listener, f.config))
	}(f.server, f.ended)
}

// stop ends every connection.
func (f *front) stop(t *testing.T) {
	t.Helper()
	_ = f.server.Close()
	if err := <-f.ended; !errors.Is(err, http.ErrServerClosed) {
		t.Errorf("serving in front of the API server: %v", err)
	}
}
