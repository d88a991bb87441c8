package enterprise

import (
	"net/http"
	"net/url"
	"slices"
	"time"

	"entente/internal/core/consent"
	"entente/internal/core/object"
	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// shortening shows the form of an earlier end.
func (p *pages) shortening(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	s, c, _, err := p.consented(r, v)
	if err != nil {
		return err
	}
	d := &portal.Draft{}
	if !c.Ends.IsZero() {
		d.Values = url.Values{"end": {c.Ends.UTC().Add(-time.Second).Format(time.DateOnly)}}
	}
	return p.shortenForm(w, r, v, s, c, d)
}

func (p *pages) shortenForm(w http.ResponseWriter, r *http.Request, v *admin.Visitor, s *consent.Standing, c object.Cause, d *portal.Draft) error {
	here := at(v, s.ID, "/consents/"+string(c.ID))
	return p.Show(w, r, v, portal.Frame{Title: "Change the end", Content: "form", Problems: d.Problems,
		Crumbs: crumbs(v, s, permissionsCrumb(v, s), portal.Link{Text: "Consent", To: here}),
		Data: portal.Form{Action: here + "/shorten", Button: "Change the end in " + v.Name(), Back: here,
			Text:  "What this keeps ends then, to the second. It can only come earlier: for longer the application asks for consent again.",
			Parts: []portal.Part{d.Line(portal.Field{ID: "end", Label: "Last day", Type: "date", Class: "w-date", Autocomplete: "off", Hint: "To its end (UTC)."})}}})
}

// shorten gives a consent an earlier end.
func (p *pages) shorten(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	d, err := admin.Form(r)
	if err != nil {
		return err
	}
	s, c, _, err := p.consented(r, v)
	if err != nil {
		return err
	}
	end := lastDay(d, "end")
	if d.OK() && end.IsZero() {
		d.Wrong("end", "Enter a date, such as 2027-03-31")
	}
	if d.OK() {
		if err := p.Consent.Shorten(r.Context(), v.Who, s.ID, c.ID, end); err != nil && !refused(d, err) {
			return err
		}
	}
	if !d.OK() {
		return p.shortenForm(w, r, v, s, c, d)
	}
	return p.Done(w, r, at(v, s.ID, "/permissions"), "The end is changed.")
}

// ending asks whether the visitor means it.
func (p *pages) ending(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	s, c, _, err := p.consented(r, v)
	if err != nil {
		return err
	}
	here := at(v, s.ID, "/consents/"+string(c.ID))
	text := "What it keeps alone is taken away at once: tokens that were given out before count for nothing in Microsoft Graph."
	if c.Kind == object.ByConsent {
		text += " If nothing else keeps the application here, it goes too."
	}
	return p.Show(w, r, v, portal.Frame{Title: "End the consent to " + portal.Inert(s.DisplayName) + "?", Content: "form", Crumbs: crumbs(v, s, permissionsCrumb(v, s), portal.Link{Text: "Consent", To: here}),
		Data: portal.Form{Action: here + "/end", Stop: true, Text: text, Button: "End consent in " + v.Name(), Back: here, Leave: "Keep it"}})
}

// end ends a consent.
func (p *pages) end(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	s, c, _, err := p.consented(r, v)
	if err != nil {
		return err
	}
	gone, err := p.Consent.Withdraw(r.Context(), v.Who, s.ID, c.ID)
	if err != nil {
		return err
	}
	if gone {
		return p.Done(w, r, v.To("/enterprise-applications"), "The consent has ended, and with it the application is gone from here.")
	}
	return p.Done(w, r, at(v, s.ID, "/permissions"), "The consent has ended.")
}

// named returns the application and the one permission that the address names.
func (p *pages) named(r *http.Request, v *admin.Visitor) (*consent.Standing, consent.Permission, error) {
	s, err := p.standing(r, v)
	if err != nil {
		return nil, consent.Permission{}, err
	}
	q := r.URL.Query()
	i := slices.IndexFunc(s.Permissions, func(x consent.Permission) bool {
		if x.Application {
			return string(x.Assignment) == q.Get("assignment")
		}
		return string(x.Grant) == q.Get("grant") && x.Value == q.Get("scope")
	})
	if i < 0 {
		return nil, consent.Permission{}, fault.New(fault.NotFound, "There is no such permission, or it has ended.")
	}
	return s, s.Permissions[i], nil
}

// revoking asks whether the visitor means it.
func (p *pages) revoking(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	s, x, err := p.named(r, v)
	if err != nil {
		return err
	}
	return p.Show(w, r, v, portal.Frame{Title: "Revoke " + portal.Inert(permission(x).Head.Text) + "?", Content: "form", Crumbs: crumbs(v, s, permissionsCrumb(v, s)),
		Data: portal.Form{Action: at(v, s.ID, "/permissions/revoke?"+r.URL.Query().Encode()), Stop: true, Button: "Revoke permission in " + v.Name(), Back: at(v, s.ID, "/permissions"), Leave: "Keep it",
			Text: portal.Inert(s.DisplayName) + " loses this permission on " + portal.Inert(x.ResourceOf) + " at once, whoever granted it. The rest stays."}})
}

// revoke takes one permission away.
func (p *pages) revoke(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	s, x, err := p.named(r, v)
	if err != nil {
		return err
	}
	if x.Application {
		err = p.Consent.Unassign(r.Context(), v.Who, consent.HeldBy(s.ID), x.Assignment)
	} else {
		err = p.Consent.RevokeScope(r.Context(), v.Who, s.ID, x.Grant, x.Value)
	}
	if err != nil {
		return err
	}
	return p.Done(w, r, at(v, s.ID, "/permissions"), "The permission is revoked.")
}

// personal lists what people have agreed to for themselves.
func (p *pages) personal(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	s, err := p.standing(r, v)
	if err != nil {
		return err
	}
	page, err := portal.PageOf(r)
	if err != nil {
		return err
	}
	found, err := p.Consent.Personal(r.Context(), v.Who, s.ID, page)
	if err != nil {
		return portal.BadPage(err)
	}
	l := portal.List{First: portal.FirstPage(r), Next: portal.NextPage(r, found.Next)}
	t := portal.Table{Caption: "What users have agreed to", Heads: []string{"User", "API", "Delegated permissions", "Since", ""}}
	for _, g := range found.Items {
		t.Rows = append(t.Rows, portal.Row{Head: portal.Cell{Text: g.Person, To: v.To("/users/" + string(*g.PrincipalID))}, Cells: []portal.Cell{{Text: g.ResourceOf}, {Text: g.Scope}, {At: g.Since},
			{Do: &portal.Link{Text: "Revoke…", Of: g.Person, To: at(v, s.ID, "/user-consents/"+string(g.ID)+"/revoke")}}}})
	}
	if l.Table = &t; len(t.Rows) == 0 {
		l.Table, l.None = nil, &portal.Nothing{Title: "No user has consented", Text: "What users agree to for themselves alone stands here."}
	}
	return p.Show(w, r, v, portal.Frame{Title: "User consent to " + portal.Inert(s.DisplayName), Content: "list", Data: l, Crumbs: crumbs(v, s, permissionsCrumb(v, s))})
}

// personalOne returns the application and the consent of a person that the
// address names.
func (p *pages) personalOne(r *http.Request, v *admin.Visitor) (*consent.Standing, consent.PersonalConsent, error) {
	s, err := p.standing(r, v)
	if err != nil {
		return nil, consent.PersonalConsent{}, err
	}
	g, err := p.Consent.PersonalOne(r.Context(), v.Who, s.ID, ids.GrantID(r.PathValue("grant")))
	return s, g, err
}

// revokingPersonal asks whether the visitor means it.
func (p *pages) revokingPersonal(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	s, g, err := p.personalOne(r, v)
	if err != nil {
		return err
	}
	return p.Show(w, r, v, portal.Frame{Title: "Revoke the consent of " + portal.Inert(g.Person) + "?", Content: "form", Crumbs: crumbs(v, s, portal.Link{Text: "User consent", To: at(v, s.ID, "/user-consents")}),
		Data: portal.Form{Action: at(v, s.ID, "/user-consents/"+string(g.ID)+"/revoke"), Stop: true, Button: "Revoke consent in " + v.Name(), Back: at(v, s.ID, "/user-consents"), Leave: "Keep it",
			Text: portal.Inert(s.DisplayName) + " can no longer act for them on " + portal.Inert(g.ResourceOf) + ", as far as they alone agreed: " + portal.Inert(g.Scope) + ". They are asked again when they use it next."}})
}

// revokePersonal takes back what a person agreed to.
func (p *pages) revokePersonal(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	s, g, err := p.personalOne(r, v)
	if err != nil {
		return err
	}
	if err := p.Consent.Revoke(r.Context(), v.Who, g.ID); err != nil {
		return err
	}
	return p.Done(w, r, at(v, s.ID, "/user-consents"), "The consent is revoked.")
}
