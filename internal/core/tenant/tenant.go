// Package tenant keeps tenants and the domains they have proved to own.
//
// A tenant is found by its GUID or by a verified domain, in any case. A domain
// is verified by at most one tenant. A disabled tenant is found, so that the
// refusal can say so, but nothing of it works: Active refuses it.
package tenant

import (
	"regexp"
	"strings"
	"time"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// A Tenant is one organization's directory.
type Tenant struct {
	ID          ids.TenantID
	DisplayName string
	Enabled     bool
	Country     string // ISO 3166-1 alpha-2, or empty
	CreatedAt   time.Time
	Domains     []Domain // the initial one first; loaded by Get, not by Resolve
	version     int64
}

// A Domain is a DNS name that a tenant claims or has proved to own.
type Domain struct {
	Name      string // lower case
	Verified  bool
	Default   bool
	Initial   bool
	CreatedAt time.Time
}

// Why a tenant is refused.
const (
	NotFound  fault.Reason = "tenant.not_found"  // nobody here has this name; Values: tenant
	Malformed fault.Reason = "tenant.malformed"  // neither a GUID nor a domain; Values: tenant
	Disabled  fault.Reason = "tenant.disabled"   // it is here, and switched off; Values: tenant
	Taken     fault.Reason = "tenant.name_taken" // another tenant has verified this domain
)

const maxName = 256

// New returns a tenant without domains, or an Invalid fault.
func New(id ids.TenantID, displayName string, now time.Time) (*Tenant, error) {
	displayName = strings.TrimSpace(displayName)
	if displayName == "" || len(displayName) > maxName {
		return nil, fault.InvalidAt("displayName", "A tenant's name has 1 to %d bytes.", maxName)
	}
	return &Tenant{ID: id, DisplayName: displayName, Enabled: true, CreatedAt: now, version: 1}, nil
}

// DefaultDomain returns the tenant's default domain, or "".
func (t *Tenant) DefaultDomain() string {
	for _, d := range t.Domains {
		if d.Default && d.Verified {
			return d.Name
		}
	}
	return t.InitialDomain()
}

// InitialDomain returns the domain the tenant was made with, or "".
func (t *Tenant) InitialDomain() string {
	for _, d := range t.Domains {
		if d.Initial {
			return d.Name
		}
	}
	return ""
}

// Owns reports whether domain is one of the tenant's verified domains.
func (t *Tenant) Owns(domain string) bool {
	domain = strings.ToLower(domain)
	for _, d := range t.Domains {
		if d.Verified && d.Name == domain {
			return true
		}
	}
	return false
}

// Active refuses a disabled tenant.
func (t *Tenant) Active() error {
	if t.Enabled {
		return nil
	}
	return fault.Because(fault.Forbidden, Disabled, "The tenant %s is disabled.", t.ID).
		With("tenant", string(t.ID)).
		WithFix("Ask whoever operates this installation to enable the tenant.")
}

// A label may have letters, digits and hyphens (RFC 1123, section 2.1); a
// domain has at least two.
var domainForm = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// ParseDomain returns the domain in lower case, or an Invalid fault.
func ParseDomain(s string) (string, error) {
	d := strings.ToLower(strings.TrimSpace(s))
	if len(d) > 253 || !domainForm.MatchString(d) {
		return "", fault.InvalidAt("id", "'%.100s' is no domain name.", s)
	}
	return d, nil
}
