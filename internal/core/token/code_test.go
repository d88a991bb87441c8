package token_test

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"entente/internal/core/token"
	"entente/internal/enttest/dbtest"
	"entente/internal/kit/clock"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

const verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" // RFC 7636, appendix B

func challengeOf(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func proof() token.Proof {
	return token.Proof{
		Home: "99999999-9999-4999-8999-999999999999", User: "88888888-8888-4888-8888-888888888888",
		Session: "77777777-7777-4777-8777-777777777777", Methods: []string{"pwd", "mfa"}, AuthAt: dbtest.Noon.Add(-time.Minute),
	}
}

func code() token.Code {
	return token.Code{
		Proof: proof(), Tenant: tenant, Object: "66666666-6666-4666-8666-666666666666", Client: "22222222-2222-4222-8222-222222222222",
		Redirect: "https://app.example/back", Challenge: challengeOf(verifier), Scope: "openid User.Read", Nonce: "n", Platform: token.Native,
		ExpiresAt: dbtest.Noon.Add(10 * time.Minute),
	}
}

func redemption() token.Redemption {
	c := code()
	return token.Redemption{Tenant: c.Tenant, Client: c.Client, Redirect: c.Redirect, Verifier: verifier}
}

func TestTakeCode(t *testing.T) {
	if got := challengeOf(verifier); got != "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM" { // RFC 7636, appendix B
		t.Fatal(got)
	}
	tests := []struct {
		name   string
		change func(c *token.Code, r *token.Redemption)
		at     time.Duration
		want   fault.Reason
	}{
		{"as it should be", nil, 0, ""},
		{"at its last moment", nil, 10*time.Minute - 1, ""},
		{"at its end", nil, 10 * time.Minute, token.CodeExpired},
		{"a second time", func(c *token.Code, _ *token.Redemption) { c.UsedAt = dbtest.Noon }, 0, token.CodeSpent},
		{"a second time, by somebody else, after its end", func(c *token.Code, r *token.Redemption) {
			c.UsedAt, r.Client = dbtest.Noon, ids.New[ids.AppID]()
		}, time.Hour, token.CodeSpent},
		{"at another tenant", func(_ *token.Code, r *token.Redemption) { r.Tenant = ids.New[ids.TenantID]() }, 0, token.CodeOtherTenant},
		{"by another client", func(_ *token.Code, r *token.Redemption) { r.Client = ids.New[ids.AppID]() }, 0, token.CodeOtherClient},
		{"with another address", func(_ *token.Code, r *token.Redemption) { r.Redirect += "/" }, 0, token.WrongRedirect},
		{"without an address", func(_ *token.Code, r *token.Redemption) { r.Redirect = "" }, 0, token.WrongRedirect},
		{"without a verifier", func(_ *token.Code, r *token.Redemption) { r.Verifier = "" }, 0, token.MissingVerifier},
		{"with another verifier", func(_ *token.Code, r *token.Redemption) { r.Verifier = strings.Repeat("a", 43) }, 0, token.WrongVerifier},
		{"with the challenge as verifier", func(c *token.Code, r *token.Redemption) { r.Verifier = c.Challenge }, 0, token.WrongVerifier},
		{"with a verifier that is too short", func(c *token.Code, r *token.Redemption) {
			r.Verifier, c.Challenge = "short", challengeOf("short")
		}, 0, token.WrongVerifier},
		{"with a verifier though there was no challenge", func(c *token.Code, _ *token.Redemption) { c.Challenge = "" }, 0, token.WrongVerifier},
		{"with neither", func(c *token.Code, r *token.Redemption) { c.Challenge, r.Verifier = "", "" }, 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, r := code(), redemption()
			if tt.change != nil {
				tt.change(&c, &r)
			}
			wants(t, c.Take(r, dbtest.Noon.Add(tt.at)), tt.want)
		})
	}
}

func wants(t *testing.T, err error, want fault.Reason) {
	t.Helper()
	if want == "" && err != nil || want != "" && !errors.Is(err, want) {
		t.Errorf("err = %v, want %q", err, want)
	}
}

func do(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestCodeIsSpentOnce: of many who redeem one code at once, one has it.
func TestCodeIsSpentOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		ctx := t.Context()
		var text string
		do(t, db.Update(ctx, func(tx *sqldb.Tx) (err error) {
			text, err = token.AddCode(ctx, tx, code())
			return err
		}))
		read := func(tx *sqldb.Tx) (*token.Code, error) { return token.FindCode(ctx, tx, text) }
		do(t, db.View(ctx, func(tx *sqldb.Tx) error {
			c, err := read(tx)
			do(t, err)
			wants(t, c.Take(redemption(), tx.Now()), "")
			if want := code(); c.Object != want.Object || c.Home != want.Home || c.User != want.User || c.Session != want.Session ||
				c.Nonce != want.Nonce || c.Scope != want.Scope || len(c.Methods) != 2 || !c.AuthAt.Equal(want.AuthAt) || !c.ExpiresAt.Equal(want.ExpiresAt) {
				t.Errorf("the code is %+v", c)
			}
			_, err = token.FindCode(ctx, tx, text+"x")
			wants(t, err, token.CodeUnknown)
			return nil
		}))
		var wg sync.WaitGroup
		var mu sync.Mutex
		won := 0
		for range 8 {
			wg.Go(func() {
				err := db.Update(ctx, func(tx *sqldb.Tx) error {
					c, err := read(tx)
					if err == nil {
						err = c.Take(redemption(), tx.Now())
					}
					if err != nil {
						return err
					}
					return token.SpendCode(ctx, tx, c, "")
				})
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					won++
				} else {
					wants(t, err, token.CodeSpent)
				}
			})
		}
		wg.Wait()
		if won != 1 {
			t.Errorf("%d had it", won)
		}
	})
}

// TestSweepCodes: what is over is known for a day.
func TestSweepCodes(t *testing.T) {
	clk := clock.NewFake(dbtest.Noon)
	dbtest.EachClock(t, clk, func(t *testing.T, db *sqldb.DB) {
		ctx := t.Context()
		sweep := func(want int) {
			t.Helper()
			do(t, db.Update(ctx, func(tx *sqldb.Tx) error {
				n, err := token.SweepCodes(ctx, tx, 10)
				if n != want {
					t.Errorf("%d codes went, want %d", n, want)
				}
				return err
			}))
		}
		do(t, db.Update(ctx, func(tx *sqldb.Tx) error {
			_, err := token.AddCode(ctx, tx, code())
			return err
		}))
		clk.Advance(24 * time.Hour)
		sweep(0)
		clk.Advance(11 * time.Minute)
		sweep(1)
	})
}
