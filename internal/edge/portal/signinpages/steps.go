package signinpages

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"

	"entente/internal/core/directory"
	"entente/internal/edge/portal"
	"entente/internal/flow/signin"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// A mend is what is wrong with a form that its page can say.
type mend struct {
	status      int
	field, text string
	typed       url.Values
}

// mendable returns what err says of a field of the form, or nil.
func mendable(err error, form url.Values) *mend {
	if err == nil {
		return nil
	}
	pub := fault.Public(err)
	m := &mend{status: http.StatusUnprocessableEntity, typed: form, text: pub.Message}
	if mendFactor(m, err, pub.Values["until"]) {
		return m
	}
	switch {
	case errors.Is(err, directory.WrongPassword):
		m.field, m.text = "password", "The password is not right for this account."
	case errors.Is(err, signin.WrongRenewal):
		m.field = "password"
	case errors.Is(err, directory.WeakPassword):
		m.field, m.text = "password", "Choose a stronger password: at least 8 characters of three kinds, and no common word."
	case errors.Is(err, signin.Paused):
		m.status, m.field = http.StatusTooManyRequests, "password"
		m.text = "Too many tries. Sign-in to this account from your network is paused" + whenOver(pub.Values["until"]) + "."
	case errors.Is(err, signin.NetworkPaused):
		m.status, m.field = http.StatusTooManyRequests, "password"
		m.text = "Too many tries. Sign-in from your network is paused" + whenOver(pub.Values["until"]) + "."
	case errors.Is(err, signin.NoHome), errors.Is(err, fault.Invalid) && (pub.Target == "username" || pub.Target == "until"):
		m.field = pub.Target
	default:
		return nil
	}
	return m
}

func whenOver(until string) string {
	t, err := time.Parse(time.RFC3339, until)
	if err != nil {
		return ""
	}
	return " until " + t.UTC().Add(time.Minute-1).Truncate(time.Minute).Format("3:04 PM") + " UTC"
}

// stepData is what the templates of the steps show.
type stepData struct {
	Flow     ids.FlowID
	SignIn   bool // to an application; otherwise to decide on one
	AppName  string
	Anew     bool   // the account is proved once more, for a change to how one signs in
	Inviting string // the organization whose invitation is to be answered, or empty
	Username string
	HomeName string
	Initials string
	Field    portal.Field
	Again    portal.Field // the same once more, for a new password
	Keep     bool         // the box "stay signed in" is ticked
	Accounts []picked     // to choose from
}

// page shows what the flow waits for, with what is wrong, if anything is.
func (p *Pages) page(w http.ResponseWriter, r *http.Request, b signin.Browser, id ids.FlowID, m *mend) error {
	look, err := p.signIn.Look(r.Context(), b, id)
	if err != nil {
		return err
	}
	switch look.Flow.State {
	case signin.Factor, signin.Enroll, signin.Spares:
		return p.factorPage(w, r, b, look, m)
	case signin.Redeem:
		return p.redeemPage(w, r, b, look)
	case signin.Device:
		return p.devicePage(w, r, b, look)
	case signin.Consent:
		if look.Flow.Ask.Kind() != signin.ForConsent {
			return p.inquiryPage(w, r, b, look)
		}
		return p.consentPage(w, r, b, look, m)
	case signin.Ready:
		return p.ready(w, r, b, look)
	case signin.Done:
		return p.done(w, r, look)
	}
	return p.proofPage(w, r, look, m)
}

// ready takes the browser to where it wanted.
func (p *Pages) ready(w http.ResponseWriter, r *http.Request, b signin.Browser, look *signin.Look) error {
	switch look.Flow.Ask.Kind() {
	case signin.ForPage:
		return p.arrive(w, r, b, look.Flow.ID)
	case signin.ForRedeem:
		return p.welcome(w, r, b, look.Flow.ID)
	case signin.ForDevice:
		return p.finishDevice(w, r, b, look.Flow.ID)
	default:
		return p.finish(w, r, b, look.Flow.ID)
	}
}

// done tells where a flow that is spent has led.
func (p *Pages) done(w http.ResponseWriter, r *http.Request, look *signin.Look) error {
	switch kind := look.Flow.Ask.Kind(); {
	case kind == signin.ForRedeem, kind == signin.ForPage && look.Flow.Outcome == signin.Declined:
		lead(w, r, answeredAddress(look.Flow.ID))
	case kind == signin.ForPage:
		lead(w, r, look.Flow.Ask.Page)
	case kind == signin.ForConsent:
		lead(w, r, outcomeAddress(look.Flow.ID))
	case kind == signin.ForDevice:
		return p.deviceDone(w, r, look)
	default:
		return fault.Because(fault.NotFound, signin.Gone, "This sign-in is over.").WithFix("Begin again at the application.")
	}
	return nil
}

// arrive takes the browser to a page of ours.
func (p *Pages) arrive(w http.ResponseWriter, r *http.Request, b signin.Browser, id ids.FlowID) error {
	f, err := p.signIn.Arrive(r.Context(), b, id)
	if errors.Is(err, signin.Stale) {
		p.goOn(w, r, id) // it has gone on meanwhile
		return nil
	}
	if err != nil {
		return err
	}
	slide(w, r, f.Session)
	portal.SetPlace(w, signin.Place{Session: f.Session, Tenant: f.Ask.Tenant})
	lead(w, r, f.Ask.Page)
	return nil
}

// proofPage shows a step on which the person proves who they are.
func (p *Pages) proofPage(w http.ResponseWriter, r *http.Request, look *signin.Look, m *mend) error {
	data := proofData(look)
	page := portal.Lone{Title: title("Sign in", look), Area: "Sign in", Script: portal.ZoneScript(r), Ticket: ticket(look), Note: portal.Take(w, r), FormTo: look.Flow.Ask.ReplyTo}
	if look.Flow.Ask.Kind() == signin.ForRedeem {
		data.Inviting = look.To.Name
	}
	switch look.Flow.State {
	case signin.Identify:
		page.Content, data.Field = "identify", portal.Field{
			ID: "username", Name: "username", Label: "Work email or user name", Type: "email", Autocomplete: "username", Focus: m == nil, Value: look.Flow.Username,
			Hint: "Your own organization’s address. We find your home from it.",
		}
	case signin.Password:
		page.Content, data.Field = "password", portal.Field{
			ID: "password", Name: "password", Label: "Password", Type: "password", Autocomplete: "current-password", Focus: m == nil,
		}
		data.Anew = look.Flow.Ask.Anew
		data.Keep = m != nil && m.typed.Get("keep") != ""
	case signin.Renew:
		page.Content, data.Field = "renew", portal.Field{
			ID: "password", Name: "password", Label: "New password", Type: "password", Autocomplete: "new-password", Focus: m == nil,
			Hint: "At least 8 characters of three kinds: lower case, upper case, digits, signs.",
		}
		data.Again = portal.Field{ID: "again", Name: "again", Label: "New password again", Type: "password", Autocomplete: "new-password"}
	case signin.Confirm:
		page.Content, data.Accounts = "confirm", accounts(look)
	}
	if m != nil && m.field == data.Field.Name {
		page.Status = m.status
		page.Problems = []portal.Problem{{Field: m.field, Text: m.text}}
		data.Field.Error = m.text
		if m.field == "username" {
			data.Field.Value = m.typed.Get("username")
		}
	}
	page.Data = data
	return p.show.Lone(w, r, page)
}

// proofData returns what every step shows.
func proofData(look *signin.Look) stepData {
	data := stepData{Flow: look.Flow.ID, SignIn: look.Flow.Ask.Kind() != signin.ForConsent, AppName: look.App, Username: look.Flow.Username, Initials: initials(look.Flow.Username)}
	if look.Home != nil {
		data.HomeName = look.Home.Name
	}
	return data
}

// A picked account is one to choose.
type picked struct {
	Session                  ids.SessionID
	Username, Home, Initials string
	Live                     bool
}

func accounts(look *signin.Look) []picked {
	var all []picked
	for _, h := range look.Accounts {
		all = append(all, picked{h.ID, h.Username, look.Homes[h.Home].Name, initials(h.Username), h.Live})
	}
	return all
}

// title names the step and, once it is known, whose consent is asked.
func title(step string, look *signin.Look) string {
	if look.To != nil {
		return step + " – " + portal.Inert(look.To.Name)
	}
	return step
}

// ticket says who asks and who is asked. For a page of ours nobody asks.
func ticket(look *signin.Look) portal.Ticket {
	if look.Flow.State == signin.Redeem || look.Flow.Ask.Kind() == signin.ForRedeem {
		return redeemTicket(look)
	}
	t := portal.Ticket{
		From: portal.Half{Label: "Application of", Name: look.From.Name},
		To:   portal.Half{Label: "Consent of", Name: "Your organization", Hidden: "not known yet", Open: true},
	}
	kind := look.Flow.Ask.Kind()
	if kind != signin.ForConsent {
		t.To.Label, t.To.Hidden, t.To.Open = "You sign in to", "", look.To == nil
	}
	if kind == signin.ForPage {
		t.From = portal.Half{}
	}
	if look.To == nil {
		return t
	}
	if kind != signin.ForConsent {
		t.To.Name = look.To.Name
		if look.To.ID == look.From.ID {
			t.From = portal.Half{}
		}
		return t
	}
	t.To.Name, t.To.Hidden = look.To.Name, "has not agreed yet"
	if look.To.ID == look.From.ID {
		t.From = portal.Half{}
		t.To.Label = "Application and consent of"
	}
	return t
}

// initials returns up to two letters that stand for an account.
func initials(username string) string {
	local, _, _ := strings.Cut(username, "@")
	var out []rune
	for _, word := range strings.FieldsFunc(local, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if out = append(out, unicode.ToUpper([]rune(word)[0])); len(out) == 2 {
			break
		}
	}
	return string(out)
}
