package federation

import (
	"net/url"
	"strings"

	"entente/internal/kit/ids"
)

// A naming knows under which names this installation issues tokens: its own,
// which every token carries, and perhaps an alias, under which a credential may
// name a tenant of this installation as well (a lab that maps Microsoft's host
// names to itself). Both are https URLs without a trailing slash.
type naming struct{ own, alias string }

// issuer returns the issuer of a tenant's version 2 tokens.
func (n naming) issuer(tenant ids.TenantID) string { return n.own + "/" + string(tenant) + "/v2.0" }

// tenant returns the tenant whose version 2 tokens carry iss. Whether there is
// such a tenant, the store knows.
func (n naming) tenant(iss string) (ids.TenantID, bool) { return tenantBelow(n.own, iss) }

// typed returns the tenant that a credential's issuer names, and whether it
// does so under the alias.
func (n naming) typed(issuer string) (tenant ids.TenantID, alias, ok bool) {
	if tenant, ok = tenantBelow(n.own, issuer); ok || n.alias == "" {
		return tenant, false, ok
	}
	tenant, ok = tenantBelow(n.alias, issuer)
	return tenant, true, ok
}

// spellings returns what credentials may name as issuer for tokens that carry
// iss: itself twice, or for a token of our own itself and the alias.
func (n naming) spellings(iss string) [2]string {
	if tenant, ok := n.tenant(iss); ok && n.alias != "" {
		return [2]string{iss, n.alias + "/" + string(tenant) + "/v2.0"}
	}
	return [2]string{iss, iss}
}

// here reports whether the issuer's host is that of the installation's own
// name, in whatever spelling.
func (n naming) here(issuer string) bool {
	a, errA := url.Parse(issuer)
	b, errB := url.Parse(n.own)
	return errA == nil && errB == nil && host(a) == host(b)
}

// host returns host and port in one spelling.
func host(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = "443"
	}
	return strings.ToLower(strings.TrimSuffix(u.Hostname(), ".")) + ":" + port
}

// tenantBelow reads base/{tenant}/v2.0, byte for byte.
func tenantBelow(base, issuer string) (ids.TenantID, bool) {
	rest, ok := strings.CutPrefix(issuer, base+"/")
	if !ok {
		return "", false
	}
	tenant, ok := strings.CutSuffix(rest, "/v2.0")
	return ids.TenantID(tenant), ok && ids.Valid(tenant) && tenant == strings.ToLower(tenant)
}
