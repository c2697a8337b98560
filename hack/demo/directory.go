package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/hack/targets/certs"
	"github.com/longshore-dev/longshore/hack/targets/slapd"
)

// What the samples call the AccessProvider and the group.
const (
	directoryProvider = "directory"
	directoryGroup    = "checkout-developers"
)

// directory is the company's directory, as its administrator sees it.
type directory struct{ server *slapd.Server }

func startDirectory(ctx context.Context, dir string, authority *certs.Authority) (*directory, error) {
	server, err := slapd.Start(ctx, slapd.Options{Dir: dir, Authority: authority})
	if err != nil {
		return nil, fmt.Errorf("starting the directory: %w", err)
	}
	d := &directory{server: server}
	if _, err := server.AddGroup(ctx, directoryGroup, v1alpha1.LDAPMember); err != nil {
		server.Stop()
		return nil, err
	}
	return d, nil
}

// ask looks into the group.
func (d *directory) ask(ctx context.Context, account, group string) ([]probe, error) {
	members, err := d.server.Members(ctx, group, v1alpha1.LDAPMember)
	if err != nil {
		return nil, fmt.Errorf("asking the directory: %w", err)
	}
	found, err := contains(members, strings.ReplaceAll(slapd.UserDN, "{subject}", ldap.EscapeDN(account)))
	if err != nil {
		return nil, err
	}
	question := fmt.Sprintf("is %s a member of %s?", account, group)
	return []probe{{Asked: "the directory", Question: question, Allowed: found, At: time.Now()}}, nil
}

// contains compares names as a directory does: one name can be written in many ways.
func contains(members []string, name string) (bool, error) {
	wanted, err := ldap.ParseDN(name)
	if err != nil {
		return false, fmt.Errorf("reading the name of an account: %w", err)
	}
	for _, member := range members {
		dn, err := ldap.ParseDN(member)
		if err != nil {
			return false, fmt.Errorf("reading the name of a member: %w", err)
		}
		if dn.EqualFold(wanted) {
			return true, nil
		}
	}
	return false, nil
}
