package directory_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"entente/internal/core/authz"
	"entente/internal/core/directory"
	"entente/internal/core/object"
	"entente/internal/enttest/house"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// atOnce does everything at the same time and returns what came of each.
func atOnce(do ...func() error) []error {
	errs := make([]error, len(do))
	begin := make(chan struct{})
	var all sync.WaitGroup
	for i, one := range do {
		all.Go(func() {
			<-begin
			errs[i] = one()
		})
	}
	close(begin)
	all.Wait()
	return errs
}

// succeeded counts those that went well; each of the others has failed for the
// reason.
func succeeded(t *testing.T, errs []error, reason error) (n int) {
	t.Helper()
	for _, err := range errs {
		switch {
		case err == nil:
			n++
		case !errors.Is(err, reason):
			t.Errorf("err = %v, want %v", err, reason)
		}
	}
	return n
}

// TestTwoChangeOneUser: of changes made at the same time none is lost: it
// stands there afterwards, or it was refused.
func TestTwoChangeOneUser(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		ctx := t.Context()
		u := h.AddUser(t, h.A, "ada")
		names := []string{"city", "country", "department", "jobTitle", "officeLocation", "state"}
		var do []func() error
		for _, name := range names {
			do = append(do, func() error {
				_, err := h.Users.Update(ctx, h.A.Admin, string(u.ID), fmt.Appendf(nil, `{%q:"Changed %s"}`, name, name))
				return err
			})
		}
		errs := atOnce(do...)
		if succeeded(t, errs, fault.Conflict) == 0 {
			t.Error("nobody got through")
		}
		var got directory.Row
		if err := h.DB.View(ctx, func(tx *sqldb.Tx) error {
			page, err := directory.ListUsers(ctx, tx, h.A.ID, query.Query{Filter: query.Compare{Field: "id", Op: query.Eq, Value: string(u.ID)}}, true)
			if err == nil {
				got = page.Items[0]
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		for i, name := range names {
			held := strings.Contains(string(got.Face)+string(got.Rest), "Changed "+name)
			if held != (errs[i] == nil) {
				t.Errorf("%s: err = %v, and it is there: %t", name, errs[i], held)
			}
		}
	})
}

// TestOneMemberAddedByMany: whoever adds a member at the same time as others
// learns whether they were the one.
func TestOneMemberAddedByMany(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		ctx := t.Context()
		u, g := h.AddUser(t, h.A, "ada"), addGroup(t, h, "team")
		add := func() error { return h.Users.AddMember(ctx, h.A.Admin, g.ID, u.ID, time.Time{}) }
		if n := succeeded(t, atOnce(add, add, add, add), directory.AlreadyMember); n != 1 {
			t.Errorf("%d have added the member", n)
		}
		own := func() error { return h.Users.AddGroupOwner(ctx, h.A.Admin, g.ID, u.ID) }
		if n := succeeded(t, atOnce(own, own, own, own), object.AlreadyOwner); n != 1 {
			t.Errorf("%d have made the owner", n)
		}
		remove := func() error { return h.Users.RemoveMember(ctx, h.A.Admin, g.ID, u.ID) }
		if n := succeeded(t, atOnce(remove, remove, remove, remove), fault.NotFound); n != 1 {
			t.Errorf("%d have removed the member", n)
		}
		same(t, "members at the end", idsIn(t, h, directory.MembersOf(g.ID)))
	})
}

// TestTheLastStaysInARace: two who are removed at the same time are not both
// removed where one has to stay.
func TestTheLastStaysInARace(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		ctx := t.Context()
		ada, eve := h.AddUser(t, h.A, "ada"), h.AddUser(t, h.A, "eve")
		for round := range 5 {
			g, err := h.Users.CreateGroup(ctx, h.A.Admin, groupBody(t, fmt.Sprint("owned", round)), []ids.ObjectID{ada.ID, eve.ID}, nil)
			if err != nil {
				t.Fatal(err)
			}
			leave := func(who ids.ObjectID) func() error {
				return func() error { return h.Users.RemoveGroupOwner(ctx, h.A.Admin, g.ID, who) }
			}
			if n := succeeded(t, atOnce(leave(ada.ID), leave(eve.ID)), directory.LastOwner); n != 1 {
				t.Errorf("%d of two owners have left", n)
			}
			g = addGroup(t, h, fmt.Sprint("named", round))
			rename := func(name string) func() error {
				return func() error {
					_, err := h.Users.UpdateGroup(ctx, h.A.Admin, g.ID, fmt.Appendf(nil, `{"description":%q}`, name), nil)
					return err
				}
			}
			if n := succeeded(t, atOnce(rename("one"), rename("other")), fault.Conflict); n == 0 {
				t.Error("nobody changed the group")
			}
		}
		for range 5 {
			for _, who := range []ids.ObjectID{ada.ID, eve.ID} {
				if _, err := h.Users.AssignRole(ctx, h.A.Admin, who, authz.GlobalAdministrator, "/"); err != nil && !errors.Is(err, directory.RoleGiven) {
					t.Fatal(err)
				}
			}
			if err := h.Users.UnassignRole(ctx, house.Person(h.A.ID, ada.ID), ids.RoleAssignmentIDOf(authz.GlobalAdministrator, h.A.Admin.Object, "")); err != nil {
				t.Fatal(err)
			}
			take := func(by, from ids.ObjectID) func() error {
				return func() error {
					return h.Users.UnassignRole(ctx, house.Person(h.A.ID, by), ids.RoleAssignmentIDOf(authz.GlobalAdministrator, from, ""))
				}
			}
			errs := atOnce(take(ada.ID, eve.ID), take(eve.ID, ada.ID))
			if n := succeeded(t, errs, authz.Denied); n != 1 { // who has lost the role takes none
				t.Errorf("%d of the last two Global Administrators are removed: %v", n, errs)
			}
			left := ada.ID
			if errs[1] == nil {
				left = eve.ID
			}
			if _, err := h.Users.AssignRole(ctx, house.Person(h.A.ID, left), h.A.Admin.Object, authz.GlobalAdministrator, "/"); err != nil {
				t.Fatalf("nobody is left to give the role: %v", err)
			}
		}
		program := house.Program(h.A.ID, "5f4e3d2c-1b0a-4f9e-8d7c-6b5a49382716", directory.RoleManagement)
		for _, who := range []ids.ObjectID{ada.ID, eve.ID} {
			if err := h.Users.UnassignRole(ctx, program, ids.RoleAssignmentIDOf(authz.GlobalAdministrator, who, "")); err != nil && !errors.Is(err, fault.NotFound) {
				t.Fatal(err)
			}
		}
		if _, err := h.Users.AssignRole(ctx, h.A.Admin, ada.ID, authz.GlobalAdministrator, "/"); err != nil {
			t.Fatal(err)
		}
		take := func(from ids.ObjectID) func() error {
			return func() error {
				return h.Users.UnassignRole(ctx, program, ids.RoleAssignmentIDOf(authz.GlobalAdministrator, from, ""))
			}
		}
		if n := succeeded(t, atOnce(take(ada.ID), take(h.A.Admin.Object)), directory.LastAdmin); n != 1 {
			t.Errorf("a program has removed %d of the last two", n)
		}
	})
}
