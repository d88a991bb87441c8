package portal

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
)

// noteCookie carries a note over one redirect. Its prefix keeps other hosts
// from setting it (RFC 6265bis, section 4.1.3.2); its text is escaped like any
// other.
const noteCookie = "__Host-entente-note"

// Leave stores a note for the page that the answer redirects to.
func Leave(w http.ResponseWriter, n Note) {
	b, err := json.Marshal(n)
	if err != nil {
		return // a Note is three strings: it always has a form
	}
	http.SetCookie(w, &http.Cookie{
		Name: noteCookie, Value: base64.RawURLEncoding.EncodeToString(b), Path: "/", MaxAge: 60,
		Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// Take returns the note that an earlier answer left, once, or nil.
func Take(w http.ResponseWriter, r *http.Request) *Note {
	c, err := r.Cookie(noteCookie)
	if err != nil {
		return nil
	}
	http.SetCookie(w, &http.Cookie{Name: noteCookie, Path: "/", MaxAge: -1, Secure: true, HttpOnly: true})
	b, err := base64.RawURLEncoding.DecodeString(c.Value)
	n := new(Note)
	if err != nil || json.Unmarshal(b, n) != nil || n.Lead == "" {
		return nil
	}
	switch n.Kind {
	case "ok", "wait", "stop":
	default:
		n.Kind = ""
	}
	return n
}
