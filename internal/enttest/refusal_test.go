package enttest_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"entente/internal/enttest"
	"entente/internal/enttest/dbtest"
	"entente/internal/enttest/fakeidp"
	"entente/internal/kit/clock"
	"entente/internal/kit/sqldb"
)

// A chain is the first story's: a managed identity of A on a host, an
// application of A that trusts it and another issuer, and its presence in B
// with one permission.
type chain struct {
	*enttest.Server
	clk             *clock.Fake
	idp             *fakeidp.IdP
	host            *enttest.Host
	identity, other enttest.Identity
}

func newChain(t *testing.T, engine sqldb.Engine) *chain {
	c := &chain{clk: clock.NewFake(dbtest.Noon)}
	c.idp = fakeidp.StartAt(t, c.clk)
	c.Server = enttest.Start(t, enttest.Options{Engine: engine, Clock: c.clk, Issuers: []*fakeidp.IdP{c.idp}})
	c.identity, c.other = c.Identity(t, c.A, "runbook-identity"), c.Identity(t, c.A, "other-identity")
	c.host = c.Host(t, c.A, "automation", c.identity, c.other)
	return c
}

// A link is one application of its own along the chain, so that cases do not
// disturb each other.
type link struct {
	enttest.Application
	credential string // by which it trusts the managed identity
	principal  string // in B
}

func (c *chain) link(t *testing.T) (l link) {
	t.Helper()
	l.Application = c.Application(t, c.A, "runbook", true)
	l.credential = c.Trust(t, c.A, l.Application, "runbook-identity", c.Issuer(c.A), c.identity.Object)
	c.Trust(t, c.A, l.Application, "pipeline", c.idp.Issuer, "job-7")
	l.principal = c.Present(t, c.B, l.AppID).ID
	c.Permit(t, c.B, l.principal, "User.Read.All")
	return l
}

// cross exchanges the managed identity's token in B.
func (c *chain) cross(t *testing.T, l link) enttest.Answer {
	t.Helper()
	return c.ByAssertion(t, c.B, l.AppID, c.host.Assertion(t, c.identity), enttest.GraphScope)
}

// pipeline exchanges a token of the other issuer in B.
func (c *chain) pipeline(t *testing.T, l link, more map[string]any) enttest.Answer {
	t.Helper()
	return c.ByAssertion(t, c.B, l.AppID, c.idp.Token(t, "job-7", enttest.ExchangeScope, more), enttest.GraphScope)
}

// change patches the application in A.
func (c *chain) change(t *testing.T, l link, body map[string]any) {
	t.Helper()
	c.Graph(t, c.A, http.MethodPatch, "/v1.0/applications/"+l.ID, body, nil)
}

// shut crosses while a tenant's policy for a partner blocks everything on one
// side of it.
func (c *chain) shut(t *testing.T, of, partner *enttest.Tenant, side string, l link) enttest.Answer {
	t.Helper()
	var client enttest.Principal
	c.Graph(t, of, http.MethodGet, "/v1.0/servicePrincipals(appId='"+of.ClientID+"')", nil, &client)
	c.Permit(t, of, client.ID, "Policy.ReadWrite.CrossTenantAccess")
	const partners = "/v1.0/policies/crossTenantAccessPolicy/partners"
	all := func(name, kind string) map[string]any {
		return map[string]any{"accessType": "blocked", "targets": []any{map[string]any{"target": name, "targetType": kind}}}
	}
	c.Graph(t, of, http.MethodPost, partners, map[string]any{
		"tenantId": partner.ID, side: map[string]any{"applications": all("AllApplications", "application"), "usersAndGroups": all("AllUsers", "user")},
	}, nil)
	defer c.Graph(t, of, http.MethodDelete, partners+"/"+partner.ID, nil, nil)
	return c.cross(t, l)
}

// TestEachLinkRefuses breaks the chain at each link. Before each break the
// crossing works; after it, the answer names the link by its number.
func TestEachLinkRefuses(t *testing.T) {
	tests := []struct {
		name   string
		ask    func(t *testing.T, c *chain, l link) enttest.Answer
		status int
		number int
	}{
		{"the issuer is none that a credential names", func(t *testing.T, c *chain, l link) enttest.Answer {
			return c.pipeline(t, l, map[string]any{"iss": c.idp.Issuer + "/"})
		}, 401, 700211},
		{"the subject is another managed identity", func(t *testing.T, c *chain, l link) enttest.Answer {
			return c.ByAssertion(t, c.B, l.AppID, c.host.Assertion(t, c.other), enttest.GraphScope)
		}, 401, 700213},
		{"the subject differs in letter case", func(t *testing.T, c *chain, l link) enttest.Answer {
			return c.pipeline(t, l, map[string]any{"sub": "Job-7"})
		}, 401, 7002138},
		{"the audience is another", func(t *testing.T, c *chain, l link) enttest.Answer {
			return c.pipeline(t, l, map[string]any{"aud": "https://api.example"})
		}, 401, 700212},
		{"the managed identity's token is one for Graph", func(t *testing.T, c *chain, l link) enttest.Answer {
			graph := c.host.Ask(t, c.identity.Client, "https://graph.microsoft.com").Token(t)
			return c.ByAssertion(t, c.B, l.AppID, graph, enttest.GraphScope)
		}, 401, 700211},
		{"the credential was deleted a moment ago", func(t *testing.T, c *chain, l link) enttest.Answer {
			c.Graph(t, c.A, http.MethodDelete, "/v1.0/applications/"+l.ID+"/federatedIdentityCredentials/"+l.credential, nil, nil)
			return c.cross(t, l)
		}, 401, 700211},
		{"the managed identity was deleted a moment ago", func(t *testing.T, c *chain, l link) enttest.Answer {
			gone := c.Identity(t, c.A, "short-lived")
			c.Trust(t, c.A, l.Application, "short-lived", c.Issuer(c.A), gone.Object)
			raw := c.Host(t, c.A, "short-lived", gone).Assertion(t, gone)
			c.ByAssertion(t, c.B, l.AppID, raw, enttest.GraphScope).Token(t)
			c.ARM(t, c.A, http.MethodDelete, gone.Resource, nil, nil)
			return c.ByAssertion(t, c.B, l.AppID, raw, enttest.GraphScope)
		}, 401, 700222},
		{"the application became single-tenant", func(t *testing.T, c *chain, l link) enttest.Answer {
			c.change(t, l, map[string]any{"signInAudience": "AzureADMyOrg"})
			return c.cross(t, l)
		}, 400, 700016},
		{"the application is disabled", func(t *testing.T, c *chain, l link) enttest.Answer {
			c.change(t, l, map[string]any{"isDisabled": true})
			return c.cross(t, l)
		}, 400, 7000112},
		{"the application is deleted", func(t *testing.T, c *chain, l link) enttest.Answer {
			c.Graph(t, c.A, http.MethodDelete, "/v1.0/applications/"+l.ID, nil, nil)
			return c.cross(t, l)
		}, 400, 700016},
		{"there is no service principal in B any more", func(t *testing.T, c *chain, l link) enttest.Answer {
			c.Graph(t, c.B, http.MethodDelete, "/v1.0/servicePrincipals/"+l.principal, nil, nil)
			return c.cross(t, l)
		}, 401, 7000229},
		{"the service principal in B is disabled", func(t *testing.T, c *chain, l link) enttest.Answer {
			c.Graph(t, c.B, http.MethodPatch, "/v1.0/servicePrincipals/"+l.principal, map[string]any{"accountEnabled": false}, nil)
			return c.cross(t, l)
		}, 400, 7000112},
		{"A's policy lets nothing out to B", func(t *testing.T, c *chain, l link) enttest.Answer {
			return c.shut(t, c.A, c.B, "b2bCollaborationOutbound", l)
		}, 400, 500212},
		{"B's policy lets nothing of A in", func(t *testing.T, c *chain, l link) enttest.Answer {
			return c.shut(t, c.B, c.A, "b2bCollaborationInbound", l)
		}, 400, 500213},
		{"tenant C has agreed to nothing", func(t *testing.T, c *chain, l link) enttest.Answer {
			return c.ByAssertion(t, c.C, l.AppID, c.host.Assertion(t, c.identity), enttest.GraphScope)
		}, 401, 7000229},
		{"the identity of A for an application of C", func(t *testing.T, c *chain, _ link) enttest.Answer {
			theirs := c.Application(t, c.C, "runbook", true)
			c.Trust(t, c.C, theirs, "of-a", c.Issuer(c.A), c.identity.Object)
			c.Present(t, c.B, theirs.AppID)
			return c.ByAssertion(t, c.B, theirs.AppID, c.host.Assertion(t, c.identity), enttest.GraphScope)
		}, 401, 700222},
		{"the assertion is an application's own token", func(t *testing.T, c *chain, l link) enttest.Answer {
			own := c.BySecret(t, c.A, c.A.ClientID, c.A.ClientSecret, enttest.ExchangeScope+"/.default").Token(t)
			return c.ByAssertion(t, c.B, l.AppID, own, enttest.GraphScope)
		}, 401, 700222},
		{"the assertion has expired", func(t *testing.T, c *chain, l link) enttest.Answer {
			return c.pipeline(t, l, map[string]any{"exp": c.clk.Wall().Add(-6 * time.Minute).Unix()})
		}, 401, 700024},
		{"the assertion is not valid yet", func(t *testing.T, c *chain, l link) enttest.Answer {
			return c.pipeline(t, l, map[string]any{"nbf": c.clk.Wall().Add(6 * time.Minute).Unix()})
		}, 401, 700024},
		{"the assertion is used again beyond its life", func(t *testing.T, c *chain, l link) enttest.Answer {
			raw := c.idp.Token(t, "job-7", enttest.ExchangeScope, nil)
			for range 2 { // within its life real clients do so
				c.ByAssertion(t, c.B, l.AppID, raw, enttest.GraphScope).Token(t)
			}
			c.clk.Advance(66 * time.Minute)
			return c.ByAssertion(t, c.B, l.AppID, raw, enttest.GraphScope)
		}, 401, 700024},
		{"the assertion is not signed", func(t *testing.T, c *chain, l link) enttest.Answer {
			parts := strings.Split(c.host.Assertion(t, c.identity), ".")
			return c.ByAssertion(t, c.B, l.AppID, encode(`{"alg":"none","typ":"JWT"}`)+"."+parts[1]+".", enttest.GraphScope)
		}, 401, 50027},
		{"the assertion is signed with the public key as HS256 secret", func(t *testing.T, c *chain, l link) enttest.Answer {
			return c.ByAssertion(t, c.B, l.AppID, c.confused(t), enttest.GraphScope)
		}, 401, 50027},
		{"the assertion's claims were changed", func(t *testing.T, c *chain, l link) enttest.Answer {
			mine, theirs := strings.Split(c.host.Assertion(t, c.identity), "."), strings.Split(c.host.Assertion(t, c.other), ".")
			return c.ByAssertion(t, c.B, l.AppID, theirs[0]+"."+mine[1]+"."+theirs[2], enttest.GraphScope)
		}, 401, 900384},
		{"the assertion names an unknown key", func(t *testing.T, c *chain, l link) enttest.Answer {
			return c.headed(t, l, map[string]any{"kid": "another"})
		}, 401, 700027},
		{"the assertion brings the address of its own key", func(t *testing.T, c *chain, l link) enttest.Answer {
			forger := fakeidp.StartAt(t, c.clk)
			raw := forger.Sign(t, map[string]any{"iss": c.idp.Issuer, "sub": "job-7", "aud": enttest.ExchangeScope, "exp": c.clk.Wall().Add(time.Hour).Unix()},
				map[string]any{"jku": forger.Issuer + "/keys", "kid": "key-1"})
			a := c.ByAssertion(t, c.B, l.AppID, raw, enttest.GraphScope)
			if d, k := forger.Asked(); d+k > 0 {
				t.Errorf("the address was followed")
			}
			return a
		}, 401, 900384},
		{"the assertion is no token", func(t *testing.T, c *chain, l link) enttest.Answer {
			return c.ByAssertion(t, c.B, l.AppID, "a.b.c", enttest.GraphScope)
		}, 401, 50027},
		{"another issuer signs in A's name", func(t *testing.T, c *chain, l link) enttest.Answer {
			return c.pipeline(t, l, map[string]any{"iss": c.Issuer(c.A), "sub": c.identity.Object, "aud": "fb60f99c-7a34-4190-8149-302f77469936"})
		}, 401, 700027},
	}
	enttest.Each(t, func(t *testing.T, engine sqldb.Engine) {
		c := newChain(t, engine)
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				l := c.link(t)
				c.cross(t, l).Token(t)
				a := tt.ask(t, c, l)
				if got := a.Number(t); a.Status != tt.status || got != tt.number {
					t.Errorf("got %d with %d, want %d with %d\n%s", a.Status, got, tt.status, tt.number, a.Body)
				}
			})
		}
	})
}

func encode(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// confused returns the managed identity's claims under an HS256 signature whose
// secret is the tenant's public key.
func (c *chain) confused(t *testing.T) string {
	t.Helper()
	parts := strings.Split(c.host.Assertion(t, c.identity), ".")
	var set struct {
		Keys []struct {
			Kid string
			X5c [][]byte
		}
	}
	c.As(t, "", http.MethodGet, "/"+c.A.ID+"/discovery/v2.0/keys", nil).Into(t, &set)
	cert, err := x509.ParseCertificate(set.Keys[0].X5c[0])
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(cert.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	header, _ := json.Marshal(map[string]string{"alg": "HS256", "typ": "JWT", "kid": set.Keys[0].Kid})
	text := encode(string(header)) + "." + parts[1]
	mac := hmac.New(sha256.New, public)
	mac.Write([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// headed exchanges a token of the other issuer with other header members.
func (c *chain) headed(t *testing.T, l link, header map[string]any) enttest.Answer {
	t.Helper()
	raw := c.idp.Sign(t, map[string]any{
		"iss": c.idp.Issuer, "sub": "job-7", "aud": enttest.ExchangeScope, "exp": c.clk.Wall().Add(time.Hour).Unix(),
	}, header)
	return c.ByAssertion(t, c.B, l.AppID, raw, enttest.GraphScope)
}

// A megabyte of assertion is refused before it is parsed, whichever limit it
// meets first, and the server goes on.
func TestHugeAssertion(t *testing.T) {
	enttest.Each(t, func(t *testing.T, engine sqldb.Engine) {
		c := newChain(t, engine)
		l := c.link(t)
		for _, size := range []int{30_000, 1 << 20} {
			a := c.ByAssertion(t, c.B, l.AppID, strings.Repeat("a", size), enttest.GraphScope)
			if a.Status < 400 || a.Status >= 500 {
				t.Errorf("%d bytes: got %d, want a refusal\n%.300s", size, a.Status, a.Body)
			}
		}
		c.cross(t, l).Token(t)
	})
}

// What a token of B may do at Graph follows from B's grants, and a token of A
// opens nothing of B's.
func TestGraphRefuses(t *testing.T) {
	enttest.Each(t, func(t *testing.T, engine sqldb.Engine) {
		c := newChain(t, engine)
		t.Run("without consent there are no roles", func(t *testing.T) {
			l := c.bare(t)
			c.wantDenied(t, c.cross(t, l).Token(t))
		})
		t.Run("delegated consent alone gives no roles", func(t *testing.T) {
			l := c.bare(t)
			c.Delegate(t, c.B, l.principal, "User.Read.All")
			c.wantDenied(t, c.cross(t, l).Token(t))
		})
		t.Run("a grant that was taken back counts no more, whatever the token says", func(t *testing.T) {
			l := c.link(t)
			token := c.cross(t, l).Token(t)
			if a := c.As(t, token, http.MethodGet, "/v1.0/users", nil); a.Status != http.StatusOK {
				t.Fatalf("with the grant: status %d, %s", a.Status, a.Body)
			}
			var granted struct{ Value []struct{ ID string } }
			c.Graph(t, c.B, http.MethodGet, "/v1.0/servicePrincipals/"+l.principal+"/appRoleAssignments", nil, &granted)
			c.Graph(t, c.B, http.MethodDelete, "/v1.0/servicePrincipals/"+l.principal+"/appRoleAssignments/"+granted.Value[0].ID, nil, nil)
			if a := c.As(t, token, http.MethodGet, "/v1.0/users", nil); a.Status != http.StatusForbidden {
				t.Errorf("without it: status %d, %s", a.Status, a.Body)
			}
		})
		t.Run("a token of A shows nothing of B", func(t *testing.T) { c.wantNothingOfB(t) })
	})
}

// bare is link without any permission in B.
func (c *chain) bare(t *testing.T) (l link) {
	t.Helper()
	l.Application = c.Application(t, c.A, "bare", true)
	c.Trust(t, c.A, l.Application, "runbook-identity", c.Issuer(c.A), c.identity.Object)
	l.principal = c.Present(t, c.B, l.AppID).ID
	return l
}

func (c *chain) wantDenied(t *testing.T, token string) {
	t.Helper()
	claims := enttest.Claims(t, token)
	if claims["roles"] != nil || claims["scp"] != nil {
		t.Errorf("the token carries roles %v and scopes %v, want neither", claims["roles"], claims["scp"])
	}
	a := c.As(t, token, http.MethodGet, "/v1.0/users", nil)
	if got := a.Code(t); a.Status != http.StatusForbidden || got != "Authorization_RequestDenied" {
		t.Errorf("got %d %s, want 403 Authorization_RequestDenied", a.Status, got)
	}
}

func (c *chain) wantNothingOfB(t *testing.T) {
	t.Helper()
	var theirs, ours struct {
		Value []struct{ ID, UserPrincipalName string }
	}
	c.Graph(t, c.B, http.MethodGet, "/v1.0/users", nil, &theirs)
	token := c.Admin(t, c.A, enttest.GraphScope)
	c.As(t, token, http.MethodGet, "/v1.0/users", nil).Into(t, &ours)
	if len(theirs.Value) == 0 || len(ours.Value) == 0 {
		t.Fatal("a tenant has no users at all")
	}
	for _, u := range ours.Value {
		if !strings.HasSuffix(u.UserPrincipalName, c.A.Domain) {
			t.Errorf("A's token lists %s", u.UserPrincipalName)
		}
	}
	for _, u := range theirs.Value {
		for _, key := range []string{u.ID, u.UserPrincipalName} {
			if a := c.As(t, token, http.MethodGet, "/v1.0/users/"+key, nil); a.Status != http.StatusNotFound {
				t.Errorf("A's token reads B's user %s: status %d", key, a.Status)
			}
		}
	}
}
