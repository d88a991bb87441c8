package governance

import (
	"net/http"
	"net/url"

	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
)

// nameOf names one person or group, by its identifier where nobody knows it any
// more.
func (p *pages) nameOf(r *http.Request, v *admin.Visitor, id ids.ObjectID) (string, error) {
	named, err := p.Lookup.Named(r.Context(), v.Who, id)
	if name := named[id].Name; name != "" {
		return portal.Inert(name), err
	}
	return string(id), err
}

// removingSponsor asks whether somebody is no longer to speak for the organization.
func (p *pages) removingSponsor(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	o, err := p.one(r, v)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	id, err := ids.Parse[ids.ObjectID](q.Get("sponsor"))
	kind := q.Get("kind")
	if err != nil || kind != "internal" && kind != "external" {
		return incomplete()
	}
	name, err := p.nameOf(r, v, id)
	if err != nil {
		return err
	}
	return p.Show(w, r, v, portal.Frame{Title: "Remove " + name + " as " + kind + " sponsor?", Content: "form", Crumbs: ofOrganizations(v, o), Ticket: between(v, o),
		Data: portal.Form{Action: at(v, o, "/sponsors/remove"), Hidden: map[string]string{"kind": kind, "sponsor": string(id)}, Stop: true, Button: "Remove sponsor in " + v.Name(), Back: at(v, o, "#sponsors"), Leave: "Keep it",
			Text: "Requests that are begun from then on are not put before them. What waits for their word goes on waiting for it."}})
}

// removerOf is the address at which a sponsor is removed.
func removerOf(v *admin.Visitor, o *offer.Organization, kind string, id ids.ObjectID) string {
	return at(v, o, "/sponsors/remove") + "?" + url.Values{"kind": {kind}, "sponsor": {string(id)}}.Encode()
}

// removingRole asks whether a role in the catalog is to be taken back.
func (p *pages) removingRole(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	c, err := p.ours(r, v)
	if err != nil {
		return err
	}
	return p.unassigning(w, r, v, c, inCatalog(v, c.ID, "/roles/"), inCatalog(v, c.ID, "#roles"), ofCatalogs(v, c))
}

// removingWideRole asks whether a role in the whole organization is to be taken back.
func (p *pages) removingWideRole(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.unassigning(w, r, v, nil, v.To("/entitlement/settings/roles/"), v.To("/entitlement/settings"), crumbs(v, portal.Link{Text: "Settings", To: v.To("/entitlement/settings")}))
}

// unassigning asks whether the role assignment that the address names is to be taken
// back; base is the path of those of its list.
func (p *pages) unassigning(w http.ResponseWriter, r *http.Request, v *admin.Visitor, c *offer.Catalog, base, back string, above []portal.Link) error {
	a, err := p.assigned(r, v, c)
	if err != nil {
		return err
	}
	name, err := p.nameOf(r, v, a.Principal)
	if err != nil {
		return err
	}
	role, _ := offer.RoleByID(a.Role)
	return p.Show(w, r, v, portal.Frame{Title: "Take the role " + role.Name + " back from " + name + "?", Content: "form", Crumbs: above,
		Data: portal.Form{Action: base + string(a.ID) + "/remove", Stop: true, Button: "Take role back in " + v.Name(), Back: back, Leave: "Keep it",
			Text: "It takes effect at once. What they have set up stays."}})
}
