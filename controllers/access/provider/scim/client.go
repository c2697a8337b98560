package scim

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
)

const (
	mediaType = "application/scim+json"
	// maxAnswer bounds what is read of an answer: a group of some hundred thousand members.
	maxAnswer = 16 << 20
	// maxDrain is read of an answer that nobody needs, so that the connection can be used again.
	maxDrain = 64 << 10
	// pageSize is how many resources a page is asked to have; a service may give fewer.
	pageSize = 100
	// maxResults bounds a search by name, which finds one, or, where the service ignores the filter, all.
	maxResults = 10_000
	// idle is how long a connection is kept for the next call.
	idle = 90 * time.Second
	// maxHandshake ends what the transport goes on with after its caller has left.
	maxHandshake = 30 * time.Second
)

// client speaks SCIM to one service. The token goes nowhere but there.
type client struct {
	base  string
	token string
	http  *http.Client
}

func newClient(c provider.Connection) (*client, error) {
	name := c.Behind.Name
	if c.Behind.Spec.Endpoint == "" {
		return nil, provider.Refused("AccessProvider %s has no endpoint: if it was deleted, create it again, as what it owes is revoked by it", name)
	}
	base, err := url.Parse(c.Behind.Spec.Endpoint)
	if err != nil || base.Scheme != "https" || base.Hostname() == "" || base.User != nil || base.RawQuery != "" || base.Fragment != "" {
		return nil, provider.Refused("spec.endpoint of AccessProvider %s is not https://host[:port]/path, the base that /Users and /Groups follow", name)
	}
	token, err := c.Credential(v1alpha1.CredentialToken)
	if err != nil {
		return nil, err
	}
	// A Secret that was made from a file often ends with a line break.
	token = strings.TrimSpace(token)
	if token == "" || strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, provider.Refused("the key %s of Secret %s is not a bearer token: it is empty, or has characters that no token has", v1alpha1.CredentialToken, c.Behind.Spec.CredentialsRef.Name)
	}
	config, err := c.TLS(base.Hostname())
	if err != nil {
		return nil, err
	}
	return &client{base: strings.TrimRight(base.String(), "/"), token: token, http: &http.Client{
		Transport: transport(config),
		// Wherever a redirect leads, the token does not go there.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// transport speaks HTTP/1.1: a call that is given up then takes its connection with it, where HTTP/2 would send the next call into the same
// silence.
func transport(config *tls.Config) *http.Transport {
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		TLSClientConfig:     config,
		TLSHandshakeTimeout: maxHandshake,
		IdleConnTimeout:     idle,
		MaxIdleConnsPerHost: provider.DefaultMaxConcurrent,
	}
}

// call is one request to the service.
type call struct {
	method string
	// path below the base, escaped.
	path  string
	query url.Values
	// version that a resource must still have; any if empty.
	version string
	body    any
}

// do makes a call and reads the answer into what is given, if anything is. An answer that is not a success is a *failure; an error never
// holds the call's URL, which names the subject.
func (c *client) do(ctx context.Context, what call, into any) (http.Header, error) {
	request, err := c.request(ctx, what)
	if err != nil {
		return nil, err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, unreachable(err)
	}
	defer response.Body.Close()
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return nil, failureOf(response)
	}
	if into == nil {
		_, _ = io.CopyN(io.Discard, response.Body, maxDrain) // It is done, whatever becomes of the rest of the answer.
		return response.Header, nil
	}
	content, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err != nil {
		return nil, fmt.Errorf("reading the answer: %w", err)
	}
	if len(content) > maxAnswer {
		return nil, provider.Refused("the answer is longer than %d MiB: no account is, and a group of that size cannot be read back", maxAnswer>>20)
	}
	if err := json.Unmarshal(content, into); err != nil {
		return nil, errNotSCIM
	}
	return response.Header, nil
}

func (c *client) request(ctx context.Context, what call) (*http.Request, error) {
	address := c.base + what.path
	if len(what.query) > 0 {
		// Not every service reads a plus as a space.
		address += "?" + strings.ReplaceAll(what.query.Encode(), "+", "%20")
	}
	var body io.Reader
	if what.body != nil {
		content, err := json.Marshal(what.body)
		if err != nil {
			return nil, fmt.Errorf("writing the request: %w", err)
		}
		body = bytes.NewReader(content)
	}
	request, err := http.NewRequestWithContext(ctx, what.method, address, body)
	if err != nil {
		return nil, errors.New("the request cannot be written as a URL")
	}
	request.Header.Set("Authorization", "Bearer "+c.token)
	request.Header.Set("Accept", mediaType+", application/json;q=0.9")
	if body != nil {
		request.Header.Set("Content-Type", mediaType)
	}
	if what.version != "" {
		request.Header.Set("If-Match", what.version)
	}
	// Every call can be repeated, and is by net/http when a connection that was kept turns out to be closed. The empty header says so and
	// is not sent.
	request.Header["Idempotency-Key"] = nil
	return request, nil
}

// errNotSCIM is of a proxy's page, a login form, or a service that is not what it was taken for. What it is does not matter, and may name
// the subject.
var errNotSCIM = errors.New("the answer is not one of SCIM: check that spec.endpoint is the base that /Users and /Groups follow")

// read gets a resource by its id, or nil if the service says that there is none.
func read[T any, P resource[T]](ctx context.Context, c *client, path, id string) (P, error) {
	if err := checkID(id); err != nil {
		return nil, err
	}
	found := P(new(T))
	header, err := c.do(ctx, call{method: http.MethodGet, path: path + "/" + url.PathEscape(id)}, found)
	if isStatus(err, http.StatusNotFound) {
		return nil, confirmGone[T, P](ctx, c, path, id, err)
	}
	if err != nil {
		return nil, err
	}
	if found.id() != id {
		return nil, errNotSCIM
	}
	if version := found.version(); *version == "" {
		*version = header.Get("ETag")
	}
	return found, nil
}

// confirmGone takes a 404 for the service's word if it is said in SCIM. Whatever stands before the service says 404, too, while the
// service is not there: that must not pass for proof.
func confirmGone[T any, P resource[T]](ctx context.Context, c *client, path, id string, notFound error) error {
	var f *failure
	if errors.As(notFound, &f) && f.scim {
		return nil
	}
	found, err := searchAll[T, P](ctx, c, path, equals("id", id))
	if err != nil {
		return fmt.Errorf("asking again for what was answered with 404, and not in SCIM: %w", err)
	}
	if found[id] != nil {
		return errors.New("the service lists a resource and says that it does not exist: it contradicts itself")
	}
	return nil
}

// search finds the one resource whose attribute is a name, or nil if there is none. Case does not matter, as RFC 7643 says of userName
// and displayName; of several it is not for a program to choose.
func search[T any, P resource[T]](ctx context.Context, c *client, path, attribute, name string) (P, error) {
	candidates, err := searchAll[T, P](ctx, c, path, equals(attribute, name))
	if err != nil {
		return nil, err
	}
	var found P
	for id, candidate := range candidates {
		// Some services give more than was asked for.
		if !sameName(candidate.name(), name) {
			continue
		}
		if err := checkID(id); err != nil {
			return nil, err
		}
		if found != nil {
			return nil, provider.Refused("the service has several %s of the same %s: rename all but the one that is meant", strings.TrimPrefix(path, "/"), attribute)
		}
		found = candidate
	}
	return found, nil
}

// sameName compares names as RFC 7643 has userName and displayName compared: without regard to case.
func sameName(a, b string) bool { return strings.EqualFold(a, b) }

// searchAll reads every page of what a filter finds, by id and without the members of groups. That something is missing is an error: it
// may be what was looked for.
func searchAll[T any, P resource[T]](ctx context.Context, c *client, path, filter string) (map[string]P, error) {
	found := map[string]P{}
	for next := 1; ; {
		query := url.Values{"filter": {filter}, "startIndex": {strconv.Itoa(next)}, "count": {strconv.Itoa(pageSize)}}
		if path == groupsPath {
			query.Set("excludedAttributes", "members")
		}
		var page list[T]
		if _, err := c.do(ctx, call{method: http.MethodGet, path: path, query: query}, &page); err != nil {
			return nil, err
		}
		if page.TotalResults == nil {
			return nil, errNotSCIM
		}
		before := len(found)
		for i := range page.Resources {
			r := P(&page.Resources[i])
			found[r.id()] = r
		}
		next += len(page.Resources)
		switch {
		case len(found) >= *page.TotalResults:
			return found, nil
		case len(found) == before:
			return nil, fmt.Errorf("the service lists %d of %d results", len(found), *page.TotalResults)
		case *page.TotalResults > maxResults:
			return nil, provider.Refused("the service answers a filter for one with %d results: it does not filter by it", *page.TotalResults)
		}
	}
}

// change patches a resource in the version that was read.
func (c *client) change(ctx context.Context, path, id, version string, how patch) error {
	_, err := c.do(ctx, call{method: http.MethodPatch, path: path + "/" + url.PathEscape(id), version: version, body: how}, nil)
	return err
}
