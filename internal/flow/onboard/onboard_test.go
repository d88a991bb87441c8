package onboard_test

import (
	"errors"
	"testing"

	"entente/internal/core/app"
	"entente/internal/core/authz"
	"entente/internal/core/directory"
	"entente/internal/core/tenant"
	"entente/internal/enttest/dbtest"
	"entente/internal/enttest/quick"
	"entente/internal/flow/onboard"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

func TestCreate(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		ctx := t.Context()
		if err := app.EnsureBuiltIn(ctx, db); err != nil {
			t.Fatal(err)
		}
		s := onboard.NewService(db, directory.NewHasher(1, quick.Passwords))
		in := onboard.Request{
			DisplayName: "Contoso", Initial: "Contoso.onmicrosoft.com", Verified: []string{"contoso.example"},
			AdminUPN: "admin@contoso.example", Password: secret.NewString("Correct-horse-7"), Country: "de",
		}
		made, err := s.Create(ctx, in)
		if err != nil {
			t.Fatal(err)
		}
		if err := db.View(ctx, func(tx *sqldb.Tx) error {
			for _, name := range []string{string(made.Tenant), "CONTOSO.example", "contoso.onmicrosoft.com"} {
				got, err := tenant.Resolve(ctx, tx, name)
				if err != nil || got.ID != made.Tenant {
					t.Errorf("%s: got %v, %v", name, got, err)
				}
			}
			got, err := tenant.Get(ctx, tx, made.Tenant)
			if err != nil || got.DefaultDomain() != "contoso.example" || got.InitialDomain() != "contoso.onmicrosoft.com" || got.Country != "DE" {
				t.Errorf("got %+v, %v", got, err)
			}
			for _, id := range app.BuiltInResources() {
				if _, err := app.PrincipalByAppID(ctx, tx, made.Tenant, id); err != nil {
					t.Errorf("%s: %v", id, err)
				}
			}
			roles, err := authz.RolesOf(ctx, tx, made.Tenant, made.Admin)
			if err != nil || len(roles) != 1 || roles[0] != authz.GlobalAdministrator {
				t.Errorf("roles %v, %v", roles, err)
			}
			for name, want := range map[string]error{
				"nobody.example": tenant.NotFound, string(ids.New[ids.TenantID]()): tenant.NotFound, "not a name": tenant.Malformed, "": tenant.Malformed,
			} {
				if _, err := tenant.Resolve(ctx, tx, name); !errors.Is(err, want) {
					t.Errorf("%q: err = %v, want %v", name, err, want)
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		in.Initial, in.AdminUPN = "other.onmicrosoft.com", "admin@other.onmicrosoft.com"
		if _, err := s.Create(ctx, in); !errors.Is(err, tenant.Taken) {
			t.Errorf("a domain that is taken: err = %v, want Taken", err)
		}
		in.Verified, in.AdminUPN = nil, "admin@nobody.example"
		if _, err := s.Create(ctx, in); !errors.Is(err, fault.Invalid) {
			t.Errorf("an administrator on another's domain: err = %v, want Invalid", err)
		}
		if err := tenant.NewService(db).SetEnabled(ctx, authz.System(made.Tenant, "test"), made.Tenant, false); err != nil {
			t.Fatal(err)
		}
		if err := db.View(ctx, func(tx *sqldb.Tx) error {
			got, err := tenant.Resolve(ctx, tx, "contoso.example")
			if err != nil {
				return err
			}
			return got.Active()
		}); !errors.Is(err, tenant.Disabled) {
			t.Errorf("switched off: err = %v, want Disabled", err)
		}
	})
}
