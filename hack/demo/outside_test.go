package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/hack/targets/certs"
	"github.com/longshore-dev/longshore/hack/targets/postgres"
	"github.com/longshore-dev/longshore/hack/targets/slapd"
)

func TestOneLineSaysWhichSystemsArePlayed(t *testing.T) {
	missing := errors.New("not installed")
	cases := []struct {
		reason                  string
		wanted                  bool
		noDirectory, noDatabase error
		plan                    outsidePlan
		line                    string
	}{
		{
			reason: "both servers are installed", wanted: true,
			plan: outsidePlan{directory: true, database: true},
			line: "starting OpenLDAP (the directory) and PostgreSQL (the staging database) outside the cluster",
		},
		{
			reason: "one is missing, and the other is still worth playing", wanted: true, noDatabase: missing,
			plan: outsidePlan{directory: true},
			line: "starting OpenLDAP (the directory) outside the cluster; PostgreSQL (the staging database) is not installed, so the play goes without (hack/targets/install.sh installs what is missing)",
		},
		{
			reason: "none is installed", wanted: true, noDirectory: missing, noDatabase: missing,
			line: "OpenLDAP (the directory) and PostgreSQL (the staging database) are not installed, so the play goes without (hack/targets/install.sh installs what is missing)",
		},
		{
			reason: "nobody wants them",
			line:   "leaving out the directory and the database outside the cluster, as -outside=false asks for",
		},
	}
	for _, c := range cases {
		t.Run(c.reason, func(t *testing.T) {
			plan, line := planOutside(c.wanted, c.noDirectory, c.noDatabase)
			if plan != c.plan || line != c.line {
				t.Errorf("expected %+v and %q, got %+v and %q", c.plan, c.line, plan, line)
			}
		})
	}
}

func TestTheSamplesLeadToTheServersOfThisRun(t *testing.T) {
	o := &outside{directory: &directory{server: &slapd.Server{}}, database: &database{server: &postgres.Server{}}}
	for _, m := range o.manifests() {
		text, err := os.ReadFile("../../" + samplesDir + "/" + m.path)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range strings.Split(string(o.connect(text)), "\n") {
			if endpoint, found := strings.CutPrefix(line, "  endpoint: "); found && !strings.Contains(endpoint, "127.0.0.1") {
				t.Errorf("expected the endpoint in %s to be a server on loopback, it is %s", m.path, endpoint)
			}
		}
	}
}

func TestTheDirectoryIsAskedWhoIsInTheGroup(t *testing.T) {
	ctx := t.Context()
	d, err := startDirectory(ctx, t.TempDir(), newAuthority(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.server.Stop)
	account, err := d.server.AddPerson(ctx, "bruno")
	if err != nil {
		t.Fatal(err)
	}
	group := "cn=" + directoryGroup + "," + slapd.Groups
	expect := func(when string, allowed bool) {
		t.Helper()
		answers, err := d.ask(ctx, "bruno", group)
		if err != nil || len(answers) != 1 || answers[0].Allowed != allowed {
			t.Errorf("expected the directory to say %s %s; got %+v, %v", yes(allowed), when, answers, err)
		}
	}
	expect("before bruno is a member", false)
	if err := d.server.AddMember(ctx, group, v1alpha1.LDAPMember, account); err != nil {
		t.Fatal(err)
	}
	expect("while bruno is a member", true)
	if err := d.server.RemoveMember(ctx, group, v1alpha1.LDAPMember, account); err != nil {
		t.Fatal(err)
	}
	expect("when bruno is a member no more", false)
	if err := d.server.Delete(ctx, group); err != nil {
		t.Fatal(err)
	}
	if _, err := d.ask(ctx, "bruno", group); !errors.Is(err, slapd.ErrNoEntry) {
		t.Errorf("expected no answer about a group that is not there, got %v", err)
	}
}

func TestNamesAreComparedAsADirectoryDoes(t *testing.T) {
	for name, expect := range map[string]bool{
		"uid=bruno,ou=people,dc=example,dc=com":            true,
		`UID=\62runo, OU=People,DC=example,DC=com`:         true,
		"uid=bruno,ou=contractors,dc=example,dc=com":       false,
		"uid=bruno+cn=other,ou=people,dc=example,dc=com":   false,
		"uid=" + ldap.EscapeDN("bruno,ou=people") + ",dc=": false,
	} {
		got, err := contains([]string{name}, "uid=bruno,ou=people,dc=example,dc=com")
		if err != nil || got != expect {
			t.Errorf("expected %q to be bruno's: %t; got %t, %v", name, expect, got, err)
		}
	}
}

func TestTheDatabaseIsAskedByLoggingIn(t *testing.T) {
	ctx := t.Context()
	d, err := startDatabase(ctx, newAuthority(t))
	if err != nil {
		t.Fatal(err)
	}
	running := true
	t.Cleanup(func() {
		if running {
			if err := d.stop(); err != nil {
				t.Error(err)
			}
		}
	})
	do := func(statements ...string) {
		t.Helper()
		if err := d.administer(ctx, stagingDatabase, statements...); err != nil {
			t.Fatal(err)
		}
	}
	expect := func(when string, allowed ...bool) {
		t.Helper()
		answers, err := d.ask(ctx, "bruno", stagingDatabase)
		var got []bool
		for _, a := range answers {
			got = append(got, a.Allowed)
		}
		if err != nil || fmt.Sprint(got) != fmt.Sprint(allowed) {
			t.Errorf("expected the database to answer %v %s; got %v, %v", allowed, when, got, err)
		}
	}
	expect("before there is such a role", false)
	do(`CREATE ROLE bruno LOGIN`)
	expect("while bruno may log in and not connect", false)
	do(`GRANT CONNECT ON DATABASE checkout TO bruno`)
	expect("while bruno may connect and not read", false)
	do(`GRANT checkout_readonly TO bruno`)
	expect("while bruno may read", true, true)
	expect("while bruno may read, asked again", true, true)
	do(`ALTER ROLE bruno NOLOGIN`)
	expect("when bruno may not log in and is still logged in", false, true)
	do(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'bruno'`)
	expect("when bruno's session was ended, too", false, false)
	running = false
	if err := d.stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := d.ask(ctx, "bruno", stagingDatabase); err == nil {
		t.Error("expected no answer from a server that is down: silence proves nothing")
	}
}

func newAuthority(t *testing.T) *certs.Authority {
	t.Helper()
	authority, err := certs.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	return authority
}
