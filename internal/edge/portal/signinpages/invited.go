package signinpages

import (
	"net/http"

	"entente/internal/edge/portal"
	"entente/internal/flow/guest"
)

// invited shows the invitation that a link opens, and does nothing to it:
// programs that check mail open every link. It tells nothing to whoever has no
// ticket of it.
func (p *Pages) invited(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	t, err := guest.ReadTicket(q.Get("tenant"), q.Get("user"), q.Get("ticket"))
	if err != nil {
		return err
	}
	v, err := p.guests.Show(r.Context(), t)
	if err != nil {
		return err
	}
	w.Header().Set("Referrer-Policy", "no-referrer") // the address holds the ticket
	return p.show.Lone(w, r, portal.Lone{
		Title: "Your invitation", Area: "Invitation", Content: "invited", Data: invitation{v, q.Get("tenant"), q.Get("user"), q.Get("ticket")},
		Ticket: portal.Ticket{
			From: portal.Half{Label: "From", Name: "Your home", Hidden: "not known yet", Open: true},
			To:   portal.Half{Label: "Invites you as a guest", Name: v.Tenant},
		},
	})
}

// An invitation is what the page shows.
type invitation struct {
	guest.Shown
	Of, User, Ticket string
}

// Last returns the last day of the invitation.
func (i invitation) Last() string { return day(i.Until) }
