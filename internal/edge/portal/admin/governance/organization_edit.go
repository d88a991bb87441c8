package governance

import (
	"net/http"
	"net/url"
	"slices"

	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/flow/offer"
	"entente/internal/kit/fault"
)

func incomplete() error {
	return fault.New(fault.Invalid, "The form is incomplete. Open the page again and send it from there.")
}

// editingOrganization shows the form of an organization's basics.
func (p *pages) editingOrganization(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	o, err := p.one(r, v)
	if err != nil {
		return err
	}
	return p.organizationForm(w, r, v, o, &portal.Draft{Values: url.Values{"name": {o.Name}, "description": {o.Description}, "state": {string(o.State)}}})
}

func (p *pages) organizationForm(w http.ResponseWriter, r *http.Request, v *admin.Visitor, o *offer.Organization, d *portal.Draft) error {
	return p.Show(w, r, v, portal.Frame{Title: "Edit “" + portal.Inert(o.Name) + "”", Content: "form", Problems: d.Problems, Crumbs: ofOrganizations(v, o), Ticket: between(v, o),
		Data: portal.Form{Action: at(v, o, "/edit"), Parts: organizationParts(d), Button: "Save in " + v.Name(), Back: at(v, o, "")}})
}

// editOrganization changes an organization's basics.
func (p *pages) editOrganization(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	d, err := admin.Form(r)
	if err != nil {
		return err
	}
	o, err := p.one(r, v)
	if err != nil {
		return err
	}
	err = p.Access.UpdateOrganization(r.Context(), v.Who, o.ID, offer.OrganizationChange{
		Name: ptr(d.Get("name")), Description: ptr(d.Get("description")), State: ptr(offer.OrganizationState(d.Get("state")))})
	if err != nil {
		if d.Refused(err, map[string]string{"displayName": "name", "description": "description", "state": "state"}) {
			return p.organizationForm(w, r, v, o, d)
		}
		return err
	}
	return p.Done(w, r, at(v, o, ""), "The organization is changed.")
}

// addingSource asks for one more directory or domain.
func (p *pages) addingSource(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.sourceForm(w, r, v, &portal.Draft{})
}

func (p *pages) sourceForm(w http.ResponseWriter, r *http.Request, v *admin.Visitor, d *portal.Draft) error {
	o, err := p.one(r, v)
	if err != nil {
		return err
	}
	return p.Show(w, r, v, portal.Frame{Title: "Add directory + domain", Content: "form", Problems: d.Problems, Crumbs: ofOrganizations(v, o), Ticket: between(v, o),
		Data: portal.Form{Action: at(v, o, "/sources"), Button: "Add to “" + portal.Inert(o.Name) + "”", Back: at(v, o, ""), Parts: []portal.Part{
			d.Line(portal.Field{ID: "typed", Label: "Directory or domain", Class: "w-half", Autocomplete: "off", Hint: "A domain, such as partner.example, or a tenant ID."})}}})
}

// addSource adds a directory or domain to an organization.
func (p *pages) addSource(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	d, err := admin.Form(r)
	if err != nil {
		return err
	}
	o, err := p.one(r, v)
	if err != nil {
		return err
	}
	c, err := p.Access.FindSource(r.Context(), v.Who, d.Get("typed"))
	if err == nil && c.Taken != nil {
		d.Wrong("typed", "It belongs to “%s” already", portal.Inert(c.Taken.Name))
		return p.sourceForm(w, r, v, d)
	}
	if err == nil {
		err = p.Access.UpdateOrganization(r.Context(), v.Who, o.ID, offer.OrganizationChange{Sources: append(slices.Clone(o.Sources), c.Source)})
	}
	if err != nil {
		if d.Refused(err, nil) {
			d.Problems[0].Field = "typed"
			return p.sourceForm(w, r, v, d)
		}
		return err
	}
	return p.Done(w, r, at(v, o, "")+"#sources", "The directory or domain is added.")
}

// removeSource takes a directory or domain from an organization.
func (p *pages) removeSource(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	d, err := admin.Form(r)
	if err != nil {
		return err
	}
	o, err := p.one(r, v)
	if err != nil {
		return err
	}
	left := slices.DeleteFunc(slices.Clone(o.Sources), func(s offer.Source) bool { return sourceKey(s) == d.Values.Get("source") })
	if len(left) == len(o.Sources) {
		return incomplete()
	}
	if err := p.Access.UpdateOrganization(r.Context(), v.Who, o.ID, offer.OrganizationChange{Sources: left}); err != nil {
		return err
	}
	return p.Done(w, r, at(v, o, "")+"#sources", "The directory or domain is removed.")
}

// deletingOrganization asks whether the visitor means it.
func (p *pages) deletingOrganization(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	o, err := p.one(r, v)
	if err != nil {
		return err
	}
	policies, err := p.Access.PoliciesNaming(r.Context(), v.Who, o.ID)
	if err != nil {
		return err
	}
	title := "Delete connected organization “" + portal.Inert(o.Name) + "”?"
	if len(policies) > 0 {
		return p.Show(w, r, v, portal.Frame{Title: title, Content: "thing", Crumbs: ofOrganizations(v, o), Ticket: between(v, o), Data: portal.Thing{Sections: []portal.Section{{
			ID: "why", Heading: "It can’t be deleted yet", Text: "Policies name it. Change those first; what its people have stays until it ends.", Do: []portal.Link{{Text: "Back to the policies that name it", To: at(v, o, "#open")}}}}}})
	}
	return p.Show(w, r, v, portal.Frame{Title: title, Content: "form", Crumbs: ofOrganizations(v, o), Ticket: between(v, o),
		Data: portal.Form{Action: at(v, o, "/delete"), Stop: true, Button: "Delete in " + v.Name(), Back: at(v, o, ""), Leave: "Keep it",
			Text: "Its people can no longer ask by policies for connected organizations. What they have stays until it ends, and their guest accounts stay."}})
}

// deleteOrganization disconnects an organization.
func (p *pages) deleteOrganization(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	o, err := p.one(r, v)
	if err != nil {
		return err
	}
	if err := p.Access.DeleteOrganization(r.Context(), v.Who, o.ID); err != nil {
		return err
	}
	return p.Done(w, r, v.To("/entitlement/organizations"), "The organization is no longer connected.")
}
