package slapd

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/go-ldap/ldap/v3"
	. "github.com/onsi/gomega"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/hack/targets/certs"
)

// ownerVariable names the folder in which this program starts a server and waits for its death, in place of running tests.
const ownerVariable = "LONGSHORE_TEST_SLAPD_OWNER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(ownerVariable); dir != "" {
		os.Exit(ownServer(dir))
	}
	os.Exit(m.Run())
}

func ownServer(dir string) int {
	authority, err := certs.NewAuthority()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	s, err := Start(context.Background(), Options{Dir: dir, Authority: authority})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println(s.process.command.Process.Pid)
	select {}
}

func TestTheServerDoesNotOutliveItsOwner(t *testing.T) {
	g := NewWithT(t)
	owner := exec.CommandContext(t.Context(), os.Args[0])
	owner.Env = append(os.Environ(), ownerVariable+"="+t.TempDir())
	owner.Stderr = os.Stderr
	output, err := owner.StdoutPipe()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(owner.Start()).To(Succeed())
	var pid int
	_, err = fmt.Fscan(bufio.NewReader(output), &pid)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(alive(pid)).To(BeTrue(), "the server should run while its owner does")

	g.Expect(owner.Process.Kill()).To(Succeed())
	g.Expect(owner.Wait()).NotTo(Succeed())
	g.Eventually(func() bool { return alive(pid) }, "20s").Should(BeFalse(), "the server should end with its owner")
}

// alive says whether a process runs. One that nobody has waited for yet has ended too.
func alive(pid int) bool {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && syscall.Kill(pid, 0) == nil && !strings.Contains(string(status), ") Z ")
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
