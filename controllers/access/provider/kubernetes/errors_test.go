package kubernetes

import (
	"context"
	"errors"
	"net/url"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/longshore-dev/longshore/controllers/access/provider"
)

func TestAnErrorSaysWhetherTryingAgainCanHelp(t *testing.T) {
	bindings := schema.GroupResource{Group: rbacv1.GroupName, Resource: "rolebindings"}
	terminating := apierrors.NewForbidden(bindings, "a", errors.New("being deleted"))
	terminating.ErrStatus.Details.Causes = []metav1.StatusCause{{Type: corev1.NamespaceTerminatingCause}}
	for _, test := range []struct {
		reason  string
		err     error
		refused bool
		after   time.Duration
	}{
		{"401: somebody must renew the credentials", apierrors.NewUnauthorized("who are you"), true, 0},
		{"403: somebody must allow it", apierrors.NewForbidden(bindings, "a", errors.New("no")), true, 0},
		{"403 of a namespace that is being deleted: it will be gone", terminating, false, 0},
		{"409: the next attempt reads first", apierrors.NewConflict(bindings, "a", errors.New("changed")), false, 0},
		{"422: somebody must change the profile", apierrors.NewInvalid(schema.GroupKind{Kind: "RoleBinding"}, "a", nil), true, 0},
		{"429: when the server says", apierrors.NewTooManyRequests("later", 7), false, 7 * time.Second},
		{"429 without a word of when", apierrors.NewTooManyRequestsError("later"), false, 0},
		{"500: it may pass", apierrors.NewInternalError(errors.New("broken")), false, 0},
		{"503: it may pass", apierrors.NewServiceUnavailable("starting"), false, 0},
		{"504: when the server says", apierrors.NewServerTimeout(bindings, "create", 3), false, 3 * time.Second},
		{"nobody answered", &url.Error{Op: "Get", URL: "https://there", Err: context.DeadlineExceeded}, false, 0},
		{"a proxy asks to be left alone", &url.Error{Op: "Get", URL: "https://there", Err: provider.After(9*time.Second, errors.New("429"))}, false, 9 * time.Second},
	} {
		t.Run(test.reason, func(t *testing.T) {
			g := NewWithT(t)
			err := explain(test.err, "reading %s", "it")
			g.Expect(provider.IsRefused(err)).To(Equal(test.refused), "%v", err)
			g.Expect(provider.RetryAfter(err)).To(Equal(test.after), "%v", err)
			g.Expect(err).To(MatchError(HavePrefix("reading it: ")))
			g.Expect(err).NotTo(MatchError(ContainSubstring("https://there")), "an address is of a Secret")
		})
	}
	g := NewWithT(t)
	g.Expect(explain(nil, "reading")).To(Succeed())
	g.Expect(explain(&url.Error{Err: context.DeadlineExceeded}, "reading")).To(MatchError(context.DeadlineExceeded))
}
