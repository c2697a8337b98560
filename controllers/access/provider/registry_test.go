package provider_test

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
)

func TestALineBreakAtTheEndOfACredentialIsNotPartOfIt(t *testing.T) {
	g := NewWithT(t)
	behind := &v1alpha1.AccessProvider{}
	behind.Name, behind.Spec.CredentialsRef = "directory", &v1alpha1.LocalReference{Name: "directory-credentials"}
	connection := provider.Connection{Behind: behind, Credentials: map[string][]byte{"password": []byte(" secret \r\n"), "token": []byte("\n")}}
	g.Expect(connection.Credential("password")).To(Equal(" secret "), "an editor puts a line break at the end of a file")
	_, err := connection.Credential("token")
	g.Expect(err).To(MatchError("Secret directory-credentials, which AccessProvider directory names in spec.credentialsRef, has no key token"))
}
