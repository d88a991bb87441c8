package load

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"entente/internal/core/directory"
	"entente/internal/enttest"
	"entente/internal/enttest/dbtest"
	"entente/internal/enttest/house"
	"entente/internal/flow/entitlement"
	"entente/internal/flow/offer"
	"entente/internal/flow/provision"
	"entente/internal/kit/clock"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// BenchmarkDue has as many assignments end at one minute as ENTENTE_BENCH_DUE says,
// on a whole server, while one client asks for a token fifty times a second, and
// beside two yardsticks: one statement that ends them, and the rows that an end
// changes, leaves and removes, each kind at once, in groups of the most that we take
// together. "factor" is our time over the first one's, "factor-rows" over the other's.
func BenchmarkDue(b *testing.B) {
	for _, engine := range dbtest.Engines {
		b.Run(string(engine), func(b *testing.B) {
			clk := clock.NewFake(dbtest.Noon)
			s := enttest.Start(b, enttest.Options{Engine: engine, Clock: clk})
			g := groundOf(b, s, clk)
			const term = 30 * 24 * time.Hour
			g.setUp(b, term)
			n := number(b, "ENTENTE_BENCH_DUE", 500)
			g.holders(b, n, clk)
			clk.Advance(term - 24*time.Hour - time.Minute) // notices of the end are given before
			g.drain(b, clk, func() bool {
				return !g.any(b, `package_assignment where tenant_id = ? and live = 1 and noticed_us = 0`)
			})
			b.ResetTimer()
			for range b.N {
				quiet := g.tokens(b, s, func() { time.Sleep(2 * time.Second) })
				clk.Advance(24*time.Hour + 2*time.Minute)
				at, cpu, before := time.Now(), processorTime(b), s.StoreStats()
				busy := g.tokens(b, s, func() {
					g.drain(b, clk, func() bool {
						return !g.any(b, `package_assignment where tenant_id = ? and live = 1`) && !g.any(b, `membership where tenant_id = ? and group_id = '`+string(g.group)+`'`)
					})
				})
				ours, used, after := time.Since(at), processorTime(b)-cpu, s.StoreStats()
				must(b, g.db.Update(b.Context(), func(tx *sqldb.Tx) error {
					_, err := tx.Exec(b.Context(), `update package_assignment set live = 1, state = 'delivered' where tenant_id = ?`, g.tenant)
					return err
				}))
				at = time.Now()
				must(b, g.db.Update(b.Context(), func(tx *sqldb.Tx) error {
					_, err := tx.Exec(b.Context(), `update package_assignment set live = 0, state = 'expired', status = 'Expired', expired_us = ?, version = version + 1
						where tenant_id = ? and live = 1 and ends_us > 0 and ends_us <= ?`, sqldb.Micros(tx.Now()), g.tenant, sqldb.Micros(tx.Now()))
					return err
				}))
				bare := time.Since(at)
				rows := g.endRows(b, n)
				b.ReportMetric(float64(n)/ours.Seconds(), "ends/s")
				b.ReportMetric(ours.Seconds(), "s")
				b.ReportMetric(float64(after.Statements-before.Statements)/float64(n), "statements/end")
				b.ReportMetric(float64(after.Commits-before.Commits), "commits")
				b.ReportMetric(float64(after.Retries-before.Retries), "retries")
				b.ReportMetric(ours.Seconds()/bare.Seconds(), "factor")
				b.ReportMetric(ours.Seconds()/rows.Seconds(), "factor-rows")
				b.ReportMetric(float64(used.Microseconds())/float64(n), "µs-cpu/end")
				for name, list := range map[string][]time.Duration{"quiet": quiet, "busy": busy} {
					slices.Sort(list)
					b.ReportMetric(float64(list[len(list)/2].Microseconds())/1000, "ms-token-p50-"+name)
					b.ReportMetric(float64(list[len(list)*99/100].Microseconds())/1000, "ms-token-p99-"+name)
				}
			}
		})
	}
}

// endRows returns how long the second yardstick takes.
func (g *ground) endRows(b *testing.B, n int) (took time.Duration) {
	b.Helper()
	list := make([]string, n)
	for i := range list {
		list[i] = string(ids.New[ids.ObjectID]())
	}
	run := func(texts ...string) {
		for part := range slices.Chunk(list, entitlement.Most) {
			must(b, g.db.Update(b.Context(), func(tx *sqldb.Tx) error {
				for _, text := range texts {
					rows := make([][]any, len(part))
					for i, id := range part {
						for range strings.Count(text, "?") {
							rows[i] = append(rows[i], id)
						}
					}
					if _, err := tx.ExecAll(b.Context(), text, rows); err != nil {
						return err
					}
				}
				return nil
			}))
		}
	}
	run(`insert into package_assignment (tenant_id, id, package_id, policy_id, target_id, object_id, state, status, live, schedule, terms, starts_us, ends_us, created_us)
			values ('ends', ?, 'p', 'y', ?, ?, 'delivered', '', 1, '{}', '{}', 1, 2, 1)`,
		`insert into membership (tenant_id, group_id, member_id, added_us, ends_us) values ('ends', 'g', ?, 1, 2)`,
		`insert into provision_grant (tenant_id, id, object_id, system, origin, role, created_us) values ('ends', ?, ?, 'AadGroup', 'x', 'y', 1)`,
		`insert into provision_source (tenant_id, grant_id, source, cause_id, state, changed_us) values ('ends', ?, ?, ?, 'given', 1)`,
		`insert into cause_of (tenant_id, target_kind, target_id, cause_id) values ('ends', 'membership', ?, ?)`)
	g.analyze(b)
	at := time.Now()
	run(`update package_assignment set state = 'expired', live = 0, expired_us = 3 where tenant_id = 'ends' and id = ?`,
		`delete from membership where tenant_id = 'ends' and group_id = 'g' and member_id = ?`,
		`delete from cause_of where tenant_id = 'ends' and target_kind = 'membership' and target_id = ?`,
		`delete from provision_source where tenant_id = 'ends' and grant_id = ?`,
		`delete from provision_grant where tenant_id = 'ends' and id = ?`,
		`insert into assignment_request (tenant_id, id, kind, package_id, policy_id, requestor_id, target_id, assignment_id, state, status, waits, schedule, terms, created_us, completed_us)
			values ('ends', ?, 'systemRemove', 'p', 'y', 's', ?, ?, 'delivered', '', 0, '{}', '{}', 3, 3)`,
		`insert into audit_entry (tenant_id, id, at_us, category, activity, by_kind, by_subject, by_object, by_name, target_kind, target_id, target_name, hash)
			values ('ends', ?, 3, 'EntitlementManagement', 'x', 'system', '', '', '', '', ?, '', '')`)
	return time.Since(at)
}

// groundOf is the ground of a server's first tenant.
func groundOf(b *testing.B, s *enttest.Server, clk clock.Clock) *ground {
	b.Helper()
	g := &ground{db: dbtest.OpenURL(b, s.Store, clk), tenant: ids.TenantID(s.A.ID), domain: s.A.Domain}
	g.users = directory.NewService(g.db, directory.NewHasher(1, directory.PasswordCost))
	must(b, g.db.View(b.Context(), func(tx *sqldb.Tx) error {
		u, err := directory.GetUser(b.Context(), tx, g.tenant, s.A.AdminUPN)
		if err == nil {
			g.admin = house.Person(g.tenant, u.ID)
		}
		return err
	}))
	return g
}

// holders has n people have the package: one who asks, and copies of everything
// that this leaves.
func (g *ground) holders(b *testing.B, n int, clk *clock.Fake) {
	b.Helper()
	u := g.addUser(b, "personzero")
	r := g.ask(b, u)
	g.approve(b, r)
	g.drain(b, clk, func() bool { return g.members(b) == 1 })
	var a *entitlement.Assignment
	g.drain(b, clk, func() bool {
		list, err := g.service.OwnAssignments(b.Context(), house.Person(g.tenant, u.ID), entitlement.OnTarget, offer.Asked{})
		must(b, err)
		a = list.Items[0]
		return a.State == entitlement.AccessDelivered
	})
	g.drain(b, clk, func() bool { return g.busy(b, clk) == 0 }) // what is copied stands still
	old := []string{string(u.ID), string(a.ID), string(a.Target), string(r.ID)}
	find := func(q string, args ...any) {
		must(b, g.db.View(b.Context(), func(tx *sqldb.Tx) error {
			return tx.Each(b.Context(), q, append([]any{g.tenant}, args...), func(scan func(...any) error) error {
				var id string
				err := scan(&id)
				old = append(old, id)
				return err
			})
		}))
	}
	find(`select grant_id from provision_source where tenant_id = ? and source = ?`, a.ID)
	find(`select cause_id from provision_source where tenant_id = ? and source = ?`, a.ID)
	grant, cause := old[len(old)-2], old[len(old)-1]
	find(`select id from job where tenant_id = ? and job_key = ?`, a.ID)
	// The name's first eight letters are replaced like an identifier's digits.
	old = append(old, "personzero", "Personzero")
	where := map[string]string{
		"account": "t.id = '" + string(u.ID) + "'", "object": "t.id = '" + string(u.ID) + "'", "object_name": "t.object_id = '" + string(u.ID) + "'",
		"subject": "t.object_id = '" + string(u.ID) + "'", "package_assignment": "t.id = '" + string(a.ID) + "'",
		"assignment_request": "t.id = '" + string(r.ID) + "'", "provision_grant": "t.object_id = '" + string(u.ID) + "'",
		"provision_source": "t.source = '" + string(a.ID) + "'", "membership": "t.member_id = '" + string(u.ID) + "'",
		"cause":    "t.id in (select cause_id from provision_source where tenant_id = t.tenant_id and source = '" + string(a.ID) + "')",
		"cause_of": "t.cause_id in (select cause_id from provision_source where tenant_id = t.tenant_id and source = '" + string(a.ID) + "')",
		"job":      "t.job_key = '" + string(a.ID) + "' and t.state = 'pending'",
	}
	const step = 10_000
	for at := 1; at < n; at += step {
		g.copies(b, at, min(at+step, n), old, where)
		g.derive(b, at, min(at+step, n), string(u.ID), string(a.ID), grant, cause)
	}
	g.analyze(b)
	if have := g.members(b); have != n {
		b.Fatalf("%d have the package, want %d", have, n)
	}
}

// derive gives the copies' grants and causes the identifiers that follow from whom
// they are for.
func (g *ground) derive(b *testing.B, from, to int, object, source, grant, cause string) {
	b.Helper()
	copied := func(i int, id string) string { return fmt.Sprintf("%08x%s", i, id[8:]) }
	for ; from < to; from += 100 {
		var grants, sources, causes, ties [][]any
		for i := from; i < min(from+100, to); i++ {
			to := ids.Derived[string]("grant", string(g.tenant), copied(i, object), provision.Groups, string(g.group), "Member_"+string(g.group))
			why := ids.Derived[string]("grant", to, copied(i, source))
			grants = append(grants, []any{to, g.tenant, copied(i, grant)})
			sources = append(sources, []any{to, why, g.tenant, copied(i, grant)})
			causes = append(causes, []any{why, g.tenant, copied(i, cause)})
			ties = append(ties, []any{why, g.tenant, copied(i, cause)})
		}
		must(b, g.db.Update(b.Context(), func(tx *sqldb.Tx) error {
			for text, rows := range map[string][][]any{
				`update provision_grant set id = ? where tenant_id = ? and id = ?`:                            grants,
				`update provision_source set grant_id = ?, cause_id = ? where tenant_id = ? and grant_id = ?`: sources,
				`update cause set id = ? where tenant_id = ? and id = ?`:                                      causes,
				`update cause_of set cause_id = ? where tenant_id = ? and cause_id = ?`:                       ties,
			} {
				if _, err := tx.ExecAll(b.Context(), text, rows); err != nil {
					return err
				}
			}
			return nil
		}))
	}
}

func (g *ground) members(b *testing.B) (n int) {
	b.Helper()
	must(b, g.db.View(b.Context(), func(tx *sqldb.Tx) error {
		return tx.One(b.Context(), `select count(*) from membership where tenant_id = ? and group_id = ?`, []any{g.tenant, g.group}, &n)
	}))
	return n
}

// busy returns how many jobs of the tenant run or are due.
func (g *ground) busy(b *testing.B, clk clock.Clock) (n int) {
	b.Helper()
	must(b, g.db.View(b.Context(), func(tx *sqldb.Tx) error {
		return tx.One(b.Context(), `select count(*) from job where tenant_id = ? and (state = 'running' or due_us <= ?)`, []any{g.tenant, sqldb.Micros(clk.Now())}, &n)
	}))
	return n
}

// any reports whether there is such a row of the tenant's. To count them would take
// longer than what is measured.
func (g *ground) any(b *testing.B, which string) bool {
	b.Helper()
	n := 0
	must(b, g.db.View(b.Context(), func(tx *sqldb.Tx) error {
		return tx.One(b.Context(), `select count(*) from (select 1 from `+which+` limit 1) x`, []any{g.tenant}, &n)
	}))
	return n > 0
}

// drain waits until the server's workers are done.
func (g *ground) drain(b *testing.B, clk *clock.Fake, done func() bool) {
	b.Helper()
	for at := time.Now(); !done(); {
		if time.Since(at) > 20*time.Minute {
			b.Fatal("the workers do not come to an end")
		}
		time.Sleep(50 * time.Millisecond)
		clk.Advance(50 * time.Millisecond)
	}
}

// tokens asks for tokens, fifty a second, as long as do runs, and returns how long
// each took.
func (g *ground) tokens(b *testing.B, s *enttest.Server, do func()) (took []time.Duration) {
	b.Helper()
	ended := make(chan struct{})
	var asking sync.WaitGroup
	asking.Go(func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ended:
				return
			case <-tick.C:
			}
			at := time.Now()
			a := s.Post(b, "/"+s.A.ID+"/oauth2/v2.0/token", url.Values{
				"grant_type": {"client_credentials"}, "client_id": {s.A.ClientID}, "client_secret": {s.A.ClientSecret}, "scope": {enttest.GraphScope}})
			if a.Status != http.StatusOK {
				b.Errorf("a token is refused: %d %.300s", a.Status, a.Body)
				return
			}
			took = append(took, time.Since(at))
		}
	})
	do()
	close(ended)
	asking.Wait()
	if len(took) == 0 {
		b.Fatal("no token was asked for")
	}
	return took
}
