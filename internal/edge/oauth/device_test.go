package oauth_test

import (
	"net/http"
	"regexp"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"entente/internal/enttest/crossing"
	"entente/internal/kit/clock"
	"entente/internal/kit/oauth2"
)

// public lets the application act without a credential.
func (e edge) public(t *testing.T) {
	t.Helper()
	if _, err := e.Apps.Update(t.Context(), crossing.System(e.A), e.Object, []byte(`{"isFallbackPublicClient":true}`)); err != nil {
		t.Fatal(err)
	}
}

// TestDeviceAuthorization covers RFC 8628, sections 3.2 and 3.5, in Entra's two
// forms.
// https://learn.microsoft.com/entra/identity-platform/v2-oauth2-device-code
func TestDeviceAuthorization(t *testing.T) {
	each(t, func(t *testing.T, e edge) {
		e.public(t)
		clk := e.Clock.(*clock.Fake)
		at := crossing.Name + "/" + string(e.B) + "/oauth2/"
		tests := []struct {
			name, path, token string
			form              oauth2.Form
			want              map[string]any
			codeName, expired string
		}{
			{"version 2: numbers", "v2.0/devicecode", "v2.0/token", oauth2.Form{"client_id": string(e.App), "scope": "User.Read offline_access"},
				map[string]any{"verification_uri": crossing.Name + "/devicelogin", "expires_in": 900.0, "interval": 5.0}, "device_code", "expired_token"},
			{"version 1: numbers as text", "devicecode", "token", oauth2.Form{"client_id": string(e.App), "resource": graph},
				map[string]any{"verification_url": crossing.Name + "/devicelogin", "expires_in": "900", "interval": "5"}, "code", "code_expired"},
		}
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				res, body := e.do(t, post(at+tt.path, tt.form))
				user, _ := body["user_code"].(string)
				code, _ := body["device_code"].(string)
				if res.StatusCode != http.StatusOK || !regexp.MustCompile(`^[A-Z0-9]{9}$`).MatchString(user) || len(code) < 43 || res.Header.Get("Cache-Control") != "no-store, no-cache" {
					t.Fatalf("%d %v", res.StatusCode, body)
				}
				delete(body, "user_code")
				delete(body, "device_code")
				tt.want["message"] = "To sign in, use a web browser to open the page " + crossing.Name + "/devicelogin and enter the code " + user + " to authenticate."
				if diff := cmp.Diff(tt.want, body); diff != "" {
					t.Errorf("answer (-want +got):\n%s", diff)
				}
				poll := func(code, word string, number float64) {
					t.Helper()
					res, body := e.do(t, post(at+tt.token, oauth2.Form{"grant_type": "device_code", "client_id": string(e.App), tt.codeName: code}))
					if codes, _ := body["error_codes"].([]any); res.StatusCode != http.StatusBadRequest || body["error"] != word || len(codes) != 1 || codes[0] != number {
						t.Errorf("got %d %v %v, want %s %v", res.StatusCode, body["error"], codes, word, number)
					}
				}
				poll(code, "authorization_pending", 70016)
				poll(code, "slow_down", 70016)
				poll(user, "bad_verification_code", 70018)
				clk.Advance(15 * time.Minute)
				poll(code, tt.expired, 70020)
			})
		}
	})
}

// TestDeviceAuthorizationRefuses what cannot become a sign-in.
func TestDeviceAuthorizationRefuses(t *testing.T) {
	each(t, func(t *testing.T, e edge) {
		at := crossing.Name + "/" + string(e.B) + "/oauth2/v2.0/devicecode"
		ask := func(change ...string) oauth2.Form {
			f := oauth2.Form{"client_id": string(e.App), "scope": "openid"}
			for i := 0; i < len(change); i += 2 {
				f[change[i]] = change[i+1]
			}
			return f
		}
		for _, tt := range []struct {
			name   string
			r      *http.Request
			status int
			word   string
			number float64
		}{
			{"GET", get(at), 405, "invalid_request", 900561},
			{"an application that is not public", post(at, ask()), 401, "invalid_client", 7000218},
			{"no client", post(at, ask("client_id", "")), 400, "invalid_request", 900144},
			{"an unknown client", post(at, ask("client_id", "12345678-1234-4234-8234-123456789012")), 400, "unauthorized_client", 700016},
			{"no tenant", post(crossing.Name+"/nowhere.example/oauth2/v2.0/devicecode", ask()), 400, "invalid_tenant", 90002},
			{"consumers", post(crossing.Name+"/consumers/oauth2/v2.0/devicecode", ask()), 400, "invalid_request", 9001023},
		} {
			t.Run(tt.name, func(t *testing.T) {
				res, body := e.do(t, tt.r)
				if codes, _ := body["error_codes"].([]any); res.StatusCode != tt.status || body["error"] != tt.word || len(codes) != 1 || codes[0] != tt.number {
					t.Errorf("got %d %v, want %d %s %v", res.StatusCode, body, tt.status, tt.word, tt.number)
				}
			})
		}
	})
}
