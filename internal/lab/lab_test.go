package lab

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"entente/internal/config"
	"entente/internal/server"
)

// TestMain lets this binary be the lab's own runbook.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "lab" && os.Args[2] == "runbook" {
		if err := Runbook(context.Background(), os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// A told lab is one whose story has been told, and that is still up.
type told struct {
	data string
	env  map[string]string
	out  *bytes.Buffer
	api  *api
}

// tell starts a lab, waits for the end of its story and runs use while it is
// up.
func tell(t *testing.T, o Options, use func(t *testing.T, l told)) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var out bytes.Buffer
	o.Out, o.Errors, o.self = &out, &out, []string{os.Args[0], "lab", "runbook"}
	if o.Data == "" {
		o.Data = filepath.Join(t.TempDir(), "lab")
	}
	if o.Port == 0 {
		l, err := listenLoopback(0)
		if err != nil {
			t.Fatal(err)
		}
		o.listener = l
	}
	used := false
	o.ready = func(l *lab) {
		used = true
		defer cancel()
		var env map[string]string
		var text bytes.Buffer
		if err := Env(o.Data, "json", &text); err != nil {
			t.Error(err)
			return
		}
		if err := json.Unmarshal(text.Bytes(), &env); err != nil {
			t.Error(err)
			return
		}
		use(t, told{o.Data, env, &out, &api{http: l.http, base: l.world.Name}})
	}
	if err := Run(ctx, o); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	if !used {
		t.Fatalf("the story was not told:\n%s", &out)
	}
	return out.String()
}

var lastLine = regexp.MustCompile(`\nFound (\d+) users in tenant B\n$`)

// TestStoryOnce plays the story in a fresh lab with each of the two runbooks.
func TestStoryOnce(t *testing.T) {
	for _, builtIn := range []bool{false, true} {
		name := "examples/runbook.sh"
		if builtIn {
			name = "the built-in runbook"
		}
		t.Run(name, func(t *testing.T) {
			out := tell(t, Options{Once: true, builtIn: builtIn}, func(t *testing.T, l told) {
				j := onlyJob(t, l.data)
				if j.Status != "Completed" || !strings.HasPrefix(j.Output, "Found 14 users") {
					t.Errorf("job = %+v, want it completed with 14 users", j)
				}
				if got, want := j.By == "entente", builtIn || len(missing("bash", "curl", "jq")) > 0; got != want {
					t.Errorf("the runbook was run by %s", j.By)
				}
			})
			if !strings.Contains(out, "guest in tenant A") || !strings.Contains(out, "pendingApproval") {
				t.Error("the second story was not told to its end")
			}
			if m := lastLine.FindStringSubmatch(out); m == nil || m[1] != "14" {
				t.Errorf("the story does not end in \"Found 14 users in tenant B\":\n%s", out)
			}
			if strings.Contains(out, "\x1b") {
				t.Error("there is color, though nobody looks at a terminal")
			}
		})
	}
}

func onlyJob(t *testing.T, data string) (j job) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(data, "jobs", "*", "job.json"))
	if err != nil || len(files) != 1 {
		t.Fatalf("job records: %v, %v, want one", files, err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &j); err != nil {
		t.Fatal(err)
	}
	return j
}

// contract are the names that programs outside read, and the form of each.
var contract = map[string]string{
	"AZURE_AUTHORITY_HOST":              `https://localhost:\d+`,
	"AZURE_POD_IDENTITY_AUTHORITY_HOST": `http://127\.0\.0\.1:\d+`,
	"ARM_METADATA_HOSTNAME":             `localhost:\d+`,
	"SSL_CERT_FILE":                     `/.+\.pem`,
	"NODE_EXTRA_CA_CERTS":               `/.+\.pem`,
	"REQUESTS_CA_BUNDLE":                `/.+\.pem`,
	"CURL_CA_BUNDLE":                    `/.+\.pem`,
	"IDENTITY_ENDPOINT":                 `http://127\.0\.0\.1:\d+/.+`,
	"IDENTITY_HEADER":                   `.{20,}`,
	"ENTENTE_LOGIN_URL":                 `https://localhost:\d+`,
	"ENTENTE_GRAPH_URL":                 `https://localhost:\d+`,
	"ENTENTE_CA_FILE":                   `/.+\.pem`,
	"ENTENTE_TENANT_A":                  guid,
	"ENTENTE_TENANT_B":                  guid,
	"ENTENTE_TENANT_C":                  guid,
	"ENTENTE_APP_ID":                    guid,
	"ENTENTE_MI_CLIENT_ID":              guid,
	"ENTENTE_MI_OBJECT_ID":              guid,
	"ENTENTE_MI_RESOURCE_ID":            `/subscriptions/.+/userAssignedIdentities/.+`,
	"ENTENTE_MI_OTHER_CLIENT_ID":        guid,
	"ENTENTE_IMDS_URL":                  `http://127\.0\.0\.1:\d+`,
	"ENTENTE_ADMIN_A_UPN":               `.+@contoso\.example`,
	"ENTENTE_ADMIN_A_PASSWORD":          `.{8,}`,
	"ENTENTE_MEMBER_A_UPN":              `member01@contoso\.example`,
	"ENTENTE_MEMBER_A_PASSWORD":         `.{8,}`,
	"ENTENTE_ADMIN_B_UPN":               `.+@fabrikam\.example`,
	"ENTENTE_ADMIN_B_PASSWORD":          `.{8,}`,
	"ENTENTE_SECRET_APP_ID":             guid,
	"ENTENTE_SECRET":                    `.{20,}`,
	"ENTENTE_CERT_APP_ID":               guid,
	"ENTENTE_CERT_PEM_FILE":             `/.+\.pem`,
	"ENTENTE_PUBLIC_APP_ID":             guid,
	"ENTENTE_WEB_APP_URL":               `http://127\.0\.0\.1:\d+`,
	"ENTENTE_WEBAPP_URL":                `http://127\.0\.0\.1:\d+`,
	"ENTENTE_PORTAL_URL":                `https://localhost:\d+`,
	"ENTENTE_USER_B_UPN":                `member02@fabrikam\.example`,
	"ENTENTE_USER_B_PASSWORD":           `.{8,}`,
	"ENTENTE_APPROVER_A_UPN":            `.+@contoso\.example`,
	"ENTENTE_APPROVER_A_PASSWORD":       `.{8,}`,
	"ENTENTE_PACKAGE_LINK":              `https://localhost:\d+/@contoso\.example/access-packages/` + guid,
	"ENTENTE_PACKAGE_ID":                guid,
	"ENTENTE_TEAM_ID":                   guid,
	"ENTENTE_SECRET_A_APP_ID":           guid,
	"ENTENTE_SECRET_A":                  `.{20,}`,
}

const guid = `[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`

// TestEnvironment uses one lab to look at what it tells programs outside.
func TestEnvironment(t *testing.T) {
	tell(t, Options{Once: true, builtIn: true}, func(t *testing.T, l told) {
		t.Run("is a contract", func(t *testing.T) { isContract(t, l) })
		t.Run("its clients get tokens", func(t *testing.T) { clientsGetTokens(t, l) })
		t.Run("is no service's", func(t *testing.T) { keepApart(t, l) })
	})
}

// isContract compares the environment with the names and forms that programs
// outside rely on.
func isContract(t *testing.T, l told) {
	for name, form := range contract {
		if !regexp.MustCompile("^" + form + "$").MatchString(l.env[name]) {
			t.Errorf("%s = %q, want the form %s", name, l.env[name], form)
		}
	}
	for name := range l.env {
		if _, known := contract[name]; !known {
			t.Errorf("the environment has %s besides", name)
		}
	}
	for _, form := range []string{"", "powershell"} {
		var text bytes.Buffer
		if err := Env(l.data, form, &text); err != nil || strings.Count(text.String(), "\n") != len(contract) {
			t.Errorf("form %q: %v, %d lines, want %d", form, err, strings.Count(text.String(), "\n"), len(contract))
		}
	}
}

// clientsGetTokens gets tokens with what the environment names.
func clientsGetTokens(t *testing.T, l told) {
	ctx := t.Context()
	token, err := l.api.clientToken(ctx, l.env["ENTENTE_TENANT_B"], client{ID: l.env["ENTENTE_SECRET_APP_ID"], Secret: l.env["ENTENTE_SECRET"]}, graphScope)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := l.api.countUsers(ctx, token); err != nil || n != 14 {
		t.Errorf("the confidential client finds %d users, %v, want 14", n, err)
	}
	_, err = l.api.identityToken(ctx, l.env["IDENTITY_ENDPOINT"], l.env["IDENTITY_HEADER"], exchangeAudience, l.env["ENTENTE_MI_OTHER_CLIENT_ID"])
	if err != nil {
		t.Errorf("the other identity: %v", err)
	}
	_, err = l.api.identityToken(ctx, l.env["IDENTITY_ENDPOINT"], "wrong", exchangeAudience, l.env["ENTENTE_MI_CLIENT_ID"])
	if r, ok := errors.AsType[*refusal](err); !ok || r.status/100 != 4 {
		t.Errorf("a wrong header gets %v, want it refused", err)
	}
	code, err := Exec(ctx, l.data, []string{os.Args[0], "lab", "runbook"}, nil, l.out, l.out)
	if code != 0 || err != nil {
		t.Errorf("a command in the environment ends with %d, %v", code, err)
	}
}

// TestSecondStart finds what the first made: the same tenants and clients, at
// the same addresses.
func TestSecondStart(t *testing.T) {
	data := filepath.Join(t.TempDir(), "lab")
	var first map[string]string
	tell(t, Options{Data: data, Once: true, builtIn: true}, func(t *testing.T, l told) { first = l.env })
	out := tell(t, Options{Data: data, Port: portOf(t, first), builtIn: true}, func(t *testing.T, l told) {
		for name, was := range first {
			if l.env[name] != was {
				t.Errorf("%s = %s, was %s", name, l.env[name], was)
			}
		}
	})
	if !strings.Contains(out, "The first telling's objects are here") {
		t.Errorf("the second start does not say that it is one:\n%s", out)
	}
	err := Run(t.Context(), Options{Data: data, Port: portOf(t, first) + 1, Out: new(bytes.Buffer)})
	if err == nil || !strings.Contains(err.Error(), "--reset") {
		t.Errorf("another port: err = %v, want it refused", err)
	}
}

// TestAChangedLabStaysUp: what people did in their lab may spoil the second
// telling, and then it says so; it does not keep the lab from them.
func TestAChangedLabStaysUp(t *testing.T) {
	data := filepath.Join(t.TempDir(), "lab")
	var first map[string]string
	tell(t, Options{Data: data, builtIn: true}, func(t *testing.T, l told) {
		first = l.env
		token, err := l.api.clientToken(t.Context(), l.env["ENTENTE_TENANT_B"], client{ID: l.env["ENTENTE_SECRET_APP_ID"], Secret: l.env["ENTENTE_SECRET"]}, graphScope)
		if err != nil {
			t.Fatal(err)
		}
		path := "/v1.0/servicePrincipals(appId='" + l.env["ENTENTE_APP_ID"] + "')"
		if err := l.api.json(t.Context(), http.MethodPatch, path, token, map[string]any{"accountEnabled": false}, nil); err != nil {
			t.Fatal(err)
		}
	})
	var once bytes.Buffer
	if err := Run(t.Context(), Options{Data: data, Port: portOf(t, first), Once: true, builtIn: true, Out: &once, Errors: &once, self: []string{os.Args[0], "lab", "runbook"}}); err == nil {
		t.Errorf("--once ends well though a step failed:\n%s", &once)
	}
	out := tell(t, Options{Data: data, Port: portOf(t, first), builtIn: true}, func(t *testing.T, l told) {
		if l.env["IDENTITY_ENDPOINT"] == "" {
			t.Error("the host is not up")
		}
	})
	if !strings.Contains(out, "AADSTS7000112") || !strings.Contains(out, "the lab is up") {
		t.Errorf("the second telling does not say what failed:\n%s", out)
	}
}

func portOf(t *testing.T, env map[string]string) (port int) {
	t.Helper()
	u, err := url.Parse(env["ENTENTE_LOGIN_URL"])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Sscan(u.Port(), &port); err != nil {
		t.Fatal(err)
	}
	return port
}

// TestBeforeTheStory: a lab that has told nothing has no environment.
func TestBeforeTheStory(t *testing.T) {
	data := t.TempDir()
	w := &world{Format: worldFormat, Name: "https://localhost:8443"}
	for _, there := range []bool{false, true} {
		if there {
			if err := w.save(data); err != nil {
				t.Fatal(err)
			}
		}
		var out bytes.Buffer
		if err := Env(data, "", &out); !errors.Is(err, ErrNotPlayed) || out.Len() > 0 {
			t.Errorf("err = %v with %q, want ErrNotPlayed and nothing", err, &out)
		}
	}
}

// keepApart: the powers of a lab exist only in labs. A service refuses a lab's
// store, a lab a service's, and a service of the very same name refuses a lab's
// tokens.
func keepApart(t *testing.T, l told) {
	token, err := l.api.clientToken(t.Context(), l.env["ENTENTE_TENANT_B"], client{ID: l.env["ENTENTE_SECRET_APP_ID"], Secret: l.env["ENTENTE_SECRET"]}, graphScope)
	if err != nil {
		t.Fatal(err)
	}
	c := config.Defaults()
	c.Name, c.Data = l.api.base, filepath.Join(l.data, "server")
	if s, err := server.New(t.Context(), c, server.Options{}); err == nil || !strings.Contains(err.Error(), "entente lab") {
		t.Errorf("a service opens a lab's store: %v", err)
		if s != nil {
			s.Close()
		}
	}
	c.Data = t.TempDir()
	service, err := server.New(t.Context(), c, server.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer service.Close()
	if status := ask(t, service.Handler(), "/v1.0/users", token); status != http.StatusUnauthorized {
		t.Errorf("a service answers a lab's token with %d, want 401", status)
	}
	if s, err := server.New(t.Context(), c, server.Options{Mark: Mark}); err == nil {
		t.Error("a lab opens a service's store")
		s.Close()
	}
}

// ask sends a GET with a token to a handler and returns the status.
func ask(t *testing.T, h http.Handler, path, token string) int {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
	r.Header.Set("Authorization", "Bearer "+token)
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	return rec.Code
}

// TestMapHosts speaks to the lab under Microsoft's names through the proxy.
func TestMapHosts(t *testing.T) {
	tell(t, Options{Story: "workload", Once: true, MapHosts: true}, func(t *testing.T, l told) {
		proxied, err := url.Parse(l.env["HTTPS_PROXY"])
		if err != nil || proxied.Host == "" {
			t.Fatalf("HTTPS_PROXY = %q", l.env["HTTPS_PROXY"])
		}
		transport := l.api.http.Transport.(*http.Transport).Clone()
		transport.Proxy = http.ProxyURL(proxied)
		defer transport.CloseIdleConnections()
		a := &api{http: &http.Client{Transport: transport}, base: "https://login.microsoftonline.com"}
		var discovery struct {
			Issuer string
			Token  string `json:"token_endpoint"`
		}
		tenant := l.env["ENTENTE_TENANT_B"]
		if err := a.json(t.Context(), http.MethodGet, "/"+tenant+"/v2.0/.well-known/openid-configuration", "", nil, &discovery); err != nil {
			t.Fatal(err)
		}
		if want := a.base + "/" + tenant + "/v2.0"; discovery.Issuer != want || !strings.HasPrefix(discovery.Token, a.base) {
			t.Errorf("discovery says %+v, want the issuer %s and its host", discovery, want)
		}
		token, err := a.clientToken(t.Context(), tenant, client{ID: l.env["ENTENTE_SECRET_APP_ID"], Secret: l.env["ENTENTE_SECRET"]}, graphScope)
		if err != nil {
			t.Fatal(err)
		}
		a.base = "https://graph.microsoft.com"
		if n, err := a.countUsers(t.Context(), token); err != nil || n != 14 {
			t.Errorf("%d users, %v, want 14", n, err)
		}
		a.base = "https://management.azure.com"
		err = a.json(t.Context(), http.MethodGet, "/subscriptions?api-version=2019-11-01", token, nil, nil)
		if r, ok := errors.AsType[*refusal](err); !ok || r.status != http.StatusUnauthorized {
			t.Errorf("a token for Graph at the management host gets %v, want 401", err)
		}
		a.base = "https://example.com"
		if err := a.json(t.Context(), http.MethodGet, "/", "", nil, nil); err == nil || !strings.Contains(err.Error(), "Forbidden") {
			t.Errorf("another host gets %v, want the proxy's refusal", err)
		}
	})
}

// TestClock moves the lab's time and finds it moved after a restart. The whole
// story is told again in that future.
func TestClock(t *testing.T) {
	data := filepath.Join(t.TempDir(), "lab")
	var env map[string]string
	tell(t, Options{Data: data, Story: "workload", Once: true, builtIn: true}, func(t *testing.T, l told) {
		env = l.env
		b := newBrowser(l.api.http.Transport, newPaper(new(bytes.Buffer), true))
		if err := b.open(t.Context(), l.api.base+"/lab/clock"); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.page.words(), "the same as on this machine") {
			t.Errorf("before it was moved, the page says %s", b.page.words())
		}
		if err := b.submit(t.Context(), "days=0", map[string]string{"days": "2", "hours": "3"}); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.page.words(), "2 days, 3 hours ahead of this machine") {
			t.Errorf("the page says %s", b.page.words())
		}
		if err := b.submit(t.Context(), "days=0", map[string]string{"days": "-1"}); err != nil || b.page.status != http.StatusBadRequest {
			t.Errorf("back in time: %d, %v, want 400", b.page.status, err)
		}
	})
	tell(t, Options{Data: data, Port: portOf(t, env), Once: true, builtIn: true}, func(t *testing.T, l told) {
		b := newBrowser(l.api.http.Transport, newPaper(new(bytes.Buffer), true))
		if err := b.open(t.Context(), l.api.base+"/lab/clock"); err != nil || !strings.Contains(b.page.words(), "2 days, 3 hours ahead of this machine") {
			t.Errorf("after a restart the page says %s, %v", b.page.words(), err)
		}
	})
}

// TestForeignFolders: a lab neither uses nor empties a folder that is none.
func TestForeignFolders(t *testing.T) {
	data := t.TempDir()
	precious := filepath.Join(data, "precious")
	if err := os.WriteFile(precious, []byte("keep"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, r := range []bool{false, true} {
		if err := Run(t.Context(), Options{Data: data, Reset: r, Out: new(bytes.Buffer)}); err == nil {
			t.Errorf("reset %v: the folder was used", r)
		}
	}
	if _, err := os.Stat(precious); err != nil {
		t.Error(err)
	}
}

// TestFailingStep: the first step that fails ends the story, and Run says which.
func TestFailingStep(t *testing.T) {
	var out bytes.Buffer
	s := &story{paper: newPaper(&out, true), world: &world{}, data: t.TempDir()}
	err := s.play(t.Context(), []step{
		{"works", "", both, false, func(*story, context.Context) error { return nil }},
		{"fails", "", both, false, func(*story, context.Context) error { return errors.New("no luck") }},
		{"is not reached", "", both, false, func(*story, context.Context) error { return errors.New("reached") }},
	}, false)
	if err == nil || !strings.Contains(err.Error(), "step 2 of 3") || strings.Contains(out.String(), "is not reached") || !strings.Contains(out.String(), "no luck") {
		t.Errorf("err = %v\n%s", err, &out)
	}
}

func TestWithVariables(t *testing.T) {
	got := withVariables([]string{"A=1", "B=2", "AB=3"}, []variable{{"A", "x"}, {"C", "y"}})
	if want := []string{"B=2", "AB=3", "A=x", "C=y"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestTravelDesk signs in to the sample web application as people do: one comes
// in by the app role, one by the group, and the administrator is told whom to
// ask.
func TestTravelDesk(t *testing.T) {
	tell(t, Options{Story: "workload", Once: true, builtIn: true}, func(t *testing.T, l told) {
		w, err := loadWorld(l.data)
		if err != nil {
			t.Fatal(err)
		}
		enter := func(who account) *browser {
			b := newBrowser(l.api.http.Transport, newPaper(io.Discard, true))
			for _, do := range []func() error{
				func() error { return b.open(t.Context(), w.Desk.URL+"/sign-in") },
				func() error { return b.submit(t.Context(), "step=identify", map[string]string{"username": who.UPN}) },
				func() error {
					return b.submit(t.Context(), "step=password", map[string]string{"password": who.Password})
				},
			} {
				if err := do(); err != nil {
					t.Fatal(who.UPN, err)
				}
			}
			return b
		}
		for _, tt := range []struct {
			who    account
			status int
			says   []string
		}{
			{w.A.Others[1], http.StatusOK, []string{"Welcome, Member 01", "You come in by the app role Traveler", w.A.ID, "Contoso"}},
			{w.A.Others[0], http.StatusOK, []string{"You come in by the group Travel desk"}},
			{w.A.Admin, http.StatusForbidden, []string{"You don’t have access", "Ask Contoso’s administrators", w.A.Admin.UPN}},
		} {
			b := enter(tt.who)
			if b.page.status != tt.status || !strings.HasPrefix(b.page.address.String(), w.Desk.URL) {
				t.Errorf("%s: %d at %s, want %d", tt.who.UPN, b.page.status, b.page.address, tt.status)
			}
			for _, want := range tt.says {
				if !strings.Contains(b.page.words(), want) {
					t.Errorf("%s: the page does not say %q: %s", tt.who.UPN, want, b.page.words())
				}
			}
		}
	})
}

// TestMailOfTheLab: an invitation's message arrives on the lab's own page, and
// its link opens the invitation. It is there after a restart.
func TestMailOfTheLab(t *testing.T) {
	var data, letter string
	var port int
	look := func(t *testing.T, l told, path string) string {
		t.Helper()
		b := newBrowser(l.api.http.Transport, newPaper(io.Discard, true))
		if err := b.open(t.Context(), l.api.base+path); err != nil {
			t.Fatal(err)
		}
		return b.page.text
	}
	tell(t, Options{Story: "workload", Once: true, builtIn: true}, func(t *testing.T, l told) {
		data = l.data
		w, err := loadWorld(data)
		if err != nil {
			t.Fatal(err)
		}
		port = w.Port
		token, err := l.api.clientToken(t.Context(), w.A.ID, w.A.Tool, graphScope)
		if err != nil {
			t.Fatal(err)
		}
		var made struct{ InviteRedeemURL string }
		err = l.api.json(t.Context(), http.MethodPost, "/v1.0/invitations", token, map[string]any{
			"invitedUserEmailAddress": w.B.Others[1].UPN, "inviteRedirectUrl": w.Desk.URL, "sendInvitationMessage": true,
		}, &made)
		if err != nil {
			t.Fatal(err)
		}
		for late := time.Now().Add(30 * time.Second); letter == ""; time.Sleep(50 * time.Millisecond) {
			for _, m := range letterLink.FindAllStringSubmatch(look(t, l, "/lab/mail"), -1) { // the story sends some, too
				if strings.Contains(look(t, l, m[1]), "invites you as a guest") {
					letter = m[1]
				}
			}
			if time.Now().After(late) {
				t.Fatal("no message arrived")
			}
		}
		if page := look(t, l, letter); !strings.Contains(page, "Contoso invites you as a guest") || !strings.Contains(html.UnescapeString(page), `href="`+made.InviteRedeemURL+`"`) {
			t.Errorf("the message is %s", page)
		}
		if page := look(t, l, strings.TrimPrefix(made.InviteRedeemURL, l.api.base)); !strings.Contains(page, "Contoso") {
			t.Errorf("the link opens %s", page)
		}
		if page := look(t, l, "/lab/"); !strings.Contains(page, w.Desk.URL) || !strings.Contains(page, "/lab/mail") || !strings.Contains(page, "/lab/clock") {
			t.Errorf("the lab's first page is %s", page)
		}
	})
	tell(t, Options{Once: true, builtIn: true, Data: data, Port: port}, func(t *testing.T, l told) {
		if page := look(t, l, letter); !strings.Contains(page, "Contoso invites you as a guest") {
			t.Errorf("after a restart the message is %s", page)
		}
	})
}

var letterLink = regexp.MustCompile(`href="(/lab/mail/[0-9a-f-]+)"`)
