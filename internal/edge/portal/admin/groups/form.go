package groups

import (
	"encoding/json"
	"net/http"
	"strings"

	"entente/internal/core/directory"
	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/flow/lookup"
	"entente/internal/kit/ids"
)

// What a new group can be.
const (
	security = "security"
	unified  = "unified"
	team     = "team"
)

// fields are where the page shows what a service says of a property.
var fields = map[string]string{"displayName": "name", "description": "description", "mailNickname": "nickname", "visibility": "visibility", "isAssignableToRole": "assignable", "owners": "who-owns"}

var (
	newOwners  = admin.Picker{Field: "who-owns", Picked: "owner", Label: "Find owners", Legend: "Owners", Kinds: somebody}
	newMembers = admin.Picker{Field: "who-joins", Picked: "member", Label: "Find members", Legend: "Members", Kinds: append([]lookup.Kind{lookup.Group}, somebody...)}
)

func (p *pages) newGroup(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.newForm(w, r, v, &portal.Draft{})
}

// newForm asks what a new group is called, what it is, and who is in it.
func (p *pages) newForm(w http.ResponseWriter, r *http.Request, v *admin.Visitor, d *portal.Draft) error {
	owners, err := newOwners.Part(r, v, p.Lookup, d)
	if err != nil {
		return err
	}
	members, err := newMembers.Part(r, v, p.Lookup, d)
	if err != nil {
		return err
	}
	parts := append([]portal.Part{
		d.Choose(portal.Choices{ID: "type", Legend: "Group type", Options: []portal.Option{
			{Value: security, Label: "Security", Hint: "Gives its members access. It has no mail.", Checked: true},
			{Value: unified, Label: "Microsoft 365", Hint: "Has a mail address and a site, and can have a team."},
			{Value: team, Label: "Microsoft 365 with a team", Hint: "The same, with a team from the start. Without other owners you own it."}}}),
	}, nameParts(d)...)
	parts = append(parts,
		d.Choose(portal.Choices{ID: "visibility", Legend: "Visibility of a Microsoft 365 group", Options: visibilities(directory.Private, true)}),
		d.Check(portal.Option{ID: "assignable", Label: "Microsoft Entra roles can be assigned to the group", Hint: "Only those who may give such roles can then change it. This can’t be changed later."}),
		owners, members)
	return p.Show(w, r, v, portal.Frame{Title: "New group", Content: "form", Problems: d.Problems, Crumbs: crumbs(v, nil),
		Data: portal.Form{Action: v.To("/groups/new"), Parts: parts, Button: "Create group in " + v.Name(), Back: v.To("/groups")}})
}

// nameParts are the controls of what a group is called.
func nameParts(d *portal.Draft) []portal.Part {
	return []portal.Part{
		d.Line(portal.Field{ID: "name", Label: "Name", Class: "w-half", Autocomplete: "off"}),
		d.Lines(portal.Area{Field: portal.Field{ID: "description", Label: "Description", Optional: true}, Rows: 2, Most: 1024}),
		d.Line(portal.Field{ID: "nickname", Label: "Mail nickname", Class: "w-half", Autocomplete: "off", Optional: true,
			Hint: "What stands before the @ of a Microsoft 365 group’s address. Without one it is made from the name."}),
	}
}

// visibilities are the answers to who may look into a group; membership is hidden
// from the start or never.
func visibilities(is string, fresh bool) []portal.Option {
	all := []portal.Option{{Value: directory.Private, Label: "Private", Hint: "Owners let people in."}, {Value: directory.Public, Label: "Public", Hint: "Everybody of the organization may join."}}
	if fresh || is == directory.HiddenMembership {
		all = append(all, portal.Option{Value: directory.HiddenMembership, Label: "Hidden membership", Hint: "Who is in it is seen by its members, its owners and administrators of groups alone."})
	}
	if !fresh && is == directory.HiddenMembership {
		all = all[len(all)-1:]
	}
	for i := range all {
		all[i].Checked = all[i].Value == is
	}
	return all
}

// mostNickname is how long a nickname made from a name is at most.
const mostNickname = 48

// nickname returns what was typed or, where nothing was, what is made from the name.
func nickname(d *portal.Draft) string {
	if typed := d.Get("nickname"); typed != "" {
		return typed
	}
	made := strings.Map(func(r rune) rune {
		switch {
		case r >= '0' && r <= '9', r >= 'A' && r <= 'Z', r >= 'a' && r <= 'z', r == '-', r == '_':
			return r
		}
		return -1
	}, d.Get("name"))
	if made == "" {
		made = "group-" + string(ids.New[ids.ObjectID]())[:8]
	}
	return made[:min(len(made), mostNickname)]
}

// text is a text as a body says it: null where nothing is typed.
func text(typed string) *string {
	if typed == "" {
		return nil
	}
	return &typed
}

// bodyOf is the group that was typed, as Graph spells it.
func bodyOf(d *portal.Draft) ([]byte, error) {
	body := map[string]any{"displayName": d.Get("name"), "description": text(d.Get("description")), "mailNickname": nickname(d), "mailEnabled": false, "securityEnabled": true}
	if d.Get("type") != security {
		body["groupTypes"], body["mailEnabled"], body["securityEnabled"] = []string{directory.Unified}, true, d.Has("assignable", "yes")
		body["visibility"] = d.Get("visibility")
	}
	if d.Has("assignable", "yes") {
		body["isAssignableToRole"] = true
	}
	return json.Marshal(body)
}

// create makes the group; a button that finds somebody only shows who was found.
func (p *pages) create(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	d, err := admin.Form(r)
	if err != nil {
		return err
	}
	if newOwners.Looks(d) || newMembers.Looks(d) {
		return p.newForm(w, r, v, d)
	}
	if d.Get("name") == "" {
		d.Wrong("name", "Enter a name")
	}
	switch d.Get("type") {
	case security, unified, team:
	default:
		d.Wrong("type", "Choose what the group is")
	}
	owners, members := newOwners.Of(d), newMembers.Of(d)
	if len(owners) > lookup.Most || len(members) > lookup.Most {
		d.Wrong("who-joins", "Pick at most %d of each; others can be added afterwards", lookup.Most)
	}
	if !d.OK() {
		return p.newForm(w, r, v, d)
	}
	body, err := bodyOf(d)
	if err != nil {
		return err
	}
	id, err := p.make(r, v, d.Get("type") == team, body, owners, members)
	if err != nil {
		if d.Refused(err, fields) {
			return p.newForm(w, r, v, d)
		}
		return err
	}
	return p.Done(w, r, v.To("/groups/"+string(id)), "The group is created.")
}

func (p *pages) make(r *http.Request, v *admin.Visitor, withTeam bool, body []byte, owners, members []ids.ObjectID) (ids.ObjectID, error) {
	if withTeam {
		t, err := p.Teams.MakeTeam(r.Context(), v.Who, body, owners, members)
		if err != nil {
			return "", err
		}
		return t.ID, nil
	}
	g, err := p.Groups.CreateGroup(r.Context(), v.Who, body, owners, members)
	if err != nil {
		return "", err
	}
	return g.ID, nil
}

func (p *pages) editing(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.editForm(w, r, v, &portal.Draft{})
}

// editForm shows what the group is called, to be changed.
func (p *pages) editForm(w http.ResponseWriter, r *http.Request, v *admin.Visitor, d *portal.Draft) error {
	g, err := p.one(r, v)
	if err != nil {
		return err
	}
	parts := nameParts(d)
	if len(d.Values) == 0 {
		parts[0].Field.Value, parts[1].Area.Value, parts[2].Field.Value = g.DisplayName, said(g.Description), g.MailNickname
	}
	parts[2].Field.Optional, parts[2].Field.Hint = false, "Of a Microsoft 365 group no other has the same."
	if g.Unified() && g.Visibility != nil && !g.AssignableToRole() {
		parts = append(parts, d.Choose(portal.Choices{ID: "visibility", Legend: "Visibility", Options: visibilities(*g.Visibility, false)}))
	}
	return p.Show(w, r, v, portal.Frame{Title: "Edit " + portal.Inert(g.DisplayName), Content: "form", Problems: d.Problems, Crumbs: crumbs(v, g),
		Data: portal.Form{Action: at(v, g, "/edit"), Parts: parts, Button: "Save in " + v.Name(), Back: at(v, g, "")}})
}

func (p *pages) edit(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	d, err := admin.Form(r)
	if err != nil {
		return err
	}
	g, err := p.one(r, v)
	if err != nil {
		return err
	}
	if d.Get("name") == "" {
		d.Wrong("name", "Enter a name")
	}
	if d.Get("nickname") == "" {
		d.Wrong("nickname", "Enter a mail nickname")
	}
	if !d.OK() {
		return p.editForm(w, r, v, d)
	}
	to := map[string]any{"displayName": d.Get("name"), "description": text(d.Get("description")), "mailNickname": d.Get("nickname")}
	if chosen := d.Get("visibility"); chosen != "" {
		to["visibility"] = chosen
	}
	body, err := json.Marshal(to)
	if err != nil {
		return err
	}
	if _, err := p.Groups.UpdateGroup(r.Context(), v.Who, g.ID, body, nil); err != nil {
		if d.Refused(err, fields) {
			return p.editForm(w, r, v, d)
		}
		return err
	}
	return p.Done(w, r, at(v, g, ""), "The group is changed.")
}
