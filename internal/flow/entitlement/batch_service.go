package entitlement

import (
	"context"

	"entente/internal/core/audit"
	"entente/internal/core/object"
	"entente/internal/flow/guest"
	"entente/internal/flow/offer"
	"entente/internal/flow/provision"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/jobs"
	"entente/internal/kit/sqldb"
)

// A batch is what one transaction does for several requests or assignments of a
// tenant: what they have in common is read once, and what is written for them goes
// out at the end, each kind of row in one statement. Nothing of it outlives the
// transaction. Where it fails for one, the transaction is given up and each is done
// alone.
type batch struct {
	s      *Service
	tx     *sqldb.Tx
	tenant ids.TenantID

	roles   map[ids.PackageID][]provision.Role
	not     map[ids.PackageID]offer.Incompatible
	present map[ids.ObjectID]bool // users of whom nothing has to be brought about first
	fresh   []*load               // of which the assignment is not stored yet

	told []audit.Told
	next []jobs.Job
	over []string // requests that have ended: no job looks at them any more
}

func (s *Service) batch(tx *sqldb.Tx, tenant ids.TenantID) *batch {
	return &batch{s: s, tx: tx, tenant: tenant, roles: map[ids.PackageID][]provision.Role{}, not: map[ids.PackageID]offer.Incompatible{}}
}

// say has people told the news, unless the policy wants no messages.
func (b *batch) say(quiet bool, n news) {
	if !quiet {
		b.next = append(b.next, newsJob(b.tenant, n))
	}
}

// heed has somebody look at the assignment when there is something to do.
func (b *batch) heed(a *Assignment) {
	if j, ok := a.job(); ok {
		b.next = append(b.next, j)
	}
}

// write stores what was gathered.
func (b *batch) write(ctx context.Context) error {
	if err := audit.RecordAll(ctx, b.tx, actor(b.tenant), b.told); err != nil {
		return err
	}
	if err := jobs.EnqueueAll(ctx, b.tx, b.next); err != nil {
		return err
	}
	_, err := jobs.CancelAll(ctx, b.tx, RequestKind, b.tenant, b.over)
	b.told, b.next, b.over = nil, nil, nil
	return err
}

// loads returns requests with what they are about; of assignments that are known
// already those.
func (b *batch) loads(ctx context.Context, list []*Request, known map[ids.AccessID]*Assignment) ([]*load, error) {
	var targets []ids.SubjectID
	var packages []ids.PackageID
	var unknown []ids.AccessID
	for _, r := range list {
		targets, packages = append(targets, r.Target), append(packages, r.Package)
		if r.Assignment != "" && known[r.Assignment] == nil {
			unknown = append(unknown, r.Assignment)
		}
	}
	subject, err := subjectsByID(ctx, b.tx, b.tenant, distinct(targets))
	if err != nil {
		return nil, err
	}
	pkg, err := offer.PackagesByID(ctx, b.tx, b.tenant, distinct(packages))
	if err != nil {
		return nil, err
	}
	read, err := assignmentsByID(ctx, b.tx, b.tenant, unknown)
	if err != nil {
		return nil, err
	}
	access := offer.ByID(read, func(a *Assignment) ids.AccessID { return a.ID })
	for id, a := range known {
		access[id] = a
	}
	all := make([]*load, len(list))
	taken := map[ids.AccessID]bool{}
	for i, r := range list {
		l := &load{r: r, target: subject[r.Target], pkg: pkg[r.Package], a: access[r.Assignment]}
		switch {
		case l.target == nil:
			return nil, object.Missing(string(r.Target))
		case l.pkg == nil:
			return nil, object.Missing(string(r.Package))
		case r.Assignment != "" && l.a == nil:
			return nil, object.Missing(string(r.Assignment))
		case taken[r.Assignment]:
			return nil, fault.New(fault.Conflict, "Two requests are about the assignment %s.", r.Assignment)
		}
		taken[r.Assignment] = r.Assignment != ""
		all[i] = l
	}
	return all, nil
}

// look finds out of whom nothing has to be brought about before they are given
// something: users who are there, and whom no want of access keeps out.
func (b *batch) look(ctx context.Context, all []*load) error {
	var users []ids.ObjectID
	for _, l := range all {
		if l.target.Kind == ids.Person && l.target.Object != "" && !l.r.Type.Removes() {
			users = append(users, l.target.Object)
		}
	}
	there, err := object.GetAll(ctx, b.tx, b.tenant, distinct(users))
	if err != nil {
		return err
	}
	out, err := guest.KeptOut(ctx, b.tx, b.tenant, distinct(users))
	if err != nil {
		return err
	}
	b.present = map[ids.ObjectID]bool{}
	for id, o := range there {
		b.present[id] = o.Kind == object.User && !out[id]
	}
	return nil
}

// offer.RolesOf returns what a package gives now.
func (b *batch) rolesOf(ctx context.Context, id ids.PackageID) ([]provision.Role, error) {
	if all, ok := b.roles[id]; ok {
		return all, nil
	}
	given, err := offer.RolesOf(ctx, b.tx, b.tenant, id)
	if err != nil {
		return nil, err
	}
	all := []provision.Role{}
	for _, g := range given {
		all = append(all, provision.Role{System: string(g.Resource.Origin), Origin: g.Resource.OriginID, Role: g.Role.OriginID})
	}
	b.roles[id] = all
	return all, nil
}

// wish is what an assignment is to give: what its package gives now.
func (b *batch) wish(ctx context.Context, a *Assignment) (provision.Wish, error) {
	roles, err := b.rolesOf(ctx, a.Package)
	return provision.Wish{Object: a.Object, Source: string(a.ID), Roles: roles, Until: a.EndsAt}, err
}

// apart refuses a target who has what the package is incompatible with.
func (b *batch) apart(ctx context.Context, l *load) error {
	not, ok := b.not[l.pkg.ID]
	if !ok {
		var err error
		if not, err = offer.IncompatibleWith(ctx, b.tx, b.tenant, l.pkg.ID); err != nil {
			return err
		}
		b.not[l.pkg.ID] = not
	}
	if len(not.Packages)+len(not.Groups) == 0 {
		return nil
	}
	if err := b.admit(ctx); err != nil { // what is given beside it counts
		return err
	}
	return clash(ctx, b.tx, not, l.pkg, l.target)
}

// admit stores the assignments that are new.
func (b *batch) admit(ctx context.Context) error {
	all := make([]*Assignment, len(b.fresh))
	for i, l := range b.fresh {
		all[i], l.fresh = l.a, false
	}
	b.fresh = nil
	return addAssignments(ctx, b.tx, all)
}

// distinct returns each of a list once.
func distinct[T comparable](list []T) (all []T) {
	seen := make(map[T]bool, len(list))
	for _, v := range list {
		if !seen[v] {
			seen[v] = true
			all = append(all, v)
		}
	}
	return all
}
