package account

import (
	"net/http"

	"entente/internal/core/directory"
	"entente/internal/edge/portal"
)

// overviewData is what the first page shows.
type overviewData struct {
	You, Here []portal.Fact
	In        string // the organization in which the visitor acts, unless it is home
}

// overview says who the visitor is, at home and where they act.
func (p *Pages) overview(w http.ResponseWriter, r *http.Request, v *portal.Visitor) error {
	d := overviewData{You: []portal.Fact{
		{Name: "Name", Value: v.Account.DisplayName},
		{Name: "User name", Value: v.Account.UserPrincipalName},
		{Name: "Home organization", Value: v.Home.DisplayName},
		{Name: "Verified domain", Value: v.Home.DefaultDomain()},
		{Name: "Object ID", Value: string(v.Account.ID), Code: true},
		{Name: "Signed in", At: v.Session.AuthAt, Link: &portal.Link{Text: "Sessions", To: "/account/sessions"}},
		{Name: "Time zone", Value: portal.Zone(r).String(), Link: &portal.Link{Text: "Change the time zone", To: "/account/time-zone"}},
	}}
	if !v.AtHome() {
		d.In, d.Here = v.In.DisplayName, []portal.Fact{
			{Name: "You are", Value: kindOf(v.Here)},
			{Name: "Name there", Value: v.Here.DisplayName},
			{Name: "User name there", Value: v.Here.UserPrincipalName},
			{Name: "Verified domain", Value: v.In.DefaultDomain()},
			{Name: "Object ID there", Value: string(v.Here.ID), Code: true},
		}
		if at := v.Here.ExternalUserStateChange; at != nil {
			d.Here = append(d.Here, portal.Fact{Name: "Since", At: *at})
		}
	}
	return p.frame(w, r, v, "/account", portal.Frame{Title: "My account", Intro: "Who you are, at home and where you act.", Content: "overview", Data: d})
}

// kindOf says what a user is in a tenant.
func kindOf(u *directory.User) string {
	if u.UserType != nil && *u.UserType == directory.Guest {
		return "Guest"
	}
	return "Member"
}
