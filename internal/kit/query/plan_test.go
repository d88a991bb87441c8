package query_test

import (
	"strings"
	"testing"

	"entente/internal/enttest/dbtest"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// TestPagesComeFromTheIndex: an index in the page's order answers it without
// sorting and without reading what lies before, so every page costs the same;
// and a text's beginning is looked up.
func TestPagesComeFromTheIndex(t *testing.T) {
	byName := query.Query{Order: []query.Key{{Field: "name"}}, Page: query.Page{Limit: 10, After: []any{"a", "1"}}}
	backwards := query.Query{Order: []query.Key{{Field: "name", Desc: true}}, Page: query.Page{Limit: 10, After: []any{"a", "1"}}}
	beginning := query.Query{Filter: query.StartsWith{Field: "name", Value: "a"}, Order: []query.Key{{Field: "name"}}}
	dbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		createTables(t, db)
		err := db.Update(t.Context(), func(tx *sqldb.Tx) error {
			_, err := tx.Exec(t.Context(), `create index test_person_name on test_person (tenant_id, name_folded, id)`)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, tt := range []struct {
			q                query.Query
			sqlite, postgres string
		}{
			{byName, "(tenant_id=? AND (name_folded,id)>(?,?))", "ROW(name_folded, id) > ROW("},
			{backwards, "(tenant_id=? AND (name_folded,id)<(?,?))", "ROW(name_folded, id) < ROW("},
			{beginning, "(tenant_id=? AND name_folded>? AND name_folded<?)", "(name_folded >= 'a'::text) AND (name_folded < 'b'::text)"},
		} {
			want := tt.sqlite
			if db.Engine() == sqldb.PostgreSQL {
				want = tt.postgres
			}
			got := plan(t, db, tt.q)
			if !strings.Contains(got, want) || strings.Contains(strings.ToLower(got), "sort") || strings.Contains(got, "TEMP B-TREE") {
				t.Errorf("plan\n%swant %s and no sorting", got, want)
			}
		}
	})
}

// plan returns how the engine would read q; PostgreSQL is told that the empty
// table is worth an index.
func plan(t *testing.T, db *sqldb.DB, q query.Query) string {
	t.Helper()
	ctx := t.Context()
	text, args, err := query.Compile(q, people, `select p.id from test_person p where p.tenant_id = ?`, "t")
	if err != nil {
		t.Fatal(err)
	}
	var lines strings.Builder
	err = db.Update(ctx, func(tx *sqldb.Tx) error {
		if db.Engine() == sqldb.SQLite {
			return tx.Each(ctx, "explain query plan "+text, args, func(scan func(dest ...any) error) error {
				var id, parent, unused int64
				var detail string
				err := scan(&id, &parent, &unused, &detail)
				lines.WriteString(detail + "\n")
				return err
			})
		}
		for _, way := range []string{"enable_seqscan", "enable_bitmapscan", "enable_sort"} {
			if _, err := tx.Exec(ctx, "set local "+way+" = off"); err != nil {
				return err
			}
		}
		return tx.Each(ctx, "explain "+text, args, func(scan func(dest ...any) error) error {
			var line string
			err := scan(&line)
			lines.WriteString(line + "\n")
			return err
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines.String()
}
