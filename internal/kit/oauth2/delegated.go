package oauth2

import "strings"

// Graph is the resource that a scope without one means.
const Graph = "https://graph.microsoft.com"

// A Delegated scope parameter, taken apart: what a person lets a client do on
// one resource, and what OpenID Connect gives besides.
type Delegated struct {
	Resource string   // as it was named; Graph where no scope names one
	Named    bool     // whether a scope names it
	Scopes   []string // names on the resource, without it; empty with Default alone
	Default  bool     // all that is granted on the resource
	OpenID   bool
	Profile  bool
	Email    bool
	Offline  bool // a refresh token
}

// ParseDelegated reads a scope parameter. The resource of a scope is what stands
// before its last slash; a scope without one means Graph's. A token is for one
// resource, so two are refused with ScopeMany.
// https://learn.microsoft.com/entra/identity-platform/scopes-oidc
func ParseDelegated(text string) (Delegated, error) {
	var d Delegated
	scopes, err := Scopes(text)
	if err != nil {
		return d, err
	}
	if len(scopes) == 0 {
		return d, refuse(ScopeMissing, "The scope is missing.", text)
	}
	for _, s := range scopes {
		if d.openID(s) {
			continue
		}
		resource, name := Graph, s
		if i := strings.LastIndexByte(s, '/'); i >= 0 {
			resource, name = s[:i], s[i+1:]
		}
		switch {
		case resource == "" || name == "":
			return d, refuse(ScopeMalformed, "The scope names no permission.", text)
		case d.Named && d.Resource != resource:
			return d, refuse(ScopeMany, "A token is for one resource.", text)
		}
		d.Resource, d.Named = resource, true
		if name == ".default" {
			d.Default = true
		} else {
			d.Scopes = append(d.Scopes, name)
		}
	}
	if !d.Named {
		d.Resource = Graph
	}
	return d, nil
}

// FirstResource returns the part of a scope parameter that is about its first
// resource, with OpenID Connect's own: who signs in may agree to several
// resources at once, and a token is for one.
func FirstResource(text string) string {
	var kept []string
	first := ""
	for _, s := range strings.Fields(text) {
		if !OpenID(s) {
			resource := Graph
			if i := strings.LastIndexByte(s, '/'); i >= 0 {
				resource = s[:i]
			}
			if first == "" {
				first = resource
			}
			if resource != first {
				continue
			}
		}
		kept = append(kept, s)
	}
	return strings.Join(kept, " ")
}

// openID takes a scope of OpenID Connect's own.
func (d *Delegated) openID(s string) bool {
	switch s {
	case "openid":
		d.OpenID = true
	case "profile":
		d.Profile = true
	case "email":
		d.Email = true
	case "offline_access":
		d.Offline = true
	default:
		return false
	}
	return true
}
