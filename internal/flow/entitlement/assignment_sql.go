package entitlement

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"entente/internal/core/object"
	"entente/internal/flow/offer"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

const assignmentColumns = `a.tenant_id, a.id, a.package_id, a.policy_id, a.target_id, a.object_id, a.state, a.status, a.schedule, a.terms,
	a.starts_us, a.ends_us, a.extended, a.noticed_us, a.error, a.created_us, a.delivered_us, a.expired_us, a.version`

func scanAssignment(scan func(...any) error) (*Assignment, error) {
	a := &Assignment{}
	var starts, ends, noticed, created, delivered, expired int64
	var schedule, terms string
	err := scan(&a.Tenant, &a.ID, &a.Package, &a.Policy, &a.Target, &a.Object, &a.State, &a.Status, &schedule, &terms,
		&starts, &ends, &a.Extended, &noticed, &a.Error, &created, &delivered, &expired, &a.version)
	if err != nil {
		return nil, err
	}
	a.StartsAt, a.EndsAt, a.Noticed = sqldb.Time(starts), sqldb.Time(ends), time.Duration(noticed)*time.Microsecond
	a.CreatedAt, a.DeliveredAt, a.ExpiredAt = sqldb.Time(created), sqldb.Time(delivered), sqldb.Time(expired)
	return a, errors.Join(json.Unmarshal([]byte(schedule), &a.Schedule), json.Unmarshal([]byte(terms), &a.Terms))
}

// assignmentTable tells by what assignments can be found and sorted.
var assignmentTable = query.Table{Key: []string{"id"}, Fields: map[string]query.Column{
	"id":                  {SQL: "a.id"},
	"state":               {SQL: "a.state", Among: texts(AssignmentStates)},
	"status":              {SQL: "a.status"},
	"accessPackage/id":    {SQL: "a.package_id"},
	"assignmentPolicy/id": {SQL: "a.policy_id"},
	"target/id":           {SQL: "a.target_id"},
	"target/objectId":     {SQL: "(select b.object_id from subject b where b.tenant_id = a.tenant_id and b.id = a.target_id)", Null: ""},
	"expiredDateTime":     {SQL: "a.expired_us", Kind: query.Time, Null: int64(0)},
	"createdDateTime":     {SQL: "a.created_us", Kind: query.Time},
}}

// assignmentByID returns an assignment, or NotFound.
func assignmentByID(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.AccessID) (*Assignment, error) {
	return offer.Row(ctx, tx, string(id), "select "+assignmentColumns+" from package_assignment a where a.tenant_id = ? and a.id = ?", []any{tenant, id}, scanAssignment)
}

// assignmentsByID returns those of some assignments that there are.
func assignmentsByID[K ~string](ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, keys []K) ([]*Assignment, error) {
	return offer.Several(ctx, tx, "select "+assignmentColumns+" from package_assignment a where a.tenant_id = ? and a.id", tenant, keys, scanAssignment)
}

// liveOf returns the live assignment of a package to a subject, or NotFound.
func liveOf(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, pkg ids.PackageID, target ids.SubjectID) (*Assignment, error) {
	return offer.Row(ctx, tx, string(pkg), "select "+assignmentColumns+` from package_assignment a
		where a.tenant_id = ? and a.target_id = ? and a.package_id = ? and a.live + 0 = 1`, []any{tenant, target, pkg}, scanAssignment)
}

// addAssignments stores new assignments. A second live one of a package is
// HasAlready.
func addAssignments(ctx context.Context, tx *sqldb.Tx, all []*Assignment) error {
	rows := make([][]any, len(all))
	for i, a := range all {
		schedule, terms, err := a.stored()
		if err != nil {
			return err
		}
		rows[i] = []any{a.Tenant, a.ID, a.Package, a.Policy, a.Target, a.Object, a.State, a.Status, a.Live(), schedule, terms, a.Error,
			sqldb.Micros(a.StartsAt), sqldb.Micros(a.EndsAt), sqldb.Micros(a.CreatedAt), sqldb.Micros(a.DeliveredAt)}
		a.version = 1
	}
	n, err := tx.ExecAll(ctx, `
		insert into package_assignment (tenant_id, id, package_id, policy_id, target_id, object_id, state, status, live, schedule, terms, error,
		                                starts_us, ends_us, created_us, delivered_us)
		values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		on conflict (tenant_id, package_id, target_id) where live = 1 do nothing`, rows)
	if err == nil && n < int64(len(all)) {
		err = hasAlready()
	}
	return err
}

func hasAlready() error {
	return fault.Because(fault.Invalid, HasAlready, "The target has the access package already.")
}

// putAssignment stores a changed assignment; a Conflict if someone else stored it
// since.
func putAssignment(ctx context.Context, tx *sqldb.Tx, a *Assignment) error {
	return putAssignments(ctx, tx, []*Assignment{a})
}

// putAssignments does so for several.
func putAssignments(ctx context.Context, tx *sqldb.Tx, all []*Assignment) error {
	rows := make([][]any, len(all))
	for i, a := range all {
		schedule, terms, err := a.stored()
		if err != nil {
			return err
		}
		rows[i] = []any{a.Policy, a.Object, a.State, a.Status, a.Live(), schedule, terms, sqldb.Micros(a.EndsAt), a.Extended, a.Noticed.Microseconds(), a.Error,
			sqldb.Micros(a.DeliveredAt), sqldb.Micros(a.ExpiredAt), a.Tenant, a.ID, a.version}
		a.version++
	}
	n, err := tx.ExecAll(ctx, `
		update package_assignment
		set    policy_id = ?, object_id = ?, state = ?, status = ?, live = ?, schedule = ?, terms = ?, ends_us = ?, extended = ?, noticed_us = ?, error = ?,
		       delivered_us = ?, expired_us = ?, version = version + 1
		where  tenant_id = ? and id = ? and version = ?`, rows)
	if err == nil && n < int64(len(all)) {
		err = fault.New(fault.Conflict, "Someone else has just changed this assignment.")
	}
	return err
}

func (a *Assignment) stored() (schedule, terms string, err error) {
	s, errS := json.Marshal(a.Schedule)
	t, errT := json.Marshal(a.Terms)
	return string(s), string(t), errors.Join(errS, errT)
}

// liveCounts returns how many live assignments subjects have, of any package; those
// who have none are left out.
func liveCounts(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, targets []ids.SubjectID) (map[ids.SubjectID]int, error) {
	live := map[ids.SubjectID]int{}
	if len(targets) == 0 {
		return live, nil
	}
	in, values := sqldb.In(targets)
	err := tx.Each(ctx, `select target_id, count(*) from package_assignment where tenant_id = ? and target_id in (`+in+`) and live = 1 group by target_id`,
		append([]any{tenant}, values...), func(scan func(...any) error) error {
			var id ids.SubjectID
			var n int
			err := scan(&id, &n)
			live[id] = n
			return err
		})
	return live, err
}

// holdsAny reports whether a subject has one of the packages, or is about to.
func holdsAny(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, target ids.SubjectID, packages []ids.PackageID) (held ids.PackageID, err error) {
	if len(packages) == 0 {
		return "", nil
	}
	limit, args := offer.Among("package_id", packages)
	err = tx.One(ctx, `
		select package_id from package_assignment where tenant_id = ? and target_id = ? and live = 1`+limit+`
		union all
		select package_id from assignment_request where tenant_id = ? and target_id = ? and state in ('delivering', 'scheduled') and waits = 1`+limit,
		append(append(append([]any{tenant, target}, args...), tenant, target), args...), &held)
	if missing(err) {
		return "", nil
	}
	return held, err
}

// liveAfter returns up to limit live assignments of a package, in order, behind
// one.
func liveAfter(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, pkg ids.PackageID, after ids.AccessID, limit int) ([]ids.AccessID, error) {
	return sqldb.All(ctx, tx, `select id from package_assignment where tenant_id = ? and package_id = ? and live = 1 and id > ? order by id limit ?`,
		[]any{tenant, pkg, after, limit}, func(scan func(...any) error) (id ids.AccessID, err error) { return id, scan(&id) })
}

// A view of assignments: whose, of which packages.
type assignmentView struct {
	where string
	args  []any
}

func (v assignmentView) from(tenant ids.TenantID) (string, []any) {
	return "from package_assignment a where a.tenant_id = ?" + v.where, append([]any{tenant}, v.args...)
}

func listAssignments(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, v assignmentView, q query.Query) (object.Page[*Assignment], error) {
	from, args := v.from(tenant)
	return object.List(ctx, tx, q, assignmentTable, assignmentColumns, from, args, scanAssignment)
}

func countAssignments(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, v assignmentView, filter query.Expr) (int, error) {
	from, args := v.from(tenant)
	return object.Count(ctx, tx, filter, assignmentTable, from, args)
}
