package governance

import (
	"net/http"

	"entente/internal/core/authz"
	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/flow/lookup"
	"entente/internal/flow/offer"
	"entente/internal/kit/ids"

	"errors"
)

// nothingToSee says in a section that the visitor may not see it, where that is
// what err says.
func nothingToSee(s *portal.Section, err error) error {
	if !errors.Is(err, authz.Denied) {
		return err
	}
	s.None = &portal.Nothing{Title: "You can’t see this", Text: "It takes a role that reads all of entitlement management."}
	return nil
}

// sponsors are who speaks for the organization.
func (p *pages) sponsors(r *http.Request, v *admin.Visitor, o *offer.Organization) (portal.Section, error) {
	s := portal.Section{ID: "sponsors", Heading: "Sponsors", Text: "Who speaks for the organization. Policies can ask them to approve.",
		Do: []portal.Link{{Text: "Add internal sponsor", To: at(v, o, "/sponsors?kind=internal")}, {Text: "Add external sponsor", To: at(v, o, "/sponsors?kind=external")}}}
	have, err := p.Access.Sponsors(r.Context(), v.Who, o.ID)
	if err != nil {
		return s, err
	}
	named, err := p.Lookup.Named(r.Context(), v.Who, append(append([]ids.ObjectID{}, have.Internal...), have.External...)...)
	if err != nil {
		return s, err
	}
	if len(have.Internal)+len(have.External) == 0 {
		s.None = &portal.Nothing{Title: "No sponsor yet", Text: "Without one, policies that ask sponsors ask their fallback approvers."}
		return s, nil
	}
	s.Table = &portal.Table{Caption: "Sponsors", Heads: []string{"Name", "Kind", ""}}
	for kind, list := range map[string][]ids.ObjectID{"internal": have.Internal, "external": have.External} {
		for _, id := range list {
			x := named[id]
			s.Table.Rows = append(s.Table.Rows, portal.Row{Head: portal.Cell{Text: x.Name, Under: x.Under}, Cells: []portal.Cell{{Text: map[string]string{"internal": "Internal", "external": "External"}[kind]},
				{Do: &portal.Link{Text: "Remove…", Of: x.Name, To: removerOf(v, o, kind, id)}}}})
		}
	}
	return s, nil
}

// addingSponsor finds whoever is to speak for the organization.
func (p *pages) addingSponsor(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.sponsorForm(w, r, v, &portal.Draft{Values: r.URL.Query()})
}

func (p *pages) sponsorForm(w http.ResponseWriter, r *http.Request, v *admin.Visitor, d *portal.Draft) error {
	o, err := p.one(r, v)
	if err != nil {
		return err
	}
	f := finding{field: "who", picked: "sponsor", legend: "Who was found", label: "Find people or groups of " + v.Name(), kinds: []lookup.Kind{lookup.Member, lookup.Group}}
	kind, title := "internal", "Add internal sponsor"
	if d.Get("kind") == "external" {
		kind, title = "external", "Add external sponsor"
		f.label, f.kinds = "Find guests or groups", []lookup.Kind{lookup.Guest, lookup.Group}
	}
	parts, err := p.pick(r, v, d, f)
	if err != nil {
		return err
	}
	return p.Show(w, r, v, portal.Frame{Title: title, Content: "form", Problems: d.Problems, Crumbs: ofOrganizations(v, o), Ticket: between(v, o),
		Data: portal.Form{Action: at(v, o, "/sponsors"), Hidden: map[string]string{"kind": kind}, Parts: parts, Button: title + " in " + v.Name(), Back: at(v, o, "")}})
}

// addSponsor has those who were picked speak for the organization; the button
// that finds somebody only shows who was found.
func (p *pages) addSponsor(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	d, err := admin.Form(r)
	if err != nil {
		return err
	}
	o, err := p.one(r, v)
	if err != nil {
		return err
	}
	picked := objects(d.Values["sponsor"])
	if d.Get("find-who") != "" || len(picked) == 0 {
		if d.Get("find-who") == "" && d.Get("who") == "" {
			d.Wrong("who", "Find somebody, and pick them")
		}
		return p.sponsorForm(w, r, v, d)
	}
	for _, id := range picked {
		if err := p.Access.AddSponsor(r.Context(), v.Who, o.ID, d.Get("kind") == "external", id); err != nil {
			if d.Refused(err, nil) {
				return p.sponsorForm(w, r, v, d)
			}
			return err
		}
	}
	return p.Done(w, r, at(v, o, "")+"#sponsors", "The sponsors are added.")
}

// removeSponsor has somebody no longer speak for the organization.
func (p *pages) removeSponsor(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	d, err := admin.Form(r)
	if err != nil {
		return err
	}
	o, err := p.one(r, v)
	if err != nil {
		return err
	}
	id, err := ids.Parse[ids.ObjectID](d.Get("sponsor"))
	if err != nil {
		return incomplete()
	}
	if err := p.Access.RemoveSponsor(r.Context(), v.Who, o.ID, d.Get("kind") == "external", id); err != nil {
		return err
	}
	return p.Done(w, r, at(v, o, "")+"#sponsors", "The sponsor is removed.")
}
