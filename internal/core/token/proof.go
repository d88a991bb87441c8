package token

import (
	"strings"
	"time"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// A Proof is what a sign-in has proved: whose account it is, how, and when.
type Proof struct {
	Home    ids.TenantID
	User    ids.ObjectID // at home
	Session ids.SessionID
	Methods []string // RFC 8176: pwd, otp, mfa
	AuthAt  time.Time
}

// A Platform is how an application runs, which says how it proves itself: the
// words are those of Graph's application.
type Platform string

// The platforms.
const (
	Web    Platform = "web"          // on a server, with a credential
	SPA    Platform = "spa"          // in a page, with an origin
	Native Platform = "publicClient" // on a person's machine, with neither
)

// methods returns the methods as the store keeps them.
func (p Proof) methods() string { return strings.Join(p.Methods, " ") }

// Reasons for which a code or a refresh token is not taken.
const (
	CodeUnknown      fault.Reason = "token.code_unknown"
	CodeSpent        fault.Reason = "token.code_spent"
	CodeExpired      fault.Reason = "token.code_expired"
	CodeOtherTenant  fault.Reason = "token.code_tenant"
	CodeOtherClient  fault.Reason = "token.code_client"
	WrongRedirect    fault.Reason = "token.redirect"
	WrongVerifier    fault.Reason = "token.verifier"
	MissingVerifier  fault.Reason = "token.verifier_missing"
	RefreshUnknown   fault.Reason = "token.refresh_unknown"
	RefreshRevoked   fault.Reason = "token.refresh_revoked" // by whoever may, or because a spent token came back
	RefreshIdle      fault.Reason = "token.refresh_idle"    // not used for ninety days
	RefreshOver      fault.Reason = "token.refresh_over"    // a page's, after its day
	RefreshForOthers fault.Reason = "token.refresh_client"
)
