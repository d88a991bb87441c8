package registrations

import (
	"encoding/json"
	"net/http"

	"entente/internal/core/app"
	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
)

// audiences are who may use an application, in the words of Microsoft's
// administrators. Personal accounts do not exist here: an application that was
// made for them elsewhere keeps saying so.
func audiences(v *admin.Visitor, now string) []portal.Option {
	all := []portal.Option{
		{Value: app.MyOrg, Label: "Accounts in this organizational directory only (" + v.Name() + " only – Single tenant)"},
		{Value: app.MultipleOrgs, Label: "Accounts in any organizational directory (Any tenant – Multitenant)",
			Hint: "An administrator of each other organization lets it in, by the consent link."},
	}
	switch now {
	case app.AllAccounts:
		all = append(all, portal.Option{Value: now, Label: "Accounts in any organizational directory and personal Microsoft accounts"})
	case app.Personal:
		all = []portal.Option{{Value: now, Label: "Personal Microsoft accounts only"}}
	}
	for i := range all {
		all[i].Checked = all[i].Value == now
	}
	return all
}

// audience names who may use an application.
func audience(v *admin.Visitor, now string) string {
	for _, o := range audiences(v, now) {
		if o.Checked {
			return o.Label
		}
	}
	return now
}

// A platform is a kind of redirect address.
type platform struct{ member, text, hint string }

var platforms = []platform{
	{"web", "Web", "A server that keeps a secret, or proves itself otherwise."},
	{"spa", "Single-page application (SPA)", "Runs in the browser; authorization code with PKCE."},
	{"publicClient", "Public client/native (mobile & desktop)", "Addresses on the loopback, and schemes of its own."},
}

func (p *pages) registering(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.registration(w, r, v, &portal.Draft{})
}

// registration shows the form of a new application.
func (p *pages) registration(w http.ResponseWriter, r *http.Request, v *admin.Visitor, d *portal.Draft) error {
	choose := portal.Select{Field: portal.Field{ID: "platform", Label: "Platform of the redirect URI"}}
	for _, x := range platforms {
		choose.Options = append(choose.Options, portal.Option{Value: x.member, Label: x.text})
	}
	return p.Show(w, r, v, portal.Frame{Title: "Register an application", Content: "form", Crumbs: crumbs(v, nil), Problems: d.Problems,
		Data: portal.Form{Action: v.To(list + "/new"), Button: "Register in " + v.Name(), Back: v.To(list),
			Text: "Registering makes the application and, in the same step, its service principal (enterprise application) in " + v.Name() + ". Nothing is granted by that.",
			Parts: []portal.Part{
				d.Line(portal.Field{ID: "name", Label: "Name", Hint: "People see it where they consent. It can be changed later.", Autocomplete: "off"}),
				d.Choose(portal.Choices{ID: "audience", Legend: "Supported account types", Hint: "Who can use this application or access this API?", Options: audiences(v, app.MyOrg)}),
				d.Pick(choose),
				d.Line(portal.Field{ID: "redirect", Label: "Redirect URI", Type: "url", InputMode: "url", Optional: true, Autocomplete: "off",
					Hint: "Where answers of a sign-in are sent. A workload without people needs none."}),
			}}})
}

// registered are where what a service says against a new application stands.
var registered = map[string]string{"displayName": "name", "signInAudience": "audience", "web.redirectUris": "redirect", "spa.redirectUris": "redirect", "publicClient.redirectUris": "redirect"}

// register makes an application with its service principal.
func (p *pages) register(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	d, err := admin.Form(r)
	if err != nil {
		return err
	}
	body := map[string]any{"displayName": d.Get("name"), "signInAudience": d.Get("audience")}
	if d.Get("name") == "" {
		d.Wrong("name", "Enter a name")
	}
	if uri := d.Get("redirect"); uri != "" {
		body[platformOf(d.Get("platform"))] = map[string][]string{"redirectUris": {uri}}
	}
	if !d.OK() {
		return p.registration(w, r, v, d)
	}
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	a, sp, err := p.Apps.Register(r.Context(), v.Who, text)
	if err != nil {
		if d.Refused(err, registered) {
			return p.registration(w, r, v, d)
		}
		return err
	}
	return p.Told(w, r, v.To(list+"/"+string(a.ID)), portal.Note{Kind: "ok", Lead: "The application is registered.",
		Text: "Its service principal in " + v.Name() + " was made with it and has the object ID " + string(sp.ID) + "."})
}

// platformOf returns the member of an application that keeps the addresses of a
// platform.
func platformOf(value string) string {
	for _, x := range platforms {
		if x.member == value {
			return x.member
		}
	}
	return platforms[0].member
}
