package governance

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/flow/offer"
)

const day = 24 * time.Hour

// settings shows what becomes of guests who have lost their last access, and who
// may set up what.
func (p *pages) settings(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	s, err := p.Access.Settings(r.Context(), v.Who)
	if err != nil {
		return err
	}
	return p.settingsForm(w, r, v, &portal.Draft{Values: url.Values{"lifecycle": {string(s.Lifecycle)}, "days": {strconv.Itoa(int(s.DeleteIn / day))}}})
}

func (p *pages) settingsForm(w http.ResponseWriter, r *http.Request, v *admin.Visitor, d *portal.Draft) error {
	roles := portal.Section{ID: "roles", Heading: "Who may set up what", Text: "Roles in all of entitlement management. Those of one catalog stand on its page.",
		Do: []portal.Link{{Text: "Add a role", To: v.To("/entitlement/settings/roles")}}}
	t, err := p.held(r, v, nil, v.To("/entitlement/settings/roles"))
	if err != nil {
		return err
	}
	if roles.Table = t; t == nil {
		roles.None = &portal.Nothing{Title: "Nobody in particular", Text: "Administrators of " + v.Name() + " may set up everything."}
	}
	f := portal.Form{Action: v.To("/entitlement/settings"), Button: "Save in " + v.Name(), Parts: []portal.Part{
		d.Choose(portal.Choices{ID: "lifecycle", Legend: "When a guest has lost the last access", Hint: "Only guests whom entitlement management made. New access stops it, and a blocked guest can ask again.", Boxed: true, Options: []portal.Option{
			{Value: string(offer.KeepGuest), Label: "Keep the account as it is"},
			{Value: string(offer.BlockGuest), Label: "Block from signing in"},
			{Value: string(offer.BlockAndDeleteGuest), Label: "Block from signing in, and remove later"}}}),
		d.Line(portal.Field{ID: "days", Label: "Days before the account is removed", Class: "w-date", InputMode: "numeric", Autocomplete: "off", Hint: "0 to 3660, from the day it is blocked."})}}
	return p.Show(w, r, v, portal.Frame{Title: "Settings", Content: "thing", Problems: d.Problems, Crumbs: crumbs(v), Intro: "What holds for all of entitlement management in " + v.Name() + ".",
		Data: portal.Thing{Sections: []portal.Section{{ID: "lifecycle-of-guests", Heading: "External users", Text: "What becomes of guests at the end.", Form: &f}, roles}}})
}

// saveSettings changes what becomes of guests.
func (p *pages) saveSettings(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	d, err := admin.Form(r)
	if err != nil {
		return err
	}
	days, err := strconv.Atoi(d.Get("days"))
	if err != nil || days < 0 || days > 3660 {
		d.Wrong("days", "Enter a number of days, 0 to 3660")
		return p.settingsForm(w, r, v, d)
	}
	change := offer.SettingsChange{Lifecycle: ptr(offer.Lifecycle(d.Get("lifecycle"))), DeleteIn: ptr(time.Duration(days) * day)}
	if err := p.Access.UpdateSettings(r.Context(), v.Who, change); err != nil {
		if d.Refused(err, map[string]string{"externalUserLifecycleAction": "lifecycle", "durationUntilExternalUserDeletedAfterBlocked": "days"}) {
			return p.settingsForm(w, r, v, d)
		}
		return err
	}
	return p.Done(w, r, v.To("/entitlement/settings"), "The settings are saved.")
}

// addingWideRole asks to whom a role in all of entitlement management is given.
func (p *pages) addingWideRole(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.wideRoleForm(w, r, v, &portal.Draft{})
}

func (p *pages) wideRoleForm(w http.ResponseWriter, r *http.Request, v *admin.Visitor, d *portal.Draft) error {
	parts, err := p.roleParts(r, v, d, true)
	if err != nil {
		return err
	}
	return p.Show(w, r, v, portal.Frame{Title: "Add a role", Content: "form", Problems: d.Problems, Crumbs: crumbs(v, portal.Link{Text: "Settings", To: v.To("/entitlement/settings")}),
		Data: portal.Form{Action: v.To("/entitlement/settings/roles"), Parts: parts, Button: "Give role in " + v.Name(), Back: v.To("/entitlement/settings")}})
}

// addWideRole gives a role in all of entitlement management.
func (p *pages) addWideRole(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	d, err := admin.Form(r)
	if err != nil {
		return err
	}
	done, err := p.given(r, v, d, nil)
	if err != nil {
		return err
	}
	if !done {
		return p.wideRoleForm(w, r, v, d)
	}
	return p.Done(w, r, v.To("/entitlement/settings"), "The role is given.")
}

// removeWideRole takes such a role back.
func (p *pages) removeWideRole(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.unassign(w, r, v, nil, v.To("/entitlement/settings"))
}
