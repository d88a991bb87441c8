package load

import (
	"net/http"
	"testing"
	"time"

	"entente/internal/enttest"
	"entente/internal/enttest/browser"
	"entente/internal/enttest/crowd"
	"entente/internal/enttest/dbtest"
	"entente/internal/kit/clock"
	"entente/internal/kit/ids"
)

// peopled is how many users a directory has: 2,000, or as many as
// ENTENTE_BENCH_USERS says. It has a tenth of that in groups, and a tenth of the
// users are in one of them.
func peopled(b *testing.B) int {
	b.Helper()
	return number(b, "ENTENTE_BENCH_USERS", 2000)
}

// BenchmarkPeoplePages opens the admin center's pages of users and groups in a large
// directory: the first page of each list, one in its middle, those that a filter
// narrows, and the page of one. Server and client are one process here, as in
// BenchmarkAccessPages.
func BenchmarkPeoplePages(b *testing.B) {
	for _, engine := range dbtest.Engines {
		b.Run(string(engine), func(b *testing.B) {
			n := peopled(b)
			s := enttest.Start(b, enttest.Options{Engine: engine, Clock: clock.NewFake(dbtest.Noon)})
			user, group := populate(b, s, n)
			vacuum(b, engine, s.Store)
			who, at := browser.AsAdmin(b, s, s.A), "/@"+s.A.Domain+"/admin"
			for _, p := range []struct{ name, path string }{
				{"users", at + "/users"},
				{"users far", far(who, at+"/users", 20)},
				{"users by name", at + "/users?find=person1"},
				{"users by address", at + "/users?find=person1" + "@"},
				{"users, guests", at + "/users?type=Guest"},
				{"user", at + "/users/" + user},
				{"groups", at + "/groups"},
				{"groups far", far(who, at+"/groups", 3)},
				{"groups by name", at + "/groups?find=crew1"},
				{"groups, Microsoft 365", at + "/groups?type=unified"},
				{"groups, teams", at + "/groups?type=team"},
				{"group", at + "/groups/" + group},
				{"members", at + "/groups/" + group + "/members"},
				{"members by name", at + "/groups/" + group + "/members?find=person1"},
				{"deleted users", at + "/deleted-users"},
			} {
				b.Run(p.name, func(b *testing.B) { fetch(b, who, p.path) })
			}
		})
	}
}

// far returns the address of the page of a list that comes n pages after the first.
func far(who *browser.Browser, path string, n int) string {
	for range n {
		next := who.Get(path).Link("Next page")
		if next == "" {
			break
		}
		path = next
	}
	return path
}

// fetch opens a page and tells its bytes and the processor time that it took.
func fetch(b *testing.B, who *browser.Browser, path string) {
	bytes, before, start := 0, processorTime(b), time.Now()
	for b.Loop() {
		bytes = who.Fetch(path)
	}
	b.ReportMetric(float64((processorTime(b)-before).Microseconds())/float64(b.N), "µs-cpu/op")
	b.ReportMetric(float64(time.Since(start).Microseconds())/float64(b.N), "µs-wall/op")
	b.ReportMetric(float64(bytes), "bytes")
	if bytes > mostBytes {
		b.Errorf("%s has %d bytes", path, bytes)
	}
}

// populate has tenant A have n users, a tenth of that in groups, and one group of a
// tenth of the users. It returns one of the users and that group.
func populate(b *testing.B, s *enttest.Server, n int) (user, group string) {
	b.Helper()
	type m = map[string]any
	add := func(path string, body m) string {
		b.Helper()
		var made struct{ ID string }
		s.Graph(b, s.A, http.MethodPost, path, body, &made)
		return made.ID
	}
	user = add("/v1.0/users", m{"accountEnabled": true, "displayName": "personzero", "mailNickname": "personzero", "userPrincipalName": "personzero@" + s.A.Domain, "jobTitle": "Turbine designer",
		"passwordProfile": m{"password": "Copper-Lantern-72"}})
	small := add("/v1.0/groups", m{"displayName": "crewzero", "mailNickname": "crewzero", "mailEnabled": false, "securityEnabled": true, "description": "Who keeps a turbine running"})
	group = add("/v1.0/groups", m{"displayName": "Everybody", "mailNickname": "everybody", "mailEnabled": false, "securityEnabled": true})
	db := dbtest.OpenURL(b, s.Store, s.Clock)
	must(b, crowd.Copy(b.Context(), db, s.A.ID, user, "personzero", "person", crowd.UserTables, n))
	must(b, crowd.Copy(b.Context(), db, s.A.ID, small, "crewzero", "crew", crowd.GroupTables, n/10))
	must(b, crowd.Join(b.Context(), db, s.A.ID, ids.ObjectID(group), n/10))
	return user, group
}
