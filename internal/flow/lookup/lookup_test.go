package lookup_test

import (
	"testing"

	"entente/internal/core/authz"
	"entente/internal/enttest/house"
	"entente/internal/flow/lookup"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

func TestFind(t *testing.T) {
	house.Each(t, func(t *testing.T, h *house.House) {
		ctx, s := t.Context(), lookup.NewService(h.DB)
		admin, mine, theirs := h.AddUser(t, h.A, "administrator"), h.AddUser(t, h.A, "tess"), h.AddUser(t, h.B, "tess")
		if err := h.DB.Update(ctx, func(tx *sqldb.Tx) error {
			return authz.Assign(ctx, tx, h.A.ID, admin.ID, authz.GlobalAdministrator)
		}); err != nil {
			t.Fatal(err)
		}
		who := house.Person(h.A.ID, admin.ID)
		find := func(beginning string, kinds ...lookup.Kind) []lookup.Found {
			t.Helper()
			found, err := s.Find(ctx, who, beginning, kinds...)
			if err != nil {
				t.Fatal(err)
			}
			return found
		}
		for _, beginning := range []string{mine.DisplayName, mine.UserPrincipalName, mine.UserPrincipalName[:3]} {
			if got := find(beginning, lookup.Member); len(got) != 1 || got[0].ID != string(mine.ID) || got[0].Under != mine.UserPrincipalName {
				t.Errorf("%s: %+v", beginning, got)
			}
			if got := find(beginning, lookup.Guest); len(got) != 0 {
				t.Errorf("%s as a guest: %+v", beginning, got)
			}
		}
		if got := find("%", lookup.Member, lookup.Group, lookup.Application, lookup.Identity); len(got) != 0 {
			t.Errorf("a wildcard finds %+v", got)
		}
		if _, err := s.Find(ctx, who, " ", lookup.Member); fault.Public(err).Code != fault.Invalid {
			t.Errorf("nothing typed: %v", err)
		}
		named, err := s.Named(ctx, who, mine.ID, theirs.ID, ids.New[ids.ObjectID]())
		if err != nil || len(named) != 1 || named[mine.ID].Name != mine.DisplayName {
			t.Errorf("named: %+v %v", named, err)
		}
	})
}
