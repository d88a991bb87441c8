// Package web holds what every HTTP face of entente has in common: handlers
// that return errors, request identifiers, limits, headers that make browsers
// careful, the refusal of forms from elsewhere, and one log line a request.
//
// It knows no edge: how an error looks on the wire is the business of the
// ErrorWriter that an edge hands in. Front stands once before everything;
// Serve stands around each handler; SameOrigin stands before what people fill
// in with a browser.
package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"

	"entente/internal/kit/fault"
)

// The names of log attributes, one for each thing that several packages log.
const (
	AttrTenant  = "tenant"  // the tenant of the request
	AttrRequest = "request" // the identifier that the answer carries as well
	AttrCaller  = "caller"  // who asked: a principal or an application
	AttrClient  = "client"  // the network address that asked
	AttrError   = "err"     // the cause, with what the caller does not see
)

// An ErrorWriter answers a request that failed, in the form of its edge.
type ErrorWriter func(w http.ResponseWriter, r *http.Request, err error)

// Serve returns h as an http.Handler. What h returns goes to fail, and so does
// a panic in h, as an error that is no fault. A response that has begun can't
// be taken back: it is then cut off, so that nobody takes it for whole.
func Serve(h func(http.ResponseWriter, *http.Request) error, fail ErrorWriter) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := guarded(h, w, r)
		if err == nil {
			return
		}
		if rec, ok := w.(*recorder); ok && rec.status != 0 {
			panic(http.ErrAbortHandler)
		}
		fail(w, r, err)
	})
}

func guarded(h func(http.ResponseWriter, *http.Request) error, w http.ResponseWriter, r *http.Request) (err error) {
	defer func() {
		switch p := recover(); p {
		case nil:
		case http.ErrAbortHandler:
			panic(p)
		default:
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return h(w, r)
}

// Form returns the fields of a form in the body of a POST, never those of the
// address. A body that is too large, or no form, is an Invalid fault.
func Form(r *http.Request) (url.Values, error) {
	media, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	if !strings.EqualFold(strings.TrimSpace(media), "application/x-www-form-urlencoded") {
		return nil, fault.New(fault.Invalid, "The body must have the type application/x-www-form-urlencoded.")
	}
	err := r.ParseForm()
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return nil, fault.New(fault.Invalid, "The body is too large.")
	}
	if err != nil {
		return nil, fault.New(fault.Invalid, "The body is no well-formed form.").Wrap(err)
	}
	return r.PostForm, nil
}

// SameOrigin refuses what a browser sends from another site, except by GET,
// HEAD and OPTIONS. Forms need no token of their own behind it. The refusal
// goes to fail as a Forbidden fault.
func SameOrigin(next http.Handler, fail ErrorWriter) http.Handler {
	guard := http.NewCrossOriginProtection()
	guard.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fail(w, r, fault.New(fault.Forbidden, "This form was sent from another site. Open the page again and send it from there."))
	}))
	return guard.Handler(next)
}

// NoStore forbids every cache to keep the answer, in the words that the
// clients of the token endpoint are used to.
func NoStore(w http.ResponseWriter) {
	w.Header().Set("Cache-Control", "no-store, no-cache")
	w.Header().Set("Pragma", "no-cache")
	w.Header().Set("Expires", "-1")
}
