package site_test

import (
	"slices"
	"testing"
	"time"

	"entente/internal/core/object"
	"entente/internal/core/site"
	"entente/internal/enttest/dbtest"
	"entente/internal/enttest/house"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// TestOwnSites: a person's sites are those in which they hold a role and those of
// the Microsoft 365 groups that they are in, once each and as long as they are;
// another person of the tenant and one of another tenant see none of them.
func TestOwnSites(t *testing.T) {
	each(t, func(t *testing.T, b *bench) {
		ctx := t.Context()
		one, two, theirs := b.AddUser(t, b.A, "one").ID, b.AddUser(t, b.A, "two").ID, b.AddUser(t, b.B, "one").ID
		own := func(in ids.TenantID, who ids.ObjectID, q query.Query) (names []string, page object.Page[*site.Site]) {
			t.Helper()
			q.Order = []query.Key{{Field: "displayName"}}
			page, err := b.sites.OwnSites(ctx, house.Person(in, who), q)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range page.Items {
				names = append(names, s.DisplayName)
			}
			return names, page
		}
		expect := func(when string, want ...string) {
			t.Helper()
			if got, _ := own(b.A.ID, one, query.Query{Page: query.Page{Limit: 50}}); !slices.Equal(got, want) {
				t.Errorf("%s: got %v, want %v", when, got, want)
			}
		}
		expect("in nothing")
		team := func(name string, owners, members []ids.ObjectID) *site.Team {
			t.Helper()
			made, err := b.sites.MakeTeam(ctx, b.A.Admin, []byte(`{"displayName":"`+name+`","mailNickname":"`+name+`","mailEnabled":true,"securityEnabled":false,"groupTypes":["Unified"]}`), owners, members)
			if err != nil {
				t.Fatal(err)
			}
			return made
		}
		team("Crew", []ids.ObjectID{two}, []ids.ObjectID{one})
		team("Owned", []ids.ObjectID{one}, nil)
		workshop := team("Workshop", []ids.ObjectID{two}, nil)
		for _, role := range b.site.Roles()[:2] {
			if _, err := b.grant(t, role.ID, one, dbtest.Noon.Add(time.Hour)); err != nil {
				t.Fatal(err)
			}
		}
		expect("in two groups and by two roles in a site", "Crew", "Owned", "Papers")
		if err := b.DB.View(ctx, func(tx *sqldb.Tx) (err error) {
			b.site, err = site.OfGroup(ctx, tx, b.A.ID, workshop.ID)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if _, err := b.grant(t, b.site.Roles()[2].ID, one, dbtest.Noon.Add(2*time.Hour)); err != nil {
			t.Fatal(err)
		}
		expect("by a role in a group's site", "Crew", "Owned", "Papers", "Workshop")
		first, page := own(b.A.ID, one, query.Query{Page: query.Page{Limit: 3}})
		rest, _ := own(b.A.ID, one, query.Query{Page: query.Page{Limit: 3, After: page.Next}})
		if got := slices.Concat(first, rest); !slices.Equal(got, []string{"Crew", "Owned", "Papers", "Workshop"}) {
			t.Errorf("page by page: %v", got)
		}
		if got, _ := own(b.A.ID, two, query.Query{Page: query.Page{Limit: 50}}); !slices.Equal(got, []string{"Crew", "Workshop"}) {
			t.Errorf("another person: %v", got)
		}
		if got, _ := own(b.B.ID, theirs, query.Query{Page: query.Page{Limit: 50}}); len(got) != 0 {
			t.Errorf("a person of another tenant: %v", got)
		}
		b.Clock.Advance(90 * time.Minute)
		expect("when the role has ended", "Crew", "Owned", "Workshop")
		b.Clock.Advance(time.Hour)
		expect("when all roles have ended", "Crew", "Owned")
	})
}
