// Package arm is the slice of Azure Resource Manager that scripts, Terraform
// and the command lines use with identities: subscriptions, resource groups,
// user-assigned identities with their federated credentials, hosts with an
// identity block, role assignments, and the metadata by which clients find an
// installation.
//
// One request goes: api-version, path to target, token to caller, one service
// method, answer. A subscription of another tenant looks like one that does not
// exist. Words of the path match in any letter case; identifiers of identities
// come back with a lower-case "resourcegroups". Any api-version is taken; only
// a missing one is refused.
//
// Beyond Azure there are two actions on a host: createEnrollmentToken makes
// the one-time token by which a machine becomes the host, revokeKeys ends what
// it may do.
//
// https://learn.microsoft.com/rest/api/resources and
// https://learn.microsoft.com/rest/api/managedidentity
package arm

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"entente/internal/core/authz"
	"entente/internal/core/federation"
	"entente/internal/core/managedidentity"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
	"entente/internal/kit/web"
)

// Audiences are what a token must be for. The installation's own base is none
// of them: it means Microsoft Graph, whose tokens shall open nothing here.
var Audiences = []string{
	"https://management.azure.com", "https://management.azure.com/",
	"https://management.core.windows.net", "https://management.core.windows.net/",
	"797f4846-ba00-4fd7-ba43-dac1f8f63013",
}

// A Server serves the slice.
type Server struct {
	DB         *sqldb.DB
	Identities *managedidentity.Service
	Federation *federation.Service
	Hosts      web.Hosts
	Log        *slog.Logger

	// Authenticate returns whom a bearer token for one of audiences speaks for
	// now, or an Unauthenticated fault.
	Authenticate func(ctx context.Context, bearer string, audiences []string) (authz.Caller, error)
}

// Handler serves /subscriptions, /providers, /tenants and /metadata.
func (s *Server) Handler() http.Handler {
	return web.Serve(s.serve, s.fail)
}

// A call is one request on its way.
type call struct {
	*Server
	w      http.ResponseWriter
	r      *http.Request
	who    authz.Caller
	target target
	query  url.Values
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) error {
	setHeaders(w, r)
	c := &call{Server: s, w: w, r: r, query: r.URL.Query()}
	if c.query.Get("api-version") == "" {
		return fault.Because(fault.Invalid, noVersion, "The api-version query parameter (?api-version=) is required for all requests.")
	}
	var err error
	if c.target, err = parse(r.URL.EscapedPath()); err != nil {
		return err
	}
	if c.target.kind == metadataKind && r.Method == http.MethodGet {
		return c.metadata()
	}
	if c.who, err = s.authenticate(r); err != nil {
		return err
	}
	methods := handlers[c.target.kind]
	h, ok := methods[r.Method]
	if !ok {
		w.Header().Set("Allow", strings.Join(allowed(methods), ", "))
		return fault.Because(fault.Invalid, wrongMethod, "The requested resource does not support http method '%.20s'.", r.Method)
	}
	return h(c)
}

func allowed(methods map[string]handler) (names []string) {
	for m := range methods {
		names = append(names, m)
	}
	slices.Sort(names)
	return names
}

// authenticate returns the caller. A person's token must have been given for
// acting here, whatever the person may.
func (s *Server) authenticate(r *http.Request) (authz.Caller, error) {
	scheme, bearer, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || strings.TrimSpace(bearer) == "" {
		return authz.Caller{}, fault.Because(fault.Unauthenticated, noToken, "Authentication failed. The 'Authorization' header is missing.")
	}
	who, err := s.Authenticate(r.Context(), strings.TrimSpace(bearer), Audiences)
	if err != nil {
		return authz.Caller{}, err
	}
	if !who.AppOnly() && !slices.Contains(who.Scopes, "user_impersonation") {
		return authz.Caller{}, fault.Because(fault.Forbidden, managedidentity.NotAuthorized,
			"The client '%s' with object id '%s' has no token with the scope 'user_impersonation'.", who.Name, who.Object)
	}
	who.Request, who.IP = web.RequestID(r.Context()), web.ClientIP(r.Context())
	return who, nil
}

// setHeaders sets what every answer carries.
func setHeaders(w http.ResponseWriter, r *http.Request) {
	correlation := r.Header.Get("X-Ms-Correlation-Request-Id")
	if !ids.Valid(correlation) {
		correlation = web.CorrelationID(r.Context())
	}
	h := w.Header()
	h.Set("X-Ms-Request-Id", web.RequestID(r.Context()))
	h.Set("X-Ms-Correlation-Request-Id", correlation)
	h.Set("Cache-Control", "no-cache")
}

// answer writes a body as JSON.
func (c *call) answer(status int, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	c.w.Header().Set("Content-Type", "application/json; charset=utf-8")
	c.w.WriteHeader(status)
	_, err = c.w.Write(text)
	return err
}

// gone answers a deletion: 200 for what existed, 204 for what did not.
func (c *call) gone(existed bool) error {
	status := http.StatusNoContent
	if existed {
		status = http.StatusOK
	}
	c.w.WriteHeader(status)
	return nil
}

// made answers a PUT: 201 for what is new, 200 otherwise.
func (c *call) made(created bool, body any) error {
	if created {
		return c.answer(http.StatusCreated, body)
	}
	return c.answer(http.StatusOK, body)
}

const maxBody = 1 << 20

// body reads the request's body into dest. Members that nobody knows are
// passed over, because clients send whole resources.
func (c *call) body(dest any) error {
	err := json.NewDecoder(http.MaxBytesReader(c.w, c.r.Body, maxBody)).Decode(dest)
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return fault.Because(fault.Invalid, badContent, "The request content has at most %d bytes.", maxBody)
	}
	if err != nil {
		return fault.Because(fault.Invalid, badContent, "The request content was invalid and could not be deserialized.").Wrap(err)
	}
	return nil
}

// page returns the part of a list that the request asks for.
func (c *call) page() (managedidentity.Page, error) {
	var p managedidentity.Page
	if top := c.query.Get("$top"); top != "" {
		n, err := strconv.Atoi(top)
		if err != nil || n <= 0 {
			return p, fault.Because(fault.Invalid, badContent, "The value of $top is no positive number.")
		}
		p.Limit = n
	}
	if token := c.query.Get("$skiptoken"); token != "" {
		after, err := base64url.DecodeString(token)
		if err != nil {
			return p, fault.Because(fault.Invalid, badContent, "The value of $skiptoken is none that a link here has.")
		}
		p.After = string(after)
	}
	return p, nil
}

// list writes a page of a list, with a link to the next one if there is one.
// The link speaks of the host that was asked.
func (c *call) list(values any, next string) error {
	body := map[string]any{"value": values}
	if next != "" {
		q := c.query
		q.Set("$skiptoken", base64url.EncodeToString([]byte(next)))
		body["nextLink"] = c.Hosts.Base(c.r) + c.r.URL.EscapedPath() + "?" + q.Encode()
	}
	return c.answer(http.StatusOK, body)
}

// each returns the shown form of all, never nil.
func each[T, U any](all []T, show func(T) U) []U {
	shown := make([]U, 0, len(all))
	for _, v := range all {
		shown = append(shown, show(v))
	}
	return shown
}
