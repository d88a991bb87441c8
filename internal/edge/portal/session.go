package portal

import (
	"net/http"
	"strings"

	"entente/internal/flow/signin"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
	"entente/internal/kit/web"
)

// The cookies of sessions, one a session, whose identifier ends the name: two
// tabs that sign in at once don't lose each other's. keptCookie is of those that
// outlive the run of the browser. The name is for the browser's own order; what
// counts is the value.
//
// The prefix makes browsers keep them to this host, over TLS only (RFC 6265bis,
// section 4.1.3.2).
const (
	browserCookie = "__Host-entente-browser"
	sessionCookie = "__Host-entente-session."
	keptCookie    = "__Host-entente-kept."
)

// Browser returns who sends a request, and gives a browser that has none the
// cookie that binds its sign-ins.
func Browser(w http.ResponseWriter, r *http.Request) signin.Browser {
	b := Known(r)
	if b.Cookie.IsZero() {
		b.Cookie = secret.NewString(secret.Random(32))
		setCookie(w, browserCookie, b.Cookie)
	}
	return b
}

// Known returns who sends a request, as far as the browser brings something
// along.
func Known(r *http.Request) signin.Browser {
	return signin.Browser{
		Cookie: cookieOf(r, browserCookie), Sessions: sessionsOf(r),
		IP: web.ClientIP(r.Context()), UserAgent: Clip(r.UserAgent(), 256), Request: web.RequestID(r.Context()),
	}
}

func cookieOf(r *http.Request, name string) secret.String {
	c, err := r.Cookie(name)
	if err != nil {
		return secret.String{}
	}
	return secret.NewString(c.Value)
}

// setCookie sets a cookie for as long as the browser runs. Lax: a link from
// elsewhere finds the session, a form from elsewhere does not.
func setCookie(w http.ResponseWriter, name string, value secret.String) {
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: value.Reveal(), Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// Clip shortens what a browser says of itself, and keeps of it what is text:
// no store takes more, and a sign-in that cannot be recorded is refused.
func Clip(s string, n int) string {
	return strings.ToValidUTF8(s[:min(len(s), n)], "")
}

// sessionsOf returns the secrets of the sessions that a browser brings.
func sessionsOf(r *http.Request) []secret.String {
	var all []secret.String
	for _, c := range r.Cookies() {
		if _, ok := sessionIn(c); ok && len(all) < signin.MaxSessions {
			all = append(all, secret.NewString(c.Value))
		}
	}
	return all
}

// sessionIn returns the session that a cookie is named for.
func sessionIn(c *http.Cookie) (ids.SessionID, bool) {
	for _, prefix := range []string{sessionCookie, keptCookie} {
		if id, ok := strings.CutPrefix(c.Name, prefix); ok && ids.Valid(id) {
			return ids.SessionID(id), true
		}
	}
	return "", false
}

// KeepSession gives the browser the cookie of a session that has just been proved, and
// takes away those that are worth nothing any more.
func KeepSession(w http.ResponseWriter, r *http.Request, in *signin.Admitted) {
	if in == nil {
		return
	}
	live := map[ids.SessionID]bool{}
	for _, id := range in.All {
		live[id] = true
	}
	for _, c := range r.Cookies() {
		if id, ok := sessionIn(c); ok && (!live[id] || id == in.Session && c.Name != sessionName(id, in.Kept)) {
			dropCookie(w, c.Name)
		}
	}
	setSession(w, in.Session, in.Cookie, in.Kept)
}

func sessionName(id ids.SessionID, kept bool) string {
	if kept {
		return keptCookie + string(id)
	}
	return sessionCookie + string(id)
}

func setSession(w http.ResponseWriter, id ids.SessionID, value secret.String, kept bool) {
	c := &http.Cookie{
		Name: sessionName(id, kept), Value: value.Reveal(), Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
	if kept {
		c.MaxAge = int(signin.KeptLife.Seconds())
	}
	http.SetCookie(w, c)
}

// SlideSession has the browser keep a session's cookie for as long as if it were new,
// because the session was used.
func SlideSession(w http.ResponseWriter, r *http.Request, id ids.SessionID) {
	if value := cookieOf(r, sessionName(id, true)); !value.IsZero() {
		setSession(w, id, value, true)
	}
}

// DropSession takes a session's cookie away.
func DropSession(w http.ResponseWriter, id ids.SessionID) {
	if ids.Valid(string(id)) {
		dropCookie(w, sessionName(id, false))
		dropCookie(w, sessionName(id, true))
	}
}

func dropCookie(w http.ResponseWriter, name string) {
	http.SetCookie(w, &http.Cookie{Name: name, Path: "/", MaxAge: -1, Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode})
}
