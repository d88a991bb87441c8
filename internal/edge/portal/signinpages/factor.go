package signinpages

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"entente/internal/core/factor"
	"entente/internal/edge/portal"
	"entente/internal/flow/signin"
	"entente/internal/kit/ids"
)

// factorData is what the templates of a second factor show.
type factorData struct {
	stepData
	Asks       string // the organization whose factor it is
	Abroad     bool   // it is not the person's home
	Enrollment portal.Enrollment
	Spares     portal.Spares
}

// factorPage shows a step of the second factor, with what is wrong, if anything
// is.
func (p *Pages) factorPage(w http.ResponseWriter, r *http.Request, b signin.Browser, look *signin.Look, m *mend) error {
	f, err := p.signIn.FactorLook(r.Context(), b, look.Flow.ID)
	if errors.Is(err, signin.Stale) {
		p.goOn(w, r, look.Flow.ID) // it has gone on meanwhile
		return nil
	}
	if err != nil {
		return err
	}
	data := factorData{stepData: proofData(look), Asks: f.Asks.Name, Abroad: f.Abroad}
	page := portal.Lone{Title: title("Second factor", look), Area: "Sign in", Ticket: ticket(look), FormTo: look.Flow.Ask.ReplyTo}
	wrong := func(field string) string {
		if m == nil || m.field != field {
			return ""
		}
		page.Status, page.Problems = m.status, []portal.Problem{{Field: field, Text: m.text}}
		return m.text
	}
	switch {
	case look.Flow.State == signin.Spares:
		page.Title, page.Content, page.Script, data.Spares = title("Recovery codes", look), "saving", "copy", portal.NewSpares(f.Spares)
	case look.Flow.State == signin.Enroll:
		page.Title, page.Content, page.Script = title("Set up a second factor", look), "enroll", "copy"
		if data.Enrollment, err = portal.NewEnrollment(*f.Enrollment); err != nil {
			return err
		}
		data.Field = portal.CodeField(wrong("code"))
		data.Field.Focus = false // what is to be scanned stands above
		data.Again = portal.Field{
			ID: "device", Name: "device", Label: "Name of the phone", Optional: true, Hint: "To tell it from others, such as “My phone”.", Error: wrong("device"),
		}
		if m != nil {
			data.Again.Value = m.typed.Get("device")
		}
	case r.URL.Query().Get("with") == "recovery", m != nil && m.typed.Get("step") == "spare":
		page.Content = "recovery"
		data.Field = portal.Field{
			ID: "spare", Name: "spare", Label: "Recovery code", Hint: "One of those that you saved, such as 4f7k-92xw-m3qp.",
			Autocomplete: "off", Error: wrong("spare"), Focus: m == nil,
		}
	default:
		page.Content, data.Field = "factor", portal.CodeField(wrong("code"))
	}
	page.Data = data
	return p.show.Lone(w, r, page)
}

// takeFactor carries a step of the second factor to the flow.
func (p *Pages) takeFactor(ctx context.Context, b signin.Browser, id ids.FlowID, form url.Values) (*signin.Admitted, error) {
	switch form.Get("step") {
	case "code":
		return p.signIn.Code(ctx, b, id, form.Get("code"))
	case "spare":
		return p.signIn.Spare(ctx, b, id, form.Get("spare"))
	case "enroll":
		return p.signIn.Enroll(ctx, b, id, form.Get("device"), form.Get("code"))
	}
	return nil, p.signIn.Saved(ctx, b, id)
}

// mendFactor says in m what err says of a field of a second factor's form, and
// reports whether it does.
func mendFactor(m *mend, err error, until string) bool {
	switch {
	case errors.Is(err, factor.WrongCode):
		m.field, m.text = "code", "The code is not right. Enter the six digits that the app shows now."
	case errors.Is(err, factor.UsedCode):
		m.field, m.text = "code", "This code was used already. Wait for the next one."
	case errors.Is(err, factor.Paused):
		m.status, m.field = http.StatusTooManyRequests, "code"
		m.text = "Too many wrong codes. Codes of this account are paused" + whenOver(until) + ". A recovery code still counts."
	case errors.Is(err, factor.WrongSpare):
		m.field, m.text = "spare", "This is none of the recovery codes that are left. Each counts once, and new ones replace the old."
	case errors.Is(err, factor.WrongName):
		m.field = "device"
	default:
		return false
	}
	return true
}
