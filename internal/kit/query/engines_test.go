package query_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"entente/internal/enttest/dbtest"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// person is a row of the test's own noun. Nil pointers and empty names are
// absent values.
type person struct {
	ID      string
	Name    string
	Code    string
	Age     *int64
	Enabled bool
	Created time.Time
	Mails   []mail
}

type mail struct {
	Address string
	Rank    int64
}

var people = query.Table{
	Fields: map[string]query.Column{
		"id":      {SQL: "p.id"},
		"name":    {SQL: "p.name_folded", Fold: true, Null: ""},
		"code":    {SQL: "p.code"},
		"age":     {SQL: "p.age", Kind: query.Int, Null: -1},
		"enabled": {SQL: "p.enabled", Kind: query.Bool},
		"created": {SQL: "p.created_us", Kind: query.Time, Null: 0},
		"mails": {Items: &query.Items{
			From: "test_mail m",
			On:   "m.tenant_id = p.tenant_id and m.person_id = p.id",
			Fields: map[string]query.Column{
				"":     {SQL: "m.address_folded", Fold: true},
				"rank": {SQL: "m.rank", Kind: query.Int},
			},
		}},
	},
	Key: []string{"id"},
}

var (
	texts = []string{"", "a", "A", "ab", "Ab", "aB", "b", "é", "É", "e\u0301", "ée", "ß", "%", "_", "a%b", "a_b", `\`, "'", "\ud7ff", "\ue000", "a\U0010ffff", "\U0010ffff", "zz", "漢", "漢字"}
	noon  = dbtest.Noon
	times = []time.Time{noon.Add(-time.Hour), noon, noon.Add(time.Microsecond), noon.Add(time.Microsecond + 1), noon.Add(time.Hour), time.Unix(0, 0).UTC(), time.Unix(-1, 0).UTC()}
)

// drawPeople draws rows that have much in common, so that conditions meet some
// of them and not others.
func drawPeople(t *rapid.T) []person {
	text := rapid.SampledFrom(texts)
	n := rapid.IntRange(0, 40).Draw(t, "people")
	list := make([]person, n)
	for i := range list {
		p := person{
			ID:      fmt.Sprintf("%03d", i),
			Name:    text.Draw(t, "name"),
			Code:    text.Draw(t, "code"),
			Enabled: rapid.Bool().Draw(t, "enabled"),
		}
		if rapid.Bool().Draw(t, "has age") {
			p.Age = new(rapid.Int64Range(0, 3).Draw(t, "age"))
		}
		if rapid.Bool().Draw(t, "has created") {
			p.Created = rapid.SampledFrom(times[:3]).Draw(t, "created")
		}
		for range rapid.IntRange(0, 2).Draw(t, "mails") {
			p.Mails = append(p.Mails, mail{text.Draw(t, "mail"), rapid.Int64Range(0, 2).Draw(t, "rank")})
		}
		list[i] = p
	}
	return list
}

// drawExpr draws a condition on a person, or on a mail.
func drawExpr(t *rapid.T, depth int, ofMail bool) query.Expr {
	kind := rapid.IntRange(0, 9).Draw(t, "kind")
	if depth == 0 {
		kind = 3 + kind%5
	}
	field := func(names ...string) string { return rapid.SampledFrom(names).Draw(t, "field") }
	textField := func() string {
		if ofMail {
			return ""
		}
		return field("name", "code", "id")
	}
	text := func() string { return rapid.SampledFrom(texts).Draw(t, "text") }
	switch {
	case kind == 0:
		return query.Not{X: drawExpr(t, depth-1, ofMail)}
	case kind <= 2:
		parts := make([]query.Expr, rapid.IntRange(0, 3).Draw(t, "parts"))
		for i := range parts {
			parts[i] = drawExpr(t, depth-1, ofMail)
		}
		if kind == 1 {
			return query.And(parts)
		}
		return query.Or(parts)
	case kind == 3:
		return query.StartsWith{Field: textField(), Value: text()}
	case kind == 4:
		return query.EndsWith{Field: textField(), Value: text()}
	case kind == 5:
		return query.Contains{Field: textField(), Value: text()}
	case kind == 8 && !ofMail:
		if rapid.Bool().Draw(t, "any at all") {
			return query.Any{Field: "mails"}
		}
		return query.Any{Field: "mails", Of: drawExpr(t, depth-1, true)}
	case kind == 9 && !ofMail:
		return query.Count{Field: "mails", Op: drawOp(t), N: rapid.IntRange(0, 2).Draw(t, "n")}
	}
	name := field("", "rank")
	if !ofMail {
		name = field("id", "name", "code", "age", "enabled", "created")
	}
	if kind == 6 {
		values := make([]any, rapid.IntRange(0, 3).Draw(t, "values"))
		for i := range values {
			values[i] = drawValue(t, name)
		}
		return query.In{Field: name, Values: values}
	}
	return query.Compare{Field: name, Op: drawOp(t), Value: drawValue(t, name)}
}

func drawOp(t *rapid.T) query.Op {
	return rapid.SampledFrom([]query.Op{query.Eq, query.Ne, query.Lt, query.Le, query.Gt, query.Ge}).Draw(t, "op")
}

func drawValue(t *rapid.T, field string) any {
	if rapid.IntRange(0, 5).Draw(t, "null") == 0 {
		return nil
	}
	switch field {
	case "age", "rank":
		return rapid.Int64Range(-1, 3).Draw(t, "int")
	case "enabled":
		return rapid.Bool().Draw(t, "bool")
	case "created":
		return rapid.SampledFrom(times).Draw(t, "time")
	}
	return rapid.SampledFrom(texts).Draw(t, "text")
}

// value returns what a field holds; nil when it is absent. Text that is
// compared without regard to case comes folded.
func value(p person, m *mail, field string) any {
	switch field {
	case "":
		return query.Fold(m.Address)
	case "rank":
		return m.Rank
	case "id":
		return p.ID
	case "code":
		return p.Code
	case "enabled":
		if p.Enabled {
			return int64(1)
		}
		return int64(0)
	case "name":
		if p.Name != "" {
			return query.Fold(p.Name)
		}
	case "age":
		if p.Age != nil {
			return *p.Age
		}
	case "created":
		if !p.Created.IsZero() {
			return p.Created.UnixNano()
		}
	}
	return nil
}

// given returns a condition's value as value returns it.
func given(field string, v any) any {
	switch v := v.(type) {
	case string:
		if field == "name" || field == "" {
			return query.Fold(v)
		}
	case bool:
		if v {
			return int64(1)
		}
		return int64(0)
	case time.Time:
		return v.UnixNano()
	}
	return v
}

// order compares two present values.
func order(a, b any) int {
	if s, ok := a.(string); ok {
		return strings.Compare(s, b.(string))
	}
	return cmp.Compare(a.(int64), b.(int64))
}

// holds is the meaning of an expression, said as plainly as can be.
func holds(e query.Expr, p person, m *mail) bool {
	switch e := e.(type) {
	case query.And:
		return !slices.ContainsFunc(e, func(x query.Expr) bool { return !holds(x, p, m) })
	case query.Or:
		return slices.ContainsFunc(e, func(x query.Expr) bool { return holds(x, p, m) })
	case query.Not:
		return !holds(e.X, p, m)
	case query.Any:
		return slices.ContainsFunc(p.Mails, func(m mail) bool { return e.Of == nil || holds(e.Of, p, &m) })
	case query.Count:
		return compare(int64(len(p.Mails)), e.Op, int64(e.N))
	case query.Compare:
		return compare(value(p, m, e.Field), e.Op, given(e.Field, e.Value))
	case query.In:
		return slices.ContainsFunc(e.Values, func(v any) bool {
			return compare(value(p, m, e.Field), query.Eq, given(e.Field, v))
		})
	case query.StartsWith:
		s, ok := value(p, m, e.Field).(string)
		return ok && strings.HasPrefix(s, given(e.Field, e.Value).(string))
	case query.EndsWith:
		s, ok := value(p, m, e.Field).(string)
		return ok && strings.HasSuffix(s, given(e.Field, e.Value).(string))
	case query.Contains:
		s, ok := value(p, m, e.Field).(string)
		return ok && strings.Contains(s, given(e.Field, e.Value).(string))
	}
	panic("unknown expression")
}

func compare(a any, op query.Op, b any) bool {
	if a == nil || b == nil {
		same := a == nil && b == nil
		return op == query.Ne && !same || same && (op == query.Eq || op == query.Le || op == query.Ge)
	}
	c := order(a, b)
	return map[query.Op]bool{query.Eq: c == 0, query.Ne: c != 0, query.Lt: c < 0, query.Le: c <= 0, query.Gt: c > 0, query.Ge: c >= 0}[op]
}

// sorted returns the people for whom the filter holds, in order; absent values
// come first.
func sorted(list []person, q query.Query) []string {
	var found []person
	for _, p := range list {
		if q.Filter == nil || holds(q.Filter, p, nil) {
			found = append(found, p)
		}
	}
	slices.SortFunc(found, func(a, b person) int {
		desc := false
		for _, k := range q.Order {
			desc = k.Desc
			if c := orderNull(value(a, nil, k.Field), value(b, nil, k.Field)); c != 0 {
				if k.Desc {
					return -c
				}
				return c
			}
		}
		if desc {
			return strings.Compare(b.ID, a.ID)
		}
		return strings.Compare(a.ID, b.ID)
	})
	ids := make([]string, len(found))
	for i, p := range found {
		ids[i] = p.ID
	}
	return ids
}

func orderNull(a, b any) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return -1
	case b == nil:
		return 1
	}
	return order(a, b)
}

// TestBothEnginesMeanTheSame compares random queries, read page by page, with
// their plain meaning.
func TestBothEnginesMeanTheSame(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		createTables(t, db)
		rapid.Check(t, func(t *rapid.T) {
			list := drawPeople(t)
			store(t, db, list)
			for range 8 {
				q := query.Query{}
				if rapid.IntRange(0, 9).Draw(t, "filter") > 0 {
					q.Filter = drawExpr(t, 4, false)
				}
				for range rapid.IntRange(0, 3).Draw(t, "keys") {
					field := rapid.SampledFrom([]string{"id", "name", "code", "age", "enabled", "created"}).Draw(t, "key")
					q.Order = append(q.Order, query.Key{Field: field, Desc: rapid.Bool().Draw(t, "desc")})
				}
				q.Page.Limit = rapid.IntRange(0, 12).Draw(t, "limit")
				want := sorted(list, q)
				if got := read(t, db, q); !slices.Equal(got, want) {
					text, args, _ := query.Compile(q, people, "…")
					t.Fatalf("%+v\n%s\n%q\n got %v\nwant %v", q, text, args, got, want)
				}
				if got := count(t, db, q.Filter); got != len(want) {
					t.Fatalf("%+v: %d rows counted, want %d", q.Filter, got, len(want))
				}
			}
		})
	})
}

// TestFilterAtTheLimit: both engines parse the most that Compile writes.
func TestFilterAtTheLimit(t *testing.T) {
	deep := query.Expr(query.Compare{Field: "code", Op: query.Eq, Value: "a"})
	for i := range query.MaxNodes - 1 {
		if i%2 == 0 {
			deep = query.Not{X: deep}
		} else {
			deep = query.And{deep}
		}
	}
	wide := make(query.Or, query.MaxNodes-1)
	for i := range wide {
		wide[i] = query.Compare{Field: "code", Op: query.Eq, Value: "a"}
	}
	list := query.In{Field: "code", Values: slices.Repeat([]any{"a"}, query.MaxNodes-1)}
	dbtest.Each(t, func(t *testing.T, db *sqldb.DB) {
		createTables(t, db)
		for _, e := range []query.Expr{deep, wide, list} {
			read(t, db, query.Query{Filter: e})
		}
	})
}

func createTables(t *testing.T, db *sqldb.DB) {
	t.Helper()
	text := "text not null"
	if db.Engine() == sqldb.PostgreSQL {
		text = `text collate "C" not null`
	}
	err := db.Update(t.Context(), func(tx *sqldb.Tx) error {
		_, err := tx.Exec(t.Context(), `create table test_person (tenant_id `+text+`, id `+text+`, name_folded `+text+`, code `+text+`,
			age bigint not null, enabled bigint not null, created_us bigint not null, primary key (tenant_id, id))`)
		if err != nil {
			return err
		}
		_, err = tx.Exec(t.Context(), `create table test_mail (tenant_id `+text+`, person_id `+text+`, address_folded `+text+`, rank bigint not null)`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// store replaces what the tables hold.
func store(t *rapid.T, db *sqldb.DB, list []person) {
	ctx := context.Background()
	err := db.Update(ctx, func(tx *sqldb.Tx) error {
		for _, table := range []string{"test_person", "test_mail"} {
			if _, err := tx.Exec(ctx, `delete from `+table+` where tenant_id = ?`, "t"); err != nil {
				return err
			}
		}
		for _, p := range list {
			age, created := int64(-1), int64(0)
			if p.Age != nil {
				age = *p.Age
			}
			if !p.Created.IsZero() {
				created = p.Created.UnixMicro()
			}
			_, err := tx.Exec(ctx, `insert into test_person (tenant_id, id, name_folded, code, age, enabled, created_us) values (?, ?, ?, ?, ?, ?, ?)`,
				"t", p.ID, query.Fold(p.Name), p.Code, age, p.Enabled, created)
			if err != nil {
				return err
			}
			for _, m := range p.Mails {
				_, err := tx.Exec(ctx, `insert into test_mail (tenant_id, person_id, address_folded, rank) values (?, ?, ?, ?)`,
					"t", p.ID, query.Fold(m.Address), m.Rank)
				if err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// read reads all pages of q and returns the identifiers.
func read(t rapid.TB, db *sqldb.DB, q query.Query) []string {
	ctx := context.Background()
	ids := []string{}
	for {
		cur, err := people.Cursor(q)
		if err != nil {
			t.Fatal(err)
		}
		text, args, err := query.Compile(q, people, `select p.id, `+cur.Columns()+` from test_person p where p.tenant_id = ?`, "t")
		if err != nil {
			t.Fatal(err)
		}
		err = db.View(ctx, func(tx *sqldb.Tx) error {
			return tx.Each(ctx, text, args, func(scan func(dest ...any) error) error {
				if cur.Beyond() {
					return nil
				}
				var id string
				err := scan(append([]any{&id}, cur.Dest()...)...)
				ids = append(ids, id)
				return err
			})
		})
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		after := cur.Next()
		if after == nil {
			return ids
		}
		if q.Page.After, err = query.ParseAfter(query.FormatAfter(after)); err != nil {
			t.Fatal(err)
		}
	}
}

func count(t *rapid.T, db *sqldb.DB, filter query.Expr) (n int) {
	ctx := context.Background()
	text, args, err := query.Matching(filter, people, `select count(*) from test_person p where p.tenant_id = ?`, "t")
	if err != nil {
		t.Fatal(err)
	}
	err = db.View(ctx, func(tx *sqldb.Tx) error { return tx.One(ctx, text, args, &n) })
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return n
}
