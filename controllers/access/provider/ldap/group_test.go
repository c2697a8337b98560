package ldap_test

import (
	"sync"
	"testing"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
	"github.com/longshore-dev/longshore/controllers/access/provider/ldap/ldaptest"
	"github.com/longshore-dev/longshore/hack/targets/slapd"
)

func TestTheLastMemberOfAGroupThatMayNotBeEmptyIsTakenOut(t *testing.T) {
	s := ldaptest.Start(t)
	for _, attribute := range []v1alpha1.LDAPMemberAttribute{member, uniqueMember} {
		t.Run(string(attribute), func(t *testing.T) {
			d := connect(t, s.With(attribute, false))
			subject := d.Subject(t)
			group, err := s.Server.AddGroupOf(t.Context(), "lonely-"+string(attribute), attribute, slapd.PersonDN(subject))
			d.must(err)
			target := d.target(group, subject)

			d.revoke(target)
			d.expectMembers(group, "cn=lonely-"+string(attribute)+","+slapd.Groups)
			d.expectAbsent(target)

			d.grant(target)
			d.revoke(target)
			d.expectAbsent(target)
		})
	}
}

func TestTheLastMembersOfAGroupAreTakenOutAtOnce(t *testing.T) {
	d := connect(t, ldaptest.Start(t))
	const people = 8
	var subjects, dns []string
	for range people {
		subjects = append(subjects, d.Subject(t))
		dns = append(dns, slapd.PersonDN(subjects[len(subjects)-1]))
	}
	group, err := d.Server.AddGroupOf(t.Context(), "crowd", member, dns...)
	d.must(err)
	var all sync.WaitGroup
	for _, subject := range subjects {
		target := d.target(group, subject)
		// Two operators may do the same at once.
		for range 2 {
			all.Go(func() {
				if err := d.provider.Revoke(t.Context(), target, provider.RevokeOptions{}); err != nil {
					t.Errorf("revoking: %v", err)
				}
			})
		}
	}
	all.Wait()
	d.expectMembers(group, "cn=crowd,"+slapd.Groups)
}

func TestAGroupThatListsNobodyIsReadAndFilled(t *testing.T) {
	d := connect(t, ldaptest.Start(t).With(memberUID, false))
	group, err := d.Server.AddGroupOf(t.Context(), "empty", memberUID)
	d.must(err)
	target := d.target(group, d.Subject(t))
	d.expectAbsent(target)
	d.revoke(target)
	d.granted(target)
	d.revoke(target)
	d.expectMembers(group)
	d.expectAbsent(target)
}

func TestOtherMembersOfAGroupAreLeftAlone(t *testing.T) {
	d := connect(t, ldaptest.Start(t))
	group, other := d.Group(t), d.Subject(t)
	// Nobody's, and not tidied up by us.
	dangling := "uid=gone," + slapd.People
	d.must(d.Server.AddMember(t.Context(), group, member, dangling))
	d.must(d.Server.AddMember(t.Context(), group, member, slapd.PersonDN(other)))
	target := d.target(group, d.Subject(t))

	d.grant(target)
	d.expectMembers(group, bystander, dangling, dnOf(other), dnOf(target.Subject))
	d.revoke(target)
	d.expectMembers(group, bystander, dangling, dnOf(other))
}

func TestAGroupThatIsNotThereIsToBeCreated(t *testing.T) {
	s := ldaptest.Start(t)
	for _, attribute := range []v1alpha1.LDAPMemberAttribute{member, uniqueMember, memberUID} {
		d := connect(t, s.With(attribute, false))
		target := d.target("cn=missing,"+slapd.Groups, d.Subject(t))
		err := d.grantErr(target)
		expectRetry(t, err, "group cn=missing,"+slapd.Groups+" does not exist: create it")
		expectAnonymous(t, err, target.Subject)
		d.expectAbsent(target)
		d.revoke(target)
	}
}

func TestAnAccountThatIsNotThereIsToBeCreated(t *testing.T) {
	s := ldaptest.Start(t)
	for attribute, where := range map[v1alpha1.LDAPMemberAttribute]string{
		member: slapd.UserDN, uniqueMember: slapd.UserDN, memberUID: "below " + slapd.Base,
	} {
		d := connect(t, s.With(attribute, false))
		target := d.target(d.Group(t), "nobody-yet")
		err := d.grantErr(target)
		expectRetry(t, err, "create it, as ")
		expectRetry(t, err, where)
		expectAnonymous(t, err, target.Subject)
		d.expectAbsent(target)
		d.revoke(target)
	}
	d := connect(t, s)
	target := d.target(d.Group(t), "nobody-yet")
	d.AddPerson(t, "nobody-yet")
	d.granted(target)
}

func TestAUserNameIsOnlyListedInTheLettersThatSystemsCompareItBy(t *testing.T) {
	d := connect(t, ldaptest.Start(t).With(memberUID, false))
	d.AddPerson(t, "ada")
	group := d.Group(t)
	expectRetry(t, d.grantErr(d.target(group, "Ada")), "in the same letters")
	d.expectMembers(group, slapd.Bystander)
}

func TestAGroupThatMayNotBeReadIsNotTakenForOneThatIsNotThere(t *testing.T) {
	d := connect(t, ldaptest.Start(t))
	target := d.granted(d.newTarget())
	group := d.rename(ldaptest.GroupOf(target), "cn=secret", "ou=hidden,"+slapd.Base)
	hidden := d.target(group, target.Subject)

	_, err := d.provider.Verify(t.Context(), hidden)
	expectRefusal(t, err, "the right to read them")
	expectRefusal(t, d.provider.Revoke(t.Context(), hidden, provider.RevokeOptions{}), "the right to read them")
	d.expectMembers(group, bystander, dnOf(target.Subject))
}

func TestWhoMayNotChangeGroupsIsToldWhatIsMissing(t *testing.T) {
	s := ldaptest.Start(t)
	able := connect(t, s)
	connection := s.Connection()
	connection.Credentials = s.Server.ReaderCredentials()
	d := connectBy(t, s, connection)
	target := d.newTarget()
	d.must(d.provider.Probe(t.Context()))

	err := d.grantErr(target)
	expectRefusal(t, err, "give the account that Longshore binds as the right to it")
	expectAnonymous(t, err, target.Subject)
	able.grant(target)
	expectRefusal(t, d.provider.Revoke(t.Context(), target, provider.RevokeOptions{}), "the right to it")
	if observed := d.verify(target); !observed.Exact() {
		t.Errorf("what may be read was read back as %+v, expected it to be held", observed)
	}
}

func TestMembersThatMayNotBeSeenAreNotTakenForAbsent(t *testing.T) {
	s := ldaptest.Start(t)
	for _, attribute := range []v1alpha1.LDAPMemberAttribute{member, uniqueMember, memberUID} {
		able := connect(t, s.With(attribute, false))
		target := able.granted(able.newTarget())
		connection := able.Connection()
		connection.Credentials = s.Server.BlindCredentials()
		d := connectBy(t, able.System, connection)
		_, err := d.provider.Verify(t.Context(), target)
		expectRefusal(t, err, "the right to it")
		expectRefusal(t, d.provider.Revoke(t.Context(), target, provider.RevokeOptions{}), "the right to it")
	}
}

func TestAGroupOfAnotherKindIsRefused(t *testing.T) {
	s := ldaptest.Start(t)
	d := connect(t, s)
	group := s.With(memberUID, false).Group(t)
	expectRefusal(t, d.grantErr(d.target(group, d.Subject(t))), "spec.ldap.memberAttribute")
}

func TestAGroupOutsideOfTheBaseIsRefused(t *testing.T) {
	d := connect(t, ldaptest.Start(t))
	inside := d.newTarget()
	for _, group := range []string{
		"cn=designers,dc=example,dc=org", slapd.Base, "dc=com", `cn=designers\,` + slapd.Base, "cn=designers,ou=groups,dc=example,dc=com,o=elsewhere",
	} {
		_, err := d.provider.Resolve(d.EntitlementTo(group), "ada")
		expectRefusal(t, err, "is not below "+slapd.Base)
		forged := inside
		forged.Name = "LDAP:" + group + "?member?" + slapd.UserDN
		if err := d.grantErr(forged); !provider.IsRefused(err) {
			t.Errorf("granting %s ended with %v, expected a refusal", forged.Name, err)
		}
	}
}

func TestAGroupIsFoundHoweverItIsSpelled(t *testing.T) {
	d := connect(t, ldaptest.Start(t))
	group, err := d.Server.AddGroup(t.Context(), "Brand Designers", member)
	d.must(err)
	subject := d.Subject(t)
	plain, spelled := d.target(group, subject), d.target("CN=brand  designers, OU=Groups,DC=Example , dc=com", "PERSON"+subject[len("person"):])
	if plain.Key != spelled.Key {
		t.Errorf("%s and %s are the same membership and have different keys", plain.Name, spelled.Name)
	}
	d.grant(plain)
	if observed := d.verify(spelled); !observed.Exact() {
		t.Errorf("it was read back as %+v under another spelling, expected it to be held", observed)
	}
	d.revoke(spelled)
	d.expectAbsent(plain)
}

func TestAccessIsTakenAsItWasGivenAfterTheDirectoryIsDescribedOtherwise(t *testing.T) {
	s := ldaptest.Start(t)
	given := connect(t, s).granted(connect(t, s).newTarget())
	given.Handle = ""
	connection := s.Connection()
	connection.Behind.Spec.LDAP.UserDN = "cn={subject}," + slapd.People
	connection.Behind.Spec.LDAP.BaseDN = slapd.People
	now := connectBy(t, s, connection)
	if observed := now.verify(given); !observed.Held {
		t.Errorf("it was read back as %+v, expected it to be held", observed)
	}
	now.revoke(given)
	now.expectAbsent(given)
	now.expectMembers(ldaptest.GroupOf(given), bystander)
}
