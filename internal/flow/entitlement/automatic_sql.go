package entitlement

import (
	"context"

	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// An automaticHold is that somebody has a package, by which policy.
type automaticHold struct {
	assignment ids.AccessID
	pkg        ids.PackageID
	policy     ids.PolicyID
	left       bool // they are a leaver
}

// holdsOf returns what an object has of packages.
func holdsOf(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, object ids.ObjectID) ([]automaticHold, error) {
	return sqldb.All(ctx, tx, `
		select a.id, a.package_id, a.policy_id, case when l.assignment_id is null then 0 else 1 end
		from   package_assignment a left join policy_leaver l on l.tenant_id = a.tenant_id and l.assignment_id = a.id
		where  a.tenant_id = ? and a.live = 1 and a.target_id in (select b.id from subject b where b.tenant_id = ? and b.object_id = ? and b.object_id <> '')`,
		[]any{tenant, tenant, object}, func(scan func(...any) error) (h automaticHold, err error) {
			return h, scan(&h.assignment, &h.pkg, &h.policy, &h.left)
		})
}

// holdersAmong returns those of the objects that have a package.
func holdersAmong(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, pkg ids.PackageID, objects []ids.ObjectID) (map[ids.ObjectID]bool, error) {
	limit, args := offer.Among("object_id", objects)
	all := make(map[ids.ObjectID]bool)
	err := tx.Each(ctx, `select object_id from package_assignment where tenant_id = ? and package_id = ? and live = 1`+limit, append([]any{tenant, pkg}, args...),
		func(scan func(...any) error) error {
			var id ids.ObjectID
			err := scan(&id)
			all[id] = true
			return err
		})
	return all, err
}

// A holder has something by a policy.
type holder struct {
	assignment ids.AccessID
	object     ids.ObjectID
}

// holdersAfter returns up to limit of those who have something by a policy, in the
// order of their assignments, behind one.
func holdersAfter(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, by ids.PolicyID, after ids.AccessID, limit int) ([]holder, error) {
	return sqldb.All(ctx, tx, `select id, object_id from package_assignment where tenant_id = ? and policy_id = ? and live = 1 and id > ? order by id limit ?`,
		[]any{tenant, by, after, limit}, func(scan func(...any) error) (h holder, err error) { return h, scan(&h.assignment, &h.object) })
}

// countBy returns how many have something by a policy, up to limit.
func countBy(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, by ids.PolicyID, limit int) (n int, err error) {
	err = tx.One(ctx, `select count(*) from (select 1 as one from package_assignment where tenant_id = ? and policy_id = ? and live = 1 limit ?) x`,
		[]any{tenant, by, limit}, &n)
	return n, err
}

// leaverOf returns since when somebody has left, or nil.
func leaverOf(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.AccessID) (*leaver, error) {
	l := &leaver{Tenant: tenant, Assignment: id}
	var left, due int64
	err := tx.One(ctx, `select policy_id, left_us, due_us from policy_leaver where tenant_id = ? and assignment_id = ?`, []any{tenant, id}, &l.Policy, &left, &due)
	if missing(err) {
		return nil, nil
	}
	l.Left, l.Due = sqldb.Time(left), sqldb.Time(due)
	return l, err
}

func addLeaver(ctx context.Context, tx *sqldb.Tx, l *leaver) error {
	_, err := tx.Exec(ctx, `
		insert into policy_leaver (tenant_id, assignment_id, policy_id, left_us, due_us) values (?, ?, ?, ?, ?)
		on conflict (tenant_id, assignment_id) do nothing`, l.Tenant, l.Assignment, l.Policy, sqldb.Micros(l.Left), sqldb.Micros(l.Due))
	return err
}

func dropLeaver(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.AccessID) error {
	_, err := tx.Exec(ctx, `delete from policy_leaver where tenant_id = ? and assignment_id = ?`, tenant, id)
	return err
}
