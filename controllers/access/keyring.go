package access

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
)

// credentialsRole is the Role in which the installer lists the Secrets and ConfigMaps that the operator may read. There is no generated rule
// for them: one without names would be for all.
const credentialsRole = "longshore-credentials"

// rereadKeys is how old credentials are when they are read again: a rotation takes effect within it. What a target system refuses has
// them read again before the next attempt.
const rereadKeys = 30 * time.Second

// Keyring reads the credentials and certificate authorities of AccessProviders, one object by name at a time.
type Keyring struct {
	// Reader reads the API server: credentials are not cached but in what is opened with them.
	Reader client.Reader
	// Namespace is the operator's own, in which they are.
	Namespace string
}

// keys are what one AccessProvider refers to, in one version.
type keys struct {
	secret, configMap version
	credentials       map[string][]byte
	caBundle          []byte
}

// version of an object; zero if none is referred to.
type version struct {
	uid      types.UID
	revision string
}

func (k keys) same(other keys) bool {
	return k.secret == other.secret && k.configMap == other.configMap
}

func needsKeys(behind *v1alpha1.AccessProvider) bool {
	return behind.Spec.CredentialsRef != nil || behind.Spec.CABundleRef != nil
}

// read reads what an AccessProvider refers to.
func (k Keyring) read(ctx context.Context, behind *v1alpha1.AccessProvider) (keys, error) {
	var read keys
	if ref := behind.Spec.CredentialsRef; ref != nil {
		secret := &corev1.Secret{}
		if err := k.get(ctx, secret, "Secret", ref.Name, "spec.credentialsRef"); err != nil {
			return keys{}, err
		}
		read.secret, read.credentials = version{secret.UID, secret.ResourceVersion}, secret.Data
	}
	if ref := behind.Spec.CABundleRef; ref != nil {
		bundle := &corev1.ConfigMap{}
		if err := k.get(ctx, bundle, "ConfigMap", ref.Name, "spec.caBundleRef"); err != nil {
			return keys{}, err
		}
		read.configMap, read.caBundle = version{bundle.UID, bundle.ResourceVersion}, []byte(bundle.Data[v1alpha1.CABundleKey])
	}
	return read, nil
}

func (k Keyring) get(ctx context.Context, o client.Object, kind, name, field string) error {
	err := k.Reader.Get(ctx, client.ObjectKey{Namespace: k.Namespace, Name: name}, o)
	switch {
	case apierrors.IsNotFound(err):
		return provider.Refused("%s %s, which %s names, does not exist in namespace %s: create it", kind, name, field, k.Namespace)
	case apierrors.IsForbidden(err):
		return provider.Refused("the operator may not read %s %s, which %s names: add it to the resourceNames of Role %s in namespace %s", kind, name, field, credentialsRole, k.Namespace)
	case err != nil:
		return fmt.Errorf("reading %s %s, which %s names: %w", kind, name, field, err)
	}
	return nil
}
