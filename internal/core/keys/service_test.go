package keys_test

import (
	"context"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"entente/internal/core/keys"
	"entente/internal/core/tenant"
	"entente/internal/enttest/dbtest"
	"entente/internal/kit/clock"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/jose"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

const day = 24 * time.Hour

func ring(t *testing.T, keys ...[]byte) *secret.Ring {
	t.Helper()
	if len(keys) == 0 {
		keys = [][]byte{secret.NewKey()}
	}
	r, err := secret.NewRing(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func signerOf(t *testing.T, s *keys.Service, tenant ids.TenantID) *keys.Signer {
	t.Helper()
	k, err := s.Signer(t.Context(), tenant)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func publicOf(db *sqldb.DB, s *keys.Service, tenant ids.TenantID, kid string) (k jose.Key, err error) {
	err = db.Read(context.Background(), func(tx *sqldb.Tx) (err error) {
		k, err = s.Public(context.Background(), tx, tenant, kid)
		return err
	})
	return k, err
}

func publishedIDs(t *testing.T, s *keys.Service, tenant ids.TenantID) (kids []string) {
	t.Helper()
	list, err := s.Published(t.Context(), tenant)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range list {
		kids = append(kids, k.ID)
	}
	return kids
}

// TestManyFirstUsesMakeOneSet lets several callers of two replicas ask for a
// tenant's key at once.
func TestManyFirstUsesMakeOneSet(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		r, clk := ring(t), clock.NewFake(dbtest.Noon)
		replicas := []*keys.Service{keys.New(db, r, clk, keys.Options{}), keys.New(db, r, clk, keys.Options{})}
		tenant := ids.New[ids.TenantID]()
		got := make([]string, 8)
		var wg sync.WaitGroup
		for i := range got {
			wg.Go(func() {
				k, err := replicas[i%2].Signer(t.Context(), tenant)
				if err != nil {
					t.Error(err)
					return
				}
				got[i] = k.KeyID
			})
		}
		wg.Wait()
		if slices.Sort(got); got[0] == "" || got[0] != got[len(got)-1] {
			t.Errorf("callers got keys %v, want one", got)
		}
		if pub := publishedIDs(t, replicas[0], tenant); len(pub) != 1 || pub[0] != got[0] {
			t.Errorf("published %v, want only %s", pub, got[0])
		}
	})
}

func TestSignedTokenVerifiesAndKeyIsNamedByItsCertificate(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		s := keys.New(db, ring(t), clock.NewFake(dbtest.Noon), keys.Options{})
		tenant, other := ids.New[ids.TenantID](), ids.New[ids.TenantID]()
		k := signerOf(t, s, tenant)
		for name, signer := range map[string]*jose.Signer{"version 1": k.V1, "version 2": k.V2} {
			raw, err := signer.Sign(map[string]string{"sub": "s"})
			if err != nil {
				t.Fatal(err)
			}
			tok, err := jose.Peek(raw, jose.RS256)
			if err != nil {
				t.Fatal(err)
			}
			pub, err := publicOf(db, s, tenant, tok.Header.KeyID)
			if err != nil {
				t.Fatal(err)
			}
			if err := tok.Verify(pub); err != nil {
				t.Errorf("%s: err = %v", name, err)
			}
			if has := tok.Header.X5t != ""; has != (name == "version 1") {
				t.Errorf("%s: x5t in the header = %v", name, has)
			}
		}
		if _, err := publicOf(db, s, other, k.KeyID); !errors.Is(err, fault.NotFound) {
			t.Errorf("another tenant's key: err = %v, want NotFound", err)
		}
		list, err := s.Published(t.Context(), tenant)
		if err != nil {
			t.Fatal(err)
		}
		der, _ := base64.StdEncoding.DecodeString(list[0].X5c[0])
		sum := sha1.Sum(der)
		if want := base64.RawURLEncoding.EncodeToString(sum[:]); list[0].ID != want || list[0].X5t != want {
			t.Errorf("kid %s, x5t %s, want %s", list[0].ID, list[0].X5t, want)
		}
	})
}

// TestRotation follows one tenant through a rotation on two replicas.
func TestRotation(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		r, clk := ring(t), clock.NewFake(dbtest.Noon)
		a, b := keys.New(db, r, clk, keys.Options{}), keys.New(db, r, clk, keys.Options{})
		tenant, idle := ids.New[ids.TenantID](), ids.New[ids.TenantID]()
		first := signerOf(t, a, tenant).KeyID
		publishedIDs(t, a, idle)
		work := func() {
			t.Helper()
			for _, s := range []*keys.Service{a, b} {
				if err := s.Work(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		}
		clk.Advance(88 * day)
		signerOf(t, a, tenant)
		if work(); len(publishedIDs(t, a, tenant)) != 1 {
			t.Fatal("the next key was made too early")
		}
		clk.Advance(day)
		work()
		both := publishedIDs(t, b, tenant)
		if len(both) != 2 || both[0] != first {
			t.Fatalf("published %v, want %s and the next", both, first)
		}
		if n := len(publishedIDs(t, a, idle)); n != 1 {
			t.Errorf("a tenant that never signed has %d keys, want 1", n)
		}
		for _, s := range []*keys.Service{a, b} {
			if got := signerOf(t, s, tenant).KeyID; got != first {
				t.Errorf("signs with %s before its time, want %s", got, first)
			}
		}
		clk.Advance(day)
		for _, s := range []*keys.Service{a, b} {
			if got := signerOf(t, s, tenant).KeyID; got != both[1] {
				t.Errorf("signs with %s, want the new key %s", got, both[1])
			}
		}
		if _, err := publicOf(db, b, tenant, first); err != nil {
			t.Errorf("the retired key does not verify: %v", err)
		}
		clk.Advance(25 * time.Hour)
		if _, err := publicOf(db, b, tenant, first); !errors.Is(err, fault.NotFound) {
			t.Errorf("the key is over: err = %v, want NotFound", err)
		}
		work()
		if got := publishedIDs(t, a, tenant); len(got) != 1 || got[0] != both[1] {
			t.Errorf("published %v, want only %s", got, both[1])
		}
	})
}

func TestMasterKeyIsReplaced(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		old, new := secret.NewKey(), secret.NewKey()
		clk, tenant := clock.NewFake(dbtest.Noon), ids.New[ids.TenantID]()
		want := signerOf(t, keys.New(db, ring(t, old), clk, keys.Options{}), tenant).KeyID
		if _, err := keys.New(db, ring(t, new), clk, keys.Options{}).Signer(t.Context(), tenant); err == nil {
			t.Error("a server without the master key opens the signing key")
		}
		if err := keys.New(db, ring(t, new, old), clk, keys.Options{}).Work(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := signerOf(t, keys.New(db, ring(t, new), clk, keys.Options{}), tenant).KeyID; got != want {
			t.Errorf("signs with %s, want %s", got, want)
		}
	})
}

func TestKeysOfALabOpenNowhereElse(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		r, clk, tenant := ring(t), clock.NewFake(dbtest.Noon), ids.New[ids.TenantID]()
		signerOf(t, keys.New(db, r, clk, keys.Options{Mark: "lab"}), tenant)
		if _, err := keys.New(db, r, clk, keys.Options{}).Signer(t.Context(), tenant); err == nil {
			t.Error("a lab's key signs elsewhere")
		}
	})
}

func TestPublishedByAll(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		clk := clock.NewFake(dbtest.Noon)
		s := keys.New(db, ring(t), clk, keys.Options{})
		var last ids.TenantID
		for range 3 {
			last = ids.New[ids.TenantID]()
			clk.Advance(time.Second)
			signerOf(t, s, last)
		}
		shown := func(limit int) map[ids.TenantID]int {
			seen := map[ids.TenantID]int{}
			if err := s.PublishedByAll(t.Context(), limit, func(id ids.TenantID, list []jose.PublicKey) { seen[id] += len(list) }); err != nil {
				t.Fatal(err)
			}
			return seen
		}
		if seen := shown(2); len(seen) != 2 || seen[last] != 1 {
			t.Errorf("showed %v, want two tenants with the last one", seen)
		}
		if err := db.Update(t.Context(), func(tx *sqldb.Tx) error {
			off, err := tenant.New(last, "Contoso", tx.Now())
			if err != nil {
				return err
			}
			off.Enabled = false
			return tenant.Add(t.Context(), tx, off)
		}); err != nil {
			t.Fatal(err)
		}
		if seen := shown(2); seen[last] != 1 {
			t.Errorf("showed %v, want what was read just now", seen)
		}
		clk.Advance(time.Minute)
		if seen := shown(2); len(seen) != 2 || seen[last] != 0 {
			t.Errorf("showed %v, want two tenants that are switched on", seen)
		}
		another := ids.New[ids.TenantID]()
		signerOf(t, s, another)
		if seen := shown(2); seen[another] != 1 {
			t.Errorf("showed %v, want the new key at once", seen)
		}
	})
}
