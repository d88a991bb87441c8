package registrations

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"entente/internal/core/app"
	"entente/internal/core/federation"
	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// credentials shows by what an application proves who it is.
func (p *pages) credentials(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	a, err := p.ours(r, v)
	if err != nil {
		return err
	}
	federated, err := p.federatedOf(r, v, a)
	if err != nil {
		return err
	}
	return p.page(w, r, v, a, "/credentials", portal.Frame{Title: "Certificates & secrets", Content: "thing",
		Intro: "By these the application proves who it is when it asks for tokens. A federated credential needs no secret at all.",
		Data:  portal.Thing{Sections: []portal.Section{federated, p.secretsOf(v, a), p.certificatesOf(v, a)}}})
}

func (p *pages) federatedOf(r *http.Request, v *admin.Visitor, a *app.View) (portal.Section, error) {
	s := portal.Section{ID: "federated", Heading: "Federated credentials", Do: []portal.Link{{Text: "Add credential", To: at(v, a, "/federated/new")}}}
	list, err := p.Federation.List(r.Context(), v.Who, federation.Parent{Kind: federation.Application, ID: a.ID})
	if err != nil {
		return s, err
	}
	if len(list) == 0 {
		s.None = &portal.Nothing{Title: "Nobody else vouches for it", Text: "Let a managed identity, a GitHub workflow, a Kubernetes service account or any OpenID Connect issuer’s workload act as this application."}
		return s, nil
	}
	s.Table = &portal.Table{Caption: "Federated credentials by name", Heads: []string{"Name", "Issuer", "Subject", "Audience", ""}}
	for _, c := range list {
		subject := string(c.Subject)
		if c.Expression != nil {
			subject = c.Expression.Value
		}
		to := at(v, a, "/federated/"+string(c.ID))
		s.Table.Rows = append(s.Table.Rows, portal.Row{Head: portal.Cell{Text: c.Name, Under: string(c.Description), To: to},
			Cells: []portal.Cell{{Text: c.Issuer, Whole: true}, {Text: subject, Whole: true}, {Text: c.Audiences[0], Whole: true}, {Do: &portal.Link{Text: "Delete…", Of: c.Name, To: to + "/delete"}}}})
	}
	return s, nil
}

// ending says when a secret or certificate ends.
func (p *pages) ending(end time.Time) portal.Cell {
	c, left := portal.Cell{At: end}, end.Sub(p.Clock.Now())
	switch {
	case left <= 0:
		c.Tag = &portal.Tag{Kind: "stop", Text: "Expired"}
	case left < soon:
		c.Tag = &portal.Tag{Kind: "wait", Text: "Expiring soon"}
	}
	return c
}

func (p *pages) secretsOf(v *admin.Visitor, a *app.View) portal.Section {
	s := portal.Section{ID: "secrets", Heading: "Client secrets", Do: []portal.Link{{Text: "New client secret", To: at(v, a, "/credentials/secrets/new")}}}
	if len(a.PasswordCredentials) == 0 {
		s.Text = "None. A secret is a text that the application sends along; whoever has it is the application."
		return s
	}
	s.Table = &portal.Table{Caption: "Client secrets", Heads: []string{"Description", "Expires", "Value begins with", "Secret ID", ""}}
	for _, c := range a.PasswordCredentials {
		s.Table.Rows = append(s.Table.Rows, portal.Row{Head: portal.Cell{Text: described(c.DisplayName)}, Cells: []portal.Cell{p.ending(c.EndDateTime), {Text: c.Hint}, {Text: string(c.KeyID)},
			{Do: &portal.Link{Text: "Remove…", Of: described(c.DisplayName), To: at(v, a, "/credentials/secrets/"+string(c.KeyID)+"/remove")}}}})
	}
	return s
}

func (p *pages) certificatesOf(v *admin.Visitor, a *app.View) portal.Section {
	s := portal.Section{ID: "certificates", Heading: "Certificates", Do: []portal.Link{{Text: "Add certificate", To: at(v, a, "/credentials/certificates/new")}}}
	if len(a.KeyCredentials) == 0 {
		s.Text = "None. The application signs with the private key, which stays with it; here is the certificate alone."
		return s
	}
	s.Table = &portal.Table{Caption: "Certificates", Heads: []string{"Description", "Thumbprint", "Start", "Expires", "Certificate ID", ""}}
	for _, c := range a.KeyCredentials {
		s.Table.Rows = append(s.Table.Rows, portal.Row{Head: portal.Cell{Text: described(c.DisplayName)}, Cells: []portal.Cell{{Text: c.CustomKeyIdentifier, Whole: true}, {At: c.StartDateTime}, p.ending(c.EndDateTime), {Text: string(c.KeyID)},
			{Do: &portal.Link{Text: "Remove…", Of: described(c.DisplayName), To: at(v, a, "/credentials/certificates/"+string(c.KeyID)+"/remove")}}}})
	}
	return s
}

func described(name *string) string {
	if said(name) == "" {
		return "Without a description"
	}
	return *name
}

// A keyKind is a secret or a certificate, where they are removed alike.
type keyKind struct {
	what, text string
	names      func(*app.View) map[ids.KeyID]*string
	remove     func(*pages, *http.Request, *admin.Visitor, *app.View, ids.KeyID) error
}

var keyKinds = map[string]keyKind{
	"secrets": {"client secret", "The next request with it is refused.", func(a *app.View) map[ids.KeyID]*string {
		all := make(map[ids.KeyID]*string)
		for _, c := range a.PasswordCredentials {
			all[c.KeyID] = c.DisplayName
		}
		return all
	}, func(p *pages, r *http.Request, v *admin.Visitor, a *app.View, key ids.KeyID) error {
		return p.Apps.RemovePassword(r.Context(), v.Who, a.ID, key)
	}},
	"certificates": {"certificate", "The next request that is signed with its key is refused.", func(a *app.View) map[ids.KeyID]*string {
		all := make(map[ids.KeyID]*string)
		for _, c := range a.KeyCredentials {
			all[c.KeyID] = c.DisplayName
		}
		return all
	}, func(p *pages, r *http.Request, v *admin.Visitor, a *app.View, key ids.KeyID) error {
		return p.Apps.RemoveCertificate(r.Context(), v.Who, a.ID, key)
	}},
}

// key returns the application, and the secret or certificate of it that the
// address names.
func (p *pages) key(r *http.Request, v *admin.Visitor) (a *app.View, kind keyKind, id ids.KeyID, name string, err error) {
	if a, err = p.ours(r, v); err != nil {
		return a, kind, id, name, err
	}
	kind, ok := keyKinds[r.PathValue("kind")]
	if !ok {
		return a, kind, id, name, portal.NoPage(nil, r)
	}
	if id, err = admin.ID[ids.KeyID](r, "key"); err != nil {
		return a, kind, id, name, err
	}
	named, ok := kind.names(a)[id]
	if !ok {
		err = fault.New(fault.NotFound, "The application has no such %s.", kind.what)
	}
	return a, kind, id, described(named), err
}

func (p *pages) removingKey(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	a, kind, _, name, err := p.key(r, v)
	if err != nil {
		return err
	}
	return p.ask(w, r, v, a, "Remove the "+kind.what+" “"+portal.Inert(name)+"”?", kind.text, "Remove "+kind.what, r.URL.EscapedPath(), at(v, a, "/credentials"), &portal.Draft{})
}

func (p *pages) removeKey(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	a, kind, id, _, err := p.key(r, v)
	if err != nil {
		return err
	}
	if err := kind.remove(p, r, v, a, id); err != nil {
		return err
	}
	return p.Done(w, r, at(v, a, "/credentials"), "The "+kind.what+" is removed.")
}

// lives are how long a new secret lasts, in days.
var lives = []portal.Option{
	{Value: "180", Label: "180 days (recommended)"}, {Value: "90", Label: "90 days (3 months)"}, {Value: "365", Label: "365 days (12 months)"},
	{Value: "545", Label: "545 days (18 months)"}, {Value: "730", Label: "730 days (24 months)"}, {Value: "own", Label: "Until the day below"},
}

func (p *pages) newSecret(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.secretForm(w, r, v, &portal.Draft{})
}

func (p *pages) secretForm(w http.ResponseWriter, r *http.Request, v *admin.Visitor, d *portal.Draft) error {
	a, err := p.ours(r, v)
	if err != nil {
		return err
	}
	return p.Show(w, r, v, portal.Frame{Title: "Add a client secret", Content: "form", Crumbs: crumbs(v, a, portal.Link{Text: "Certificates & secrets", To: at(v, a, "/credentials")}), Problems: d.Problems,
		Data: portal.Form{Action: at(v, a, "/credentials/secrets/new"), Button: "Add secret in " + v.Name(), Back: at(v, a, "/credentials"),
			Text: "The next page shows the secret, once.",
			Parts: []portal.Part{
				d.Line(portal.Field{ID: "description", Label: "Description", Optional: true, Autocomplete: "off"}),
				d.Pick(portal.Select{Field: portal.Field{ID: "life", Label: "Expires"}, Options: lives}),
				d.Line(portal.Field{ID: "end", Label: "Last day", Type: "date", Optional: true}),
			}}})
}

// addSecret makes a secret and shows it: it is nowhere else.
func (p *pages) addSecret(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	d, err := admin.Form(r)
	if err != nil {
		return err
	}
	a, err := p.ours(r, v)
	if err != nil {
		return err
	}
	ask := app.PasswordCredential{EndDateTime: p.endOf(d)}
	if text := d.Get("description"); text != "" {
		ask.DisplayName = &text
	}
	if !d.OK() {
		return p.secretForm(w, r, v, d)
	}
	made, err := p.Apps.AddPassword(r.Context(), v.Who, a.ID, ask)
	if err != nil {
		if d.Refused(err, map[string]string{"passwordCredentials": "description", "endDateTime": "end"}) {
			return p.secretForm(w, r, v, d)
		}
		return err
	}
	return p.Show(w, r, v, portal.Frame{Title: "Copy the secret now", Content: "thing", Script: "copy", Crumbs: crumbs(v, a, portal.Link{Text: "Certificates & secrets", To: at(v, a, "/credentials")}),
		Note:  &portal.Note{Kind: "ok", Lead: "The client secret is made.", Text: "Its value is shown this once. Whoever loses it makes another."},
		Intro: "Put it where the application reads its secrets, and nowhere else.",
		Data: portal.Thing{Do: []portal.Link{{Text: "I have copied it", To: at(v, a, "/credentials")}},
			Sections: []portal.Section{{ID: "secret", Heading: described(made.DisplayName), Codes: []portal.Code{{ID: "value", Label: "Value", Value: said(made.SecretText)}, {ID: "key", Label: "Secret ID", Value: string(made.KeyID)}},
				Facts: []portal.Fact{{Name: "Expires", At: made.EndDateTime}}}}}})
}

// endOf reads until when a secret is to last.
func (p *pages) endOf(d *portal.Draft) time.Time {
	life := d.Get("life")
	if life == "own" {
		day, err := time.Parse(time.DateOnly, d.Get("end"))
		if err != nil {
			d.Wrong("end", "Enter the last day")
		}
		return day.AddDate(0, 0, 1)
	}
	if !slices.ContainsFunc(lives, func(o portal.Option) bool { return o.Value == life }) {
		life = lives[0].Value
	}
	days, err := time.ParseDuration(life + "h")
	if err != nil {
		return time.Time{} // the service's own
	}
	return p.Clock.Now().Add(24 * days)
}

func (p *pages) newCertificate(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.certificateForm(w, r, v, &portal.Draft{})
}

func (p *pages) certificateForm(w http.ResponseWriter, r *http.Request, v *admin.Visitor, d *portal.Draft) error {
	a, err := p.ours(r, v)
	if err != nil {
		return err
	}
	return p.Show(w, r, v, portal.Frame{Title: "Add a certificate", Content: "form", Crumbs: crumbs(v, a, portal.Link{Text: "Certificates & secrets", To: at(v, a, "/credentials")}), Problems: d.Problems,
		Data: portal.Form{Action: at(v, a, "/credentials/certificates/new"), Button: "Add certificate in " + v.Name(), Back: at(v, a, "/credentials"),
			Parts: []portal.Part{
				d.Lines(portal.Area{Field: portal.Field{ID: "certificate", Label: "Certificate", Hint: "PEM, or base64 of the DER. Never the private key.", Class: "mono"}, Rows: 8, Most: 16000}),
				d.Line(portal.Field{ID: "description", Label: "Description", Optional: true, Autocomplete: "off", Hint: "The certificate’s subject, unless you say otherwise."}),
			}}})
}

func (p *pages) addCertificate(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	d, err := admin.Form(r)
	if err != nil {
		return err
	}
	a, err := p.ours(r, v)
	if err != nil {
		return err
	}
	var ask app.KeyCredential
	if ask.Key, err = app.CertificateFrom(d.Get("certificate")); err == nil {
		if text := d.Get("description"); text != "" {
			ask.DisplayName = &text
		}
		_, err = p.Apps.AddCertificate(r.Context(), v.Who, a.ID, ask)
	}
	if err != nil {
		if strings.Contains(d.Get("certificate"), "PRIVATE KEY") {
			d.Values.Del("certificate") // it is not sent back either
		}
		if d.Refused(err, map[string]string{"keyCredentials": "certificate"}) {
			return p.certificateForm(w, r, v, d)
		}
		return err
	}
	return p.Done(w, r, at(v, a, "/credentials#certificates"), "The certificate is added and counts at once.")
}
