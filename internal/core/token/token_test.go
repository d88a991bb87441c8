package token_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"entente/internal/core/keys"
	"entente/internal/core/token"
	"entente/internal/enttest/dbtest"
	"entente/internal/kit/clock"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/jose"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

const (
	name   = "https://login.example"
	tenant = ids.TenantID("11111111-1111-4111-8111-111111111111")
)

func service(t *testing.T, db *sqldb.DB, clk clock.Clock, name string) *token.Service {
	t.Helper()
	ring, err := secret.NewRing(secret.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	return token.New(keys.New(db, ring, clk, keys.Options{}), clk, name)
}

func access() token.Access {
	return token.Access{
		Tenant: tenant, Since: time.Unix(1754409920, 0),
		Resource: token.Resource{App: "00000003-0000-0000-c000-000000000000", Audience: "https://graph.microsoft.com", Version: 1, BuiltIn: true, Graph: true},
		Client:   "22222222-2222-4222-8222-222222222222", Name: "Sync",
		Principal: "33333333-3333-4333-8333-333333333333", Method: token.Assertion,
		Roles: []string{"User.Read.All"}, Lifetime: token.AppLifetime,
	}
}

func mint(t *testing.T, s *token.Service, a token.Access) token.Minted {
	t.Helper()
	m, err := s.Mint(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// read returns a token's header and claims, without the members that are
// random.
func read(t *testing.T, raw string) (jose.Header, map[string]any) {
	t.Helper()
	tok, err := jose.Peek(raw, jose.RS256)
	if err != nil {
		t.Fatal(err)
	}
	claims := map[string]any{}
	if err := json.Unmarshal(tok.Payload(), &claims); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"aio", "rh", "uti"} {
		if claims[name] == "" || claims[name] == nil {
			t.Errorf("the token has no %s", name)
		}
		delete(claims, name)
	}
	return tok.Header, claims
}

// TestClaims compares whole tokens with those of Entra.
// https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
func TestClaims(t *testing.T) {
	api := access()
	api.Resource = token.Resource{App: "44444444-4444-4444-8444-444444444444", Audience: "api://sample", Version: 2}
	api.Method, api.Roles = token.Secret, nil
	exchange := access()
	exchange.Resource = token.Resource{App: "fb60f99c-7a34-4190-8149-302f77469936", Audience: "api://AzureADTokenExchange", Version: 2, BuiltIn: true}
	exchange.Roles, exchange.Lifetime = nil, token.IdentityLifetime
	exchange.Identity = "/subscriptions/s/resourcegroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i"
	iat := float64(dbtest.Noon.Unix() - 300)
	tests := []struct {
		name string
		a    token.Access
		x5t  bool
		want map[string]any
	}{
		{"version 1, for Graph", access(), true, map[string]any{
			"aud": "https://graph.microsoft.com", "iss": name + "/" + string(tenant) + "/", "idp": name + "/" + string(tenant) + "/",
			"iat": iat, "nbf": iat, "exp": iat + 3900, "app_displayname": "Sync",
			"appid": "22222222-2222-4222-8222-222222222222", "appidacr": "2", "idtyp": "app",
			"oid": "33333333-3333-4333-8333-333333333333", "sub": "33333333-3333-4333-8333-333333333333",
			"roles": []any{"User.Read.All"}, "tid": string(tenant), "ver": "1.0",
			"wids": []any{"0997a1d0-0d1d-4acb-b408-d5ca73121e90"}, "xms_tcdt": 1754409920.0,
		}},
		{"version 2, for an API of one's own, no roles: roles and idtyp are absent", api, false, map[string]any{
			"aud": "44444444-4444-4444-8444-444444444444", "iss": name + "/" + string(tenant) + "/v2.0",
			"iat": iat, "nbf": iat, "exp": iat + 3900, "azp": "22222222-2222-4222-8222-222222222222", "azpacr": "1",
			"oid": "33333333-3333-4333-8333-333333333333", "sub": "33333333-3333-4333-8333-333333333333",
			"tid": string(tenant), "ver": "2.0",
		}},
		{"section 7.6: a managed identity's, for the exchange", exchange, false, map[string]any{
			"aud": "fb60f99c-7a34-4190-8149-302f77469936", "iss": name + "/" + string(tenant) + "/v2.0",
			"iat": iat, "nbf": iat, "exp": iat + 86700, "azp": "22222222-2222-4222-8222-222222222222", "azpacr": "2", "idtyp": "app",
			"oid": "33333333-3333-4333-8333-333333333333", "sub": "33333333-3333-4333-8333-333333333333",
			"tid": string(tenant), "ver": "2.0", "xms_mirid": exchange.Identity,
		}},
	}
	dbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		s := service(t, db, clock.NewFake(dbtest.Noon), name)
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				header, got := read(t, mint(t, s, tt.a).Text)
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("claims (-want +got):\n%s", diff)
				}
				if header.Type != "JWT" || header.KeyID == "" || (header.X5t == header.KeyID) != tt.x5t {
					t.Errorf("header = %+v", header)
				}
			})
		}
	})
}

func TestVerify(t *testing.T) {
	graph := "https://graph.microsoft.com"
	dbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		clk := clock.NewFake(dbtest.Noon)
		s := service(t, db, clk, name)
		good := mint(t, s, access()).Text
		verify := func(s *token.Service, raw string, audiences ...string) (c *token.Claims, err error) {
			err = db.Read(context.Background(), func(tx *sqldb.Tx) error {
				c, err = s.Verify(context.Background(), tx, raw, audiences...)
				return err
			})
			return c, err
		}
		c, err := verify(s, good, "x", graph)
		if err != nil {
			t.Fatal(err)
		}
		if c.Tenant != tenant || c.Client() != access().Client || !c.AppOnly() || !slices.Equal(c.Roles, []string{"User.Read.All"}) {
			t.Errorf("claims = %+v", c)
		}
		parts := strings.Split(good, ".")
		other := mint(t, s, token.Access{Tenant: ids.New[ids.TenantID](), Principal: "o", Resource: token.Resource{Audience: graph}, Lifetime: time.Hour}).Text
		tests := []struct {
			name, raw string
			s         *token.Service
			audience  string
			want      fault.Reason
		}{
			{"nonsense", "abc", s, graph, token.Malformed},
			{"another installation's name", good, service(t, db, clk, "https://other.example"), graph, token.NotOurs},
			{"another token's claims", parts[0] + "." + strings.Split(other, ".")[1] + "." + parts[2], s, graph, token.BadSignature},
			{"another audience", good, s, "https://management.azure.com", token.WrongAudience},
		}
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				if _, err := verify(tt.s, tt.raw, tt.audience); !errors.Is(err, tt.want) || !errors.Is(err, fault.Unauthenticated) {
					t.Errorf("err = %v, want %s", err, tt.want)
				}
			})
		}
		clk.Advance(time.Hour - time.Microsecond)
		if _, err := verify(s, good, graph); err != nil {
			t.Errorf("a moment before its end: %v", err)
		}
		clk.Advance(time.Microsecond)
		if _, err := verify(s, good, graph); !errors.Is(err, token.Expired) {
			t.Errorf("at its end: err = %v, want %s", err, token.Expired)
		}
	})
}

// TestALabsTokenIsRefusedByAnotherStore is what keeps a lab's powers in the
// lab: same name, same tenant identifier, another store.
func TestALabsTokenIsRefusedByAnotherStore(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, lab *sqldb.DB) {
		clk, db := clock.NewFake(dbtest.Noon), dbtest.Open(t, lab.Engine())
		raw := mint(t, service(t, lab, clk, name), access()).Text
		mint(t, service(t, db, clk, name), access())
		err := db.Read(t.Context(), func(tx *sqldb.Tx) error {
			_, err := service(t, db, clk, name).Verify(t.Context(), tx, raw, "https://graph.microsoft.com")
			return err
		})
		if !errors.Is(err, token.BadSignature) {
			t.Errorf("err = %v, want %s", err, token.BadSignature)
		}
	})
}

func ExampleService_IssuerV2() {
	s := token.New(nil, clock.System{}, "https://login.example/")
	fmt.Println(s.IssuerV1("t"), s.IssuerV2("t"))
	// Output: https://login.example/t/ https://login.example/t/v2.0
}
