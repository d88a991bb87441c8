// Package governance is the area of the admin center in which an organization
// sets up entitlement management: whom it is connected with, and the catalogs of
// what it gives.
package governance

import (
	"net/http"

	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/flow/entitlement"
	"entente/internal/flow/lookup"
	"entente/internal/flow/offer"
	"entente/internal/kit/fault"
	"entente/internal/kit/query"
)

// Options are what the pages need.
type Options struct {
	Site   portal.Site
	Access *entitlement.Service
	Lookup *lookup.Service
}

// pages are those of the area.
type pages struct {
	Options
	*admin.Desk
}

var routes = map[string]admin.Page[pages]{
	"GET /entitlement":                                                   (*pages).overview,
	"GET /entitlement/organizations":                                     (*pages).organizations,
	"GET /entitlement/organizations/new":                                 (*pages).connecting,
	"POST /entitlement/organizations/new":                                (*pages).connect,
	"GET /entitlement/organizations/{organization}":                      (*pages).organization,
	"GET /entitlement/organizations/{organization}/edit":                 (*pages).editingOrganization,
	"POST /entitlement/organizations/{organization}/edit":                (*pages).editOrganization,
	"GET /entitlement/organizations/{organization}/sources":              (*pages).addingSource,
	"POST /entitlement/organizations/{organization}/sources":             (*pages).addSource,
	"POST /entitlement/organizations/{organization}/sources/remove":      (*pages).removeSource,
	"GET /entitlement/organizations/{organization}/sponsors":             (*pages).addingSponsor,
	"POST /entitlement/organizations/{organization}/sponsors":            (*pages).addSponsor,
	"GET /entitlement/organizations/{organization}/sponsors/remove":      (*pages).removingSponsor,
	"POST /entitlement/organizations/{organization}/sponsors/remove":     (*pages).removeSponsor,
	"GET /entitlement/organizations/{organization}/delete":               (*pages).deletingOrganization,
	"POST /entitlement/organizations/{organization}/delete":              (*pages).deleteOrganization,
	"GET /entitlement/catalogs":                                          (*pages).catalogs,
	"GET /entitlement/catalogs/new":                                      (*pages).newCatalog,
	"POST /entitlement/catalogs/new":                                     (*pages).createCatalog,
	"GET /entitlement/catalogs/{catalog}":                                (*pages).catalog,
	"GET /entitlement/catalogs/{catalog}/edit":                           (*pages).editingCatalog,
	"POST /entitlement/catalogs/{catalog}/edit":                          (*pages).editCatalog,
	"GET /entitlement/catalogs/{catalog}/delete":                         (*pages).deletingCatalog,
	"POST /entitlement/catalogs/{catalog}/delete":                        (*pages).deleteCatalog,
	"GET /entitlement/catalogs/{catalog}/resources":                      (*pages).addingResource,
	"POST /entitlement/catalogs/{catalog}/resources":                     (*pages).addResource,
	"GET /entitlement/catalogs/{catalog}/resources/{resource}":           (*pages).resource,
	"POST /entitlement/catalogs/{catalog}/resources/{resource}/refresh":  (*pages).refreshResource,
	"GET /entitlement/catalogs/{catalog}/resources/{resource}/remove":    (*pages).removingResource,
	"POST /entitlement/catalogs/{catalog}/resources/{resource}/remove":   (*pages).removeResource,
	"GET /entitlement/catalogs/{catalog}/roles":                          (*pages).addingRole,
	"POST /entitlement/catalogs/{catalog}/roles":                         (*pages).addRole,
	"GET /entitlement/catalogs/{catalog}/roles/{assignment}/remove":      (*pages).removingRole,
	"POST /entitlement/catalogs/{catalog}/roles/{assignment}/remove":     (*pages).removeRole,
	"GET /entitlement/catalogs/{catalog}/extensions":                     (*pages).newExtension,
	"POST /entitlement/catalogs/{catalog}/extensions":                    (*pages).createExtension,
	"GET /entitlement/catalogs/{catalog}/extensions/{extension}":         (*pages).extension,
	"GET /entitlement/catalogs/{catalog}/extensions/{extension}/edit":    (*pages).editingExtension,
	"POST /entitlement/catalogs/{catalog}/extensions/{extension}/edit":   (*pages).editExtension,
	"GET /entitlement/catalogs/{catalog}/extensions/{extension}/delete":  (*pages).deletingExtension,
	"POST /entitlement/catalogs/{catalog}/extensions/{extension}/delete": (*pages).deleteExtension,
	"GET /entitlement/settings":                                          (*pages).settings,
	"POST /entitlement/settings":                                         (*pages).saveSettings,
	"GET /entitlement/settings/roles":                                    (*pages).addingWideRole,
	"POST /entitlement/settings/roles":                                   (*pages).addWideRole,
	"GET /entitlement/settings/roles/{assignment}/remove":                (*pages).removingWideRole,
	"POST /entitlement/settings/roles/{assignment}/remove":               (*pages).removeWideRole,
}

// refusals are the faults that the pages tell in their own words.
var refusals = map[fault.Reason]portal.Telling{
	offer.NotOwner: {Status: http.StatusForbidden, Title: "You can’t give this away"},
	offer.BuiltIn:  {Status: http.StatusForbidden, Title: "The built-in catalog stays as it is"},
}

// Add mounts the area.
func Add(c *admin.Center, o Options) {
	admin.Mount(c, c.Desk(nil, refusals), &pages{o, c.Desk(nil, refusals)}, routes)
}

// asking reads which page of a list is wanted, in which order.
func asking(r *http.Request, order string, filter query.Expr) (offer.Asked, error) {
	page, err := portal.PageOf(r)
	return offer.Asked{Query: query.Query{Filter: filter, Order: []query.Key{{Field: order, Desc: order != "displayName"}}, Page: page}}, err
}

// beginning is the filter of names that begin so, or nil.
func beginning(text string) query.Expr {
	if text == "" {
		return nil
	}
	return query.StartsWith{Field: "displayName", Value: text}
}

// is is the filter of a field that is so, or nil.
func is(field string, value any) query.Expr {
	if value == "" || value == nil {
		return nil
	}
	return query.Compare{Field: field, Op: query.Eq, Value: value}
}

// all joins filters; those that are nil don't count.
func all(filters ...query.Expr) query.Expr {
	var some query.And
	for _, f := range filters {
		if f != nil {
			some = append(some, f)
		}
	}
	if len(some) == 0 {
		return nil
	}
	return some
}

// ptr returns a pointer to the value.
func ptr[T any](v T) *T { return &v }
