// Package enterprise is the area of the admin center that shows which
// applications an organization has let in, where each comes from and what it may
// do here; and what its own applications may do in other organizations.
package enterprise

import (
	"fmt"
	"net/http"
	"net/url"
	"time"

	"entente/internal/core/app"
	"entente/internal/core/consent"
	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/flow/lookup"
	"entente/internal/kit/ids"
)

// Options are what the pages need.
type Options struct {
	Apps    *app.Service
	Consent *consent.Service
	Lookup  *lookup.Service
}

type pages struct {
	Options
	*admin.Desk
}

var routes = map[string]admin.Page[pages]{
	"GET /enterprise-applications":                                           (*pages).all,
	"GET /enterprise-applications/{principal}":                               (*pages).one,
	"GET /enterprise-applications/{principal}/properties":                    (*pages).properties,
	"POST /enterprise-applications/{principal}/properties":                   (*pages).change,
	"GET /enterprise-applications/{principal}/delete":                        (*pages).deleting,
	"POST /enterprise-applications/{principal}/delete":                       (*pages).remove,
	"GET /enterprise-applications/{principal}/users":                         (*pages).holders,
	"GET /enterprise-applications/{principal}/users/add":                     (*pages).assigning,
	"POST /enterprise-applications/{principal}/users/add":                    (*pages).assign,
	"GET /enterprise-applications/{principal}/users/{assignment}/remove":     (*pages).unassigning,
	"POST /enterprise-applications/{principal}/users/{assignment}/remove":    (*pages).unassign,
	"GET /enterprise-applications/{principal}/permissions":                   (*pages).permissions,
	"GET /enterprise-applications/{principal}/permissions/revoke":            (*pages).revoking,
	"POST /enterprise-applications/{principal}/permissions/revoke":           (*pages).revoke,
	"GET /enterprise-applications/{principal}/consents/{consent}":            (*pages).given,
	"GET /enterprise-applications/{principal}/consents/{consent}/shorten":    (*pages).shortening,
	"POST /enterprise-applications/{principal}/consents/{consent}/shorten":   (*pages).shorten,
	"GET /enterprise-applications/{principal}/consents/{consent}/end":        (*pages).ending,
	"POST /enterprise-applications/{principal}/consents/{consent}/end":       (*pages).end,
	"GET /enterprise-applications/{principal}/user-consents":                 (*pages).personal,
	"GET /enterprise-applications/{principal}/user-consents/{grant}/revoke":  (*pages).revokingPersonal,
	"POST /enterprise-applications/{principal}/user-consents/{grant}/revoke": (*pages).revokePersonal,
	"GET /foreign-applications":                                              (*pages).foreign,
	"GET /our-applications-elsewhere":                                        (*pages).abroad,
	"GET /our-applications-elsewhere/{principal}":                            (*pages).abroadOne,
}

// Add mounts the area.
func Add(c *admin.Center, o Options) {
	d := c.Desk(nil, nil)
	admin.Mount(c, d, &pages{o, d}, routes)
}

// at returns the path of an enterprise application's page, or of one below it.
func at(v *admin.Visitor, id ids.ObjectID, rest string) string {
	return v.To("/enterprise-applications/" + string(id) + rest)
}

// origin says where a service principal comes from.
func origin(p *app.ServicePrincipal, home string) string {
	switch {
	case p.ManagedIdentity():
		return "A managed identity of this organization"
	case p.BuiltIn():
		return "Part of this installation"
	case p.OwnerTenant != nil && *p.OwnerTenant == p.Tenant:
		return "This organization"
	case home == "":
		return "An organization that is gone"
	}
	return home
}

func foreign(p *app.ServicePrincipal) bool {
	return p.OwnerTenant != nil && *p.OwnerTenant != p.Tenant && !p.BuiltIn()
}

func more(first string, n int) string {
	if first == "" {
		first = "Default access"
	}
	switch n {
	case 0, 1:
		return first
	case 2:
		return first + " and 1 more"
	}
	return fmt.Sprintf("%s and %d more", first, n-1)
}

// may says what a service principal may do: the first of each kind by name.
func may(h consent.Holding) portal.Cell {
	var lines []string
	if h.Roles > 0 {
		lines = append(lines, "Application: "+more(h.Role, h.Roles))
	}
	if h.Scopes > 0 {
		lines = append(lines, "Delegated: "+more(h.Scope, h.Scopes))
	}
	if h.People {
		lines = append(lines, "Delegated by single users")
	}
	switch len(lines) {
	case 0:
		return portal.Cell{Text: "No permissions"}
	case 1:
		return portal.Cell{Text: lines[0]}
	}
	c := portal.Cell{Text: lines[0], Under: lines[1]}
	if len(lines) == 3 {
		c.Under += ", and by single users"
	}
	return c
}

// until shows an end.
func until(t time.Time) portal.Cell {
	if t.IsZero() {
		return portal.Cell{Text: "No end"}
	}
	return portal.Cell{At: t}
}

func enabled(p *app.ServicePrincipal) *portal.Tag {
	if p.Enabled() {
		return &portal.Tag{Kind: "ok", Text: "Enabled"}
	}
	return &portal.Tag{Kind: "stop", Text: "Disabled"}
}

func yes(b bool) string {
	if b {
		return "Yes"
	}
	return "No"
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// standing returns the service principal that the address names.
func (p *pages) standing(r *http.Request, v *admin.Visitor) (*consent.Standing, error) {
	id, err := admin.ID[ids.ObjectID](r, "principal")
	if err != nil {
		return nil, err
	}
	return p.Consent.Enterprise(r.Context(), v.Who, id)
}

// crumbs lead back to the list, and to the application of a page below it.
func crumbs(v *admin.Visitor, s *consent.Standing, below ...portal.Link) []portal.Link {
	all := []portal.Link{{Text: "Enterprise applications", To: v.To("/enterprise-applications")}}
	if s != nil {
		all = append(all, portal.Link{Text: s.DisplayName, To: at(v, s.ID, "")})
	}
	return append(all, below...)
}

// known leaves out facts that nobody has told.
func known(all ...portal.Fact) (some []portal.Fact) {
	for _, f := range all {
		if f.Value != "" || !f.At.IsZero() || f.Tag != nil {
			some = append(some, f)
		}
	}
	return some
}

// logs leads to the sign-ins of an application.
func logs(v *admin.Visitor, id ids.AppID) string {
	return v.To("/sign-in-logs?" + url.Values{"by": {"app"}, "value": {string(id)}}.Encode())
}
