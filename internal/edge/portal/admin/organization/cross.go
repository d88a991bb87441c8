package organization

import (
	"errors"
	"net/http"

	"entente/internal/core/crosstenant"
	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// direction says in a word what a section lets through.
func direction(s *crosstenant.Section) string {
	switch {
	case s == nil || s.Users == nil || s.Applications == nil:
		return "Allowed"
	case everybody(s) && s.Users.Access == crosstenant.Allowed && s.Applications.Access == crosstenant.Allowed:
		return "Allowed"
	case everybody(s) && s.Users.Access == crosstenant.Blocked:
		return "Blocked"
	}
	return "Some users or applications"
}

// everybody reports whether a section speaks of all users and all applications.
func everybody(s *crosstenant.Section) bool {
	return s.Users.Targets[0].Target == crosstenant.AllUsers && s.Applications.Targets[0].Target == crosstenant.AllApplications
}

func on(b *bool) string { return yes(b != nil && *b) }

// settled are the facts of what counts. own is what is said of a partner; what
// is not said there is inherited.
func settled(c crosstenant.Configuration, own *crosstenant.Configuration) []portal.Fact {
	from := func(said bool, value string) string {
		if own != nil && !said {
			return value + " (inherited from default)"
		}
		return value
	}
	var o crosstenant.Configuration
	if own != nil {
		o = *own
	}
	trust, ours := crosstenant.Trust{}, crosstenant.Trust{}
	if c.Trust != nil {
		trust = *c.Trust
	}
	if o.Trust != nil {
		ours = *o.Trust
	}
	auto, said := crosstenant.Consents{}, crosstenant.Consents{}
	if c.Consents != nil {
		auto = *c.Consents
	}
	if o.Consents != nil {
		said = *o.Consents
	}
	return []portal.Fact{
		{Name: "Inbound B2B collaboration", Value: from(o.Inbound != nil, direction(c.Inbound))},
		{Name: "Outbound B2B collaboration", Value: from(o.Outbound != nil, direction(c.Outbound))},
		{Name: "Trust multifactor authentication of theirs", Value: from(ours.MFA != nil, on(trust.MFA))},
		{Name: "Automatic redemption, inbound", Value: from(said.Inbound != nil, on(auto.Inbound))},
		{Name: "Automatic redemption, outbound", Value: from(said.Outbound != nil, on(auto.Outbound))},
	}
}

// cross shows the default and the organizations for which something else is said.
func (p *pages) cross(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	page, err := portal.PageOf(r)
	if err != nil {
		return err
	}
	d, err := p.Cross.Default(r.Context(), v.Who)
	if err != nil {
		return err
	}
	found, err := p.Cross.Partners(r.Context(), v.Who, page)
	if err != nil {
		return portal.BadPage(err)
	}
	defaults := portal.Section{ID: "defaults", Heading: "Default settings", Text: "What counts for every organization that is not listed below.", Facts: settled(d.Configuration, nil),
		Do: []portal.Link{{Text: "Edit default settings", To: v.To("/cross-tenant-access/default")}}}
	own := portal.Section{ID: "organizations", Heading: "Organizational settings", Table: &portal.Table{Caption: "Organizations with settings of their own", Heads: []string{"Organization", "Inbound", "Outbound", "Trusts their second factor", "Automatic redemption"}}}
	for _, x := range found.Items {
		own.Table.Rows = append(own.Table.Rows, portal.Row{Head: portal.Cell{Text: nameOf(x), Under: string(x.Tenant), To: partnerAt(v, x.Tenant, "")}, Cells: []portal.Cell{
			{Text: direction(x.Effective.Inbound)}, {Text: direction(x.Effective.Outbound)}, {Text: on(x.Effective.Trust.MFA)}, {Text: "In: " + on(x.Effective.Consents.Inbound), Under: "Out: " + on(x.Effective.Consents.Outbound)}}})
	}
	if len(found.Items) == 0 {
		own.Table, own.Text = nil, "No organization has settings of its own."
	}
	for _, way := range []portal.Link{{Text: "First page", To: portal.FirstPage(r)}, {Text: "Next page", To: portal.NextPage(r, found.Next)}} {
		if way.To != "" {
			way.To += "#organizations"
			own.Do = append(own.Do, way)
		}
	}
	return p.Show(w, r, v, portal.Frame{Title: "Cross-tenant access settings", Content: "thing", Data: portal.Thing{Sections: []portal.Section{defaults, own}},
		Intro: "Which organizations’ people and applications may come to " + v.Name() + ", and which of its own may go there. Both sides have to allow it.",
		Do:    &portal.Link{Text: "Add organization", To: v.To("/cross-tenant-access/add")}})
}

func nameOf(x crosstenant.Settled) string {
	if x.Name == "" {
		return "An organization that is gone"
	}
	return x.Name
}

func partnerAt(v *admin.Visitor, id ids.TenantID, rest string) string {
	return v.To("/cross-tenant-access/" + string(id) + rest)
}

func crossCrumbs(v *admin.Visitor) []portal.Link {
	return crumbs(v, "Cross-tenant access settings", "/cross-tenant-access")
}

// defaults shows the form of the default.
func (p *pages) defaults(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.defaultForm(w, r, v, &portal.Draft{})
}

func (p *pages) defaultForm(w http.ResponseWriter, r *http.Request, v *admin.Visitor, d *portal.Draft) error {
	now, err := p.Cross.Default(r.Context(), v.Who)
	if err != nil {
		return err
	}
	return p.Show(w, r, v, portal.Frame{Title: "Default settings", Content: "form", Problems: d.Problems, Crumbs: crossCrumbs(v),
		Data: portal.Form{Action: v.To("/cross-tenant-access/default"), Button: "Save in " + v.Name(), Back: v.To("/cross-tenant-access"), Parts: controls(d, now.Configuration, false)}})
}

// changeDefaults sets what of the default differs.
func (p *pages) changeDefaults(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	d, err := admin.Form(r)
	if err != nil {
		return err
	}
	now, err := p.Cross.Default(r.Context(), v.Who)
	if err != nil {
		return err
	}
	if body := changed(d, now.Configuration, false); d.OK() && body != nil {
		if err := p.Cross.UpdateDefault(r.Context(), v.Who, body); err != nil && !d.Refused(err, sections) {
			return err
		}
	}
	if !d.OK() {
		return p.defaultForm(w, r, v, d)
	}
	return p.Done(w, r, v.To("/cross-tenant-access"), "The default settings are saved.")
}

// addingPartner asks for which organization something else is to be said.
func (p *pages) addingPartner(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.addPartnerForm(w, r, v, &portal.Draft{})
}

func (p *pages) addPartnerForm(w http.ResponseWriter, r *http.Request, v *admin.Visitor, d *portal.Draft) error {
	return p.Show(w, r, v, portal.Frame{Title: "Add organization", Content: "form", Problems: d.Problems, Crumbs: crossCrumbs(v),
		Data: portal.Form{Action: v.To("/cross-tenant-access/add"), Button: "Add organization in " + v.Name(), Back: v.To("/cross-tenant-access"),
			Text: "It inherits the default until you say something else of it.", Parts: []portal.Part{
				d.Line(portal.Field{ID: "organization", Label: "Tenant ID or domain name", Class: "w-half", Autocomplete: "off", Hint: "Such as contoso.example."})}}})
}

// addPartner begins settings of an organization's own.
func (p *pages) addPartner(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	d, err := admin.Form(r)
	if err != nil {
		return err
	}
	in, err := p.At(r.Context(), d.Get("organization"))
	switch {
	case errors.Is(err, fault.NotFound), err != nil && d.Get("organization") == "", err != nil && fault.Public(err).Code == fault.Invalid:
		d.Wrong("organization", "No organization here has this tenant ID or domain")
		return p.addPartnerForm(w, r, v, d)
	case err != nil:
		return err
	}
	_, err = p.Cross.AddPartner(r.Context(), v.Who, []byte(`{"tenantId":"`+string(in.ID)+`"}`))
	switch {
	case errors.Is(err, crosstenant.Exists):
		d.Wrong("organization", "%s has settings of its own already", portal.Inert(in.DisplayName))
	case errors.Is(err, crosstenant.NoTenant):
		d.Wrong("organization", "That is this organization itself")
	case err != nil && !d.Refused(err, map[string]string{"tenantId": "organization"}):
		return err
	}
	if !d.OK() {
		return p.addPartnerForm(w, r, v, d)
	}
	return p.Done(w, r, partnerAt(v, in.ID, ""), "The organization is added. It inherits the default.")
}

// partnerOf returns the partner that the address names.
func (p *pages) partnerOf(r *http.Request, v *admin.Visitor) (x crosstenant.Settled, err error) {
	id, err := admin.ID[ids.TenantID](r, "partner")
	if err != nil {
		return x, err
	}
	return p.Cross.Partner(r.Context(), v.Who, id)
}

// partner shows what counts towards one, and the form that changes it.
func (p *pages) partner(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.partnerForm(w, r, v, &portal.Draft{})
}

func (p *pages) partnerForm(w http.ResponseWriter, r *http.Request, v *admin.Visitor, d *portal.Draft) error {
	x, err := p.partnerOf(r, v)
	if err != nil {
		return err
	}
	here := partnerAt(v, x.Tenant, "")
	t := portal.Thing{Codes: []portal.Code{{ID: "tenant", Label: "Tenant ID", Value: string(x.Tenant)}},
		Do: []portal.Link{{Text: "Remove…", To: here + "/remove"}},
		Sections: []portal.Section{
			{ID: "counts", Heading: "What counts now", Facts: settled(x.Effective, &x.Configuration)},
			{Form: &portal.Form{Action: here, Text: "What is inherited follows the default when that changes.", Button: "Save in " + v.Name(), Parts: controls(d, x.Configuration, true)}},
		}}
	return p.Show(w, r, v, portal.Frame{Title: portal.Inert(nameOf(x)), Content: "thing", Data: t, Problems: d.Problems, Crumbs: crossCrumbs(v), Script: "copy"})
}

// changePartner sets what differs.
func (p *pages) changePartner(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	d, err := admin.Form(r)
	if err != nil {
		return err
	}
	x, err := p.partnerOf(r, v)
	if err != nil {
		return err
	}
	if body := changed(d, x.Configuration, true); d.OK() && body != nil {
		if err := p.Cross.UpdatePartner(r.Context(), v.Who, x.Tenant, body); err != nil && !d.Refused(err, sections) {
			return err
		}
	}
	if !d.OK() {
		return p.partnerForm(w, r, v, d)
	}
	return p.Done(w, r, partnerAt(v, x.Tenant, ""), "The settings are saved.")
}

// removingPartner asks whether the visitor means it.
func (p *pages) removingPartner(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	x, err := p.partnerOf(r, v)
	if err != nil {
		return err
	}
	here := partnerAt(v, x.Tenant, "")
	return p.Show(w, r, v, portal.Frame{Title: "Remove the settings of " + portal.Inert(nameOf(x)) + "?", Content: "form", Crumbs: append(crossCrumbs(v), portal.Link{Text: nameOf(x), To: here}),
		Data: portal.Form{Action: here + "/remove", Stop: true, Button: "Remove settings in " + v.Name(), Back: here, Leave: "Keep them", Text: "The default counts for it at once."}})
}

// removePartner ends the settings of an organization.
func (p *pages) removePartner(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	x, err := p.partnerOf(r, v)
	if err != nil {
		return err
	}
	if err := p.Cross.RemovePartner(r.Context(), v.Who, x.Tenant); err != nil {
		return err
	}
	return p.Done(w, r, v.To("/cross-tenant-access"), "The settings are removed. The default counts.")
}
