package provider

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"strings"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// Target is one access of one subject in one target system. What it holds is kept in an AccessGrant's status, and is enough to revoke
// by when the profile, the worker and the AccessProvider are gone.
type Target struct {
	// Key identifies provider, name and subject together. It fits a label's value and, with a short prefix, an object's name.
	Key string
	// Name is what is given, in the provider's own words, behind the provider's type and a colon.
	Name string
	// Subject is the account that it is given to.
	Subject string
	// Handle is what was last observed as such, or empty: where it is given, it and not the name says what is meant.
	Handle string
}

// NewTarget names an access behind an AccessProvider.
func NewTarget(behind *v1alpha1.AccessProvider, name, subject string) Target {
	name = string(behind.Spec.Type) + ":" + name
	return Target{Key: key(behind.Name, name, subject), Name: name, Subject: subject}
}

// TypeOf returns the type of provider that a Target's name begins with, and the rest, which is the provider's own.
func TypeOf(targetName string) (v1alpha1.ProviderType, string) {
	kind, rest, _ := strings.Cut(targetName, ":")
	return v1alpha1.ProviderType(kind), rest
}

// keyEncoding has only digits and lower-case letters, which are allowed wherever a key is used.
var keyEncoding = base32.NewEncoding("0123456789abcdefghijklmnopqrstuv").WithPadding(base32.NoPadding)

// key digests its parts, each behind its length so that no two lists of parts read the same. It has 52 characters.
func key(parts ...string) string {
	digest := sha256.New()
	for _, part := range parts {
		digest.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		digest.Write([]byte(part))
	}
	return keyEncoding.EncodeToString(digest.Sum(nil))
}
