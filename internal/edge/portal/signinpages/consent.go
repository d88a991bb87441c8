package signinpages

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"entente/internal/core/consent"
	"entente/internal/edge/portal"
	"entente/internal/flow/signin"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
	"entente/internal/kit/web"
)

// consentData is what the template of the consent page shows.
type consentData struct {
	Flow           ids.FlowID
	Offer          *signin.Offer
	Shown          secret.Digest
	Does           string // what the title says the application would do
	Actors         string
	OnItsOwn       []line
	OnItsOwnCount  string
	Everybody      bool
	WhileUsed      []line
	WhileUsedCount string
	Had            []line
	Nothing        string
	Cannot         string
	Until          portal.Field
}

// consentPage shows what the person decides on.
func (p *Pages) consentPage(w http.ResponseWriter, r *http.Request, b signin.Browser, look *signin.Look, m *mend) error {
	o, err := p.signIn.Offer(r.Context(), b, look.Flow.ID)
	if err != nil {
		return err
	}
	data := tellOffer(o, look.Flow.ID)
	page := portal.Lone{
		Title: "Consent for " + portal.Inert(o.To.Name), Area: "Admin consent", Wide: true, Ticket: ticket(look),
		Note: portal.Take(w, r), FormTo: o.ReplyTo, Content: "consent",
	}
	page.Ticket.To.Label, page.Ticket.To.Seat = "You act in", true
	if m != nil && m.field == "until" {
		page.Status, page.Problems = m.status, []portal.Problem{{Field: "until", Text: m.text}}
		data.Until.Error, data.Until.Value = m.text, m.typed.Get("until")
	}
	page.Data = data
	return p.show.Lone(w, r, page)
}

func tellOffer(o *signin.Offer, flow ids.FlowID) consentData {
	everybody := "All " + count(o.People, "account", "accounts")
	if o.People == 1 {
		everybody = "Your only account"
	}
	d := consentData{
		Flow: flow, Offer: o, Shown: o.Shown(), Actors: actors(o), Cannot: cannot(o.Items),
		Until: portal.Field{
			ID: "until", Name: "until", Label: "Last day", Type: "date", Class: "w-date", Autocomplete: "off", Optional: true,
			Hint: "Leave it empty for no end. Otherwise what you grant here ends with that day, in UTC.",
		},
	}
	var roles, scopes, had []consent.Item
	for _, i := range o.Items {
		switch {
		case i.Granted:
			had = append(had, i)
		case i.Application:
			roles = append(roles, i)
		default:
			scopes = append(scopes, i)
		}
	}
	d.OnItsOwn, d.WhileUsed = tell(roles, everybody), tell(scopes, "")
	d.Had = tell(had, "")
	d.OnItsOwnCount = count(len(roles), "application permission", "application permissions")
	d.WhileUsedCount = count(len(scopes), "delegated permission", "delegated permissions")
	for _, l := range d.OnItsOwn {
		d.Everybody = d.Everybody || l.Reach != ""
	}
	switch {
	case len(roles)+len(scopes) > 0:
	case len(had) > 0:
		d.Nothing = "Nothing new. All that it asks for was granted before."
	default:
		d.Nothing = "It asks for no permission. Consent lets it in, and no more."
	}
	d.Does = does(o, d)
	return d
}

// does returns how the title goes on after "to let …’s application".
func does(o *signin.Offer, d consentData) string {
	reads := !strings.Contains(d.Cannot, "change") // what it can't do does not say "change": it can
	switch {
	case len(d.OnItsOwn)+len(d.WhileUsed) == 0 && len(d.Had) > 0:
		return "keep what it has"
	case len(d.OnItsOwn)+len(d.WhileUsed) == 0:
		return "in"
	case d.Cannot == "":
		return "use its resources"
	case len(d.OnItsOwn) == 0:
		return "act for its people"
	case reads:
		return "change its directory"
	}
	return "read its directory"
}

// actors says in a sentence who can act as the application.
func actors(o *signin.Offer) string {
	var has []string
	if n := len(o.Actors.Federated); n > 0 {
		names := make([]string, n)
		for i, name := range o.Actors.Federated {
			names[i] = "“" + portal.Inert(name) + "”"
		}
		has = append(has, count(n, "federated credential", "federated credentials")+", "+strings.Join(names, ", ")+".")
	}
	secrets := "No secrets"
	if o.Actors.Secrets > 0 {
		secrets = count(o.Actors.Secrets, "secret", "secrets")
	}
	certificates := "no certificates"
	if o.Actors.Certificates > 0 {
		certificates = count(o.Actors.Certificates, "certificate", "certificates")
	}
	if len(has) == 0 && o.Actors.Secrets == 0 && o.Actors.Certificates == 0 {
		return "Nobody so far: no federated credentials, no secrets, no certificates."
	}
	return strings.Join(append(has, secrets+", "+certificates+"."), " ")
}

// count returns a number with its noun, thousands apart.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s + " " + many
}

// decide takes the decision and leads back to the application, or to the page
// that tells the outcome where there is no address to go back to.
func (p *Pages) decide(w http.ResponseWriter, r *http.Request) error {
	id, form, err := posted(r)
	if err != nil {
		return err
	}
	ctx, b := r.Context(), p.browser(w, r)
	var f *signin.Flow
	switch form.Get("decision") {
	case "accept":
		var shown secret.Digest
		if shown, err = secret.ParseDigest(form.Get("shown")); err != nil {
			return err
		}
		f, err = p.signIn.Grant(ctx, b, id, shown, form.Get("until"))
	case "cancel":
		f, err = p.signIn.Decline(ctx, b, id)
	default:
		return fault.InvalidAt("decision", "Choose to consent or to cancel.")
	}
	if m := mendable(err, form); m != nil {
		return p.page(w, r, b, id, m)
	}
	if errors.Is(err, consent.OfferChanged) {
		portal.Leave(w, portal.Note{Kind: "stop", Lead: "The application has changed since you opened this page.",
			Text: "Nothing was granted. Read what it asks for now, and decide again."})
		p.goOn(w, r, id)
		return nil
	}
	if err != nil {
		return err
	}
	back, err := answer(f)
	if err != nil {
		return err
	}
	lead(w, r, back)
	return nil
}

// answer returns the address that a decided flow leads to.
// https://learn.microsoft.com/entra/identity-platform/v2-admin-consent
func answer(f *signin.Flow) (string, error) {
	if f.Ask.ReplyTo == "" {
		return outcomeAddress(f.ID), nil
	}
	q := url.Values{}
	switch {
	case f.Outcome == signin.Granted:
		q.Set("admin_consent", "True")
		q.Set("tenant", string(f.Resource()))
		if f.Ask.V2 {
			q.Set("scope", f.Ask.Scope)
		}
	case f.Ask.V2:
		q.Set("admin_consent", "True")
		q.Set("error", "consent_required")
		q.Set("error_description", "AADSTS65004: The resource owner or authorization server denied the request.")
	default:
		q.Set("error", "permission_denied")
		q.Set("error_description", "The admin canceled the request")
	}
	if f.Ask.State != "" {
		q.Set("state", f.Ask.State)
	}
	return web.WithQuery(f.Ask.ReplyTo, q)
}

func outcomeAddress(id ids.FlowID) string {
	return "/common/Consent/Set?" + url.Values{"flow": {string(id)}}.Encode()
}

// outcomeData is what the pages after the decision show.
type outcomeData struct {
	To, AppName       string
	Until, UntilWords string
}

// outcome tells how a flow ended. It can be read again; it grants nothing.
func (p *Pages) outcome(w http.ResponseWriter, r *http.Request) error {
	id, err := flowID(r.URL.Query().Get("flow"))
	if err != nil {
		return err
	}
	look, err := p.signIn.Look(r.Context(), p.browser(w, r), id)
	if err != nil {
		return err
	}
	if look.Flow.State != signin.Done || look.Flow.Ask.Kind() != signin.ForConsent {
		p.goOn(w, r, id)
		return nil
	}
	data := outcomeData{To: look.To.Name, AppName: look.App}
	page := portal.Lone{Title: "Access granted", Area: "Admin consent", Ticket: ticket(look), Content: "granted"}
	page.Ticket.To.Seat = true
	if look.Flow.Outcome == signin.Granted {
		page.Ticket.To.Label, page.Ticket.To.Open, page.Ticket.To.Hidden = "You act in", false, "has agreed"
		if end := look.Flow.Until; !end.IsZero() {
			data.Until, data.UntilWords = end.Format(time.RFC3339), lastDay(end)
		}
	} else {
		page.Title, page.Content = "Nothing was granted", "declined"
		page.Ticket.To.Label = "You act in"
	}
	page.Data = data
	return p.show.Lone(w, r, page)
}

// lastDay returns the last day of what ends at a midnight.
func lastDay(end time.Time) string {
	return "the end of " + end.Add(-time.Second).UTC().Format("Monday, January 2, 2006") + ", in UTC"
}
