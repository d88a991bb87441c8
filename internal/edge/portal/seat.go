package portal

import (
	"net/http"

	"entente/internal/flow/signin"
)

// Seated shows a page in the frame of a portal to whoever visits it: as whom
// they act and where, what they were told on the way, and where else they could
// go. A ticket of the page's own stays.
func (t *Templates) Seated(w http.ResponseWriter, r *http.Request, s *signin.Service, v *Visitor, f Frame) error {
	elsewhere, err := s.Elsewhere(r.Context(), v.Visitor)
	if err != nil {
		return err
	}
	if f.Note == nil {
		f.Note = Take(w, r)
	}
	if f.Ticket.To.Name == "" {
		f.Ticket = ticketOf(v)
	}
	f.Account = accountOf(v, elsewhere)
	return t.Frame(w, r, f)
}

// ticketOf says where the visitor acts.
func ticketOf(v *Visitor) Ticket {
	if v.AtHome() {
		return Ticket{To: Half{Label: "You act in", Name: v.In.DisplayName, Hidden: "your home", Seat: true}}
	}
	return Ticket{From: Half{Label: "From", Name: v.Home.DisplayName}, To: Half{Label: "You act in", Name: v.In.DisplayName, Seat: true}}
}

// mostSwitches is how many organizations the menu offers by itself.
const mostSwitches = 6

// accountOf is the menu of the account.
func accountOf(v *Visitor, elsewhere []signin.Organization) Account {
	a := Account{Name: v.Account.DisplayName, Address: v.Account.UserPrincipalName, Home: v.Home.DisplayName}
	for _, o := range elsewhere[:min(len(elsewhere), mostSwitches)] {
		a.Links = append(a.Links, Link{Text: "Switch to " + o.Name, To: "/account/organizations/switch", Post: true, Fields: map[string]string{"tenant": string(o.ID)}})
	}
	if len(elsewhere) > mostSwitches {
		a.Links = append(a.Links, Link{Text: "All organizations", To: "/account/organizations"})
	}
	a.Links = append(a.Links,
		Link{Text: "Sign-ins and sessions", To: "/account/sessions"},
		Link{Text: "Use another account", To: "/account/choose"},
		Link{Text: "Sign out", To: "/common/signout", Post: true, Fields: map[string]string{"session": string(v.Session.ID)}})
	return a
}
