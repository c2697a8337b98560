package ldap_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
	"github.com/longshore-dev/longshore/controllers/access/provider/ldap/ldaptest"
	"github.com/longshore-dev/longshore/hack/targets/slapd"
)

// directory is a System with what tests do to it.
type directory struct {
	*ldaptest.System
	*testing.T
	provider provider.Provider
}

// connect opens the provider for a way to use a directory.
func connect(t *testing.T, s *ldaptest.System) *directory {
	t.Helper()
	return connectBy(t, s, s.Connection())
}

func connectBy(t *testing.T, s *ldaptest.System, connection provider.Connection) *directory {
	t.Helper()
	p, err := s.Type().Open(connection)
	if err != nil {
		t.Fatalf("opening the provider: %v", err)
	}
	return &directory{System: s, T: t, provider: p}
}

// target is membership of a group, for a subject.
func (d *directory) target(group, subject string) provider.Target {
	d.Helper()
	targets, err := d.provider.Resolve(d.EntitlementTo(group), subject)
	if err != nil || len(targets) != 1 {
		d.Fatalf("resolving gave %v and %v, expected one target", targets, err)
	}
	return targets[0]
}

// newTarget is membership of a new group, for a new account.
func (d *directory) newTarget() provider.Target {
	d.Helper()
	return d.target(d.Group(d.T), d.Subject(d.T))
}

func (d *directory) grantErr(target provider.Target) error {
	d.Helper()
	return d.provider.Grant(d.Context(), provider.Request{Target: target})
}

func (d *directory) grant(target provider.Target) {
	d.Helper()
	if err := d.grantErr(target); err != nil {
		d.Fatalf("granting: %v", err)
	}
}

// granted grants, and returns the target with the handle that it was read back with.
func (d *directory) granted(target provider.Target) provider.Target {
	d.Helper()
	d.grant(target)
	observed := d.verify(target)
	if !observed.Exact() || observed.Handle == "" {
		d.Fatalf("after it was granted it was read back as %+v, expected it to be held without drift, with a handle", observed)
	}
	target.Handle = observed.Handle
	return target
}

func (d *directory) revoke(target provider.Target) {
	d.Helper()
	if err := d.provider.Revoke(d.Context(), target, provider.RevokeOptions{}); err != nil {
		d.Fatalf("revoking: %v", err)
	}
}

func (d *directory) verify(target provider.Target) provider.Observed {
	d.Helper()
	observed, err := d.provider.Verify(d.Context(), target)
	if err != nil {
		d.Fatalf("reading back: %v", err)
	}
	return observed
}

func (d *directory) expectAbsent(target provider.Target) {
	d.Helper()
	if observed := d.verify(target); !observed.Absent() || observed.Otherwise != "" {
		d.Errorf("it was read back as %+v, expected nothing", observed)
	}
}

// members is what a group lists.
func (d *directory) members(group string) []string {
	d.Helper()
	members, err := d.Server.Members(d.Context(), group, d.Attribute)
	if err != nil {
		d.Fatalf("reading a group: %v", err)
	}
	return members
}

func (d *directory) expectMembers(group string, want ...string) {
	d.Helper()
	slices.Sort(want)
	if got := d.members(group); !slices.Equal(got, want) {
		d.Errorf("group %s lists %q, expected %q", group, got, want)
	}
}

// rename gives an entry another name, below what it was below or below something else.
func (d *directory) rename(dn, rdn, below string) string {
	d.Helper()
	renamed, err := d.Server.Rename(d.Context(), dn, rdn, below)
	d.must(err)
	return renamed
}

func (d *directory) must(err error) {
	d.Helper()
	if err != nil {
		d.Fatal(err)
	}
}

// dnOf is the DN of an account as the server writes it, which holds for simple names.
func dnOf(name string) string { return "uid=" + name + "," + slapd.People }

// bystander is who is in every group from the start, as groups of names list them.
var bystander = dnOf(slapd.Bystander)

// expectRefusal expects that an error stays until somebody does what it says.
func expectRefusal(t *testing.T, err error, advice string) {
	t.Helper()
	if !provider.IsRefused(err) || !strings.Contains(err.Error(), advice) {
		t.Errorf("it ended with %v, expected a refusal that says %q", err, advice)
	}
}

// expectRetry expects that an error may pass, and that it says what to do.
func expectRetry(t *testing.T, err error, advice string) {
	t.Helper()
	if err == nil || provider.IsRefused(err) || !strings.Contains(err.Error(), advice) {
		t.Errorf("it ended with %v, expected an error that can be tried again and says %q", err, advice)
	}
}

// expectAnonymous expects that an error does not say whose access it is about.
func expectAnonymous(t *testing.T, err error, subject string) {
	t.Helper()
	if err != nil && strings.Contains(err.Error(), subject) {
		t.Errorf("the error names its subject: %v", err)
	}
}

const (
	member       = v1alpha1.LDAPMember
	uniqueMember = v1alpha1.LDAPUniqueMember
	memberUID    = v1alpha1.LDAPMemberUID
)
