package token_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"entente/internal/core/keys"
	"entente/internal/core/token"
	"entente/internal/enttest/dbtest"
	"entente/internal/kit/clock"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

// TestHint: what an ID token says stays true after its hour; nothing else is
// taken for one.
func TestHint(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		clk := clock.NewFake(dbtest.Noon)
		ring, err := secret.NewRing(secret.NewKey())
		if err != nil {
			t.Fatal(err)
		}
		k := keys.New(db, ring, clk, keys.Options{})
		s := token.New(k, clk, name)
		const client = ids.AppID("22222222-2222-4222-8222-222222222222")
		id := func(s *token.Service, session ids.SessionID, version int) string {
			text, err := s.MintID(t.Context(), token.ID{
				Tenant: tenant, Client: client, Version: version, Person: token.Person{Proof: token.Proof{Session: session, AuthAt: dbtest.Noon}, Object: "66666666-6666-4666-8666-666666666666"},
			})
			if err != nil {
				t.Fatal(err)
			}
			return text
		}
		const session = ids.SessionID("77777777-7777-4777-8777-777777777777")
		one, two := id(s, session, 1), id(s, session, 2)
		delegated := access()
		delegated.Person, delegated.Roles, delegated.Method = person(), nil, token.Public
		v2 := delegated
		v2.Resource = token.Resource{App: client, Audience: string(client), Version: 2}
		head, rest, _ := strings.Cut(two, ".")
		clk.Advance(2 * time.Hour)
		for _, tt := range []struct {
			name, text string
			good       bool
		}{
			{"of version 1, expired", one, true},
			{"of version 2, expired", two, true},
			{"without a session", id(s, "", 2), false},
			{"of another installation", id(token.New(k, clk, "https://other.example"), session, 2), false},
			{"an access token of version 1", mint(t, s, delegated).Text, false},
			{"an access token of version 2, for the client itself", mint(t, s, v2).Text, false},
			{"changed", head + "." + strings.Replace(rest, "a", "b", 1), false},
			{"unsigned", "eyJhbGciOiJub25lIn0." + strings.Split(two, ".")[1] + ".", false},
			{"nothing", "", false},
			{"too long", strings.Repeat("a", token.MaxHint+1), false},
		} {
			err := db.View(t.Context(), func(tx *sqldb.Tx) error {
				h, err := s.Hint(t.Context(), tx, tt.text)
				if want := (token.Hint{Tenant: tenant, Client: client, Session: session}); tt.good && h != want {
					t.Errorf("%s: got %+v", tt.name, h)
				}
				return err
			})
			if tt.good != (err == nil) || err != nil && !errors.Is(err, fault.Unauthenticated) {
				t.Errorf("%s: err = %v", tt.name, err)
			}
		}
	})
}

// TestRevokeSession ends what began in one session, a few at a time, and
// nothing of another.
func TestRevokeSession(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		ctx := t.Context()
		mine := token.Proof{Home: tenant, User: "66666666-6666-4666-8666-666666666666", Session: "77777777-7777-4777-8777-777777777777", AuthAt: dbtest.Noon}
		other := mine
		other.Session = "88888888-8888-4888-8888-888888888888"
		var tokens []string
		var spent, unspent, elsewhere string
		err := db.Update(ctx, func(tx *sqldb.Tx) (err error) {
			tokens = nil
			for _, p := range []token.Proof{mine, mine, mine, other} {
				text, err := token.AddFamily(ctx, tx, token.NewFamily(p, "22222222-2222-4222-8222-222222222222", token.Web, "openid", tx.Now()))
				if err != nil {
					return err
				}
				tokens = append(tokens, text)
			}
			code := func(p token.Proof) string {
				text, failed := token.AddCode(ctx, tx, token.Code{Proof: p, Tenant: "99999999-9999-4999-8999-999999999999", Object: "a", Client: "b", Redirect: "c", Platform: token.Web, Scope: "openid"})
				if failed != nil {
					err = failed
				}
				return text
			}
			spent, unspent, elsewhere = code(mine), code(mine), code(other)
			if err != nil {
				return err
			}
			c, err := token.FindCode(ctx, tx, spent)
			if err != nil {
				return err
			}
			return token.SpendCode(ctx, tx, c, "family")
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []int{2, 1, 0} {
			if err := db.Update(ctx, func(tx *sqldb.Tx) error {
				n, err := token.RevokeSession(ctx, tx, tenant, mine.Session, 2)
				if n != want {
					t.Errorf("%d families were ended, want %d", n, want)
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		if err := db.View(ctx, func(tx *sqldb.Tx) error {
			for i, text := range tokens {
				f, _, err := token.FindRefresh(ctx, tx, text)
				if err != nil {
					return err
				}
				if f.RevokedAt.IsZero() != (i == 3) {
					t.Errorf("family %d was revoked at %v", i, f.RevokedAt)
				}
			}
			for text, want := range map[string]bool{spent: true, unspent: false, elsewhere: true} {
				if _, err := token.FindCode(ctx, tx, text); (err == nil) != want {
					t.Errorf("a code is there: %v, want %t", err, want)
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	})
}
