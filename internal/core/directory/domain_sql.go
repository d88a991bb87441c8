package directory

import "entente/internal/kit/ids"

// NamedUnder is whatever has a name under a domain: users by their principal
// name, mail or a further address, groups by their mail, applications by an
// identifier URI whose host is the domain or one below it.
func NamedUnder(domain string) Scope { return Scope{domain: domain} }

const underDomain = `
	select n.object_id from object_name n where n.tenant_id = ? and n.domain = ? and n.domain <> ''
	union
	select n.object_id from object_name n where n.tenant_id = ? and n.space = 'uri' and n.domain like ?
	union
	select a.id from account a where a.tenant_id = ? and a.mail_domain = ? and a.mail_domain <> '' and a.deleted_us = 0
	union
	select g.id from directory_group g where g.tenant_id = ? and g.mail_domain = ? and g.mail_domain <> '' and g.deleted_us = 0`

// named limits a statement to what is named under the scope's domain. A domain
// has no character that like takes for a pattern.
func (s Scope) named(tenant ids.TenantID, from, column string) (string, []any) {
	return from + " and " + column + " in (" + underDomain + ")",
		[]any{tenant, tenant, s.domain, tenant, "%." + s.domain, tenant, s.domain, tenant, s.domain}
}
