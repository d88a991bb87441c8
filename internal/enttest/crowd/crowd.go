// Package crowd fills a benchmark's store: it copies the rows of one object that a
// service has made, each copy with an identifier and a name of its own. That takes
// minutes where making them one by one would take hours.
package crowd

import (
	"context"
	"fmt"
	"strings"

	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// The tables that have rows of a user and of a group, with the column that names it.
var (
	UserTables = map[string]string{
		"account": "id", "object": "id", "object_name": "object_id", "object_word": "object_id", "password": "user_id", "user_text": "user_id", "user_identity": "user_id",
	}
	GroupTables = map[string]string{"directory_group": "id", "object": "id", "object_name": "object_id", "object_word": "object_id", "group_text": "group_id"}
	// Of an application and of a service principal, and of an entry of the sign-in log.
	ApplicationTables = map[string]string{"application": "id", "object": "id", "object_word": "object_id"}
	PrincipalTables   = map[string]string{"service_principal": "id", "object": "id", "object_word": "object_id"}
	SignInTables      = map[string]string{"sign_in": "id"}
	// Of what administrators set up of entitlement management.
	CatalogTables      = map[string]string{"catalog": "id"}
	PackageTables      = map[string]string{"access_package": "id"}
	PolicyTables       = map[string]string{"assignment_policy": "id"}
	OrganizationTables = map[string]string{"connected_organization": "id", "organization_source": "organization_id"}
)

// step is how many copies one transaction makes.
const step = 20_000

// Copy makes n copies of the object id of a tenant, whose name stands in its texts
// and becomes stem0, stem1 and so on in the copies.
func Copy(ctx context.Context, db *sqldb.DB, tenant, id, name, stem string, tables map[string]string, n int) error {
	for at := 0; at < n; at += step {
		if err := db.Update(ctx, func(tx *sqldb.Tx) error {
			return copies(ctx, tx, db.Engine(), tenant, id, name, stem, tables, at, min(at+step, n))
		}); err != nil {
			return err
		}
	}
	if db.Engine() != sqldb.PostgreSQL {
		return nil
	}
	return db.Update(ctx, func(tx *sqldb.Tx) error { // as its own housekeeping does within a minute
		_, err := tx.Exec(ctx, "analyze")
		return err
	})
}

// Join makes the first n users of the tenant by identifier members of a group.
func Join(ctx context.Context, db *sqldb.DB, tenant string, group ids.ObjectID, n int) error {
	return db.Update(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(ctx, `insert into membership (tenant_id, group_id, member_id, added_us)
			select tenant_id, ?, id, 1 from account where tenant_id = ? and deleted_us = 0 order by id limit ?`, group, tenant, n)
		return err
	})
}

// copies adds the copies from..to-1.
func copies(ctx context.Context, tx *sqldb.Tx, engine sqldb.Engine, tenant, id, name, stem string, tables map[string]string, from, to int) error {
	fresh := "gen_random_uuid()::text"
	if engine == sqldb.SQLite {
		fresh = "lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))"
	}
	for _, q := range []string{
		"create table if not exists bench_copy (id text not null, name text not null)",
		"delete from bench_copy",
		fmt.Sprintf(`insert into bench_copy (id, name)
			with recursive n(i) as (select %d union all select i + 1 from n where i < %d)
			select %s, '%s' || i from n`, from, to-1, fresh, stem),
	} {
		if _, err := tx.Exec(ctx, q); err != nil {
			return err
		}
	}
	for table, key := range tables {
		names, values, err := columns(ctx, tx, engine, table, id, name)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `insert into `+table+` (`+names+`)
			select `+values+` from `+table+` t cross join bench_copy c where t.tenant_id = ? and t.`+key+` = ?`,
			tenant, id); err != nil {
			return fmt.Errorf("%s: %w", table, err)
		}
	}
	return nil
}

// columns returns a table's columns, and what a copy has in them: its own
// identifier and name wherever the original's stand.
func columns(ctx context.Context, tx *sqldb.Tx, engine sqldb.Engine, table, id, name string) (names, values string, err error) {
	q := "select column_name, data_type from information_schema.columns where table_schema = current_schema() and table_name = ? and is_generated = 'NEVER' order by ordinal_position"
	if engine == sqldb.SQLite {
		q = "select name, type from pragma_table_info(?) order by cid"
	}
	var n, v []string
	err = tx.Each(ctx, q, []any{table}, func(scan func(...any) error) error {
		var column, kind string
		err := scan(&column, &kind)
		n = append(n, column)
		if strings.EqualFold(kind, "text") && column != "tenant_id" {
			column = fmt.Sprintf("replace(replace(t.%s, '%s', c.id), '%s', c.name)", column, id, name)
		} else {
			column = "t." + column
		}
		v = append(v, column)
		return err
	})
	return strings.Join(n, ", "), strings.Join(v, ", "), err
}
