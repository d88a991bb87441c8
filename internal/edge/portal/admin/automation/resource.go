package automation

import (
	"errors"
	"net/http"

	"entente/internal/core/managedidentity"
	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/flow/automation"
	"entente/internal/kit/fault"
)

func forbidden(err error) bool { return errors.Is(err, fault.Forbidden) }

// account is the overview of a resource.
func (p *pages) account(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	a, err := p.of(r, v)
	if err != nil {
		return err
	}
	t := portal.Thing{Do: []portal.Link{{Text: "Identity", To: at(v, a, "/identity")}}, Facts: []portal.Fact{
		{Name: "Type", Value: titleOf(a)}, {Name: "Resource group", Value: a.Group}, {Name: "Region", Value: a.Location},
		{Name: "Created", At: a.CreatedAt}}}
	if !a.SeenAt.IsZero() {
		t.Facts = append(t.Facts, portal.Fact{Name: "Last seen", At: a.SeenAt})
	}
	t.Codes = []portal.Code{{ID: "resource", Label: "Resource ID", Value: a.ID()}}
	t.Sections = append(t.Sections, identitySection(v, a))
	if a.Type == managedidentity.TypeAutomation {
		t.Do = append(t.Do, portal.Link{Text: "Runbooks", To: at(v, a, "/runbooks")}, portal.Link{Text: "Jobs", To: at(v, a, "/jobs")})
		more, err := p.work(r, v, a)
		if err != nil {
			return err
		}
		t.Sections = append(t.Sections, more...)
	} else {
		t.Do = append(t.Do, portal.Link{Text: "Enroll its machine…", To: at(v, a, "/enroll")})
	}
	t.Do = append(t.Do, portal.Link{Text: "Delete…", To: at(v, a, "/delete")})
	path, title := home(a.Type)
	return p.Show(w, r, v, portal.Frame{Title: a.Name, Content: "thing", Data: t, Script: "copy", Crumbs: []portal.Link{{Text: title, To: v.To(path)}}})
}

// identitySection lists which identities the resource may use.
func identitySection(v *admin.Visitor, a *account) portal.Section {
	s := portal.Section{ID: "identities", Heading: "Identity", Do: []portal.Link{{Text: "Change identities", To: at(v, a, "/identity")}}}
	if !a.System.On() && len(a.Assigned) == 0 {
		s.Text = "It has none, so what runs on it gets no token."
		return s
	}
	s.Table = &portal.Table{Caption: "Managed identities that it may use", Heads: []string{"Name", "Kind", "Client ID", "Object (principal) ID"}}
	if a.System.On() {
		s.Table.Rows = append(s.Table.Rows, portal.Row{Head: portal.Cell{Text: a.Name},
			Cells: []portal.Cell{{Text: "System assigned"}, {Text: string(a.System.Client)}, {Text: string(a.System.Principal)}}})
	}
	for _, i := range a.Assigned {
		s.Table.Rows = append(s.Table.Rows, portal.Row{Head: portal.Cell{Text: i.Name, Under: i.Group},
			Cells: []portal.Cell{{Text: "User assigned"}, {Text: string(i.Client)}, {Text: string(i.Principal)}}})
	}
	return s
}

// work is what an automation account does: its runbooks and its latest jobs.
func (p *pages) work(r *http.Request, v *admin.Visitor, a *account) ([]portal.Section, error) {
	books, _, err := p.Automation.Runbooks(r.Context(), v.Who, a.Resource, "", 5)
	if err != nil {
		return nil, err
	}
	s := portal.Section{ID: "runbooks", Heading: "Runbooks", Do: []portal.Link{{Text: "Create a runbook", To: at(v, a, "/runbooks/new")}}}
	if len(books) == 0 {
		s.Text = "None yet. A runbook is a script that acts with the identities above."
	} else {
		s.Table = runbookTable(v, a, books)
		s.Do = append(s.Do, portal.Link{Text: "All runbooks", To: at(v, a, "/runbooks")})
	}
	all, _, err := p.Automation.Jobs(r.Context(), v.Who, a.Resource, automation.JobPage{Limit: 5})
	if err != nil {
		return nil, err
	}
	j := portal.Section{ID: "jobs", Heading: "Latest jobs"}
	if len(all) == 0 {
		j.Text = "No runbook has been started."
	} else {
		j.Table = jobTable(v, a, all)
		j.Do = []portal.Link{{Text: "All jobs", To: at(v, a, "/jobs")}}
	}
	return []portal.Section{s, j}, nil
}

// identity is the form of a resource's identities.
func (p *pages) identity(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	a, err := p.of(r, v)
	if err != nil {
		return err
	}
	return p.identityForm(w, r, v, a, &portal.Draft{})
}

func (p *pages) identityForm(w http.ResponseWriter, r *http.Request, v *admin.Visitor, a *account, d *portal.Draft) error {
	subs, err := p.Identities.Subscriptions(r.Context(), v.Who)
	if err != nil {
		return err
	}
	all, err := p.identities(r, v, subs)
	if err != nil {
		return err
	}
	for _, has := range a.Assigned { // one that the visitor may not list, or beyond the first
		if !contains(all, has) {
			all = append(all, has)
		}
	}
	parts := []portal.Part{d.Check(portal.Option{ID: "system", Label: "System assigned", Hint: "Switched off, the identity goes at once and for good, with everything it was granted.", Checked: a.System.On()})}
	if len(all) > 0 {
		parts = append(parts, d.Choose(userAssigned(all, a.Assigned)))
	}
	return p.Show(w, r, v, portal.Frame{Title: "Identity of " + portal.Inert(a.Name), Content: "form", Problems: d.Problems, Crumbs: crumbs(v, a),
		Intro: "What runs on it gets tokens of these identities, and of no others.",
		Data:  portal.Form{Action: at(v, a, "/identity"), Parts: parts, Button: "Save in " + v.Name(), Back: at(v, a, "")}})
}

func contains(all []*managedidentity.Identity, one *managedidentity.Identity) bool {
	for _, i := range all {
		if i.Principal == one.Principal {
			return true
		}
	}
	return false
}

func (p *pages) setIdentity(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	a, err := p.of(r, v)
	if err != nil {
		return err
	}
	d, err := admin.Form(r)
	if err != nil {
		return err
	}
	block, err := blockOf(d)
	if err == nil {
		_, err = p.Identities.PatchHost(r.Context(), v.Who, a.Resource, managedidentity.HostSpec{Identity: block})
	}
	if missing(err) {
		d.Wrong("identity", "One of the identities is gone. Look again at which there are")
		err = nil
	}
	if err := refused(d, err, fields); err != nil {
		return err
	}
	if !d.OK() {
		return p.identityForm(w, r, v, a, d)
	}
	return p.Done(w, r, at(v, a, ""), "The identities are as you chose.")
}

// enrolling asks whether a machine is to become the resource.
func (p *pages) enrolling(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	a, err := p.of(r, v)
	if err != nil {
		return err
	}
	return p.Show(w, r, v, portal.Frame{Title: "Enroll the machine of " + portal.Inert(a.Name), Content: "form", Crumbs: crumbs(v, a),
		Data: portal.Form{Action: at(v, a, "/enroll"), Text: "A token is made that works once, within an hour. The machine that redeems it answers for this resource: programs on it get tokens of its identities.",
			Button: "Make a token in " + v.Name(), Back: at(v, a, "")}})
}

func (p *pages) enroll(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	a, err := p.of(r, v)
	if err != nil {
		return err
	}
	e, err := p.Identities.AddEnrollment(r.Context(), v.Who, a.Resource, 0)
	if err != nil {
		return err
	}
	return p.token(w, r, v, crumbs(v, a), at(v, a, ""), e, "entente agent run --state host.json")
}

// token shows an enrollment token once, with the commands that use it.
func (p *pages) token(w http.ResponseWriter, r *http.Request, v *admin.Visitor, above []portal.Link, back string, e *managedidentity.Enrollment, run string) error {
	s := portal.Section{ID: "token", Heading: "On the machine", Text: "The token is shown now and never again. Type it when the first command asks for it.", Codes: []portal.Code{
		{ID: "enrollment", Label: "Enrollment token", Value: e.Token.Reveal()},
		{ID: "enroll", Label: "Enroll", Value: "entente agent enroll --server " + p.Base + " --state host.json"},
		{ID: "run", Label: "Then run", Value: run}},
		Facts: []portal.Fact{{Name: "Works until", At: e.ExpiresAt}}, Do: []portal.Link{{Text: "Done", To: back}}}
	return p.Show(w, r, v, portal.Frame{Title: "Enroll a machine", Content: "thing", Script: "copy", Crumbs: above, Data: portal.Thing{Sections: []portal.Section{s}}})
}

func (p *pages) deleting(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	a, err := p.of(r, v)
	if err != nil {
		return err
	}
	text := "Its system-assigned identity goes with it, at once and for good, and with that everything it was granted. User-assigned identities stay."
	if a.Type == managedidentity.TypeAutomation {
		text += " Its runbooks, schedules and jobs go, too."
	}
	return p.Show(w, r, v, portal.Frame{Title: "Delete " + portal.Inert(a.Name) + "?", Content: "form", Crumbs: crumbs(v, a),
		Data: portal.Form{Action: at(v, a, "/delete"), Stop: true, Text: text, Button: "Delete in " + v.Name(), Back: at(v, a, ""), Leave: "Keep it"}})
}

func (p *pages) remove(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	a, err := p.of(r, v)
	if err != nil {
		return err
	}
	if _, err := p.Identities.DeleteHost(r.Context(), v.Who, a.Resource); err != nil {
		return err
	}
	path, _ := home(a.Type)
	return p.Done(w, r, v.To(path), titleOf(a)+" is gone.")
}
