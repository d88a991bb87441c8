// Package graph is the Graph edge's engine: it serves what package edm
// declares, and nothing else, in the form of Microsoft Graph.
//
// One request goes: path to target, token to caller, permission of the
// operation, query options and body checked against the types, the set's
// behavior, projection, answer. No set can leave a step out. Errors leave by
// one writer with one table (errors.go), in the words of Microsoft Graph.
//
// What the token says and what is granted now are met on each call: a grant
// that ended a moment ago is ended here as well, though the token lives on.
//
// https://learn.microsoft.com/graph/use-the-api and OData 4.01.
package graph

import (
	"context"
	"log/slog"
	"net/http"
	"sync"

	"entente/internal/core/authz"
	"entente/internal/edge/graph/edm"
	"entente/internal/kit/clock"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
	"entente/internal/kit/web"
)

// A Server serves a registry.
type Server struct {
	Registry *edm.Registry
	Hosts    web.Hosts
	Ring     *secret.Ring // seals the tokens in links to a next page
	Clock    clock.Clock
	Log      *slog.Logger
	Throttle *Throttle // nil for no limit

	// Authenticate returns whom a bearer token speaks for and what they may
	// now, or an Unauthenticated fault. See Authority.
	Authenticate func(ctx context.Context, bearer string, audiences []string) (authz.Caller, error)

	// Rights returns what a caller may now by directory roles and the like. See
	// Authority.
	Rights func(ctx context.Context, who authz.Caller, on ids.ObjectID) (authz.Rights, error)

	once  sync.Once
	rates *Throttle // of actions that have a limit of their own
}

// Handler serves /v1.0 and /beta. It does not clean paths: a doubled slash
// counts for nothing, where a redirect would lose a body.
func (s *Server) Handler() http.Handler {
	return web.Serve(s.serve, s.fail)
}

// A call is one request on its way.
type call struct {
	*Server
	w       http.ResponseWriter
	r       *http.Request
	base    string // of the links in the answer, with the version
	target  target
	request *edm.Request
	options options
	expand  *expansion // nil where nothing is expanded
	tree    []*branch  // of a set that is expanded deeply
	prefer  preferences
	level   level
}

// serve takes a request through its steps.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) error {
	setHeaders(w, r)
	v, segments, err := split(r.URL)
	if err != nil {
		return err
	}
	c := &call{Server: s, w: w, r: r, base: s.Hosts.Base(r) + "/" + v.String(), prefer: preferencesOf(r), level: levelOf(r)}
	if served, err := c.public(v, segments); served {
		return err
	}
	if len(segments) == 1 && segments[0].is(batchSegment) {
		return c.batch(v)
	}
	who, err := s.authenticate(r)
	if err != nil {
		return err
	}
	if segments, err = c.resolveAliases(segments, who, v); err != nil {
		return err
	}
	c.request = edm.NewRequest(who, v, w.Header())
	c.target, err = s.route(r.Method, v, segments)
	if wait := c.charge(who); wait != nil {
		return wait
	}
	if err != nil {
		return err
	}
	return c.run()
}

// public answers what needs no token: the service document and the metadata.
func (c *call) public(v edm.Version, segments segments) (bool, error) {
	switch {
	case len(segments) == 0 && c.r.Method == http.MethodGet:
		text, err := c.Registry.ServiceDocument(v, c.Hosts.Base(c.r))
		if err == nil {
			err = c.write(http.StatusOK, text)
		}
		return true, err
	case len(segments) == 1 && segments[0].is("$metadata") && c.r.Method == http.MethodGet:
		c.w.Header().Set("Content-Type", "application/xml")
		_, err := c.w.Write(c.Registry.Metadata(v))
		return true, err
	}
	return false, nil
}

// diagnostic says where an answer comes from, in the form that tools look for.
const diagnostic = `{"ServerInfo":{"DataCenter":"entente","Slice":"E","Ring":"1","ScaleUnit":"000","RoleInstance":"entente"}}`

// setHeaders sets what every answer carries (the identifiers of the request
// are set by web.Front; without the caller's own, ours is sent for both).
func setHeaders(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("OData-Version", "4.0")
	h.Set("X-Ms-Ags-Diagnostic", diagnostic)
	h.Set("Cache-Control", "no-cache")
	h.Set("Vary", "Accept-Encoding")
	h.Set("Request-Id", web.RequestID(r.Context()))
	h.Set("Client-Request-Id", web.CorrelationID(r.Context()))
}
