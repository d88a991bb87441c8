package e2e

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"entente/interop/labtest"
)

// env is the lab's environment: what `entente lab env` prints.
var env map[string]string

// client trusts the lab's authority alone.
var client *http.Client

// TestMain starts one lab for all tests, and ends the browser they used.
func TestMain(m *testing.M) {
	code := labtest.Main(m, func(l labtest.Lab) { env, client = l.Env, l.Client })
	if err := closeBrowser(); err != nil {
		os.Stderr.WriteString(err.Error() + "\n")
		code = 1
	}
	os.Exit(code)
}

// absent skips a case for want of a tool, or fails it where the tool must be.
func absent(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(why)
	}
	t.Skip("not tested: " + why)
}

// A person can sign in to the lab.
type person struct{ upn, password string }

func adminB() person { return person{env["ENTENTE_ADMIN_B_UPN"], env["ENTENTE_ADMIN_B_PASSWORD"]} }

// newPerson makes a member of tenant B with a password of their own.
func newPerson(t *testing.T, name string) person {
	t.Helper()
	return newPersonWith(t, name, false)
}

func newPersonWith(t *testing.T, name string, mustChange bool) person {
	t.Helper()
	nick := strings.ToLower(strings.ReplaceAll(name, " ", "-"))
	p := person{nick + "@fabrikam.example", "Brass-Kettle-41"}
	graph(t, http.MethodPost, "/v1.0/users", map[string]any{
		"accountEnabled": true, "displayName": name, "mailNickname": nick, "userPrincipalName": p.upn,
		"passwordProfile": map[string]any{"password": p.password, "forceChangePasswordNextSignIn": mustChange},
	}, http.StatusCreated)
	return p
}

// graph asks Microsoft Graph in tenant B as the lab's confidential client, and
// fails the test unless the answer has the status.
func graph(t *testing.T, method, path string, body any, status int) map[string]any {
	t.Helper()
	var in bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&in).Encode(body); err != nil {
			t.Fatal(err)
		}
	}
	r, err := http.NewRequestWithContext(t.Context(), method, env["ENTENTE_GRAPH_URL"]+path, &in)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+graphToken(t))
	r.Header.Set("Content-Type", "application/json")
	return answer(t, r, status)
}

func graphToken(t *testing.T) string {
	t.Helper()
	form := url.Values{
		"grant_type": {"client_credentials"}, "scope": {"https://graph.microsoft.com/.default"},
		"client_id": {env["ENTENTE_SECRET_APP_ID"]}, "client_secret": {env["ENTENTE_SECRET"]},
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, tokenEndpoint(), strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	token, _ := answer(t, r, http.StatusOK)["access_token"].(string)
	return token
}

func tokenEndpoint() string {
	return env["ENTENTE_LOGIN_URL"] + "/" + env["ENTENTE_TENANT_B"] + "/oauth2/v2.0/token"
}

func answer(t *testing.T, r *http.Request, status int) map[string]any {
	t.Helper()
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != status {
		t.Fatalf("%s %s: %s, want %d\n%s", r.Method, r.URL.Path, resp.Status, status, text)
	}
	if len(text) == 0 {
		return nil
	}
	var said map[string]any
	if err := json.Unmarshal(text, &said); err != nil {
		t.Fatalf("%s %s: %v\n%s", r.Method, r.URL.Path, err, text)
	}
	return said
}
