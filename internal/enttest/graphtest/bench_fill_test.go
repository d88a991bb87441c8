package graphtest

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"entente/internal/kit/sqldb"
)

// fill stores n users: one as a client makes it, and the others as copies of
// its rows with identifiers and names of their own, which is some thirty times
// faster and leaves the tables as large.
func (w *World) fill(b *testing.B, n int) {
	b.Helper()
	const name = "personzero"
	c := w.Client(b, w.A, "User.ReadWrite.All")
	id := c.Send(b, w, 201, "POST", "/v1.0/users", NewUser(w.A.Domain, name)).Text("id")
	const step = 20_000
	for at := 0; at < n; at += step {
		must(b, w.DB.Update(b.Context(), func(tx *sqldb.Tx) error {
			return w.copies(b.Context(), tx, id, name, at, min(at+step, n))
		}))
	}
	if w.DB.Engine() == sqldb.PostgreSQL { // as its own housekeeping does within a minute
		must(b, w.DB.Update(b.Context(), func(tx *sqldb.Tx) error {
			_, err := tx.Exec(b.Context(), "analyze")
			return err
		}))
	}
}

// copies adds the copies from..to-1 of the user.
func (w *World) copies(ctx context.Context, tx *sqldb.Tx, id, name string, from, to int) error {
	fresh := "gen_random_uuid()::text"
	if w.DB.Engine() == sqldb.SQLite {
		fresh = "lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))"
	}
	for _, q := range []string{
		"create table if not exists bench_copy (id text not null, name text not null)",
		"delete from bench_copy",
		fmt.Sprintf(`insert into bench_copy (id, name)
			with recursive n(i) as (select %d union all select i + 1 from n where i < %d)
			select %s, 'person' || i from n`, from, to-1, fresh),
	} {
		if _, err := tx.Exec(ctx, q); err != nil {
			return err
		}
	}
	for table, key := range map[string]string{
		"account": "id", "object": "id", "object_name": "object_id", "object_word": "object_id", "password": "user_id", "user_text": "user_id",
		"user_identity": "user_id",
	} {
		columns, values, err := w.columns(ctx, tx, table, id, name)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `insert into `+table+` (`+columns+`)
			select `+values+` from `+table+` t cross join bench_copy c where t.tenant_id = ? and t.`+key+` = ?`,
			w.A.ID, id); err != nil {
			return fmt.Errorf("%s: %w", table, err)
		}
	}
	return nil
}

// columns returns a table's columns, and what a copy has in them: its own
// identifier and name wherever the original's stand.
func (w *World) columns(ctx context.Context, tx *sqldb.Tx, table, id, name string) (names, values string, err error) {
	q := "select column_name, data_type from information_schema.columns where table_schema = current_schema() and table_name = ? and is_generated = 'NEVER' order by ordinal_position"
	if w.DB.Engine() == sqldb.SQLite {
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
