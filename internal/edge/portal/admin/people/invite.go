package people

import (
	"net/http"
	"net/url"

	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/kit/ids"
)

// inviting asks whom to invite.
func (p *pages) inviting(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	if err := p.Guests.May(r.Context(), v.Who); err != nil {
		return err
	}
	d := &portal.Draft{}
	if address := r.URL.Query().Get("address"); address != "" {
		d.Values = url.Values{"address": {portal.Clip(address, portal.MaxFind)}, "send": {"yes"}}
	}
	return p.inviteForm(w, r, v, d)
}

func (p *pages) inviteForm(w http.ResponseWriter, r *http.Request, v *admin.Visitor, d *portal.Draft) error {
	f := portal.NewInviteForm(d, p.Base+"/@"+url.PathEscape(v.Tenant.DefaultDomain())+"/access", p.Guests.SendsMail())
	var parts []portal.Part
	for _, field := range f.Fields {
		parts = append(parts, portal.Part{Field: &field})
	}
	if f.Send != nil {
		parts = append(parts, portal.Part{Option: f.Send})
	}
	return p.Show(w, r, v, portal.Frame{Title: "Invite external user", Content: "form", Problems: d.Problems, Crumbs: crumbs(v, nil),
		Intro: "A person of another organization gets a guest account in " + v.Name() + " once they accept. You answer for them as their sponsor.",
		Data:  portal.Form{Action: v.To("/users/invite"), Parts: parts, Button: "Invite to " + v.Name(), Back: v.To("/users")}})
}

// invite makes the invitation and leads to its link.
func (p *pages) invite(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	d, err := admin.Form(r)
	if err != nil {
		return err
	}
	body, send, err := portal.Invitation(d)
	if err != nil {
		return err
	}
	made, err := p.Guests.Invite(r.Context(), v.Who, body, nil)
	if err != nil {
		if portal.Uninvited(d, err) {
			return p.inviteForm(w, r, v, d)
		}
		return err
	}
	n := portal.Note{Kind: "ok", Lead: "The invitation is made."}
	if send {
		n = portal.Note{Kind: "ok", Lead: "The invitation is on its way by mail.", Text: "You can hand on the link besides."}
	}
	return p.Told(w, r, v.To("/users/"+string(made.User.ID)+"/invitation?id="+url.QueryEscape(made.ID)), n)
}

// invitation shows an invitation's link to the person who made it.
func (p *pages) invitation(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	user, err := admin.ID[ids.ObjectID](r, "user")
	if err != nil {
		return err
	}
	m, err := p.Guests.Made(r.Context(), v.Who, user, r.URL.Query().Get("id"))
	if err != nil {
		return err
	}
	here := v.To("/users/" + string(user))
	s := portal.Section{ID: "invitation", Heading: "Hand the invitation on"}
	switch {
	case m.Link.IsZero():
		s.Text = "The invitation was used: " + portal.Inert(m.Guest.DisplayName) + " is a guest of " + v.Name() + "."
	case m.Ended:
		s.Text = "The invitation has ended. Invite them once more for a new link."
	default:
		s.Text = "Give this link to " + portal.Inert(said(m.Guest.Mail)) + ", by a way on which you know that it is them. It waits until " + portal.Stamp(m.Until) + " (UTC). Only the account with this address can accept."
		s.Codes = []portal.Code{{ID: "link", Label: "Link of the invitation", Value: m.Link.Reveal(), Hint: "It counts once. A newer invitation takes its place."}}
	}
	return p.Show(w, r, v, portal.Frame{Title: "Invitation of " + portal.Inert(m.Guest.DisplayName), Content: "thing", Script: "copy", Crumbs: []portal.Link{{Text: "Users", To: v.To("/users")}, {Text: portal.Inert(m.Guest.DisplayName), To: here}},
		Data: portal.Thing{Do: []portal.Link{{Text: "Open the user", To: here}, {Text: "Invite another", To: v.To("/users/invite")}}, Sections: []portal.Section{s}}})
}
