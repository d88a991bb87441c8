package token

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"regexp"
	"strings"
	"time"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
)

// codeLife is how long an authorization code may be redeemed (RFC 6749, section
// 4.1.2, recommends at most ten minutes).
const codeLife = 10 * time.Minute

// A Code lets one client fetch the tokens of one sign-in, once.
type Code struct {
	Proof
	Tenant    ids.TenantID // whose tokens
	Object    ids.ObjectID // who the account is in Tenant
	Client    ids.AppID
	Redirect  string // to be repeated byte for byte
	Challenge string // S256 (RFC 7636, section 4.2); empty: the client sent none
	Scope     string
	Nonce     string
	Claims    []string // that the ID token shall have besides, by name
	Platform  Platform // that Redirect is registered for

	ExpiresAt time.Time
	UsedAt    time.Time    // zero: not spent
	Family    ids.FamilyID // of the refresh tokens that it was spent on, if any
	digest    secret.Digest
}

// A Redemption is what a client sends with a code.
type Redemption struct {
	Tenant   ids.TenantID
	Client   ids.AppID
	Redirect string
	Verifier string
}

// verifierForm is RFC 7636, section 4.1.
var verifierForm = regexp.MustCompile(`^[A-Za-z0-9._~-]{43,128}$`)

// challengeForm is an S256 challenge: the SHA-256 of a verifier in base64url.
var challengeForm = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)

// ValidChallenge reports whether s can be an S256 challenge.
func ValidChallenge(s string) bool { return challengeForm.MatchString(s) }

// Take refuses a redemption that is not the code's. Spent is looked at first:
// a code that comes twice was stolen, whoever brings it.
func (c *Code) Take(r Redemption, now time.Time) error {
	switch {
	case !c.UsedAt.IsZero():
		return badGrant(CodeSpent, "The code was already redeemed.").WithFix("Begin a new sign-in, or use the refresh token.")
	case !now.Before(c.ExpiresAt):
		return badGrant(CodeExpired, "The code has expired.").WithFix("A code is to be redeemed within ten minutes. Begin a new sign-in.")
	case c.Tenant != r.Tenant:
		return badGrant(CodeOtherTenant, "The code is for another tenant.").WithFix("Redeem it at the tenant that issued it.")
	case c.Client != r.Client:
		return badGrant(CodeOtherClient, "The code was issued to another client.").With("client", string(r.Client))
	case c.Redirect != r.Redirect:
		return badGrant(WrongRedirect, "The redirect_uri is not the one that the code was asked for with.").
			With("redirect", clip(r.Redirect)).WithFix("Repeat the redirect_uri of the authorization request, byte for byte.")
	}
	return c.verify(r.Verifier)
}

// verify compares the verifier with the challenge (RFC 7636, section 4.6). A
// verifier where no challenge was sent is refused too: somebody has taken the
// challenge out of the request (RFC 9700, section 4.8.2).
func (c *Code) verify(verifier string) error {
	switch {
	case c.Challenge == "" && verifier == "":
		return nil
	case verifier == "":
		return badGrant(MissingVerifier, "The code_verifier is missing.").WithFix("Send the verifier whose challenge was in the authorization request.")
	}
	sum := sha256.Sum256([]byte(verifier))
	if c.Challenge == "" || !verifierForm.MatchString(verifier) ||
		subtle.ConstantTimeCompare([]byte(base64.RawURLEncoding.EncodeToString(sum[:])), []byte(c.Challenge)) != 1 {
		return badGrant(WrongVerifier, "The code_verifier does not match the code_challenge.").
			WithFix("Send the verifier whose S256 challenge was in the authorization request.")
	}
	return nil
}

func badGrant(reason fault.Reason, text string) *fault.Error {
	return fault.Because(fault.Invalid, reason, "%s", text)
}

// clip shortens what came from outside for an error.
func clip(s string) string { return strings.ToValidUTF8(s[:min(len(s), 200)], "") }
