package sqldb

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"entente/internal/kit/clock"
	"entente/internal/kit/fault"
)

// sharedStore is a store whose writers all stand at the turnstile before the first
// one ends.
type sharedStore struct {
	*DB
	lite *liteDB
}

func openShared(t *testing.T) sharedStore {
	t.Helper()
	db, err := Open(t.Context(), Options{URL: "sqlite:" + filepath.Join(t.TempDir(), "store"), Clock: clock.System{}, Migrations: fstest.MapFS{
		"0000_note.sql": {Data: []byte("create table installation (id bigint not null primary key);\ncreate table note (id text not null primary key);")}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	lite := db.backend.(*liteDB)
	lite.patience = time.Minute // on a machine that is busy, too
	return sharedStore{db, lite}
}

// waiting waits until n transactions stand at the turnstile.
func (s sharedStore) waiting(n int) {
	for {
		s.lite.turn.mu.Lock()
		have := len(s.lite.turn.waiting[0]) + len(s.lite.turn.waiting[1])
		s.lite.turn.mu.Unlock()
		if have == n {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// seen returns what has been committed.
func (s sharedStore) seen(t *testing.T) (all []string) {
	t.Helper()
	err := s.Read(context.Background(), func(tx *Tx) (err error) {
		all, err = All(context.Background(), tx, "select id from note order by id", nil, func(scan func(...any) error) (id string, err error) { return id, scan(&id) })
		return err
	})
	if err != nil {
		t.Error(err)
	}
	return all
}

func note(tx *Tx, id string) error {
	_, err := tx.Exec(context.Background(), "insert into note (id) values (?)", id)
	return err
}

// inTurn runs the first work, which does not end before all others wait, and then the
// others in their order; it returns what became of each.
func (s sharedStore) inTurn(t *testing.T, works ...func(*Tx) error) []error {
	t.Helper()
	out := make([]error, len(works))
	var all sync.WaitGroup
	begun, goOn := make(chan struct{}), make(chan struct{})
	var once sync.Once
	all.Go(func() {
		out[0] = s.Update(t.Context(), func(tx *Tx) error {
			once.Do(func() { close(begun); <-goOn })
			return works[0](tx)
		})
	})
	<-begun
	for i, work := range works[1:] {
		all.Go(func() {
			defer func() {
				if p := recover(); p != nil {
					out[i+1] = errors.New("panic")
				}
			}()
			out[i+1] = s.Update(t.Context(), work)
		})
		s.waiting(i + 1)
	}
	close(goOn)
	all.Wait()
	return out
}

func TestThoseWhoWaitShareACommit(t *testing.T) {
	s := openShared(t)
	var within, without []string
	errs := s.inTurn(t,
		func(tx *Tx) error { return note(tx, "first") },
		func(tx *Tx) error { return note(tx, "second") },
		func(tx *Tx) error {
			without = s.seen(t)
			var err error
			within, err = All(t.Context(), tx, "select id from note order by id", nil, func(scan func(...any) error) (id string, err error) { return id, scan(&id) })
			return errors.Join(err, note(tx, "third"))
		})
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	if len(without) != 0 || !slices.Equal(within, []string{"first", "second"}) {
		t.Errorf("the third saw %q and others %q, want what the first two did, and nothing: nobody was told of it", within, without)
	}
	if got := s.seen(t); !slices.Equal(got, []string{"first", "second", "third"}) {
		t.Errorf("afterwards there are %q", got)
	}
}

func TestWhoFailsInASharedCommitHarmsNobody(t *testing.T) {
	s := openShared(t)
	ouch := errors.New("ouch")
	errs := s.inTurn(t,
		func(tx *Tx) error { return note(tx, "first") },
		func(tx *Tx) error { return errors.Join(note(tx, "second"), ouch) },
		func(tx *Tx) error { return note(tx, "first") }, // there already
		func(tx *Tx) error { note(tx, "fourth"); panic("ouch") },
		func(tx *Tx) error { return note(tx, "fifth") })
	if errs[0] != nil || !errors.Is(errs[1], ouch) || !errors.Is(errs[2], fault.Conflict) || errs[3] == nil || errs[4] != nil {
		t.Errorf("outcomes = %v", errs)
	}
	if got := s.seen(t); !slices.Equal(got, []string{"fifth", "first"}) {
		t.Errorf("afterwards there are %q, want the two that did not fail", got)
	}
}

func TestWhoFailsFirstHarmsNobody(t *testing.T) {
	s := openShared(t)
	ouch := errors.New("ouch")
	errs := s.inTurn(t,
		func(tx *Tx) error { return errors.Join(note(tx, "first"), ouch) },
		func(tx *Tx) error { return note(tx, "second") })
	if !errors.Is(errs[0], ouch) || errs[1] != nil {
		t.Errorf("outcomes = %v", errs)
	}
	if got := s.seen(t); !slices.Equal(got, []string{"second"}) {
		t.Errorf("afterwards there are %q", got)
	}
}

// TestWhatTheEngineUndoesIsDoneAgain has the engine give up the whole transaction, as
// it does when the disk is full, after one has done its work and waits.
func TestWhatTheEngineUndoesIsDoneAgain(t *testing.T) {
	s := openShared(t)
	runs := 0
	errs := s.inTurn(t,
		func(tx *Tx) error { runs++; return note(tx, "first") },
		func(tx *Tx) error {
			if err := note(tx, "second"); err != nil {
				return err
			}
			s.lite.undo()
			return errors.New("ouch")
		})
	if errs[0] != nil || errs[1] == nil || runs != 2 {
		t.Errorf("outcomes = %v after %d runs of the first, want it done at the second", errs, runs)
	}
	if got := s.seen(t); !slices.Equal(got, []string{"first"}) {
		t.Errorf("afterwards there are %q", got)
	}
}

func TestWhoHurriesWaitsForNobodyAfter(t *testing.T) {
	s := openShared(t)
	crowd := NewCrowd(s.DB, func(_ context.Context, tx *Tx, all []string) error { return note(tx, strings.Join(all, "+")) })
	t.Cleanup(crowd.Close)
	begun, goOn := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		if err := s.Update(t.Context(), func(tx *Tx) error { close(begun); <-goOn; return note(tx, "first") }); err != nil {
			t.Error(err)
		}
	})
	<-begun
	all.Go(func() {
		if err := crowd.Put(t.Context(), "crowd"); err != nil {
			t.Error(err)
		}
	})
	s.waiting(1)
	var seen []string
	all.Go(func() {
		if err := s.Update(t.Context(), func(tx *Tx) error { seen = s.seen(t); return note(tx, "last") }); err != nil {
			t.Error(err)
		}
	})
	s.waiting(2)
	close(goOn)
	all.Wait()
	if !slices.Equal(seen, []string{"crowd", "first"}) {
		t.Errorf("when the last one ran there were %q, want the crowd's work committed before", seen)
	}
}

func TestWhoGivesUpWhileWaitingLeavesTheOthersTheirs(t *testing.T) {
	s := openShared(t)
	ctx, cancel := context.WithCancel(t.Context())
	begun, goOn := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		if err := s.Update(t.Context(), func(tx *Tx) error { close(begun); <-goOn; return note(tx, "first") }); err != nil {
			t.Error(err)
		}
	})
	<-begun
	all.Go(func() {
		if err := s.Update(ctx, func(tx *Tx) error { cancel(); return note(tx, "second") }); err == nil {
			t.Error("who gave up was told that it is done")
		}
	})
	s.waiting(1)
	close(goOn)
	all.Wait()
	if got := s.seen(t); !slices.Equal(got, []string{"first"}) {
		t.Errorf("afterwards there are %q", got)
	}
}
