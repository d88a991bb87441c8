package people

import (
	"encoding/json"
	"net/http"
	"strings"

	"entente/internal/core/directory"
	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
)

func (p *pages) editing(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.editForm(w, r, v, &portal.Draft{})
}

// editForm shows what is said of somebody, to be changed. A guest's name here
// follows from the address that was invited.
func (p *pages) editForm(w http.ResponseWriter, r *http.Request, v *admin.Visitor, d *portal.Draft) error {
	u, err := p.one(r, v)
	if err != nil {
		return err
	}
	if len(d.Values) == 0 {
		d = &portal.Draft{Values: valuesOf(u.User)}
	}
	parts := nameParts(d, v)
	if u.External() {
		parts = parts[2:]
	}
	parts = append(parts, d.Choose(portal.Choices{ID: "type", Legend: "User type", Options: []portal.Option{
		{Value: directory.Member, Label: "Member", Hint: "May what everybody of the organization may."},
		{Value: directory.Guest, Label: "Guest", Hint: "Sees and may less, as the organization has decided for guests."}}}))
	parts = append(append(parts, portal.Part{Heading: "Properties"}), profileParts(d)...)
	return p.Show(w, r, v, portal.Frame{Title: "Edit " + portal.Inert(u.DisplayName), Content: "form", Problems: d.Problems, Crumbs: crumbs(v, u),
		Data: portal.Form{Action: at(v, u, "/edit"), Parts: parts, Button: "Save in " + v.Name(), Back: at(v, u, "")}})
}

// valuesOf is what the form shows of somebody.
func valuesOf(u *directory.User) map[string][]string {
	local, domain, _ := strings.Cut(u.UserPrincipalName, "@")
	all := map[string][]string{"name": {u.DisplayName}, "type": {kindOf(u)}, "local": {local}, "domain": {strings.ToLower(domain)}}
	for _, p := range profile {
		all[p.id] = []string{said(p.of(u))}
	}
	return all
}

// changes are the properties that were typed otherwise than they are: rights are
// asked for each of them, so that nothing is sent that stays.
func changes(d *portal.Draft, u *directory.User) map[string]any {
	to, is := map[string]any{}, valuesOf(u)
	other := func(field string) bool { return d.Values.Has(field) && d.Get(field) != is[field][0] }
	if other("name") {
		to["displayName"] = d.Get("name")
	}
	if other("type") {
		to["userType"] = d.Get("type")
	}
	if !u.External() && (other("local") || other("domain")) {
		to["userPrincipalName"] = d.Get("local") + "@" + d.Get("domain")
	}
	for _, p := range profile {
		switch typed := d.Get(p.id); {
		case !other(p.id):
		case typed == "":
			to[p.property] = nil
		default:
			to[p.property] = typed
		}
	}
	return to
}

// edit changes what is said of somebody.
func (p *pages) edit(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	d, err := admin.Form(r)
	if err != nil {
		return err
	}
	u, err := p.one(r, v)
	if err != nil {
		return err
	}
	if d.Get("name") == "" {
		d.Wrong("name", "Enter a display name")
	}
	if !u.External() && d.Get("local") == "" {
		d.Wrong("local", "Enter a user principal name")
	}
	if !d.OK() {
		return p.editForm(w, r, v, d)
	}
	to := changes(d, u.User)
	if len(to) == 0 {
		return p.Told(w, r, at(v, u, ""), portal.Note{Lead: "Nothing was changed."})
	}
	body, err := json.Marshal(to)
	if err != nil {
		return err
	}
	if _, err := p.Users.Update(r.Context(), v.Who, string(u.ID), body); err != nil {
		if d.Refused(err, fields()) {
			return p.editForm(w, r, v, d)
		}
		return err
	}
	return p.Done(w, r, at(v, u, ""), "The user is changed.")
}
