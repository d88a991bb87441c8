package signinpages

import (
	"errors"
	"net/http"

	"entente/internal/edge/portal"
	"entente/internal/flow/guest"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
)

// invited shows the invitation that a link opens, and does nothing to it:
// programs that check mail open every link. It tells nothing to whoever has no
// ticket of it.
func (p *Pages) invited(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	v, err := p.guests.Show(r.Context(), ids.TenantID(q.Get("tenant")), ids.ObjectID(q.Get("user")), secret.NewString(q.Get("ticket")))
	if errors.Is(err, fault.NotFound) {
		return nothing(w, r)
	}
	if err != nil {
		return err
	}
	w.Header().Set("Referrer-Policy", "no-referrer") // the address holds the ticket
	return p.show.Lone(w, r, portal.Lone{
		Title: "Your invitation", Area: "Invitation", Content: "invited", Data: invitation{v},
		Ticket: portal.Ticket{To: portal.Half{Label: "You are invited by", Name: v.Tenant, Open: !v.Completed}},
	})
}

// An invitation is what the page shows.
type invitation struct{ guest.Shown }

// Until returns the last day of the invitation.
func (i invitation) Until() string { return i.ExpiresAt.UTC().Format("January 2, 2006") }
