package authz_test

import (
	"errors"
	"testing"

	"entente/internal/core/authz"
	"entente/internal/enttest/house"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

func TestWhoGrants(t *testing.T) {
	tests := []struct {
		role               ids.RoleID
		anything, butGraph bool
	}{
		{authz.UserAdministrator, false, false},
		{authz.ApplicationAdministrator, false, true},
		{authz.CloudApplicationAdministrator, false, true},
		{authz.PrivilegedRoleAdministrator, true, false},
		{authz.GlobalAdministrator, true, true},
	}
	for _, tt := range tests {
		r, _ := authz.RoleByID(tt.role)
		t.Run(r.Name, func(t *testing.T) {
			if anything, butGraph := r.Allows(authz.GrantAnything), r.Allows(authz.GrantMostThings); anything != tt.anything || butGraph != tt.butGraph {
				t.Errorf("got %v, %v, want %v, %v", anything, butGraph, tt.anything, tt.butGraph)
			}
		})
	}
}

func TestCovers(t *testing.T) {
	tests := []struct {
		have, want authz.Action
		covers     bool
	}{
		{"users/create", "users/create", true},
		{"users/create", "users/delete", false},
		{"users/basic/update", "users/password/update", false},
		{"users/allProperties/allTasks", "users/create", true},
		{"users/allProperties/allTasks", "users/password/update", true},
		{"users/allProperties/allTasks", "users/authenticationMethods/standard/read", false},
		{"users/allProperties/allTasks", "groups/create", false},
		{"users/allProperties/read", "users/standard/read", true},
		{"users/allProperties/read", "users/basic/update", false},
		{"users/allProperties/read", "users/create", false},
		{"groupsAssignableToRoles/allProperties/update", "groupsAssignableToRoles/members/update", true},
		{"groupsAssignableToRoles/allProperties/update", "groupsAssignableToRoles/delete", false},
		{"groups/members/update", "groups.unified/members/update", true},
		{"groups.unified/members/update", "groups/members/update", false},
		{"groups.unified/members/update", "groups.security/members/update", false},
		{"groups/allProperties/allTasks", "groupsAssignableToRoles/create", false},
		{"deletedItems/restore", "deletedItems.users/restore", true},
		{"organization/strongAuthentication/allTasks", "organization/strongAuthentication/update", true},
		{"organization/strongAuthentication/allTasks", "organization/basic/update", false},
		{"servicePrincipals/managePermissionGrantsForAll.microsoft-application-admin", "servicePrincipals/managePermissionGrantsForAll.microsoft-company-admin", false},
	}
	for _, tt := range tests {
		if got := tt.have.Covers(tt.want); got != tt.covers {
			t.Errorf("%s covers %s: got %v, want %v", tt.have, tt.want, got, tt.covers)
		}
	}
}

func TestLeastRole(t *testing.T) {
	for action, want := range map[authz.Action]string{
		"users/password/update":          "Password Administrator",
		"users/create":                   "Directory Writers",
		"users/inviteGuest":              "Guest Inviter",
		"groups.security/members/update": "Identity Governance Administrator",
		"auditLogs/allProperties/read":   "Reports Reader",
		"domains/verify":                 "Domain Name Administrator",
		"roleAssignments/create":         "Privileged Role Administrator",
		"nothing/that/exists":            "",
	} {
		if got := authz.LeastRole(action); got != want {
			t.Errorf("%s: got %q, want %q", action, got, want)
		}
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
		for action, want := range map[authz.Action]error{
			"users/create":                    nil, // by the role
			"users/standard/read":             nil, // by being a member
			"groups.security/createAsOwner":   nil,
			"roleAssignments/create":          authz.Denied,
			"applications/credentials/update": authz.Denied,
		} {
			err := h.DB.View(ctx, func(tx *sqldb.Tx) error { return authz.Allow(ctx, tx, who, "", action) })
			if !errors.Is(err, want) {
				t.Errorf("%s: err = %v, want %v", action, err, want)
			}
		}
		if err := h.DB.Update(ctx, func(tx *sqldb.Tx) error { return authz.Assign(ctx, tx, h.A.ID, helper.ID, "no-such-role") }); err == nil {
			t.Error("a role that does not exist was given")
		}
		if err := h.DB.Update(ctx, func(tx *sqldb.Tx) error { return authz.Assign(ctx, tx, h.A.ID, helper.ID, authz.MemberUser) }); err == nil {
			t.Error("a role that everybody has was given")
		}
		in(func(tx *sqldb.Tx) error { return authz.Unassign(ctx, tx, h.A.ID, helper.ID, authz.UserAdministrator) })
		if got := roles(h.A.ID); got != nil {
			t.Errorf("still holds %v", got)
		}
	})
}

func TestBuiltInRolesAreComplete(t *testing.T) {
	seen := make(map[ids.RoleID]bool)
	if n := len(authz.BuiltIn()); n < 40 {
		t.Errorf("there are %d roles", n)
	}
	for _, r := range authz.Roles() {
		if seen[r.ID] || !ids.Valid(string(r.ID)) || r.Name == "" || r.Description == "" {
			t.Errorf("%+v is doubled or incomplete", r)
		}
		seen[r.ID] = true
		if got, ok := authz.RoleByID(r.ID); !ok || got.Name != r.Name {
			t.Errorf("%s is not found by its identifier", r.Name)
		}
	}
	if _, ok := authz.RoleByID(ids.Nil); ok {
		t.Error("nobody's identifier names a role")
	}
}

func TestWhoForgetsWhatIsNeededIsRefused(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		who := house.Person(h.A.ID, h.AddUser(t, h.A, "anybody").ID)
		err := h.DB.View(t.Context(), func(tx *sqldb.Tx) error { return authz.Allow(t.Context(), tx, who, "") })
		if !errors.Is(err, authz.Denied) {
			t.Errorf("err = %v, want %v", err, authz.Denied)
		}
	})
}
