package kubernetes

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/longshore-dev/longshore/controllers/access/provider"
)

// explain puts what was being done before the API server's answer, and says whether trying again can help.
func explain(err error, doing string, args ...any) error {
	if err == nil {
		return nil
	}
	doing = fmt.Sprintf(doing, args...)
	if call := (*url.Error)(nil); errors.As(err, &call) {
		// The address adds nothing to what was being done, and is of a Secret.
		err = call.Err
	}
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

// withoutSubject keeps the subject out of what an API server answers to something that names it, as an admission policy may.
func withoutSubject(err error, target provider.Target) error {
	if status := apierrors.APIStatus(nil); !errors.As(err, &status) || !strings.Contains(err.Error(), target.Subject) {
		return err
	}
	return discreet{err}
}

// discreet is an answer that says no more than its reason.
type discreet struct{ error }

func (d discreet) Error() string {
	return fmt.Sprintf("%s; the rest of the answer names the subject", apierrors.ReasonForError(d.error))
}

func (d discreet) Unwrap() error { return d.error }
