package agent

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"entente/internal/client"
)

const maxParameter = 2048

// A key says which token is wanted: of which identity, for which resource, for
// what runs in which job (or for the host itself).
type key struct {
	identity client.Selector
	resource string
	job      string
}

// A question is one request, read.
type question struct {
	key
	stale string // SHA-256 of a token that a resource has refused, in hexadecimal
}

// read returns what the request asks for. Parameter names match in any letter
// case; one given twice, or two ways of naming the identity, is refused.
func read(r *http.Request) (question, *refusal) {
	if err := r.ParseForm(); err != nil {
		return question{}, badRequest("The request's parameters cannot be read.")
	}
	p := make(map[string]string)
	for name, values := range r.Form {
		name = strings.ToLower(name)
		if _, twice := p[name]; twice || len(values) != 1 {
			return question{}, badRequest("The parameter '" + clip(name) + "' is given more than once.")
		}
		if len(values[0]) > maxParameter {
			return question{}, badRequest("The parameter '" + clip(name) + "' is too long.")
		}
		p[name] = values[0]
	}
	q := question{stale: strings.ToLower(p["token_sha256_to_refresh"])}
	q.resource = p["resource"]
	if q.resource == "" {
		return question{}, badRequest("Required query variable 'resource' is missing.")
	}
	chosen := 0
	for _, s := range selectors(&q.identity) {
		if v := p[s.name]; v != "" {
			*s.into = v
			chosen++
		}
	}
	if chosen > 1 {
		return question{}, badRequest("Only one of client_id, object_id and the resource identifier may be given.")
	}
	return q, nil
}

type selector struct {
	name string
	into *string
}

// selectors lists the spellings by which clients choose an identity.
func selectors(s *client.Selector) []selector {
	return []selector{
		{"client_id", &s.ClientID},
		{"clientid", &s.ClientID},
		{"object_id", &s.ObjectID},
		{"principal_id", &s.ObjectID},
		{"mi_res_id", &s.ResourceID},
		{"msi_res_id", &s.ResourceID},
	}
}

func clip(s string) string {
	if len(s) > 40 {
		s = s[:40]
	}
	return url.QueryEscape(s)
}

// An answer is a granted token. Its numbers are text, as the platform's are;
// some clients read expires_on only, others expires_in only.
type answer struct {
	AccessToken  string `json:"access_token"`
	ClientID     string `json:"client_id"`
	ExpiresIn    string `json:"expires_in"`
	ExpiresOn    string `json:"expires_on"`
	ExtExpiresIn string `json:"ext_expires_in"`
	NotBefore    string `json:"not_before"`
	Resource     string `json:"resource"`
	TokenType    string `json:"token_type"`
}

func newAnswer(t *client.Token, resource string, now time.Time) answer {
	left := strconv.FormatInt(max(0, int64(t.ExpiresOn.Sub(now)/time.Second)), 10)
	return answer{
		AccessToken:  t.Access.Reveal(),
		ClientID:     t.ClientID,
		ExpiresIn:    left,
		ExpiresOn:    strconv.FormatInt(t.ExpiresOn.Unix(), 10),
		ExtExpiresIn: left,
		NotBefore:    strconv.FormatInt(t.NotBefore.Unix(), 10),
		Resource:     resource,
		TokenType:    t.Type,
	}
}

// A refusal is an answer without a token, before a style has put it in its form.
type refusal struct {
	status  int
	word    string // of the metadata service
	message string
	missing bool // the identity asked for is not the host's
	retry   time.Duration
}

func badRequest(message string) *refusal {
	return &refusal{status: http.StatusBadRequest, word: "invalid_request", message: message}
}

// refused turns the server's refusal, or its silence, into one of ours. Only
// what may succeed later becomes a 429 or a 5xx, and nothing a 404 or a 410:
// clients repeat those for minutes.
func refused(err error) *refusal {
	e := client.Refused(err)
	switch {
	case e == nil:
		return &refusal{status: http.StatusServiceUnavailable, word: "unavailable", message: "The token service could not be reached."}
	case e.Status == http.StatusTooManyRequests:
		return &refusal{status: e.Status, word: "too_many_requests", message: e.Message, retry: e.RetryAfter}
	case e.Temporary():
		return &refusal{status: http.StatusInternalServerError, word: "unknown", message: e.Message, retry: e.RetryAfter}
	case e.Suberror == client.Ambiguous:
		return badRequest("Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in the token request")
	case e.Suberror == client.NotAssigned, e.Suberror == client.NoIdentity:
		r := badRequest("Identity not found")
		r.missing = true
		return r
	case e.AADSTS == 500011 || e.Code == "invalid_resource" || e.Code == "invalid_target":
		return &refusal{status: http.StatusBadRequest, word: "invalid_resource", message: e.Message}
	}
	return &refusal{status: http.StatusBadRequest, word: e.Code, message: e.Message}
}

func writeJSON(w http.ResponseWriter, status int, retry time.Duration, body any) {
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	if retry > 0 {
		h.Set("Retry-After", strconv.Itoa(int(retry/time.Second)))
	}
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body)
}
