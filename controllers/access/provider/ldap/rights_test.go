package ldap_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider/ldap/ldaptest"
	"github.com/longshore-dev/longshore/controllers/access/provider/providertest"
	"github.com/longshore-dev/longshore/hack/targets/slapd"
)

// rule is one in LDIF, with the lines that continue it.
var rule = regexp.MustCompile(`(?m)^ +olcAccess: \{\d+\}(.*(?:\n +by .*)*)`)

// rulesOfTheGuide are what the guide to target systems tells administrators of OpenLDAP to add.
func rulesOfTheGuide(t *testing.T) []string {
	t.Helper()
	guide, err := os.ReadFile("../../../../docs/guides/target-systems.md")
	if err != nil {
		t.Fatal(err)
	}
	var rules []string
	for _, found := range rule.FindAllStringSubmatch(string(guide), -1) {
		rules = append(rules, strings.Join(strings.Fields(found[1]), " "))
	}
	if len(rules) != 2 {
		t.Fatalf("the guide has %d rules for OpenLDAP, expected one to write and one to read: %q", len(rules), rules)
	}
	return rules
}

func TestTheRightsThatTheGuideGivesAreEnough(t *testing.T) {
	for _, test := range []struct {
		attribute v1alpha1.LDAPMemberAttribute
		reads     string
	}{
		{v1alpha1.LDAPMember, "member"},
		{v1alpha1.LDAPUniqueMember, "uniqueMember"},
		{v1alpha1.LDAPMemberUID, "uid,gidNumber"},
	} {
		t.Run(string(test.attribute), func(t *testing.T) {
			rules := rulesOfTheGuide(t)
			rules[0] = strings.Replace(rules[0], "=member ", "="+string(test.attribute)+" ", 1)
			rules[1] = strings.Replace(rules[1], ",member ", ","+test.reads+" ", 1)
			providertest.Run(t, ldaptest.StartWith(t, slapd.Options{Access: rules}).With(test.attribute, false).Harness(t))
		})
	}
}
