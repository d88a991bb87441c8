package portal

import (
	"log/slog"
	"net/http"

	"entente/internal/kit/fault"
	"entente/internal/kit/web"
)

// A Telling is how a portal tells a fault. Without a text of its own the fault's
// message stands there.
type Telling struct {
	Status, Code int // the HTTP status and the AADSTS number, or 0
	Title, Text  string
}

// A Failing tells a portal's faults: those with a Reason that it knows in its
// own words, all others by their code.
type Failing struct {
	Area    string
	Next    *Next
	Reasons map[fault.Reason]Telling
	Log     *slog.Logger
}

var tellings = map[fault.Code]Telling{
	fault.Invalid:         {http.StatusBadRequest, 90013, "The request can’t be understood", ""},
	fault.Unauthenticated: {http.StatusUnauthorized, 50058, "Nobody is signed in", ""},
	fault.Forbidden:       {http.StatusForbidden, 0, "This is refused", ""},
	fault.NotFound:        {http.StatusNotFound, 0, "There is nothing at this address", ""},
	fault.Conflict:        {http.StatusConflict, 0, "Something has changed meanwhile", ""},
	fault.Throttled:       {http.StatusTooManyRequests, 0, "Too many requests", ""},
	fault.Unavailable:     {http.StatusServiceUnavailable, 0, "Something we need is away", ""},
	fault.Internal:        {http.StatusInternalServerError, 50000, "Something went wrong on our side", ""},
}

// Fail answers with the page of an error.
func (t *Templates) Fail(w http.ResponseWriter, r *http.Request, err error, f Failing) {
	pub := fault.Public(err)
	to, known := f.Reasons[pub.Reason]
	if !known {
		to = tellings[pub.Code]
	}
	if to.Text == "" {
		to.Text = pub.Message
	}
	if to.Status >= http.StatusInternalServerError {
		f.Log.ErrorContext(r.Context(), "page failed", "path", r.URL.Path, web.AttrRequest, web.RequestID(r.Context()), web.AttrError, err)
	}
	page := Refusal{Status: to.Status, Code: to.Code, Title: to.Title, Text: to.Text, Fix: pub.Fix, Area: f.Area, Next: f.Next}
	if to.Code != 0 {
		page.Fix = "" // the code's explanation has one for people
	}
	if err := t.Refuse(w, r, page); err != nil {
		f.Log.ErrorContext(r.Context(), "error page failed", web.AttrRequest, web.RequestID(r.Context()), web.AttrError, err)
		http.Error(w, "Something went wrong on our side.", http.StatusInternalServerError)
	}
}
