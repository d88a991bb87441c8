package interop

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"entente/interop/labtest"
)

// env is the lab's environment: what `entente lab env` prints.
var env map[string]string

// client trusts the lab's authority alone, and is what every library under
// test is given as its transport.
var client *http.Client

// TestMain starts one lab for all tests.
func TestMain(m *testing.M) {
	os.Exit(labtest.Main(m, func(l labtest.Lab) { env, client = l.Env, l.Client }))
}

// graphScope asks for the permissions on Microsoft Graph under its usual name.
const graphScope = "https://graph.microsoft.com/.default"

// exchangeScope asks a managed identity for a token to be exchanged elsewhere.
const exchangeScope = "api://AzureADTokenExchange/.default"

// claims returns the claims of a token, unverified.
func claims(t *testing.T, token string) map[string]any {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("%.40q… is no JWT", token)
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	c := make(map[string]any)
	if err := json.Unmarshal(text, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// wantClaims compares some claims of a token.
func wantClaims(t *testing.T, token string, want map[string]any) {
	t.Helper()
	got := claims(t, token)
	for name, value := range want {
		if fmt.Sprint(got[name]) != fmt.Sprint(value) {
			t.Errorf("claim %s = %v, want %v", name, got[name], value)
		}
	}
}

// graph asks Microsoft Graph as this installation serves it, and fails the test
// unless the answer has the status.
func graph(t *testing.T, method, path, token string, body any, status int) map[string]any {
	t.Helper()
	var in io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		in = bytes.NewReader(text)
	}
	ctx := context.WithoutCancel(t.Context()) // a test's last requests are made when its context has ended
	r, err := http.NewRequestWithContext(ctx, method, env["ENTENTE_GRAPH_URL"]+path, in)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
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
		t.Fatalf("%s %s: %s, want %d\n%s", method, path, resp.Status, status, text)
	}
	if len(text) == 0 {
		return nil
	}
	var answer map[string]any
	if err := json.Unmarshal(text, &answer); err != nil {
		t.Fatalf("%s %s: %v\n%s", method, path, err, text)
	}
	return answer
}

// wantUsers reads tenant B's users with a token.
func wantUsers(t *testing.T, token string) {
	t.Helper()
	users, _ := graph(t, http.MethodGet, "/v1.0/users?$top=999", token, nil, http.StatusOK)["value"].([]any)
	if len(users) < 10 {
		t.Errorf("%d users in tenant B, want at least 10", len(users))
	}
}

// wantRefusal checks that a client was refused with a code, and at once: a
// client that retries what cannot succeed keeps a person waiting.
func wantRefusal(t *testing.T, code string, ask func() error) {
	t.Helper()
	start := time.Now()
	err := ask()
	switch took := time.Since(start); {
	case err == nil:
		t.Errorf("the client was served, want a refusal with %s", code)
	case !strings.Contains(err.Error(), code):
		t.Errorf("err = %v, want %s", err, code)
	case took > 5*time.Second:
		t.Errorf("the refusal took %s", took)
	}
}
