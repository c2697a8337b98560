package kubernetes

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/controllers/access/provider"
)

// explain puts what was being done before the API server's answer, and says whether trying again can help.
func explain(err error, doing string, args ...any) error {
	if err == nil {
		return nil
	}
	doing, err = fmt.Sprintf(doing, args...), withoutContents(err)
	if seconds, suggested := apierrors.SuggestsClientDelay(err); suggested {
		return provider.After(time.Duration(seconds)*time.Second, fmt.Errorf("%s: %w", doing, err))
	}
	switch wait := provider.RetryAfter(err); {
	case wait > 0:
		return provider.After(wait, fmt.Errorf("%s: %w", doing, err))
	case apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
		return provider.Retryable("%s: the namespace is being deleted", doing)
	case apierrors.IsUnauthorized(err):
		return provider.Refused("%s: the API server does not accept the credentials: renew the token or the certificate that it is called with", doing)
	case apierrors.IsForbidden(err), apierrors.IsInvalid(err):
		return provider.Refused("%s: %w", doing, err)
	default:
		return provider.Retryable("%s: %w", doing, err)
	}
}

// withoutContents leaves out of an error the address that was called, which is of a Secret, and whatever something that is no API server
// answered, which may repeat the request.
func withoutContents(err error) error {
	if call := (*url.Error)(nil); errors.As(err, &call) {
		return call.Err
	}
	if status := apierrors.APIStatus(nil); errors.As(err, &status) && apierrors.HasStatusCause(err, metav1.CauseTypeUnexpectedServerResponse) {
		code := int(status.Status().Code)
		return discreet{err, fmt.Sprintf("not an API server's answer: %d %s", code, http.StatusText(code))}
	}
	return err
}

// withoutSubject keeps the subject out of what an API server answers to something that names it, as an admission policy may.
func withoutSubject(err error, target provider.Target) error {
	if status := apierrors.APIStatus(nil); !errors.As(err, &status) || !strings.Contains(err.Error(), target.Subject) {
		return err
	}
	return discreet{err, fmt.Sprintf("%s; the rest of the answer names the subject", apierrors.ReasonForError(err))}
}

// discreet is an error in other words.
type discreet struct {
	error
	words string
}

func (d discreet) Error() string { return d.words }

func (d discreet) Unwrap() error { return d.error }
