package oauth

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"entente/internal/edge/portal"
	"entente/internal/kit/fault"
	"entente/internal/kit/oauth2"
	"entente/internal/kit/web"
)

// A refusalBody is the answer to a request that is refused (RFC 6749, section
// 5.2), with the members that Entra adds.
type refusalBody struct {
	Error       oauth2.Error `json:"error"`
	Description string       `json:"error_description"`
	Codes       []int        `json:"error_codes"`
	Timestamp   string       `json:"timestamp"`
	Trace       string       `json:"trace_id"`
	Correlation string       `json:"correlation_id"`
	URI         string       `json:"error_uri,omitempty"`
	Suberror    string       `json:"suberror,omitempty"`
}

// Number returns the AADSTS number by which a refusal is known.
func Number(err error) int { return formOf(fault.Public(err)).number }

// refuse writes the refusal, and logs what the caller does not see.
func (e *Edge) refuse(w http.ResponseWriter, r *http.Request, err error) {
	f := fault.Public(err)
	form := formOf(f)
	level := e.Log.InfoContext
	if form.status >= 500 {
		level = e.Log.ErrorContext
	}
	level(r.Context(), "refused", web.AttrRequest, web.RequestID(r.Context()), "code", form.number, web.AttrError, err)
	now := e.Clock.Wall().UTC().Format("2006-01-02 15:04:05Z")
	body := refusalBody{
		Error: form.in(r.URL.Path), Codes: []int{form.number}, Timestamp: now, Suberror: form.suberror,
		Trace: web.RequestID(r.Context()), Correlation: correlation(w, r),
	}
	body.Description = fmt.Sprintf("AADSTS%d: %s\r\nTrace ID: %s\r\nCorrelation ID: %s\r\nTimestamp: %s",
		form.number, form.describe(f), body.Trace, body.Correlation, now)
	if _, ok := portal.Explain(form.number); ok {
		body.URI = e.Hosts.Base(r) + "/error?code=" + strconv.Itoa(form.number)
	}
	web.NoStore(w)
	switch form.status {
	case http.StatusUnauthorized: // RFC 6749, section 5.2: in the scheme the client used
		if r.Header.Get("Authorization") != "" {
			w.Header().Set("WWW-Authenticate", `Basic realm="`+hostOf(e.Hosts.Own)+`"`)
		}
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", strconv.Itoa(int(retryAfter/time.Second)))
	}
	if err := writeJSON(w, form.status, body); err != nil {
		e.Log.InfoContext(r.Context(), "answer not taken", web.AttrRequest, web.RequestID(r.Context()), web.AttrError, err)
	}
}

const retryAfter = 5 * time.Second

// describe returns the text with the fault's values in it, and what to do.
func (o form) describe(f *fault.Error) string {
	text := o.text
	if text == "" {
		text = f.Message
	}
	var values []string
	for name, value := range f.Values {
		values = append(values, "{"+name+"}", value)
	}
	text = strings.NewReplacer(values...).Replace(text)
	if f.Fix != "" {
		text += " " + f.Fix
	}
	return text
}
