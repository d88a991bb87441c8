package crash_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/core/directory"
	"entente/internal/enttest/dbtest"
	"entente/internal/enttest/house"
	"entente/internal/flow/entitlement"
	"entente/internal/flow/guest"
	"entente/internal/flow/offer"
	"entente/internal/kit/clock"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/jobs"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
	"entente/internal/schema"
)

const (
	// childSteps has this binary be a worker that is killed when it begins its
	// transaction of that number; childNow is the time at which it works.
	childSteps = "ENTENTE_CRASH_STEPS"
	childNow   = "ENTENTE_CRASH_NOW"
	// childInside, if it is 1, has it be killed within its transactions instead: at the
	// statement of that number of those that groups of jobs run.
	childInside = "ENTENTE_CRASH_INSIDE"
)

// A fuse is a clock that stands still, and ends the process when it has been asked
// so often: the store asks it once in each transaction that it has begun.
type fuse struct {
	*clock.Fake
	left atomic.Int64
}

func (f *fuse) Now() time.Time {
	burn(&f.left)
	return f.Fake.Now()
}

func burn(left *atomic.Int64) {
	if left.Add(-1) == 0 {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {} // until it has come
	}
}

// A burning context ends the process when it has been asked so often: the store asks
// it before each statement.
type burning struct {
	context.Context
	left *atomic.Int64
}

func (b burning) Err() error {
	burn(b.left)
	return b.Context.Err()
}

func (b burning) Done() <-chan struct{} {
	burn(b.left)
	return b.Context.Done()
}

// stumble is the child: a worker that does what is due until it is killed.
func stumble() error {
	steps, err := strconv.ParseInt(os.Getenv(childSteps), 10, 64)
	if err != nil {
		return err
	}
	now, err := time.Parse(time.RFC3339Nano, os.Getenv(childNow))
	if err != nil {
		return err
	}
	f := &fuse{Fake: clock.NewFake(now)}
	db, err := sqldb.Open(context.Background(), sqldb.Options{URL: os.Getenv(childStoreURL), Clock: f, Migrations: schema.Files})
	if err != nil {
		return err
	}
	ring, err := secret.NewRing(secret.NewKey())
	if err != nil {
		return err
	}
	var inside atomic.Int64
	w := newWorker(db, f, ring, func(ctx context.Context) context.Context { return burning{ctx, &inside} })
	if os.Getenv(childInside) == "1" {
		inside.Store(steps)
	} else {
		f.left.Store(steps)
	}
	_, err = w.RunDue(context.Background())
	return err
}

const childStoreURL = "ENTENTE_CRASH_URL"

// newWorker does what the server has workers do about access packages, groups of jobs
// under another context.
func newWorker(db *sqldb.DB, clk clock.Clock, ring *secret.Ring, under func(context.Context) context.Context) *jobs.Worker {
	s := entitlement.NewService(db)
	w := jobs.New(db, clk, jobs.Options{})
	group := func(do jobs.GroupHandler) jobs.GroupHandler {
		return func(ctx context.Context, all []*jobs.Work) error { return do(under(ctx), all) }
	}
	w.HandleGroup(entitlement.RequestKind, entitlement.Most, group(s.LookAtRequests), jobs.Policy{})
	w.HandleGroup(entitlement.AssignmentKind, entitlement.Most, group(s.LookAtAssignments), jobs.Policy{})
	w.Handle(entitlement.PackageKind, s.LookAtPackage, jobs.Policy{})
	w.Handle(guest.RemoveKind, guest.NewService(db, ring, "https://entente.example", nil).Remove, jobs.Policy{})
	w.Subscribe(offer.PackageRolesChanged, entitlement.PackageKind)
	return w
}

// A desk is a house with a package for people of B that gives two groups.
type desk struct {
	*house.House
	url     string
	service *entitlement.Service
	worker  *jobs.Worker
	ada     *directory.User
	groups  []ids.ObjectID
	pkg     ids.PackageID
	org     ids.OrganizationID
	catalog ids.CatalogID
}

func newDesk(t *testing.T, engine sqldb.Engine) *desk {
	t.Helper()
	d := &desk{url: dbtest.URL(t, engine)}
	d.House = house.At(t, d.url)
	d.service, d.worker = entitlement.NewService(d.DB), newWorker(d.DB, d.Clock, d.Ring, func(ctx context.Context) context.Context { return ctx })
	d.ada = d.AddUser(t, d.A, "ada")
	ctx, admin := t.Context(), d.A.Admin
	name := "Fabrikam"
	org, err := d.service.CreateOrganization(ctx, admin, offer.OrganizationChange{Name: &name, Sources: []offer.Source{{Kind: offer.TenantSource, Home: d.B.ID}}})
	check(t, err)
	c, err := d.service.CreateCatalog(ctx, admin, offer.CatalogChange{Name: &name})
	check(t, err)
	d.org, d.catalog = org.ID, c.ID
	d.groups = []ids.ObjectID{d.addGroup(t, "designers"), d.addGroup(t, "readers")}
	d.pkg = d.offer(t, "Joint design files", d.groups...)
	d.restart(t)
	return d
}

// addGroup makes a group that packages may give.
func (d *desk) addGroup(t *testing.T, nick string) ids.ObjectID {
	t.Helper()
	text, err := json.Marshal(map[string]any{"displayName": nick, "mailNickname": nick, "mailEnabled": false, "securityEnabled": true})
	check(t, err)
	g, err := d.Users.CreateGroup(t.Context(), d.A.Admin, text, nil, nil)
	check(t, err)
	_, err = d.service.RequestResource(t.Context(), d.A.Admin, offer.ResourceAsk{Kind: offer.AddResource, Catalog: d.catalog, Origin: offer.AadGroup, OriginID: string(g.ID)})
	check(t, err)
	return g.ID
}

// offer makes a package for people of B that gives groups, for thirty days and with
// ada's word.
func (d *desk) offer(t *testing.T, name string, groups ...ids.ObjectID) ids.PackageID {
	t.Helper()
	ctx, admin := t.Context(), d.A.Admin
	p, err := d.service.CreatePackage(ctx, admin, d.catalog, offer.PackageChange{Name: &name})
	check(t, err)
	for _, g := range groups {
		_, err = d.service.AddRole(ctx, admin, p.ID, offer.RoleAsk{Origin: offer.AadGroup, OriginID: string(g), RoleOriginID: "Member_" + string(g)})
		check(t, err)
	}
	_, err = d.service.CreatePolicy(ctx, admin, offer.Policy{Package: p.ID, Name: "Partners",
		Scope:      offer.SpecificConnectedOrganizationUsers,
		Targets:    []offer.SubjectSet{{Kind: offer.ConnectedOrganizationMembers, Organization: d.org}},
		Expiration: offer.Expiration{Type: offer.ExpirationAfterDuration, Duration: 30 * 24 * time.Hour},
		Requestor:  offer.RequestorSettings{SelfAdd: true, SelfRemove: true},
		Approval: offer.ApprovalSettings{ForAdd: true, Stages: []offer.Stage{{TimeOut: 14 * 24 * time.Hour,
			Primary: []offer.SubjectSet{{Kind: offer.SingleUser, Object: d.ada.ID}}}}}})
	check(t, err)
	return p.ID
}

// restart does what is due, once the leases of a dead worker are over.
func (d *desk) restart(t *testing.T) {
	t.Helper()
	d.Clock.Advance(2 * time.Minute)
	_, err := d.worker.RunDue(t.Context())
	check(t, err)
	if st := d.worker.Stats(); st.Died != 0 {
		t.Fatalf("jobs died: %+v", st)
	}
}

// killed runs the child, and reports whether it died in its transaction of that
// number rather than finish.
func (d *desk) killed(t *testing.T, steps int) bool {
	t.Helper()
	return d.dies(t, steps)
}

// killedInside does so at a statement of that number of those that groups run.
func (d *desk) killedInside(t *testing.T, steps int) bool {
	t.Helper()
	return d.dies(t, steps, childInside+"=1")
}

func (d *desk) dies(t *testing.T, steps int, more ...string) bool {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(append(os.Environ(), more...), childSteps+"="+strconv.Itoa(steps), childNow+"="+d.Clock.Now().Format(time.RFC3339Nano), childStoreURL+"="+d.url)
	child.Stderr = os.Stderr
	err := child.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		if s, ok := exit.Sys().(syscall.WaitStatus); ok && s.Signaled() && s.Signal() == syscall.SIGKILL {
			return true
		}
	}
	check(t, err)
	return false
}

// from is a person of B who acts towards A without an account there.
func (d *desk) from(u *directory.User) authz.Caller {
	return authz.Caller{Tenant: d.A.ID, Subject: ids.Principal{Kind: ids.Person, Home: d.B.ID, ID: u.ID}, Name: u.UserPrincipalName}
}

// approved has somebody of B ask, and ada agree.
func (d *desk) approved(t *testing.T, u *directory.User) *entitlement.Request {
	t.Helper()
	return d.approvedFor(t, u, d.pkg)
}

func (d *desk) approvedFor(t *testing.T, u *directory.User, pkg ids.PackageID) *entitlement.Request {
	t.Helper()
	r, err := d.service.Submit(t.Context(), d.from(u), entitlement.Submission{Type: entitlement.UserAdd, Package: pkg})
	check(t, err)
	stages, err := d.service.Stages(t.Context(), d.A.Admin, r.ID)
	check(t, err)
	_, err = d.service.Decide(t.Context(), house.Person(d.A.ID, d.ada.ID), r.ID, stages[0].ID, true, "", "")
	check(t, err)
	return r
}

// guest returns what stands for somebody of B in A, or nil.
func (d *desk) guest(t *testing.T, u *directory.User) (g *directory.User) {
	t.Helper()
	check(t, d.DB.View(t.Context(), func(tx *sqldb.Tx) (err error) {
		if g, err = directory.GuestByMail(t.Context(), tx, d.A.ID, u.UserPrincipalName); errors.Is(err, fault.NotFound) {
			err = nil
		}
		return err
	}))
	return g
}

// count returns how many of the groups somebody is in.
func (d *desk) count(t *testing.T, g *directory.User) (n int) {
	t.Helper()
	check(t, d.DB.View(t.Context(), func(tx *sqldb.Tx) error {
		in, err := directory.GroupsWith(t.Context(), tx, d.A.ID, g.ID, false, 10)
		n = len(in)
		return err
	}))
	return n
}

// told counts the entries of an activity about an object, in the log of a tenant.
func (d *desk) told(t *testing.T, in ids.TenantID, about, activity string) (n int) {
	t.Helper()
	check(t, d.DB.View(t.Context(), func(tx *sqldb.Tx) error {
		all, err := audit.Entries(t.Context(), tx, in, about, 50)
		for _, e := range all {
			if e.Activity == activity {
				n++
			}
		}
		return err
	}))
	return n
}

// rows counts the rows of a table of A that have an object.
func (d *desk) rows(t *testing.T, table string, of ids.ObjectID) (n int) {
	t.Helper()
	check(t, d.DB.View(t.Context(), func(tx *sqldb.Tx) error {
		return tx.One(t.Context(), "select count(*) from "+table+" where tenant_id = ? and object_id = ?", []any{d.A.ID, of}, &n)
	}))
	return n
}

// mostTransactions is more than any of what is killed here needs.
const mostTransactions = 60

// TestADeliveryKilledAtEveryStep kills the worker at each transaction between an
// approval and the end of its delivery, with SIGKILL, and lets another go on.
// What is delivered is delivered once, and told once on each side.
func TestADeliveryKilledAtEveryStep(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(string(engine), func(t *testing.T) {
			d := newDesk(t, engine)
			steps, finished := 0, false
			for steps = 1; !finished && steps < mostTransactions; steps++ {
				u := d.AddUser(t, d.B, fmt.Sprint("u", steps))
				if d.guest(t, u) != nil {
					t.Fatal("somebody who has not asked is a guest")
				}
				r := d.approved(t, u)
				finished = !d.killed(t, steps)
				d.restart(t)
				d.delivered(t, steps, u, r)
			}
			if !finished || steps < 6 {
				t.Fatalf("a delivery takes %d transactions, finished %v: nothing is shown", steps, finished)
			}
			t.Logf("killed in each of %d transactions", steps-2)
		})
	}
}

func (d *desk) delivered(t *testing.T, steps int, u *directory.User, r *entitlement.Request) {
	t.Helper()
	now, err := d.service.Request(t.Context(), d.A.Admin, r.ID)
	check(t, err)
	a, err := d.service.Assignment(t.Context(), d.A.Admin, now.Assignment)
	check(t, err)
	g := d.guest(t, u)
	if now.State != entitlement.Delivered || a.State != entitlement.AccessDelivered || g == nil || g.ID != a.Object {
		t.Fatalf("step %d: request %s, assignment %s, guest %v", steps, now.State, a.State, g)
	}
	list, err := d.service.Assignments(t.Context(), d.A.Admin, offer.One(string(a.ID)))
	check(t, err)
	if d.count(t, g) != len(d.groups) || d.rows(t, "provision_grant", g.ID) != len(d.groups) || d.rows(t, "package_assignment", g.ID) != 1 || len(list.Items) != 1 {
		t.Errorf("step %d: in %d groups, by %d grants and %d assignments", steps, d.count(t, g), d.rows(t, "provision_grant", g.ID), d.rows(t, "package_assignment", g.ID))
	}
	for _, in := range []ids.TenantID{d.A.ID, d.B.ID} {
		for _, activity := range []string{"User requests access package assignment", "Approve access package assignment request", "Fulfill access package assignment"} {
			if n := d.told(t, in, string(r.ID), activity); n != 1 {
				t.Errorf("step %d: %q is told %d times", steps, activity, n)
			}
		}
		if n := d.told(t, in, string(g.ID), "Invite external user"); n != 1 {
			t.Errorf("step %d: the guest is told of %d times", steps, n)
		}
	}
}

// TestAnEndKilledAtEveryStep does so between the end of an assignment and all that
// follows from it.
func TestAnEndKilledAtEveryStep(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(string(engine), func(t *testing.T) {
			d := newDesk(t, engine)
			steps, finished := 0, false
			for steps = 1; !finished && steps < mostTransactions; steps++ {
				u := d.AddUser(t, d.B, fmt.Sprint("u", steps))
				r := d.approved(t, u)
				d.restart(t)
				a := d.given(t, r)
				d.untilEnd(t, a)
				finished = !d.killed(t, steps)
				d.restart(t)
				d.ended(t, steps, u, a)
			}
			if !finished || steps < 5 {
				t.Fatalf("an end takes %d transactions, finished %v: nothing is shown", steps, finished)
			}
			t.Logf("killed in each of %d transactions", steps-2)
		})
	}
}

// given returns the assignment of a request.
func (d *desk) given(t *testing.T, r *entitlement.Request) *entitlement.Assignment {
	t.Helper()
	now, err := d.service.Request(t.Context(), d.A.Admin, r.ID)
	check(t, err)
	a, err := d.service.Assignment(t.Context(), d.A.Admin, now.Assignment)
	check(t, err)
	return a
}

// untilEnd moves the clock to the end of an assignment. The notices of it are given
// before.
func (d *desk) untilEnd(t *testing.T, a *entitlement.Assignment) {
	t.Helper()
	for _, left := range []time.Duration{14 * 24 * time.Hour, 24 * time.Hour} {
		d.Clock.Advance(a.EndsAt.Add(-left).Sub(d.Clock.Now()))
		d.restart(t)
	}
	d.Clock.Advance(a.EndsAt.Sub(d.Clock.Now()))
}

func (d *desk) ended(t *testing.T, steps int, u *directory.User, a *entitlement.Assignment) {
	t.Helper()
	now, err := d.service.Assignment(t.Context(), d.A.Admin, a.ID)
	check(t, err)
	g := d.guest(t, u)
	if now.State != entitlement.AccessExpired || g == nil || g.Enabled() || d.count(t, g) != 0 || d.rows(t, "provision_grant", a.Object) != 0 {
		t.Fatalf("step %d: assignment %s, in %d groups, %d grants, guest %+v", steps, now.State, d.count(t, g), d.rows(t, "provision_grant", a.Object), g)
	}
	all, err := d.service.OwnRequests(t.Context(), d.from(u), entitlement.OnTarget, offer.Asked{})
	check(t, err)
	ends := 0
	for _, r := range all.Items {
		if r.Type != entitlement.SystemRemove {
			continue
		}
		if ends++; r.State != entitlement.Delivered {
			t.Errorf("step %d: the removal is %s", steps, r.State)
		}
		for _, in := range []ids.TenantID{d.A.ID, d.B.ID} {
			if n := d.told(t, in, string(r.ID), "Remove access package assignment"); n != 1 {
				t.Errorf("step %d: the end is told %d times", steps, n)
			}
		}
	}
	if ends != 1 || d.told(t, d.A.ID, string(g.ID), "Block guest without access") != 1 {
		t.Errorf("step %d: ended %d times, blocked %d times", steps, ends, d.told(t, d.A.ID, string(g.ID), "Block guest without access"))
	}
}
