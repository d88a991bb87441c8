package graph

import (
	"errors"
	"slices"
	"testing"
	"time"

	"entente/internal/core/app"
	"entente/internal/core/authz"
	"entente/internal/core/consent"
	"entente/internal/core/directory"
	"entente/internal/core/token"
	"entente/internal/enttest/dbtest"
	"entente/internal/enttest/quick"
	"entente/internal/flow/onboard"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

// TestPersons: a token for somebody who is signed in counts as far as it says
// and as far as is granted now, for an account that is enabled.
func TestPersons(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		ctx := t.Context()
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		must(app.EnsureBuiltIn(ctx, db))
		hasher := directory.NewHasher(1, quick.Passwords)
		made, err := onboard.NewService(db, hasher).Create(ctx, onboard.Request{
			DisplayName: "Contoso", Initial: "contoso.example", AdminUPN: "admin@contoso.example", Password: secret.NewString("Correct-horse-7"),
		})
		must(err)
		ring, err := secret.NewRing(secret.NewKey())
		must(err)
		system := authz.System(made.Tenant, "test")
		apps, grants, users := app.NewService(db, ring), consent.NewService(db), directory.NewService(db, hasher)
		client, err := apps.Create(ctx, system, []byte(`{"displayName":"client"}`), nil)
		must(err)
		p, err := apps.CreatePrincipal(ctx, system, client.AppID, []byte(`{}`), nil)
		must(err)
		var graph *app.ServicePrincipal
		must(db.View(ctx, func(tx *sqldb.Tx) (err error) {
			graph, err = app.PrincipalByAppID(ctx, tx, made.Tenant, app.GraphAppID)
			return err
		}))
		g, err := consent.NewGrant(made.Tenant, p.ID, graph.ID, "", consent.AllPrincipals)
		must(err)
		_, err = grants.Grant(ctx, system, g, "User.Read Directory.Read.All", time.Time{})
		must(err)

		a := &Authority{DB: db, Resource: app.GraphAppID}
		claims := &token.Claims{
			Tenant: made.Tenant, AppID: client.AppID, Object: made.Admin, Subject: "pairwise", Scopes: "user.read User.ReadWrite.All",
		}
		ask := func() (who authz.Caller, err error) {
			err = db.Read(ctx, func(tx *sqldb.Tx) error {
				who, err = a.callerOf(ctx, tx, claims)
				return err
			})
			return who, err
		}
		who, err := ask()
		must(err)
		if !slices.Equal(who.Scopes, []string{"User.Read"}) || who.AppOnly() || who.Name != "admin@contoso.example" || who.Object != made.Admin {
			t.Errorf("got %+v", who)
		}
		_, err = grants.SetScope(ctx, system, g.ID, "Directory.Read.All")
		must(err)
		if who, err = ask(); err != nil || len(who.Scopes) != 0 {
			t.Errorf("after the scope was taken away: got %v, %v", who.Scopes, err)
		}
		_, err = users.Update(ctx, system, string(made.Admin), []byte(`{"accountEnabled":false}`))
		must(err)
		if _, err = ask(); !errors.Is(err, noIdentity) {
			t.Errorf("a disabled account: err = %v", err)
		}
		claims.Object = p.ID
		if _, err = ask(); !errors.Is(err, noIdentity) {
			t.Errorf("an object that is nobody: err = %v", err)
		}
	})
}
