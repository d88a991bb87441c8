package client

import (
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"entente/internal/kit/secret"
)

func TestNewTakesAnHTTPSOrigin(t *testing.T) {
	for base, ok := range map[string]bool{
		"https://localhost:8443":  true,
		"https://localhost:8443/": true,
		"http://localhost:8443":   false,
		"https://":                false,
		"https://a/b":             false,
		"https://u@a":             false,
		"https://a?b":             false,
		"localhost:8443":          false,
	} {
		c, err := New(Options{Base: base})
		if (err == nil) != ok {
			t.Errorf("%s: err = %v", base, err)
		}
		if ok && err == nil && c.Base() != "https://localhost:8443" {
			t.Errorf("%s: base = %s", base, c.Base())
		}
	}
}

// at returns a client of a server that answers everything the same way.
func at(t *testing.T, answer http.HandlerFunc) *Client {
	s := httptest.NewTLSServer(answer)
	t.Cleanup(s.Close)
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	c, err := New(Options{Base: s.URL, Roots: roots})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestErrors(t *testing.T) {
	tests := []struct {
		name string
		body string
		want Error
	}{
		{"of the token endpoint", `{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret.","error_codes":[7000215],"correlation_id":"c"}`,
			Error{Status: 401, Code: "invalid_client", AADSTS: 7000215, Message: "AADSTS7000215: Invalid client secret.", CorrelationID: "c", RetryAfter: 7 * time.Second}},
		{"without the list of codes", `{"error":"invalid_client","error_description":"AADSTS700016: x"}`,
			Error{Status: 401, Code: "invalid_client", AADSTS: 700016, Message: "AADSTS700016: x", RetryAfter: 7 * time.Second}},
		{"of the host API", `{"error":{"code":"InvalidToken","message":"spent"}}`,
			Error{Status: 401, Code: "InvalidToken", Message: "spent", RetryAfter: 7 * time.Second}},
		{"of something else", `<html>`, Error{Status: 401, Message: "Unauthorized", RetryAfter: 7 * time.Second}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := at(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", "7")
				w.WriteHeader(http.StatusUnauthorized)
				io.WriteString(w, tt.body)
			})
			_, err := c.Enroll(t.Context(), secret.NewString("x"), []byte(`{}`))
			if got := Refused(err); got == nil || *got != tt.want {
				t.Errorf("got %+v, want %+v", err, tt.want)
			}
		})
	}
}

func TestAnswersThatAreNone(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"too large": func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, strings.Repeat(" ", maxAnswer+1)) },
		"no JSON":   func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") },
		"no JWT": func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, `{"access_token":"x","expires_on":"1"}`)
		},
		"without expiry": func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, `{"access_token":"e30.e30.x"}`) },
	} {
		c := at(t, answer)
		if tok, err := c.ManagedIdentityToken(t.Context(), TokenRequest{Tenant: "t"}); err == nil || Refused(err) != nil {
			t.Errorf("%s: got %v, %v, want an error that is no refusal", name, tok, err)
		}
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	asked := 0
	c := at(t, func(w http.ResponseWriter, r *http.Request) {
		asked++
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	})
	_, err := c.ManagedIdentityToken(t.Context(), TokenRequest{Tenant: "t", Assertion: secret.NewString("a")})
	if e := Refused(err); e == nil || e.Status != http.StatusTemporaryRedirect || asked != 1 {
		t.Errorf("got %v after %d requests, want the redirect itself after one", err, asked)
	}
}
