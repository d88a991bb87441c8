package provision_test

import (
	"context"
	"testing"
	"time"

	"entente/internal/core/audit"
	"entente/internal/core/object"
	"entente/internal/core/site"
	"entente/internal/flow/provision"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// TestSiteRolesTogether has several sources give and take places in groups of sites at
// once: one of them given by two, one that somebody was given by hand before.
func TestSiteRolesTogether(t *testing.T) {
	each(t, nil, func(b *bench) {
		t := b.t
		var at *site.Site
		g := b.group("plans", "Unified")
		must(t, b.do(func(ctx context.Context, tx *sqldb.Tx) (err error) {
			at, err = site.OfGroup(ctx, tx, b.A.ID, g)
			return err
		}))
		const visitors, members = 4, 5
		role := func(id string) provision.Role {
			return provision.Role{System: provision.Sites, Origin: at.WebURL, Role: id}
		}
		read, write := role("4"), role("5")
		wish := func(source string, until time.Time, roles ...provision.Role) provision.Wish {
			return provision.Wish{Object: b.who, Source: source, Roles: roles, Until: until}
		}
		ends := func() map[int]time.Time {
			held := map[int]time.Time{}
			must(t, b.do(func(ctx context.Context, tx *sqldb.Tx) error {
				return tx.Each(ctx, `select role_id, ends_us from site_member where tenant_id = ? and site_id = ? and member_id = ?`, []any{b.A.ID, at.Key, b.who},
					func(scan func(...any) error) error {
						var id int
						var us int64
						err := scan(&id, &us)
						held[id] = sqldb.Time(us)
						return err
					})
			}))
			return held
		}
		told := func(activity string) (n int) {
			must(t, b.do(func(ctx context.Context, tx *sqldb.Tx) error {
				all, err := audit.Entries(ctx, tx, b.A.ID, string(at.Key), 100)
				for _, e := range all {
					if e.Activity == activity {
						n++
					}
				}
				return err
			}))
			return n
		}
		const added, removed = "Add member to site", "Remove member from site"
		must(t, b.do(func(ctx context.Context, tx *sqldb.Tx) error { // by hand, without an end
			c, err := object.NewCause(object.ByAdministrator, "test", b.A.Admin.Subject, "test", time.Time{}, tx.Now())
			if err == nil {
				err = object.AddCause(ctx, tx, b.A.ID, c)
			}
			if err == nil {
				_, err = site.GiveAll(ctx, tx, b.A.ID, map[ids.ObjectID]*site.Site{at.Key: at}, []site.Gift{{Site: at.Key, Role: members, Member: b.who, Cause: c}})
			}
			return err
		}))
		soon, later := b.Clock.Now().Add(time.Hour), b.Clock.Now().Add(2*time.Hour)
		b.fulfil(wish("a", soon, read, write), wish("b", later, read))
		if got := ends(); len(got) != 2 || !got[visitors].Equal(later) || !got[members].IsZero() || told(added) != 1 {
			t.Fatalf("given: %v, told %d times", got, told(added))
		}
		b.fulfil(wish("a", soon), wish("b", later, read))
		if got := ends(); len(got) != 2 || !got[visitors].Equal(later) || !got[members].IsZero() || told(removed) != 0 {
			t.Errorf("one has ended: %v, told %d times", got, told(removed))
		}
		b.fulfil(wish("a", soon, read), wish("b", later))
		if got := ends(); len(got) != 2 || !got[visitors].Equal(soon) || told(added) != 1 {
			t.Errorf("handed on: %v, told %d times", got, told(added))
		}
		b.fulfil(wish("a", soon), wish("b", later))
		if got := ends(); len(got) != 1 || !got[members].IsZero() || told(removed) != 1 {
			t.Errorf("all has ended: %v, told %d times", got, told(removed))
		}
	})
}
