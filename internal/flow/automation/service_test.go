package automation_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"entente/internal/core/authz"
	"entente/internal/core/federation"
	"entente/internal/core/managedidentity"
	"entente/internal/enttest/house"
	"entente/internal/flow/automation"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/jobs"
	"entente/internal/kit/sqldb"
)

// A shop is automation in a house: an account in each tenant, and a worker.
type shop struct {
	*house.House
	*automation.Service
	t       *testing.T
	ids     *managedidentity.Service
	account managedidentity.Resource // of A
	worker  *managedidentity.Host    // of A
	work    *jobs.Worker
}

func each(t *testing.T, test func(s *shop)) {
	house.Each(t, func(t *testing.T, h *house.House) {
		s := &shop{House: h, t: t, ids: managedidentity.NewService(h.DB, federation.Purge)}
		s.Service = automation.NewService(h.DB, s.ids)
		s.work = jobs.New(h.DB, h.Clock, jobs.Options{})
		s.work.Handle(automation.ScheduleKind, s.LookAtSchedule, jobs.Policy{})
		s.work.Handle(automation.GoneKind, s.LookAtGone, jobs.Policy{})
		s.work.Subscribe(managedidentity.HostRemoved, automation.GoneKind)
		s.account = s.newAccount(h.A, "ops")
		s.worker = s.newWorker(h.A, "build-1")
		test(s)
	})
}

func (s *shop) ctx() context.Context { return s.t.Context() }

func (s *shop) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *shop) newAccount(in house.Tenant, name string) managedidentity.Resource {
	s.t.Helper()
	subs, err := s.ids.Subscriptions(s.ctx(), in.Admin)
	s.must(err)
	if len(subs) == 0 {
		sub, err := s.ids.AddSubscription(s.ctx(), in.Admin, "", "Workloads")
		s.must(err)
		subs = append(subs, sub)
		_, _, err = s.ids.PutGroup(s.ctx(), in.Admin, sub.ID, "rg", "westeurope", nil)
		s.must(err)
	}
	r := managedidentity.Resource{Subscription: subs[0].ID, Group: "rg", Type: managedidentity.TypeAutomation, Name: name}
	place := "westeurope"
	_, _, err = s.ids.PutHost(s.ctx(), in.Admin, r, managedidentity.HostSpec{Location: &place, Identity: &managedidentity.IdentityBlock{System: true}})
	s.must(err)
	return r
}

func (s *shop) newWorker(in house.Tenant, name string) *managedidentity.Host {
	s.t.Helper()
	subs, err := s.ids.Subscriptions(s.ctx(), in.Admin)
	s.must(err)
	r := managedidentity.Resource{Subscription: subs[0].ID, Group: "rg", Type: managedidentity.TypeServer, Name: name}
	_, err = s.AddWorker(s.ctx(), in.Admin, r, "westeurope")
	s.must(err)
	h, err := s.ids.Host(s.ctx(), in.Admin, r)
	s.must(err)
	return h
}

// publish makes a runbook that is published.
func (s *shop) publish(name string, again bool) {
	s.t.Helper()
	_, err := s.AddRunbook(s.ctx(), s.A.Admin, s.account, name, automation.Shell, "")
	s.must(err)
	s.must(s.Describe(s.ctx(), s.A.Admin, s.account, name, "", again))
	r, _, err := s.Runbook(s.ctx(), s.A.Admin, s.account, name)
	s.must(err)
	s.must(s.Write(s.ctx(), s.A.Admin, s.account, name, "echo "+name, r.Edition()))
	s.must(s.Publish(s.ctx(), s.A.Admin, s.account, name, r.Edition()+1))
}

func (s *shop) start(name string) *automation.Job {
	s.t.Helper()
	j, err := s.Start(s.ctx(), s.A.Admin, s.account, name)
	s.must(err)
	return j
}

func (s *shop) job(id automation.JobID) (*automation.Job, string) {
	s.t.Helper()
	j, printed, err := s.Job(s.ctx(), s.A.Admin, s.account, id, 0)
	s.must(err)
	var out strings.Builder
	for _, r := range printed {
		out.Write(r.Bytes)
	}
	return j, out.String()
}

func (s *shop) take(worker *managedidentity.Host) *automation.Order {
	s.t.Helper()
	o, err := s.Take(s.ctx(), worker)
	s.must(err)
	return o
}

// TestAJobFromStartToEnd: written, published, started, handed out once, its output
// kept in order however often it is told, and its end.
func TestAJobFromStartToEnd(t *testing.T) {
	each(t, func(s *shop) {
		s.publish("Count", false)
		j := s.start("count")
		if o := s.take(s.newWorker(s.A, "build-2")); o == nil || o.Job != j.ID || o.Text != "echo Count" || o.Run != 1 || !strings.HasSuffix(o.Account, "/automationAccounts/ops") {
			t.Fatalf("the worker was handed %+v", o)
		}
		if o := s.take(s.worker); o != nil {
			t.Fatalf("a second worker was handed it, too: %+v", o)
		}
		second := s.start("Count")
		if o := s.take(s.worker); o == nil || o.Job != second.ID {
			t.Fatalf("the second job was handed out as %+v", o)
		}
		report := automation.Report{Job: second.ID, Run: 1, Begun: true, Records: []automation.Record{
			{Seq: 1, Stream: automation.Output, Bytes: []byte("Found ")}, {Seq: 2, Stream: automation.Output, Bytes: []byte{'5', 0, 0xff}}}}
		for range 2 {
			stop, err := s.Tell(s.ctx(), s.worker, report)
			if err != nil || stop {
				t.Fatalf("told: %v, %v", stop, err)
			}
		}
		if j, out := s.job(second.ID); j.State != automation.Running || out != "Found 5\x00\xff" {
			t.Errorf("while it runs: %s %q", j.State, out)
		}
		end := automation.Report{Job: second.ID, Run: 1, Ended: true, Exception: "The script ended with the exit code 3.",
			Records: []automation.Record{{Seq: 3, Stream: automation.Error, Bytes: []byte("no")}}}
		for range 2 { // the answer to the first was lost
			if _, err := s.Tell(s.ctx(), s.worker, end); err != nil {
				t.Fatal(err)
			}
		}
		if j, out := s.job(second.ID); j.State != automation.Failed || j.Exception != end.Exception || !strings.HasSuffix(out, "no") || j.EndedAt.IsZero() {
			t.Errorf("at its end: %+v %q", j, out)
		}
		if _, err := s.Tell(s.ctx(), s.worker, report); !errors.Is(err, fault.Conflict) {
			t.Errorf("told of after its end: %v", err)
		}
		all, more, err := s.Jobs(s.ctx(), s.A.Admin, s.account, automation.JobPage{Limit: 1})
		if err != nil || !more || len(all) != 1 || all[0].ID != second.ID && all[0].ID != j.ID {
			t.Fatalf("jobs: %+v %v %v", all, more, err)
		}
		rest, more, err := s.Jobs(s.ctx(), s.A.Admin, s.account, automation.JobPage{Limit: 1, After: automation.JobPlace{At: all[0].CreatedAt, ID: all[0].ID}})
		if err != nil || more || len(rest) != 1 || rest[0].ID == all[0].ID {
			t.Errorf("the next page: %+v %v %v", rest, more, err)
		}
	})
}

// TestWorkersAreOfOneTenant: a worker gets jobs of its own tenant only, a host that
// is none gets nothing, and what a worker was not given does not exist for it.
func TestWorkersAreOfOneTenant(t *testing.T) {
	each(t, func(s *shop) {
		s.publish("Count", false)
		j := s.start("Count")
		s.newAccount(s.B, "theirs")
		theirs := s.newWorker(s.B, "build-1")
		if o := s.take(theirs); o != nil {
			t.Fatalf("another tenant's worker was handed %+v", o)
		}
		host, err := s.ids.Host(s.ctx(), s.A.Admin, s.account)
		s.must(err)
		if _, err := s.Take(s.ctx(), host); !errors.Is(err, automation.NotAWorker) {
			t.Errorf("the account's own host asks for jobs: %v", err)
		}
		s.take(s.worker)
		other := s.newWorker(s.A, "build-2")
		for who, w := range map[string]*managedidentity.Host{"another tenant's worker": theirs, "a colleague": other, "no worker": host} {
			if _, err := s.Tell(s.ctx(), w, automation.Report{Job: j.ID, Run: 1, Ended: true}); err == nil {
				t.Errorf("%s ended the job", who)
			}
			if got, err := s.forJob(w, j.ID); err == nil {
				t.Errorf("%s may speak for account %s", who, got)
			}
		}
		if got, err := s.forJob(s.worker, j.ID); err != nil || got != host.HostID {
			t.Errorf("its worker speaks for %s, %v", got, err)
		}
		if _, err := s.Tell(s.ctx(), s.worker, automation.Report{Job: j.ID, Run: 1, Ended: true}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.forJob(s.worker, j.ID); !errors.Is(err, automation.JobOver) {
			t.Errorf("after the end it speaks still: %v", err)
		}
		s.must(s.RemoveWorker(s.ctx(), s.A.Admin, other.Resource))
		if _, err := s.Take(s.ctx(), other); !errors.Is(err, automation.NotAWorker) {
			t.Errorf("a removed worker asks for jobs: %v", err)
		}
	})
}

func (s *shop) forJob(w *managedidentity.Host, id automation.JobID) (got managedidentity.HostID, err error) {
	err = s.DB.Read(s.ctx(), func(tx *sqldb.Tx) (err error) {
		got, err = automation.ForJob(s.ctx(), tx, w.Tenant, w.HostID, id, s.Clock.Wall())
		return err
	})
	return got, err
}

// TestALostWorker: a job whose worker is silent for a minute has failed with what
// it printed, and is run again only if its runbook says that it may be.
func TestALostWorker(t *testing.T) {
	each(t, func(s *shop) {
		for name, again := range map[string]bool{"Once": false, "Often": true} {
			s.publish(name, again)
			j := s.start(name)
			s.take(s.worker)
			_, err := s.Tell(s.ctx(), s.worker, automation.Report{Job: j.ID, Run: 1, Begun: true, Records: []automation.Record{{Seq: 1, Stream: automation.Output, Bytes: []byte("half")}}})
			s.must(err)
			s.Clock.Advance(59 * time.Second)
			if n, err := s.Lose(s.ctx()); n != 0 || err != nil {
				t.Fatalf("lost before its time: %d, %v", n, err)
			}
			s.Clock.Advance(time.Second)
			if _, err := s.forJob(s.worker, j.ID); !errors.Is(err, automation.JobOver) {
				t.Errorf("its worker still speaks for the account: %v", err)
			}
			if n, err := s.Lose(s.ctx()); n != 1 || err != nil {
				t.Fatalf("lost: %d, %v", n, err)
			}
			got, out := s.job(j.ID)
			if want := map[bool]automation.State{false: automation.Failed, true: automation.New}[again]; got.State != want || out != "half" {
				t.Errorf("%s: %s %q", name, got.State, out)
			}
			_, err = s.Tell(s.ctx(), s.worker, automation.Report{Job: j.ID, Run: 1, Ended: true})
			if after, _ := s.job(j.ID); after.State != got.State || after.Exception != got.Exception || again && !errors.Is(err, fault.Conflict) {
				t.Errorf("the lost worker's word counts: %s, %v", after.State, err)
			}
			o := s.take(s.worker)
			if again != (o != nil) {
				t.Fatalf("%s: handed out again: %+v", name, o)
			}
			if again {
				if o.Run != 2 || o.Printed != 1 {
					t.Errorf("run %d after %d records", o.Run, o.Printed)
				}
				_, err := s.Tell(s.ctx(), s.worker, automation.Report{Job: j.ID, Run: 2, Ended: true})
				s.must(err)
			}
		}
	})
}

// TestStopping: what waits is stopped at once; of what runs the worker hears.
func TestStopping(t *testing.T) {
	each(t, func(s *shop) {
		s.publish("Count", false)
		waits, runs := s.start("Count"), (*automation.Job)(nil)
		s.must(s.Stop(s.ctx(), s.A.Admin, s.account, waits.ID))
		if o := s.take(s.worker); o != nil {
			t.Fatalf("a stopped job was handed out: %+v", o)
		}
		runs = s.start("Count")
		s.take(s.worker)
		s.must(s.Stop(s.ctx(), s.A.Admin, s.account, runs.ID))
		stop, err := s.Tell(s.ctx(), s.worker, automation.Report{Job: runs.ID, Run: 1, Begun: true})
		if err != nil || !stop {
			t.Fatalf("the worker hears %v, %v", stop, err)
		}
		_, err = s.Tell(s.ctx(), s.worker, automation.Report{Job: runs.ID, Run: 1, Ended: true, Exception: "The job was stopped."})
		s.must(err)
		if j, _ := s.job(runs.ID); j.State != automation.Stopped {
			t.Errorf("it is %s", j.State)
		}
	})
}

// TestSchedules: a schedule starts jobs by the tenant's clock, what was missed is
// one run, and one that is deleted starts none.
func TestSchedules(t *testing.T) {
	each(t, func(s *shop) {
		s.publish("Count", false)
		plan := automation.Schedule{Frequency: automation.Day, Interval: 1, StartsAt: s.Clock.Now().Add(time.Hour)}
		s.must(s.AddSchedule(s.ctx(), s.A.Admin, s.account, "Count", plan))
		count := func() int {
			t.Helper()
			_, err := s.work.RunDue(s.ctx())
			s.must(err)
			all, _, err := s.Jobs(s.ctx(), s.A.Admin, s.account, automation.JobPage{Limit: 50})
			s.must(err)
			return len(all)
		}
		for i, step := range []struct {
			by   time.Duration
			want int
		}{{59 * time.Minute, 0}, {time.Minute, 1}, {23 * time.Hour, 1}, {time.Hour, 2}, {7 * 24 * time.Hour, 3}} {
			s.Clock.Advance(step.by)
			if n := count(); n != step.want {
				t.Errorf("step %d: %d jobs, want %d", i, n, step.want)
			}
		}
		_, plans, err := s.Runbook(s.ctx(), s.A.Admin, s.account, "Count")
		s.must(err)
		s.must(s.DeleteSchedule(s.ctx(), s.A.Admin, s.account, "Count", plans[0].ID))
		s.Clock.Advance(48 * time.Hour)
		if n := count(); n != 3 {
			t.Errorf("a deleted schedule started a job: %d", n)
		}
		s.Clock.Advance(automation.Kept)
		if n, err := s.Forget(s.ctx()); err != nil || n != 0 {
			t.Errorf("jobs that wait were forgotten: %d %v", n, err)
		}
	})
}

// TestAccountsAreForWhoMayChangeThem: without a role there is nothing to see, a
// reader reads and changes nothing, another tenant's administrator finds no account, and
// what hung on an account goes with it.
func TestAccountsAreForWhoMayChangeThem(t *testing.T) {
	each(t, func(s *shop) {
		s.publish("Count", false)
		j := s.start("Count")
		reader := house.Person(s.A.ID, s.AddUser(t, s.A, "reader").ID)
		_, _, err := s.ids.PutRole(s.ctx(), s.A.Admin, managedidentity.Role{ID: ids.New[string](), Scope: s.account.ID(), Principal: reader.Object, PrincipalType: "User", Definition: managedidentity.Reader})
		s.must(err)
		nobody := house.Person(s.A.ID, s.AddUser(t, s.A, "nobody").ID)
		afar := authz.Caller{Tenant: s.A.ID, Subject: s.B.Admin.Subject, Object: s.B.Admin.Object}
		for who, c := range map[string]authz.Caller{"nobody": nobody, "B's administrator at home": s.B.Admin, "B's administrator in A": afar, "a reader": reader} {
			_, _, errRead := s.Runbook(s.ctx(), c, s.account, "Count")
			if (errRead == nil) != (who == "a reader") {
				t.Errorf("%s reads: %v", who, errRead)
			}
			if _, _, err := s.Job(s.ctx(), c, s.account, j.ID, 0); (err == nil) != (who == "a reader") {
				t.Errorf("%s reads a job: %v", who, err)
			}
			_, errAdd := s.AddRunbook(s.ctx(), c, s.account, "Mine", automation.Shell, "")
			_, errStart := s.Start(s.ctx(), c, s.account, "Count")
			_, errWorker := s.AddWorker(s.ctx(), c, s.worker.Resource, "westeurope")
			_, errWorkers := s.Workers(s.ctx(), c)
			for what, err := range map[string]error{
				"adds": errAdd, "starts": errStart, "writes": s.Write(s.ctx(), c, s.account, "Count", "id", 1), "stops": s.Stop(s.ctx(), c, s.account, j.ID),
				"publishes": s.Publish(s.ctx(), c, s.account, "Count", 1), "deletes": s.DeleteRunbook(s.ctx(), c, s.account, "Count"),
				"makes a worker": errWorker, "lists workers": errWorkers, "removes a worker": s.RemoveWorker(s.ctx(), c, s.worker.Resource),
			} {
				if err == nil && !(who == "B's administrator at home" && what == "lists workers") {
					t.Errorf("%s %s", who, what)
				}
			}
		}
		other := s.newAccount(s.A, "other")
		if _, _, err := s.Job(s.ctx(), s.A.Admin, other, j.ID, 0); !errors.Is(err, fault.NotFound) {
			t.Errorf("a job is read in another account: %v", err)
		}
		_, err = s.ids.DeleteHost(s.ctx(), s.A.Admin, s.account)
		s.must(err)
		if o := s.take(s.worker); o != nil {
			t.Errorf("a job of a deleted account was handed out: %+v", o)
		}
		_, err = s.work.RunDue(s.ctx())
		s.must(err)
		s.newAccount(s.A, "ops")
		if all, _, err := s.Runbooks(s.ctx(), s.A.Admin, s.account, "", 10); err != nil || len(all) != 0 {
			t.Errorf("a new account of the name has %d runbooks, %v", len(all), err)
		}
	})
}

// TestTwoWindows: who edits what somebody has changed since is told so, and what was
// read is what is published.
func TestTwoWindows(t *testing.T) {
	each(t, func(s *shop) {
		_, err := s.AddRunbook(s.ctx(), s.A.Admin, s.account, "Count", automation.Shell, "")
		s.must(err)
		s.must(s.Write(s.ctx(), s.A.Admin, s.account, "Count", "one", 1))
		if err := s.Write(s.ctx(), s.A.Admin, s.account, "Count", "two", 1); !errors.Is(err, fault.Conflict) {
			t.Errorf("the second window overwrites: %v", err)
		}
		if err := s.Publish(s.ctx(), s.A.Admin, s.account, "Count", 1); !errors.Is(err, fault.Conflict) {
			t.Errorf("what was not read is published: %v", err)
		}
		if _, err := s.Start(s.ctx(), s.A.Admin, s.account, "Count"); !errors.Is(err, fault.Conflict) {
			t.Errorf("what is not published was started: %v", err)
		}
		if _, err := s.AddRunbook(s.ctx(), s.A.Admin, s.account, "COUNT", automation.Shell, ""); !errors.Is(err, fault.Conflict) {
			t.Errorf("a second of the name: %v", err)
		}
	})
}
