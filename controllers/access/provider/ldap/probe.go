package ldap

import (
	"context"

	"github.com/longshore-dev/longshore/controllers/access/provider"
)

// Probe binds and reads the entry that everything is below.
func (p *Provider) Probe(ctx context.Context) error {
	return p.with(ctx, func(s *session) error {
		base, err := s.read(p.base.String(), noAttributes)
		if err != nil {
			return explain(err, "reading %s", p.base)
		}
		if base == nil {
			return provider.Refused("%s, the spec.ldap.baseDN of AccessProvider %s, is not there or may not be read: correct it, or give the account that Longshore binds as the right to read it", p.base, p.behind.Name)
		}
		return nil
	})
}
