package signinpages

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"entente/internal/core/app"
	"entente/internal/core/consent"
	"entente/internal/edge/portal"
	"entente/internal/flow/signin"
	"entente/internal/kit/ids"
	"entente/internal/kit/oauth2"
	"entente/internal/kit/secret"
)

// inquiryData is what the template of a person's consent shows.
type inquiryData struct {
	Flow   ids.FlowID
	Ask    *signin.Inquiry
	Shown  secret.Digest
	Does   string // what the title says the application would do
	New    []line
	Count  string
	Had    []line
	Cannot string
	Away   bool // it may come again while the person is away
}

// inquiryPage shows what an application asks before it may act for a person.
func (p *Pages) inquiryPage(w http.ResponseWriter, r *http.Request, b signin.Browser, look *signin.Look) error {
	q, err := p.signIn.Inquire(r.Context(), b, look.Flow.ID)
	if errors.Is(err, signin.Stale) {
		p.goOn(w, r, look.Flow.ID) // somebody has consented meanwhile
		return nil
	}
	if err != nil {
		return p.told(w, r, err)
	}
	page := portal.Lone{
		Title: "Consent in " + portal.Inert(q.To.Name), Area: "Consent", Wide: true, Ticket: ticket(look),
		Note: portal.Take(w, r), FormTo: q.ReplyTo, Content: "inquiry", Data: tellInquiry(q, look.Flow.ID),
	}
	page.Ticket.To.Label, page.Ticket.To.Seat = "It would act in", true
	return p.show.Lone(w, r, page)
}

func tellInquiry(q *signin.Inquiry, flow ids.FlowID) inquiryData {
	missing, had := q.Missing(), q.Had()
	d := inquiryData{Flow: flow, Ask: q, Shown: q.Shown(), New: tellPerson(missing), Had: tellPerson(had), Cannot: cannot(q.Items),
		Count: count(len(missing), "delegated permission", "delegated permissions")}
	if len(had) > 0 {
		for n := range d.New {
			d.New[n].Reach = "New"
		}
	}
	away := func(i consent.Item) bool { return i.ResourceApp == app.GraphAppID && i.Value == "offline_access" }
	d.Away = slices.ContainsFunc(q.Items, away)
	switch {
	case len(missing) == 0:
		d.Does = "keep what it has"
	case !slices.ContainsFunc(q.Items, func(i consent.Item) bool { return i.ResourceApp != app.GraphAppID || !oauth2.OpenID(i.Value) }):
		d.Does = "know who you are"
	default:
		d.Does = "act for you"
	}
	return d
}

// agree takes a person's word on what they were shown. What has changed
// meanwhile is shown anew.
func (p *Pages) agree(ctx context.Context, w http.ResponseWriter, b signin.Browser, id ids.FlowID, form url.Values) error {
	shown, err := secret.ParseDigest(form.Get("shown"))
	if err != nil {
		return err
	}
	err = p.signIn.Agree(ctx, b, id, shown, form.Get("everybody") != "")
	if errors.Is(err, consent.OfferChanged) {
		portal.Leave(w, portal.Note{Kind: "stop", Lead: "The application has changed since you opened this page.",
			Text: "Nothing was granted. Read what it asks for now, and decide again."})
		return nil
	}
	return err
}
