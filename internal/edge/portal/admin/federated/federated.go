// Package federated is the part of the admin center in which federated
// credentials are added, changed and deleted: those of an application and those
// of a user-assigned managed identity, whose pages list them.
//
// A credential is checked before it is stored, on a page of its own: what would
// match, what would not, and why. The check changes nothing and stops nobody.
package federated

import (
	"net/http"
	"strings"

	"entente/internal/core/app"
	"entente/internal/core/federation"
	"entente/internal/core/managedidentity"
	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/flow/lookup"
	"entente/internal/kit/ids"
)

// Options are what the pages need.
type Options struct {
	Federation *federation.Service
	Apps       *app.Service
	Identities *managedidentity.Service
	Lookup     *lookup.Service
}

type pages struct {
	Options
	*admin.Desk
}

// below are the pages below a parent's address.
var below = map[string]admin.Page[pages]{
	"GET /federated/new":                  (*pages).adding,
	"POST /federated/new":                 (*pages).add,
	"GET /federated/{credential}":         (*pages).editing,
	"POST /federated/{credential}":        (*pages).edit,
	"GET /federated/{credential}/delete":  (*pages).deleting,
	"POST /federated/{credential}/delete": (*pages).remove,
}

// Add mounts the pages below those of applications and of managed identities.
func Add(c *admin.Center, o Options) {
	d := c.Desk(nil, nil)
	routes := make(map[string]admin.Page[pages])
	for route, page := range below {
		method, rest, _ := strings.Cut(route, " ")
		for _, parent := range []string{"/app-registrations/{application}", "/managed-identities/{identity}"} {
			routes[method+" "+parent+rest] = page
		}
	}
	admin.Mount(c, d, &pages{o, d}, routes)
}

// A parent is what a credential belongs to.
type parent struct {
	federation.Parent
	name  string
	at    string // the address below which its credentials are
	list  string // the address of the page that lists them
	above []portal.Link
}

// parent returns the application or the managed identity that the address names.
func (p *pages) parent(r *http.Request, v *admin.Visitor) (*parent, error) {
	if r.PathValue("application") != "" {
		id, err := admin.ID[ids.ObjectID](r, "application")
		if err != nil {
			return nil, err
		}
		a, err := p.Apps.View(r.Context(), v.Who, id)
		if err != nil {
			return nil, err
		}
		to := v.To("/app-registrations/" + string(id))
		return &parent{federation.Parent{Tenant: v.Tenant.ID, Kind: federation.Application, ID: id}, a.DisplayName, to + "/federated/", to + "/credentials#federated",
			[]portal.Link{{Text: "App registrations", To: v.To("/app-registrations")}, {Text: a.DisplayName, To: to}, {Text: "Certificates & secrets", To: to + "/credentials"}}}, nil
	}
	id, err := admin.ID[ids.ObjectID](r, "identity")
	if err != nil {
		return nil, err
	}
	i, err := p.Identities.ByPrincipal(r.Context(), v.Who, id)
	if err != nil {
		return nil, err
	}
	to := v.To("/managed-identities/" + string(id))
	return &parent{federation.Parent{Tenant: v.Tenant.ID, Kind: federation.ManagedIdentity, ID: id}, i.Name, to + "/federated/", to + "#federated",
		[]portal.Link{{Text: "Managed identities", To: v.To("/managed-identities")}, {Text: i.Name, To: to}}}, nil
}
