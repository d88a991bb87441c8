package interop

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// proxyBinary builds oauth2-proxy from the module beside this package, or says
// that it cannot be had.
func proxyBinary(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "oauth2-proxy")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", file, "github.com/oauth2-proxy/oauth2-proxy/v7")
	cmd.Dir, cmd.Env = "oauth2proxy", append(os.Environ(), "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		absent(t, fmt.Sprintf("oauth2-proxy is not built: %v\n%s", err, out))
	}
	return file
}

// A guarded page is one of somebody who knows nothing of sign-in, with
// oauth2-proxy in front of it. The page shows what the proxy tells it.
type guarded struct {
	address string
	group   string // whose members it admits
}

// guard starts the proxy until the test's end. It knows the issuer's name, and
// finds the rest by discovery.
func guard(t *testing.T, binary, provider string) guarded {
	t.Helper()
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "inside: %s of %s", r.Header.Get("X-Forwarded-Email"), r.Header.Get("X-Forwarded-Groups"))
	}))
	t.Cleanup(page.Close)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	g := guarded{address: fmt.Sprintf("http://localhost:%d", port), group: newGroup(t)}
	back := g.address + "/oauth2/callback"
	id, path := delegate(t, map[string]any{"displayName": "Guarded page", "groupMembershipClaims": "SecurityGroup", "web": map[string]any{"redirectUris": []string{back}}}, "openid profile offline_access")
	made := graph(t, http.MethodPost, path+"/addPassword", directoryToken(t), map[string]any{"passwordCredential": map[string]any{"displayName": "test"}}, http.StatusOK)
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	cmd := exec.CommandContext(ctx, binary,
		"--provider="+provider, "--oidc-issuer-url="+env["ENTENTE_LOGIN_URL"]+"/"+env["ENTENTE_TENANT_B"]+"/v2.0",
		"--provider-ca-file="+env["ENTENTE_CA_FILE"], "--client-id="+id, "--client-secret="+made["secretText"].(string),
		"--redirect-url="+back, "--scope=openid profile offline_access", "--code-challenge-method=S256",
		"--oidc-email-claim=preferred_username", "--email-domain=*", "--allowed-group="+g.group, "--skip-provider-button",
		"--upstream="+page.URL, fmt.Sprintf("--http-address=127.0.0.1:%d", port),
		"--cookie-secret="+strings.Repeat("k", 32), "--cookie-secure=false", "--cookie-refresh=1s")
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		cmd.Wait()
		if t.Failed() {
			t.Logf("oauth2-proxy said\n%s", &said)
		}
	})
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		resp, err := http.Get(g.address + "/ping")
		if err == nil {
			resp.Body.Close()
			return g
		}
		if time.Now().After(end) {
			t.Fatalf("oauth2-proxy did not come up: %v", err)
		}
	}
}

func newGroup(t *testing.T) string {
	t.Helper()
	admin := directoryToken(t)
	g := graph(t, http.MethodPost, "/v1.0/groups", admin, map[string]any{"displayName": "Readers of the page", "mailNickname": "readers", "mailEnabled": false, "securityEnabled": true}, http.StatusCreated)
	path := "/v1.0/groups/" + g["id"].(string)
	t.Cleanup(func() { graph(t, http.MethodDelete, path, admin, nil, http.StatusNoContent) })
	return g["id"].(string)
}

const newPassword = "Quite-long-words-7"

// newPerson makes a person of tenant B.
func newPerson(t *testing.T, name string) (id, upn string) {
	t.Helper()
	admin := directoryToken(t)
	upn = fmt.Sprintf("%s%d@fabrikam.example", name, time.Now().UnixNano())
	u := graph(t, http.MethodPost, "/v1.0/users", admin, map[string]any{
		"accountEnabled": true, "displayName": name, "mailNickname": name, "userPrincipalName": upn,
		"passwordProfile": map[string]any{"password": newPassword, "forceChangePasswordNextSignIn": false},
	}, http.StatusCreated)
	id = u["id"].(string)
	t.Cleanup(func() { graph(t, http.MethodDelete, "/v1.0/users/"+id, admin, nil, http.StatusNoContent) })
	return id, upn
}

// visit opens an address as the browser does that has been signed in, and
// returns what the page says.
func (b browser) visit(address string) (status int, text string) {
	b.t.Helper()
	c := &http.Client{Transport: b.Transport, Jar: b.Jar}
	resp, err := c.Get(address)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// enter goes to a guarded page as somebody who is not signed in.
func (b browser) enter(g guarded, upn string) (status int, text string) {
	b.t.Helper()
	v := b.press(b.open(g.address+"/"), "Next", url.Values{"username": {upn}}) // the proxy leads to the page of sign-in
	v = b.press(v, "Sign in", url.Values{"password": {newPassword}})
	if v.sent == nil || !strings.HasPrefix(v.sent.String(), g.address+"/oauth2/callback?") {
		b.t.Fatalf("after sign-in the browser is at %v", v.sent)
	}
	return b.visit(v.sent.String())
}

// TestGuardedPage is a web application that others wrote, unmodified: oauth2-proxy
// in front of a page, which it shows to members of a group. Who leaves the group
// is out with the next renewal, and so is who may no longer sign in.
func TestGuardedPage(t *testing.T) {
	binary := proxyBinary(t)
	for _, provider := range []string{"oidc", "entra-id"} {
		t.Run(provider, func(t *testing.T) {
			g := guard(t, binary, provider)
			id, member := newPerson(t, "reader")
			_, stranger := newPerson(t, "stranger")
			admin := directoryToken(t)
			members := "/v1.0/groups/" + g.group + "/members"
			join := func() {
				t.Helper()
				graph(t, http.MethodPost, members+"/$ref", admin, map[string]any{"@odata.id": env["ENTENTE_GRAPH_URL"] + "/v1.0/directoryObjects/" + id}, http.StatusNoContent)
			}
			join()
			b := newBrowser(t)
			if status, text := b.enter(g, member); status != http.StatusOK || text != "inside: "+member+" of "+g.group {
				t.Fatalf("a member of the group: %d %s", status, text)
			}
			if status, text := newBrowser(t).enter(g, stranger); status != http.StatusForbidden || strings.Contains(text, "inside") {
				t.Errorf("somebody else: %d %s", status, text)
			}
			for _, step := range []struct {
				name   string
				do     func()
				inside bool
			}{
				{"by a refresh token", func() {}, true},
				{"no longer a member", func() { graph(t, http.MethodDelete, members+"/"+id+"/$ref", admin, nil, http.StatusNoContent) }, false},
			} {
				step.do()
				time.Sleep(2100 * time.Millisecond) // the proxy renews what is older than a second
				if status, text := b.visit(g.address + "/"); (status == http.StatusOK && strings.HasPrefix(text, "inside")) != step.inside {
					t.Errorf("%s: %d %.300s", step.name, status, text)
				}
			}
			join()
			other := newBrowser(t)
			if status, _ := other.enter(g, member); status != http.StatusOK {
				t.Fatalf("a member again: %d", status)
			}
			graph(t, http.MethodPatch, "/v1.0/users/"+id, admin, map[string]any{"accountEnabled": false}, http.StatusNoContent)
			time.Sleep(2100 * time.Millisecond)
			if status, text := other.visit(g.address + "/"); strings.HasPrefix(text, "inside") {
				t.Errorf("a disabled account: %d %.300s", status, text)
			}
		})
	}
}
