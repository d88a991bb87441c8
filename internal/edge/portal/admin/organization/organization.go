// Package organization is the area of the admin center that shows what an
// organization is and whom it trusts: its properties and policies, its domains,
// who has which directory role, and cross-tenant access.
package organization

import (
	"context"

	"entente/internal/core/crosstenant"
	"entente/internal/core/directory"
	"entente/internal/core/factor"
	"entente/internal/core/tenant"
	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/flow/domain"
	"entente/internal/flow/lookup"
)

// Options are what the pages need.
type Options struct {
	Roles   *directory.Service
	Cross   *crosstenant.Service
	Domains *domain.Service
	Tenants *tenant.Service
	Factors *factor.Service
	Lookup  *lookup.Service
	At      func(ctx context.Context, domain string) (*tenant.Tenant, error) // whose domain or ID it is; NotFound
}

type pages struct {
	Options
	*admin.Desk
}

var routes = map[string]admin.Page[pages]{
	"GET /roles":                                 (*pages).roles,
	"GET /roles/{role}":                          (*pages).role,
	"GET /roles/{role}/permissions":              (*pages).allowed,
	"GET /roles/{role}/add":                      (*pages).giving,
	"POST /roles/{role}/add":                     (*pages).give,
	"GET /roles/{role}/{assignment}/remove":      (*pages).taking,
	"POST /roles/{role}/{assignment}/remove":     (*pages).take,
	"GET /domains":                               (*pages).domains,
	"GET /domains/add":                           (*pages).adding,
	"POST /domains/add":                          (*pages).add,
	"GET /domains/names/{name}":                  (*pages).domain,
	"POST /domains/names/{name}/verify":          (*pages).verify,
	"POST /domains/names/{name}/primary":         (*pages).primary,
	"GET /domains/names/{name}/delete":           (*pages).dropping,
	"POST /domains/names/{name}/delete":          (*pages).drop,
	"GET /cross-tenant-access":                   (*pages).cross,
	"GET /cross-tenant-access/default":           (*pages).defaults,
	"POST /cross-tenant-access/default":          (*pages).changeDefaults,
	"GET /cross-tenant-access/add":               (*pages).addingPartner,
	"POST /cross-tenant-access/add":              (*pages).addPartner,
	"GET /cross-tenant-access/{partner}":         (*pages).partner,
	"POST /cross-tenant-access/{partner}":        (*pages).changePartner,
	"GET /cross-tenant-access/{partner}/remove":  (*pages).removingPartner,
	"POST /cross-tenant-access/{partner}/remove": (*pages).removePartner,
	"GET /properties":                            (*pages).properties,
	"GET /properties/organization":               (*pages).describing,
	"POST /properties/organization":              (*pages).describe,
	"GET /properties/security-defaults":          (*pages).demanding,
	"POST /properties/security-defaults":         (*pages).demand,
	"GET /properties/user-settings":              (*pages).authorizing,
	"POST /properties/user-settings":             (*pages).authorize,
}

// Add mounts the area.
func Add(c *admin.Center, o Options) {
	d := c.Desk(nil, nil)
	admin.Mount(c, d, &pages{o, d}, routes)
}

func crumbs(v *admin.Visitor, text, path string, below ...portal.Link) []portal.Link {
	return append([]portal.Link{{Text: text, To: v.To(path)}}, below...)
}

func yes(b bool) string {
	if b {
		return "Yes"
	}
	return "No"
}
