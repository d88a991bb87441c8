package signin

import (
	"net/url"
	"slices"
	"time"

	"entente/internal/core/app"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
)

// A SignOut is the end of one or several of a browser's sessions, for the page
// that tells it to the person and to the sessions' applications.
type SignOut struct {
	ID        ids.SignOutID
	Browser   secret.Digest // of the cookie of the browser in which it was done
	Ended     []Ended
	App       ids.AppID // that asked for it; empty: none did
	Back      string    // where the browser goes next: a registered address with its values; empty: nowhere
	ExpiresAt time.Time
}

// An Ended session is whose it was.
type Ended struct {
	Home     ids.TenantID  `json:"home"`
	Session  ids.SessionID `json:"session"`
	Username string        `json:"username"`
}

// wayBack returns the address to which a browser is sent after sign-out, or ""
// if the asked one is not the application's own. Addresses that people are
// signed in to count for it (OpenID Connect RP-Initiated Logout 1.0, section 3).
func wayBack(a *app.Application, asked, state string) string {
	if asked == "" || a == nil {
		return ""
	}
	own := a.RedirectURIs()
	if !slices.Contains(own, asked) && !slices.ContainsFunc(own, func(r string) bool { return sameLoopback(r, asked) }) {
		return ""
	}
	return withState(asked, state)
}

// withState adds an application's state to its address, if there is one.
func withState(address, state string) string {
	u, err := url.Parse(address)
	if err != nil || state == "" {
		return address
	}
	if u.RawQuery != "" {
		u.RawQuery += "&"
	}
	u.RawQuery += url.Values{"state": {state}}.Encode()
	return u.String()
}

// whose returns the session that somebody means by an account's name, or "" if
// that is none or not clear.
func whose(all []Held, username string) ids.SessionID {
	h := hints{account: username}
	var found ids.SessionID
	for _, s := range all {
		switch {
		case username == "" || !h.fit(s):
		case found != "":
			return ""
		default:
			found = s.ID
		}
	}
	return found
}
