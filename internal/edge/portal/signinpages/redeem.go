package signinpages

import (
	"errors"
	"net/http"
	"net/url"
	"time"

	"entente/internal/edge/portal"
	"entente/internal/flow/guest"
	"entente/internal/flow/signin"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
	"entente/internal/kit/web"
)

// redeem begins a sign-in with the ticket of an invitation, from the page that
// its link opens.
func (p *Pages) redeem(w http.ResponseWriter, r *http.Request) error {
	form, err := web.Form(r)
	if err != nil {
		return err
	}
	t, err := guest.ReadTicket(form.Get("tenant"), form.Get("user"), form.Get("ticket"))
	if err != nil {
		return err
	}
	f, err := p.signIn.BeginRedeem(r.Context(), p.browser(w, r), t)
	if err != nil {
		return err
	}
	p.goOn(w, r, f.ID)
	return nil
}

// redeemData is what the template of the invitation shows to whom it is for.
type redeemData struct {
	Flow   ids.FlowID
	Shown  secret.Digest
	R      *guest.Redemption
	Domain string // of the tenant that invites
	On     string // the day of the invitation, or empty
	To     string // the host that the guest goes on to, or the application's name
}

// redeemPage asks the person to accept or to decline.
func (p *Pages) redeemPage(w http.ResponseWriter, r *http.Request, b signin.Browser, look *signin.Look) error {
	v, err := p.signIn.Redemption(r.Context(), b, look.Flow.ID)
	if errors.Is(err, signin.Stale) {
		p.goOn(w, r, look.Flow.ID) // it has gone on meanwhile
		return nil
	}
	if err != nil {
		return err
	}
	d := redeemData{Flow: look.Flow.ID, Shown: v.Shown(), R: v, Domain: v.In.DefaultDomain(), To: look.App}
	if v.Redirect != "" {
		d.To = hostOf(v.Redirect)
	}
	if !v.InvitedAt.IsZero() {
		d.On = day(v.InvitedAt)
	}
	return p.show.Lone(w, r, portal.Lone{
		Title: portal.Inert(v.In.DisplayName) + " invites you as a guest", Area: "Invitation", Content: "redeem", Data: d,
		Ticket: redeemTicket(look), Note: portal.Take(w, r), FormTo: look.Flow.Ask.ReplyTo,
	})
}

// redeemTicket says who invites, which is agreed to, and whose account answers.
func redeemTicket(look *signin.Look) portal.Ticket {
	t := portal.Ticket{
		From: portal.Half{Label: "From", Name: "Your home", Hidden: "not known yet", Open: true},
		To:   portal.Half{Label: "Invites you as a guest", Name: look.To.Name},
	}
	if look.Home != nil {
		t.From.Name, t.From.Hidden = look.Home.Name, "has not agreed yet"
	}
	if look.Flow.State == signin.Redeem {
		t.From.Label, t.From.Seat = "You act in", true
	}
	return t
}

// answerInvitation takes the answer and leads on.
func (p *Pages) answerInvitation(w http.ResponseWriter, r *http.Request) error {
	id, form, err := posted(r)
	if err != nil {
		return err
	}
	ctx, b := r.Context(), p.browser(w, r)
	switch form.Get("decision") {
	case "accept":
		var shown secret.Digest
		if shown, err = secret.ParseDigest(form.Get("shown")); err != nil {
			return err
		}
		err = p.signIn.Redeem(ctx, b, id, shown)
	case "decline":
		if err = p.signIn.DeclineInvitation(ctx, b, id); err == nil {
			lead(w, r, answeredAddress(id))
			return nil
		}
	case "back":
		err = p.signIn.TellDeclined(ctx, b, id)
	default:
		return fault.InvalidAt("decision", "Choose to accept or to decline.")
	}
	if errors.Is(err, guest.Changed) {
		portal.Leave(w, portal.Note{Kind: "stop", Lead: "The invitation has changed since you opened this page.",
			Text: "Nothing was accepted. Read what it says now, and decide again."})
		err = nil
	}
	if err != nil && !errors.Is(err, signin.Stale) {
		return p.told(w, r, err)
	}
	p.goOn(w, r, id)
	return nil
}

// welcome takes the browser to the last page of an invitation that was accepted.
func (p *Pages) welcome(w http.ResponseWriter, r *http.Request, b signin.Browser, id ids.FlowID) error {
	f, err := p.signIn.Welcome(r.Context(), b, id)
	if err != nil && !errors.Is(err, signin.Stale) {
		return err
	}
	if err == nil {
		slide(w, r, f.Session)
	}
	lead(w, r, answeredAddress(id))
	return nil
}

func answeredAddress(id ids.FlowID) string {
	return "/common/redeem?" + url.Values{"flow": {string(id)}}.Encode()
}

// answeredData is what the last pages of an invitation show.
type answeredData struct {
	signin.Welcomed
	Flow ids.FlowID
	Host string // where the guest goes on to
	To   string // the organization's packages
}

// answered tells what has become of an invitation. It can be read again.
func (p *Pages) answered(w http.ResponseWriter, r *http.Request) error {
	id, err := flowID(r.URL.Query().Get("flow"))
	if err != nil {
		return err
	}
	v, err := p.signIn.Welcomed(r.Context(), p.browser(w, r), id)
	if errors.Is(err, signin.Stale) {
		p.goOn(w, r, id)
		return nil
	}
	if err != nil {
		return err
	}
	page := portal.Lone{
		Title: "You have declined", Area: "Invitation", Content: "refused-invitation", Data: answeredData{v, id, hostOf(v.GoesOn), "/@" + url.PathEscape(v.In.Domain) + "/access"}, FormTo: v.ReplyTo,
		Ticket: portal.Ticket{
			From: portal.Half{Label: "You act in", Name: v.Home.Name, Seat: true, Open: true, Hidden: "has not agreed"},
			To:   portal.Half{Label: "Invites you as a guest", Name: v.In.Name},
		},
	}
	if v.Accepted {
		page.Title, page.Content = "You are a guest of "+portal.Inert(v.In.Name), "accepted"
		page.Ticket.From.Open, page.Ticket.From.Hidden = false, "has agreed"
		page.Ticket.To.Label = "You are a guest of"
	}
	return p.show.Lone(w, r, page)
}

// hostOf returns the host of an address that somebody else chose.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}

func day(t time.Time) string { return t.UTC().Format("January 2, 2006") }
