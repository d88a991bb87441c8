package signinpages

import (
	"net/http"
	"strings"

	"entente/internal/flow/signin"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
)

// The cookies of sessions, one a session, whose identifier ends the name: two
// tabs that sign in at once don't lose each other's. keptCookie is of those that
// outlive the run of the browser. The name is for the browser's own order; what
// counts is the value.
const (
	sessionCookie = "__Host-entente-session."
	keptCookie    = "__Host-entente-kept."
)

// sessions returns the secrets of the sessions that a browser brings.
func sessions(r *http.Request) []secret.String {
	var all []secret.String
	for _, c := range r.Cookies() {
		if _, ok := sessionOf(c); ok && len(all) < signin.MaxSessions {
			all = append(all, secret.NewString(c.Value))
		}
	}
	return all
}

// sessionOf returns the session that a cookie is named for.
func sessionOf(c *http.Cookie) (ids.SessionID, bool) {
	for _, prefix := range []string{sessionCookie, keptCookie} {
		if id, ok := strings.CutPrefix(c.Name, prefix); ok && ids.Valid(id) {
			return ids.SessionID(id), true
		}
	}
	return "", false
}

// keep gives the browser the cookie of a session that has just been proved, and
// takes away those that are worth nothing any more.
func keep(w http.ResponseWriter, r *http.Request, in *signin.Admitted) {
	if in == nil {
		return
	}
	live := map[ids.SessionID]bool{}
	for _, id := range in.All {
		live[id] = true
	}
	for _, c := range r.Cookies() {
		if id, ok := sessionOf(c); ok && (!live[id] || id == in.Session && c.Name != sessionName(id, in.Kept)) {
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

// slide has the browser keep a session's cookie for as long as if it were new,
// because the session was used.
func slide(w http.ResponseWriter, r *http.Request, id ids.SessionID) {
	if value := cookie(r, sessionName(id, true)); !value.IsZero() {
		setSession(w, id, value, true)
	}
}

func dropSession(w http.ResponseWriter, id ids.SessionID) {
	if ids.Valid(string(id)) {
		dropCookie(w, sessionName(id, false))
		dropCookie(w, sessionName(id, true))
	}
}

func dropCookie(w http.ResponseWriter, name string) {
	http.SetCookie(w, &http.Cookie{Name: name, Path: "/", MaxAge: -1, Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode})
}
