package audit_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
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
			if !e.Intact() || e.Changes[0].New != "2" || e.Detail["warning"] != "w" {
				t.Errorf("got %+v", e)
			}
			e.Activity = "Remove thing"
			if e.Intact() {
				t.Error("a changed entry passes for the one that was written")
			}
		}
	})
}

// TestFarSide: the other tenant's entry tells which tenant acted, and not who
// did, from where and with what.
func TestFarSide(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		ctx := t.Context()
		near, far, who := ids.New[ids.TenantID](), ids.New[ids.TenantID](), ids.New[ids.ObjectID]()
		caller := authz.Caller{
			Tenant: near, Subject: ids.Principal{Kind: ids.Person, Home: near, ID: who}, Object: who, App: ids.New[ids.AppID](),
			AppName: "Consent page", Name: "admin@near.example", Request: "request", IP: "192.0.2.7",
		}
		if err := db.Update(ctx, func(tx *sqldb.Tx) error {
			return audit.RecordBoth(ctx, tx, caller, far, audit.Entry{Activity: "Consent to application", Detail: map[string]string{"warning": "w"}})
		}); err != nil {
			t.Fatal(err)
		}
		read := func(tenant ids.TenantID) (e audit.Stored, body string) {
			if err := db.View(ctx, func(tx *sqldb.Tx) error {
				list, err := audit.Entries(ctx, tx, tenant, "", 10)
				if err != nil || len(list) != 1 {
					t.Fatalf("%d entries, %v", len(list), err)
				}
				e = list[0]
				return tx.One(ctx, `select body from audit_entry where tenant_id = ?`, []any{tenant}, &body)
			}); err != nil {
				t.Fatal(err)
			}
			return e, body
		}
		here, body := read(near)
		if here.By != caller.Subject || here.ByObject != who || here.ByApp != caller.App || here.ByName != caller.Name ||
			!strings.Contains(body, caller.IP) || !strings.Contains(body, caller.AppName) {
			t.Errorf("the near side has %+v with %s", here, body)
		}
		there, body := read(far)
		if there.By.Kind != ids.Person || there.By.Home != near || there.ByName != string(near) || there.Crossing != here.Crossing || there.Detail["warning"] != "w" {
			t.Errorf("the far side has %+v", there)
		}
		for _, own := range []string{string(who), string(caller.App), caller.Name, caller.IP, caller.AppName} {
			if strings.Contains(fmt.Sprintf("%+v", there)+body, own) {
				t.Errorf("the far side tells %q", own)
			}
		}
		if !here.Intact() || !there.Intact() {
			t.Error("an entry is not as it was written")
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

// TestDropSignIns: the oldest go first, of whichever tenant, and the audit log
// stays.
func TestDropSignIns(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		ctx := t.Context()
		a, b := ids.New[ids.TenantID](), ids.New[ids.TenantID]()
		s := audit.NewSignIns(db)
		defer s.Close()
		for i, tenant := range []ids.TenantID{a, b, a, b, a} {
			if err := s.Put(ctx, audit.SignIn{Tenant: tenant, At: dbtest.Noon.Add(time.Duration(i) * time.Hour), TokenID: fmt.Sprint(i)}); err != nil {
				t.Fatal(err)
			}
		}
		if err := db.Update(ctx, func(tx *sqldb.Tx) error {
			return audit.Record(ctx, tx, authz.System(a, "test"), audit.Entry{Activity: "Add thing"})
		}); err != nil {
			t.Fatal(err)
		}
		var gone []int64
		for range 3 {
			if err := db.Claim(ctx, func(tx *sqldb.Tx) error {
				n, err := audit.DropSignIns(ctx, tx, dbtest.Noon.Add(3*time.Hour), 2)
				gone = append(gone, n)
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		if !slices.Equal(gone, []int64{2, 1, 0}) {
			t.Errorf("dropped %d, want 2, 1 and 0", gone)
		}
		if err := db.View(ctx, func(tx *sqldb.Tx) error {
			ofA, errA := audit.SignInsOf(ctx, tx, a, "", 10)
			ofB, errB := audit.SignInsOf(ctx, tx, b, "", 10)
			if len(ofA) != 1 || ofA[0].TokenID != "4" || len(ofB) != 1 || ofB[0].TokenID != "3" {
				t.Errorf("kept %+v and %+v, want 4 and 3", ofA, ofB)
			}
			entries, err := audit.Entries(ctx, tx, a, "", 10)
			if len(entries) != 1 {
				t.Errorf("%d audit entries, want 1", len(entries))
			}
			return errors.Join(errA, errB, err)
		}); err != nil {
			t.Fatal(err)
		}
	})
}
