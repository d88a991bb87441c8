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

func (p *pages) addingClient(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	a, err := p.ours(r, v)
	if err != nil {
		return err
	}
	return p.clientForm(w, r, v, a, &portal.Draft{})
}

func (p *pages) clientForm(w http.ResponseWriter, r *http.Request, v *admin.Visitor, a *app.View, d *portal.Draft) error {
	c := portal.Choices{ID: "scope", Name: "scope", Legend: "Authorized scopes", Several: true}
	for _, s := range a.API.Scopes {
		if s.IsEnabled {
			c.Options = append(c.Options, portal.Option{Value: string(s.ID), Label: s.Value, Hint: s.AdminName})
		}
	}
	f := portal.Frame{Title: "Add a client application", Content: "form", Problems: d.Problems, Crumbs: crumbs(v, a, portal.Link{Text: "Expose an API", To: at(v, a, "/expose")})}
	if len(c.Options) == 0 {
		f.Content, f.Data = "nothing", portal.Nothing{Title: "No scope is enabled", Text: "Add a scope, or enable one, before a client is authorized for it.", Do: &portal.Link{Text: "Expose an API", To: at(v, a, "/expose")}}
		return p.Show(w, r, v, f)
	}
	f.Data = portal.Form{Action: at(v, a, "/expose/clients/new"), Button: "Add application in " + v.Name(), Back: at(v, a, "/expose"), Parts: []portal.Part{
		d.Line(portal.Field{ID: "client", Label: "Client ID", Hint: "The application ID of the client.", Autocomplete: "off"}), d.Choose(c)}}
	return p.Show(w, r, v, f)
}

func (p *pages) addClient(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	d, err := admin.Form(r)
	if err != nil {
		return err
	}
	a, err := p.ours(r, v)
	if err != nil {
		return err
	}
	x := app.PreAuthorized{AppID: ids.AppID(strings.ToLower(d.Get("client")))}
	if !ids.Valid(string(x.AppID)) {
		d.Wrong("client", "Enter the client’s application ID")
	}
	for _, id := range d.Values["scope"] {
		x.ScopesIDs = append(x.ScopesIDs, ids.RoleID(id))
	}
	if len(x.ScopesIDs) == 0 {
		d.Wrong("scope", "Choose at least one scope")
	}
	if d.OK() {
		list := slices.DeleteFunc(slices.Clone(a.API.PreAuthorized), func(y app.PreAuthorized) bool { return y.AppID == x.AppID })
		if err = p.authorize(r, v, a, append(list, x)); err == nil {
			return p.Done(w, r, at(v, a, "/expose"), "The client application is authorized.")
		}
		if fault.Public(err).Target == "api.preAuthorizedApplications" {
			d.Wrong("client", "No application that %s can use has this ID", v.Name())
		} else if !d.Refused(err, nil) {
			return err
		}
	}
	return p.clientForm(w, r, v, a, d)
}

func (p *pages) authorize(r *http.Request, v *admin.Visitor, a *app.View, list []app.PreAuthorized) error {
	return p.change(r, v, a, map[string]any{"api": map[string]any{"preAuthorizedApplications": list}})
}

// client returns the application, and the authorized client that the address names.
func (p *pages) client(r *http.Request, v *admin.Visitor) (*app.View, ids.AppID, error) {
	a, err := p.ours(r, v)
	if err != nil {
		return nil, "", err
	}
	id := ids.AppID(r.PathValue("client"))
	if !slices.ContainsFunc(a.API.PreAuthorized, func(x app.PreAuthorized) bool { return x.AppID == id }) {
		return nil, "", fault.New(fault.NotFound, "The application has no such client.")
	}
	return a, id, nil
}

func (p *pages) removingClient(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	a, id, err := p.client(r, v)
	if err != nil {
		return err
	}
	return p.ask(w, r, v, a, "Remove the client application?", string(id)+" needs consent from then on, as others do.", "Remove client", r.URL.EscapedPath(), at(v, a, "/expose"), &portal.Draft{})
}

func (p *pages) removeClient(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	a, id, err := p.client(r, v)
	if err != nil {
		return err
	}
	list := slices.DeleteFunc(slices.Clone(a.API.PreAuthorized), func(x app.PreAuthorized) bool { return x.AppID == id })
	if err := p.authorize(r, v, a, list); err != nil {
		return err
	}
	return p.Done(w, r, at(v, a, "/expose"), "The client application is removed.")
}
