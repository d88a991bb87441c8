package signinpages

import (
	"context"
	"errors"
	"net/http"
	"time"

	"entente/internal/core/token"
	"entente/internal/edge/portal"
	"entente/internal/flow/signin"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/web"
)

// deviceLogin is the short address that devices show.
func (p *Pages) deviceLogin(w http.ResponseWriter, r *http.Request) error {
	lead(w, r, signin.DevicePage)
	return nil
}

// deviceCode asks for the code that a device shows. What stands in the address
// is not filled in: people would press on what somebody has sent them.
func (p *Pages) deviceCode(w http.ResponseWriter, r *http.Request) error {
	return p.codePage(w, r, nil)
}

// codePage asks for the code, with what is wrong, if anything is.
func (p *Pages) codePage(w http.ResponseWriter, r *http.Request, m *mend) error {
	f := portal.Field{
		ID: "otc", Name: "otc", Label: "Code", Type: "text", Class: "code", Autocomplete: "off", Focus: m == nil,
		Hint: "Nine letters and digits, as the device shows them.",
	}
	page := portal.Lone{Title: "Enter the code of your device", Area: "Sign in to a device", Content: "device code", Ticket: portal.Ticket{
		To: portal.Half{Label: "You sign in to", Name: "A device of yours", Hidden: "not known yet", Open: true},
	}}
	if m != nil {
		page.Status, page.Problems = m.status, []portal.Problem{{Field: f.ID, Text: m.text}}
		f.Error, f.Value = m.text, portal.Clip(m.typed.Get("otc"), 64)
	}
	page.Data = f
	return p.show.Lone(w, r, page)
}

// enterCode takes the code and begins the sign-in.
func (p *Pages) enterCode(w http.ResponseWriter, r *http.Request) error {
	form, err := web.Form(r)
	if err != nil {
		return err
	}
	f, err := p.signIn.BeginDevice(r.Context(), p.browser(w, r), form.Get("otc"))
	m := &mend{status: http.StatusUnprocessableEntity, typed: form}
	switch {
	case err == nil:
		p.goOn(w, r, f.ID)
		return nil
	case errors.Is(err, token.UserCodeUnknown):
		m.text = "The code is not right, or its fifteen minutes are over. Compare it with what the device shows."
	case errors.Is(err, token.UserCodeDecided):
		m.text = "The code was used already. Have the device show a new one."
	case errors.Is(err, signin.DevicePaused):
		m.status = http.StatusTooManyRequests
		m.text = "Too many wrong codes came from here. Codes are taken again" + whenOver(fault.Public(err).Values["until"]) + "."
	default:
		return err
	}
	return p.codePage(w, r, m)
}

// deviceData is what the page shows that asks whether somebody has started a
// device.
type deviceData struct {
	*signin.DeviceOffer
	Flow      ids.FlowID
	Username  string
	HomeName  string
	Initials  string
	Publisher string
}

// Across reports whether more than one organization is concerned.
func (d deviceData) Across() bool { return d.From.ID != d.Home.ID || d.To.ID != d.Home.ID }

// Asked returns when the device asked.
func (d deviceData) Asked() string { return d.Device.CreatedAt.UTC().Format(time.RFC3339) }

// AskedWords returns the same for people.
func (d deviceData) AskedWords() string { return d.Device.CreatedAt.UTC().Format("3:04 PM") + " UTC" }

// devicePage asks whether the person has started the device themselves.
func (p *Pages) devicePage(w http.ResponseWriter, r *http.Request, b signin.Browser, look *signin.Look) error {
	o, err := p.signIn.OfferDevice(r.Context(), b, look.Flow.ID)
	if err != nil {
		return err
	}
	d := deviceData{DeviceOffer: o, Flow: look.Flow.ID, Username: look.Flow.Username, HomeName: o.Home.Name, Initials: initials(look.Flow.Username)}
	if name := o.App.VerifiedPublisher.DisplayName; name != nil {
		d.Publisher = *name
	}
	return p.show.Lone(w, r, portal.Lone{
		Title: title("Did you start this?", look), Area: "Sign in to a device", Content: "device", Data: d, Ticket: ticket(look), Note: portal.Take(w, r),
	})
}

// decideDevice takes the person's word. What the form does not say plainly is
// no yes.
func (p *Pages) decideDevice(ctx context.Context, b signin.Browser, id ids.FlowID, started string) error {
	if started != "yes" && started != "no" {
		return fault.InvalidAt("started", "Say whether you started this.")
	}
	return p.signIn.DecideDevice(ctx, b, id, started == "yes")
}

// finishDevice lets the device have its tokens, and leads to the page that says
// so.
func (p *Pages) finishDevice(w http.ResponseWriter, r *http.Request, b signin.Browser, id ids.FlowID) error {
	if err := p.signIn.FinishDevice(r.Context(), b, id); err != nil && !errors.Is(err, signin.Stale) {
		return err
	}
	p.goOn(w, r, id)
	return nil
}

// deviceDone says what became of the device.
func (p *Pages) deviceDone(w http.ResponseWriter, r *http.Request, look *signin.Look) error {
	page := portal.Lone{Title: "You are signed in on the device", Area: "Sign in to a device", Content: "device in", Data: look, Ticket: ticket(look)}
	if look.Flow.Outcome != signin.SignedIn {
		page.Title, page.Content = "Nothing was given", "device out"
	}
	return p.show.Lone(w, r, page)
}
