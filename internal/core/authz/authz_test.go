package authz_test

import (
	"errors"
	"testing"

	"entente/internal/core/authz"
	"entente/internal/enttest/house"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

func TestConsenting(t *testing.T) {
	tests := []struct {
		name               string
		roles              []ids.RoleID
		anything, butGraph bool
	}{
		{"nobody in particular", nil, false, false},
		{"a user administrator", []ids.RoleID{authz.UserAdministrator}, false, false},
		{"an application administrator", []ids.RoleID{authz.ApplicationAdministrator}, false, true},
		{"a cloud application administrator", []ids.RoleID{authz.CloudApplicationAdministrator}, false, true},
		{"a privileged role administrator", []ids.RoleID{authz.PrivilegedRoleAdministrator}, true, true},
		{"a global administrator among others", []ids.RoleID{authz.UserAdministrator, authz.GlobalAdministrator}, true, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if anything, butGraph := authz.Consenting(tt.roles); anything != tt.anything || butGraph != tt.butGraph {
				t.Errorf("got %v, %v, want %v, %v", anything, butGraph, tt.anything, tt.butGraph)
			}
		})
	}
}

func TestPermissionsCountByKindOfCaller(t *testing.T) {
	who := authz.Caller{Roles: []string{"User.Read.All"}, Scopes: []string{"User.Read"}, Subject: ids.Principal{Kind: ids.Workload, Home: "t", ID: "p"}}
	if !who.Has("User.Read.All") || who.Has("User.Read") {
		t.Error("a program is judged by its roles alone")
	}
	who.Subject.Kind = ids.Person
	if who.Has("User.Read.All") || !who.Has("User.Read") {
		t.Error("a person is judged by the scopes alone")
	}
	if (authz.Caller{}).IsSystem() || !authz.System("t", "test").IsSystem() {
		t.Error("only the installation is the installation")
	}
}

func TestRolesAreGivenAndTaken(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		ctx := t.Context()
		helper := h.AddUser(t, h.A, "helper")
		in := func(f func(tx *sqldb.Tx) error) {
			t.Helper()
			if err := h.DB.Update(ctx, f); err != nil {
				t.Fatal(err)
			}
		}
		roles := func(tenant ids.TenantID) (list []ids.RoleID) {
			in(func(tx *sqldb.Tx) (err error) { list, err = authz.RolesOf(ctx, tx, tenant, helper.ID); return err })
			return list
		}
		for range 2 { // giving a role twice changes nothing
			in(func(tx *sqldb.Tx) error { return authz.Assign(ctx, tx, h.A.ID, helper.ID, authz.UserAdministrator) })
		}
		if got := roles(h.A.ID); len(got) != 1 || got[0] != authz.UserAdministrator {
			t.Errorf("holds %v, want user administrator", got)
		}
		if got := roles(h.B.ID); got != nil {
			t.Errorf("holds %v in another tenant, want nothing", got)
		}
		who := house.Person(h.A.ID, helper.ID)
		for name, tt := range map[string]struct {
			needs []ids.RoleID
			want  error
		}{
			"a role it has":           {[]ids.RoleID{authz.GroupsAdministrator, authz.UserAdministrator}, nil},
			"a role it has not":       {[]ids.RoleID{authz.GroupsAdministrator}, authz.Denied},
			"no role but the highest": {nil, authz.Denied},
		} {
			err := h.DB.View(ctx, func(tx *sqldb.Tx) error { return authz.Need(ctx, tx, who, tt.needs...) })
			if !errors.Is(err, tt.want) {
				t.Errorf("%s: err = %v, want %v", name, err, tt.want)
			}
		}
		if err := h.DB.Update(ctx, func(tx *sqldb.Tx) error { return authz.Assign(ctx, tx, h.A.ID, helper.ID, "no-such-role") }); err == nil {
			t.Error("a role that does not exist was given")
		}
		in(func(tx *sqldb.Tx) error { return authz.Unassign(ctx, tx, h.A.ID, helper.ID, authz.UserAdministrator) })
		if got := roles(h.A.ID); got != nil {
			t.Errorf("still holds %v", got)
		}
	})
}

func TestBuiltInRolesAreComplete(t *testing.T) {
	seen := make(map[ids.RoleID]bool)
	for _, r := range authz.BuiltIn() {
		if seen[r.ID] || !ids.Valid(string(r.ID)) || r.Name == "" || r.Description == "" {
			t.Errorf("%+v is doubled or incomplete", r)
		}
		seen[r.ID] = true
		if got, ok := authz.RoleByID(r.ID); !ok || got != r {
			t.Errorf("%s is not found by its identifier", r.Name)
		}
	}
	if _, ok := authz.RoleByID(ids.Nil); ok {
		t.Error("nobody's identifier names a role")
	}
}
