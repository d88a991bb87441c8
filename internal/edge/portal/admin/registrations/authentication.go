package registrations

import (
	"net/http"
	"net/url"
	"slices"

	"entente/internal/core/app"
	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/kit/fault"
)

// redirects returns the addresses of a platform.
func redirects(a *app.View, member string) []string {
	switch member {
	case "spa":
		return a.SPA.RedirectURIs
	case "publicClient":
		return a.PublicClient.RedirectURIs
	}
	return a.Web.RedirectURIs
}

func (p *pages) authentication(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	a, err := p.ours(r, v)
	if err != nil {
		return err
	}
	return p.authenticationPage(w, r, v, a, &portal.Draft{}, "")
}

// authenticationPage shows where sign-ins lead and who may sign in; d is of the
// form that was sent: "add" or "settings".
func (p *pages) authenticationPage(w http.ResponseWriter, r *http.Request, v *admin.Visitor, a *app.View, d *portal.Draft, sent string) error {
	of := func(form string) *portal.Draft {
		if form == sent {
			return d
		}
		return &portal.Draft{}
	}
	uris := portal.Section{ID: "redirects", Heading: "Redirect URIs", Text: "Answers of a sign-in go to these addresses only."}
	var rows []portal.Row
	choose := portal.Select{Field: portal.Field{ID: "platform", Label: "Platform"}}
	for _, x := range platforms {
		choose.Options = append(choose.Options, portal.Option{Value: x.member, Label: x.text})
		for _, uri := range redirects(a, x.member) {
			to := at(v, a, "/authentication/remove?") + url.Values{"platform": {x.member}, "uri": {uri}}.Encode()
			rows = append(rows, portal.Row{Head: portal.Cell{Text: uri, Whole: true}, Cells: []portal.Cell{{Text: x.text}, {Do: &portal.Link{Text: "Remove…", Of: uri, To: to}}}})
		}
	}
	if len(rows) > 0 {
		uris.Table = &portal.Table{Caption: "Redirect URIs by platform", Heads: []string{"Redirect URI", "Platform", ""}, Rows: rows}
	} else {
		uris.None = &portal.Nothing{Title: "There is none", Text: "Nobody can sign in to it with a browser. A workload needs none; its consent link then ends with AADSTS500113, after the consent is given."}
	}
	uris.Form = &portal.Form{Action: at(v, a, "/authentication/add"), Button: "Add redirect URI in " + v.Name(), Parts: []portal.Part{
		of("add").Pick(choose),
		of("add").Line(portal.Field{ID: "uri", Label: "Redirect URI", Type: "url", InputMode: "url", Autocomplete: "off", Hint: "https, or http on localhost; of native applications, a scheme of their own as well."})}}
	s := of("settings")
	settings := portal.Section{Form: &portal.Form{Action: at(v, a, "/authentication"), Button: "Save in " + v.Name(), Parts: []portal.Part{
		{Heading: "Settings"},
		s.Choose(portal.Choices{ID: "audience", Legend: "Supported account types", Options: audiences(v, a.SignInAudience)}),
		s.Line(portal.Field{ID: "logout", Label: "Front-channel logout URL", Type: "url", InputMode: "url", Optional: true, Autocomplete: "off", Value: said(a.Web.LogoutURL)}),
		s.Check(portal.Option{ID: "public", Label: "Allow public client flows", Hint: "Device code and others in which the application proves nothing of itself.", Checked: a.IsFallbackPublicClient != nil && *a.IsFallbackPublicClient}),
	}}}
	return p.page(w, r, v, a, "/authentication", portal.Frame{Title: "Authentication", Content: "thing", Problems: d.Problems, Data: portal.Thing{Sections: []portal.Section{uris, settings}}})
}

func (p *pages) addRedirect(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	d, err := admin.Form(r)
	if err != nil {
		return err
	}
	a, err := p.ours(r, v)
	if err != nil {
		return err
	}
	member, uri := platformOf(d.Get("platform")), need(d, "uri", "Enter an address")
	if !d.OK() {
		return p.authenticationPage(w, r, v, a, d, "add")
	}
	list := redirects(a, member)
	if !slices.Contains(list, uri) {
		list = append(slices.Clone(list), uri)
	}
	if err := p.change(r, v, a, map[string]any{member: map[string]any{"redirectUris": list}}); err != nil {
		if d.Refused(err, map[string]string{member + ".redirectUris": "uri", "redirectUris": "uri"}) {
			return p.authenticationPage(w, r, v, a, d, "add")
		}
		return err
	}
	return p.Done(w, r, at(v, a, "/authentication"), "The redirect URI is added.")
}

// need says what a field lacks, and returns what was typed.
func need(d *portal.Draft, field, wrong string) string {
	text := d.Get(field)
	if text == "" {
		d.Wrong(field, "%s", wrong)
	}
	return text
}

func (p *pages) saveAuthentication(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	d, err := admin.Form(r)
	if err != nil {
		return err
	}
	a, err := p.ours(r, v)
	if err != nil {
		return err
	}
	web := map[string]any{"logoutUrl": nil}
	if text := d.Get("logout"); text != "" {
		web["logoutUrl"] = text
	}
	body := map[string]any{"signInAudience": d.Get("audience"), "isFallbackPublicClient": d.Get("public") != "", "web": web}
	if err := p.change(r, v, a, body); err != nil {
		if d.Refused(err, map[string]string{"signInAudience": "audience", "web.logoutUrl": "logout", "identifierUris": "audience"}) {
			return p.authenticationPage(w, r, v, a, d, "settings")
		}
		return err
	}
	return p.Done(w, r, at(v, a, "/authentication"), "The settings are saved, and count at once.")
}

// redirect returns the application, and the address that the query names.
func (p *pages) redirect(r *http.Request, v *admin.Visitor) (a *app.View, member, uri string, err error) {
	if a, err = p.ours(r, v); err != nil {
		return nil, "", "", err
	}
	q := r.URL.Query()
	member, uri = platformOf(q.Get("platform")), q.Get("uri")
	if !slices.Contains(redirects(a, member), uri) {
		return nil, "", "", fault.New(fault.NotFound, "The application has no such redirect URI.")
	}
	return a, member, uri, nil
}

func (p *pages) removingRedirect(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	a, _, uri, err := p.redirect(r, v)
	if err != nil {
		return err
	}
	return p.ask(w, r, v, a, "Remove the redirect URI?", uri+" gets no answers of sign-ins any more.", "Remove redirect URI", r.URL.RequestURI(), at(v, a, "/authentication"), &portal.Draft{})
}

func (p *pages) removeRedirect(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	a, member, uri, err := p.redirect(r, v)
	if err != nil {
		return err
	}
	list := slices.DeleteFunc(slices.Clone(redirects(a, member)), func(x string) bool { return x == uri })
	if err := p.change(r, v, a, map[string]any{member: map[string]any{"redirectUris": list}}); err != nil {
		return err
	}
	return p.Done(w, r, at(v, a, "/authentication"), "The redirect URI is removed.")
}
