package signin

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"entente/internal/core/app"
	"entente/internal/core/claim"
	"entente/internal/core/token"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/oauth2"
)

// An Authorize is what an application asks of a sign-in (OpenID Connect Core
// 1.0, section 3.1.2.1).
type Authorize struct {
	V1         bool           `json:"v1,omitempty"` // asked at the address of version 1, and answered in its issuer's name
	Mode       string         `json:"mode"`         // of the answer: query, fragment, form_post
	IDToken    bool           `json:"idToken,omitempty"`
	Platform   token.Platform `json:"platform"`
	Nonce      string         `json:"nonce,omitempty"`
	Challenge  string         `json:"challenge,omitempty"`
	Prompt     string         `json:"prompt,omitempty"`
	Hint       string         `json:"hint,omitempty"`    // an account
	Domain     string         `json:"domain,omitempty"`  // or the domain of its home
	SID        ids.SessionID  `json:"sid,omitempty"`     // or the session that the application knows
	MaxAge     *int           `json:"maxAge,omitempty"`  // seconds
	Account    *ids.Principal `json:"account,omitempty"` // that a login hint of ours means
	Claims     []string       `json:"claims,omitempty"`  // wanted in the ID token
	ClientInfo bool           `json:"clientInfo,omitempty"`
	Factor     bool           `json:"factor,omitempty"` // a second one is wanted
}

// Prompts (OpenID Connect Core 1.0, section 3.1.2.1).
const (
	promptNone    = "none"
	promptLogin   = "login"
	promptSelect  = "select_account"
	promptConsent = "consent"
)

// The response modes.
const (
	ModeQuery    = "query"
	ModeFragment = "fragment"
	ModeForm     = "form_post"
)

// Why an authorization request is refused. The first ones are told on a page,
// because nobody has proved whose the address to go back to is; the others
// are told to the application.
const (
	NotAssigned   fault.Reason = "signin.not_assigned" // the application admits only who is assigned
	NeedsApproval fault.Reason = "signin.needs_approval"

	UnsupportedType fault.Reason = "signin.response_type"
	UnsupportedMode fault.Reason = "signin.response_mode"
	WrongChallenge  fault.Reason = "signin.challenge"
	MissingNonce    fault.Reason = "signin.nonce"
	WrongPrompt     fault.Reason = "signin.prompt"
	LoginRequired   fault.Reason = "signin.login_required"   // prompt=none, and nobody is signed in
	AccountRequired fault.Reason = "signin.account_required" // prompt=none, and several are
	ConsentRequired fault.Reason = "signin.consent_required"
)

// platformOf returns the platform that an address is registered for.
func platformOf(a *app.Application, address string) token.Platform {
	has := func(list []string) bool {
		return slices.Contains(list, address) || slices.ContainsFunc(list, func(r string) bool { return sameLoopback(r, address) })
	}
	switch {
	case has(a.SPA.RedirectURIs):
		return token.SPA
	case has(a.Web.RedirectURIs):
		return token.Web
	}
	return token.Native
}

// readAuthorize reads the parameters of a request whose address to go back to
// is the application's own. What it refuses is told to the application.
func readAuthorize(q oauth2.Form, on token.Platform) (*Authorize, error) {
	a := &Authorize{Platform: on, Nonce: q["nonce"], Challenge: q["code_challenge"], Prompt: q["prompt"], Hint: q["login_hint"], Domain: q["domain_hint"], ClientInfo: q["client_info"] == "1",
		Factor: asksForFactor(q["acr_values"], q["amr_values"], q["claims"])}
	types := strings.Fields(q["response_type"])
	slices.Sort(types)
	switch strings.Join(types, " ") {
	case "code":
		a.Mode = ModeQuery
	case "code id_token":
		a.Mode, a.IDToken = ModeFragment, true
	default:
		return a, fault.Because(fault.Invalid, UnsupportedType, "The response_type '%.100s' is not supported.", q["response_type"]).
			WithFix("Ask for response_type=code. Tokens are not given by way of an address.")
	}
	switch mode := q["response_mode"]; mode {
	case "":
	case ModeQuery, ModeFragment, ModeForm:
		a.Mode = mode
	default:
		return a, fault.Because(fault.Invalid, UnsupportedMode, "The response_mode '%.100s' is not supported.", mode)
	}
	if a.IDToken && a.Mode == ModeQuery {
		a.Mode = ModeFragment
		return a, fault.Because(fault.Invalid, UnsupportedMode, "An ID token does not travel in a query.")
	}
	d, err := oauth2.ParseDelegated(oauth2.FirstResource(q["scope"]))
	switch {
	case err != nil:
		return a, err
	case a.IDToken && (!d.OpenID || a.Nonce == ""):
		return a, fault.Because(fault.Invalid, MissingNonce, "An ID token from here needs the scope openid and a nonce.")
	case a.Challenge == "" && on != token.Web:
		return a, fault.Because(fault.Invalid, WrongChallenge, "Proof Key for Code Exchange is required for cross-origin authorization code redemption and for public clients.").
			WithFix("Send code_challenge and code_challenge_method=S256 (RFC 7636).")
	case a.Challenge != "" && (q["code_challenge_method"] != "S256" || !token.ValidChallenge(a.Challenge)):
		return a, fault.Because(fault.Invalid, WrongChallenge, "The code_challenge must be one of method S256.")
	}
	return a, a.readPrompt(q)
}

func (a *Authorize) readPrompt(q oauth2.Form) error {
	switch a.Prompt {
	case "", promptNone, promptLogin, promptSelect, promptConsent:
	default:
		return fault.Because(fault.Invalid, WrongPrompt, "The prompt '%.100s' is not supported.", a.Prompt)
	}
	if text := q["max_age"]; text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			return fault.Because(fault.Invalid, WrongPrompt, "The max_age '%.100s' is no number of seconds.", text)
		}
		a.MaxAge = &n
	}
	asked, err := oauth2.ParseClaims(q["claims"])
	if err != nil {
		return err
	}
	a.Claims = claim.Requestable(asked.IDToken)
	if a.MaxAge != nil { // OpenID Connect Core 1.0, section 2
		a.Claims = append(a.Claims, "auth_time")
	}
	if who, username, ok := token.ReadLoginHint(a.Hint); ok {
		a.Account, a.Hint = &who, username
	}
	if len(a.Hint) > maxUsername {
		a.Hint = ""
	}
	if len(a.Domain) > maxUsername {
		a.Domain = ""
	}
	if id, err := ids.Parse[ids.SessionID](q["sid"]); err == nil {
		a.SID = id
	}
	return nil
}

// An Answer is what the browser carries back to the application.
type Answer struct {
	To     string // a registered address
	Mode   string
	Values url.Values

	Session ids.SessionID // that it comes from; empty in a refusal
}

// answer returns an answer to the ask with the members that each has: state
// and, once it is known, the issuer (RFC 9207, section 2).
func (a Ask) answer(issuer string) *Answer {
	v := url.Values{}
	if a.State != "" {
		v.Set("state", a.State)
	}
	if issuer != "" {
		v.Set("iss", issuer)
	}
	mode := ModeQuery
	if a.Authorize != nil {
		mode = a.Authorize.Mode
	}
	return &Answer{To: a.ReplyTo, Mode: mode, Values: v}
}

// Told is a refusal that the application is told, at its own address.
type Told struct {
	Answer *Answer
	Err    error
}

// Error implements error.
func (t *Told) Error() string { return t.Err.Error() }

// Unwrap returns the refusal.
func (t *Told) Unwrap() error { return t.Err }

// hints returns which account the ask means; not by domain, which the store
// tells.
func (a Ask) hints() hints {
	switch {
	case a.Authorize != nil:
	case a.Select:
		return hints{prompt: promptSelect}
	default:
		return hints{session: a.Session}
	}
	return hints{prompt: a.Authorize.Prompt, account: a.Authorize.homeHint(), who: a.Authorize.Account, session: a.Authorize.SID, maxAge: a.Authorize.MaxAge}
}

// homeHint returns the address that the request lets us guess, or "".
func (a *Authorize) homeHint() string {
	if domainOf(a.Hint) == "" {
		return ""
	}
	return a.Hint
}
