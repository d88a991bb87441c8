package packages

import (
	"fmt"
	"net/http"
	"strings"

	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/flow/offer"
	"entente/internal/kit/fault"
	"entente/internal/kit/query"
)

// findRoles shows roles that an access package does not give yet.
func (p *Pages) findRoles(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	of, err := p.packageIn(r, v)
	if err != nil {
		return err
	}
	return p.finding(w, r, v, of, &portal.Draft{})
}

func (p *Pages) finding(w http.ResponseWriter, r *http.Request, v *admin.Visitor, of *offer.Package, d *portal.Draft) error {
	f := portal.NewFilter(r, "Find resources", &portal.Field{ID: "name", Label: "Name begins with"},
		portal.Select{Field: portal.Field{ID: "origin", Label: "Look among"}, Options: origins})
	found, err := p.rolesOffered(r, v, of, offer.Origin(f.Value("origin")), f.Value("name"))
	if err != nil {
		return err
	}
	have, err := p.Access.PackageRoles(r.Context(), v.Who, of.ID)
	if err != nil {
		return err
	}
	given := make(map[string]bool)
	for _, g := range have {
		given[roleKey(g.Resource.Origin, g.Resource.OriginID, g.Role.OriginID)] = true
	}
	c := chooser{Filter: f, Action: r.URL.RequestURI(), Button: "Add to the package", Back: packagePath(v, of.ID) + "#roles", None: "There is nothing here that the package does not give already.",
		Text: "Whoever has the package gets what you add. What the catalog does not have comes into it."}
	choices := portal.Choices{ID: "pick", Name: "pick", Legend: "Select resource roles", Several: true, Error: d.Error("pick")}
	for _, o := range found {
		for _, role := range o.Roles {
			if key := roleKey(o.Origin, o.OriginID, role.OriginID); !given[key] && len(choices.Options) < mostPicked {
				choices.Options = append(choices.Options, portal.Option{ID: fmt.Sprintf("pick-%d", len(choices.Options)), Value: key, Label: o.Name + ": " + role.Name, Hint: hintOf(&o.Resource)})
			}
		}
	}
	if len(choices.Options) > 0 {
		c.Found = &choices
	}
	return p.Show(w, r, v, portal.Frame{Title: "Add resource roles", Crumbs: under(v, of), Problems: d.Problems, Content: "chooser", Data: c})
}

// roleKey names a role as its origin does. Neither an origin nor an identifier has
// a space in it.
func roleKey(origin offer.Origin, id, role string) string {
	return string(origin) + " " + id + " " + role
}

// rolesOffered returns what is found of an origin, or of the package's catalog,
// with its roles.
func (p *Pages) rolesOffered(r *http.Request, v *admin.Visitor, of *offer.Package, origin offer.Origin, begins string) ([]offer.Offering, error) {
	if origin != "" {
		return p.Access.Offerings(r.Context(), v.Who, origin, begins)
	}
	q := query.Query{Order: []query.Key{{Field: "displayName"}}, Page: query.Page{Limit: offer.MostOfferings}}
	if begins != "" {
		q.Filter = query.StartsWith{Field: "displayName", Value: begins}
	}
	found, err := p.Access.Resources(r.Context(), v.Who, of.Catalog, offer.Asked{Query: q})
	if err != nil {
		return nil, err
	}
	var asks []offer.RoleAsk
	for _, one := range found.Items {
		asks = append(asks, offer.RoleAsk{Origin: one.Origin, OriginID: one.OriginID})
	}
	return p.Access.Origins(r.Context(), v.Who, asks)
}

func (p *Pages) addRoles(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	of, err := p.packageIn(r, v)
	if err != nil {
		return err
	}
	d, err := admin.Form(r)
	if err != nil {
		return err
	}
	picked := d.Values["pick"]
	var asks []offer.RoleAsk
	for _, text := range picked[:min(len(picked), mostPicked)] {
		parts := strings.SplitN(text, " ", 3)
		if len(parts) < 3 {
			d.Wrong("pick", "Select roles of the list")
			break
		}
		asks = append(asks, offer.RoleAsk{Origin: offer.Origin(parts[0]), OriginID: parts[1], RoleOriginID: parts[2]})
	}
	if len(picked) == 0 {
		d.Wrong("pick", "Select at least one, or go back")
	}
	if d.OK() {
		err := p.Access.GiveRoles(r.Context(), v.Who, of.ID, asks)
		if err == nil {
			return p.Done(w, r, packagePath(v, of.ID)+"#roles", "The package gives more now. Whoever has it gets it in a moment.")
		}
		if !d.Refused(err, nil) {
			return err
		}
	}
	return p.finding(w, r, v, of, d)
}

// roleIn returns the role in the address, of the package in the address.
func (p *Pages) roleIn(r *http.Request, v *admin.Visitor) (*offer.Package, *offer.RoleScope, error) {
	of, err := p.packageIn(r, v)
	if err != nil {
		return nil, nil, err
	}
	all, err := p.Access.PackageRoles(r.Context(), v.Who, of.ID)
	if err != nil {
		return nil, nil, err
	}
	for i, g := range all {
		if strings.EqualFold(g.ID(), r.PathValue("role")) {
			return of, &all[i], nil
		}
	}
	return nil, nil, fault.New(fault.NotFound, "The access package gives no such role, or not any more.")
}

func (p *Pages) askRemoveRole(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	of, g, err := p.roleIn(r, v)
	if err != nil {
		return err
	}
	at := packagePath(v, of.ID)
	return p.ask(w, r, v, "Remove “"+portal.Inert(g.Resource.Name)+": "+portal.Inert(g.Role.Name)+"”?", under(v, of), portal.Form{
		Action: at + "/roles/" + g.ID() + "/remove", Button: "Remove from the package", Stop: true, Back: at + "#roles", Leave: "Keep it",
		Text: "Everybody who has the package loses the role in a moment, unless something else gives it to them. The resource stays in the catalog.",
	})
}

func (p *Pages) removeRole(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	of, g, err := p.roleIn(r, v)
	if err != nil {
		return err
	}
	if err := p.Access.RemoveRole(r.Context(), v.Who, of.ID, g.ID()); err != nil {
		return err
	}
	return p.Done(w, r, packagePath(v, of.ID)+"#roles", "The package does not give it any more.")
}
