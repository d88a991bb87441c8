package packages

import (
	"fmt"
	"net/http"
	"strings"

	"entente/internal/edge/portal"
	"entente/internal/flow/offer"
	"entente/internal/kit/query"
)

// origins are where resources are looked for; what is in the catalog stands first.
var origins = []portal.Option{
	{Value: "", Label: "Resources of the catalog"},
	{Value: string(offer.AadGroup), Label: "Groups and Teams"},
	{Value: string(offer.AadApplication), Label: "Applications"},
	{Value: string(offer.SharePointOnline), Label: "SharePoint sites"},
}

func (e *editing) chooseResources(w http.ResponseWriter, r *http.Request) error {
	choices := origins
	if e.plan.NewCatalog != nil {
		choices = origins[1:] // there is nothing in it yet
	}
	f := portal.NewFilter(r, "Find resources", &portal.Field{ID: "name", Label: "Name begins with"},
		portal.Select{Field: portal.Field{ID: "origin", Label: "Look among"}, Options: choices})
	origin := offer.Origin(f.Value("origin"))
	if origin == "" && e.plan.NewCatalog != nil {
		origin = offer.AadGroup
	}
	found, err := e.resources(origin, f.Value("name"))
	if err != nil {
		return err
	}
	c := chooser{Filter: f, Button: "Add the selected", Back: e.back(r, rolesStep), None: "Nothing is called so."}
	if origin == "" && f.Value("name") == "" {
		c.None = "The catalog has no resources yet. Look among groups, applications or sites: what you add comes into the catalog together with the package."
	}
	if len(found) > 0 {
		c.Found = &portal.Choices{ID: "pick", Name: "pick", Legend: "Select resources", Several: true, Error: e.form.Error("pick")}
		c.Text = "You choose the role of each on the next page."
		if origin != "" {
			c.Text += " What the catalog does not have comes into it when the package is made."
		}
		for _, o := range found {
			c.Found.Options = append(c.Found.Options, portal.Option{ID: fmt.Sprintf("pick-%d", len(c.Found.Options)), Value: string(o.Origin) + " " + o.OriginID, Label: o.Name, Hint: hintOf(&o.Resource)})
		}
	}
	return e.page(w, r, "Add resource roles", c)
}

func hintOf(r *offer.Resource) string {
	hint := kindOf(r)
	if r.Description != "" {
		hint += " · " + portal.Inert(r.Description)
	}
	return hint
}

// resources returns what is found of an origin, or of the catalog.
func (e *editing) resources(origin offer.Origin, begins string) ([]offer.Offering, error) {
	if origin != "" {
		return e.Access.Offerings(e.ctx, e.v.Who, origin, begins)
	}
	q := query.Query{Order: []query.Key{{Field: "displayName"}}, Page: query.Page{Limit: offer.MostOfferings}}
	if begins != "" {
		q.Filter = query.StartsWith{Field: "displayName", Value: begins}
	}
	found, err := e.Access.Resources(e.ctx, e.v.Who, e.plan.Catalog, offer.Asked{Query: q})
	var all []offer.Offering
	for _, r := range found.Items {
		all = append(all, offer.Offering{Resource: *r})
	}
	return all, err
}

// pickResources adds resources to the package, each with the first role that it
// offers and that the package does not give yet.
func (e *editing) pickResources(picked []string) error {
	if e.nothing(picked) {
		return nil
	}
	if len(e.plan.Roles)+len(picked) > mostRoles {
		e.form.Wrong("pick", "A package gives at most %d roles when it is made", mostRoles)
		return nil
	}
	var asks []offer.RoleAsk
	for _, text := range picked {
		origin, id, _ := strings.Cut(text, " ")
		asks = append(asks, offer.RoleAsk{Origin: offer.Origin(origin), OriginID: id})
	}
	offered, err := e.Access.Origins(e.ctx, e.v.Who, asks)
	if err != nil {
		return err
	}
	if len(offered) < len(asks) {
		e.form.Wrong("pick", "Select resources of the list")
		return nil
	}
	for _, o := range offered {
		r := role{Origin: o.Origin, OriginID: o.OriginID, Name: o.Name, Kind: kindOf(&o.Resource)}
		for _, offers := range o.Roles {
			if r.Role = offers.OriginID; !e.gives(r) {
				e.plan.Roles = append(e.plan.Roles, r)
				break
			}
		}
	}
	return nil
}

// gives reports whether the package gives the role already.
func (e *editing) gives(r role) bool {
	for _, have := range e.plan.Roles {
		if have.Origin == r.Origin && have.OriginID == r.OriginID && have.Role == r.Role {
			return true
		}
	}
	return false
}
