package ldap_test

import (
	"fmt"
	"strings"
	"testing"

	goldap "github.com/go-ldap/ldap/v3"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
	"github.com/longshore-dev/longshore/controllers/access/provider/ldap"
	"github.com/longshore-dev/longshore/controllers/access/provider/ldap/ldaptest"
	"github.com/longshore-dev/longshore/hack/targets/slapd"
)

// many is more groups than the directory returns at once.
const many = slapd.SizeLimit + 10

func TestAMembershipThroughOtherGroupsIsToldHoweverManyGroupsThereAre(t *testing.T) {
	s := ldaptest.Start(t)
	for _, attribute := range []v1alpha1.LDAPMemberAttribute{member, uniqueMember} {
		for _, entries := range []uint32{1, 7, 500} {
			t.Run(fmt.Sprintf("%s, %d at once", attribute, entries), func(t *testing.T) {
				d := connect(t, s.With(attribute, false))
				ldap.SetPageSize(t, d.provider, entries)
				target := d.newTarget()
				var last string
				for range many {
					last = d.Group(t)
					d.must(s.Server.AddMember(t.Context(), last, attribute, slapd.PersonDN(target.Subject)))
				}
				d.expectAbsent(target)

				// The account is in the last, that is in another, and that is in the one in question.
				between := d.Group(t)
				d.must(s.Server.AddMember(t.Context(), between, attribute, last))
				d.must(s.Server.AddMember(t.Context(), ldaptest.GroupOf(target), attribute, between))
				d.expectThrough(target, between)
			})
		}
	}
}

func TestTheDirectoryOfTheTestsGivesSoManyEntriesAndNoMore(t *testing.T) {
	s := ldaptest.Start(t)
	d := connect(t, s)
	subject := d.Subject(t)
	for range many {
		d.must(s.Server.AddMember(t.Context(), d.Group(t), member, slapd.PersonDN(subject)))
	}
	conn, err := s.Server.Admin(t.Context())
	d.must(err)
	defer conn.Close()
	credentials := s.Server.Credentials()
	d.must(conn.Bind(string(credentials[v1alpha1.CredentialUsername]), string(credentials[v1alpha1.CredentialPassword])))
	_, err = conn.Search(&goldap.SearchRequest{BaseDN: slapd.Base, Scope: goldap.ScopeWholeSubtree, Filter: "(member=" + slapd.PersonDN(subject) + ")"})
	if !goldap.IsErrorWithCode(err, goldap.LDAPResultSizeLimitExceeded) {
		t.Errorf("a search without pages ended with %v; the tests of paging prove nothing unless it is refused", err)
	}
}

// expectThrough expects that an account is not listed, and is said to be a member through a group.
func (d *directory) expectThrough(target provider.Target, through string) {
	d.Helper()
	entry, err := d.Server.Entry(d.Context(), through)
	d.must(err)
	observed := d.verify(target)
	if !observed.Absent() || !strings.Contains(observed.Otherwise, "through group "+entry.DN) {
		d.Errorf("it was read back as %+v, expected access through %s", observed, entry.DN)
	}
	if strings.Contains(observed.Otherwise, target.Subject) {
		d.Errorf("%q names the account", observed.Otherwise)
	}
}

func TestGroupsThatAreMembersOfEachOtherAreFollowedOnce(t *testing.T) {
	s := ldaptest.Start(t)
	d := connect(t, s)
	target := d.newTarget()
	one, other := d.Group(t), d.Group(t)
	d.must(s.Server.AddMember(t.Context(), one, member, slapd.PersonDN(target.Subject)))
	d.must(s.Server.AddMember(t.Context(), one, member, one))
	d.must(s.Server.AddMember(t.Context(), one, member, other))
	d.must(s.Server.AddMember(t.Context(), other, member, one))
	d.expectAbsent(target)

	d.must(s.Server.AddMember(t.Context(), ldaptest.GroupOf(target), member, other))
	d.expectThrough(target, other)
}

// Somebody may list the account while its other groups are looked for.
func TestAnAccountIsNotTakenForAGroupThatItIsIn(t *testing.T) {
	s := ldaptest.Start(t)
	for _, attribute := range []v1alpha1.LDAPMemberAttribute{member, uniqueMember} {
		d := connect(t, s.With(attribute, false))
		target := d.newTarget()
		d.GiveByHand(t, target)
		if through := ldap.Otherwise(t, d.provider, target); through != "" {
			t.Errorf("an account that is listed is said to be a member otherwise: %s", through)
		}
	}
}

func TestAMembershipThroughAnotherGroupIsLeftToPeople(t *testing.T) {
	s := ldaptest.Start(t)
	d := connect(t, s)
	target, through := d.newTarget(), d.Group(t)
	d.must(s.Server.AddMember(t.Context(), through, member, slapd.PersonDN(target.Subject)))
	d.must(s.Server.AddMember(t.Context(), ldaptest.GroupOf(target), member, through))
	d.GiveByHand(t, target)

	err := d.provider.Revoke(t.Context(), target, provider.RevokeOptions{Preexisting: true})
	expectRefusal(t, err, "take the account out of that by hand")
	expectAnonymous(t, err, target.Subject)
	d.expectThrough(target, through)
	d.revoke(target)

	d.must(s.Server.RemoveMember(t.Context(), through, member, slapd.PersonDN(target.Subject)))
	d.must(d.provider.Revoke(t.Context(), target, provider.RevokeOptions{Preexisting: true}))
	d.expectAbsent(target)
}

func TestAPrimaryGroupIsToldThoughItListsNobody(t *testing.T) {
	s := ldaptest.Start(t)
	d := connect(t, s.With(memberUID, false))
	target := d.newTarget()
	group, err := s.Server.Entry(t.Context(), ldaptest.GroupOf(target), "gidNumber")
	d.must(err)
	d.must(s.Server.Modify(t.Context(), slapd.PersonDN(target.Subject), func(change *goldap.ModifyRequest) {
		change.Replace("gidNumber", group.GetAttributeValues("gidNumber"))
	}))
	if observed := d.verify(target); !observed.Absent() || !strings.Contains(observed.Otherwise, "is the primary group of this account") {
		t.Errorf("it was read back as %+v, expected access by the account's own entry", observed)
	}
	expectRefusal(t, d.provider.Revoke(t.Context(), target, provider.RevokeOptions{Preexisting: true}), "primary group")
}
