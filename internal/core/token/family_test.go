package token_test

import (
	"sync"
	"testing"
	"time"

	"entente/internal/core/token"
	"entente/internal/enttest/dbtest"
	"entente/internal/kit/clock"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

const refreshClient = ids.AppID("22222222-2222-4222-8222-222222222222")

func TestTakeFamily(t *testing.T) {
	const day = 24 * time.Hour
	tests := []struct {
		name   string
		on     token.Platform
		client ids.AppID
		at     time.Duration
		change func(f *token.Family)
		want   fault.Reason
	}{
		{"at once", token.Native, refreshClient, 0, nil, ""},
		{"on the ninetieth day", token.Native, refreshClient, 90*day - 1, nil, ""},
		{"after ninety days", token.Native, refreshClient, 90 * day, nil, token.RefreshIdle},
		{"a page's, within its day", token.SPA, refreshClient, day - 1, nil, ""},
		{"a page's, after its day", token.SPA, refreshClient, day, nil, token.RefreshOver},
		{"by another client", token.Native, ids.New[ids.AppID](), 0, nil, token.RefreshForOthers},
		{"revoked", token.Native, refreshClient, 0, func(f *token.Family) { f.RevokedAt = dbtest.Noon }, token.RefreshRevoked},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := token.NewFamily(proof(), refreshClient, tt.on, "openid", dbtest.Noon)
			if tt.change != nil {
				tt.change(f)
			}
			wants(t, f.Take(tt.client, dbtest.Noon.Add(tt.at)), tt.want)
		})
	}
}

// A refresher is a client with one family.
type refresher struct {
	t    *testing.T
	db   *sqldb.DB
	ring *secret.Ring
	clk  *clock.Fake
}

func (r refresher) begin(on token.Platform) string {
	r.t.Helper()
	var text string
	do(r.t, r.db.Update(r.t.Context(), func(tx *sqldb.Tx) (err error) {
		text, err = token.AddFamily(r.t.Context(), tx, token.NewFamily(proof(), refreshClient, on, "openid", tx.Now()))
		return err
	}))
	return text
}

// use refreshes as the token endpoint does.
func (r refresher) use(text string) (next string, err error) {
	var refused error
	err = r.db.Update(r.t.Context(), func(tx *sqldb.Tx) error {
		ctx := r.t.Context()
		refused = nil
		f, one, err := token.FindRefresh(ctx, tx, text)
		if err != nil {
			return err
		}
		if refused = f.Take(refreshClient, tx.Now()); refused != nil {
			return nil
		}
		if one.Replayed(tx.Now()) {
			refused = fault.Because(fault.Invalid, token.RefreshRevoked, "replayed")
			return token.RevokeFamily(ctx, tx, f.Home, f.ID, token.Replay)
		}
		next, err = token.Rotate(ctx, tx, r.ring, f, one)
		return err
	})
	if err == nil {
		err = refused
	}
	return next, err
}

func eachRefresher(t *testing.T, test func(t *testing.T, r refresher)) {
	for _, engine := range dbtest.Engines {
		t.Run(string(engine), func(t *testing.T) {
			clk := clock.NewFake(dbtest.Noon)
			ring, err := secret.NewRing(secret.NewKey())
			do(t, err)
			test(t, refresher{t, dbtest.OpenClock(t, engine, clk), ring, clk})
		})
	}
}

// TestRotation: each use gives another token, and moves the end on.
func TestRotation(t *testing.T) {
	eachRefresher(t, func(t *testing.T, r refresher) {
		text := r.begin(token.Web)
		seen := map[string]bool{text: true}
		for range 4 {
			r.clk.Advance(80 * 24 * time.Hour)
			next, err := r.use(text)
			do(t, err)
			if seen[next] {
				t.Fatal("a token came twice")
			}
			seen[next], text = true, next
		}
		r.clk.Advance(90 * 24 * time.Hour)
		_, err := r.use(text)
		wants(t, err, token.RefreshIdle)
		_, err = r.use(text + "x")
		wants(t, err, token.RefreshUnknown)

		page := r.begin(token.SPA)
		r.clk.Advance(23 * time.Hour)
		page, err = r.use(page)
		do(t, err)
		r.clk.Advance(time.Hour)
		_, err = r.use(page)
		wants(t, err, token.RefreshOver)
	})
}

// TestReuse: a spent token gives the same successor for a moment. After that
// it ends the family, the live token included.
func TestReuse(t *testing.T) {
	eachRefresher(t, func(t *testing.T, r refresher) {
		first := r.begin(token.Web)
		second, err := r.use(first)
		do(t, err)
		r.clk.Advance(29 * time.Second)
		again, err := r.use(first)
		do(t, err)
		if again != second {
			t.Error("two tokens are live")
		}
		third, err := r.use(second)
		do(t, err)
		r.clk.Advance(2 * time.Second)
		_, err = r.use(first)
		wants(t, err, token.RefreshRevoked)
		_, err = r.use(third)
		wants(t, err, token.RefreshRevoked)
	})
}

// TestRefreshRace: many who use one token at once get one successor.
func TestRefreshRace(t *testing.T) {
	eachRefresher(t, func(t *testing.T, r refresher) {
		text := r.begin(token.Web)
		var wg sync.WaitGroup
		var mu sync.Mutex
		got := map[string]bool{}
		for range 8 {
			wg.Go(func() {
				next, err := r.use(text)
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					t.Error(err)
				}
				got[next] = true
			})
		}
		wg.Wait()
		if len(got) != 1 {
			t.Errorf("%d successors", len(got))
		}
	})
}

// TestSweepFamilies: tokens first, then their family; what lives stays.
func TestSweepFamilies(t *testing.T) {
	eachRefresher(t, func(t *testing.T, r refresher) {
		_, live := r.begin(token.SPA), r.begin(token.Web)
		r.clk.Advance(49 * time.Hour)
		for _, want := range []int{1, 1, 0} {
			do(t, r.db.Update(t.Context(), func(tx *sqldb.Tx) error {
				n, err := token.SweepFamilies(t.Context(), tx, 10)
				if n != want {
					t.Errorf("%d rows went, want %d", n, want)
				}
				return err
			}))
		}
		_, err := r.use(live)
		do(t, err)
	})
}
