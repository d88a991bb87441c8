package sts_test

import (
	"context"
	"fmt"
	"testing"

	"entente/internal/core/crosstenant"
	"entente/internal/core/directory"
	"entente/internal/core/factor"
	"entente/internal/core/tenant"
	"entente/internal/core/token"
	"entente/internal/enttest/crossing"
	"entente/internal/flow/sts"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// demand sets of whom a tenant demands a second factor.
func (v *visitor) demand(in ids.TenantID, who factor.Who) {
	v.t.Helper()
	v.ok(factor.NewService(v.DB, v.Ring, v.clk).Demand(v.t.Context(), crossing.System(in), who))
}

// proved issues a code of a sign-in that has proved methods.
func (v *visitor) proved(methods ...string) string {
	v.t.Helper()
	return v.code(func(c *token.Code) { c.Methods = methods })
}

// TestTokensNeedTheSecondFactor: a sign-in without one, and what goes on with
// it, gets nothing from the moment on which the tenant demands one.
func TestTokensNeedTheSecondFactor(t *testing.T) {
	eachVisitor(t, func(t *testing.T, v *visitor) {
		without, with := v.get(v.form(v.proved("pwd"))).Refresh, v.get(v.form(v.proved("pwd", "otp", "mfa"))).Refresh
		code := v.proved("pwd")
		v.demand(v.B, factor.Administrators)
		v.get(v.again(without))
		v.demand(v.B, factor.Everybody)
		v.refused(v.again(without), sts.FactorMissing)
		v.refused(v.form(code), sts.FactorMissing)
		v.refused(v.form(v.proved("pwd", "mfa@"+string(v.A))), sts.FactorMissing)
		if amr := claimsOf(t, v.get(v.again(with)).Token.Text)["amr"]; fmt.Sprint(amr) != "[pwd otp mfa]" {
			t.Errorf("amr = %v", amr)
		}
		v.demand(v.B, factor.Nobody)
		v.get(v.again(without))
	})
}

// TestFactorsOfAGuest: what a guest has proved at home counts where it is
// trusted, and is shown there alone.
func TestFactorsOfAGuest(t *testing.T) {
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
		proved := func(methods ...string) string {
			return v.code(func(c *token.Code) { c.Home, c.User, c.Object, c.Methods = v.A, home.ID, guest.ID, methods })
		}
		own := "mfa@" + string(v.B)
		tests := []struct {
			name    string
			demand  factor.Who
			trust   bool
			methods []string
			want    fault.Reason
			amr     string
		}{
			{"nothing is demanded, home is not trusted", factor.Nobody, false, []string{"pwd", "otp", "mfa"}, "", "[pwd]"},
			{"demanded, home is not trusted", factor.Everybody, false, []string{"pwd", "otp", "mfa"}, sts.FactorMissing, ""},
			{"demanded, and proved here", factor.Everybody, false, []string{"pwd", own}, "", "[pwd otp mfa]"},
			{"demanded, home is trusted", factor.Everybody, true, []string{"pwd", "otp", "mfa"}, "", "[pwd otp mfa]"},
			{"demanded, home is trusted and was not asked", factor.Everybody, true, []string{"pwd"}, sts.FactorMissing, ""},
		}
		trusting := false
		for _, tt := range tests {
			v.demand(v.B, tt.demand)
			if tt.trust && !trusting {
				trusting = true
				_, err := crosstenant.NewService(v.DB).AddPartner(t.Context(), crossing.System(v.B), fmt.Appendf(nil,
					`{"tenantId":"%s","inboundTrust":{"isMfaAccepted":true,"isCompliantDeviceAccepted":false,"isHybridAzureADJoinedDeviceAccepted":false}}`, v.A))
				v.ok(err)
			}
			code := proved(tt.methods...)
			if tt.want != "" {
				v.refused(v.form(code), tt.want)
				continue
			}
			if amr := claimsOf(t, v.get(v.form(code)).Token.Text)["amr"]; fmt.Sprint(amr) != tt.amr {
				t.Errorf("%s: amr = %v, want %s", tt.name, amr, tt.amr)
			}
		}
	})
}
