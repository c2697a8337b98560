package slapd

import (
	"context"
	"errors"
	"os"
	"syscall"
	"testing"

	"github.com/go-ldap/ldap/v3"
	. "github.com/onsi/gomega"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/hack/process/processtest"
	"github.com/longshore-dev/longshore/hack/targets/certs"
)

func TestMain(m *testing.M) {
	os.Exit(processtest.Main(m, own))
}

func own(dir string) ([]any, error) {
	authority, err := certs.NewAuthority()
	if err != nil {
		return nil, err
	}
	s, err := Start(context.Background(), Options{Dir: dir, Authority: authority})
	if err != nil {
		return nil, err
	}
	return []any{s.process.PID()}, nil
}

func TestTheServerDoesNotOutliveItsOwner(t *testing.T) {
	g := NewWithT(t)
	owner := processtest.StartOwner(t)
	pid := owner.PIDs(t)[0]
	runs := func() bool { return processtest.Runs(pid) }
	g.Expect(runs()).To(BeTrue(), "the server should run while its owner does")
	owner.End(t, syscall.SIGKILL)
	g.Eventually(runs, patience).Should(BeFalse(), "the server should end with its owner")
}

func start(t *testing.T) *Server {
	t.Helper()
	authority, err := certs.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	s, err := Start(t.Context(), Options{Dir: t.TempDir(), Authority: authority})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

func TestTheServerComesBackOnItsPortsWithItsData(t *testing.T) {
	g := NewWithT(t)
	s := start(t)
	endpoints := []string{s.Endpoint(), s.StartTLSEndpoint()}
	person, err := s.AddPerson(t.Context(), "ada")
	g.Expect(err).NotTo(HaveOccurred())
	group, err := s.AddGroup(t.Context(), "designers", v1alpha1.LDAPMember)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(s.AddMember(t.Context(), group, v1alpha1.LDAPMember, person)).To(Succeed())

	s.Stop()
	_, err = s.Members(t.Context(), group, v1alpha1.LDAPMember)
	g.Expect(err).To(MatchError(ContainSubstring("connecting")), "a server that was stopped should not answer")
	s.Stop()
	g.Expect(s.Restart(t.Context())).To(Succeed())
	g.Expect(s.Restart(t.Context())).To(Succeed(), "a server that runs should be started again too")

	g.Expect([]string{s.Endpoint(), s.StartTLSEndpoint()}).To(Equal(endpoints))
	g.Expect(s.Members(t.Context(), group, v1alpha1.LDAPMember)).To(ConsistOf("uid=ada,"+People, "uid=bystander,"+People))
}

func TestNobodyReadsAnythingWithoutANameAndAPassword(t *testing.T) {
	s := start(t)
	conn, err := ldap.DialURL(s.StartTLSEndpoint())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.UnauthenticatedBind(""); err == nil {
		t.Error("somebody without a name was let in")
	}
	credentials := s.Credentials()
	err = conn.Bind(string(credentials[v1alpha1.CredentialUsername]), string(credentials[v1alpha1.CredentialPassword]))
	if !ldap.IsErrorWithCode(err, ldap.LDAPResultConfidentialityRequired) {
		t.Errorf("a password that was shown without encryption ended with %v, expected that encryption is required", err)
	}
	if result, err := conn.Search(&ldap.SearchRequest{BaseDN: Base, Scope: ldap.ScopeWholeSubtree, Filter: "(objectClass=*)"}); err == nil && len(result.Entries) > 0 {
		t.Errorf("%d entries were read by nobody", len(result.Entries))
	}
}

func TestAPersonIsAddedOnceAndAnEntryThatIsNotThereIsToldFromAFailure(t *testing.T) {
	g := NewWithT(t)
	s := start(t)
	first, err := s.AddPerson(t.Context(), "a,b+c")
	g.Expect(err).NotTo(HaveOccurred())
	again, err := s.AddPerson(t.Context(), "a,b+c")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(again).To(Equal(first))
	entry, err := s.Entry(t.Context(), first, "uid")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(entry.GetAttributeValues("uid")).To(ConsistOf("a,b+c"))
	_, err = s.Entry(t.Context(), PersonDN("nobody"))
	g.Expect(errors.Is(err, ErrNoEntry)).To(BeTrue(), "%v", err)
}
