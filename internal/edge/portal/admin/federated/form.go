package federated

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"

	"entente/internal/core/federation"
	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
)

// audiences are what the clouds' credentials name.
var audiences = []portal.Option{
	{Value: federation.ExchangeAudience, Label: federation.ExchangeAudience + " (global, and here)"},
	{Value: federation.AudienceGovernment, Label: federation.AudienceGovernment + " (US government)"},
	{Value: federation.AudienceChina, Label: federation.AudienceChina + " (China)"},
	{Value: "other", Label: "Another, entered below"},
}

// common are the controls that every scenario has.
func common(d *portal.Draft, named bool) []portal.Part {
	all := []portal.Part{{Heading: "Credential details"}}
	if named {
		all = append(all, line(d, "name", "Name", "3 to 120 letters, digits, - and _. It can’t be changed later.", false))
	}
	return append(all,
		d.Lines(portal.Area{Field: portal.Field{ID: "description", Label: "Description", Optional: true}, Rows: 2, Most: 600}),
		d.Pick(portal.Select{Field: portal.Field{ID: "audience", Label: "Audience", Hint: "What the token that is exchanged must be for."}, Options: audiences}),
		line(d, "other-audience", "Another audience", "", true))
}

// body returns what the credential is to say as a Graph body.
func (p *pages) body(v *admin.Visitor, d *portal.Draft, s scenario, named bool) ([]byte, error) {
	w := wish{Audiences: []string{d.Get("audience")}}
	if named {
		w.Name = need(d, "name", "Enter a name")
	}
	if text := d.Get("description"); text != "" {
		w.Description = &text
	}
	if w.Audiences[0] == "other" {
		if w.Audiences[0] = d.Values.Get("other-audience"); w.Audiences[0] == "" {
			d.Wrong("other-audience", "Enter the audience")
		}
	}
	s.fill(p, v, d, &w)
	return json.Marshal(w)
}

// refused takes what the service says against a credential, and reports whether
// that can be mended here.
func refused(d *portal.Draft, err error, s scenario) bool {
	switch {
	case errors.Is(err, federation.NameTaken):
		d.Wrong("name", "Another credential has this name")
		return true
	case errors.Is(err, federation.PairTaken):
		d.Wrong(s.at["subject"], "There is a credential for this issuer and subject already")
		return true
	}
	fields := map[string]string{"name": "name", "audiences": "audience", "description": "description"}
	for target, field := range s.at {
		fields[target] = field
	}
	return d.Refused(err, fields)
}

// A review is what is shown before a credential is stored.
type review struct {
	credential *federation.Credential
	found      []federation.Finding
	action     string // where it is stored
	back       string // where it is changed
	verb       string
}

// review shows what would be stored, and what of it would match.
func (p *pages) review(w http.ResponseWriter, r *http.Request, v *admin.Visitor, in *parent, d *portal.Draft, x review) error {
	c := x.credential
	stored := portal.Section{ID: "stored", Heading: "What will be stored", Facts: []portal.Fact{{Name: "Name", Value: c.Name, Code: true}, {Name: "Issuer", Value: c.Issuer, Code: true}}}
	if c.Expression != nil {
		stored.Facts = append(stored.Facts, portal.Fact{Name: "Claims matching expression", Value: c.Expression.Value, Code: true})
	} else {
		stored.Facts = append(stored.Facts, portal.Fact{Name: "Subject identifier", Value: string(c.Subject), Code: true})
	}
	stored.Facts = append(stored.Facts, portal.Fact{Name: "Audience", Value: c.Audiences[0], Code: true})
	if c.Description != "" {
		stored.Facts = append(stored.Facts, portal.Fact{Name: "Description", Value: string(c.Description)})
	}
	check := portal.Section{ID: "check", Heading: "What would match", Table: &portal.Table{Caption: "Each part and what was found out about it", Heads: []string{"Part", "Check", "What was found"}}}
	button, wrong := x.verb+" in "+v.Name(), false
	for _, part := range []string{"issuer", "subject", "audience"} {
		for _, f := range x.found {
			if f.About != part {
				continue
			}
			tag := portal.Tag{Kind: "ok", Text: "Looks right"}
			if !f.OK {
				tag, wrong = portal.Tag{Kind: "stop", Text: "Would not match"}, true
			}
			check.Table.Rows = append(check.Table.Rows, portal.Row{Head: portal.Cell{Text: words[part]}, Cells: []portal.Cell{{Tag: &tag}, {Text: f.Text, Whole: true}}})
		}
	}
	if wrong {
		check.Note = &portal.Note{Kind: "stop", Lead: "As it stands, something would not match.", Text: "Go back and change it, or store it all the same if you know better."}
		button = x.verb + " all the same in " + v.Name()
	}
	form := portal.Form{Action: x.action, Button: button, Back: x.back, Leave: "Change it"}
	for name, values := range d.Values {
		for _, value := range values {
			if name != "find" && name != "step" {
				form.Keep = append(form.Keep, portal.Kept{Name: name, Value: value})
			}
		}
	}
	form.Keep = append(form.Keep, portal.Kept{Name: "step", Value: "store"})
	return p.Show(w, r, v, portal.Frame{Title: "Check the credential", Content: "thing", Crumbs: in.above,
		Intro: "Nothing is stored yet. Issuer, subject and audience are compared byte for byte with each token.",
		Data:  portal.Thing{Sections: []portal.Section{check, stored, {Form: &form}}}})
}

var words = map[string]string{"issuer": "Issuer", "subject": "Subject", "audience": "Audience"}

// typed is the address of a form with everything typed still there.
func typed(to string, d *portal.Draft) string {
	q := url.Values{}
	for name, values := range d.Values {
		if name != "step" && name != "find" {
			q[name] = values
		}
	}
	return to + "?" + q.Encode()
}
