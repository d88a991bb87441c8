package governance

import (
	"net/http"

	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/flow/lookup"
	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
)

// scopeOf is how the store spells where a role holds.
func scopeOf(c *offer.Catalog) string {
	if c == nil {
		return "/"
	}
	return "/AccessPackageCatalog/" + string(c.ID)
}

// held are who has roles in the catalog, or in the organization where it is nil.
func (p *pages) held(r *http.Request, v *admin.Visitor, c *offer.Catalog, at string) (*portal.Table, error) {
	page, err := p.Access.RoleAssignments(r.Context(), v.Who, offer.Asked{Query: query.Query{Filter: is("appScopeId", scopeOf(c)), Page: query.Page{Limit: 200}}})
	if err != nil || len(page.Items) == 0 {
		return nil, err
	}
	var list []ids.ObjectID
	for _, a := range page.Items {
		list = append(list, a.Principal)
	}
	named, err := p.Lookup.Named(r.Context(), v.Who, list...)
	if err != nil {
		return nil, err
	}
	t := &portal.Table{Caption: "Who has which role", Heads: []string{"Name", "Role", ""}}
	for _, a := range page.Items {
		role, _ := offer.RoleByID(a.Role)
		x := named[a.Principal]
		if x.Name == "" {
			x.Name = string(a.Principal)
		}
		t.Rows = append(t.Rows, portal.Row{Head: portal.Cell{Text: x.Name, Under: x.Under}, Cells: []portal.Cell{{Text: role.Name},
			{Do: &portal.Link{Text: "Remove…", Of: x.Name + ", " + role.Name, To: at + "/" + string(a.ID) + "/remove"}}}})
	}
	return t, nil
}

// rolesIn are who administers the catalog.
func (p *pages) rolesIn(r *http.Request, v *admin.Visitor, c *offer.Catalog) (portal.Section, error) {
	to := inCatalog(v, c.ID, "/roles")
	s := portal.Section{ID: "roles", Heading: "Roles and administrators", Do: []portal.Link{{Text: "Add a role", To: to}}}
	t, err := p.held(r, v, c, to)
	s.Table = t
	if t == nil {
		s.None = &portal.Nothing{Title: "Nobody in particular", Text: "Administrators of " + v.Name() + " administer it. Owners, readers and managers of this catalog stand here."}
	}
	return s, err
}

// roleParts are the controls that give a role.
func (p *pages) roleParts(r *http.Request, v *admin.Visitor, d *portal.Draft, wide bool) ([]portal.Part, error) {
	c := portal.Choices{ID: "role", Legend: "Role"}
	for _, role := range offer.Roles() {
		if role.Tenant == wide {
			c.Options = append(c.Options, portal.Option{Value: string(role.ID), Label: role.Name, Hint: roleWords[role.ID]})
		}
	}
	found, err := p.pick(r, v, d, finding{field: "who", picked: "principal", legend: "Who was found", label: "Find people, groups or applications",
		kinds: []lookup.Kind{lookup.Member, lookup.Guest, lookup.Group, lookup.Application, lookup.Identity}})
	return append([]portal.Part{d.Choose(c)}, found...), err
}

// roleWords say what a role lets somebody do.
var roleWords = map[ids.RoleID]string{
	offer.CatalogOwner:       "Everything in this catalog: resources, packages, policies, and who else may.",
	offer.CatalogReader:      "Sees what is in it.",
	offer.PackageManager:     "Makes access packages and policies of what is in it, and assigns them.",
	offer.AssignmentManager:  "Assigns its packages and ends assignments.",
	offer.CatalogCreator:     "Makes catalogs, and owns those.",
	offer.OrganizationsAdmin: "Connects organizations.",
}

// given gives the role to those who were picked. It reports whether that is done;
// else the form is shown again.
func (p *pages) given(r *http.Request, v *admin.Visitor, d *portal.Draft, c *offer.Catalog) (bool, error) {
	if d.Get("find-who") != "" {
		return false, nil
	}
	role, err := ids.Parse[ids.RoleID](d.Get("role"))
	if err != nil {
		d.Wrong("role", "Choose a role")
	}
	picked := objects(d.Values["principal"])
	if len(picked) == 0 {
		d.Wrong("who", "Find somebody, and pick them")
	}
	if !d.OK() {
		return false, nil
	}
	a := offer.RoleAssignment{Role: role}
	if c != nil {
		a.Catalog = c.ID
	}
	for _, id := range picked {
		a.Principal = id
		if _, err := p.Access.AssignRole(r.Context(), v.Who, a); err != nil {
			if d.Refused(err, map[string]string{"roleDefinitionId": "role", "appScopeId": "role", "principalId": "who"}) {
				return false, nil
			}
			return false, err
		}
	}
	return true, nil
}

// addingRole asks to whom a role in the catalog is given.
func (p *pages) addingRole(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.roleForm(w, r, v, &portal.Draft{})
}

func (p *pages) roleForm(w http.ResponseWriter, r *http.Request, v *admin.Visitor, d *portal.Draft) error {
	c, err := p.ours(r, v)
	if err != nil {
		return err
	}
	parts, err := p.roleParts(r, v, d, false)
	if err != nil {
		return err
	}
	return p.Show(w, r, v, portal.Frame{Title: "Add a role in “" + portal.Inert(c.Name) + "”", Content: "form", Problems: d.Problems, Crumbs: ofCatalogs(v, c),
		Data: portal.Form{Action: inCatalog(v, c.ID, "/roles"), Parts: parts, Button: "Give role in " + v.Name(), Back: inCatalog(v, c.ID, "#roles")}})
}

// addRole gives a role in the catalog.
func (p *pages) addRole(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	d, err := admin.Form(r)
	if err != nil {
		return err
	}
	c, err := p.ours(r, v)
	if err != nil {
		return err
	}
	done, err := p.given(r, v, d, c)
	if err != nil {
		return err
	}
	if !done {
		return p.roleForm(w, r, v, d)
	}
	return p.Done(w, r, inCatalog(v, c.ID, "#roles"), "The role is given.")
}

// removeRole takes a role in the catalog back.
func (p *pages) removeRole(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	c, err := p.ours(r, v)
	if err != nil {
		return err
	}
	return p.unassign(w, r, v, c, inCatalog(v, c.ID, "#roles"))
}

// assigned returns the role assignment that the address names; it must be of the
// catalog, or of the whole organization where that is nil.
func (p *pages) assigned(r *http.Request, v *admin.Visitor, c *offer.Catalog) (offer.RoleAssignment, error) {
	id, err := admin.ID[ids.ObjectID](r, "assignment")
	if err != nil {
		return offer.RoleAssignment{}, err
	}
	a, err := p.Access.RoleAssignment(r.Context(), v.Who, id)
	if err == nil && (c == nil && a.Catalog != "" || c != nil && a.Catalog != c.ID) {
		err = incomplete()
	}
	return a, err
}

// unassign takes a role assignment back.
func (p *pages) unassign(w http.ResponseWriter, r *http.Request, v *admin.Visitor, c *offer.Catalog, to string) error {
	a, err := p.assigned(r, v, c)
	if err != nil {
		return err
	}
	if err := p.Access.UnassignRole(r.Context(), v.Who, a.ID); err != nil {
		return err
	}
	return p.Done(w, r, to, "The role is taken back.")
}
