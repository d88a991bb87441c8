package query

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"entente/internal/kit/fault"
)

// people is a noun as a package of core would describe it.
var people = Table{
	Fields: map[string]Column{
		"id": {SQL: "p.id"},
		"name": {SQL: "p.name_folded", Fold: true, Null: "", Words: &WordIndex{
			Key: "p.id", Select: "select w.person_id from person_word w where w.tenant_id = ?", Word: "w.word",
		}},
		"code":    {SQL: "p.code"},
		"state":   {SQL: "p.state", Among: []string{"Guest", "Member"}},
		"age":     {SQL: "p.age", Kind: Int, Null: -1},
		"enabled": {SQL: "p.enabled", Kind: Bool},
		"created": {SQL: "p.created_us", Kind: Time, Null: 0},
		"mails": {Items: &Items{
			From: "person_mail m",
			On:   "m.tenant_id = p.tenant_id and m.person_id = p.id",
			Fields: map[string]Column{
				"":     {SQL: "m.mail_folded", Fold: true},
				"rank": {SQL: "m.rank", Kind: Int},
			},
		}},
	},
	Key: []string{"id"},
}

var (
	noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	us   = noon.UnixMicro()
)

func TestMatching(t *testing.T) {
	tests := []struct {
		name   string
		filter Expr
		want   string
		args   []any
	}{
		{"equal, folded", Compare{"name", Eq, "GRACE"}, "p.name_folded = ?", []any{"grace"}},
		{"equal, byte by byte", Compare{"code", Eq, "Ab"}, "p.code = ?", []any{"Ab"}},
		{"one of few words, in any case", Compare{"state", Eq, "GUEST"}, "p.state = ?", []any{"Guest"}},
		{"none of few words", In{"state", []any{"member", "GUESTS"}}, "p.state in (?, ?)", []any{"Member", "GUESTS"}},
		{"unequal includes the absent", Compare{"name", Ne, "a"}, "p.name_folded <> ?", []any{"a"}},
		{"equals null", Compare{"name", Eq, nil}, "p.name_folded = ?", []any{""}},
		{"differs from null", Compare{"created", Ne, nil}, "p.created_us <> ?", []any{int64(0)}},
		{"null where nothing is absent", Compare{"code", Eq, nil}, "1 = 0", nil},
		{"less than excludes the absent", Compare{"name", Lt, "b"}, "(p.name_folded < ? and p.name_folded <> ?)", []any{"b", ""}},
		{"greater than excludes the absent by itself", Compare{"name", Gt, "b"}, "p.name_folded > ?", []any{"b"}},
		{"greater than null", Compare{"name", Gt, nil}, "1 = 0", nil},
		{"the stored form of absent is no value", Compare{"name", Eq, ""}, "1 = 0", nil},
		{"a time", Compare{"created", Ge, noon}, "p.created_us >= ?", []any{us}},
		{"a time between two microseconds, from below", Compare{"created", Ge, noon.Add(300)}, "p.created_us > ?", []any{us}},
		{"a time between two microseconds, exactly", Compare{"created", Eq, noon.Add(300)}, "1 = 0", nil},
		{"a word", HasWord{"name", "t", "Gr"}, "p.id in (select w.person_id from person_word w where w.tenant_id = ? and (w.word >= ? and w.word < ?))",
			[]any{"t", "gr", "gs"}},
		{"a truth", Compare{"enabled", Eq, true}, "p.enabled = ?", []any{int64(1)}},
		{"a list", In{"name", []any{"A", nil, "b"}}, "p.name_folded in (?, ?, ?)", []any{"a", "", "b"}},
		{"an empty list", In{"name", nil}, "1 = 0", nil},
		{"the beginning is a range", StartsWith{"name", "Gr"}, "(p.name_folded >= ? and p.name_folded < ?)", []any{"gr", "gs"}},
		{"the empty beginning is any text", StartsWith{"name", ""}, "(1 = 1 and p.name_folded <> ?)", []any{""}},
		{"the end", EndsWith{"name", "É%"}, "(length(p.name_folded) >= ? and substr(p.name_folded, length(p.name_folded) - ? + 1) = ?)", []any{int64(2), int64(2), "é%"}},
		{"the middle", Contains{"code", "_"}, "replace(p.code, ?, '') <> p.code", []any{"_"}},
		{"and, or, not", And{Not{Compare{"code", Eq, "a"}}, Or{Compare{"age", Eq, 1}, Compare{"age", Eq, 2}}}, "(not (p.code = ?) and (p.age = ? or p.age = ?))", []any{"a", int64(1), int64(2)}},
		{"nothing to meet", And{}, "1 = 1", nil},
		{"nothing to choose", Or{}, "1 = 0", nil},
		{"an element", Any{"mails", And{Compare{"", Eq, "A@b"}, Compare{"rank", Eq, 1}}}, "exists (select 1 from person_mail m where m.tenant_id = p.tenant_id and m.person_id = p.id and (m.mail_folded = ? and m.rank = ?))", []any{"a@b", int64(1)}},
		{"an element at all", Any{"mails", nil}, "exists (select 1 from person_mail m where m.tenant_id = p.tenant_id and m.person_id = p.id)", nil},
		{"the number of elements", Count{"mails", Gt, 1}, "(select count(*) from person_mail m where m.tenant_id = p.tenant_id and m.person_id = p.id) > ?", []any{int64(1)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text, args, err := Matching(tt.filter, people, "base ?", "arg")
			if err != nil {
				t.Fatal(err)
			}
			if want := "base ? and " + tt.want; text != want {
				t.Errorf("text\n got %s\nwant %s", text, want)
			}
			if want := append([]any{"arg"}, tt.args...); !reflect.DeepEqual(args, want) {
				t.Errorf("args = %v, want %v", args, want)
			}
			if strings.Count(text, "?") != len(args) {
				t.Errorf("%d placeholders, %d arguments", strings.Count(text, "?"), len(args))
			}
		})
	}
}

func TestCompileOrdersAndPages(t *testing.T) {
	tests := []struct {
		name string
		q    Query
		want string
		args []any
	}{
		{"all rows", Query{}, "base order by p.id", nil},
		{"first page", Query{Order: []Key{{"name", false}}, Page: Page{Limit: 10}}, "base order by p.name_folded, p.id limit ?", []any{int64(11)}},
		{"next page of the key alone", Query{Page: Page{After: []any{"x"}}}, "base and p.id > ? order by p.id", []any{"x"}},
		{"next page one way", Query{Order: []Key{{"name", true}}, Page: Page{After: []any{"n", "x"}}}, "base and (p.name_folded, p.id) < (?, ?) order by p.name_folded desc, p.id desc", []any{"n", "x"}},
		{"next page both ways", Query{Order: []Key{{"age", true}, {"name", false}}, Page: Page{After: []any{int64(3), "n", "x"}}},
			"base and (p.age <= ? and (p.age < ? or (p.age = ? and (p.name_folded > ? or (p.name_folded = ? and (p.id > ?)))))) order by p.age desc, p.name_folded, p.id",
			[]any{int64(3), int64(3), int64(3), "n", "n", "x"}},
		{"a field named twice", Query{Order: []Key{{"id", true}, {"id", false}}}, "base order by p.id desc", nil},
		{"filter, start, order and limit", Query{Filter: Compare{"code", Eq, "c"}, Page: Page{Limit: 1, After: []any{"x"}}},
			"base and p.code = ? and p.id > ? order by p.id limit ?", []any{"c", "x", int64(2)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text, args, err := Compile(tt.q, people, "base")
			if err != nil {
				t.Fatal(err)
			}
			if text != tt.want {
				t.Errorf("text\n got %s\nwant %s", text, tt.want)
			}
			if !slices.Equal(args, tt.args) {
				t.Errorf("args = %v, want %v", args, tt.args)
			}
		})
	}
}

func TestCompileRefuses(t *testing.T) {
	deep := Expr(Compare{"code", Eq, "c"})
	for range MaxNodes {
		deep = Not{deep}
	}
	tests := []struct {
		name string
		q    Query
		want fault.Reason
	}{
		{"a field the noun lacks", Query{Filter: Compare{"nope", Eq, "x"}}, UnknownField},
		{"a collection the noun lacks", Query{Filter: Any{"nope", nil}}, UnknownField},
		{"an element's field outside the collection", Query{Filter: Compare{"rank", Eq, 1}}, UnknownField},
		{"the noun's field inside the collection", Query{Filter: Any{"mails", Compare{"name", Eq, "x"}}}, UnknownField},
		{"a collection compared", Query{Filter: Compare{"mails", Eq, "x"}}, Unsupported},
		{"a single field as a collection", Query{Filter: Count{"name", Eq, 1}}, Unsupported},
		{"a word of no word index", Query{Filter: HasWord{"code", "t", "a"}}, Unsupported},
		{"the beginning of a number", Query{Filter: StartsWith{"age", "1"}}, Unsupported},
		{"text for a number", Query{Filter: Compare{"age", Eq, "1"}}, WrongValue},
		{"a number for a time", Query{Filter: Compare{"created", Eq, 1}}, WrongValue},
		{"text with NUL", Query{Filter: Compare{"name", Eq, "a\x00"}}, WrongValue},
		{"text that is not UTF-8", Query{Filter: In{"code", []any{"\xff"}}}, WrongValue},
		{"a missing term", Query{Filter: Not{}}, Unsupported},
		{"an unknown comparison", Query{Filter: Compare{"age", "~", 1}}, Unsupported},
		{"an unknown comparison with null", Query{Filter: Compare{"age", "~", nil}}, Unsupported},
		{"an unknown comparison of a number of elements", Query{Filter: Count{"mails", "~", 1}}, Unsupported},
		{"too deep", Query{Filter: deep}, TooComplex},
		{"too long a list", Query{Filter: In{"code", make([]any, MaxNodes)}}, TooComplex},
		{"an order by a collection", Query{Order: []Key{{"mails", false}}}, Unsupported},
		{"an order by nothing", Query{Order: []Key{{"nope", false}}}, UnknownField},
		{"a start of another order", Query{Page: Page{After: []any{"a", "b"}}}, WrongCursor},
		{"a start of another kind", Query{Page: Page{After: []any{int64(1)}}}, WrongCursor},
		{"a start that no store holds", Query{Page: Page{After: []any{"\x00"}}}, WrongCursor},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := Compile(tt.q, people, "base")
			if !errors.Is(err, tt.want) || !errors.Is(err, fault.Invalid) {
				t.Errorf("err = %v, want %v", err, tt.want)
			}
		})
	}
}

// TestCallersArgumentsStayTheirs: two statements built on one list of
// arguments do not write into each other.
func TestCallersArgumentsStayTheirs(t *testing.T) {
	shared := append(make([]any, 0, 8), "tenant")
	_, one, _ := Matching(Compare{"code", Eq, "1"}, people, "base ?", shared...)
	_, two, _ := Matching(Compare{"code", Eq, "2"}, people, "base ?", shared...)
	if one[1] != "1" || two[1] != "2" {
		t.Errorf("got %v and %v", one, two)
	}
}

func TestAfterSurvivesALink(t *testing.T) {
	want := []any{"Ünïcode'&", int64(1) << 62, "", int64(-1)}
	got, err := ParseAfter(FormatAfter(want))
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	for _, s := range []string{"", "!", "e30", "bnVsbA", "WzEuNV0", "W3RydWVd", "WyJhIl1b", "W1siYSJdXQ"} {
		if got, err := ParseAfter(s); !errors.Is(err, WrongCursor) {
			t.Errorf("ParseAfter(%q) = %v, %v, want a refusal", s, got, err)
		}
	}
}

func BenchmarkCompile(b *testing.B) {
	q := Query{Filter: And{StartsWith{"name", "gr"}, Compare{"enabled", Eq, true}}, Order: []Key{{"name", false}}, Page: Page{Limit: 100}}
	for b.Loop() {
		if _, _, err := Compile(q, people, "select p.face from person p where p.tenant_id = ?", "t"); err != nil {
			b.Fatal(err)
		}
	}
}
