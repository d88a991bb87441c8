// Package oauth is the login edge: token and device endpoint, discovery and key
// documents, in the form of Entra's version 1 and version 2.
//
// It reads requests into values of package sts and package keys and writes what
// they answer; it decides nothing. Every refusal is a fault, and one table
// (refusals.go) turns it into error, number, status and text. Fixed words of a
// path and tenants match in any letter case. Documents speak of the host that
// was asked if the operator has listed it; the issuer is the installation's own
// name, unless a lab maps host names.
//
// Standards: RFC 6749, RFC 8628, RFC 8414 and OpenID Connect Discovery 1.0 for the
// documents, RFC 7517 for keys. What differs is in doc/divergences.md.
package oauth

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"entente/internal/core/authz"
	"entente/internal/core/keys"
	"entente/internal/core/tenant"
	"entente/internal/flow/sts"
	"entente/internal/kit/clock"
	"entente/internal/kit/fault"
	"entente/internal/kit/sqldb"
	"entente/internal/kit/web"
)

// Options are the parts of the edge.
type Options struct {
	DB    *sqldb.DB
	STS   *sts.Service
	Keys  *keys.Service
	Clock clock.Clock
	Log   *slog.Logger
	Hosts web.Hosts
	// MapHosts lets the issuer in discovery documents follow the host that was
	// asked. Only a lab does so.
	MapHosts bool
	// Caller says whom a token for Microsoft Graph speaks for, and refuses one
	// that does not count now.
	Caller func(ctx context.Context, bearer string) (authz.Caller, error)
	// Lookup writes the page that explains an error code.
	Lookup func(http.ResponseWriter, *http.Request) error
	// Next answers every other path of the login host: pages of sign-in and
	// consent. Nil: there are none.
	Next http.Handler
}

// An Edge answers the login host's requests.
type Edge struct {
	Options
	mux *http.ServeMux
}

// New returns the edge.
func New(o Options) *Edge {
	e := &Edge{Options: o, mux: http.NewServeMux()}
	for pattern, h := range e.posts() {
		e.post(pattern, h)
	}
	for pattern, h := range e.gets() {
		e.get(pattern, h)
	}
	for pattern, h := range e.userInfos() {
		e.withBearer(pattern, h)
	}
	e.mux.Handle("/error", web.Serve(o.Lookup, e.refuse))
	e.mux.HandleFunc("/", e.other)
	return e
}

func (e *Edge) posts() map[string]handler {
	return map[string]handler{
		"/{tenant}/oauth2/v2.0/token":      e.token(2),
		"/{tenant}/oauth2/token":           e.token(1),
		"/{tenant}/oauth2/v2.0/devicecode": e.device(2),
		"/{tenant}/oauth2/devicecode":      e.device(1),
	}
}

func (e *Edge) gets() map[string]handler {
	return map[string]handler{
		"/{tenant}/v2.0/.well-known/openid-configuration": e.discovery(metadataV2),
		"/{tenant}/.well-known/openid-configuration":      e.discovery(metadataV1),
		"/common/discovery/instance":                      e.instance,
		"/{tenant}/discovery/v2.0/keys":                   e.publishKeys(2),
		"/{tenant}/discovery/keys":                        e.publishKeys(1),
	}
}

// Routes returns the method and path of everything that is served, in order.
func Routes() []string {
	e, all := &Edge{}, []string{"GET /error"}
	for path := range e.posts() {
		all = append(all, "POST "+path)
	}
	for path := range e.gets() {
		all = append(all, "GET "+path)
	}
	for path := range e.userInfos() {
		all = append(all, "GET "+path, "POST "+path)
	}
	slices.Sort(all)
	return all
}

// words are the fixed words of our paths.
func words() []string {
	return []string{"oauth2", "v2.0", "token", "devicecode", ".well-known", "openid-configuration", "common", "organizations", "consumers",
		"discovery", "instance", "keys", "error", "oidc", "openid", "userinfo"}
}

// Handler returns the edge as a handler for all paths of the login host.
func (e *Edge) Handler() http.Handler { return web.FoldPath(e.mux, words()...) }

type handler = func(http.ResponseWriter, *http.Request) error

// post serves what takes POST only. A page of any site may ask and read the
// answer, because nothing here looks at cookies: what a page may have is
// decided by what it sends, and by its origin (see sts.OriginDiffers).
func (e *Edge) post(pattern string, h handler) {
	e.mux.Handle(pattern, web.Serve(func(w http.ResponseWriter, r *http.Request) error {
		web.NoStore(w)
		if r.Header.Get("Origin") != "" {
			w.Header().Set("Access-Control-Allow-Origin", "*")
		}
		if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
			w.Header().Set("Access-Control-Allow-Methods", "POST, OPTIONS")
			w.Header().Set("Access-Control-Allow-Headers", "*")
			w.Header().Set("Access-Control-Max-Age", "86400")
			w.WriteHeader(http.StatusNoContent)
			return nil
		}
		if r.Method != http.MethodPost {
			return wrongMethod(w, r, http.MethodPost)
		}
		return h(w, r)
	}, e.refuse))
}

// get serves a public document, which pages of any site may read.
func (e *Edge) get(pattern string, h handler) {
	e.mux.Handle(pattern, web.Serve(func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		switch r.Method {
		case http.MethodGet, http.MethodHead:
			return h(w, r)
		case http.MethodOptions:
			w.Header().Set("Access-Control-Allow-Methods", "GET, OPTIONS")
			w.Header().Set("Access-Control-Max-Age", "86400")
			w.WriteHeader(http.StatusNoContent)
			return nil
		}
		return wrongMethod(w, r, http.MethodGet)
	}, e.refuse))
}

func wrongMethod(w http.ResponseWriter, r *http.Request, right string) error {
	w.Header().Set("Allow", right)
	return fault.Because(fault.Invalid, wrongVerb, "The endpoint only accepts %s requests. Received a %.10s request.", right, r.Method).
		With("right", right).With("method", r.Method)
}

func (e *Edge) other(w http.ResponseWriter, r *http.Request) {
	if e.Next != nil {
		e.Next.ServeHTTP(w, r)
		return
	}
	e.refuse(w, r, fault.Because(fault.NotFound, noPage, "There is nothing at this address."))
}

// findTenant resolves the tenant of the path and refuses a disabled one.
func (e *Edge) findTenant(r *http.Request) (t *tenant.Tenant, err error) {
	err = e.DB.Read(r.Context(), func(tx *sqldb.Tx) error {
		if t, err = tenant.Resolve(r.Context(), tx, r.PathValue("tenant")); err != nil {
			return err
		}
		return t.Active()
	})
	return t, err
}

// shared reports whether the segment names an authority of many tenants.
func shared(segment string) bool {
	switch strings.ToLower(segment) {
	case "common", "organizations", "consumers":
		return true
	}
	return false
}
