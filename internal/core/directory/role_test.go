package directory_test

import (
	"errors"
	"slices"
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

// TestRoleLife gives a role in each way and takes it again.
func TestRoleLife(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		ctx, admin := t.Context(), h.A.Admin
		ada, eve := h.AddUser(t, h.A, "ada"), h.AddUser(t, h.B, "eve")
		held := func(want ...ids.RoleID) {
			t.Helper()
			var got []ids.RoleID
			if err := h.DB.View(ctx, func(tx *sqldb.Tx) (err error) {
				got, err = authz.RolesOf(ctx, tx, h.A.ID, ada.ID)
				return err
			}); err != nil || !slices.Equal(got, want) {
				t.Errorf("held: %v, %v, want %v", got, err, want)
			}
		}
		role, err := h.Users.ActivateRole(ctx, admin, authz.UserAdministrator)
		if err != nil || role.DisplayName != "User Administrator" {
			t.Fatalf("activated: %+v, %v", role, err)
		}
		if _, err := h.Users.ActivateRole(ctx, admin, authz.UserAdministrator); !errors.Is(err, directory.RoleActive) {
			t.Errorf("once more: err = %v, want RoleActive", err)
		}
		if err := h.Users.AddToRole(ctx, admin, role.ID, ada.ID); err != nil {
			t.Fatal(err)
		}
		held(authz.UserAdministrator)
		if err := h.Users.AddToRole(ctx, admin, role.ID, ada.ID); !errors.Is(err, directory.RoleGiven) {
			t.Errorf("twice: err = %v, want RoleGiven", err)
		}
		if err := h.Users.RemoveFromRole(ctx, admin, role.ID, ada.ID); err != nil {
			t.Fatal(err)
		}
		held()
		if err := h.Users.RemoveFromRole(ctx, admin, role.ID, ada.ID); !errors.Is(err, fault.NotFound) {
			t.Errorf("taken twice: err = %v, want NotFound", err)
		}
		a, err := h.Users.AssignRole(ctx, admin, ada.ID, authz.GuestInviter, "/")
		if err != nil || a.Role != authz.GuestInviter || a.Principal != ada.ID || a.Organization != h.A.ID {
			t.Fatalf("assigned: %+v, %v", a, err)
		}
		held(authz.GuestInviter)

		// The other tenant sees nothing of it and is nobody here.
		foreign := h.B.Admin
		for what, err := range map[string]error{
			"taking it":            h.Users.UnassignRole(ctx, foreign, a.ID),
			"adding to the role":   h.Users.AddToRole(ctx, foreign, role.ID, eve.ID),
			"removing from it":     h.Users.RemoveFromRole(ctx, foreign, role.ID, ada.ID),
			"adding a stranger":    h.Users.AddToRole(ctx, admin, role.ID, eve.ID),
			"the stranger's admin": h.Users.UnassignRole(ctx, admin, ids.RoleAssignmentIDOf(authz.GlobalAdministrator, h.B.Admin.Object, "")),
		} {
			if !errors.Is(err, fault.NotFound) {
				t.Errorf("%s: err = %v, want NotFound", what, err)
			}
		}
		// Nor does a member give or take.
		member := house.Person(h.A.ID, ada.ID)
		if _, err := h.Users.AssignRole(ctx, member, ada.ID, authz.GlobalAdministrator, "/"); !errors.Is(err, authz.Denied) {
			t.Errorf("a member raises themselves: err = %v, want Denied", err)
		}
		if err := h.Users.UnassignRole(ctx, member, a.ID); !errors.Is(err, authz.Denied) {
			t.Errorf("a member takes a role: err = %v, want Denied", err)
		}
		if err := h.Users.UnassignRole(ctx, admin, a.ID); err != nil {
			t.Fatal(err)
		}
		held()
	})
}

// TestAGlobalAdministratorStays: nobody gives it up alone, and the last one
// who can sign in keeps it.
func TestAGlobalAdministratorStays(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		ctx, admin := t.Context(), h.A.Admin
		ada := h.AddUser(t, h.A, "ada")
		first := ids.RoleAssignmentIDOf(authz.GlobalAdministrator, admin.Object, "")
		program := house.Program(h.A.ID, "5f4e3d2c-1b0a-4f9e-8d7c-6b5a49382716", directory.RoleManagement)
		if err := h.Users.UnassignRole(ctx, program, first); !errors.Is(err, directory.LastAdmin) {
			t.Errorf("the last one: err = %v, want LastAdmin", err)
		}
		if _, err := h.Users.AssignRole(ctx, admin, ada.ID, authz.GlobalAdministrator, "/"); err != nil {
			t.Fatal(err)
		}
		if err := h.Users.UnassignRole(ctx, admin, first); !errors.Is(err, directory.OwnAdmin) {
			t.Errorf("one's own: err = %v, want OwnAdmin", err)
		}
		if err := h.Users.UnassignRole(ctx, house.Person(h.A.ID, ada.ID), first); err != nil {
			t.Errorf("by another: %v", err)
		}
		if err := h.Users.UnassignRole(ctx, program, ids.RoleAssignmentIDOf(authz.GlobalAdministrator, ada.ID, "")); !errors.Is(err, directory.LastAdmin) {
			t.Errorf("the last one again: err = %v, want LastAdmin", err)
		}
	})
}

// TestAGroupsLastAdministratorStays: who holds the role through a group is a
// Global Administrator like any other, and the group cannot be emptied or
// deleted while nobody else is one.
func TestAGroupsLastAdministratorStays(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		ctx := t.Context()
		ada, eve := h.AddUser(t, h.A, "ada"), h.AddUser(t, h.A, "eve")
		g := addGroup(t, h, "admins", assignable, unified)
		program := house.Program(h.A.ID, "5f4e3d2c-1b0a-4f9e-8d7c-6b5a49382716", directory.RoleManagement,
			"Group.ReadWrite.All", "GroupMember.ReadWrite.All", "User.ReadWrite.All")
		if err := errors.Join(
			h.Users.AddMember(ctx, program, g.ID, ada.ID, time.Time{}), h.Users.AddMember(ctx, program, g.ID, eve.ID, time.Time{})); err != nil {
			t.Fatal(err)
		}
		if _, err := h.Users.AssignRole(ctx, h.A.Admin, g.ID, authz.GlobalAdministrator, "/"); err != nil {
			t.Fatal(err)
		}
		byAda := house.Person(h.A.ID, ada.ID)
		if _, err := h.Users.Update(ctx, byAda, string(h.A.Admin.Object), []byte(`{"accountEnabled":false}`)); err != nil {
			t.Errorf("the last who holds it directly, others hold it by the group: %v", err)
		}
		if err := h.Users.RemoveMember(ctx, program, g.ID, eve.ID); err != nil {
			t.Errorf("one of two: %v", err)
		}
		unseat := func() error {
			return h.DB.Update(ctx, func(tx *sqldb.Tx) error { return h.Users.Unseat(ctx, tx, program, g, ada.ID) })
		}
		refused := map[string]func() error{
			"removed":           func() error { return h.Users.RemoveMember(ctx, program, g.ID, ada.ID) },
			"out of the team":   unseat,
			"the group deleted": func() error { return h.Users.DeleteGroup(ctx, program, g.ID) },
			"the role taken": func() error {
				return h.Users.UnassignRole(ctx, program, ids.RoleAssignmentIDOf(authz.GlobalAdministrator, g.ID, ""))
			},
			"deleted": func() error { return h.Users.Delete(ctx, byAda, string(ada.ID)) },
			"disabled": func() error {
				_, err := h.Users.Update(ctx, byAda, string(ada.ID), []byte(`{"accountEnabled":false}`))
				return err
			},
		}
		for name, do := range refused {
			if err := do(); !errors.Is(err, directory.LastAdmin) {
				t.Errorf("%s: err = %v, want LastAdmin", name, err)
			}
		}
		if _, err := h.Users.AssignRole(ctx, byAda, eve.ID, authz.GlobalAdministrator, "/"); err != nil {
			t.Fatal(err)
		}
		if err := h.Users.RemoveMember(ctx, program, g.ID, ada.ID); err != nil {
			t.Errorf("beside another: %v", err)
		}
		if err := h.Users.DeleteGroup(ctx, program, g.ID); err != nil {
			t.Errorf("an empty group: %v", err)
		}
	})
}

// TestRoleAssignmentsAreFound by what Graph filters them by, identifiers in any case.
func TestRoleAssignmentsAreFound(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		ctx := t.Context()
		ada := h.AddUser(t, h.A, "ada")
		for _, role := range []ids.RoleID{authz.GuestInviter, authz.ReportsReader} {
			if _, err := h.Users.AssignRole(ctx, h.A.Admin, ada.ID, role, "/"); err != nil {
				t.Fatal(err)
			}
		}
		for _, tt := range []struct {
			tenant ids.TenantID
			filter query.Expr
			want   int
		}{
			{h.A.ID, nil, 3},
			{h.B.ID, nil, 1},
			{h.A.ID, query.Compare{Field: "principalId", Op: query.Eq, Value: string(ada.ID)}, 2},
			{h.B.ID, query.Compare{Field: "principalId", Op: query.Eq, Value: string(ada.ID)}, 0},
			{h.A.ID, query.Compare{Field: "roleDefinitionId", Op: query.Eq, Value: "95E79109-95C0-4D8E-AEE3-D01ACCF2D47B"}, 1},
			{h.A.ID, query.In{Field: "directoryScopeId", Values: []any{"/", "/x"}}, 3},
		} {
			if err := h.DB.View(ctx, func(tx *sqldb.Tx) error {
				list, err := directory.ListRoleAssignments(ctx, tx, tt.tenant, query.Query{Filter: tt.filter})
				n, countErr := directory.CountRoleAssignments(ctx, tx, tt.tenant, tt.filter)
				if len(list.Items) != tt.want || n != tt.want {
					t.Errorf("%v: got %d and a count of %d, want %d", tt.filter, len(list.Items), n, tt.want)
				}
				return errors.Join(err, countErr)
			}); err != nil {
				t.Error(err)
			}
		}
		if err := h.DB.View(ctx, func(tx *sqldb.Tx) error {
			roles, err := directory.ListRoles(ctx, tx, h.A.ID)
			if len(roles) != 3 {
				t.Errorf("active: %v", roles)
			}
			if err != nil {
				return err
			}
			o, err := object.Get(ctx, tx, h.A.ID, roles[0].ID)
			if o.Kind != object.DirectoryRole {
				t.Errorf("a role is %+v", o)
			}
			return err
		}); err != nil {
			t.Error(err)
		}
	})
}
