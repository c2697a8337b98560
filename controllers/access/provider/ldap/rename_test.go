package ldap_test

import (
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
	"github.com/longshore-dev/longshore/controllers/access/provider/ldap/ldaptest"
	"github.com/longshore-dev/longshore/hack/targets/slapd"
)

func TestAnAccountThatWasRenamedAlongWithItsMembershipsStillLosesThem(t *testing.T) {
	s := ldaptest.StartWith(t, slapd.Options{ReferentialIntegrity: true})
	for _, attribute := range []v1alpha1.LDAPMemberAttribute{member, uniqueMember} {
		t.Run(string(attribute), func(t *testing.T) {
			d := connect(t, s.With(attribute, false))
			target := d.granted(d.newTarget())
			group := ldaptest.GroupOf(target)
			renamed := d.rename(dnOf(target.Subject), "uid=married-"+target.Subject, "")
			// The server changes groups some time after the account.
			NewWithT(t).Eventually(func() []string { return d.members(group) }, "20s").Should(ConsistOf(bystander, renamed))

			if observed := d.verify(target); !observed.Exact() || observed.Handle != target.Handle {
				t.Errorf("it was read back as %+v, expected it to be held, by the same account", observed)
			}
			d.grant(target)
			d.expectMembers(group, bystander, renamed)
			d.revoke(target)
			d.expectMembers(group, bystander)
			d.expectAbsent(target)
		})
	}
}

func TestAMembershipThatWasLeftBehindByARenamedAccountIsMovedAndTaken(t *testing.T) {
	s := ldaptest.Start(t)
	for _, attribute := range []v1alpha1.LDAPMemberAttribute{member, uniqueMember, memberUID} {
		t.Run(string(attribute), func(t *testing.T) {
			d := connect(t, s.With(attribute, false))
			present := func(name string) string {
				if attribute == memberUID {
					return name
				}
				return dnOf(name)
			}
			target := d.granted(d.newTarget())
			group, newName := ldaptest.GroupOf(target), "married-"+target.Subject
			d.rename(dnOf(target.Subject), "uid="+newName, "")

			observed := d.verify(target)
			if !observed.Held || !strings.Contains(observed.Drift, "before it was renamed") {
				t.Errorf("what was left behind was read back as %+v, expected drift", observed)
			}
			d.grant(target)
			d.expectMembers(group, present(slapd.Bystander), present(newName))
			if observed := d.verify(target); !observed.Exact() {
				t.Errorf("after it was moved it was read back as %+v, expected it to be held without drift", observed)
			}
			d.revoke(target)
			d.expectMembers(group, present(slapd.Bystander))
			d.expectAbsent(target)

			target = d.granted(d.newTarget())
			d.rename(dnOf(target.Subject), "uid=married-"+target.Subject, "")
			d.revoke(target)
			d.expectMembers(ldaptest.GroupOf(target), present(slapd.Bystander))
			d.expectAbsent(target)
		})
	}
}

func TestANameThatIsAnotherAccountsByNowIsLeftToIt(t *testing.T) {
	s := ldaptest.Start(t)
	for _, attribute := range []v1alpha1.LDAPMemberAttribute{member, uniqueMember, memberUID} {
		t.Run(string(attribute), func(t *testing.T) {
			d := connect(t, s.With(attribute, false))
			target := d.granted(d.newTarget())
			group := ldaptest.GroupOf(target)
			d.RemoveByHand(t, target)
			d.rename(dnOf(target.Subject), "uid=married-"+target.Subject, "")
			d.AddPerson(t, target.Subject)
			d.GiveByHand(t, target)
			members := d.members(group)

			d.expectAbsent(target)
			d.revoke(target)
			d.expectMembers(group, members...)
			d.grant(target)
			if now := d.members(group); len(now) != len(members)+1 {
				t.Errorf("the group lists %q, expected the renamed account beside the one that has its former name", now)
			}
			d.revoke(target)
			d.expectMembers(group, members...)
		})
	}
}

func TestAMembershipOutlivesNeitherItsAccountNorTheOneThatTakesItsName(t *testing.T) {
	d := connect(t, ldaptest.Start(t))
	target := d.granted(d.newTarget())
	group := ldaptest.GroupOf(target)
	d.must(d.Server.Delete(t.Context(), dnOf(target.Subject)))

	observed := d.verify(target)
	if !observed.Held || !strings.Contains(observed.Drift, "does not exist") {
		t.Errorf("a membership without its account was read back as %+v, expected drift", observed)
	}
	expectRetry(t, d.grantErr(target), "create it")

	// Whoever gets the name gets the membership with it.
	d.AddPerson(t, target.Subject)
	if observed := d.verify(target); !observed.Held {
		t.Errorf("the membership was read back as %+v, expected it to be held", observed)
	}
	d.revoke(target)
	d.expectMembers(group, bystander)
	d.expectAbsent(target)
}

func TestAGroupIsMeantAndNotItsName(t *testing.T) {
	d := connect(t, ldaptest.Start(t))
	target := d.granted(d.newTarget())
	named := ldaptest.GroupOf(target)
	moved := d.rename(named, "cn=moved", slapd.People)
	// Another group has the name by now, and the account is in that one by right.
	_, err := d.Server.AddGroupOf(t.Context(), strings.TrimSuffix(strings.TrimPrefix(named, "cn="), ","+slapd.Groups), member, bystander, dnOf(target.Subject))
	d.must(err)

	if observed := d.verify(target); !observed.Exact() || !strings.Contains(observed.Evidence, moved) {
		t.Errorf("a membership of a group that was moved was read back as %+v, expected it to be held in %s", observed, moved)
	}
	d.revoke(target)
	d.expectMembers(moved, bystander)
	d.expectAbsent(target)
	d.expectMembers(named, bystander, dnOf(target.Subject))
	d.grant(target)
	d.expectMembers(moved, bystander, dnOf(target.Subject))
}

func TestAGroupThatWasMadeAgainWithItsMembersStillLosesThem(t *testing.T) {
	d := connect(t, ldaptest.Start(t))
	target := d.granted(d.newTarget())
	group := ldaptest.GroupOf(target)
	members := d.members(group)
	d.RemoveByHand(t, target)
	if observed := d.verify(target); observed.Handle != target.Handle {
		t.Errorf("a group that does not list the account any more was read back as %+v, expected the same handle", observed)
	}
	d.must(d.Server.Delete(t.Context(), group))
	d.expectAbsent(target)
	if observed := d.verify(target); observed.Handle != "" {
		t.Errorf("a group that is gone was read back as %+v, expected no handle", observed)
	}
	_, err := d.Server.AddGroupOf(t.Context(), strings.TrimSuffix(strings.TrimPrefix(group, "cn="), ","+slapd.Groups), member, members...)
	d.must(err)

	if observed := d.verify(target); !observed.Held || observed.Handle == target.Handle {
		t.Errorf("a membership that was brought back with its group was read back as %+v, expected it to be held, in a group with another identity", observed)
	}
	d.revoke(target)
	d.expectAbsent(target)
	if slices.Contains(d.members(group), dnOf(target.Subject)) {
		t.Error("the group still lists the account")
	}
}

func TestWhatWasGivenInOneDirectoryIsNotProvenGoneInAnother(t *testing.T) {
	there, here := connect(t, ldaptest.Start(t)), connect(t, ldaptest.Start(t))
	given := there.granted(there.newTarget())
	group := ldaptest.GroupOf(given)
	refused := func(when string) {
		t.Helper()
		_, err := here.provider.Verify(t.Context(), given)
		if err == nil {
			t.Fatalf("%s another directory was believed", when)
		}
		expectRefusal(t, err, "spec.decommissioned")
		expectAnonymous(t, err, given.Subject)
		expectRefusal(t, here.provider.Revoke(t.Context(), given, provider.RevokeOptions{}), "back to that directory")
		expectRefusal(t, here.grantErr(given), "back to that directory")
	}
	refused("without the group")
	_, err := here.Server.AddGroupOf(t.Context(), strings.TrimSuffix(strings.TrimPrefix(group, "cn="), ","+slapd.Groups), member, bystander)
	here.must(err)
	refused("with a group of the same name")
	here.expectMembers(group, bystander)
	there.revoke(given)
	there.expectAbsent(given)
}
