package site_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"entente/internal/core/authz"
	"entente/internal/core/object"
	"entente/internal/core/site"
	"entente/internal/enttest/dbtest"
	"entente/internal/enttest/house"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// A bench is a house with a site that stands alone.
type bench struct {
	*house.House
	sites *site.Service
	site  *site.Site
}

func each(t *testing.T, test func(t *testing.T, b *bench)) {
	house.Each(t, func(t *testing.T, h *house.House) {
		b := &bench{House: h, sites: site.NewService(h.DB, h.Users)}
		var err error
		if b.site, err = b.sites.Make(t.Context(), h.A.Admin, "papers", "Papers", ""); err != nil {
			t.Fatal(err)
		}
		test(t, b)
	})
}

// grant gives a place by a cause of its own that ends at until.
func (b *bench) grant(t *testing.T, role int, member ids.ObjectID, until time.Time) (added bool, err error) {
	t.Helper()
	return added, b.DB.Update(t.Context(), func(tx *sqldb.Tx) error {
		c, err := object.NewCause(object.ByAdministrator, "test", b.A.Admin.Subject, "test", until, tx.Now())
		if err == nil {
			err = object.AddCause(t.Context(), tx, b.A.ID, c)
		}
		if err == nil {
			var all []bool
			all, err = site.GiveAll(t.Context(), tx, b.A.ID, map[ids.ObjectID]*site.Site{b.site.Key: b.site}, []site.Gift{{Site: b.site.Key, Role: role, Member: member, Cause: c}})
			added = len(all) == 1 && all[0]
		}
		return err
	})
}

func (b *bench) holders(t *testing.T, role int) (list []ids.ObjectID) {
	t.Helper()
	if err := b.DB.View(t.Context(), func(tx *sqldb.Tx) (err error) {
		list, err = site.Holders(t.Context(), tx, b.A.ID, b.site, role, "")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return list
}

func (b *bench) count(t *testing.T, from string, args ...any) (n int) {
	t.Helper()
	if err := b.DB.View(t.Context(), func(tx *sqldb.Tx) error {
		return tx.One(t.Context(), "select count(*) from "+from, args, &n)
	}); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestPlaces: who is in a group of a site, until when, and what takes them out.
func TestPlaces(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		ctx := t.Context()
		role := b.site.Roles()[2].ID
		one, two := b.AddUser(t, b.A, "one").ID, b.AddUser(t, b.A, "two").ID
		soon, later := dbtest.Noon.Add(time.Hour), dbtest.Noon.Add(2*time.Hour)
		for n, step := range []struct {
			member ids.ObjectID
			until  time.Time
			added  bool
		}{{one, soon, true}, {one, later, false}, {two, time.Time{}, true}} {
			if added, err := b.grant(t, role, step.member, step.until); added != step.added || err != nil {
				t.Errorf("grant %d: got %v, %v", n, added, err)
			}
		}
		if got := b.holders(t, role); len(got) != 2 || !slices.Contains(got, one) || !slices.Contains(got, two) {
			t.Errorf("holders: %v", got)
		}
		if got := b.holders(t, b.site.Roles()[0].ID); len(got) != 0 {
			t.Errorf("holders of another role: %v", got)
		}
		b.Clock.Advance(90 * time.Minute) // the first cause has ended, the second not
		if got := b.holders(t, role); len(got) != 2 {
			t.Errorf("holders while a cause lives: %v", got)
		}
		b.Clock.Advance(time.Hour)
		if got := b.holders(t, role); !slices.Equal(got, []ids.ObjectID{two}) {
			t.Errorf("holders after the end: %v", got)
		}
		if n, err := b.sites.EndDue(ctx, 10); n != 1 || err != nil {
			t.Errorf("ended: %d, %v", n, err)
		}
		if n := b.count(t, "site_member where tenant_id = ? and member_id = ?", b.A.ID, one); n != 0 {
			t.Errorf("%d rows are left behind the end", n)
		}
		if n := b.count(t, "audit_entry where tenant_id = ? and activity = ?", b.A.ID, "Remove member from site"); n != 1 {
			t.Errorf("%d entries say so, want 1", n)
		}
		if n, err := b.sites.EndDue(ctx, 10); n != 0 || err != nil {
			t.Errorf("ended again: %d, %v", n, err)
		}
		if added, err := b.grant(t, role, one, time.Time{}); !added || err != nil {
			t.Errorf("given again: %v, %v", added, err)
		}
		revoke := func() error {
			return b.DB.Update(ctx, func(tx *sqldb.Tx) error { return site.Revoke(ctx, tx, b.A.ID, b.site, role, one) })
		}
		if err := revoke(); err != nil {
			t.Error(err)
		}
		if err := revoke(); !errors.Is(err, fault.NotFound) {
			t.Errorf("taken twice: err = %v, want NotFound", err)
		}
		if got := b.holders(t, role); !slices.Equal(got, []ids.ObjectID{two}) {
			t.Errorf("holders in the end: %v", got)
		}
	})
}

// TestPlaceRefusals: a place is one that the site has, for somebody of the tenant.
func TestPlaceRefusals(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		user, stranger := b.AddUser(t, b.A, "one").ID, b.AddUser(t, b.B, "one").ID
		for _, tt := range []struct {
			role   int
			member ids.ObjectID
			want   error
		}{
			{2, user, site.BadRole}, {6, user, site.BadRole}, {-3, user, site.BadRole},
			{3, stranger, fault.NotFound}, {3, ids.New[ids.ObjectID](), fault.NotFound},
		} {
			if _, err := b.grant(t, tt.role, tt.member, time.Time{}); !errors.Is(err, tt.want) {
				t.Errorf("role %d: err = %v, want %v", tt.role, err, tt.want)
			}
		}
		if n := b.count(t, "site_member where tenant_id = ?", b.A.ID); n != 0 {
			t.Errorf("%d rows are left of refusals", n)
		}
	})
}

// TestDeletedHolder: who is deleted holds nothing, and who is purged leaves nothing.
func TestDeletedHolder(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		ctx := t.Context()
		user := b.AddUser(t, b.A, "one").ID
		if _, err := b.grant(t, 3, user, time.Time{}); err != nil {
			t.Fatal(err)
		}
		if err := b.Users.Delete(ctx, b.A.Admin, string(user)); err != nil {
			t.Fatal(err)
		}
		if got := b.holders(t, 3); len(got) != 0 {
			t.Errorf("holders: %v", got)
		}
		if err := b.DB.Update(ctx, func(tx *sqldb.Tx) error {
			n, err := site.ClearRemains(ctx, tx, object.Remain{Tenant: b.A.ID, ID: user}, 10)
			if err == nil && n != 1 {
				err = fmt.Errorf("%d rows went, want 1", n)
			}
			return err
		}); err != nil {
			t.Error(err)
		}
		for _, from := range []string{"site_member where tenant_id = ?", "cause_of where tenant_id = ? and target_kind = 'siteRole'"} {
			if n := b.count(t, from, b.A.ID); n != 0 {
				t.Errorf("%s: %d rows are left", from, n)
			}
		}
	})
}

// TestWhoMakesSites: a role makes and opens sites, in its own tenant.
func TestWhoMakesSites(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		ctx := t.Context()
		user := b.AddUser(t, b.A, "one")
		if err := b.DB.Update(ctx, func(tx *sqldb.Tx) error {
			return authz.Assign(ctx, tx, b.A.ID, user.ID, authz.UserAdministrator)
		}); err != nil {
			t.Fatal(err)
		}
		if _, err := b.sites.Make(ctx, house.Person(b.A.ID, user.ID), "x", "X", ""); !errors.Is(err, fault.Forbidden) {
			t.Errorf("by somebody: err = %v, want Forbidden", err)
		}
		if err := b.DB.Update(ctx, func(tx *sqldb.Tx) error {
			return authz.Assign(ctx, tx, b.A.ID, user.ID, authz.SharePointAdministrator)
		}); err != nil {
			t.Fatal(err)
		}
		if _, err := b.sites.Make(ctx, house.Person(b.A.ID, user.ID), "x", "X", ""); err != nil {
			t.Errorf("by an administrator of sites: %v", err)
		}
		program, err := b.Apps.Create(ctx, b.A.Admin, []byte(`{"displayName":"program"}`), nil)
		if err != nil {
			t.Fatal(err)
		}
		to := []site.Identity{{Application: &site.Named{ID: string(program.AppID)}}}
		if _, err := b.sites.AddPermission(ctx, b.A.Admin, b.site.ID, []string{"read"}, to); !errors.Is(err, fault.Invalid) {
			t.Errorf("to a program that the tenant does not have: err = %v, want Invalid", err)
		}
		if _, err := b.Apps.CreatePrincipal(ctx, b.A.Admin, program.AppID, []byte(`{}`), nil); err != nil {
			t.Fatal(err)
		}
		if _, err := b.sites.AddPermission(ctx, b.B.Admin, b.site.ID, []string{"read"}, to); !errors.Is(err, fault.NotFound) {
			t.Errorf("in another tenant: err = %v, want NotFound", err)
		}
		p, err := b.sites.AddPermission(ctx, b.A.Admin, b.site.ID, []string{"read"}, to)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.sites.AddPermission(ctx, b.A.Admin, b.site.ID, []string{"write"}, to); err != nil {
			t.Errorf("given again: %v", err)
		}
		if n := b.count(t, "site_permission where tenant_id = ? and role = 'write'", b.A.ID); n != 1 {
			t.Errorf("%d permissions to write, want 1", n)
		}
		if err := b.sites.RemovePermission(ctx, b.A.Admin, b.site.ID, p.ID); err != nil {
			t.Error(err)
		}
	})
}
