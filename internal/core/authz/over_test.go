package authz_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"entente/internal/core/authz"
	"entente/internal/enttest/house"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// TestWhoResetsWhosePassword is the table that Microsoft publishes, row by row.
// https://learn.microsoft.com/entra/identity/role-based-access-control/privileged-roles-permissions#who-can-reset-passwords
func TestWhoResetsWhosePassword(t *testing.T) {
	const nobody, keeper = "nobody", "member of a group that roles may be given to"
	resetters := []string{
		"Password Administrator", "Helpdesk Administrator", "Authentication Administrator", "User Administrator",
		"Privileged Authentication Administrator", "Global Administrator",
	}
	tests := []struct {
		target string
		by     [6]bool // in the order of resetters
	}{
		{nobody, [6]bool{true, true, true, true, true, true}},
		{keeper, [6]bool{false, false, false, false, true, true}},
		{"Authentication Administrator", [6]bool{false, false, true, false, true, true}},
		{"Directory Readers", [6]bool{true, true, true, true, true, true}},
		{"Global Administrator", [6]bool{false, false, false, false, true, true}},
		{"Groups Administrator", [6]bool{false, false, false, true, true, true}},
		{"Guest Inviter", [6]bool{true, true, true, true, true, true}},
		{"Helpdesk Administrator", [6]bool{false, true, false, true, true, true}},
		{"Password Administrator", [6]bool{true, true, true, true, true, true}},
		{"Privileged Authentication Administrator", [6]bool{false, false, false, false, true, true}},
		{"Privileged Role Administrator", [6]bool{false, false, false, false, true, true}},
		{"Reports Reader", [6]bool{false, true, true, true, true, true}},
		{"User Administrator", [6]bool{false, false, false, true, true, true}},
		{"Application Administrator", [6]bool{false, false, false, false, true, true}}, // any other role
		{"Security Reader", [6]bool{false, false, false, false, true, true}},
	}
	house.Each(t, func(t *testing.T, h *house.House) {
		ctx := t.Context()
		people := 0
		with := func(role string) ids.ObjectID {
			t.Helper()
			people++
			u := h.AddUser(t, h.A, fmt.Sprintf("person%d", people))
			if err := h.DB.Update(ctx, func(tx *sqldb.Tx) error {
				switch role {
				case nobody:
					return nil
				case keeper:
					return authz.Hold(ctx, tx, h.A.ID, ids.New[ids.ObjectID](), u.ID, time.Time{})
				}
				i := slices.IndexFunc(authz.BuiltIn(), func(r authz.Role) bool { return r.Name == role })
				return authz.Assign(ctx, tx, h.A.ID, u.ID, authz.BuiltIn()[i].ID)
			}); err != nil {
				t.Fatal(err)
			}
			return u.ID
		}
		var callers []authz.Caller
		for _, role := range resetters {
			callers = append(callers, house.Person(h.A.ID, with(role)))
		}
		for _, tt := range tests {
			target := with(tt.target)
			for i, who := range callers {
				err := h.DB.View(ctx, func(tx *sqldb.Tx) error {
					return authz.NeedReach(ctx, tx, who, target, authz.Passwords(), "users/password/update")
				})
				if tt.by[i] && err != nil || !tt.by[i] && !errors.Is(err, authz.Denied) {
					t.Errorf("%s resets the password of %s: err = %v, want allowed %v", resetters[i], tt.target, err, tt.by[i])
				}
			}
		}
	})
}
