package provision_test

import (
	"context"
	"testing"
	"time"

	"entente/internal/core/audit"
	"entente/internal/core/consent"
	"entente/internal/flow/provision"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// TestAppRolesTogether has several sources give and take app roles at once: one of them
// given by two, one that was given by hand before.
func TestAppRolesTogether(t *testing.T) {
	each(t, nil, func(b *bench) {
		t := b.t
		const read, write = "6f1d4b64-9f1e-4c1d-9df6-1d3f2a7a1b11", "6f1d4b64-9f1e-4c1d-9df6-1d3f2a7a1b12"
		a, err := b.Apps.Create(t.Context(), b.A.Admin, []byte(`{"displayName":"Drawings","appRoles":[
			{"id":"`+read+`","isEnabled":true,"value":"Read","displayName":"Read","description":"Read","allowedMemberTypes":["User"]},
			{"id":"`+write+`","isEnabled":true,"value":"Write","displayName":"Write","description":"Write","allowedMemberTypes":["User"]}]}`), nil)
		must(t, err)
		sp, err := b.Apps.CreatePrincipal(t.Context(), b.A.Admin, a.AppID, []byte(`{}`), nil)
		must(t, err)
		role := func(id string) provision.Role {
			return provision.Role{System: provision.Applications, Origin: string(sp.ID), Role: id}
		}
		wish := func(source string, until time.Time, roles ...provision.Role) provision.Wish {
			return provision.Wish{Object: b.who, Source: source, Roles: roles, Until: until}
		}
		ends := func() map[ids.RoleID]time.Time {
			held := map[ids.RoleID]time.Time{}
			must(t, b.do(func(ctx context.Context, tx *sqldb.Tx) error {
				page, err := consent.ListAssignments(ctx, tx, b.A.ID, consent.HeldBy(b.who), query.Query{})
				for _, a := range page.Items {
					held[a.RoleID] = a.Ends
				}
				return err
			}))
			return held
		}
		told := func(activity string) (n int) {
			must(t, b.do(func(ctx context.Context, tx *sqldb.Tx) error {
				all, err := audit.Entries(ctx, tx, b.A.ID, string(sp.ID), 100)
				for _, e := range all {
					if e.Activity == activity {
						n++
					}
				}
				return err
			}))
			return n
		}
		const added, removed = "Add app role assignment grant to user", "Remove app role assignment from user"
		_, err = consent.NewService(b.DB).Assign(t.Context(), b.A.Admin, b.who, sp.ID, write, time.Time{})
		must(t, err)
		soon, later := b.Clock.Now().Add(time.Hour), b.Clock.Now().Add(2*time.Hour)
		b.fulfil(wish("a", soon, role(read), role(write)), wish("b", later, role(read)))
		if got := ends(); len(got) != 2 || !got[read].Equal(later) || !got[write].IsZero() || told(added) != 2 {
			t.Fatalf("given: %v, told %d times", got, told(added))
		}
		b.fulfil(wish("a", soon), wish("b", later, role(read)))
		if got := ends(); len(got) != 2 || !got[read].Equal(later) || !got[write].IsZero() || told(removed) != 0 {
			t.Errorf("one has ended: %v, told %d times", got, told(removed))
		}
		b.fulfil(wish("a", soon, role(read)), wish("b", later))
		if got := ends(); len(got) != 2 || !got[read].Equal(soon) || told(added) != 2 {
			t.Errorf("handed on: %v, told %d times", got, told(added))
		}
		b.fulfil(wish("a", soon), wish("b", later))
		if got := ends(); len(got) != 1 || !got[write].IsZero() || told(removed) != 1 {
			t.Errorf("all has ended: %v, told %d times", got, told(removed))
		}
	})
}
