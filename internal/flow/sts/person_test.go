package sts_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"entente/internal/core/app"
	"entente/internal/core/consent"
	"entente/internal/core/crosstenant"
	"entente/internal/core/directory"
	"entente/internal/core/person"
	"entente/internal/core/tenant"
	"entente/internal/core/token"
	"entente/internal/enttest/crossing"
	"entente/internal/enttest/quick"
	"entente/internal/flow/sts"
	"entente/internal/kit/clock"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/jose"
	"entente/internal/kit/oauth2"
	"entente/internal/kit/sqldb"
)

const back = "https://app.example/back"

// A visitor is a person of tenant B who signs in to an application there.
type visitor struct {
	*crossing.World
	t     *testing.T
	clk   *clock.Fake
	users *directory.Service
	user  *directory.User
	graph ids.ObjectID // Graph's service principal in B
}

func eachVisitor(t *testing.T, test func(t *testing.T, v *visitor)) {
	each(t, func(t *testing.T, w *crossing.World, clk *clock.Fake) {
		v := &visitor{World: w, t: t, clk: clk, users: directory.NewService(w.DB, directory.NewHasher(1, quick.Passwords))}
		v.user = v.create(w.B, "fabrikam.example", "clerk")
		v.view(func(ctx context.Context, tx *sqldb.Tx) error {
			p, err := app.PrincipalByAppID(ctx, tx, w.B, app.GraphAppID)
			v.graph = p.ID
			return err
		})
		v.agree("openid profile User.Read")
		test(t, v)
	})
}

func (v *visitor) ok(err error) {
	v.t.Helper()
	if err != nil {
		v.t.Fatal(err)
	}
}

func (v *visitor) view(work func(ctx context.Context, tx *sqldb.Tx) error) {
	v.t.Helper()
	v.ok(v.DB.View(v.t.Context(), func(tx *sqldb.Tx) error { return work(v.t.Context(), tx) }))
}

func (v *visitor) update(work func(ctx context.Context, tx *sqldb.Tx) error) {
	v.t.Helper()
	v.ok(v.DB.Update(v.t.Context(), func(tx *sqldb.Tx) error { return work(v.t.Context(), tx) }))
}

func (v *visitor) create(in ids.TenantID, domain, name string) *directory.User {
	v.t.Helper()
	u, err := v.users.Create(v.t.Context(), crossing.System(in), fmt.Appendf(nil, `{"accountEnabled":true,"displayName":"%s","mailNickname":"%s",
		"userPrincipalName":"%s@%s","mail":"%s@%s","passwordProfile":{"password":"Correct-horse-7"}}`, name, name, name, domain, name, domain))
	v.ok(err)
	return u
}

func (v *visitor) patch(u *directory.User, body string) {
	v.t.Helper()
	_, err := v.users.Update(v.t.Context(), crossing.System(u.Tenant), string(u.ID), []byte(body))
	v.ok(err)
}

// agree lets the application act for everybody in B.
func (v *visitor) agree(scope string) {
	v.t.Helper()
	g, err := consent.NewGrant(v.B, v.Principal, v.graph, "", consent.AllPrincipals)
	v.ok(err)
	_, err = v.Consent.Grant(v.t.Context(), crossing.System(v.B), g, scope, time.Time{})
	v.ok(err)
}

// code issues a code as the end of a sign-in does.
func (v *visitor) code(change func(*token.Code)) string {
	v.t.Helper()
	var text string
	v.update(func(ctx context.Context, tx *sqldb.Tx) (err error) {
		c := token.Code{
			Proof:  token.Proof{Home: v.B, User: v.user.ID, Session: ids.New[ids.SessionID](), Methods: []string{"pwd"}, AuthAt: tx.Now()},
			Tenant: v.B, Object: v.user.ID, Client: v.App, Redirect: back, Platform: token.Native,
			Scope: "openid profile offline_access User.Read", Nonce: "n",
		}
		if change != nil {
			change(&c)
		}
		text, err = token.AddCode(ctx, tx, c)
		return err
	})
	return text
}

func (v *visitor) form(code string, more ...string) oauth2.Form {
	f := oauth2.Form{"grant_type": "authorization_code", "client_id": string(v.App), "code": code, "redirect_uri": back}
	return with(f, more...)
}

func (v *visitor) again(refresh string, more ...string) oauth2.Form {
	return with(oauth2.Form{"grant_type": "refresh_token", "client_id": string(v.App), "refresh_token": refresh}, more...)
}

func with(f oauth2.Form, more ...string) oauth2.Form {
	for i := 0; i+1 < len(more); i += 2 {
		if f[more[i]] = more[i+1]; more[i+1] == "" {
			delete(f, more[i])
		}
	}
	return f
}

func (v *visitor) ask(at string, f oauth2.Form, origin string) (sts.Response, error) {
	return v.STS.Exchange(v.t.Context(), sts.Request{Tenant: at, Version: 2, Form: f, Origin: origin, Correlation: "c", IP: "192.0.2.1", UserAgent: "test"})
}

// get asks at B and must be answered.
func (v *visitor) get(f oauth2.Form) sts.Response {
	v.t.Helper()
	res, err := v.ask(string(v.B), f, "")
	v.ok(err)
	return res
}

func (v *visitor) refused(f oauth2.Form, want fault.Reason) {
	v.t.Helper()
	if _, err := v.ask(string(v.B), f, ""); !errors.Is(err, want) {
		v.t.Errorf("err = %v, want %s", err, want)
	}
}

func claimsOf(t *testing.T, raw string) map[string]any {
	t.Helper()
	tok, err := jose.Peek(raw, jose.RS256)
	if err != nil {
		t.Fatal(err)
	}
	claims := map[string]any{}
	if err := json.Unmarshal(tok.Payload(), &claims); err != nil {
		t.Fatal(err)
	}
	return claims
}

// TestAPersonSignsIn redeems a code, and goes on with the refresh token.
func TestAPersonSignsIn(t *testing.T) {
	eachVisitor(t, func(t *testing.T, v *visitor) {
		for _, at := range []string{string(v.B), "organizations"} {
			res, err := v.ask(at, v.form(v.code(nil)), "")
			v.ok(err)
			access, id := claimsOf(t, res.Token.Text), claimsOf(t, res.ID)
			for name, want := range map[string]any{"tid": string(v.B), "oid": string(v.user.ID), "scp": "User.Read openid profile", "upn": "clerk@fabrikam.example", "appidacr": "0", "idtyp": "user"} {
				if access[name] != want {
					t.Errorf("%s = %v, want %v", name, access[name], want)
				}
			}
			if id["aud"] != string(v.App) || id["nonce"] != "n" || id["oid"] != string(v.user.ID) || id["preferred_username"] != "clerk@fabrikam.example" {
				t.Errorf("the ID token says %v", id)
			}
			if res.Scope != "openid profile User.Read" || res.Person.ID != v.user.ID || res.Person.Home != v.B {
				t.Errorf("the answer is %q of %v", res.Scope, res.Person)
			}
			next, err := v.ask(at, v.again(res.Refresh, "scope", "https://graph.microsoft.com/.default"), "")
			v.ok(err)
			if next.Refresh == "" || next.Refresh == res.Refresh || next.ID != "" || next.Scope != "User.Read https://graph.microsoft.com/.default" {
				t.Errorf("the refresh gave %+v", next)
			}
			if got := v.get(v.again(next.Refresh)); got.ID == "" || got.Scope != res.Scope {
				t.Errorf("a refresh without a scope gave %+v", got)
			}
		}
		if res := v.get(v.form(v.code(func(c *token.Code) { c.Scope = "User.Read" }))); res.Refresh != "" || res.ID != "" {
			t.Errorf("more than was asked for: %+v", res)
		}
	})
}

// TestCodeInWrongHands: each way to misuse a code has its own refusal.
func TestCodeInWrongHands(t *testing.T) {
	eachVisitor(t, func(t *testing.T, v *visitor) {
		other, err := v.Apps.Create(t.Context(), crossing.System(v.B), []byte(`{"displayName":"Other"}`), nil)
		v.ok(err)
		v.Presence(t, v.B, other.AppID)
		v.refused(v.form("nonsense"), token.CodeUnknown)
		v.refused(v.form(""), sts.ParameterMissing)
		v.refused(v.form(v.code(nil), "client_id", string(other.AppID)), token.CodeOtherClient)
		v.refused(v.form(v.code(nil), "redirect_uri", back+"/x"), token.WrongRedirect)
		v.refused(v.form(v.code(nil), "code_verifier", strings.Repeat("v", 43)), token.WrongVerifier)
		v.refused(v.form(v.code(nil), "client_secret", v.Secret), sts.PublicCredential)
		if _, err := v.ask(string(v.A), v.form(v.code(nil)), ""); !errors.Is(err, token.CodeOtherTenant) && !errors.Is(err, sts.NoPrincipal) {
			t.Errorf("at another tenant: %v", err)
		}
		v.refused(v.form(v.code(func(c *token.Code) { c.Platform = token.Web })), sts.CredentialMissing)
		v.refused(v.form(v.code(func(c *token.Code) { c.Platform = token.Web }), "client_secret", "wrong"), app.WrongSecret)
		v.get(v.form(v.code(func(c *token.Code) { c.Platform = token.Web }), "client_secret", v.Secret))
		page := func(c *token.Code) { c.Platform = token.SPA }
		v.refused(v.form(v.code(page)), sts.OriginMissing)
		_, err = v.ask(string(v.B), v.form(v.code(page)), "https://app.example")
		v.ok(err)
		if _, err = v.ask(string(v.B), v.form(v.code(page)), "https://evil.example"); !errors.Is(err, sts.OriginDiffers) {
			t.Errorf("a page of another origin: %v", err)
		}
		if _, err = v.ask(string(v.B), v.form(v.code(nil)), "https://app.example"); !errors.Is(err, sts.OriginGiven) {
			t.Errorf("a page with another's code: %v", err)
		}
		late := v.code(nil)
		v.clk.Advance(10 * time.Minute)
		v.refused(v.form(late), token.CodeExpired)
	})
}

// TestCodeReplayEndsWhatItGave: in parallel one wins, and a replay ends the
// winner's refresh tokens.
func TestCodeReplayEndsWhatItGave(t *testing.T) {
	eachVisitor(t, func(t *testing.T, v *visitor) {
		code := v.code(nil)
		var wg sync.WaitGroup
		var mu sync.Mutex
		var won []sts.Response
		for range 6 {
			wg.Go(func() {
				res, err := v.ask(string(v.B), v.form(code), "")
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					won = append(won, res)
				} else if !errors.Is(err, token.CodeSpent) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if len(won) != 1 {
			t.Fatalf("%d redeemed it", len(won))
		}
		v.refused(v.form(code), token.CodeSpent)
		v.refused(v.again(won[0].Refresh), token.RefreshRevoked)
	})
}

// TestRefreshReuse: a copy of a spent token ends the family for good.
func TestRefreshReuse(t *testing.T) {
	eachVisitor(t, func(t *testing.T, v *visitor) {
		first := v.get(v.form(v.code(nil))).Refresh
		second := v.get(v.again(first)).Refresh
		if again := v.get(v.again(first)).Refresh; again != second {
			t.Error("at once, the same token gave another successor")
		}
		v.clk.Advance(time.Minute)
		v.refused(v.again(first), token.RefreshRevoked)
		v.refused(v.again(second), token.RefreshRevoked)
	})
}

// TestWhatEndsARefresh: whatever takes the person's access takes it from the
// next refresh on.
func TestWhatEndsARefresh(t *testing.T) {
	tests := []struct {
		name string
		end  func(v *visitor)
		want fault.Reason
	}{
		{"the account is disabled", func(v *visitor) { v.patch(v.user, `{"accountEnabled":false}`) }, person.NoAccount},
		{"the account is deleted", func(v *visitor) { v.ok(v.users.Delete(v.t.Context(), crossing.System(v.B), string(v.user.ID))) }, person.NoAccount},
		{"the sessions are revoked", func(v *visitor) {
			v.clk.Advance(time.Second)
			v.ok(v.users.RevokeSessions(v.t.Context(), crossing.System(v.B), string(v.user.ID)))
		}, person.Ended},
		{"ninety days go by", func(v *visitor) { v.clk.Advance(90 * 24 * time.Hour) }, token.RefreshIdle},
		{"the consent is withdrawn", func(v *visitor) {
			grant := ids.GrantIDOf(v.Principal, v.graph, "")
			v.ok(v.Consent.Revoke(v.t.Context(), crossing.System(v.B), grant))
		}, sts.NoConsent},
		{"the application wants assignment", func(v *visitor) {
			_, err := v.Apps.UpdatePrincipal(v.t.Context(), crossing.System(v.B), v.Principal, []byte(`{"appRoleAssignmentRequired":true}`))
			v.ok(err)
		}, sts.PersonNotAssigned},
	}
	eachVisitor(t, func(t *testing.T, v *visitor) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				eachOne := *v
				eachOne.t = t
				eachOne.user = eachOne.create(v.B, "fabrikam.example", "clerk"+strings.ReplaceAll(tt.name, " ", ""))
				refresh := eachOne.get(eachOne.form(eachOne.code(nil))).Refresh
				tt.end(&eachOne)
				eachOne.refused(eachOne.again(refresh), tt.want)
				if tt.want == sts.NoConsent { // all cases share one application
					eachOne.agree("openid profile User.Read")
				}
			})
		}
	})
}

// TestAGuestSignsIn: one of A in B, known by home; the address is told only
// when home has proved it.
func TestAGuestSignsIn(t *testing.T) {
	eachVisitor(t, func(t *testing.T, v *visitor) {
		home := v.create(v.A, "contoso.example", "engineer")
		var guest *directory.User
		v.update(func(ctx context.Context, tx *sqldb.Tx) error {
			b, err := tenant.Get(ctx, tx, v.B)
			if err != nil {
				return err
			}
			if guest, err = directory.AddGuest(ctx, tx, b, directory.Invitee{Mail: "engineer@contoso.example"}); err != nil {
				return err
			}
			return directory.AcceptGuest(ctx, tx, guest, ids.Principal{Kind: ids.Person, Home: v.A, ID: home.ID})
		})
		code := func(c *token.Code) { c.Home, c.User, c.Object = v.A, home.ID, guest.ID }
		res := v.get(v.form(v.code(code), "scope", "openid email profile offline_access User.Read"))
		access, id := claimsOf(t, res.Token.Text), claimsOf(t, res.ID)
		for name, want := range map[string]any{"tid": string(v.B), "oid": string(guest.ID), "idp": crossing.Name + "/" + string(v.A) + "/", "unique_name": "engineer@contoso.example", "acct": 1.0, "upn": nil} {
			if access[name] != want {
				t.Errorf("%s = %v, want %v", name, access[name], want)
			}
		}
		if id["oid"] != string(guest.ID) || id["idp"] != crossing.Name+"/"+string(v.A)+"/" || id["email"] != "engineer@contoso.example" {
			t.Errorf("the ID token says %v", id)
		}
		if res.Person.Home != v.A || res.Person.ID != home.ID {
			t.Errorf("client_info is of %v", res.Person)
		}
		v.patch(home, `{"mail":"clerk@fabrikam.example"}`) // an address of a member of B
		if id := claimsOf(t, v.get(v.again(res.Refresh, "scope", "openid email profile")).ID); id["email"] != nil {
			t.Errorf("the guest passes for %v", id["email"])
		}
		fresh := func() string { return v.get(v.form(v.code(code))).Refresh }
		refresh := fresh()
		cross := crosstenant.NewService(v.DB)
		_, err := cross.AddPartner(t.Context(), crossing.System(v.B), []byte(`{"tenantId":"`+string(v.A)+`","b2bCollaborationInbound":{
			"usersAndGroups":{"accessType":"blocked","targets":[{"target":"AllUsers","targetType":"user"}]},
			"applications":{"accessType":"blocked","targets":[{"target":"AllApplications","targetType":"application"}]}}}`))
		v.ok(err)
		v.refused(v.again(refresh), crosstenant.InboundBlocked)
		v.ok(cross.RemovePartner(t.Context(), crossing.System(v.B), v.A))
		refresh = v.get(v.again(refresh)).Refresh
		v.patch(home, `{"accountEnabled":false}`)
		v.refused(v.again(refresh), person.NoAccount)
	})
}
