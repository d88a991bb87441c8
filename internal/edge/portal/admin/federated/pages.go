package federated

import (
	"net/http"
	"net/url"

	"entente/internal/core/federation"
	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
)

// adding asks for the scenario, and then for what it needs.
func (p *pages) adding(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	in, err := p.parent(r, v)
	if err != nil {
		return err
	}
	s, ok := scenarioOf(r.URL.Query().Get("scenario"))
	if ok {
		return p.form(w, r, v, in, &portal.Draft{Values: r.URL.Query()}, s)
	}
	c := portal.Choices{ID: "scenario", Name: "scenario", Legend: "Federated credential scenario"}
	for i, x := range scenarios {
		c.Options = append(c.Options, portal.Option{Value: x.name, Label: x.text, Hint: x.hint, Checked: i == 0})
	}
	return p.Show(w, r, v, portal.Frame{Title: "Add a credential", Content: "form", Crumbs: in.above,
		Intro: "A workload that another issuer vouches for acts as " + portal.Inert(in.name) + ", without a secret.",
		Data:  portal.Form{Action: in.at + "new", Step: true, Parts: []portal.Part{{Choices: &c}}, Button: "Continue", Back: in.list}})
}

func (p *pages) form(w http.ResponseWriter, r *http.Request, v *admin.Visitor, in *parent, d *portal.Draft, s scenario) error {
	parts, err := s.parts(p, r, v, d)
	if err != nil {
		return err
	}
	return p.Show(w, r, v, portal.Frame{Title: "Add a credential: " + s.text, Content: "form", Crumbs: in.above, Problems: d.Problems, Intro: s.hint,
		Data: portal.Form{Action: in.at + "new", Hidden: map[string]string{"scenario": s.name}, Parts: append(parts, common(d, true)...),
			Text: "The next page says what would match, before anything is stored.", Button: "Check in " + v.Name(), Back: in.at + "new", Leave: "Choose another scenario"}})
}

// add checks what was typed, or stores what was checked.
func (p *pages) add(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	d, err := admin.Form(r)
	if err != nil {
		return err
	}
	in, err := p.parent(r, v)
	if err != nil {
		return err
	}
	s, ok := scenarioOf(d.Get("scenario"))
	if !ok {
		portal.Lead(w, r, in.at+"new")
		return nil
	}
	if d.Get("find") != "" {
		return p.form(w, r, v, in, d, s)
	}
	body, err := p.body(v, d, s, true)
	if err != nil {
		return err
	}
	if !d.OK() {
		return p.form(w, r, v, in, d, s)
	}
	if d.Get("step") == "store" {
		if _, _, err = p.Federation.Create(r.Context(), v.Who, in.Parent, body); err == nil {
			return p.Done(w, r, in.list, "The credential is stored and counts at once.")
		}
	} else {
		x := review{action: in.at + "new", back: typed(in.at+"new", d), verb: "Add credential"}
		if x.credential, x.found, err = p.Federation.Check(r.Context(), v.Who, in.Parent, "", body); err == nil {
			return p.review(w, r, v, in, d, x)
		}
	}
	if refused(d, err, s) {
		return p.form(w, r, v, in, d, s)
	}
	return err
}

// one returns the credential that the address names, and its parent.
func (p *pages) one(r *http.Request, v *admin.Visitor) (*parent, *federation.Credential, error) {
	in, err := p.parent(r, v)
	if err != nil {
		return nil, nil, err
	}
	c, err := p.Federation.Get(r.Context(), v.Who, in.Parent, r.PathValue("credential"))
	return in, c, err
}

// stored is a form with what a credential says.
func stored(c *federation.Credential) url.Values {
	q := url.Values{"issuer": {c.Issuer}, "subject": {string(c.Subject)}, "description": {string(c.Description)}, "audience": {c.Audiences[0]}}
	if c.Expression != nil {
		q.Set("expression", c.Expression.Value)
	}
	known := false
	for _, o := range audiences {
		known = known || o.Value == c.Audiences[0]
	}
	if !known {
		q.Set("audience", "other")
		q.Set("other-audience", c.Audiences[0])
	}
	return q
}

func (p *pages) editing(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	in, c, err := p.one(r, v)
	if err != nil {
		return err
	}
	d := &portal.Draft{Values: stored(c)}
	if r.URL.Query().Has("issuer") {
		d.Values = r.URL.Query()
	}
	return p.change(w, r, v, in, c, d)
}

// change shows the form of a credential that is there: whatever scenario it came
// by, it has an issuer and a subject now.
func (p *pages) change(w http.ResponseWriter, r *http.Request, v *admin.Visitor, in *parent, c *federation.Credential, d *portal.Draft) error {
	parts, err := otherParts(p, r, v, d)
	if err != nil {
		return err
	}
	return p.Show(w, r, v, portal.Frame{Title: "Edit “" + portal.Inert(c.Name) + "”", Content: "form", Crumbs: in.above, Problems: d.Problems,
		Data: portal.Form{Action: in.at + string(c.ID), Parts: append(parts, common(d, false)...),
			Text: "The next page says what would match, before anything is stored.", Button: "Check in " + v.Name(), Back: in.list}})
}

func (p *pages) edit(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	d, err := admin.Form(r)
	if err != nil {
		return err
	}
	in, c, err := p.one(r, v)
	if err != nil {
		return err
	}
	other, _ := scenarioOf("other")
	body, err := p.body(v, d, other, false)
	if err != nil {
		return err
	}
	if !d.OK() {
		return p.change(w, r, v, in, c, d)
	}
	to := in.at + string(c.ID)
	if d.Get("step") == "store" {
		if _, _, err = p.Federation.Update(r.Context(), v.Who, in.Parent, string(c.ID), body); err == nil {
			return p.Done(w, r, in.list, "The credential is changed, and counts so at once.")
		}
	} else {
		x := review{action: to, back: typed(to, d), verb: "Save credential"}
		if x.credential, x.found, err = p.Federation.Check(r.Context(), v.Who, in.Parent, string(c.ID), body); err == nil {
			return p.review(w, r, v, in, d, x)
		}
	}
	if refused(d, err, other) {
		return p.change(w, r, v, in, c, d)
	}
	return err
}

func (p *pages) deleting(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	in, c, err := p.one(r, v)
	if err != nil {
		return err
	}
	return p.Show(w, r, v, portal.Frame{Title: "Delete “" + portal.Inert(c.Name) + "”?", Content: "form", Crumbs: in.above,
		Data: portal.Form{Action: in.at + string(c.ID) + "/delete", Stop: true, Button: "Delete credential in " + v.Name(), Back: in.list, Leave: "Keep it as it is",
			Text: "The next token of its workload finds it gone. It can’t be restored."}})
}

func (p *pages) remove(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	in, c, err := p.one(r, v)
	if err != nil {
		return err
	}
	if err := p.Federation.Delete(r.Context(), v.Who, in.Parent, string(c.ID)); err != nil {
		return err
	}
	return p.Done(w, r, in.list, "The credential is deleted.")
}
