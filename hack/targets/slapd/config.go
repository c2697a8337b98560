package slapd

import (
	"bytes"
	"fmt"
	"os"
	"text/template"
)

// configuration requires encryption before anybody shows a password, and has nobody read anything without one.
var configuration = template.Must(template.New("slapd.conf").Parse(`
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/nis.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
{{- if .ReferentialIntegrity}}
moduleload refint
{{- end}}
pidfile {{.Dir}}/slapd.pid
{{- if .Certificate}}
TLSCertificateFile {{.Certificate}}
TLSCertificateKeyFile {{.Key}}
security simple_bind=128
{{- end}}
disallow bind_anon
require authc
database mdb
suffix {{.Base}}
rootdn {{.RootDN}}
rootpw {{.RootPassword}}
directory {{.Dir}}/db
# What is lost in a crash of the machine is a test's.
dbnosync
index objectClass,entryUUID,uid,member,uniqueMember,memberUid eq
limits users size.soft={{.SizeLimit}} size.hard={{.SizeLimit}} size.prtotal=unlimited
access to attrs=userPassword by anonymous auth by * none
access to dn.subtree="ou=hidden,{{.Base}}" by * none
{{- range .Access}}
access {{.}}
{{- else}}
access to attrs=member,uniqueMember,memberUid by dn.exact="{{.OperatorDN}}" write by dn.exact="{{.BlindDN}}" none by users read by * none
{{- end}}
access to * {{if .Access}}by dn.exact="{{.OperatorDN}}" none {{end}}by users read by * none
{{- if .ReferentialIntegrity}}
overlay refint
refint_attributes member uniqueMember
{{- end}}
`))

// configure writes the server's configuration, readable to its owner alone: it holds a password.
func (s *Server) configure() error {
	values := struct {
		Options
		Certificate, Key          string
		Base, OperatorDN, BlindDN string
		RootDN, RootPassword      string
		SizeLimit                 int
	}{
		Options: s.options, Base: Base, OperatorDN: operatorDN, BlindDN: blindDN, RootDN: rootDN, RootPassword: s.passwords[rootDN], SizeLimit: SizeLimit,
	}
	if !s.options.WithoutTLS {
		pair, err := s.options.Authority.Issue()
		if err != nil {
			return err
		}
		if values.Certificate, values.Key, err = pair.Write(s.options.Dir); err != nil {
			return err
		}
	}
	var text bytes.Buffer
	if err := configuration.Execute(&text, values); err != nil {
		return fmt.Errorf("composing slapd.conf: %w", err)
	}
	if err := os.WriteFile(s.path("slapd.conf"), text.Bytes(), 0o600); err != nil {
		return fmt.Errorf("writing slapd.conf: %w", err)
	}
	return nil
}
