package isolation

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"entente/internal/kit/sqldb"
)

// settled waits until the server has done what is due for the victim: what it
// does by itself is not taken for a stranger's doing.
func (g *ground) settled(t *testing.T) {
	t.Helper()
	for late := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		due := 0
		if err := g.db.View(t.Context(), func(tx *sqldb.Tx) error {
			return tx.One(t.Context(), "select count(*) from job where tenant_id = ? and (state = 'running' or state = 'pending' and due_us <= ?)",
				[]any{g.victim.ID, sqldb.Micros(tx.Now())}, &due)
		}); err != nil {
			t.Fatal(err)
		}
		if due == 0 {
			return
		}
		if time.Now().After(late) {
			t.Fatalf("%d jobs of the victim's are due, and not done", due)
		}
	}
}

// rows returns every row of the victim's: of each table that knows tenants, and
// of those few others that hold something of a tenant.
func (g *ground) rows(t *testing.T) map[string][]string {
	t.Helper()
	g.settled(t)
	all := make(map[string][]string)
	err := g.db.View(t.Context(), func(tx *sqldb.Tx) error {
		tables, err := columns(t.Context(), tx, g.db.Engine())
		if err != nil {
			return err
		}
		for table, names := range tables {
			where := "tenant_id = ?"
			switch {
			case table == "tenant":
				where = "id = ?"
			case table == "object_name":
				where = "owner_tenant = ?"
			case table == "signin_flow":
				where = "home_id = ?"
			case !slices.Contains(names, "tenant_id"):
				continue
			}
			if all[table], err = dump(t.Context(), tx, g.db.Engine(), table, names, where, g.victim.ID); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// columns returns the names of each table's columns.
func columns(ctx context.Context, tx *sqldb.Tx, engine sqldb.Engine) (map[string][]string, error) {
	query := "select m.name, c.name from sqlite_master m, pragma_table_info(m.name) c where m.type = 'table'"
	if engine == sqldb.PostgreSQL {
		query = "select table_name, column_name from information_schema.columns where table_schema = 'public'"
	}
	all := make(map[string][]string)
	err := tx.Each(ctx, query, nil, func(scan func(...any) error) error {
		var table, column string
		if err := scan(&table, &column); err != nil {
			return err
		}
		all[table] = append(all[table], column)
		return nil
	})
	return all, err
}

func dump(ctx context.Context, tx *sqldb.Tx, engine sqldb.Engine, table string, names []string, where, tenant string) (rows []string, err error) {
	quote := "quote("
	if engine == sqldb.PostgreSQL {
		quote = "quote_nullable("
	}
	query := "select " + quote + strings.Join(names, ") || ' ' || "+quote) + ") from " + table + " where " + where +
		" /* all tenants: the condition differs from table to table */"
	err = tx.Each(ctx, query, []any{tenant}, func(scan func(...any) error) error {
		var row string
		err := scan(&row)
		rows = append(rows, row)
		return err
	})
	slices.Sort(rows)
	return rows, err
}

// untouched compares the victim's rows with those before. Tables in grown may
// have further rows.
func (g *ground) untouched(t *testing.T, before map[string][]string, grown ...string) {
	t.Helper()
	after := g.rows(t)
	if len(before["object"]) == 0 || len(before["tenant"]) != 1 {
		t.Fatal("the victim has no rows: nothing is compared")
	}
	for table, rows := range after {
		for _, row := range before[table] {
			if !slices.Contains(rows, row) {
				t.Errorf("%s: a stranger changed or removed %s", table, row)
			}
		}
		for _, row := range rows {
			if !slices.Contains(grown, table) && !slices.Contains(before[table], row) {
				t.Errorf("%s: a stranger caused %s", table, row)
			}
		}
	}
}
