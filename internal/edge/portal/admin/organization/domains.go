package organization

import (
	"errors"
	"net/http"
	"net/url"

	"entente/internal/core/tenant"
	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/kit/fault"
)

// states shows how far a domain is.
func states(d tenant.Domain) []portal.Tag {
	tags := []portal.Tag{{Kind: "wait", Text: "Unverified"}}
	if d.Verified {
		tags = []portal.Tag{{Kind: "ok", Text: "Verified"}}
	}
	if d.Default {
		tags = append(tags, portal.Tag{Sign: "org", Text: "Primary"})
	}
	switch d.Removal {
	case tenant.RemovalScheduled, tenant.RemovalInProgress:
		tags = append(tags, portal.Tag{Kind: "wait", Text: "Being deleted"})
	case tenant.RemovalFailed:
		tags = append(tags, portal.Tag{Kind: "stop", Text: "Deletion failed"})
	}
	return tags
}

func domainAt(v *admin.Visitor, name, rest string) string {
	return v.To("/domains/names/" + url.PathEscape(name) + rest)
}

// domains lists the organization's domains.
func (p *pages) domains(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	t, err := p.Domains.Of(r.Context(), v.Who)
	if err != nil {
		return err
	}
	table := portal.Table{Caption: "Domains", Heads: []string{"Name", "Status", "Use"}}
	for _, d := range t.Domains {
		all := states(d)
		row := portal.Row{Head: portal.Cell{Text: d.Name, To: domainAt(v, d.Name, "")}, Cells: []portal.Cell{{Tag: &all[0]}, {Text: "–"}}}
		switch {
		case len(all) > 1:
			row.Cells[1] = portal.Cell{Tag: &all[1]}
		case d.Initial:
			row.Cells[1] = portal.Cell{Text: "Initial"}
		}
		table.Rows = append(table.Rows, row)
	}
	return p.Show(w, r, v, portal.Frame{Title: "Domains", Content: "list", Data: portal.List{Table: &table},
		Intro: "The names under which people of " + v.Name() + " sign in, and by which others find it. One that is verified belongs to no other organization here.",
		Do:    &portal.Link{Text: "Add custom domain", To: v.To("/domains/add")}})
}

// adding shows the form of a new domain.
func (p *pages) adding(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.addForm(w, r, v, &portal.Draft{})
}

func (p *pages) addForm(w http.ResponseWriter, r *http.Request, v *admin.Visitor, d *portal.Draft) error {
	return p.Show(w, r, v, portal.Frame{Title: "Add custom domain", Content: "form", Problems: d.Problems, Crumbs: crumbs(v, "Domains", "/domains"),
		Data: portal.Form{Action: v.To("/domains/add"), Button: "Add domain to " + v.Name(), Back: v.To("/domains"), Parts: []portal.Part{
			d.Line(portal.Field{ID: "name", Label: "Custom domain name", Class: "w-half", Autocomplete: "off", Hint: "Such as contoso.example. The next page shows the DNS record that proves it."})}}})
}

// add claims a domain.
func (p *pages) add(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	d, err := admin.Form(r)
	if err != nil {
		return err
	}
	made, err := p.Domains.Add(r.Context(), v.Who, d.Get("name"))
	if err != nil {
		if d.Refused(err, nil) {
			d.Problems[0].Field = "name"
			return p.addForm(w, r, v, d)
		}
		return err
	}
	said := "The domain is added. It counts once it is verified."
	if made.Verified {
		said = "The domain is added, and verified with the one above it."
	}
	return p.Done(w, r, domainAt(v, made.Name, ""), said)
}

// domainOf returns the domain that the address names.
func (p *pages) domainOf(r *http.Request, v *admin.Visitor) (tenant.Domain, error) {
	t, err := p.Domains.Of(r.Context(), v.Who)
	if err != nil {
		return tenant.Domain{}, err
	}
	if d := t.Domain(r.PathValue("name")); d != nil {
		return *d, nil
	}
	return tenant.Domain{}, fault.New(fault.NotFound, "There is no such domain among those of the organization.")
}

// domain shows one, with the record that proves it.
func (p *pages) domain(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.domainPage(w, r, v, &portal.Draft{})
}

func (p *pages) domainPage(w http.ResponseWriter, r *http.Request, v *admin.Visitor, draft *portal.Draft) error {
	d, err := p.domainOf(r, v)
	if err != nil {
		return err
	}
	t := portal.Thing{Tags: states(d), Facts: []portal.Fact{{Name: "Primary", Value: yes(d.Default)}, {Name: "Initial", Value: yes(d.Initial)}, {Name: "Added", At: d.CreatedAt}}}
	switch {
	case d.Verified:
		t.Facts = append(t.Facts, portal.Fact{Name: "Verified", At: d.VerifiedAt})
		if !d.Default && !d.Leaving() {
			t.Do = append(t.Do, portal.Link{Text: "Make primary", To: domainAt(v, d.Name, "/primary"), Post: true})
		}
	default:
		t.Sections = []portal.Section{{ID: "record", Heading: "Publish this record at your domain’s registrar",
			Text: "Whoever can publish it owns the name. It may take an hour until it can be seen.",
			Codes: []portal.Code{{ID: "type", Label: "Record type", Value: "TXT"}, {ID: "host", Label: "Alias or host name", Value: "@"}, {ID: "text", Label: "Destination or points to address", Value: d.ProofText()},
				{ID: "ttl", Label: "TTL", Value: "3600"}},
		}, {Form: &portal.Form{Action: domainAt(v, d.Name, "/verify"), Text: "Verify once the record can be seen in DNS.", Button: "Verify domain for " + v.Name()}},
			{ID: "mx", Heading: "Or a mail exchange, where no TXT record can be published", Codes: []portal.Code{
				{ID: "mx-type", Label: "Record type", Value: "MX"}, {ID: "mx-host", Label: "Alias or host name", Value: "@"}, {ID: "exchange", Label: "Destination or points to address", Value: d.ProofExchange()},
				{ID: "priority", Label: "Priority", Value: "32767"}}}}
	}
	if !d.Initial && !d.Default && !d.Leaving() {
		t.Do = append(t.Do, portal.Link{Text: "Delete…", To: domainAt(v, d.Name, "/delete")})
	}
	return p.Show(w, r, v, portal.Frame{Title: d.Name, Content: "thing", Data: t, Problems: draft.Problems, Crumbs: crumbs(v, "Domains", "/domains"), Script: "copy"})
}

// verify looks for the record in DNS.
func (p *pages) verify(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.doing(w, r, v, "The domain is verified.", p.Domains.Verify(r.Context(), v.Who, r.PathValue("name")))
}

// primary makes a domain the one under which new people sign in.
func (p *pages) primary(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.doing(w, r, v, "The domain is the primary one.", p.Domains.Update(r.Context(), v.Who, r.PathValue("name"), tenant.DomainChange{Default: new(true)}))
}

// doing tells what became of something that was done to a domain.
func (p *pages) doing(w http.ResponseWriter, r *http.Request, v *admin.Visitor, done string, err error) error {
	if err != nil {
		d := &portal.Draft{}
		if errors.Is(err, tenant.NotProved) {
			d.Wrong("", "The record was not found in DNS. Publish it as it stands below, wait until it can be seen, and verify again")
		} else if !d.Refused(err, nil) {
			return err
		}
		return p.domainPage(w, r, v, d)
	}
	return p.Done(w, r, domainAt(v, r.PathValue("name"), ""), done)
}

// dropping asks whether the visitor means it.
func (p *pages) dropping(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.dropForm(w, r, v, &portal.Draft{})
}

func (p *pages) dropForm(w http.ResponseWriter, r *http.Request, v *admin.Visitor, draft *portal.Draft) error {
	d, err := p.domainOf(r, v)
	if err != nil {
		return err
	}
	f := portal.Form{Action: domainAt(v, d.Name, "/delete"), Stop: true, Button: "Delete domain in " + v.Name(), Back: domainAt(v, d.Name, ""), Leave: "Keep it",
		Text: "The claim is given up. Another organization can claim the name, and this one can again."}
	if d.Verified {
		f.Text = "Nobody can sign in under it any more, and another organization can claim it. It has to be unused, or everything under it gets another name."
		f.Parts = []portal.Part{draft.Check(portal.Option{ID: "force", Label: "Rename what is under it", Hint: "Users, groups and applications with a name under this domain get one under the initial domain. People sign in with another name then."})}
	}
	return p.Show(w, r, v, portal.Frame{Title: "Delete " + d.Name + "?", Content: "form", Problems: draft.Problems, Crumbs: crumbs(v, "Domains", "/domains", portal.Link{Text: d.Name, To: domainAt(v, d.Name, "")}), Data: f})
}

// drop removes a domain, or has it removed once nothing is under it.
func (p *pages) drop(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	d, err := admin.Form(r)
	if err != nil {
		return err
	}
	name, force := r.PathValue("name"), d.Has("force", "yes")
	if force {
		err = p.Domains.ForceDelete(r.Context(), v.Who, name, false)
	} else {
		err = p.Domains.Delete(r.Context(), v.Who, name)
	}
	switch {
	case errors.Is(err, tenant.InUse) && !force:
		d.Wrong("force", "Users, groups or applications have names under it. Rename them, or have them renamed")
		return p.dropForm(w, r, v, d)
	case err != nil && d.Refused(err, nil):
		return p.dropForm(w, r, v, d)
	case err != nil:
		return err
	case force:
		return p.Done(w, r, v.To("/domains"), "The domain is being deleted: what is under it is renamed first.")
	}
	return p.Done(w, r, v.To("/domains"), "The domain is deleted.")
}
