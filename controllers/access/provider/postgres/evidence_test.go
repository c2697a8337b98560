package postgres_test

import (
	"strings"
	"testing"
	"time"

	"github.com/longshore-dev/longshore/controllers/access/provider"
)

// TestEvidenceSaysOfWhatItIs reads each kind of access back while it is held, and when the role is gone: in a list of what was read back nothing
// else tells one from another.
func TestEvidenceSaysOfWhatItIs(t *testing.T) {
	w := newWorld(t)
	w.byHand(`CREATE ROLE t_figures`, `GRANT t_figures TO longshore WITH ADMIN OPTION`, `CREATE DATABASE t_shop`, `GRANT CONNECT ON DATABASE t_shop TO longshore WITH GRANT OPTION`)
	targets := w.targets("t_shop", "t_figures")
	w.grant(targets...)
	expect := func(when string, says ...string) {
		t.Helper()
		for i, target := range targets {
			if evidence := w.verify(target).Evidence; !strings.Contains(evidence, says[i]) {
				t.Errorf("%s %s was read back as %q, expected it to say %q", when, target.Name, evidence, says[i])
			}
		}
	}
	until := w.verify(targets[0]).ExpiresAt.Format(time.RFC3339)
	expect("while it was held", " may log in, and its password is valid until "+until, ` may connect to database "t_shop"`, ` is a member of role "t_figures"`)
	w.revoke(targets...)
	expect("when the role was gone", "there is no such role, so that nobody logs in as it",
		`there is no such role, so that nobody connects to database "t_shop" as it`, `there is no such role, so that none is a member of role "t_figures"`)
	w.byHand(`CREATE ROLE {subject}`, `DROP DATABASE t_shop`, `DROP ROLE t_figures`)
	for target, says := range map[*provider.Target]string{&targets[1]: `there is no database "t_shop"`, &targets[2]: `there is no role "t_figures" to be a member of`} {
		if evidence := w.verify(*target).Evidence; evidence != says {
			t.Errorf("where it does not exist %s was read back as %q, expected %q", target.Name, evidence, says)
		}
	}
}
