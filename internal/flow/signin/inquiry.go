package signin

import (
	"net/url"

	"entente/internal/core/consent"
	"entente/internal/kit/secret"
)

// An Inquiry is what a person decides on before an application may act for
// them: what consent asks, and what else their page says. It is read anew
// whenever it is shown or agreed to; its digest says whether it is still the
// same.
type Inquiry struct {
	*consent.Question
	From    Organization // the application's home
	To      Organization // where it is to act
	Home    Organization // of whoever decides
	By      Account      // who decides
	ReplyTo string
	Again   bool // the application wants it asked although all is granted
}

// Shown returns a digest of everything that the inquiry says and that somebody
// else could change between the page and the decision.
func (q *Inquiry) Shown() secret.Digest {
	return secret.DigestOf(string(q.Digest), q.From.Name, q.From.Domain, q.To.Name, q.ReplyTo, string(q.By.Home), string(q.By.User), q.By.Name, q.By.Role)
}

// Whole reports whether the application is of the tenant in which it is to act.
func (q *Inquiry) Whole() bool { return q.From.ID == q.To.ID }

// Guest reports whether whoever decides is at home elsewhere.
func (q *Inquiry) Guest() bool { return q.Home.ID != q.To.ID }

// Publisher returns the verified publisher's name, or "".
func (q *Inquiry) Publisher() string {
	if name := q.Application.VerifiedPublisher.DisplayName; name != nil {
		return *name
	}
	return ""
}

// plea returns what the flow's application asks for its person. With
// prompt=consent the person is asked also what is granted, once.
func (f *Flow) plea() consent.Plea {
	again := f.Ask.Authorize != nil && f.Ask.Authorize.Prompt == promptConsent && f.Shown == ""
	return consent.Plea{AppID: f.Ask.App, Scope: f.Ask.Scope, Again: again}
}

// approval returns where an administrator consents to exactly what the flow's
// application asks, by path and query; registered are the addresses that the
// application may go back to.
func (f *Flow) approval(registered []string) string {
	q := url.Values{"client_id": {string(f.Ask.App)}}
	if _, err := f.Ask.want(); err != nil || !f.Ask.V2 {
		return "/" + string(f.Resource()) + "/adminconsent?" + q.Encode()
	}
	q.Set("scope", f.Ask.Scope)
	switch {
	case f.Ask.ReplyTo != "":
		q.Set("redirect_uri", f.Ask.ReplyTo)
	case len(registered) > 0:
		q.Set("redirect_uri", registered[0])
	}
	return "/" + string(f.Resource()) + "/v2.0/adminconsent?" + q.Encode()
}
