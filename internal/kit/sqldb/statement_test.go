package sqldb

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestPlaceholders(t *testing.T) {
	tests := []struct{ name, query, want string }{
		{"none", "select 1", "select 1"},
		{"in order", "a = ? and b in (?, ?)", "a = $1 and b in ($2, $3)"},
		{"without space", "a=?", "a=$1"},
		{"in a string", "a = '?' and b = ?", "a = '?' and b = $1"},
		{"in a string with quotes", "a = 'it''s ?' and b = ?", "a = 'it''s ?' and b = $1"},
		{"in a name", `"who?" = ?`, `"who?" = $1`},
		{"in a comment", "a /* ? */ = ? -- ?\n and ?", "a /* ? */ = $1 -- ?\n and $2"},
		{"a minus is no comment", "a - -? -?", "a - -$1 -$2"},
		{"a quote in a comment", "/* ' */ ? -- '\n?", "/* ' */ $1 -- '\n$2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tokens, err := lex(tt.query)
			if err != nil {
				t.Fatal(err)
			}
			if got := numbered(tt.query, tokens); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestWhatTheEnginesReadDifferentlyIsRefused(t *testing.T) {
	for _, query := range []string{"'open", `"open`, "/* open", "/* a /* b */ c */", "'a''"} {
		if _, err := lex(query); err == nil {
			t.Errorf("%s was read", query)
		}
	}
}

// Statements are put together from pieces, so that the answer is known.
func TestPlaceholdersOfAnyStatement(t *testing.T) {
	piece := rapid.SampledFrom([]string{"'?'", "'a''?'", `"?"`, "/*?*/", "--?\n", " ", "x", "1", ",", "(", "->>", "ä"})
	rapid.Check(t, func(t *rapid.T) {
		var query, want strings.Builder
		n := 0
		for range rapid.IntRange(0, 20).Draw(t, "pieces") {
			if rapid.Bool().Draw(t, "place") {
				n++
				query.WriteString(" ? ")
				want.WriteString(" $" + string(rune('0'+n/10)) + string(rune('0'+n%10)) + " ")
				continue
			}
			p := piece.Draw(t, "piece")
			query.WriteString(p + " ")
			want.WriteString(p + " ")
		}
		st := (&statements{engine: PostgreSQL}).look(query.String())
		if st.err != nil {
			t.Fatal(st.err)
		}
		if got := st.text; got != strings.ReplaceAll(want.String(), "$0", "$") {
			t.Errorf("got %s, want %s", got, want.String())
		}
		if st.params != n {
			t.Errorf("%d places, want %d", st.params, n)
		}
	})
}

// Whatever the text, its tokens are in order, do not overlap and leave out
// nothing but space.
func FuzzLex(f *testing.F) {
	for _, s := range []string{"select ?", "'a''b' -- c\n/* d */", `"x" <= 1.5e3`, "$$ ? $$", "\x00\xff'"} {
		f.Add(s)
	}
	tenant := map[string]bool{"t": true}
	f.Fuzz(func(t *testing.T, s string) {
		tokens, err := lex(s)
		if err != nil {
			return
		}
		at := 0
		for _, k := range append(tokens, token{start: len(s)}) {
			if k.start < at || strings.TrimFunc(s[at:k.start], func(r rune) bool { return r < 128 && isSpace(byte(r)) }) != "" {
				t.Fatalf("between %d and %d something is missing or doubled", at, k.start)
			}
			at = k.end
		}
		tenantFault(s, tokens, tenant)
	})
}

func TestTenantIsNamed(t *testing.T) {
	tests := []struct {
		name, query string
		refused     string // the table, or empty
	}{
		{"a table of the installation", "select * from installation", ""},
		{"bound", "select * from a where tenant_id = ?", ""},
		{"bound from the other side", "select * from a where ? = tenant_id and x = 1", ""},
		{"one of several", "select * from a where tenant_id in (?, ?)", ""},
		{"as part of a row", "select * from a where (tenant_id, id) in ((?, ?), (?, ?))", ""},
		{"not bound", "select * from a", "a"},
		{"selected only", "select tenant_id from a where id = ?", "a"},
		{"ordered by only", "select id from a where x = ? order by tenant_id", "a"},
		{"compared with less", "select id from a where tenant_id > ?", "a"},
		{"keyset range only", "select id from a where (tenant_id, id) > (?, ?)", "a"},
		{"an or opens another way", "select id from a where tenant_id = ? and x = ? or y = ?", "a"},
		{"an or in parentheses does not", "select id from a where tenant_id = ? and (x = ? or y = ?)", ""},
		{"bound inside an or", "select id from a where x = 1 and (tenant_id = ? or y = ?)", "a"},
		{"in a string", "select id from a where x = 'tenant_id = ?'", "a"},
		{"in a comment", "select id from a where x = 1 -- tenant_id = ?", "a"},
		{"for a reason", "select id from a /* all tenants: to count them */", ""},
		{"for no reason", "select id from a /* all tenants: */", "a"},
		{"in upper case", "SELECT id FROM A", "a"},
		{"quoted", `select id from "a"`, "a"},
		{"with a schema", "select id from public.a", "a"},
		{"with an alias", "select x.id from a as x where x.tenant_id = ?", ""},
		{"join, both bound", "select 1 from a join b on b.tenant_id = a.tenant_id and b.a_id = a.id where a.tenant_id = ?", ""},
		{"join, bound the other way", "select 1 from a join b on a.tenant_id = b.tenant_id where b.tenant_id = ?", ""},
		{"join, one bound", "select 1 from a join b on b.a_id = a.id where a.tenant_id = ?", "b"},
		{"join, none bound", "select 1 from a join b on b.tenant_id = a.tenant_id", "a"},
		{"join of three", "select 1 from a x join b y on y.tenant_id = x.tenant_id join a z on z.tenant_id = y.tenant_id where x.tenant_id = ?", ""},
		{"join using", "select 1 from a join b using (tenant_id, id) where tenant_id = ?", ""},
		{"join using, bound by name", "select 1 from a join b using (tenant_id, id) where a.tenant_id = ?", ""},
		{"join using, not bound", "select 1 from a join b using (tenant_id, id)", "a"},
		{"left join", "select 1 from a left join b on b.tenant_id = a.tenant_id where a.tenant_id = ?", ""},
		{"comma", "select 1 from a, b where a.tenant_id = ? and b.tenant_id = ?", ""},
		{"comma, one bound", "select 1 from a, b where a.tenant_id = ?", "b"},
		{"with a table of the installation", "select 1 from installation i join a on a.id = i.id where tenant_id = ?", ""},
		{"bound to another column", "select 1 from a where a.tenant_id = ? and exists (select 1 from b where b.tenant_id = a.home_tenant)", ""},
		{"subquery bound to the query", "select 1 from a where tenant_id = ? and exists (select 1 from b where b.tenant_id = a.tenant_id)", ""},
		{"subquery not bound", "select 1 from a where tenant_id = ? and id in (select id from b)", "b"},
		{"query around a bound subquery", "select 1 from a where id in (select id from b where tenant_id = ?)", "a"},
		{"subquery in from", "select 1 from (select id from a where tenant_id = ?) x", ""},
		{"common table expression", "with x as (select id from a) select * from x", "a"},
		{"union, one bound", "select id from a where tenant_id = ? union all select id from b", "b"},
		{"union, both bound", "select id from a where tenant_id = ? union all select id from b where tenant_id = ?", ""},
		{"insert", "insert into a (tenant_id, id) values (?, ?)", ""},
		{"insert without the column", "insert into a (id) values (?)", "a"},
		{"insert without columns", "insert into a values (?, ?)", "a"},
		{"upsert", "insert into a (tenant_id, id) values (?, ?) on conflict (tenant_id, id) do update set x = excluded.x where a.x < 1", ""},
		{"insert of a selection", "insert into a (tenant_id, id) select tenant_id, id from b where tenant_id = ?", ""},
		{"insert of an unbound selection", "insert into a (tenant_id, id) select tenant_id, id from b", "b"},
		{"update", "update a set x = ? where tenant_id = ? and id = ?", ""},
		{"update not bound", "update a set x = ? where id = ?", "a"},
		{"update that sets it only", "update a set tenant_id = ? where id = ?", "a"},
		{"update from", "update a set x = b.x from b where b.tenant_id = a.tenant_id and a.tenant_id = ?", ""},
		{"delete", "delete from a where tenant_id = ?", ""},
		{"delete everything", "delete from a", "a"},
		{"for update", "select id from a where tenant_id = ? for update skip locked", ""},
		{"is distinct from", "select id from a where tenant_id = ? and x is distinct from b", ""},
	}
	s := &statements{tenant: map[string]bool{"a": true, "b": true}}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := s.of(tt.query).err
			switch {
			case tt.refused == "" && err != nil:
				t.Errorf("refused: %v", err)
			case tt.refused != "" && (err == nil || !strings.Contains(err.Error(), "table "+tt.refused+" ")):
				t.Errorf("err = %v, want a refusal for %s", err, tt.refused)
			}
		})
	}
}

func TestTextsAreForgottenInTime(t *testing.T) {
	s := &statements{}
	for i := range maxStatements + 10 {
		s.of("select " + strings.Repeat("x", i%4096) + "1")
		s.of("select " + strings.Repeat("y", i))
	}
	n := 0
	for range s.seen.Range {
		n++
	}
	if n > maxStatements {
		t.Errorf("%d texts are kept, want at most %d", n, maxStatements)
	}
}

func TestABareParameterIsNoReasonToPlanAnew(t *testing.T) {
	for query, want := range map[string]string{
		"select 1 from t limit ?":                         "select 1 from t limit (? + 0)",
		"select 1 from t where a = ? limit ? offset ?":    "select 1 from t where a = ? limit (? + 0) offset ?",
		"select 1 from (select 2 limit ?) union select ?": "select 1 from (select 2 limit (? + 0)) union select ?",
		"select 'limit ?' from t limit 3":                 "select 'limit ?' from t limit 3",
		"select 1 from t where a > ? and b<=?":            "select 1 from t where a > +? and b<=+?",
		"select 1 from t where a = ? and '<' = ?":         "select 1 from t where a = ? and '<' = ?",
		"select 1 from t where (a, b) < (?, ?)":           "select 1 from t where (a, b) < (?, ?)",
	} {
		tokens, err := lex(query)
		if err != nil {
			t.Fatal(err)
		}
		if got := steady(query, tokens); got != want {
			t.Errorf("%s becomes %s, want %s", query, got, want)
		}
	}
}
