package attack

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"entente/internal/enttest"
	"entente/internal/enttest/dbtest"
	"entente/internal/enttest/pagetest"
	"entente/internal/kit/clock"
	"entente/internal/kit/sqldb"
)

// attacks are the cases. They share a server, and none leaves anything behind
// that another meets.
var attacks = []struct {
	name string
	try  func(t *testing.T, g *ground)
}{
	{"a code comes many times at once", codeReplay},
	{"a code comes from another client", codeOfAnotherClient},
	{"the proof of possession is taken out or weakened", challengeDowngrade},
	{"two issuers are mixed up", mixUp},
	{"a link leads out", openRedirect},
	{"a refresh token comes again", refreshReuse},
	{"a refresh token comes many times at once", refreshRace},
	{"a browser's cookie is planted", sessionFixation},
	{"a page is framed", clickjacking},
	{"another site sends a form", crossSiteForms},
	{"consent is forced or swapped", consentForced},
	{"consent is taken away", consentTakenAway},
	{"a token is for another resource", anotherResource},
	{"an ID token is no access token", idTokenAsAccess},
	{"a thing of one kind is used as another", kinds},
	{"a device's code is sent to somebody", devicePhishing},
	{"a guest leafs through the directory", guestEnumerates},
	{"a guest's mail is a member's", mailOfAMember},
	{"an invitation is somebody else's, used, old or misspelled", invitationMisused}, // last: a month goes by
}

func TestAttacks(t *testing.T) {
	enttest.Each(t, func(t *testing.T, engine sqldb.Engine) {
		g := newGround(t, engine)
		for _, a := range attacks {
			t.Run(a.name, func(t *testing.T) { a.try(t, g) })
		}
	})
}

// The addresses of the applications, and the verifier of their requests.
const (
	nativeBack = "http://localhost/cb"
	webBack    = "https://mail.example/cb"
	verifier   = "a-verifier-of-at-least-forty-three-characters-1"
	password   = "Correct-horse-7"
)

// An application is one that people sign in to.
type application struct {
	enttest.Application
	back   string
	secret string
}

// A ground is a server with two tenants, whose people use the same
// applications of the first.
type ground struct {
	*enttest.Server
	clock        *clock.Fake
	db           *sqldb.DB
	notes, other *application // of native programs
	mail         *application // of a server
	api          enttest.Application
	clerk        string // of tenant A, with no role
}

func newGround(t *testing.T, engine sqldb.Engine) *ground {
	t.Helper()
	clk := clock.NewFake(dbtest.Noon)
	g := &ground{Server: enttest.Start(t, enttest.Options{Engine: engine, Clock: clk}), clock: clk, clerk: "clerk@contoso.example"}
	g.db = dbtest.OpenURL(t, g.Store, clk)
	g.notes = g.application(t, "Notes", map[string]any{"publicClient": map[string]any{"redirectUris": []string{nativeBack}}, "isFallbackPublicClient": true})
	g.other = g.application(t, "Other", map[string]any{"publicClient": map[string]any{"redirectUris": []string{nativeBack}}, "isFallbackPublicClient": true})
	g.mail = g.application(t, "Mail", map[string]any{"web": map[string]any{"redirectUris": []string{webBack}}})
	g.mail.back = webBack
	var made struct {
		Text string `json:"secretText"`
	}
	g.Graph(t, g.A, http.MethodPost, "/v1.0/applications/"+g.mail.ID+"/addPassword", map[string]any{"passwordCredential": map[string]any{"displayName": "x"}}, &made)
	g.mail.secret = made.Text
	g.api = g.Application(t, g.A, "An API", false)
	g.Present(t, g.A, g.api.AppID)
	g.Graph(t, g.A, http.MethodPost, "/v1.0/users", map[string]any{
		"accountEnabled": true, "displayName": "Clerk", "mailNickname": "clerk", "userPrincipalName": g.clerk,
		"passwordProfile": map[string]any{"password": password, "forceChangePasswordNextSignIn": false},
	}, nil)
	return g
}

// application makes one of tenant A that both tenants have agreed to.
func (g *ground) application(t *testing.T, name string, more map[string]any) *application {
	t.Helper()
	a := &application{Application: g.Application(t, g.A, name, true), back: nativeBack}
	g.Graph(t, g.A, http.MethodPatch, "/v1.0/applications/"+a.ID, more, nil)
	for _, in := range []*enttest.Tenant{g.A, g.B} {
		g.Delegate(t, in, g.Present(t, in, a.AppID).ID, "User.Read User.Read.All Group.Read.All Directory.Read.All")
	}
	return a
}

// A browser keeps cookies, follows what leads on within the installation, and
// stops where it is sent away.
type browser struct {
	g    *ground
	http *http.Client
}

func (g *ground) browser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{g: g, http: &http.Client{Transport: g.HTTP.Transport, Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if !strings.HasPrefix(r.URL.String(), g.Name+"/") {
			return http.ErrUseLastResponse
		}
		return nil
	}}}
}

// A view is where a browser is in the end: on a page, or sent away.
type view struct {
	*pagetest.Page
	status int
	header http.Header
	raw    string
	at     *url.URL
	left   *url.URL
}

// answer returns what the application was told.
func (v view) answer(t *testing.T) url.Values {
	t.Helper()
	if v.left == nil {
		t.Fatalf("the browser is at %s: %d %s", v.at, v.status, v.raw)
	}
	if v.left.Fragment != "" {
		q, err := url.ParseQuery(v.left.Fragment)
		if err != nil {
			t.Fatal(err)
		}
		return q
	}
	return v.left.Query()
}

func (b *browser) open(t *testing.T, path string) view {
	t.Helper()
	return b.send(t, http.MethodGet, path, nil, nil)
}

// send sends a request as a browser does from a page of the installation,
// unless header says that it comes from elsewhere.
func (b *browser) send(t *testing.T, method, path string, form url.Values, header map[string]string) view {
	t.Helper()
	var body io.Reader
	if method == http.MethodPost {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(t.Context(), method, b.g.Name+path, body)
	if err != nil {
		t.Fatal(err)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	for name, value := range header {
		if r.Header.Set(name, value); value == "" {
			r.Header.Del(name)
		}
	}
	res, err := b.http.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	v := view{status: res.StatusCode, header: res.Header, raw: string(raw), at: res.Request.URL}
	if res.StatusCode >= 300 && res.StatusCode < 400 {
		if v.left, err = res.Location(); err != nil {
			t.Fatal(err)
		}
		return v
	}
	if strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") {
		v.Page = pagetest.Parse(t, bytes.NewReader(raw))
	}
	return v
}

// press presses a button of a page, with fields filled in.
func (b *browser) press(t *testing.T, on view, button string, fill url.Values) view {
	t.Helper()
	if on.Page == nil {
		t.Fatalf("the browser is at %s, %v, and not on a page with %q: %s", on.at, on.left, button, on.raw)
	}
	action, fields := on.Form(t, button)
	maps.Copy(fields, fill)
	return b.send(t, http.MethodPost, action, fields, nil)
}

// signIn goes from a link through the pages of sign-in.
func (b *browser) signIn(t *testing.T, path, upn, password string) view {
	t.Helper()
	return b.press(t, b.press(t, b.open(t, path), "Next", url.Values{"username": {upn}}), "Sign in", url.Values{"password": {password}})
}

// asClerk goes from a link through the pages as somebody of tenant A.
func (b *browser) asClerk(t *testing.T, path string) view {
	t.Helper()
	return b.signIn(t, path, b.g.clerk, password)
}

// link is the address at which an application has somebody sign in.
func (g *ground) link(a *application, at string, more ...string) string {
	sum := sha256.Sum256([]byte(verifier))
	return "/" + at + "/oauth2/v2.0/authorize?" + with(url.Values{
		"client_id": {a.AppID}, "response_type": {"code"}, "redirect_uri": {a.back}, "scope": {"openid profile offline_access User.Read"}, "state": {"s"}, "nonce": {"n"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}, more...).Encode()
}

// with returns a form with some fields changed; those that become empty go.
func with(f url.Values, more ...string) url.Values {
	f = maps.Clone(f)
	for i := 0; i+1 < len(more); i += 2 {
		if f.Set(more[i], more[i+1]); more[i+1] == "" {
			f.Del(more[i])
		}
	}
	return f
}

// code has the clerk sign in to an application and returns the code.
func (g *ground) code(t *testing.T, a *application, more ...string) string {
	t.Helper()
	q := g.browser(t).asClerk(t, g.link(a, g.A.ID, more...)).answer(t)
	if q.Get("code") == "" {
		t.Fatalf("there is no code: %v", q)
	}
	return q.Get("code")
}

// redemption is what an application sends with a code.
func (g *ground) redemption(a *application, code string, more ...string) url.Values {
	f := url.Values{"grant_type": {"authorization_code"}, "client_id": {a.AppID}, "code": {code}, "redirect_uri": {a.back}, "code_verifier": {verifier}}
	if a.secret != "" {
		f.Set("client_secret", a.secret)
	}
	return with(f, more...)
}

// renewal is what an application sends with a refresh token.
func (g *ground) renewal(a *application, refresh string, more ...string) url.Values {
	f := url.Values{"grant_type": {"refresh_token"}, "client_id": {a.AppID}, "refresh_token": {refresh}, "scope": {"openid User.Read"}}
	if a.secret != "" {
		f.Set("client_secret", a.secret)
	}
	return with(f, more...)
}

// ask posts a form to tenant A's token endpoint.
func (g *ground) ask(t *testing.T, form url.Values) enttest.Answer {
	t.Helper()
	return g.Post(t, "/"+g.A.ID+"/oauth2/v2.0/token", form)
}

// tokens are what an application is given.
type tokens struct {
	Access  string `json:"access_token"`
	ID      string `json:"id_token"`
	Refresh string `json:"refresh_token"`
}

// get is ask for what must be given.
func (g *ground) get(t *testing.T, form url.Values) (got tokens) {
	t.Helper()
	a := g.ask(t, form)
	if a.Into(t, &got); a.Status != http.StatusOK || got.Access == "" {
		t.Fatalf("no tokens for %s: %d %s", form.Get("grant_type"), a.Status, a.Body)
	}
	return got
}

// signedIn are the tokens of the clerk at an application.
func (g *ground) signedIn(t *testing.T, a *application) tokens {
	t.Helper()
	got := g.get(t, g.redemption(a, g.code(t, a)))
	if got.Refresh == "" || got.ID == "" {
		t.Fatalf("the application got %+v", got)
	}
	return got
}

// refused wants a refusal with one of the numbers.
func refused(t *testing.T, what string, a enttest.Answer, numbers ...int) {
	t.Helper()
	got := a.Number(t)
	for _, n := range numbers {
		if got == n {
			return
		}
	}
	t.Errorf("%s: %d %s, want AADSTS%v", what, a.Status, a.Body, numbers)
}

// together calls work n times at once and returns the answers.
func together(n int, work func() enttest.Answer) []enttest.Answer {
	all, begin, done := make([]enttest.Answer, n), make(chan struct{}), make(chan struct{})
	for i := range n {
		go func() {
			<-begin
			all[i] = work()
			done <- struct{}{}
		}()
	}
	close(begin)
	for range n {
		<-done
	}
	return all
}
