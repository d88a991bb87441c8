package token_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"entente/internal/core/token"
	"entente/internal/enttest/dbtest"
	"entente/internal/kit/clock"
	"entente/internal/kit/jose"
	"entente/internal/kit/sqldb"
)

func person() *token.Person {
	return &token.Person{
		Proof: proof(), Object: "66666666-6666-4666-8666-666666666666", Name: "Payroll clerk", Username: "clerk@fabrikam.example",
		Given: "Payroll", Family: "Clerk", Email: "clerk@fabrikam.example", IP: "203.0.113.7", Scopes: []string{"User.Read", "openid"},
		Local: "clerk@fabrikam.example", Others: []string{"payroll@fabrikam.example"}, Country: "NL", TenantCountry: "DE", Language: "nl-NL", Location: "EUR",
	}
}

// TestPersonClaims compares whole tokens with those of Entra: sections 3.3,
// 3.4 and 8.6 of the reference.
// https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
func TestPersonClaims(t *testing.T) {
	member := access()
	member.Person, member.Roles, member.Method = person(), nil, token.Public
	guest := member
	guest.Person = person()
	guest.Person.Guest, guest.Person.Issuer = true, name+"/99999999-9999-4999-8999-999999999999/"
	external := guest // whom the tenant made a member
	external.Person = person()
	external.Person.Issuer = guest.Person.Issuer
	local := member // an account of the tenant's own that counts as a guest
	local.Person = person()
	local.Person.Guest = true
	admin := member
	admin.Person = person()
	admin.Extra.WIDs = []string{"62e90394-69f5-4237-9190-012177145e10"}
	api := member
	api.Resource = token.Resource{App: "44444444-4444-4444-8444-444444444444", Audience: "api://sample", Version: 2}
	api.Roles = []string{"Clerk"}
	guestAPI := api
	guestAPI.Person = guest.Person

	iat := float64(dbtest.Noon.Unix() - 300)
	v1 := func(more map[string]any) map[string]any {
		c := map[string]any{
			"aud": "https://graph.microsoft.com", "iss": name + "/" + string(tenant) + "/", "iat": iat, "nbf": iat, "exp": iat + 3900,
			"acct": 0.0, "acr": "1", "amr": []any{"pwd", "mfa"}, "app_displayname": "Sync", "appid": "22222222-2222-4222-8222-222222222222", "appidacr": "0",
			"family_name": "Clerk", "given_name": "Payroll", "idtyp": "user", "ipaddr": "203.0.113.7", "name": "Payroll clerk",
			"oid": "66666666-6666-4666-8666-666666666666", "scp": "User.Read openid", "sid": "77777777-7777-4777-8777-777777777777",
			"sub": token.Pairwise(tenant, "66666666-6666-4666-8666-666666666666", "00000003-0000-0000-c000-000000000000"),
			"tid": string(tenant), "unique_name": "clerk@fabrikam.example", "upn": "clerk@fabrikam.example", "ver": "1.0", "xms_auth_us": float64(dbtest.Noon.Add(-time.Minute).UnixMicro()),
			"wids": []any{"b79fbf4d-3ef9-4689-8143-76b194e85509"}, "xms_tcdt": 1754409920.0,
		}
		for k, v := range more {
			if c[k] = v; v == nil {
				delete(c, k)
			}
		}
		return c
	}
	v2 := map[string]any{
		"aud": "44444444-4444-4444-8444-444444444444", "iss": name + "/" + string(tenant) + "/v2.0", "iat": iat, "nbf": iat, "exp": iat + 3900,
		"azp": "22222222-2222-4222-8222-222222222222", "azpacr": "0", "name": "Payroll clerk", "oid": "66666666-6666-4666-8666-666666666666",
		"preferred_username": "clerk@fabrikam.example", "roles": []any{"Clerk"}, "scp": "User.Read openid", "sid": "77777777-7777-4777-8777-777777777777",
		"sub": token.Pairwise(tenant, "66666666-6666-4666-8666-666666666666", "44444444-4444-4444-8444-444444444444"), "tid": string(tenant), "ver": "2.0",
		"xms_auth_us": float64(dbtest.Noon.Add(-time.Minute).UnixMicro()),
	}
	ofGuest := map[string]any{"idp": name + "/99999999-9999-4999-8999-999999999999/", "email": "clerk@fabrikam.example"}
	v2Guest := map[string]any{}
	for _, m := range []map[string]any{v2, ofGuest} {
		for k, v := range m {
			v2Guest[k] = v
		}
	}
	tests := []struct {
		name string
		a    token.Access
		want map[string]any
	}{
		{"version 1, a member, for Graph", member, v1(nil)},
		{"version 1, an administrator, for Graph", admin, v1(map[string]any{
			"wids": []any{"62e90394-69f5-4237-9190-012177145e10", "b79fbf4d-3ef9-4689-8143-76b194e85509"}})},
		{"version 1, a guest, for Graph: the home is named, and no UPN of ours", guest, v1(map[string]any{
			"acct": 1.0, "altsecid": "5::1003CB3D8D40AD55", "idp": ofGuest["idp"], "email": ofGuest["email"], "upn": nil,
			"wids": []any{"13bd1c72-6f4a-4dcf-985f-18d3b80f208a"}})},
		{"version 1, a member who lives elsewhere", external, v1(map[string]any{
			"altsecid": "5::1003CB3D8D40AD55", "idp": ofGuest["idp"], "email": ofGuest["email"], "upn": nil})},
		{"version 1, a guest who lives here", local, v1(map[string]any{
			"acct": 1.0, "email": ofGuest["email"], "wids": []any{"13bd1c72-6f4a-4dcf-985f-18d3b80f208a"}})},
		{"version 2, a member", api, v2},
		{"version 2, a guest", guestAPI, v2Guest},
	}
	dbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		s := service(t, db, clock.NewFake(dbtest.Noon), name)
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				_, got := read(t, mint(t, s, tt.a).Text)
				if a, ok := got["altsecid"].(string); ok && len(a) == len("5::")+16 { // its digits follow from the account alone
					got["altsecid"] = tt.want["altsecid"]
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("claims (-want +got):\n%s", diff)
				}
				var c token.Claims
				raw, err := jose.Peek(mint(t, s, tt.a).Text, jose.RS256)
				do(t, err)
				do(t, raw.Claims(&c))
				if c.AppOnly() {
					t.Error("the token passes for an application's own")
				}
			})
		}
	})
}

// TestIDToken: section 8.3 of the reference; OpenID Connect Core 1.0, section 2.
func TestIDToken(t *testing.T) {
	id := func(change func(*token.ID)) token.ID {
		i := token.ID{Tenant: tenant, Client: refreshClient, Version: 2, Person: *person(), Nonce: "n", Profile: true}
		if change != nil {
			change(&i)
		}
		return i
	}
	iat := float64(dbtest.Noon.Unix() - 300)
	want := func(more map[string]any) map[string]any {
		c := map[string]any{
			"aud": string(refreshClient), "iss": name + "/" + string(tenant) + "/v2.0", "iat": iat, "nbf": iat, "exp": iat + 3900, "name": "Payroll clerk",
			"nonce": "n", "oid": "66666666-6666-4666-8666-666666666666", "preferred_username": "clerk@fabrikam.example",
			"sid": "77777777-7777-4777-8777-777777777777", "sub": token.Pairwise(tenant, "66666666-6666-4666-8666-666666666666", refreshClient),
			"tid": string(tenant), "ver": "2.0",
		}
		for k, v := range more {
			if c[k] = v; v == nil {
				delete(c, k)
			}
		}
		return c
	}
	tests := []struct {
		name string
		id   token.ID
		want map[string]any
	}{
		{"version 2", id(nil), want(nil)},
		{"openid alone", id(func(i *token.ID) { i.Profile = false }), want(map[string]any{"oid": nil, "name": nil, "preferred_username": nil})},
		{"with the address", id(func(i *token.ID) { i.Email = true }), want(map[string]any{"email": "clerk@fabrikam.example"})},
		{"a guest, whose home has not proved the address", id(func(i *token.ID) {
			i.Email, i.Person.Guest, i.Person.Issuer, i.Person.Email = true, true, "https://home.example/", ""
		}), want(map[string]any{"idp": "https://home.example/"})},
		{"a guest: the address without being asked", id(func(i *token.ID) {
			i.Person.Guest, i.Person.Issuer = true, "https://home.example/"
		}), want(map[string]any{"idp": "https://home.example/", "email": "clerk@fabrikam.example"})},
		{"with max_age and a code", id(func(i *token.ID) {
			i.Extra.Claims, i.Code = map[string][]string{"auth_time": nil}, "Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk"
		}),
			want(map[string]any{"auth_time": float64(dbtest.Noon.Add(-time.Minute).Unix()), "c_hash": "LDktKdoQak3Pk0cnXxCltA"})}, // of OpenID Connect Core, appendix A.4
		{"version 1", id(func(i *token.ID) { i.Version = 1 }), want(map[string]any{
			"iss": name + "/" + string(tenant) + "/", "ver": "1.0", "preferred_username": nil, "amr": []any{"pwd", "mfa"}, "ipaddr": "203.0.113.7",
			"unique_name": "clerk@fabrikam.example", "upn": "clerk@fabrikam.example", "given_name": "Payroll", "family_name": "Clerk"})},
	}
	dbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		s := service(t, db, clock.NewFake(dbtest.Noon), name)
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				raw, err := s.MintID(t.Context(), tt.id)
				do(t, err)
				tok, err := jose.Peek(raw, jose.RS256)
				do(t, err)
				got := map[string]any{}
				do(t, json.Unmarshal(tok.Payload(), &got))
				delete(got, "uti")
				delete(got, "rh")
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("claims (-want +got):\n%s", diff)
				}
			})
		}
	})
}
