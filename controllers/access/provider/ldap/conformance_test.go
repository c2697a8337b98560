package ldap_test

import (
	"testing"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider/ldap/ldaptest"
	"github.com/longshore-dev/longshore/controllers/access/provider/providertest"
)

func TestGroupsOfNamesOverLDAPSKeepTheContract(t *testing.T) {
	providertest.Run(t, ldaptest.Start(t).Harness(t))
}

func TestGroupsOfUniqueNamesOverStartTLSKeepTheContract(t *testing.T) {
	providertest.Run(t, ldaptest.Start(t).With(v1alpha1.LDAPUniqueMember, true).Harness(t))
}

func TestGroupsOfUserNamesKeepTheContract(t *testing.T) {
	providertest.Run(t, ldaptest.Start(t).With(v1alpha1.LDAPMemberUID, true).Harness(t))
}
