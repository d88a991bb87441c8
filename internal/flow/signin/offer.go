package signin

import (
	"strconv"
	"strings"

	"entente/internal/core/consent"
	"entente/internal/kit/ids"
	"entente/internal/kit/oauth2"
	"entente/internal/kit/secret"
)

// An Offer is what a person decides on: what consent offers, and what else
// their page says of the two organizations. It is read anew whenever it is
// shown or granted; its digest says whether it is still the same.
type Offer struct {
	*consent.Offer
	From    Organization // the application's home
	To      Organization // whose consent is asked
	Actors  Actors
	ReplyTo string
	People  int     // how many accounts To has
	By      Account // who decides
}

// An Organization is a tenant as a page names it.
type Organization struct {
	ID     ids.TenantID
	Name   string
	Domain string // verified
}

// An Account is whoever decides.
type Account struct {
	Home ids.TenantID
	User ids.ObjectID // at home
	Here ids.ObjectID // in the tenant whose consent is asked
	Name string       // the user principal name
	Role string       // the directory role by which they may
}

// Actors says who can act as an application.
type Actors struct {
	Federated    []string // the names of its federated credentials
	Secrets      int
	Certificates int
}

// Shown returns a digest of everything that the offer says and that somebody
// else could change between the page and the decision.
func (o *Offer) Shown() secret.Digest {
	parts := []string{string(o.Digest), o.From.Name, o.From.Domain, o.To.Name, o.ReplyTo, string(o.By.Home), string(o.By.User),
		strconv.Itoa(o.Actors.Secrets), strconv.Itoa(o.Actors.Certificates)}
	return secret.DigestOf(append(parts, o.Actors.Federated...)...)
}

// Whole reports whether the application asks within its own tenant.
func (o *Offer) Whole() bool { return o.From.ID == o.To.ID }

// Publisher returns the verified publisher's name, or "".
func (o *Offer) Publisher() string {
	if name := o.Application.VerifiedPublisher.DisplayName; name != nil {
		return *name
	}
	return ""
}

// want reads what the ask's scope stands for. Version 1 has none and asks for
// all that the application lists; so does a version 2 scope of R/.default, for
// the resource R. Scopes of OpenID Connect are Microsoft Graph's.
func (a Ask) want() (consent.Want, error) {
	if !a.V2 {
		return consent.Want{}, nil
	}
	scopes, err := oauth2.Scopes(a.Scope)
	if err != nil || len(scopes) == 0 {
		return consent.Want{}, wrongScope(a.Scope)
	}
	var w consent.Want
	for _, s := range scopes {
		if resource, ok := strings.CutSuffix(s, "/.default"); ok && w.Resource == "" {
			w.Resource = resource
		} else if !ok {
			w.Scopes = append(w.Scopes, s)
		} else {
			return w, wrongScope(a.Scope)
		}
	}
	if w.Resource != "" {
		for _, s := range w.Scopes {
			if !oauth2.OpenID(s) {
				return w, wrongScope(a.Scope)
			}
		}
		w.Scopes = nil // the list says it all
	}
	return w, nil
}
