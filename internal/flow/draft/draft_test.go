package draft_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"entente/internal/core/authz"
	"entente/internal/enttest/house"
	"entente/internal/flow/draft"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// TestDrafts: a draft is its author's alone, is stored for one window at a time,
// and is gone thirty days after it was last changed.
func TestDrafts(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		ctx, s := t.Context(), draft.NewService(h.DB)
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		author := house.Person(h.A.ID, h.AddUser(t, h.A, "author").ID)
		d, err := s.Begin(ctx, author, "package", "Joint design", map[string]string{"name": "Joint design"})
		must(err)
		for who, caller := range map[string]authz.Caller{
			"a colleague": house.Person(h.A.ID, h.AddUser(t, h.A, "colleague").ID), "somebody of another tenant": house.Person(h.B.ID, h.AddUser(t, h.B, "author").ID),
			"the author's identifier in another tenant": house.Person(h.B.ID, author.Object),
		} {
			if _, err := s.Draft(ctx, caller, d.ID); !errors.Is(err, fault.NotFound) {
				t.Errorf("%s reads it: %v", who, err)
			}
			must(s.Drop(ctx, caller, d.ID))
			if all, err := s.Drafts(ctx, caller, "package"); err != nil || len(all) != 0 {
				t.Errorf("%s sees %v, %v", who, all, err)
			}
		}
		one, err := s.Draft(ctx, author, d.ID)
		must(err)
		other, err := s.Draft(ctx, author, d.ID)
		must(err)
		h.Clock.Advance(20 * 24 * time.Hour)
		must(s.Save(ctx, one, "Joint test", "x"))
		if err := s.Save(ctx, other, "Lost", "y"); !errors.Is(err, fault.Conflict) {
			t.Errorf("a second window overwrites the first: %v", err)
		}
		if err := s.Save(ctx, one, "Big", strings.Repeat("x", draft.MostBody)); !errors.Is(err, fault.Invalid) {
			t.Errorf("a body beyond the limit: %v", err)
		}
		h.Clock.Advance(29 * 24 * time.Hour)
		if all, err := s.Drafts(ctx, author, "package"); err != nil || len(all) != 1 || all[0].Title != "Joint test" || string(all[0].Body) != `"x"` {
			t.Errorf("after 29 days there are %v, %v", all, err)
		}
		if n, err := s.Forget(ctx); err != nil || n != 0 {
			t.Errorf("forgot %d, %v", n, err)
		}
		h.Clock.Advance(24 * time.Hour)
		if _, err := s.Draft(ctx, author, d.ID); !errors.Is(err, fault.NotFound) {
			t.Errorf("after 30 days: %v", err)
		}
		if n, err := s.Forget(ctx); err != nil || n != 1 {
			t.Errorf("forgot %d, %v", n, err)
		}
		for range draft.Most {
			_, err := s.Begin(ctx, author, "package", "", nil)
			must(err)
		}
		if _, err := s.Begin(ctx, author, "package", "", nil); fault.Public(err).Reason != draft.TooMany {
			t.Errorf("one more than there can be: %v", err)
		}
		must(s.Drop(ctx, author, ids.New[ids.DraftID]()))
	})
}
