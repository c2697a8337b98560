package scim

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/longshore-dev/longshore/controllers/access/provider"
)

// maxExplanation is read of an answer that is not a success.
const maxExplanation = 64 << 10

// scimTypes are the words of RFC 7644 §3.12 for what is wrong. Nothing else of a service's error is repeated: its detail may name the
// subject, or hold what was sent.
var scimTypes = []string{
	"invalidFilter", "tooMany", "uniqueness", "mutability", "invalidSyntax", "invalidPath", "noTarget", "invalidValue", "invalidVers", "sensitive",
}

// failure is an answer that is not a success.
type failure struct {
	status   int
	scimType string
	// scim says that the service itself answered: the answer is an error of SCIM's.
	scim bool
	// wait is how long the service asks to be left alone.
	wait time.Duration
}

func (f *failure) Error() string {
	text := strconv.Itoa(f.status)
	if words := http.StatusText(f.status); words != "" {
		text += " " + words
	}
	if f.scimType != "" {
		text += ", " + f.scimType
	}
	return "the service answers " + text
}

func failureOf(response *http.Response) *failure {
	f := &failure{status: response.StatusCode, wait: retryAfter(response.Header)}
	content, err := io.ReadAll(io.LimitReader(response.Body, maxExplanation))
	if err != nil {
		return f
	}
	var said struct {
		Schemas  []string `json:"schemas"`
		SCIMType string   `json:"scimType"`
	}
	if json.Unmarshal(content, &said) != nil || !slices.Contains(said.Schemas, errorSchema) {
		return f
	}
	f.scim = true
	if slices.Contains(scimTypes, said.SCIMType) {
		f.scimType = said.SCIMType
	}
	return f
}

// retryAfter reads how long to wait (RFC 9110 §10.2.3): seconds, or a date, which counts from when the service says that it answered.
func retryAfter(header http.Header) time.Duration {
	value := header.Get("Retry-After")
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	until, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	answered, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		return 0
	}
	return max(until.Sub(answered), 0)
}

func isStatus(err error, status int) bool {
	var f *failure
	return errors.As(err, &f) && f.status == status
}

func isType(err error, scimType string) bool {
	var f *failure
	return errors.As(err, &f) && f.scimType == scimType
}

// unreachable takes the URL, which names the subject, out of net/http's error.
func unreachable(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	var untrusted *tls.CertificateVerificationError
	if errors.As(err, &untrusted) {
		return provider.Refused("the service's certificate is not trusted: name the certificate authorities that signed it in spec.caBundleRef: %w", untrusted.Err)
	}
	return err
}

// explain puts what was being done before what went wrong, and says whether trying again can help and, if not, what does.
func explain(err error, doing string) error {
	if err == nil {
		return nil
	}
	var f *failure
	var explained *provider.Error
	if !errors.As(err, &f) || errors.As(err, &explained) {
		return fmt.Errorf("%s: %w", doing, err)
	}
	switch {
	case f.status == http.StatusUnauthorized:
		return provider.Refused("%s: %w: put a token that is valid into the Secret that spec.credentialsRef names", doing, err)
	case f.status == http.StatusForbidden:
		return provider.Refused("%s: %w: let the token read and change users and groups", doing, err)
	case f.status == http.StatusNotFound:
		return provider.Refused("%s: %w: check that spec.endpoint is the base that /Users and /Groups follow", doing, err)
	case f.status >= 300 && f.status < 400:
		return provider.Refused("%s: %w: a redirect is not followed, as the token would go with it: put into spec.endpoint where the service is", doing, err)
	case f.status == http.StatusNotImplemented:
		return provider.Refused("%s: %w: the service does not offer what is needed", doing, err)
	case f.status == http.StatusConflict:
		return provider.Retryable("%s: %w: something that the service does not show may have the name", doing, err)
	case f.status >= 500,
		slices.Contains([]int{http.StatusRequestTimeout, http.StatusPreconditionFailed, http.StatusTooEarly, http.StatusTooManyRequests}, f.status):
		err = provider.Retryable("%s: %w", doing, err)
		if f.wait > 0 {
			err = provider.After(f.wait, err)
		}
		return err
	default:
		return provider.Refused("%s: %w", doing, err)
	}
}
