package people

import (
	"encoding/json"
	"net/http"

	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
)

// ask shows a page that asks whether the visitor means it.
func (p *pages) ask(w http.ResponseWriter, r *http.Request, v *admin.Visitor, title, text, button, to string) error {
	u, err := p.one(r, v)
	if err != nil {
		return err
	}
	return p.Show(w, r, v, portal.Frame{Title: title + " " + portal.Inert(u.DisplayName) + "?", Content: "form", Crumbs: crumbs(v, u),
		Data: portal.Form{Action: at(v, u, to), Stop: true, Text: text, Button: button + " in " + v.Name(), Back: at(v, u, ""), Leave: "Keep it as it is"}})
}

// do does something with the user that the address names, and tells it.
func (p *pages) do(w http.ResponseWriter, r *http.Request, v *admin.Visitor, done, to string, change func(id string) error) error {
	u, err := p.one(r, v)
	if err != nil {
		return err
	}
	if err := change(string(u.ID)); err != nil {
		return err
	}
	if to == "" {
		to = at(v, u, "")
	}
	return p.Done(w, r, to, done)
}

func (p *pages) blocking(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.ask(w, r, v, "Block sign-in of", "They can no longer sign in here, and tokens that applications have of them end. What they have stays.", "Block sign-in", "/block")
}

// enable says whether somebody may sign in.
func (p *pages) enable(r *http.Request, v *admin.Visitor, id string, may bool) error {
	body, err := json.Marshal(map[string]bool{"accountEnabled": may})
	if err != nil {
		return err
	}
	_, err = p.Users.Update(r.Context(), v.Who, id, body)
	return err
}

func (p *pages) block(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.do(w, r, v, "They can no longer sign in.", "", func(id string) error { return p.enable(r, v, id, false) })
}

func (p *pages) allow(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.do(w, r, v, "They can sign in again.", "", func(id string) error { return p.enable(r, v, id, true) })
}

func (p *pages) revoking(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.ask(w, r, v, "End all sessions of", "Every browser and every application has to have them sign in again.", "End sessions", "/revoke")
}

func (p *pages) revoke(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.do(w, r, v, "All their sessions are over.", "", func(id string) error { return p.Users.RevokeSessions(r.Context(), v.Who, id) })
}

func (p *pages) deleting(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.ask(w, r, v, "Delete", "They lose everything they have here. The account can be restored for thirty days.", "Delete user", "/delete")
}

func (p *pages) remove(w http.ResponseWriter, r *http.Request, v *admin.Visitor) error {
	return p.do(w, r, v, "The user is deleted.", v.To("/users"), func(id string) error { return p.Users.Delete(r.Context(), v.Who, id) })
}
