package registrations

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"entente/internal/core/app"
	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/flow/lookup"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// mostShown is how many permissions of an API are shown at once; of an API with
// more, they are found by what is in their names.
const mostShown = 30

// addingPermission asks for the API and the type, and then for the permissions.
func (p *pages) addingPermission(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	a, err := p.ours(r, v)
	if err != nil {
		return err
	}
	d := &portal.Draft{Values: r.URL.Query()}
	api, err := p.api(r, v, d.Get("api"))
	if err != nil {
		return err
	}
	if _, ok := accessOf(d.Get("type")); ok && api != nil {
		return p.choosing(w, r, v, a, d, api)
	}
	if d.Values.Has("type") && d.Get("find") == "" {
		if api == nil {
			d.Wrong("api", "Choose an API")
		} else {
			d.Wrong("type", "Choose a type")
		}
	}
	apis := portal.Choices{ID: "api", Legend: "Which API?", Options: []portal.Option{{Value: string(app.GraphAppID), Label: "Microsoft Graph", Hint: "Users, groups, applications, sites and more of the organization", Checked: true}}}
	if api != nil && api.AppID != app.GraphAppID {
		apis.Options = append(apis.Options, portal.Option{Value: string(api.AppID), Label: api.DisplayName, Hint: "Application ID " + string(api.AppID)})
	}
	find := portal.Find{Button: "find", Say: "Find", Field: d.Field(portal.Field{ID: "name", Label: "APIs my organization uses", Hint: "The beginning of the name of an application that is present in " + v.Name() + ", " + "or its application ID.", Optional: true, Autocomplete: "off"})}
	if err := p.findAPIs(r, v, d, &find, &apis); err != nil {
		return err
	}
	return p.Show(w, r, v, portal.Frame{Title: "Request API permissions", Content: "form", Crumbs: crumbs(v, a, portal.Link{Text: "API permissions", To: at(v, a, "/permissions")}), Problems: d.Problems,
		Data: portal.Form{Action: at(v, a, "/permissions/add"), Step: true, Button: "Continue", Back: at(v, a, "/permissions"), Parts: []portal.Part{
			{Find: &find}, d.Choose(apis),
			d.Choose(portal.Choices{ID: "type", Legend: "What type of permissions does your application require?", Options: []portal.Option{
				{Value: "delegated", Label: "Delegated permissions", Hint: "The application acts for a person who is signed in."},
				{Value: "application", Label: "Application permissions", Hint: "The application runs in the background, without a person."}}}),
		}}})
}

// findAPIs adds to the APIs what begins with what was typed.
func (p *pages) findAPIs(r *http.Request, v *admin.Visitor, d *portal.Draft, find *portal.Find, apis *portal.Choices) error {
	typed := d.Get("name")
	if typed == "" {
		return nil
	}
	add := func(id ids.AppID, name string) {
		if !slices.ContainsFunc(apis.Options, func(o portal.Option) bool { return o.Value == string(id) }) {
			apis.Options = append(apis.Options, portal.Option{Value: string(id), Label: name, Hint: "Application ID " + string(id)})
		}
	}
	if ids.Valid(typed) {
		x, err := p.api(r, v, typed)
		if err == nil && x != nil {
			add(x.AppID, x.DisplayName)
			return nil
		}
		if err != nil {
			return err
		}
	}
	found, err := p.Lookup.Find(r.Context(), v.Who, typed, lookup.Application)
	if err != nil && !d.Refused(err, map[string]string{"": "name"}) {
		return err
	}
	for _, x := range found {
		api, err := p.Apps.Principal(r.Context(), v.Who, ids.ObjectID(x.ID))
		if err != nil {
			return err
		}
		if len(api.AppRoles)+len(api.Scopes) > 0 {
			add(api.AppID, api.DisplayName)
		}
	}
	if len(apis.Options) == 1 && find.Error == "" {
		find.Error = "No API begins with “" + portal.Inert(typed) + "”. One that offers no permissions is none"
	}
	return nil
}

// api returns the API of that application id in the organization, or nil where
// there is none.
func (p *pages) api(r *http.Request, v *admin.Visitor, id string) (*app.ServicePrincipal, error) {
	if !ids.Valid(id) {
		return nil, nil
	}
	x, err := p.Apps.Resource(r.Context(), v.Who, ids.AppID(strings.ToLower(id)))
	if errors.Is(err, fault.NotFound) {
		return nil, nil
	}
	return x, err
}

// offered are the permissions of a type that an API offers, as options.
func offered(api *app.ServicePrincipal, kind string) []portal.Option {
	var all []portal.Option
	if kind == "application" {
		for _, x := range api.AppRoles {
			if x.IsEnabled && slices.Contains(x.AllowedMemberTypes, "Application") && x.Value != nil {
				all = append(all, portal.Option{Value: string(x.ID), Label: *x.Value, Hint: x.DisplayName + " (admin consent required)"})
			}
		}
	} else {
		for _, x := range api.Scopes {
			if x.IsEnabled {
				hint := x.AdminName
				if x.Type == "Admin" {
					hint += " (admin consent required)"
				}
				all = append(all, portal.Option{Value: string(x.ID), Label: x.Value, Hint: hint})
			}
		}
	}
	slices.SortFunc(all, func(a, b portal.Option) int { return strings.Compare(a.Label, b.Label) })
	return all
}

// choosing shows the permissions of an API to choose from.
func (p *pages) choosing(w http.ResponseWriter, r *http.Request, v *admin.Visitor, a *app.View, d *portal.Draft, api *app.ServicePrincipal) error {
	kind, typed := d.Get("type"), strings.ToLower(d.Get("find-permission"))
	all := offered(api, kind)
	find := portal.Find{Button: "find", Field: d.Field(portal.Field{ID: "find-permission", Label: "Find permissions", Hint: "A part of the name, such as User.Read.", Optional: true, Autocomplete: "off"})}
	c := portal.Choices{ID: "permission", Name: "permission", Legend: typeOf(kind == "application") + " permissions of " + portal.Inert(api.DisplayName), Several: true, Error: d.Error("permission")}
	missed := 0
	for _, o := range all {
		o.Checked = d.Has("permission", o.Value)
		if !o.Checked && !strings.Contains(strings.ToLower(o.Label), typed) {
			continue
		}
		if len(c.Options) >= mostShown && !o.Checked {
			missed++
			continue
		}
		c.Options = append(c.Options, o)
	}
	switch {
	case len(all) == 0:
		find.Error = "The API offers no permissions of this type"
	case missed > 0:
		find.Hint += " " + counted(missed, "more permission") + " not shown."
	}
	if len(c.Options) > 0 {
		find.Found = &c
	}
	return p.Show(w, r, v, portal.Frame{Title: "Add permissions of “" + portal.Inert(api.DisplayName) + "”", Content: "form", Crumbs: crumbs(v, a, portal.Link{Text: "API permissions", To: at(v, a, "/permissions")}), Problems: d.Problems,
		Data: portal.Form{Action: at(v, a, "/permissions/add"), Hidden: map[string]string{"api": string(api.AppID), "type": kind}, Parts: []portal.Part{{Find: &find}},
			Button: "Add permissions in " + v.Name(), Back: at(v, a, "/permissions/add"), Leave: "Choose another API", Text: "The application asks for them from then on. Granting is another step."}})
}

// addPermission has the application ask for what was chosen.
func (p *pages) addPermission(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	d, err := admin.Form(r)
	if err != nil {
		return err
	}
	a, err := p.ours(r, v)
	if err != nil {
		return err
	}
	api, err := p.api(r, v, d.Get("api"))
	if err != nil {
		return err
	}
	access, ok := accessOf(d.Get("type"))
	if !ok || api == nil {
		portal.Lead(w, r, at(v, a, "/permissions/add"))
		return nil
	}
	if d.Get("find") != "" {
		return p.choosing(w, r, v, a, d, api)
	}
	var add []app.Access
	for _, id := range d.Values["permission"] {
		add = append(add, app.Access{ID: ids.RoleID(id), Type: access})
	}
	if len(add) == 0 {
		d.Wrong("permission", "Choose at least one permission")
		return p.choosing(w, r, v, a, d, api)
	}
	if _, err := p.Apps.Require(r.Context(), v.Who, a.ID, api.AppID, add); err != nil {
		if d.Refused(err, map[string]string{"requiredResourceAccess": "permission"}) {
			return p.choosing(w, r, v, a, d, api)
		}
		return err
	}
	return p.Done(w, r, at(v, a, "/permissions"), "The application asks for more now. It is not granted yet.")
}
