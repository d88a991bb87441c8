package object

import (
	"context"

	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// CausesOfAll returns the causes of each of several things of a kind.
func CausesOfAll(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, targetKind string, targets []string) (map[string][]Cause, error) {
	of := make(map[string][]Cause, len(targets))
	if len(targets) == 0 {
		return of, nil
	}
	in, values := sqldb.In(targets)
	err := tx.Each(ctx, `
		select l.target_id, c.id, c.kind, c.source, c.made_by, c.made_by_name, c.created_us, c.ends_us, c.ended_us
		from   cause_of l join cause c on c.tenant_id = l.tenant_id and c.id = l.cause_id
		where  l.tenant_id = ? and l.target_kind = ? and l.target_id in (`+in+`)
		order  by c.created_us, c.id`,
		append([]any{tenant, targetKind}, values...),
		func(scan func(...any) error) error {
			var target string
			var c Cause
			err := scanCause(&c, scan, &target)
			of[target] = append(of[target], c)
			return err
		})
	return of, err
}

// EndCauses ends causes now and returns what was tied to each.
func EndCauses(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, all []ids.CauseID) (map[ids.CauseID][]Tie, error) {
	of := make(map[ids.CauseID][]Tie, len(all))
	if len(all) == 0 {
		return of, nil
	}
	in, values := sqldb.In(all)
	if _, err := tx.Exec(ctx, `update cause set ended_us = ? where tenant_id = ? and id in (`+in+`) and ended_us = 0`,
		append([]any{sqldb.Micros(tx.Now()), tenant}, values...)...); err != nil {
		return nil, err
	}
	err := tx.Each(ctx, `select cause_id, target_kind, target_id from cause_of where tenant_id = ? and cause_id in (`+in+`)`,
		append([]any{tenant}, values...), func(scan func(...any) error) error {
			var id ids.CauseID
			var t Tie
			err := scan(&id, &t.Kind, &t.ID)
			of[id] = append(of[id], t)
			return err
		})
	return of, err
}

// LinkAll ties things of a kind to a cause each: pairs of target and cause.
func LinkAll(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, targetKind string, pairs [][2]string) error {
	rows := make([][]any, len(pairs))
	for i, p := range pairs {
		rows[i] = []any{tenant, targetKind, p[0], p[1]}
	}
	return tx.Queue(ctx, `
		insert into cause_of (tenant_id, target_kind, target_id, cause_id) values (?, ?, ?, ?)
		on conflict (tenant_id, target_kind, target_id, cause_id) do nothing`, rows)
}

// UnlinkAll removes all ties of several things of a kind, because they go.
func UnlinkAll(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, targetKind string, targets []string) error {
	if len(targets) == 0 {
		return nil
	}
	in, values := sqldb.In(targets)
	_, err := tx.Exec(ctx, `delete from cause_of where tenant_id = ? and target_kind = ? and target_id in (`+in+`)`,
		append([]any{tenant, targetKind}, values...)...)
	return err
}

// GetAll returns those of some objects that live, by identifier.
func GetAll(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, all []ids.ObjectID) (map[ids.ObjectID]Object, error) {
	found := make(map[ids.ObjectID]Object, len(all))
	if len(all) == 0 {
		return found, nil
	}
	in, values := sqldb.In(all)
	err := tx.Each(ctx, `select id, kind, display_name, created_us from object where tenant_id = ? and deleted_us = 0 and id in (`+in+`)`,
		append([]any{tenant}, values...), func(scan func(...any) error) error {
			o := Object{Tenant: tenant}
			var created int64
			err := scan(&o.ID, &o.Kind, &o.DisplayName, &created)
			o.CreatedAt = sqldb.Time(created)
			found[o.ID] = o
			return err
		})
	return found, err
}
