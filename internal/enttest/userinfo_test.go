package enttest_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"entente/internal/enttest"
	"entente/internal/kit/clock"
	"entente/internal/kit/sqldb"
)

// forGraph redeems a code for Graph within a scope.
func (r *reception) forGraph(who, scope string) answer {
	r.t.Helper()
	return r.redeem(2, url.Values{"grant_type": {"authorization_code"}, "code": {r.code(who, scope)}, "redirect_uri": {back}, "scope": {scope}})
}

// TestUserInfo: OpenID Connect Core 1.0, section 5.3, at each address that
// discovery names.
func TestUserInfo(t *testing.T) {
	enttest.Each(t, func(t *testing.T, engine sqldb.Engine) {
		r := receive(t, engine)
		var paths []string
		for _, at := range []string{"/" + r.B.ID + "/v2.0", "/" + r.B.ID, "/common/v2.0", "/common"} {
			var d struct {
				UserInfo string `json:"userinfo_endpoint"`
			}
			r.As(t, "", http.MethodGet, at+"/.well-known/openid-configuration", nil).Into(t, &d)
			path, ok := strings.CutPrefix(d.UserInfo, r.Name)
			if !ok {
				t.Errorf("%s names %s", at, d.UserInfo)
			}
			paths = append(paths, path)
		}
		for _, who := range []string{"member", "guest"} {
			all := r.forGraph(who, "openid profile email User.Read")
			sub := enttest.Claims(t, all.ID)["sub"]
			if sub == enttest.Claims(t, all.Access)["sub"] {
				t.Error("the subject at the client is the one at Graph")
			}
			want := map[string]any{"sub": sub, "name": "Payroll Clerk", "given_name": "Payroll", "family_name": "Clerk", "email": "clerk@fabrikam.example"}
			if who == "guest" {
				want = map[string]any{"sub": sub, "name": "Engineer of A", "email": "engineer@contoso.example"}
			}
			for _, path := range paths {
				for _, a := range []enttest.Answer{r.As(t, all.Access, http.MethodGet, path, nil), r.As(t, all.Access, http.MethodPost, path, nil),
					r.Post(t, path, url.Values{"access_token": {all.Access}})} {
					var got map[string]any
					if a.Into(t, &got); a.Status != http.StatusOK || !strings.Contains(a.Header.Get("Cache-Control"), "no-store") {
						t.Errorf("%s: %d %v", path, a.Status, a.Header)
					}
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("%s of the %s (-want +got):\n%s", path, who, diff)
					}
				}
			}
			var got map[string]any
			r.As(t, r.forGraph(who, "openid").Access, http.MethodGet, "/oidc/userinfo", nil).Into(t, &got)
			if diff := cmp.Diff(map[string]any{"sub": sub}, got); diff != "" {
				t.Errorf("with openid alone (-want +got):\n%s", diff)
			}
		}
	})
}

// TestUserInfoRefuses: RFC 6750, sections 2 and 3. What counts is asked of the
// store at each call.
func TestUserInfoRefuses(t *testing.T) {
	enttest.Each(t, func(t *testing.T, engine sqldb.Engine) {
		r := receive(t, engine)
		refused := func(name string, a enttest.Answer, status int, word string) {
			t.Helper()
			challenge := a.Header.Get("WWW-Authenticate")
			if a.Status != status || !strings.HasPrefix(challenge, "Bearer realm=") || word != "" && !strings.Contains(challenge, `error="`+word+`"`) ||
				word == "" && strings.Contains(challenge, "error=") {
				t.Errorf("%s: %d, %s; want %d, %s", name, a.Status, challenge, status, word)
			}
		}
		get := func(token string) enttest.Answer { return r.As(t, token, http.MethodGet, "/oidc/userinfo", nil) }
		mine := r.forGraph("member", "openid profile email User.Read").Access
		refused("no token", get(""), 401, "")
		refused("nonsense", get("x.y.z"), 401, "invalid_token")
		refused("no scope openid", get(r.forGraph("member", "User.Read").Access), 403, "insufficient_scope")
		refused("a program", get(r.Admin(t, r.B, enttest.GraphScope)), 403, "insufficient_scope")
		refused("an ID token", get(r.forGraph("member", "openid").ID), 401, "invalid_token")
		refused("a token for another API", get(r.signIn(2, "member", "api://"+r.apis[1].AppID).Access), 401, "invalid_token")
		refused("in the address", r.As(t, "", http.MethodGet, "/oidc/userinfo?access_token="+mine, nil), 401, "")
		refused("at another tenant", r.As(t, mine, http.MethodGet, "/"+r.A.ID+"/openid/userinfo", nil), 401, "invalid_token")
		refused("at a tenant that is not here", r.As(t, mine, http.MethodGet, "/"+enttest.NewID()+"/openid/userinfo", nil), 401, "invalid_token")
		twice, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.Name+"/oidc/userinfo", strings.NewReader("access_token="+mine))
		r.ok(err)
		twice.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		twice.Header.Set("Authorization", "Bearer "+mine)
		refused("twice", r.Do(t, twice), 400, "invalid_request")
		refused("another method", r.As(t, mine, http.MethodDelete, "/oidc/userinfo", nil), 405, "invalid_request")

		ends := []struct {
			name string
			end  func()
		}{
			{"the account is disabled at home", func() { r.disable(r.A, string(r.people["guest"].User)) }},
			{"the sessions are revoked", func() {
				r.Clock.(*clock.Fake).Advance(time.Second)
				r.Graph(t, r.B, http.MethodPost, "/v1.0/users/"+string(r.people["member"].Object)+"/revokeSignInSessions", map[string]any{}, nil)
			}},
			{"the application is disabled", func() {
				r.Graph(t, r.B, http.MethodPatch, "/v1.0/servicePrincipals/"+r.at.ID, map[string]any{"accountEnabled": false}, nil)
			}},
		}
		for i, who := range []string{"guest", "member", "member"} {
			token := r.forGraph(who, "openid").Access
			if a := get(token); a.Status != http.StatusOK {
				t.Fatalf("before %s: %d %s", ends[i].name, a.Status, a.Body)
			}
			ends[i].end()
			refused(ends[i].name, get(token), 401, "invalid_token")
		}
	})
}

func (r *reception) disable(in *enttest.Tenant, user string) {
	r.t.Helper()
	r.Graph(r.t, in, http.MethodPatch, "/v1.0/users/"+user, map[string]any{"accountEnabled": false}, nil)
}

// TestUserInfoForPages: a page of another site may ask with its token (the Fetch
// standard, section 3.3), and a wildcard does not stand for Authorization there.
func TestUserInfoForPages(t *testing.T) {
	r := receive(t, sqldb.SQLite)
	ask := func(method, token string) enttest.Answer {
		req, err := http.NewRequestWithContext(t.Context(), method, r.Name+"/oidc/userinfo", nil)
		r.ok(err)
		req.Header.Set("Origin", "https://page.example")
		if method == http.MethodOptions {
			req.Header.Set("Access-Control-Request-Method", "GET")
			req.Header.Set("Access-Control-Request-Headers", "authorization")
		}
		if token != "" {
			req.Header.Set("Authorization", "Bearer "+token)
		}
		return r.Do(t, req)
	}
	pre := ask(http.MethodOptions, "")
	if pre.Status != http.StatusNoContent || pre.Header.Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(pre.Header.Get("Access-Control-Allow-Headers"), "Authorization") {
		t.Errorf("before the request: %d %v", pre.Status, pre.Header)
	}
	for token, want := range map[string]int{r.forGraph("member", "openid").Access: http.StatusOK, "": http.StatusUnauthorized} {
		if a := ask(http.MethodGet, token); a.Status != want || a.Header.Get("Access-Control-Allow-Origin") != "*" || a.Header.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("the request: %d %v", a.Status, a.Header)
		}
	}
}
