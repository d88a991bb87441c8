package web

import (
	"log/slog"
	"net/http"
	"net/netip"
	"runtime/debug"
	"time"

	"entente/internal/kit/clock"
)

// The limits of one connection. A body may be 4 MiB, which is what Microsoft
// Graph takes; edges that need less say so with http.MaxBytesReader.
const (
	maxBody       = 4 << 20
	maxHeader     = 64 << 10
	headerTimeout = 10 * time.Second
	readTimeout   = 60 * time.Second
	idleTimeout   = 2 * time.Minute
)

// FrontOptions says what Front needs.
type FrontOptions struct {
	Clock   clock.Clock
	Log     *slog.Logger
	Proxies []netip.Prefix // whose X-Forwarded-For is believed; none by default
}

// Front stands before all handlers. It gives each request an identifier,
// bounds its body, sets the headers that hold for every answer, logs one line,
// and turns a panic into a 500.
func Front(next http.Handler, o FrontOptions) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := o.Clock.Wall()
		id := identify(r, o.Proxies)
		r = r.WithContext(into(r.Context(), id))
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		rec := &recorder{ResponseWriter: w}
		setHeaders(rec.Header(), id)
		defer func() {
			p := recover()
			if p != nil && p != http.ErrAbortHandler {
				o.Log.ErrorContext(r.Context(), "handler panicked", AttrRequest, id.request, "panic", p, "stack", string(debug.Stack()))
				if rec.status == 0 {
					http.Error(rec, "Something went wrong on our side. Request: "+id.request, http.StatusInternalServerError)
					p = nil
				}
			}
			o.Log.InfoContext(r.Context(), "request",
				"method", r.Method, "path", r.URL.Path, "status", rec.status, "bytes", rec.bytes,
				"took", o.Clock.Wall().Sub(start), AttrRequest, id.request, AttrClient, id.client)
			if p != nil {
				panic(http.ErrAbortHandler)
			}
		}()
		next.ServeHTTP(rec, r)
	})
}

// setHeaders sets what every answer carries. Pages add their own policy.
func setHeaders(h http.Header, id identity) {
	h.Set("X-Ms-Request-Id", id.request)
	h.Set("Request-Id", id.request)
	if id.correlation != "" {
		h.Set("Client-Request-Id", id.correlation)
	}
	h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin") // no-referrer would make browsers send "Origin: null" with our own forms
}

// NewServer returns a server with limits on headers and times. There is none
// on writing: a long answer to a slow reader is no attack, and an idle one ends.
func NewServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		MaxHeaderBytes:    maxHeader,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       readTimeout,
		IdleTimeout:       idleTimeout,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

// A recorder remembers what was answered. Status is 0 until then.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 && status >= 200 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	n, err := r.ResponseWriter.Write(b)
	r.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach what lies below.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
