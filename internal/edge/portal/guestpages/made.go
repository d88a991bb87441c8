package guestpages

import (
	"net/http"

	"entente/internal/edge/portal"
	"entente/internal/kit/ids"
)

// madeData is what the page of an invitation shows.
type madeData struct {
	Address string
	Link    *portal.Code // nil once it was used
	Until   string
	Ended   bool
	Tenant  string
}

// made shows the link of an invitation to the person who made it.
func (p *Pages) made(w http.ResponseWriter, r *http.Request, v *portal.Visitor) error {
	q := r.URL.Query()
	user, err := ids.Parse[ids.ObjectID](q.Get("user"))
	if err != nil {
		return portal.NoPage(w, r)
	}
	m, err := p.guests.Made(r.Context(), v.Caller(v.Browser), user, q.Get("invitation"))
	if err != nil {
		return err
	}
	d := madeData{Until: v.Local(m.Until).Format("January 2, 2006"), Ended: m.Ended, Tenant: v.In.DisplayName}
	if m.Guest.Mail != nil {
		d.Address = *m.Guest.Mail
	}
	if !m.Link.IsZero() {
		d.Link = &portal.Code{ID: "link", Label: "Link of the invitation", Value: m.Link.Reveal(),
			Hint: "It is for this guest alone, and counts once. A newer invitation takes its place."}
	}
	return p.page(w, r, v, portal.Frame{
		Title: "Hand the invitation on", Crumbs: []portal.Link{{Text: "Invite a guest", To: first}}, Content: "made", Data: d, Script: "copy",
	}, portal.Half{Label: "Guest of", Name: "Another organization", Hidden: "has not agreed yet", Open: !m.Guest.HasAccepted()})
}
