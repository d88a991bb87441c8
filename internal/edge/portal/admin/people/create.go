package people

import (
	"encoding/json"
	"net/http"
	"strings"

	"entente/internal/core/directory"
	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/kit/secret"
)

// fields says where the pages show what the service says of a property.
func fields() map[string]string {
	all := map[string]string{"userPrincipalName": "local", "mailNickname": "local", "displayName": "name", "userType": "type", "mail": "mail"}
	for _, p := range profile {
		all[p.property] = p.id
	}
	return all
}

// A line of the form of a user is a text property.
type line struct {
	id, property, label string
	of                  func(*directory.User) *string
}

// profile are the texts that a new user may have, and that are edited.
var profile = []line{
	{"given", "givenName", "First name", func(u *directory.User) *string { return u.GivenName }},
	{"surname", "surname", "Last name", func(u *directory.User) *string { return u.Surname }},
	{"job", "jobTitle", "Job title", func(u *directory.User) *string { return u.JobTitle }},
	{"department", "department", "Department", func(u *directory.User) *string { return u.Department }},
	{"company", "companyName", "Company name", func(u *directory.User) *string { return u.CompanyName }},
	{"office", "officeLocation", "Office location", func(u *directory.User) *string { return u.OfficeLocation }},
	{"mobile", "mobilePhone", "Mobile phone", func(u *directory.User) *string { return u.MobilePhone }},
	{"location", "usageLocation", "Usage location", func(u *directory.User) *string { return u.UsageLocation }},
}

// domains are the verified domains of the organization, the primary one first.
func domains(v *admin.Visitor) (all []portal.Option) {
	first := v.Tenant.DefaultDomain()
	all = append(all, portal.Option{Value: first, Label: "@" + first})
	for _, d := range v.Tenant.Domains {
		if d.Verified && d.Name != first {
			all = append(all, portal.Option{Value: d.Name, Label: "@" + d.Name})
		}
	}
	return all
}

// nameParts are the controls of how somebody is called and signs in.
func nameParts(d *portal.Draft, v *admin.Visitor) []portal.Part {
	return []portal.Part{
		d.Line(portal.Field{ID: "local", Label: "User principal name", Class: "w-half", Autocomplete: "off", Hint: "What stands before the @. People sign in with it."}),
		d.Pick(portal.Select{Field: portal.Field{ID: "domain", Label: "Domain"}, Options: domains(v)}),
		d.Line(portal.Field{ID: "name", Label: "Display name", Class: "w-half", Autocomplete: "off"}),
	}
}

// profileParts are the controls of everything else that is said of somebody.
func profileParts(d *portal.Draft) (parts []portal.Part) {
	for _, p := range profile {
		f := portal.Field{ID: p.id, Label: p.label, Class: "w-half", Autocomplete: "off", Optional: true}
		if p.id == "location" {
			f.Class, f.Hint = "w-code", "The two letters of a country, such as DE."
		}
		parts = append(parts, d.Line(f))
	}
	return parts
}

func (p *pages) newUser(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.newForm(w, r, v, &portal.Draft{})
}

// newForm asks who is to have an account.
func (p *pages) newForm(w http.ResponseWriter, r *http.Request, v *admin.Visitor, d *portal.Draft) error {
	parts := append(nameParts(d, v),
		d.Check(portal.Option{ID: "change", Label: "Ask for another password at the first sign-in", Checked: true}),
		d.Check(portal.Option{ID: "enabled", Label: "Account enabled", Checked: true}))
	parts = append(append(parts, portal.Part{Heading: "Properties"}), profileParts(d)...)
	return p.Show(w, r, v, portal.Frame{Title: "New user", Content: "form", Problems: d.Problems, Crumbs: crumbs(v, nil), Intro: "A person with an account in " + v.Name() + ". The first password is made here, and shown once.",
		Data: portal.Form{Action: v.To("/users/new"), Parts: parts, Button: "Create user in " + v.Name(), Back: v.To("/users")}})
}

// bodyOf is the user that was typed, as Graph spells it.
func bodyOf(d *portal.Draft, password secret.String) ([]byte, error) {
	body := map[string]any{
		"displayName": d.Get("name"), "mailNickname": d.Get("local"), "userPrincipalName": d.Get("local") + "@" + d.Get("domain"), "accountEnabled": d.Has("enabled", "yes"),
		"passwordProfile": map[string]any{"password": password.Reveal(), "forceChangePasswordNextSignIn": d.Has("change", "yes")},
	}
	for _, p := range profile {
		if typed := d.Get(p.id); typed != "" {
			body[p.property] = typed
		}
	}
	return json.Marshal(body)
}

// create makes the user and shows the first password. It is nowhere but in this
// answer: that is why the form is answered at once. Sent again it makes nobody,
// because the name is taken.
func (p *pages) create(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	d, err := admin.Form(r)
	if err != nil {
		return err
	}
	if d.Get("local") == "" {
		d.Wrong("local", "Enter a user principal name")
	}
	if strings.Contains(d.Get("local"), "@") {
		d.Wrong("local", "Enter only what stands before the @")
	}
	if d.Get("name") == "" {
		d.Wrong("name", "Enter a display name")
	}
	if !d.OK() {
		return p.newForm(w, r, v, d)
	}
	password := directory.NewPassword()
	body, err := bodyOf(d, password)
	if err != nil {
		return err
	}
	u, err := p.Users.Create(r.Context(), v.Who, body)
	if err != nil {
		if d.Refused(err, fields()) {
			return p.newForm(w, r, v, d)
		}
		return err
	}
	return p.handOver(w, r, v, u, "The user is created.", password)
}

// handOver shows a password that was just made, once.
func (p *pages) handOver(w http.ResponseWriter, r *http.Request, v *admin.Visitor, u *directory.User, done string, password secret.String) error {
	here := v.To("/users/" + string(u.ID))
	t := portal.Thing{Do: []portal.Link{{Text: "Open the user", To: here}, {Text: "All users", To: v.To("/users")}},
		Sections: []portal.Section{{ID: "password", Heading: "Hand the password over", Text: "It is shown this once. Give it to the person by a way on which you know that it is them.",
			Codes: []portal.Code{{ID: "upn", Label: "User principal name", Value: u.UserPrincipalName}, {ID: "secret", Label: "Password", Value: password.Reveal(), Big: true}}}}}
	return p.Show(w, r, v, portal.Frame{Title: "Password of " + portal.Inert(u.DisplayName), Content: "thing", Data: t, Crumbs: []portal.Link{{Text: "Users", To: v.To("/users")}, {Text: portal.Inert(u.DisplayName), To: here}},
		Script: "copy", Note: &portal.Note{Kind: "ok", Lead: done}})
}

// resetting asks whether the visitor means it.
func (p *pages) resetting(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	u, err := p.one(r, v)
	if err != nil {
		return err
	}
	d := &portal.Draft{}
	return p.Show(w, r, v, portal.Frame{Title: "Reset the password of " + portal.Inert(u.DisplayName) + "?", Content: "form", Crumbs: crumbs(v, u),
		Data: portal.Form{Action: at(v, u, "/password"), Stop: true, Text: "A new password is made and shown once. The old one counts no more, and every session ends.",
			Parts:  []portal.Part{d.Check(portal.Option{ID: "change", Label: "Ask for another password at the next sign-in", Checked: true})},
			Button: "Reset password in " + v.Name(), Back: at(v, u, ""), Leave: "Keep it as it is"}})
}

// reset gives somebody another password and shows it, as create does.
func (p *pages) reset(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	d, err := admin.Form(r)
	if err != nil {
		return err
	}
	u, err := p.one(r, v)
	if err != nil {
		return err
	}
	password := directory.NewPassword()
	body, err := json.Marshal(map[string]any{"passwordProfile": map[string]any{"password": password.Reveal(), "forceChangePasswordNextSignIn": d.Has("change", "yes")}})
	if err != nil {
		return err
	}
	changed, err := p.Users.Update(r.Context(), v.Who, string(u.ID), body)
	if err != nil {
		return err
	}
	return p.handOver(w, r, v, changed, "The password is reset.", password)
}
