package oauth2

import (
	"slices"
	"strings"

	"entente/internal/kit/fault"
)

// The reasons for which a scope is refused.
const (
	ScopeMissing   fault.Reason = "scope_missing"    // no scope at all
	ScopeNoDefault fault.Reason = "scope_no_default" // client credentials ask for R/.default
	ScopeMany      fault.Reason = "scope_many"       // more than one resource
	ScopeMalformed fault.Reason = "scope_malformed"
)

const (
	defaultSuffix = "/.default"
	maxScope      = 4096 // bytes
)

// ClientCredentialsResource returns the resource for which a client asks a token
// of its own: the text before "/.default" of the one scope that is none of
// OpenID Connect's. Exactly that suffix goes: "https://a//.default" means the
// resource "https://a/", as az asks for it.
//
// The scopes openid, profile, email and offline_access are passed over, because
// MSAL Go sends them even here.
func ClientCredentialsResource(scope string) (string, error) {
	scopes, err := Scopes(scope)
	if err != nil {
		return "", err
	}
	rest := slices.DeleteFunc(scopes, OpenID)
	switch {
	case strings.TrimSpace(scope) == "":
		return "", refuse(ScopeMissing, "The scope is missing.", scope)
	case len(rest) > 1 && all(rest, hasDefault):
		return "", refuse(ScopeMany, "A token is for one resource.", scope)
	case len(rest) != 1 || !hasDefault(rest[0]):
		return "", refuse(ScopeNoDefault, "Client credentials ask for one scope that ends in /.default.", scope)
	}
	return strings.TrimSuffix(rest[0], defaultSuffix), nil
}

// Scopes returns the scopes that text lists, each once and in order (RFC 6749,
// section 3.3). Any run of blanks separates two.
func Scopes(text string) ([]string, error) {
	if len(text) > maxScope {
		return nil, refuse(ScopeMalformed, "The scope is too long.", text)
	}
	var out []string
	for _, s := range strings.Fields(text) {
		if strings.ContainsFunc(s, func(r rune) bool { return r < '!' || r > '~' || r == '"' || r == '\\' }) {
			return nil, refuse(ScopeMalformed, "The scope has a character that none can have.", text)
		}
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out, nil
}

// OpenID reports whether scope is one of OpenID Connect's own (OpenID Connect
// Core 1.0, sections 3.1.2.1, 5.4 and 11).
func OpenID(scope string) bool {
	switch scope {
	case "openid", "profile", "email", "offline_access":
		return true
	}
	return false
}

func hasDefault(scope string) bool {
	resource, ok := strings.CutSuffix(scope, defaultSuffix)
	return ok && resource != ""
}

func all(list []string, is func(string) bool) bool {
	return !slices.ContainsFunc(list, func(s string) bool { return !is(s) })
}

func refuse(reason fault.Reason, text, scope string) error {
	if len(scope) > 300 {
		scope = scope[:300]
	}
	e := fault.Because(fault.Invalid, reason, "%s", text).With("scope", strings.ToValidUTF8(scope, "?"))
	e.Target = "scope"
	return e
}
