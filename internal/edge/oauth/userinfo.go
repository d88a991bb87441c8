package oauth

import (
	"net/http"
	"strings"

	"entente/internal/kit/fault"
	"entente/internal/kit/oauth2"
	"entente/internal/kit/web"
)

// Why a request with a token is refused here, beside what Graph says of tokens.
const (
	noBearer    fault.Reason = "oauth.no_bearer"
	manyBearers fault.Reason = "oauth.many_bearers"
	otherTenant fault.Reason = "oauth.other_tenant"
)

// userInfos are the addresses that discovery names: Graph's, and in version 1
// one for each tenant.
func (e *Edge) userInfos() map[string]handler {
	return map[string]handler{
		"/oidc/userinfo":            e.userInfo,
		"/{tenant}/openid/userinfo": e.userInfo,
	}
}

// userInfo tells an application whom its token for Graph is about (OpenID
// Connect Core 1.0, section 5.3). Whether the token counts is asked of the
// store each time, as Graph does.
func (e *Edge) userInfo(w http.ResponseWriter, r *http.Request) error {
	text, err := bearerOf(w, r)
	if err != nil {
		return err
	}
	who, err := e.Caller(r.Context(), text)
	if err != nil {
		return err
	}
	if segment := r.PathValue("tenant"); segment != "" && !shared(segment) {
		if t, err := e.findTenant(r); err != nil || t.ID != who.Tenant {
			return fault.Because(fault.Unauthenticated, otherTenant, "The token is for another tenant.").Wrap(err)
		}
	}
	info, err := e.STS.UserInfo(r.Context(), who)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, info)
}

// bearerOf returns the token of a request: from the header or the form (RFC
// 6750, sections 2.1 and 2.2), never from the address.
func bearerOf(w http.ResponseWriter, r *http.Request) (string, error) {
	scheme, text, _ := strings.Cut(strings.TrimSpace(r.Header.Get("Authorization")), " ")
	if !strings.EqualFold(scheme, oauth2.Bearer) {
		text = ""
	}
	text = strings.TrimSpace(text)
	if r.Method == http.MethodPost && strings.HasPrefix(strings.ToLower(r.Header.Get("Content-Type")), "application/x-www-form-urlencoded") {
		form, err := readForm(w, r)
		if err != nil {
			return "", err
		}
		if sent := form["access_token"]; sent != "" && text != "" {
			return "", fault.Because(fault.Invalid, manyBearers, "The request has a token in its header and one in its form.")
		} else if text == "" {
			text = sent
		}
	}
	if text == "" {
		return "", fault.Because(fault.Unauthenticated, noBearer, "The request has no token.")
	}
	return text, nil
}

// withBearer serves what is asked for with a token, by GET or POST, by pages of
// any site too: a page that has no token reads nothing.
func (e *Edge) withBearer(pattern string, h handler) {
	e.mux.Handle(pattern, web.Serve(func(w http.ResponseWriter, r *http.Request) error {
		web.NoStore(w)
		if r.Header.Get("Origin") != "" {
			w.Header().Set("Access-Control-Allow-Origin", "*")
			w.Header().Set("Access-Control-Expose-Headers", "WWW-Authenticate")
		}
		switch r.Method {
		case http.MethodGet, http.MethodHead, http.MethodPost:
			return h(w, r)
		case http.MethodOptions: // a wildcard does not mean Authorization
			w.Header().Set("Access-Control-Allow-Methods", "GET, POST, OPTIONS")
			w.Header().Set("Access-Control-Allow-Headers", "Authorization, *")
			w.Header().Set("Access-Control-Max-Age", "86400")
			w.WriteHeader(http.StatusNoContent)
			return nil
		}
		return wrongMethod(w, r, "GET, POST")
	}, e.challenge))
}

// challenge refuses a request that came with a token, or should have (RFC 6750,
// section 3). What Graph says against a token is told as one word; what is no
// question of the token is refused as everywhere here.
func (e *Edge) challenge(w http.ResponseWriter, r *http.Request, err error) {
	f := fault.Public(err)
	o := formOf(f)
	switch {
	case o.status >= http.StatusTooManyRequests:
		e.refuse(w, r, err)
		return
	case o.word != oauth2.InvalidRequest && o.word != oauth2.InsufficientScope:
		o.status, o.word = http.StatusUnauthorized, oauth2.InvalidToken
	}
	e.Log.InfoContext(r.Context(), "refused", web.AttrRequest, web.RequestID(r.Context()), web.AttrError, err)
	text := plain(f.Message)
	challenge := oauth2.Bearer + ` realm="` + hostOf(e.Hosts.Own) + `"`
	if f.Reason != noBearer {
		challenge += `, error="` + string(o.word) + `", error_description="` + text + `"`
	}
	if o.word == oauth2.InsufficientScope {
		challenge += `, scope="openid"`
	}
	w.Header().Set("WWW-Authenticate", challenge)
	body := map[string]any{"error": o.word, "error_description": text, "trace_id": web.RequestID(r.Context()), "correlation_id": correlation(w, r)}
	if err := writeJSON(w, o.status, body); err != nil {
		e.Log.InfoContext(r.Context(), "answer not taken", web.AttrRequest, web.RequestID(r.Context()), web.AttrError, err)
	}
}

// plain returns a text in the characters of an error_description (RFC 6750,
// section 3).
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '"' || r == '\\' {
			return '\''
		}
		return r
	}, text)
}
