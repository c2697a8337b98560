package ldap

import (
	"errors"
	"fmt"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/longshore-dev/longshore/controllers/access/provider"
)

// busyWait is how long a server is left alone that says it is busy or going down. It does not say how long itself.
const busyWait = 15 * time.Second

// answer is what a result code means for the next attempt.
type answer struct {
	// refused says that it stays until somebody changes something.
	refused bool
	// wait is how long to leave the server alone.
	wait time.Duration
	// advice says what to do.
	advice string
}

// Advice that several result codes share.
const (
	adviceRights = "give the account that Longshore binds as the right to it"
	adviceBind   = "the directory wants another kind of bind than by name and password over TLS: allow it for the account that Longshore binds as"
	adviceSchema = "the directory's schema does not allow it: see that the group and spec.ldap.memberAttribute belong together, and that the account's name is one that the group can list"
	adviceLimit  = "raise the directory's limits for the account that Longshore binds as"
	adviceOther  = "the directory refers to another server: name the one that holds a copy to write to in spec.endpoint"
)

// answers are the result codes (RFC 4511, appendix A) of which more is known than that they may pass.
var answers = map[uint16]answer{
	ldap.LDAPResultTimeLimitExceeded:           {advice: "the directory took longer than it allows itself"},
	ldap.LDAPResultSizeLimitExceeded:           {refused: true, advice: adviceLimit},
	ldap.LDAPResultAdminLimitExceeded:          {refused: true, advice: adviceLimit},
	ldap.LDAPResultAuthMethodNotSupported:      {refused: true, advice: adviceBind},
	ldap.LDAPResultStrongAuthRequired:          {refused: true, advice: adviceBind},
	ldap.LDAPResultConfidentialityRequired:     {refused: true, advice: adviceBind},
	ldap.LDAPResultInappropriateAuthentication: {refused: true, advice: adviceBind},
	ldap.LDAPResultReferral:                    {refused: true, advice: adviceOther},
	ldap.LDAPResultUndefinedAttributeType:      {refused: true, advice: adviceSchema},
	ldap.LDAPResultInappropriateMatching:       {refused: true, advice: adviceSchema},
	ldap.LDAPResultConstraintViolation:         {refused: true, advice: adviceSchema},
	ldap.LDAPResultInvalidAttributeSyntax:      {refused: true, advice: adviceSchema},
	ldap.LDAPResultInvalidDNSyntax:             {refused: true, advice: adviceSchema},
	ldap.LDAPResultNamingViolation:             {refused: true, advice: adviceSchema},
	ldap.LDAPResultObjectClassViolation:        {refused: true, advice: adviceSchema},
	ldap.LDAPResultNotAllowedOnRDN:             {refused: true, advice: adviceSchema},
	ldap.LDAPResultObjectClassModsProhibited:   {refused: true, advice: adviceSchema},
	ldap.LDAPResultNoSuchObject:                {advice: "the entry went away in the same moment, or may not be seen"},
	ldap.LDAPResultInvalidCredentials:          {refused: true, advice: "the directory does not accept the name and the password: correct them"},
	ldap.LDAPResultInsufficientAccessRights:    {refused: true, advice: adviceRights},
	ldap.LDAPResultAuthorizationDenied:         {refused: true, advice: adviceRights},
	ldap.LDAPResultBusy:                        {wait: busyWait, advice: "it is tried again"},
	ldap.LDAPResultUnavailable:                 {wait: busyWait, advice: "it is tried again"},
	// A server that is read only for maintenance says so too.
	ldap.LDAPResultUnwillingToPerform: {advice: "the directory may be read only, or does not allow it"},
}

// explain puts what was being done before the server's answer, and says whether trying again can help. The server's own text is left out:
// it may repeat a name.
func explain(err error, doing string, args ...any) error {
	if err == nil {
		return nil
	}
	doing = fmt.Sprintf(doing, args...)
	var said *ldap.Error
	if !errors.As(err, &said) || said.ResultCode == ldap.ErrorNetwork {
		return provider.Retryable("%s: %w", doing, err)
	}
	known := answers[said.ResultCode]
	text := fmt.Sprintf("%s: LDAP result %d (%s)", doing, said.ResultCode, ldap.LDAPResultCodeMap[said.ResultCode])
	if known.advice != "" {
		text += ": " + known.advice
	}
	switch {
	case known.refused:
		return provider.Refused("%s", text)
	case known.wait > 0:
		return provider.After(known.wait, errors.New(text))
	}
	return provider.Retryable("%s", text)
}

// explainBind says where the credentials are that were not accepted.
func (p *Provider) explainBind(err error) error {
	return explain(err, "binding to the directory at %s with the credentials of Secret %s", p.address, p.behind.Spec.CredentialsRef.Name)
}

// explainTLS says what to do about a server that cannot be verified.
func (p *Provider) explainTLS(err error) error {
	var said *ldap.Error
	if errors.As(err, &said) && said.ResultCode < ldap.ErrorNetwork && answers[said.ResultCode].wait == 0 {
		return provider.Refused("the directory at %s does not offer StartTLS (LDAP result %d): name an endpoint that begins with ldaps://, or have the directory offer it", p.address, said.ResultCode)
	}
	return explain(err, "encrypting the connection to the directory at %s, whose certificate the authorities of spec.caBundleRef or, without, of the system must have signed", p.address)
}
