package load

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"entente/internal/core/directory"
	"entente/internal/enttest/dbtest"
	"entente/internal/enttest/house"
	"entente/internal/flow/entitlement"
	"entente/internal/kit/clock"
	"entente/internal/kit/ids"
	"entente/internal/kit/jobs"
	"entente/internal/kit/sqldb"
)

// few is how many assignments a store of little history has.
const few = 10_000

// group is how many lifecycles run together: their rows fit into one transaction
// of the yardstick's.
const group = 40

// callers is how many ask, decide and work at once.
const callers = 4

// BenchmarkLifecycle measures request, approval, delivery and end of an access
// package, with few assignments stored and with as many as
// ENTENTE_BENCH_ASSIGNMENTS says, beside its yardstick: the dozen rows that a
// lifecycle leaves, written for forty in one transaction. "ratio" is our rate over
// the yardstick's.
func BenchmarkLifecycle(b *testing.B) {
	for _, engine := range dbtest.Engines {
		b.Run(string(engine), func(b *testing.B) {
			h := house.At(b, dbtest.DurableURL(b, engine))
			g := &ground{db: h.DB, users: h.Users, tenant: h.A.ID, domain: h.A.Domain, admin: h.A.Admin}
			g.setUp(b, time.Hour)
			g.history(b)
			people := make([]*directory.User, group)
			for i := range people {
				people[i] = g.addUser(b, fmt.Sprint("p", i))
			}
			g.work(b, h.Clock)
			stored := 0
			sizes := []int{few}
			if n := number(b, "ENTENTE_BENCH_ASSIGNMENTS", few); n > few {
				sizes = append(sizes, n)
			}
			for _, size := range sizes {
				g.store(b, stored, size)
				g.analyze(b)
				stored = size
				b.Run("stored="+strconv.Itoa(size), func(b *testing.B) {
					var ours, bare, oursCPU, bareCPU time.Duration
					n := 0
					var commits, retries, statements int64
					for ; n < b.N; n += group { // in turns: a busy machine hits both alike
						at, cpu := time.Now(), processorTime(b)
						before := g.db.Stats()
						g.lifecycles(b, people, h.Clock)
						after := g.db.Stats()
						commits, retries = commits+after.Commits-before.Commits, retries+after.Retries-before.Retries
						statements += after.Statements - before.Statements
						ours, oursCPU = ours+time.Since(at), oursCPU+processorTime(b)-cpu
						at, cpu = time.Now(), processorTime(b)
						g.rows(b, group)
						bare, bareCPU = bare+time.Since(at), bareCPU+processorTime(b)-cpu
					}
					b.ReportMetric(float64(n)/ours.Seconds(), "lifecycles/s")
					b.ReportMetric(float64(n)/bare.Seconds(), "bare/s")
					b.ReportMetric(bare.Seconds()/ours.Seconds(), "ratio")
					b.ReportMetric(float64(commits)/float64(n), "commits/lifecycle")
					b.ReportMetric(float64(retries)/float64(n), "retries/lifecycle")
					b.ReportMetric(float64(statements)/float64(n), "statements/lifecycle")
					b.ReportMetric(float64(oursCPU.Microseconds())/float64(n), "µs-cpu/lifecycle")
					b.ReportMetric(float64(bareCPU.Microseconds())/float64(n), "µs-cpu/bare")
				})
			}
		})
	}
}

// work runs a worker until the benchmark ends, as a server does.
func (g *ground) work(b *testing.B, clk clock.Clock) {
	b.Helper()
	w := jobs.New(g.db, clk, jobs.Options{})
	w.HandleGroup(entitlement.RequestKind, entitlement.Most, g.service.LookAtRequests, jobs.Policy{})
	w.HandleGroup(entitlement.AssignmentKind, entitlement.Most, g.service.LookAtAssignments, jobs.Policy{})
	w.HandleGroup(entitlement.TellKind, entitlement.Most, g.service.Tell, jobs.Policy{}) // without mail: nothing is sent
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	b.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			b.Error(err)
		}
	})
}

// lifecycles has everybody ask, be approved, get and lose the package.
func (g *ground) lifecycles(b *testing.B, people []*directory.User, clk *clock.Fake) {
	b.Helper()
	requests := make([]*entitlement.Request, len(people))
	var all sync.WaitGroup
	for n := range callers {
		all.Go(func() {
			for i := n; i < len(people); i += callers {
				requests[i] = g.ask(b, people[i])
				g.approve(b, requests[i])
			}
		})
	}
	all.Wait()
	g.until(b, clk, len(people))
	clk.Advance(time.Hour)
	g.until(b, clk, 0)
}

// until waits until so many of the people have the package and nothing is being
// delivered or taken. What one job did not do for another's sake is due a second
// later.
func (g *ground) until(b *testing.B, clk *clock.Fake, want int) {
	b.Helper()
	have, open := -1, -1
	for range 6000 {
		must(b, g.db.View(b.Context(), func(tx *sqldb.Tx) error {
			if err := tx.One(b.Context(), `select count(*) from membership where tenant_id = ? and group_id = ?`, []any{g.tenant, g.group}, &have); err != nil {
				return err
			}
			return tx.One(b.Context(), `select count(*) from assignment_request where tenant_id = ? and state in ('pendingApproval', 'delivering')`, []any{g.tenant}, &open)
		}))
		if have == want && open == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
		clk.Advance(10 * time.Millisecond)
	}
	b.Fatalf("%d have the package and %d requests are open, want %d and none", have, open, want)
}

// store adds assignments of others until there are size of them: nine of ten have
// ended.
func (g *ground) store(b *testing.B, have, size int) {
	b.Helper()
	const step = 50_000
	if size-have > step {
		defer g.withoutIndexes(b, "package_assignment")()
	}
	for at := have; at < size; at += step {
		must(b, g.db.Update(b.Context(), func(tx *sqldb.Tx) error {
			_, err := tx.Exec(b.Context(), fmt.Sprintf(`
				with recursive n(i) as (select %d union all select i + 1 from n where i < %d)
				insert into package_assignment (tenant_id, id, package_id, policy_id, target_id, object_id, state, status, live, schedule, terms,
				                                starts_us, ends_us, created_us, delivered_us, expired_us)
				select ?, %s, ?, ?, %s, %s, case when i %% 10 = 0 then 'delivered' else 'expired' end, 'Delivered', case when i %% 10 = 0 then 1 else 0 end,
				       '{"Start":"0001-01-01T00:00:00Z","Expiration":{"Type":"","Duration":0,"End":"0001-01-01T00:00:00Z"}}',
				       '{"expiration":{"Type":"afterDuration","Duration":3600000000000,"End":"0001-01-01T00:00:00Z"},"extend":true}',
				       %d + i, %d + i, %d + i, %d + i, 0 from n`, at, min(at+step, size)-1, g.numbered(), g.fresh(), g.fresh(), 1, 1<<60, 1, 1),
				g.tenant, g.pkg, g.policy)
			return err
		}))
	}
}

// history stores what few lifecycles leave beside their assignments: a tenant that
// has that many has these as well, and finds them by their keys.
func (g *ground) history(b *testing.B) {
	b.Helper()
	numbers := fmt.Sprintf("with recursive n(i) as (select 1 union all select i + 1 from n where i < %d) ", few)
	must(b, g.db.Update(b.Context(), func(tx *sqldb.Tx) error {
		for _, s := range []struct {
			text string
			args []any
		}{
			{`insert into subject (tenant_id, id, kind, principal, object_id, name, created_us) select ?, {new}, 'person', {new}, {new}, 'x', 1 from n`, []any{g.tenant}},
			{`insert into object (tenant_id, id, kind, display_name, name_folded, created_us, created_by) select ?, {new}, 'user', 'x', 'x', 1, '' from n`, []any{g.tenant}},
			{`insert into membership (tenant_id, group_id, member_id, added_us, ends_us) select ?, 'g' || (i % 100), {new}, 1, 0 from n`, []any{g.tenant}},
			{`insert into assignment_request (tenant_id, id, kind, package_id, policy_id, requestor_id, target_id, assignment_id, state, status, waits, schedule, terms, created_us, completed_us)
			  select ?, 'r' || i, 'userAdd', ?, ?, {new}, {new}, {new}, 'delivered', '', 0, '{}', '{}', 1, 2 from n`, []any{g.tenant, g.pkg, g.policy}},
			{`insert into approval_stage (tenant_id, request_id, number, id, status, result) select ?, 'r' || i, 0, {new}, 'Completed', 'Approve' from n`, []any{g.tenant}},
			{`insert into approval_approver (tenant_id, request_id, number, object_id, alternate) select ?, 'r' || i, 0, ?, 0 from n`, []any{g.tenant, g.ada.ID}},
			{`insert into provision_grant (tenant_id, id, object_id, system, origin, role, created_us) select ?, {new}, {new}, 'AadGroup', 'x', 'y', 1 from n`, []any{g.tenant}},
			{`insert into provision_source (tenant_id, grant_id, source, cause_id, state, changed_us) select ?, {new}, {new}, {new}, 'given', 1 from n`, []any{g.tenant}},
			{`insert into cause (tenant_id, id, kind, created_us) select ?, {new}, 'x', 1 from n`, []any{g.tenant}},
			{`insert into cause_of (tenant_id, target_kind, target_id, cause_id) select ?, 'membership', {new}, {new} from n`, []any{g.tenant}},
		} {
			if _, err := tx.Exec(b.Context(), numbers+strings.ReplaceAll(s.text, "{new}", g.fresh()), s.args...); err != nil {
				return err
			}
		}
		return nil
	}))
}

// rows is the yardstick: what n lifecycles leave, each kind of row at once.
func (g *ground) rows(b *testing.B, n int) {
	b.Helper()
	list := make([][5]string, n) // request, stage, assignment, object, target
	for i := range list {
		for k := range list[i] {
			list[i][k] = string(ids.New[ids.ObjectID]())
		}
	}
	const terms = `{"expiration":{"Type":"afterDuration","Duration":3600000000000,"End":"0001-01-01T00:00:00Z"},"stages":[{"TimeOut":1209600000000000}]}`
	for _, part := range [][]struct {
		text string
		args func(r [5]string) []any
	}{{
		{`insert into assignment_request (tenant_id, id, kind, package_id, policy_id, requestor_id, target_id, state, status, waits, schedule, terms, created_us) values ('bench', ?, 'userAdd', ?, ?, ?, ?, 'pendingApproval', '', 1, '{}', ?, 1)`,
			func(r [5]string) []any { return []any{r[0], g.pkg, g.policy, r[4], r[4], terms} }},
		{`insert into approval_stage (tenant_id, request_id, number, id, status, result) values ('bench', ?, 0, ?, 'InProgress', 'NotReviewed')`,
			func(r [5]string) []any { return []any{r[0], r[1]} }},
		{`insert into approval_approver (tenant_id, request_id, number, object_id, alternate) values ('bench', ?, 0, ?, 0)`,
			func(r [5]string) []any { return []any{r[0], g.ada.ID} }},
		{`insert into audit_entry (tenant_id, id, at_us, category, activity, by_kind, by_subject, by_object, by_name, target_kind, target_id, target_name, hash) values ('bench', ?, 1, 'EntitlementManagement', 'x', 'person', '', '', '', '', ?, '', '')`,
			func(r [5]string) []any { return []any{r[1], r[0]} }},
	}, {
		{`update approval_stage set status = 'Completed', result = 'Approve' where tenant_id = 'bench' and request_id = ? and number = 0`, func(r [5]string) []any { return []any{r[0]} }},
		{`update assignment_request set state = 'delivered', waits = 0, assignment_id = ? where tenant_id = 'bench' and id = ?`, func(r [5]string) []any { return []any{r[2], r[0]} }},
		{`insert into package_assignment (tenant_id, id, package_id, policy_id, target_id, object_id, state, status, live, schedule, terms, starts_us, ends_us, created_us) values ('bench', ?, ?, ?, ?, ?, 'delivered', '', 1, '{}', ?, 1, 2, 1)`,
			func(r [5]string) []any { return []any{r[2], g.pkg, g.policy, r[4], r[3], terms} }},
		{`insert into membership (tenant_id, group_id, member_id, added_us, ends_us) values ('bench', ?, ?, 1, 2)`, func(r [5]string) []any { return []any{g.group, r[3]} }},
		{`insert into audit_entry (tenant_id, id, at_us, category, activity, by_kind, by_subject, by_object, by_name, target_kind, target_id, target_name, hash) values ('bench', ?, 2, 'EntitlementManagement', 'x', 'person', '', '', '', '', ?, '', '')`,
			func(r [5]string) []any { return []any{r[2], r[0]} }},
	}, {
		{`update package_assignment set state = 'expired', live = 0, expired_us = 3 where tenant_id = 'bench' and id = ?`, func(r [5]string) []any { return []any{r[2]} }},
		{`delete from membership where tenant_id = 'bench' and group_id = ? and member_id = ?`, func(r [5]string) []any { return []any{g.group, r[3]} }},
		{`insert into audit_entry (tenant_id, id, at_us, category, activity, by_kind, by_subject, by_object, by_name, target_kind, target_id, target_name, hash) values ('bench', ?, 3, 'EntitlementManagement', 'x', 'person', '', '', '', '', ?, '', '')`,
			func(r [5]string) []any { return []any{r[3], r[0]} }},
	}} {
		must(b, g.db.Update(b.Context(), func(tx *sqldb.Tx) error {
			for _, s := range part {
				rows := make([][]any, n)
				for i, r := range list {
					rows[i] = s.args(r)
				}
				if _, err := tx.ExecAll(b.Context(), s.text, rows); err != nil {
					return err
				}
			}
			return nil
		}))
	}
}
