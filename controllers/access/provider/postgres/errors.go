package postgres

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/longshore-dev/longshore/controllers/access/provider"
)

// The SQLSTATEs that mean something here: https://www.postgresql.org/docs/current/errcodes-appendix.html.
const (
	codeInvalidAuthorization = "28000"
	codeInvalidPassword      = "28P01"
	codeNoDatabase           = "3D000"
	codeTooManyConnections   = "53300"
	codeNotPermitted         = "42501"
	codeReservedName         = "42939"
	codeDuplicateObject      = "42710"
	codeUndefinedObject      = "42704"
	codeUniqueViolation      = "23505"
	codeSerialization        = "40001"
	codeDeadlock             = "40P01"
	codeLockNotAvailable     = "55P03"
	codeCanceled             = "57014"
	codeStarting             = "57P03"
	codeInternal             = "XX000"
	codeDependentObjects     = "2BP01"
	codeInvalidGrant         = "0LP01"
	codeNoSuchCharacter      = "22P05"
	codeNoText               = "22021"
)

// crowded is how long a server without a free connection is left alone.
const crowded = 5 * time.Second

func (p *Provider) address() string {
	return net.JoinHostPort(p.host, strconv.Itoa(int(p.port)))
}

// explainConnect says why there is no connection.
func (p *Provider) explainConnect(err error) error {
	doing := "connecting to PostgreSQL at " + p.address()
	var untrusted *tls.CertificateVerificationError
	switch code := codeOf(err); {
	case code == codeInvalidPassword, code == codeInvalidAuthorization:
		return provider.Refused("%s: the server does not let Longshore in (SQLSTATE %s): put the username and the password of its role into Secret %s, and allow it in pg_hba.conf", doing, code, p.behind.Spec.CredentialsRef.Name)
	case code == codeNoDatabase, code == codeNotPermitted:
		return provider.Refused("%s: database %q does not exist or may not be connected to (SQLSTATE %s): name another in spec.endpoint", doing, p.database, code)
	case errors.As(err, &untrusted):
		return provider.Retryable("%s: the server's certificate is not trusted: put the authority that signed it into the ConfigMap that spec.caBundleRef names: %w", doing, untrusted)
	}
	return explain(err, doing)
}

// explain puts what was being done before what happened, and says whether trying again can help. What the server answers is not repeated,
// because it names the subject; its code says enough.
func explain(err error, doing string) error {
	if err == nil {
		return nil
	}
	var known *provider.Error
	if errors.As(err, &known) {
		return err
	}
	switch code := codeOf(err); code {
	case "":
		return provider.Retryable("%s: %w", doing, bare(err))
	case codeTooManyConnections:
		return provider.After(crowded, fmt.Errorf("%s: the server has no connection left (SQLSTATE %s)", doing, code))
	case codeStarting:
		return provider.Retryable("%s: the server is starting or shutting down (SQLSTATE %s)", doing, code)
	case codeLockNotAvailable:
		return provider.Retryable("%s: a session keeps locked what has to be changed (SQLSTATE %s)", doing, code)
	case codeCanceled:
		return provider.Retryable("%s: the server was not done in time (SQLSTATE %s)", doing, code)
	case codeNotPermitted:
		return provider.Refused("%s: Longshore's role may not (SQLSTATE %s): have it granted what the AccessProvider's condition Ready asks for, and from PostgreSQL 16 on the ADMIN OPTION on the worker's role unless Longshore made it", doing, code)
	case codeInvalidGrant:
		return provider.Refused("%s: the role is a member of the worker's own role, or takes no members (SQLSTATE %s): take it out of the profile", doing, code)
	case codeReservedName, codeNoSuchCharacter, codeNoText:
		return provider.Refused("%s: the server takes no such name (SQLSTATE %s): change it in the worker's identity or in the profile", doing, code)
	default:
		return provider.Retryable("%s: the server answered with SQLSTATE %s", doing, code)
	}
}

// bare leaves out what the driver puts around an error: it names the account.
func bare(err error) error {
	var outer *pgconn.ConnectError
	if errors.As(err, &outer) {
		return outer.Unwrap()
	}
	return err
}

// met says that two calls changed the same at once, and one has to be made again. The server has no code of its own for changes to its
// catalogs that meet, and does not translate what it says.
func met(err error) bool {
	var answer *pgconn.PgError
	if !errors.As(err, &answer) {
		return false
	}
	switch answer.Code {
	case codeUniqueViolation, codeDuplicateObject, codeUndefinedObject, codeSerialization, codeDeadlock, codeLockNotAvailable:
		return true
	case codeInternal:
		return strings.HasPrefix(answer.Message, "tuple concurrently")
	}
	return false
}
