package signinpages

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"entente/internal/core/authz"
	"entente/internal/core/token"
)

// TestClaimsWithACode: the ID token that comes with a code says what the
// application's manifest asks for, and what the request wants besides; a login
// hint out of it finds the account under another name.
func TestClaimsWithACode(t *testing.T) {
	each(t, func(h *house) {
		a := h.client()
		must(h.apps.Update(h.t.Context(), admin(h.a), a.ID, []byte(`{"groupMembershipClaims":"SecurityGroup,DirectoryRole","optionalClaims":{"idToken":[{"name":"acct"},{"name":"ipaddr"}]}}`)))(h.t)
		id := h.person("clerk@fabrikam.example", authz.GuestInviter)
		g := must(h.users.CreateGroup(h.t.Context(), admin(h.b), []byte(`{"displayName":"Clerks","mailNickname":"clerks","mailEnabled":false,"securityEnabled":true}`), nil, nil))(h.t)
		if err := h.users.AddMember(h.t.Context(), admin(h.b), g.ID, id, h.clock.Now().AddDate(0, 0, 1)); err != nil {
			h.t.Fatal(err)
		}
		b := h.browser()
		q := answerOf(h.t, b.signIn(link(a, "fabrikam.example", "response_type", "code id_token", "claims", `{"id_token":{"login_hint":null,"auth_time":{"essential":true}}}`), "clerk@fabrikam.example"))
		says := payloadOf(h.t, q.Get("id_token"))
		want := map[string]any{
			"acct": 0.0, "auth_time": float64(h.clock.Now().Unix()), "groups": []any{string(g.ID)}, "ipaddr": "192.0.2.7", "name": "Someone", "nonce": "n",
			"oid": string(id), "preferred_username": "clerk@fabrikam.example", "tid": string(h.b.Tenant), "ver": "2.0",
			"login_hint": token.LoginHint(h.b.Tenant, id, "clerk@fabrikam.example"), "wids": []any{string(authz.GuestInviter), "b79fbf4d-3ef9-4689-8143-76b194e85509"},
		}
		for name := range says {
			if slices.Contains([]string{"aud", "c_hash", "exp", "iat", "iss", "nbf", "rh", "sid", "sub", "uti"}, name) {
				delete(says, name)
			}
		}
		if diff := cmp.Diff(want, says); diff != "" {
			h.t.Errorf("the ID token (-want +got):\n%s", diff)
		}
		if c := h.code(q.Get("code")); !slices.Equal(c.Claims, []string{"auth_time", "login_hint"}) {
			h.t.Errorf("the code wants %v", c.Claims)
		}
		if c := h.code(answerOf(h.t, b.get(link(a, "fabrikam.example", "max_age", "9000"))).Get("code")); !slices.Equal(c.Claims, []string{"auth_time"}) {
			h.t.Errorf("with max_age, the code wants %v", c.Claims)
		}

		h.person("other@fabrikam.example", "")
		b.signIn(link(a, "fabrikam.example", "prompt", "login"), "other@fabrikam.example")
		must(h.users.Update(h.t.Context(), admin(h.b), string(id), []byte(`{"userPrincipalName":"renamed@fabrikam.example"}`)))(h.t)
		silent := answerOf(h.t, b.get(link(a, "fabrikam.example", "prompt", "none", "login_hint", want["login_hint"].(string))))
		if c := silent.Get("code"); c == "" || h.code(c).User != id {
			h.t.Errorf("the hint led to %v", silent)
		}
	})
}

func payloadOf(t *testing.T, raw string) map[string]any {
	t.Helper()
	parts := strings.Split(raw, ".")
	if len(parts) != 3 {
		t.Fatalf("%q is no token", raw)
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(text, &claims); err != nil {
		t.Fatal(err)
	}
	return claims
}
