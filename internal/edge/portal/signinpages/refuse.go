package signinpages

import (
	"net/http"
	"net/url"
	"strings"

	"entente/internal/core/consent"
	"entente/internal/core/crosstenant"
	"entente/internal/core/directory"
	"entente/internal/core/person"
	"entente/internal/core/tenant"
	"entente/internal/core/token"
	"entente/internal/edge/portal"
	"entente/internal/flow/guest"
	"entente/internal/flow/signin"
	"entente/internal/kit/fault"
	"entente/internal/kit/web"
)

// A refusal is how a fault's Reason is told on a page. Words from outside go
// into the texts in place of {app}, {tenant}, {account} and {value}.
type refusal struct {
	status      int
	code        int
	title, text string
	again       bool // another account may do better
}

// refusals is the whole mapping from Reasons to pages.
var refusals = map[fault.Reason]refusal{
	consent.UnknownApplication: {http.StatusBadRequest, 700016, "There is no such application",
		"Nobody here has registered an application with the ID {app}.", false},
	consent.SingleTenant: {http.StatusBadRequest, 50194, "The application is not open to other organizations",
		"“{app}” can be used only in the organization that it belongs to.", false},
	consent.UnknownResource: {http.StatusBadRequest, 650052, "The application needs a service that is not here",
		"It asks for permissions of {value}, which this organization does not have.", false},
	consent.NothingListed: {http.StatusBadRequest, 650056, "The application asks for nothing here",
		"It lists no permission of the resource that the link names.", false},
	consent.AdminRequired: {http.StatusForbidden, 90094, "Need admin approval",
		"“{app}” asks for permissions that your roles don’t let you grant.", true},
	signin.MissingApp: {http.StatusBadRequest, 900144, "The link names no application",
		"It lacks the parameter client_id.", false},
	signin.DisabledApp: {http.StatusForbidden, 7000112, "The application is switched off",
		"“{app}” was switched off by whoever it belongs to.", false},
	signin.WrongReply: {http.StatusBadRequest, 50011, "The way back is not registered",
		"The link wants to lead back to {value}, which is no address of “{app}”. Nobody is sent there.", false},
	signin.MissingReply: {http.StatusBadRequest, 900971, "The link does not say where to go back to",
		"“{app}” has addresses to go back to, and this form of the link must name one of them.", false},
	signin.WrongScope: {http.StatusBadRequest, 70011, "The link asks for something that can’t be asked",
		"Its scope is missing, or names what “{app}” can’t be given this way.", false},
	signin.NotAssigned: {http.StatusForbidden, 50105, "You are not assigned to this application",
		"An administrator has set “{app}” to admit only who is assigned to it.", true},
	signin.NeedsApproval: {http.StatusForbidden, 90094, "Need admin approval",
		"“{app}” needs permission to use what it asks for in your organization, and nobody has agreed to that yet.", true},
	crosstenant.OutboundBlocked: {http.StatusForbidden, 500212, "Your organization has not allowed this",
		"The home organization’s policy does not let its people go to this one.", true},
	crosstenant.InboundBlocked: {http.StatusForbidden, 500213, "The organization has not allowed this",
		"Its policy does not let people of your organization in.", true},
	person.NotHere: {http.StatusForbidden, 50020, "This account is not in {tenant}",
		"{account} belongs to another organization, and is no guest of {tenant}.", true},
	person.NotHereNow: {http.StatusForbidden, 50057, "This account is disabled",
		"An administrator of {tenant} has blocked it there.", true},
	guest.AccessEnded: {http.StatusForbidden, 50057, "Your access to {tenant} has ended",
		"The last of what {tenant} had given you is over, and {account} is let in again once you have access there. Nobody has blocked you.", false},
	directory.AccountDisabled: {http.StatusForbidden, 50057, "This account is disabled",
		"An administrator of its organization has blocked sign-in for it.", true},
	guest.NoInvitation: {http.StatusNotFound, 0, "There is no such invitation",
		"The link is not whole, or a newer invitation has taken its place.", false},
	guest.Withdrawn: {http.StatusNotFound, 0, "The invitation was withdrawn",
		"The organization no longer expects this guest.", false},
	guest.Expired: {http.StatusForbidden, 0, "The invitation has ended",
		"Its last day is over, and nobody accepted it until then.", false},
	guest.Spent: {http.StatusForbidden, 0, "The invitation was used already",
		"An account has accepted it, and a link counts once.", true},
	guest.OtherAccount: {http.StatusForbidden, 0, "The invitation is for another account",
		"{account} is not the account that was invited.", true},
	guest.AlreadyHere: {http.StatusConflict, 0, "You are a guest of {tenant} already",
		"{account} is in the organization as another guest, and an account can be one only.", true},
	signin.DeviceAcross: {http.StatusForbidden, 53003, "{home} does not allow this",
		"“{app}” belongs to {from} and would act in {tenant}. {home} does not let its people sign in to devices across organizations.", true},
	token.UserCodeUnknown: {http.StatusNotFound, 70020, "The code has ended",
		"A code of a device is good for fifteen minutes. Nothing was given.", false},
	token.UserCodeDecided: {http.StatusConflict, 0, "The code was used already",
		"A code of a device counts once. Have the device show a new one.", false},
	signin.Gone: {http.StatusNotFound, 0, "This page has run out of time",
		"The sign-in that it belonged to is over, or was begun in another browser. Nothing was granted.", false},
	signin.Stale: {http.StatusConflict, 0, "This page was used before",
		"The sign-in has gone on since you opened it, and a page counts once.", false},
	tenant.NotFound: {http.StatusBadRequest, 90002, "There is no such organization",
		"Nobody here has the ID or domain {value}.", false},
	tenant.Malformed: {http.StatusBadRequest, 900023, "The link names no organization",
		"{value} is neither an ID nor a domain.", false},
	tenant.Disabled: {http.StatusBadRequest, 5000225, "This organization is switched off",
		"Whoever operates this installation has switched it off, and nothing of it works.", false},
}

// codes are the pages of what has no Reason.
var codes = map[fault.Code]refusal{
	fault.Invalid:         {http.StatusBadRequest, 90013, "The request can’t be understood", "", false},
	fault.Unauthenticated: {http.StatusUnauthorized, 50058, "Nobody is signed in", "", false},
	fault.Forbidden:       {http.StatusForbidden, 0, "This is refused", "", false},
	fault.NotFound:        {http.StatusNotFound, 0, "There is nothing at this address", "", false},
	fault.Conflict:        {http.StatusConflict, 0, "Something has changed meanwhile", "", false},
	fault.Throttled:       {http.StatusTooManyRequests, 0, "Too many requests", "", false},
	fault.Unavailable:     {http.StatusServiceUnavailable, 0, "Something we need is away", "", false},
	fault.Internal:        {http.StatusInternalServerError, 50000, "Something went wrong on our side", "", false},
}

// Fail answers with the page of an error. Nobody is ever redirected by it: an
// address in the request has not been proved to belong to anybody.
func (p *Pages) Fail(w http.ResponseWriter, r *http.Request, err error) {
	pub := fault.Public(err)
	to, known := refusals[pub.Reason]
	if !known {
		to = codes[pub.Code]
		to.text = pub.Message
	}
	if to.status >= http.StatusInternalServerError {
		p.log.ErrorContext(r.Context(), "page failed", "path", r.URL.Path, web.AttrRequest, web.RequestID(r.Context()), web.AttrError, err)
	}
	f := portal.Refusal{Status: to.status, Code: to.code, Title: to.title, Text: to.text, Fix: pub.Fix, Area: "Sign in"}
	if known {
		f.Title, f.Text = inWords(to.title, pub), inWords(to.text, pub)
	}
	if to.code != 0 {
		f.Fix = "" // the code's explanation has one for people
	}
	f.Next = next(r, pub.Reason, to.again)
	if pub.Reason == guest.AccessEnded {
		f.Fix = "Ask " + portal.Inert(pub.Values["tenant"]) + " for access again. It takes effect as soon as it is granted."
		f.Next = &portal.Next{Button: "See what you can ask for", Action: "/@" + url.PathEscape(pub.Values["domain"]) + "/access"}
	}
	p.place(r, &f, pub.Reason)
	if err := p.show.Refuse(w, r, f); err != nil {
		p.log.ErrorContext(r.Context(), "error page failed", web.AttrRequest, web.RequestID(r.Context()), web.AttrError, err)
		http.Error(w, "Something went wrong on our side.", http.StatusInternalServerError)
	}
}

// inWords puts a fault's values into a text.
func inWords(text string, pub *fault.Error) string {
	first := func(keys ...string) string {
		for _, k := range keys {
			if v := portal.Inert(pub.Values[k]); v != "" {
				return v
			}
		}
		return "what it names"
	}
	return strings.NewReplacer("{app}", first("name", "appId"), "{tenant}", first("tenant"), "{account}", first("account"), "{home}", first("home"), "{from}", first("from"),
		"{value}", first("redirect", "resource", "tenant", "scope")).Replace(text)
}

// place says between which organizations the refusal stands, if the request
// belongs to a flow, and what to send to somebody who may.
func (p *Pages) place(r *http.Request, f *portal.Refusal, reason fault.Reason) {
	flow, err := flowID(r.FormValue("flow"))
	if err != nil {
		return
	}
	look, err := p.signIn.Look(r.Context(), portal.Known(r), flow)
	if err != nil {
		return // the refusal is what matters
	}
	f.Ticket = ticket(look)
	if reason != consent.AdminRequired && reason != signin.NeedsApproval {
		return
	}
	f.Share, f.Fix = p.site.Hosts.Base(r)+look.Flow.Ask.Request, "Send this link to a Global Administrator or Privileged Role Administrator of the organization."
	if look.Flow.Ask.Kind() != signin.ForConsent {
		f.Share, f.Fix = p.site.Hosts.Base(r)+look.Approval, "Send this link to an administrator of the organization. Once they have consented, load this page again."
	}
}

// next returns the way on from a refusal, if the request belongs to a flow.
func next(r *http.Request, reason fault.Reason, again bool) *portal.Next {
	flow, err := flowID(r.FormValue("flow"))
	switch {
	case err != nil:
		return nil
	case reason == signin.Stale:
		return &portal.Next{Button: "See where it stands", Action: stepAddress(flow)}
	case again:
		return &portal.Next{Button: "Use another account", Action: "/common/signin", Fields: map[string]string{"flow": string(flow), "step": "restart"}}
	}
	return nil
}
