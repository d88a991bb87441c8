package audit_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/enttest/dbtest"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

func TestRecord(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		ctx := t.Context()
		a, b := ids.New[ids.TenantID](), ids.New[ids.TenantID]()
		entry := audit.Entry{Category: "c", Activity: "Add thing", Target: audit.Target{Kind: "Thing", ID: "1", Name: "x"},
			Changes: []audit.Change{{Name: "n", Old: "1", New: "2"}}, Detail: map[string]string{"warning": "w"}}
		gone := errors.New("gone")
		if err := db.Update(ctx, func(tx *sqldb.Tx) error {
			if err := audit.Record(ctx, tx, authz.System(a, "test"), entry); err != nil {
				return err
			}
			return gone
		}); !errors.Is(err, gone) {
			t.Fatal(err)
		}
		if err := db.Update(ctx, func(tx *sqldb.Tx) error {
			return audit.RecordBoth(ctx, tx, authz.System(a, "test"), b, entry)
		}); err != nil {
			t.Fatal(err)
		}
		var both []audit.Stored
		for _, tenant := range []ids.TenantID{a, b} {
			if err := db.View(ctx, func(tx *sqldb.Tx) error {
				list, err := audit.Entries(ctx, tx, tenant, "1", 10)
				both = append(both, list...)
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		if len(both) != 2 {
			t.Fatalf("%d entries, want one a side: the one of the refused transaction is gone with it", len(both))
		}
		if both[0].Crossing == "" || both[0].Crossing != both[1].Crossing || both[0].Other != b || both[1].Other != a {
			t.Errorf("got %+v", both)
		}
		for _, e := range both {
			if !e.Intact() || e.Changes[0].New != "2" || e.Detail["warning"] != "w" || e.ByName != "test" {
				t.Errorf("got %+v", e)
			}
			e.Activity = "Remove thing"
			if e.Intact() {
				t.Error("a changed entry passes for the one that was written")
			}
		}
	})
}

func TestSignInsOfACrowd(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		tenant, app := ids.New[ids.TenantID](), ids.New[ids.AppID]()
		s := audit.NewSignIns(db)
		var wait sync.WaitGroup
		for i := range 200 {
			wait.Go(func() {
				err := s.Put(t.Context(), audit.SignIn{
					Tenant: tenant, At: dbtest.Noon.Add(time.Duration(i) * time.Microsecond), Kind: audit.ServicePrincipalSignIn, App: app,
					TokenID: fmt.Sprint(i), Links: []audit.Link{{Name: "issuer", Expected: "a", Found: "b", Verdict: "issuer_mismatch"}},
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		s.Close()
		if err := db.View(t.Context(), func(tx *sqldb.Tx) error {
			list, err := audit.SignInsOf(t.Context(), tx, tenant, app, 1000)
			if len(list) != 200 || list[0].TokenID != "199" || list[0].Links[0].Found != "b" {
				t.Errorf("%d entries, the newest %+v", len(list), list[0])
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}
