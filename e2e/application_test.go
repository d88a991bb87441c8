package e2e

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
)

// An application is one of tenant B's, with a page to come back to. It shows
// what it was sent, so that a case can read it off the page.
type application struct {
	name, id, object, principal string
	back                        string // its registered address
}

// platform is where an application's address is registered.
type platform string

const (
	web    platform = "web"
	native platform = "publicClient"
)

// newApplication registers an application and serves its page.
func newApplication(t *testing.T, name string, on platform) *application {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(cameBack))
	t.Cleanup(srv.Close)
	a := &application{name: name, back: srv.URL + "/back"}
	app := graph(t, http.MethodPost, "/v1.0/applications", map[string]any{
		"displayName": name, "signInAudience": "AzureADMyOrg",
		string(on): map[string]any{"redirectUris": []string{a.back}},
	}, http.StatusCreated)
	a.id, a.object = fmt.Sprint(app["appId"]), fmt.Sprint(app["id"])
	a.principal = fmt.Sprint(graph(t, http.MethodPost, "/v1.0/servicePrincipals", map[string]any{"appId": a.id}, http.StatusCreated)["id"])
	return a
}

// cameBack is the application's page: the answer as a list.
func cameBack(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/favicon.ico" {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if err := r.ParseForm(); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, `<!doctype html><html lang="en"><title>Application</title><h1>Back at the application</h1><p>by %s</p><dl>`, r.Method)
	for name, values := range r.Form {
		fmt.Fprintf(w, `<dt>%s</dt><dd id="%s">%s</dd>`, html.EscapeString(name), html.EscapeString(name), html.EscapeString(values[0]))
	}
	fmt.Fprint(w, `</dl>`)
}

// agreed has tenant B's administrator consent for everybody, by Graph.
func (a *application) agreed(t *testing.T, scope string) *application {
	t.Helper()
	resource := graph(t, http.MethodGet, "/v1.0/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')?$select=id", nil, http.StatusOK)
	graph(t, http.MethodPost, "/v1.0/oauth2PermissionGrants", map[string]any{
		"clientId": a.principal, "consentType": "AllPrincipals", "resourceId": resource["id"], "scope": scope,
	}, http.StatusCreated)
	return a
}

// signInAddress is where the application sends people, with more parameters or
// others.
func (a *application) signInAddress(more ...string) string {
	q := url.Values{
		"client_id": {a.id}, "response_type": {"code"}, "redirect_uri": {a.back}, "scope": {"openid profile User.Read"},
		"state": {"a state"}, "nonce": {"a nonce"}, "code_challenge": {challenge(verifier)}, "code_challenge_method": {"S256"},
	}
	for i := 0; i < len(more); i += 2 {
		q.Set(more[i], more[i+1])
	}
	return "/" + env["ENTENTE_TENANT_B"] + "/oauth2/v2.0/authorize?" + q.Encode()
}

// consentAddress is where the application sends an administrator.
func (a *application) consentAddress(scope string) string {
	return "/" + env["ENTENTE_TENANT_B"] + "/v2.0/adminconsent?" + url.Values{
		"client_id": {a.id}, "redirect_uri": {a.back}, "scope": {scope}, "state": {"a state"},
	}.Encode()
}

const verifier = "a-verifier-of-more-than-forty-three-characters-in-all"

func challenge(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// backWith fails the test unless the browser is at the application with this
// value, and returns it.
func (b *tab) backWith(name string) string {
	b.t.Helper()
	b.at("Back at the application")
	return b.text("#" + name)
}
