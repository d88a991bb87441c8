package enterprise

import (
	"encoding/json"
	"net/http"
	"net/url"

	"entente/internal/core/app"
	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
)

// one shows one enterprise application.
func (p *pages) one(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	s, err := p.standing(r, v)
	if err != nil {
		return err
	}
	of := origin(s.ServicePrincipal, s.HomeName)
	t := portal.Thing{
		Tags: []portal.Tag{*enabled(s.ServicePrincipal)}, Text: text(s.AppDescription),
		Codes: []portal.Code{{ID: "app", Label: "Application ID", Value: string(s.AppID)}, {ID: "object", Label: "Object ID", Value: string(s.ID)}},
		Facts: known(portal.Fact{Name: "Where it comes from", Value: of}, portal.Fact{Name: "Publisher", Value: publisher(s.ServicePrincipal)},
			portal.Fact{Name: "Enabled for users to sign in", Value: yes(s.Enabled())}, portal.Fact{Name: "Assignment required", Value: yes(s.AppRoleAssignmentReq)},
			portal.Fact{Name: "Notes", Value: text(s.Notes)}, portal.Fact{Name: "Home page", Value: text(s.Homepage)},
			portal.Fact{Name: "Created", At: *s.CreatedDateTime}, portal.Fact{Name: "Last sign-in", At: s.Last}),
	}
	if foreign(s.ServicePrincipal) {
		t.Facts = append(t.Facts, portal.Fact{Name: "Tenant ID of its home", Value: string(*s.OwnerTenant), Code: true})
	}
	if !s.ManagedIdentity() {
		t.Do = append(t.Do, portal.Link{Text: "Properties", To: at(v, s.ID, "/properties")})
	}
	t.Do = append(t.Do, portal.Link{Text: "Its sign-in logs", To: logs(v, s.AppID)},
		portal.Link{Text: "Its audit logs", To: v.To("/audit-logs?" + url.Values{"by": {"object"}, "value": {string(s.ID)}}.Encode())})
	if !s.ManagedIdentity() && !s.BuiltIn() {
		t.Do = append(t.Do, portal.Link{Text: "Delete…", To: at(v, s.ID, "/delete")})
	}
	does, users := may(s.Has), portal.Section{ID: "users", Heading: "Users and groups", Text: "Every user of " + v.Name() + " can sign in to it. Roles are for whom they are assigned to.",
		Do: []portal.Link{{Text: "Users and groups", To: at(v, s.ID, "/users")}}}
	if s.AppRoleAssignmentReq {
		users.Text = "Only who is assigned to it, or is in a group that is, can sign in to it."
	}
	what := portal.Section{ID: "may", Heading: "What it may do here", Text: does.Text, Do: []portal.Link{{Text: "Permissions", To: at(v, s.ID, "/permissions")}}}
	if does.Under != "" {
		what.Text += ". " + does.Under
	}
	what.Text += "."
	if s.Has.People {
		what.Do = append(what.Do, portal.Link{Text: "User consent", To: at(v, s.ID, "/user-consents")})
	}
	t.Sections = []portal.Section{what, users}
	if s.ManagedIdentity() {
		t.Sections = t.Sections[:1]
	}
	return p.Show(w, r, v, portal.Frame{Title: portal.Inert(s.DisplayName), Content: "thing", Data: t, Crumbs: crumbs(v, nil), Script: "copy"})
}

// publisher names who proved to have published the application.
func publisher(p *app.ServicePrincipal) string {
	if p.VerifiedPublisher == nil || p.VerifiedPublisher.DisplayName == nil {
		if foreign(p) {
			return "Unverified"
		}
		return ""
	}
	return *p.VerifiedPublisher.DisplayName
}

// properties shows what can be changed.
func (p *pages) properties(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.form(w, r, v, &portal.Draft{})
}

func (p *pages) form(w http.ResponseWriter, r *http.Request, v *admin.Visitor, d *portal.Draft) error {
	s, err := p.standing(r, v)
	if err != nil {
		return err
	}
	return p.Show(w, r, v, portal.Frame{Title: "Properties of " + portal.Inert(s.DisplayName), Content: "form", Problems: d.Problems, Crumbs: crumbs(v, s),
		Data: portal.Form{Action: at(v, s.ID, "/properties"), Button: "Save in " + v.Name(), Back: at(v, s.ID, ""), Parts: []portal.Part{
			d.Check(portal.Option{ID: "enabled", Label: "Enabled for users to sign in", Hint: "Without it nobody can sign in to it here, and it gets no token here.", Checked: s.Enabled()}),
			d.Check(portal.Option{ID: "required", Label: "Assignment required", Hint: "Only users and groups that are assigned to it can sign in to it, and nobody is asked to consent for themselves.", Checked: s.AppRoleAssignmentReq}),
			d.Lines(portal.Area{Field: portal.Field{ID: "notes", Label: "Notes", Value: text(s.Notes), Optional: true, Hint: "For administrators of this organization."}, Most: 1024}),
		}}})
}

// change sets the properties that differ.
func (p *pages) change(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	d, err := admin.Form(r)
	if err != nil {
		return err
	}
	s, err := p.standing(r, v)
	if err != nil {
		return err
	}
	body := make(map[string]any)
	if on := d.Has("enabled", "yes"); on != s.Enabled() {
		body["accountEnabled"] = on
	}
	if on := d.Has("required", "yes"); on != s.AppRoleAssignmentReq {
		body["appRoleAssignmentRequired"] = on
	}
	if notes := d.Get("notes"); notes != text(s.Notes) {
		if body["notes"] = notes; notes == "" {
			body["notes"] = nil
		}
	}
	if len(body) > 0 {
		raw, err := json.Marshal(body)
		if err != nil {
			return err
		}
		if _, err := p.Apps.UpdatePrincipal(r.Context(), v.Who, s.ID, raw); err != nil {
			if d.Refused(err, map[string]string{"notes": "notes"}) {
				return p.form(w, r, v, d)
			}
			return err
		}
	}
	return p.Done(w, r, at(v, s.ID, ""), "The properties are saved.")
}

// deleting asks whether the visitor means it.
func (p *pages) deleting(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	s, err := p.standing(r, v)
	if err != nil {
		return err
	}
	return p.Show(w, r, v, portal.Frame{Title: "Delete " + portal.Inert(s.DisplayName) + "?", Content: "form", Crumbs: crumbs(v, s),
		Data: portal.Form{Action: at(v, s.ID, "/delete"), Stop: true, Button: "Delete application in " + v.Name(), Back: at(v, s.ID, ""), Leave: "Keep it",
			Text: "It can do nothing here any more, at once, and nobody can sign in to it. Its permissions and assignments count for nothing. It can be restored for thirty days. Its registration stays where it is."}})
}

// remove deletes the service principal.
func (p *pages) remove(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	s, err := p.standing(r, v)
	if err != nil {
		return err
	}
	if err := p.Apps.DeletePrincipal(r.Context(), v.Who, s.ID); err != nil {
		return err
	}
	return p.Done(w, r, v.To("/enterprise-applications"), "The application is deleted here.")
}
