// Package hostapi is what host agents speak with, beside the token endpoint:
// a machine becomes a host, and says that it lives.
//
//	POST /host/enroll     {"token": "…", "key": {JWK}}          one-time enrollment token
//	POST /host/heartbeat  {"tenantId": "…", "hostId": "…"}      Authorization: Bearer {assertion}
//	POST /host/jobs/take  {"tenantId", "hostId", "wait": 20}    likewise; a worker asks for a job
//	POST /host/jobs/tell  {"tenantId", "hostId", "jobId", …}    likewise; it tells how far that is
//
// Enrolling answers 201 with tenantId, hostId and resourceId, and the key can
// sign the host's assertions from then on. A heartbeat answers 200 with
// resourceId, the client identifiers of the identities that the host may use
// now, and in how many seconds to come again. Jobs are in jobs.go. An assertion is a
// JWT (RFC 7523, section 3) that the host's key signed for the address that is
// asked and that is used once. Errors are {"error":{"code","message"}}.
package hostapi

import (
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"

	"entente/internal/core/managedidentity"
	"entente/internal/flow/automation"
	"entente/internal/kit/clock"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
	"entente/internal/kit/web"
)

const (
	maxBody = 16 << 10
	every   = 60 // seconds between heartbeats
)

// A Server serves the host API.
type Server struct {
	Identities *managedidentity.Service
	Automation *automation.Service
	Hosts      web.Hosts
	Clock      clock.Clock
	Log        *slog.Logger
}

// routes is what is served.
var routes = map[string]func(*Server, http.ResponseWriter, *http.Request) error{
	"POST /host/enroll":    (*Server).enroll,
	"POST /host/heartbeat": (*Server).heartbeat,
	"POST /host/jobs/take": (*Server).takeJob,
	"POST /host/jobs/tell": (*Server).tellJob,
}

// Routes returns the patterns of everything that is served, in order.
func Routes() []string { return slices.Sorted(maps.Keys(routes)) }

// Handler serves /host/….
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	for pattern, h := range routes {
		serve := func(w http.ResponseWriter, r *http.Request) error { return h(s, w, r) }
		mux.Handle(pattern, web.Serve(serve, s.fail))
	}
	return mux
}

// enroll redeems an enrollment token.
func (s *Server) enroll(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Token string          `json:"token"`
		Key   json.RawMessage `json:"key"`
	}
	if err := read(w, r, maxBody, &in); err != nil {
		return err
	}
	h, err := s.Identities.Enroll(r.Context(), secret.NewString(in.Token), in.Key, web.ClientIP(r.Context()))
	if err != nil {
		return err
	}
	return answer(w, http.StatusCreated, map[string]any{"tenantId": h.Tenant, "hostId": h.HostID, "resourceId": h.ID()})
}

// A claim is who a host says it is; its assertion proves it.
type claim struct {
	Tenant string `json:"tenantId"`
	Host   string `json:"hostId"`
}

// heartbeat notes that a host lives.
func (s *Server) heartbeat(w http.ResponseWriter, r *http.Request) error {
	var in claim
	if err := read(w, r, maxBody, &in); err != nil {
		return err
	}
	h, err := s.prove(r, in)
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, map[string]any{"resourceId": h.ID(), "identities": h.Clients(), "every": every})
}

// prove returns the host that asks, by the assertion it sends, and notes that it lives.
func (s *Server) prove(r *http.Request, in claim) (*managedidentity.Host, error) {
	tenant, err := ids.Parse[ids.TenantID](in.Tenant)
	if err != nil {
		return nil, err
	}
	host, err := ids.Parse[managedidentity.HostID](in.Host)
	if err != nil {
		return nil, err
	}
	scheme, assertion, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return nil, fault.New(fault.Unauthenticated, "The host's assertion is missing.")
	}
	path := r.URL.Path
	return s.Identities.Heartbeat(r.Context(), tenant, host, strings.TrimSpace(assertion), s.Clock.Wall(), s.Hosts.Own+path, s.Hosts.Base(r)+path)
}

// read reads a JSON body of at most most bytes into dest.
func read(w http.ResponseWriter, r *http.Request, most int64, dest any) error {
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, most)).Decode(dest)
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return fault.New(fault.Invalid, "The body has at most %d bytes.", most)
	}
	if err != nil {
		return fault.New(fault.Invalid, "The body is no JSON object as it is asked for.").Wrap(err)
	}
	return nil
}

func answer(w http.ResponseWriter, status int, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	web.NoStore(w)
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, err = w.Write(text)
	return err
}

// statuses is the whole mapping from faults to answers.
var statuses = map[fault.Code]struct {
	status int
	code   string
}{
	fault.Invalid:         {http.StatusBadRequest, "BadRequest"},
	fault.Unauthenticated: {http.StatusUnauthorized, "Unauthenticated"},
	fault.Forbidden:       {http.StatusForbidden, "Forbidden"},
	fault.NotFound:        {http.StatusNotFound, "NotFound"},
	fault.Conflict:        {http.StatusConflict, "Conflict"},
	fault.Throttled:       {http.StatusTooManyRequests, "TooManyRequests"},
	fault.Unavailable:     {http.StatusServiceUnavailable, "ServiceUnavailable"},
	fault.Internal:        {http.StatusInternalServerError, "InternalServerError"},
}

func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	pub := fault.Public(err)
	to := statuses[pub.Code]
	if to.status >= http.StatusInternalServerError {
		s.Log.ErrorContext(r.Context(), "request failed", "path", r.URL.Path, web.AttrRequest, web.RequestID(r.Context()), web.AttrError, err)
	}
	message := pub.Message
	if pub.Fix != "" {
		message += " " + pub.Fix
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(to.status)
	json.NewEncoder(w).Encode(map[string]any{"error": map[string]string{"code": to.code, "message": message}})
}
