package interop

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"

	"entente/internal/enttest/pagetest"
)

// A browser follows addresses within the installation and keeps cookies.
type browser struct {
	*http.Client
	t *testing.T
}

// newBrowser stops where it is sent away: to an application.
func newBrowser(t *testing.T) browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return browser{&http.Client{Transport: client.Transport, Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if !strings.HasPrefix(env["ENTENTE_LOGIN_URL"], "https://"+r.URL.Host) {
			return http.ErrUseLastResponse
		}
		return nil
	}}, t}
}

// A view is where a browser is: on a page of ours, or sent to an application.
type view struct {
	page *pagetest.Page
	sent *url.URL
}

func (b browser) see(resp *http.Response, err error) view {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	if to := resp.Header.Get("Location"); to != "" {
		u, err := url.Parse(to)
		if err != nil {
			b.t.Fatal(err)
		}
		return view{sent: u}
	}
	return view{page: pagetest.Parse(b.t, resp.Body)}
}

func (b browser) open(address string) view {
	b.t.Helper()
	return b.see(b.Get(address))
}

// press presses a button of the page the browser is on.
func (b browser) press(on view, button string, fill url.Values) view {
	b.t.Helper()
	if on.page == nil {
		b.t.Fatalf("the browser was sent to %s, want the button %q", on.sent, button)
	}
	action, fields := on.page.Form(b.t, button)
	for k, v := range fill {
		fields[k] = v
	}
	return b.see(b.PostForm(env["ENTENTE_LOGIN_URL"]+action, fields))
}

// signIn goes through the pages of sign-in, as an administrator of tenant B.
func (b browser) signIn(address string) view {
	b.t.Helper()
	v := b.press(b.open(address), "Next", url.Values{"username": {env["ENTENTE_ADMIN_B_UPN"]}})
	return b.press(v, "Sign in", url.Values{"password": {env["ENTENTE_ADMIN_B_PASSWORD"]}})
}

func challengeOf(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// TestMSALSignsAPersonIn is a person of tenant B at a public client: consent,
// sign-in with PKCE, Graph in the person's name, and a silent renewal.
func TestMSALSignsAPersonIn(t *testing.T) {
	const back = "http://localhost:3000/cb"
	id, b := env["ENTENTE_PUBLIC_APP_ID"], newBrowser(t)
	agree := env["ENTENTE_LOGIN_URL"] + "/" + env["ENTENTE_TENANT_B"] + "/v2.0/adminconsent?" + url.Values{
		"client_id": {id}, "scope": {"User.Read openid profile offline_access"}, "redirect_uri": {back}}.Encode()
	if v := b.press(b.signIn(agree), "Consent for Fabrikam", url.Values{"decision": {"accept"}}); v.sent == nil || v.sent.Query().Get("admin_consent") != "True" {
		t.Fatalf("consent led to %v", v.sent)
	}
	c, err := public.New(id, public.WithAuthority(env["ENTENTE_LOGIN_URL"]+"/"+env["ENTENTE_TENANT_B"]), public.WithHTTPClient(client), public.WithInstanceDiscovery(false))
	if err != nil {
		t.Fatal(err)
	}
	scopes := []string{"User.Read"}
	address, err := c.AuthCodeURL(t.Context(), id, back, scopes)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	verifier := strings.Repeat("verifier-", 6)
	q.Set("code_challenge", challengeOf(verifier))
	q.Set("code_challenge_method", "S256")
	u.RawQuery = q.Encode()
	v := b.open(u.String())
	if v.sent == nil || v.sent.Query().Get("code") == "" {
		t.Fatalf("with the session of the consent, the browser is at %v, %v", v.sent, v.page)
	}
	got, err := c.AcquireTokenByAuthCode(t.Context(), v.sent.Query().Get("code"), back, scopes, public.WithChallenge(verifier))
	if err != nil {
		t.Fatal(err)
	}
	wantClaims(t, got.AccessToken, map[string]any{"tid": env["ENTENTE_TENANT_B"], "appid": id, "upn": env["ENTENTE_ADMIN_B_UPN"], "idtyp": "user"})
	if got.Account.PreferredUsername != env["ENTENTE_ADMIN_B_UPN"] || !strings.HasSuffix(got.Account.HomeAccountID, "."+env["ENTENTE_TENANT_B"]) {
		t.Errorf("the account is %+v", got.Account)
	}
	if me := graph(t, http.MethodGet, "/v1.0/me", got.AccessToken, nil, http.StatusOK); me["userPrincipalName"] != env["ENTENTE_ADMIN_B_UPN"] {
		t.Errorf("/me is %v", me)
	}
	if _, err := c.AcquireTokenByAuthCode(t.Context(), v.sent.Query().Get("code"), back, scopes, public.WithChallenge(verifier)); err == nil || !strings.Contains(err.Error(), "AADSTS54005") {
		t.Errorf("the code a second time: %v", err)
	}
	if _, err := c.AcquireTokenSilent(t.Context(), scopes, public.WithSilentAccount(got.Account), public.WithClaims(`{"access_token":{"nbf":{"essential":true}}}`)); err == nil || !strings.Contains(err.Error(), "AADSTS50173") {
		t.Errorf("after the code came twice, its refresh token: %v", err)
	}
	v = b.open(u.String())
	if got, err = c.AcquireTokenByAuthCode(t.Context(), v.sent.Query().Get("code"), back, scopes, public.WithChallenge(verifier)); err != nil {
		t.Fatal(err)
	}
	again, err := c.AcquireTokenSilent(t.Context(), scopes, public.WithSilentAccount(got.Account), public.WithClaims(`{"access_token":{"nbf":{"essential":true}}}`))
	if err != nil {
		t.Fatal(err)
	}
	if again.AccessToken == got.AccessToken {
		t.Error("the renewal gave the same token")
	}
}
