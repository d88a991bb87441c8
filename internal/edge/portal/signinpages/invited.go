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
		Title: "Your invitation", Area: "Invitation", Content: "invited", Data: invitation{v},
		Ticket: portal.Ticket{To: portal.Half{Label: "You are invited by", Name: v.Tenant, Open: !v.Accepted}},
	})
}

// An invitation is what the page shows.
type invitation struct{ guest.Shown }

// Last returns the last day of the invitation.
func (i invitation) Last() string { return i.Until.UTC().Format("January 2, 2006") }
