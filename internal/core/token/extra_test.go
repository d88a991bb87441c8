package token_test

import (
	"encoding/json"
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"

	"entente/internal/core/token"
	"entente/internal/enttest/dbtest"
	"entente/internal/kit/clock"
	"entente/internal/kit/ids"
	"entente/internal/kit/jose"
	"entente/internal/kit/sqldb"
)

// TestExtraClaims has each claim that a manifest can ask for, and what it adds
// to a token that does not have it otherwise, for an account of the tenant's and
// for one of another's.
// https://learn.microsoft.com/entra/identity-platform/optional-claims-reference
func TestExtraClaims(t *testing.T) {
	const home = "https://home.example/"
	claims := func(name string, properties ...string) token.Extra {
		return token.Extra{Claims: map[string][]string{name: properties}}
	}
	hint := token.LoginHint(proof().Home, proof().User, "clerk@fabrikam.example")
	type m = map[string]any
	tests := []struct {
		name          string
		x             token.Extra
		version       int
		member, guest m // what is added, or changed
	}{
		{name: "acct", x: claims("acct"), member: m{"acct": 0.0}, guest: m{"acct": 1.0}},
		{name: "auth_time", x: claims("auth_time")},
		{name: "ctry", x: claims("ctry")},
		{name: "email", x: claims("email"), member: m{"email": "clerk@fabrikam.example"}, guest: m{}},
		{name: "xms_edov without the address", x: claims("xms_edov"), member: m{}, guest: m{"xms_edov": true}},
		{name: "xms_edov with it", x: token.Extra{Claims: map[string][]string{"email": nil, "xms_edov": nil}},
			member: m{"email": "clerk@fabrikam.example", "xms_edov": true}, guest: m{"xms_edov": true}},
		{name: "ipaddr", x: claims("ipaddr")},
		{name: "login_hint", x: claims("login_hint")},
		{name: "tenant_ctry", x: claims("tenant_ctry")},
		{name: "tenant_region_scope", x: claims("tenant_region_scope")},
		{name: "verified_primary_email", x: claims("verified_primary_email")},
		{name: "verified_secondary_email", x: claims("verified_secondary_email")},
		{name: "xms_pdl", x: claims("xms_pdl")},
		{name: "xms_pl", x: claims("xms_pl")},
		{name: "family_name", x: claims("family_name")},
		{name: "given_name", x: claims("given_name")},
		{name: "preferred_username in version 1", x: claims("preferred_username"), version: 1},
		{name: "upn", x: claims("upn"), member: m{"upn": "clerk@fabrikam.example"}, guest: m{}},
		{name: "upn of guests too", x: claims("upn", "include_externally_authenticated_upn"),
			member: m{"upn": "clerk@fabrikam.example"}, guest: m{"upn": "clerk_fabrikam.example#EXT#@contoso.example"}},
		{name: "upn of guests without a hash", x: claims("upn", "include_externally_authenticated_upn_without_hash"),
			member: m{"upn": "clerk@fabrikam.example"}, guest: m{"upn": "clerk_fabrikam.example_EXT_@contoso.example"}},
		{name: "a claim that nobody knows", x: claims("pwd_exp"), member: m{}, guest: m{}},
		{name: "roles in the directory", x: token.Extra{Directory: true, WIDs: []string{"r"}},
			member: m{"wids": []any{"r", "b79fbf4d-3ef9-4689-8143-76b194e85509"}}, guest: m{"wids": []any{"r", "13bd1c72-6f4a-4dcf-985f-18d3b80f208a"}}},
		{name: "groups", x: token.Extra{Groups: token.Groups{Names: []string{"g"}}}},
		{name: "groups as roles", x: token.Extra{Groups: token.Groups{Names: []string{"g"}, AsRoles: true}}},
		{name: "more groups than fit", x: token.Extra{Groups: token.Groups{Over: "https://graph.example/u/getMemberObjects"}}},
		{name: "more groups than fit, as roles", x: token.Extra{Groups: token.Groups{Over: "https://graph.example/u/getMemberObjects", AsRoles: true}}},
		{name: "more groups than an address holds", x: token.Extra{Groups: token.Groups{Some: true}}},
	}
	alike := map[string]m{
		"auth_time":                         {"auth_time": float64(proof().AuthAt.Unix())},
		"ctry":                              {"ctry": "NL"},
		"ipaddr":                            {"ipaddr": "203.0.113.7"},
		"login_hint":                        {"login_hint": hint},
		"tenant_ctry":                       {"tenant_ctry": "DE"},
		"tenant_region_scope":               {"tenant_region_scope": "WW"},
		"verified_primary_email":            {"verified_primary_email": []any{"clerk@fabrikam.example"}},
		"verified_secondary_email":          {"verified_secondary_email": []any{"payroll@fabrikam.example"}},
		"xms_pdl":                           {"xms_pdl": "EUR"},
		"xms_pl":                            {"xms_pl": "nl-NL"},
		"family_name":                       {"family_name": "Clerk"},
		"given_name":                        {"given_name": "Payroll"},
		"preferred_username in version 1":   {"preferred_username": "clerk@fabrikam.example"},
		"groups":                            {"groups": []any{"g"}},
		"groups as roles":                   {"roles": []any{"g"}},
		"more groups than fit":              {"_claim_names": m{"groups": "src1"}, "_claim_sources": m{"src1": m{"endpoint": "https://graph.example/u/getMemberObjects"}}},
		"more groups than fit, as roles":    {"_claim_names": m{"groups": "src1"}, "_claim_sources": m{"src1": m{"endpoint": "https://graph.example/u/getMemberObjects"}}, "roles": nil},
		"more groups than an address holds": {"hasgroups": true},
	}
	dbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		s := service(t, db, clock.NewFake(dbtest.Noon), name)
		id := func(version int, p *token.Person, x token.Extra) m {
			text, err := s.MintID(t.Context(), token.ID{Tenant: tenant, Client: refreshClient, Version: version, Person: *p, Roles: []string{"own"}, Profile: true, Extra: x})
			do(t, err)
			return payload(t, text)
		}
		access := func(version int, p *token.Person, x token.Extra) m {
			a := access()
			a.Resource = token.Resource{App: "44444444-4444-4444-8444-444444444444", Audience: "api://sample", Version: version}
			a.Person, a.Roles, a.Extra = p, []string{"own"}, x
			return payload(t, mint(t, s, a).Text)
		}
		for _, tt := range tests {
			if one, ok := alike[tt.name]; ok {
				tt.member, tt.guest = one, one
			}
			t.Run(tt.name, func(t *testing.T) {
				member, guest := person(), person()
				guest.Guest, guest.Issuer, guest.Local = true, home, "clerk_fabrikam.example#EXT#@contoso.example"
				for kind, of := range map[string]func(int, *token.Person, token.Extra) m{"ID": id, "access": access} {
					for whose, p := range map[string]*token.Person{"member": member, "guest": guest} {
						version, more := max(tt.version, 1), tt.member
						if tt.version == 0 {
							version = 2
						}
						if whose == "guest" {
							more = tt.guest
						}
						want := of(version, p, token.Extra{})
						maps.Copy(want, more)
						maps.DeleteFunc(want, func(_ string, v any) bool { return v == nil })
						if diff := cmp.Diff(want, of(version, p, tt.x)); diff != "" {
							t.Errorf("%s token of a %s (-want +got):\n%s", kind, whose, diff)
						}
					}
				}
			})
		}
	})
}

// payload returns what a token says, but for what is another each time.
func payload(t *testing.T, raw string) map[string]any {
	t.Helper()
	tok, err := jose.Peek(raw, jose.RS256)
	do(t, err)
	got := map[string]any{}
	do(t, json.Unmarshal(tok.Payload(), &got))
	for _, name := range []string{"uti", "rh", "aio"} {
		delete(got, name)
	}
	return got
}

// TestExtraOfPrograms: what a resource may ask of tokens without a person.
func TestExtraOfPrograms(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		s := service(t, db, clock.NewFake(dbtest.Noon), name)
		of := func(version int, change func(*token.Access)) map[string]any {
			a := access()
			a.Resource = token.Resource{App: "44444444-4444-4444-8444-444444444444", Audience: "api://sample", Version: version}
			change(&a)
			return payload(t, mint(t, s, a).Text)
		}
		ask := func(x map[string][]string) func(*token.Access) {
			return func(a *token.Access) { a.Extra.Claims = x }
		}
		person := func(x map[string][]string) func(*token.Access) {
			return func(a *token.Access) { a.Person, a.Extra.Claims = person(), x }
		}
		for _, tt := range []struct {
			name, claim string
			version     int
			change      func(*token.Access)
			want        any
		}{
			{"nothing asked", "idtyp", 2, ask(nil), nil},
			{"what kind of token", "idtyp", 2, ask(map[string][]string{"idtyp": nil}), "app"},
			{"a person's says so only if asked", "idtyp", 2, person(map[string][]string{"idtyp": nil}), nil},
			{"a person's", "idtyp", 2, person(map[string][]string{"idtyp": {"include_user_token"}}), "user"},
			{"the audience as asked for", "aud", 1, ask(nil), "api://sample"},
			{"the audience by identifier", "aud", 1, ask(map[string][]string{"aud": {"use_guid"}}), "44444444-4444-4444-8444-444444444444"},
			{"a capable client that nobody asks", "xms_cc", 2, func(a *token.Access) { a.Extra.Capable = true }, nil},
			{"a client that says nothing", "xms_cc", 2, ask(map[string][]string{"xms_cc": nil}), nil},
			{"a capable client", "xms_cc", 2, func(a *token.Access) {
				a.Extra.Capable, a.Extra.Claims = true, map[string][]string{"xms_cc": nil}
			}, []any{"cp1"}},
			{"the address of nobody", "email", 2, ask(map[string][]string{"email": nil, "acct": nil, "login_hint": nil}), nil},
		} {
			if diff := cmp.Diff(tt.want, of(tt.version, tt.change)[tt.claim]); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tt.name, diff)
			}
		}
	})
}

func TestLoginHint(t *testing.T) {
	text := token.LoginHint(proof().Home, proof().User, "clerk with blanks@fabrikam.example")
	who, username, ok := token.ReadLoginHint(text)
	if want := (ids.Principal{Kind: ids.Person, Home: proof().Home, ID: proof().User}); !ok || who != want || username != "clerk with blanks@fabrikam.example" {
		t.Errorf("got %v, %q, %v", who, username, ok)
	}
	for _, other := range []string{"", "O.", "O.!", "O.eA", "clerk@fabrikam.example", text[2:], "O.MSAyIDM"} {
		if _, _, ok := token.ReadLoginHint(other); ok {
			t.Errorf("%q is taken for ours", other)
		}
	}
}

func FuzzLoginHint(f *testing.F) {
	f.Add(token.LoginHint("33333333-3333-4333-8333-333333333333", "55555555-5555-4555-8555-555555555555", "a@b.example"))
	f.Fuzz(func(t *testing.T, text string) {
		if who, username, ok := token.ReadLoginHint(text); ok {
			again, name, ok := token.ReadLoginHint(token.LoginHint(who.Home, who.ID, username))
			if !ok || again != who || name != username {
				t.Errorf("%q reads as %v %q, and written again as %v %q", text, who, username, again, name)
			}
		}
	})
}
