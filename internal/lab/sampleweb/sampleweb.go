// Package sampleweb is a small web application of an organization in the lab,
// to sign in to with a browser. It stands for other people's applications: it is
// written on the two client libraries that Go programs use, knows its issuer's
// address and its own identifier, and imports nothing else of entente.
//
// A person signs in with the authorization code and PKCE (RFC 6749, section 4.1; RFC 7636).
// The application proves itself with a federated assertion (RFC 7523, section 2.2),
// so it holds no secret. It lets in whom its organization gave an app role or made
// a member of a group, and tells everybody else whom to ask. Its sessions are in
// memory, and end when the issuer says so (OpenID Connect Front-Channel Logout 1.0).
package sampleweb

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// Options are what whoever runs the application tells it.
type Options struct {
	Name         string // of the application
	Organization string // whose it is
	Contact      string // who gives access
	Issuer       string
	ClientID     string
	Tenant       string // whose tokens count
	Base         string // the application's own address
	Role         string // the value of the app role that lets in
	Group        string // the identifier of the group that does too
	GroupName    string
	Assertion    func(context.Context) (string, error) // what proves the application
	HTTP         *http.Client
	Now          func() time.Time // of the application, by which its sessions end
	Wall         func() time.Time // of the issuer's tokens
	Log          *slog.Logger
}

// An App serves the application.
type App struct {
	o        Options
	verifier *oidc.IDTokenVerifier
	oauth    oauth2.Config
	signOut  string // the issuer's address for it, or ""
	mux      *http.ServeMux

	mu       sync.Mutex
	begun    map[string]begun // by the digest of a cookie
	sessions map[string]session
}

// A begun sign-in waits for its code.
type begun struct {
	state, nonce, verifier string
	until                  time.Time
}

// A session is somebody who has signed in.
type session struct {
	who   person
	token string // the ID token, which says at the issuer who wants to leave
	until time.Time
}

// A person is what an ID token says of them.
type person struct {
	Name      string            `json:"name"`
	Username  string            `json:"preferred_username"`
	Object    string            `json:"oid"`
	Tenant    string            `json:"tid"`
	Session   string            `json:"sid"`
	Home      string            `json:"idp"`
	Roles     []string          `json:"roles"`
	Groups    []string          `json:"groups"`
	Elsewhere map[string]string `json:"_claim_names"` // what did not fit in
	Nonce     string            `json:"nonce"`
}

// The limits of the application.
const (
	signInTakes = 15 * time.Minute
	sessionEnds = 8 * time.Hour
	most        = 10_000 // sign-ins and sessions at a time
)

// New discovers the issuer and returns the application.
func New(ctx context.Context, o Options) (*App, error) {
	ctx = oidc.ClientContext(context.WithoutCancel(ctx), o.HTTP) // the library keeps it for later requests
	provider, err := oidc.NewProvider(ctx, o.Issuer)
	if err != nil {
		return nil, err
	}
	var more struct {
		EndSession string `json:"end_session_endpoint"`
		Iss        bool   `json:"authorization_response_iss_parameter_supported"`
	}
	if err := provider.Claims(&more); err != nil {
		return nil, err
	}
	a := &App{
		o: o, signOut: more.EndSession, begun: make(map[string]begun), sessions: make(map[string]session),
		verifier: provider.VerifierContext(ctx, &oidc.Config{ClientID: o.ClientID, SupportedSigningAlgs: []string{oidc.RS256}, Now: o.Wall}),
		oauth:    oauth2.Config{ClientID: o.ClientID, Endpoint: provider.Endpoint(), RedirectURL: o.Base + "/back", Scopes: []string{oidc.ScopeOpenID, "profile"}},
	}
	a.oauth.Endpoint.AuthStyle = oauth2.AuthStyleInParams
	a.mux = http.NewServeMux()
	a.mux.HandleFunc("GET /{$}", a.home)
	a.mux.HandleFunc("GET /sign-in", a.signIn)
	a.mux.HandleFunc("GET /back", a.back)
	a.mux.HandleFunc("POST /sign-out", a.leave)
	a.mux.HandleFunc("GET /signed-out", a.left)
	a.mux.HandleFunc("GET /ended", a.ended)
	a.mux.HandleFunc("GET /style.css", style)
	return a, nil
}

// ServeHTTP serves the application.
func (a *App) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src data:; form-action 'self' "+origin(a.signOut)+"; base-uri 'none'; frame-ancestors 'none'")
	http.NewCrossOriginProtection().Handler(a.mux).ServeHTTP(w, r)
}

// origin returns the origin of an address, where a form may lead in the end.
func origin(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// The cookies. Both hold a random name and nothing else.
const (
	beginCookie   = "desk-sign-in"
	sessionCookie = "desk-session"
)

func (a *App) cookie(w http.ResponseWriter, name, value string, lasts time.Duration) {
	http.SetCookie(w, &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: int(lasts.Seconds()), HttpOnly: true, SameSite: http.SameSiteLaxMode})
}

func random() string {
	b := make([]byte, 32)
	rand.Read(b) // it never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(b)
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return string(sum[:])
}

// signIn sends the browser to the issuer.
func (a *App) signIn(w http.ResponseWriter, r *http.Request) {
	b := begun{random(), random(), oauth2.GenerateVerifier(), a.o.Now().Add(signInTakes)}
	cookie := random()
	a.mu.Lock()
	tidy(a.begun, func(b begun) bool { return a.o.Now().After(b.until) })
	full := len(a.begun) >= most
	if !full {
		a.begun[digest(cookie)] = b
	}
	a.mu.Unlock()
	if full {
		a.show(w, http.StatusServiceUnavailable, "failed", page{Title: "Too many people are signing in", Text: "Try again in a few minutes."})
		return
	}
	a.cookie(w, beginCookie, cookie, signInTakes)
	http.Redirect(w, r, a.oauth.AuthCodeURL(b.state, oidc.Nonce(b.nonce), oauth2.S256ChallengeOption(b.verifier)), http.StatusSeeOther)
}

// tidy drops what has ended.
func tidy[T any](all map[string]T, over func(T) bool) {
	for k, v := range all {
		if over(v) {
			delete(all, k)
		}
	}
}

// back takes the issuer's answer.
func (a *App) back(w http.ResponseWriter, r *http.Request) {
	a.cookie(w, beginCookie, "", -time.Second)
	b, ok := a.take(r)
	q := r.URL.Query()
	switch {
	case !ok || q.Get("state") != b.state:
		a.show(w, http.StatusBadRequest, "failed", page{Title: "This sign-in has ended", Text: "It took too long, or was begun in another window. Sign in once more."})
		return
	case q.Get("iss") != a.o.Issuer: // RFC 9207, section 2.4
		a.show(w, http.StatusBadRequest, "failed", page{Title: "This answer came from somebody else", Text: "Sign in once more."})
		return
	case q.Get("error") != "":
		a.show(w, http.StatusForbidden, "failed", page{Title: "You were not signed in", Text: q.Get("error_description"), Code: q.Get("error")})
		return
	}
	who, token, err := a.redeem(r.Context(), q.Get("code"), b)
	if err != nil {
		a.o.Log.WarnContext(r.Context(), "sample web application: sign-in failed", "err", err)
		a.show(w, http.StatusBadGateway, "failed", page{Title: "You were not signed in", Text: "The issuer’s answer could not be used. Sign in once more."})
		return
	}
	cookie := random()
	a.mu.Lock()
	tidy(a.sessions, func(s session) bool { return a.o.Now().After(s.until) })
	if len(a.sessions) < most {
		a.sessions[digest(cookie)] = session{who, token, a.o.Now().Add(sessionEnds)}
	}
	a.mu.Unlock()
	a.cookie(w, sessionCookie, cookie, sessionEnds)
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// take returns the sign-in that this browser has begun, once.
func (a *App) take(r *http.Request) (begun, bool) {
	c, err := r.Cookie(beginCookie)
	if err != nil {
		return begun{}, false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	b, ok := a.begun[digest(c.Value)]
	delete(a.begun, digest(c.Value))
	return b, ok && !a.o.Now().After(b.until)
}

// redeem trades a code for an ID token and verifies that (OpenID Connect Core
// 1.0, section 3.1.3.7).
func (a *App) redeem(ctx context.Context, code string, b begun) (who person, token string, err error) {
	assertion, err := a.o.Assertion(ctx)
	if err != nil {
		return who, "", fmt.Errorf("prove the application: %w", err)
	}
	got, err := a.oauth.Exchange(context.WithValue(ctx, oauth2.HTTPClient, a.o.HTTP), code, oauth2.VerifierOption(b.verifier),
		oauth2.SetAuthURLParam("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
		oauth2.SetAuthURLParam("client_assertion", assertion))
	if err != nil {
		return who, "", err
	}
	raw, ok := got.Extra("id_token").(string)
	if !ok {
		return who, "", errors.New("there is no ID token in the answer")
	}
	verified, err := a.verifier.Verify(ctx, raw)
	if err != nil {
		return who, "", err
	}
	if err := verified.Claims(&who); err != nil {
		return who, "", err
	}
	if who.Nonce != b.nonce || who.Tenant != a.o.Tenant || who.Object == "" {
		return who, "", errors.New("the ID token is of another sign-in or another tenant")
	}
	return who, raw, nil
}

// current returns the session of the browser.
func (a *App) current(r *http.Request) (session, bool) {
	c, err := r.Cookie(sessionCookie)
	if err != nil {
		return session{}, false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	s, ok := a.sessions[digest(c.Value)]
	return s, ok && !a.o.Now().After(s.until)
}

// home shows who is here and what lets them in, or whom to ask.
func (a *App) home(w http.ResponseWriter, r *http.Request) {
	s, ok := a.current(r)
	if !ok {
		a.show(w, http.StatusOK, "welcome", page{Title: a.o.Name})
		return
	}
	p := page{Title: a.o.Name, Who: &s.who, By: a.admits(s.who)}
	if len(p.By) == 0 {
		p.Title, p.Unknown = "You don’t have access", s.who.Elsewhere["groups"] != ""
		a.show(w, http.StatusForbidden, "refused", p)
		return
	}
	a.show(w, http.StatusOK, "inside", p)
}

// admits returns what lets a person in, in words.
func (a *App) admits(who person) (by []string) {
	if slices.Contains(who.Roles, a.o.Role) {
		by = append(by, "the app role "+a.o.Role)
	}
	if slices.Contains(who.Groups, a.o.Group) {
		by = append(by, "the group "+a.o.GroupName)
	}
	return by
}

// leave ends the session here and leads to the issuer, to end that one too.
func (a *App) leave(w http.ResponseWriter, r *http.Request) {
	s, ok := a.current(r)
	if c, err := r.Cookie(sessionCookie); err == nil {
		a.mu.Lock()
		delete(a.sessions, digest(c.Value))
		a.mu.Unlock()
	}
	a.cookie(w, sessionCookie, "", -time.Second)
	if !ok || a.signOut == "" {
		http.Redirect(w, r, "/signed-out", http.StatusSeeOther)
		return
	}
	q := url.Values{"post_logout_redirect_uri": {a.o.Base + "/signed-out"}, "id_token_hint": {s.token}, "client_id": {a.o.ClientID}}
	http.Redirect(w, r, a.signOut+"?"+q.Encode(), http.StatusSeeOther)
}

func (a *App) left(w http.ResponseWriter, _ *http.Request) {
	a.show(w, http.StatusOK, "left", page{Title: "You are signed out"})
}

// ended is called by the issuer's page, in a frame, when a session there ends.
func (a *App) ended(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if sid := q.Get("sid"); sid != "" && q.Get("iss") == a.o.Issuer {
		a.mu.Lock()
		tidy(a.sessions, func(s session) bool { return s.who.Session == sid })
		a.mu.Unlock()
	}
	w.Header().Set("Content-Security-Policy", "default-src 'none'; frame-ancestors "+origin(a.o.Issuer))
	w.WriteHeader(http.StatusNoContent)
}
