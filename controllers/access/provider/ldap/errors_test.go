package ldap

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	goldap "github.com/go-ldap/ldap/v3"

	"github.com/longshore-dev/longshore/controllers/access/provider"
)

func TestEveryResultCodeSaysWhetherToTryAgain(t *testing.T) {
	const (
		refused = true
		again   = false
	)
	for code, want := range map[uint16]struct {
		refused bool
		wait    time.Duration
		says    string
		because string
	}{
		1:                   {refused: again, because: "an operations error is the server's, and may pass"},
		2:                   {refused: again, because: "a protocol error may come from something in between"},
		3:                   {refused: again, says: "longer than it allows", because: "the time limit depends on the load"},
		4:                   {refused: refused, says: "limits", because: "the size limit stays"},
		7:                   {refused: refused, says: "kind of bind", because: "simple binds are turned off"},
		8:                   {refused: refused, says: "kind of bind", because: "simple binds are not strong enough"},
		10:                  {refused: refused, says: "spec.endpoint", because: "a replica refers to the server that takes changes"},
		11:                  {refused: refused, says: "limits", because: "an administrative limit stays"},
		13:                  {refused: refused, says: "over TLS", because: "more confidentiality is required than TLS gives"},
		17:                  {refused: refused, says: "schema", because: "the schema has no such attribute"},
		19:                  {refused: refused, says: "schema", because: "an overlay forbids the value"},
		21:                  {refused: refused, says: "schema", because: "the value is not of the attribute's syntax"},
		32:                  {refused: again, says: "went away", because: "what was there a moment ago may come back"},
		34:                  {refused: refused, because: "a distinguished name stays what it is"},
		48:                  {refused: refused, says: "kind of bind", because: "the account cannot bind by a password"},
		49:                  {refused: refused, says: "does not accept the name and the password", because: "the credentials are wrong"},
		50:                  {refused: refused, says: "the right to it", because: "rights are missing"},
		51:                  {refused: again, wait: busyWait, because: "the server is busy"},
		52:                  {refused: again, wait: busyWait, because: "the server is going down"},
		53:                  {refused: again, says: "read only", because: "a directory is read only during maintenance"},
		65:                  {refused: refused, says: "schema", because: "the group is of another class"},
		80:                  {refused: again, because: "it may be anything"},
		123:                 {refused: refused, says: "the right to it", because: "rights are missing"},
		999:                 {refused: again, because: "nobody knows what it means"},
		goldap.ErrorNetwork: {refused: again, because: "the connection broke"},
	} {
		err := explain(goldap.NewError(code, errors.New("uid=ada,ou=people may not")), "doing %s", "something")
		if provider.IsRefused(err) != want.refused || provider.RetryAfter(err) != want.wait || !strings.Contains(err.Error(), want.says) {
			t.Errorf("result code %d is explained as %v (refused %v, again after %s), expected refused %v, again after %s and %q, because %s",
				code, err, provider.IsRefused(err), provider.RetryAfter(err), want.refused, want.wait, want.says, want.because)
		}
		if !strings.HasPrefix(err.Error(), "doing something: ") {
			t.Errorf("the explanation %v does not begin with what was being done", err)
		}
		if code != goldap.ErrorNetwork && strings.Contains(err.Error(), "ada") {
			t.Errorf("the explanation repeats what the server said: %v", err)
		}
	}
}

func TestAnErrorWithoutAResultCodeCanBeTriedAgain(t *testing.T) {
	broken := fmt.Errorf("unable to read LDAP response packet: %w", errors.New("connection reset by peer"))
	if err := explain(broken, "looking"); provider.IsRefused(err) || !errors.Is(err, broken) {
		t.Errorf("a broken connection is explained as %v", err)
	}
	if err := explain(nil, "looking"); err != nil {
		t.Errorf("what went well is explained as %v", err)
	}
}

func TestAServerWithoutStartTLSIsToldFromOneThatIsBusy(t *testing.T) {
	p := &Provider{address: "ldap.example.com:389"}
	for code, refused := range map[uint16]bool{
		goldap.LDAPResultProtocolError: true, goldap.LDAPResultUnwillingToPerform: true, goldap.LDAPResultUnavailable: false, goldap.LDAPResultBusy: false, goldap.ErrorNetwork: false,
	} {
		if err := p.explainTLS(goldap.NewError(code, errors.New("no"))); provider.IsRefused(err) != refused {
			t.Errorf("StartTLS that ends with result code %d is explained as %v, expected a refusal: %v", code, err, refused)
		}
	}
}
