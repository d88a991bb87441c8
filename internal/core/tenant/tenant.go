// Package tenant keeps tenants and the domains they have proved to own.
//
// A tenant is found by its GUID or by a verified domain, in any case. A domain
// is verified by at most one tenant. A disabled tenant is found, so that the
// refusal can say so, but nothing of it works: Active refuses it.
package tenant

import (
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
	Contacts    Contacts
	CreatedAt   time.Time
	Domains     []Domain // the initial one first; loaded by Get, not by Resolve
	version     int64
}

// Why a tenant is refused.
const (
	NotFound fault.Reason = "tenant.not_found" // nobody here has this name; Values: tenant
	// NoInformation is what other tenants hear of one that is not here, and of
	// one that is switched off.
	NoInformation fault.Reason = "tenant.no_information"
	Malformed     fault.Reason = "tenant.malformed" // neither a GUID nor a domain; Values: tenant
	Disabled      fault.Reason = "tenant.disabled"  // it is here, and switched off; Values: tenant
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

// Active refuses a disabled tenant.
func (t *Tenant) Active() error {
	if t.Enabled {
		return nil
	}
	return fault.Because(fault.Forbidden, Disabled, "The tenant %s is disabled.", t.ID).
		With("tenant", string(t.ID)).
		WithFix("Ask whoever operates this installation to enable the tenant.")
}
