package signinpages

import (
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"entente/internal/core/consent"
	"entente/internal/edge/portal"
	"entente/internal/flow/signin"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/oauth2"
	"entente/internal/kit/web"
)

// authorize begins a sign-in to an application (OpenID Connect Core 1.0,
// section 3.1.2.1); a form is answered with its address first, see byForm.
func (p *Pages) authorize(w http.ResponseWriter, r *http.Request) error { return p.enter(w, r, false) }

// authorize1 is authorize in the form of version 1, which names a resource
// where version 2 has scopes.
func (p *Pages) authorize1(w http.ResponseWriter, r *http.Request) error { return p.enter(w, r, true) }

func (p *Pages) enter(w http.ResponseWriter, r *http.Request, v1 bool) error {
	text := r.URL.RawQuery
	q, err := oauth2.ParseForm(text)
	if err != nil {
		return err
	}
	if v1 {
		if q["resource"] != "" {
			q["scope"] = q["resource"] + "/.default openid profile offline_access"
		} else {
			q["scope"] = "openid profile offline_access"
		}
	}
	f, err := p.signIn.BeginAuthorize(r.Context(), p.browser(w, r), signin.AuthorizeStart{
		Tenant: r.PathValue("tenant"), V1: v1, Form: q, Request: r.URL.Path + "?" + text,
	})
	if err != nil {
		return p.told(w, r, err)
	}
	p.goOn(w, r, f.ID)
	return nil
}

// finish sends the browser back to the application with a code.
func (p *Pages) finish(w http.ResponseWriter, r *http.Request, b signin.Browser, id ids.FlowID) error {
	back, err := p.signIn.Finish(r.Context(), b, id)
	if errors.Is(err, signin.Stale) {
		p.goOn(w, r, id) // it has gone on meanwhile
		return nil
	}
	if err != nil {
		return p.told(w, r, err)
	}
	slide(w, r, back.Session)
	return p.carry(w, r, back)
}

// A word is how an application is told of a refusal.
type word struct {
	number int
	name   string
}

// toldAs are the refusals that the application is told (RFC 6749, section
// 4.1.2.1; OpenID Connect Core 1.0, section 3.1.2.6).
var toldAs = map[fault.Reason]word{
	signin.UnsupportedType: {70005, "unsupported_response_type"},
	signin.UnsupportedMode: {70007, "invalid_request"},
	signin.WrongChallenge:  {9002325, "invalid_request"},
	signin.MissingNonce:    {90014, "invalid_request"},
	signin.WrongPrompt:     {90023, "invalid_request"},
	signin.LoginRequired:   {50058, "login_required"},
	signin.AccountRequired: {16000, "interaction_required"},
	signin.FactorRequired:  {50076, "interaction_required"},
	signin.FactorMissing:   {50079, "interaction_required"},
	signin.ConsentRequired: {65001, "consent_required"},
	signin.RedeemRequired:  {90072, "interaction_required"},
	signin.RedeemDeclined:  {65004, "access_denied"},
	signin.UserDeclined:    {65004, "access_denied"},

	consent.UnknownScope:    {70011, "invalid_scope"},
	consent.UnknownResource: {500011, "invalid_resource"},
	consent.NothingListed:   {650056, "invalid_request"},

	oauth2.ScopeMissing:    {900144, "invalid_scope"},
	oauth2.ScopeMany:       {28000, "invalid_scope"},
	oauth2.ScopeMalformed:  {70011, "invalid_scope"},
	oauth2.ClaimsMalformed: {9002313, "invalid_request"},
}

// told sends a refusal to the application if it is for it, and leaves every
// other to the page of errors.
func (p *Pages) told(w http.ResponseWriter, r *http.Request, err error) error {
	told, ok := errors.AsType[*signin.Told](err)
	if !ok {
		return err
	}
	pub := fault.Public(told.Err)
	say, known := toldAs[pub.Reason]
	if !known {
		say = word{90023, "invalid_request"}
	}
	text := "AADSTS" + strconv.Itoa(say.number) + ": " + pub.Message
	if pub.Fix != "" {
		text += " " + pub.Fix
	}
	told.Answer.Values.Set("error", say.name)
	told.Answer.Values.Set("error_description", text)
	return p.carry(w, r, told.Answer)
}

// carryData is what the page shows that carries an answer by form.
type carryData struct {
	To     string
	Fields []field
}

type field struct{ Name, Value string }

// carry has the browser take an answer to the application, in the mode that it
// asked for (OAuth 2.0 Multiple Response Type Encoding Practices, section 2.1;
// OAuth 2.0 Form Post Response Mode).
func (p *Pages) carry(w http.ResponseWriter, r *http.Request, a *signin.Answer) error {
	to, err := url.Parse(a.To)
	if err != nil {
		return err
	}
	if a.Mode == signin.ModeForm {
		d := carryData{To: a.To}
		for _, name := range slices.Sorted(maps.Keys(a.Values)) {
			d.Fields = append(d.Fields, field{name, a.Values.Get(name)})
		}
		return p.show.Lone(w, r, portal.Lone{Title: "Going back", Area: "Sign in", Content: "carry", Data: d, FormTo: a.To, Script: "carry"})
	}
	if to.Path == "" {
		to.Path = "/"
	}
	if a.Mode == signin.ModeFragment {
		to.Fragment, to.RawFragment = "", ""
		lead(w, r, to.String()+"#"+a.Values.Encode())
		return nil
	}
	back, err := web.WithQuery(to.String(), a.Values)
	if err != nil {
		return err
	}
	lead(w, r, back)
	return nil
}
