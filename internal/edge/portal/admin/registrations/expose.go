package registrations

import (
	"net/http"
	"slices"
	"strings"

	"entente/internal/core/app"
	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// fresh stands in an address for a scope or role that is to be made.
const fresh = "new"

// expose shows what an application offers as an API.
func (p *pages) expose(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	a, err := p.ours(r, v)
	if err != nil {
		return err
	}
	return p.exposePage(w, r, v, a, &portal.Draft{})
}

func (p *pages) exposePage(w http.ResponseWriter, r *http.Request, v *admin.Visitor, a *app.View, d *portal.Draft) error {
	uris := strings.Join(a.IdentifierURIs, "\n")
	if uris == "" {
		uris = "api://" + string(a.AppID)
	}
	uri := portal.Section{Form: &portal.Form{Action: at(v, a, "/expose"), Button: "Save in " + v.Name(), Parts: []portal.Part{{Heading: "Application ID URI"},
		d.Lines(portal.Area{Field: portal.Field{ID: "uris", Label: "Application ID URIs", Class: "mono", Optional: true, Value: uris, Hint: "One a line. Clients name the API by them. Each carries the application ID, the tenant ID, or a verified domain of the organization."}, Rows: 2})}}}
	scopes := portal.Section{ID: "scopes", Heading: "Scopes defined by this API", Text: "Delegated permissions: what a client may do here for a person who is signed in.", Do: []portal.Link{{Text: "Add a scope", To: at(v, a, "/expose/scopes/"+fresh)}}}
	if len(a.API.Scopes) > 0 {
		scopes.Table = &portal.Table{Caption: "Scopes", Heads: []string{"Scope", "Who can consent", "Admin consent display name", "State", ""}}
	}
	for _, x := range a.API.Scopes {
		who, to, tag := "Admins and users", at(v, a, "/expose/scopes/"+string(x.ID)), state(x.IsEnabled)
		if x.Type == "Admin" {
			who = "Admins only"
		}
		scopes.Table.Rows = append(scopes.Table.Rows, portal.Row{Head: portal.Cell{Text: x.Value, To: to}, Cells: []portal.Cell{{Text: who}, {Text: x.AdminName}, {Tag: &tag}, {Do: &portal.Link{Text: "Delete…", Of: x.Value, To: to + "/delete"}}}})
	}
	clients := portal.Section{ID: "clients", Heading: "Authorized client applications", Text: "People are not asked to consent when these call the API."}
	if len(a.API.Scopes) > 0 {
		clients.Do = []portal.Link{{Text: "Add a client application", To: at(v, a, "/expose/clients/new")}}
	}
	if len(a.API.PreAuthorized) > 0 {
		clients.Table = &portal.Table{Caption: "Client applications", Heads: []string{"Client ID", "Scopes", ""}}
	}
	for _, x := range a.API.PreAuthorized {
		var names []string
		for _, id := range x.ScopesIDs {
			if s := a.Scope(id); s != nil {
				names = append(names, s.Value)
			}
		}
		clients.Table.Rows = append(clients.Table.Rows, portal.Row{Head: portal.Cell{Text: string(x.AppID)}, Cells: []portal.Cell{{Text: strings.Join(names, ", "), Whole: true},
			{Do: &portal.Link{Text: "Remove…", Of: string(x.AppID), To: at(v, a, "/expose/clients/"+string(x.AppID)+"/remove")}}}})
	}
	return p.page(w, r, v, a, "/expose", portal.Frame{Title: "Expose an API", Content: "thing", Problems: d.Problems, Data: portal.Thing{Sections: []portal.Section{scopes, clients, uri}}})
}

func state(enabled bool) portal.Tag {
	if enabled {
		return portal.Tag{Kind: "ok", Text: "Enabled"}
	}
	return portal.Tag{Kind: "stop", Text: "Disabled"}
}

func (p *pages) setURIs(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	d, err := admin.Form(r)
	if err != nil {
		return err
	}
	a, err := p.ours(r, v)
	if err != nil {
		return err
	}
	list := strings.Fields(d.Get("uris"))
	if list == nil {
		list = []string{}
	}
	if err := p.change(r, v, a, map[string]any{"identifierUris": list}); err != nil {
		if d.Refused(err, map[string]string{"identifierUris": "uris"}) {
			return p.exposePage(w, r, v, a, d)
		}
		return err
	}
	return p.Done(w, r, at(v, a, "/expose"), "The application ID URIs are saved.")
}

// scope returns the application, and the scope that the address names: a new one
// that is not there yet, or one of the application's.
func (p *pages) scope(r *http.Request, v *admin.Visitor) (*app.View, *app.Scope, error) {
	a, err := p.ours(r, v)
	if err != nil {
		return nil, nil, err
	}
	if r.PathValue("scope") == fresh {
		return a, &app.Scope{Type: "Admin", IsEnabled: true}, nil
	}
	if s := a.Scope(ids.RoleID(r.PathValue("scope"))); s != nil {
		return a, s, nil
	}
	return nil, nil, fault.New(fault.NotFound, "The application has no such scope.")
}

func (p *pages) editingScope(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	a, s, err := p.scope(r, v)
	if err != nil {
		return err
	}
	return p.scopeForm(w, r, v, a, s, &portal.Draft{})
}

func (p *pages) scopeForm(w http.ResponseWriter, r *http.Request, v *admin.Visitor, a *app.View, s *app.Scope, d *portal.Draft) error {
	title, button, to := "Add a scope", "Add scope in ", fresh
	if s.ID != "" {
		title, button, to = "Edit the scope “"+portal.Inert(s.Value)+"”", "Save in ", string(s.ID)
	}
	who := portal.Choices{ID: "type", Legend: "Who can consent?", Options: []portal.Option{{Value: "User", Label: "Admins and users", Checked: s.Type == "User"}, {Value: "Admin", Label: "Admins only", Checked: s.Type != "User"}}}
	return p.Show(w, r, v, portal.Frame{Title: title, Content: "form", Problems: d.Problems, Crumbs: crumbs(v, a, portal.Link{Text: "Expose an API", To: at(v, a, "/expose")}),
		Data: portal.Form{Action: at(v, a, "/expose/scopes/"+to), Button: button + v.Name(), Back: at(v, a, "/expose"), Parts: []portal.Part{
			d.Line(portal.Field{ID: "value", Label: "Scope name", Hint: "As clients ask for it, such as Stock.Read. To change the name of one that is enabled, disable it first.", Value: s.Value, Autocomplete: "off"}),
			d.Choose(who),
			d.Line(portal.Field{ID: "admin-name", Label: "Admin consent display name", Value: s.AdminName, Autocomplete: "off"}),
			d.Lines(portal.Area{Field: portal.Field{ID: "admin-description", Label: "Admin consent description", Value: s.AdminDescription}, Rows: 2, Most: 1024}),
			d.Line(portal.Field{ID: "user-name", Label: "User consent display name", Value: said(s.UserName), Optional: true, Autocomplete: "off"}),
			d.Lines(portal.Area{Field: portal.Field{ID: "user-description", Label: "User consent description", Value: said(s.UserDescription), Optional: true}, Rows: 2, Most: 1024}),
			d.Check(portal.Option{ID: "enabled", Label: "Enabled", Checked: s.IsEnabled}),
		}}})
}

// given is a text that was typed, or nothing.
func given(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func (p *pages) saveScope(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	d, err := admin.Form(r)
	if err != nil {
		return err
	}
	a, s, err := p.scope(r, v)
	if err != nil {
		return err
	}
	x := app.Scope{ID: s.ID, Value: need(d, "value", "Enter a name"), Type: d.Get("type"), AdminName: need(d, "admin-name", "Enter a name"), AdminDescription: need(d, "admin-description", "Enter a description"),
		UserName: given(d.Get("user-name")), UserDescription: given(d.Get("user-description")), IsEnabled: d.Get("enabled") != ""}
	list := slices.Clone(a.API.Scopes)
	if x.ID == "" {
		x.ID = ids.New[ids.RoleID]()
		list = append(list, x)
	} else {
		list[slices.IndexFunc(list, func(y app.Scope) bool { return y.ID == x.ID })] = x
	}
	if d.OK() {
		if err = p.change(r, v, a, map[string]any{"api": map[string]any{"oauth2PermissionScopes": list}}); err == nil {
			return p.Done(w, r, at(v, a, "/expose"), "The scope is saved, and counts at once.")
		}
		if !d.Refused(err, map[string]string{"api.oauth2PermissionScopes": "value"}) {
			return err
		}
	}
	return p.scopeForm(w, r, v, a, s, d)
}

func (p *pages) deletingScope(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.scopeDeletion(w, r, v, &portal.Draft{})
}

func (p *pages) scopeDeletion(w http.ResponseWriter, r *http.Request, v *admin.Visitor, d *portal.Draft) error {
	a, s, err := p.scope(r, v)
	if err != nil {
		return err
	}
	if s.ID == "" {
		return portal.NoPage(w, r)
	}
	return p.ask(w, r, v, a, "Delete the scope “"+portal.Inert(s.Value)+"”?", "Nobody can ask for it any more, and what was granted of it counts for nothing. One that is enabled has to be disabled first, on its page.",
		"Delete scope", r.URL.EscapedPath(), at(v, a, "/expose"), d)
}

func (p *pages) deleteScope(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	a, s, err := p.scope(r, v)
	if err != nil {
		return err
	}
	list := slices.DeleteFunc(slices.Clone(a.API.Scopes), func(y app.Scope) bool { return y.ID == s.ID })
	if err := p.change(r, v, a, map[string]any{"api": map[string]any{"oauth2PermissionScopes": list}}); err != nil {
		d := &portal.Draft{}
		if d.Refused(err, nil) {
			return p.scopeDeletion(w, r, v, d)
		}
		return err
	}
	return p.Done(w, r, at(v, a, "/expose"), "The scope is deleted.")
}
