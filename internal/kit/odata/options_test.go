package odata

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"entente/internal/kit/fault"
)

func TestParseOptions(t *testing.T) {
	o, err := ParseOptions("$filter=c+eq+%27O%27%27Neil%27&%24SELECT=id,%20displayName,address/city&orderBy=displayName%20desc,id" +
		"&top=5&$skip=0&$count=true&$search=%22displayName:wa%22&$skiptoken=X%2712%2b%27&$format=json&$expand=manager($select=id)&tenant=1&&api-version=")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"filter":    `(c eq "O'Neil")`,
		"select":    "[id displayName address/city]",
		"orderby":   "[displayName true id false]",
		"top":       "5",
		"skip":      "0",
		"count":     "true",
		"search":    `"displayName:wa"`,
		"skiptoken": "X'12+'",
		"format":    "json",
		"expand":    "manager(select=id)",
	}
	var selected, ordered []string
	for _, s := range o.Select {
		selected = append(selected, strings.Join(s.Path, "/"))
	}
	for _, s := range o.OrderBy {
		ordered = append(ordered, fmt.Sprint(show(s.Expr), " ", s.Desc))
	}
	got := map[string]string{
		"filter": show(o.Filter), "select": fmt.Sprint(selected), "orderby": fmt.Sprint(ordered),
		"top": fmt.Sprint(*o.Top), "skip": fmt.Sprint(*o.Skip), "count": fmt.Sprint(*o.Count),
		"search": showSearch(o.Search), "skiptoken": o.SkipToken, "format": o.Format, "expand": showExpand(o.Expand),
	}
	for k, v := range want {
		if got[k] != v {
			t.Errorf("%s = %s, want %s", k, got[k], v)
		}
	}
	wantGiven := []Given{
		{"$filter", "c eq 'O''Neil'"}, {"$select", "id, displayName,address/city"}, {"$orderby", "displayName desc,id"},
		{"$top", "5"}, {"$skip", "0"}, {"$count", "true"}, {"$search", `"displayName:wa"`}, {"$skiptoken", "X'12+'"},
		{"$format", "json"}, {"$expand", "manager($select=id)"}, {"tenant", "1"}, {"api-version", ""},
	}
	if !reflect.DeepEqual(o.Given, wantGiven) {
		t.Errorf("given\n got %v\nwant %v", o.Given, wantGiven)
	}
}

func TestParseOptionsOfNothing(t *testing.T) {
	o, err := ParseOptions("")
	if err != nil || o.Top != nil || o.Count != nil || o.Filter != nil || o.Given != nil {
		t.Errorf("got %+v, %v", o, err)
	}
}

func TestParseExpand(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"one", "manager", "manager"},
		{"several", "owners, members", "owners,members"},
		{"everything", "*", "*"},
		{"nested", "members($select=id,displayName;$expand=manager($levels=max;$select=id);$top=3)", "members(select=id;select=displayName;expand=manager(select=id;levels=-1);top=3)"},
		{"nested without $", "members(filter=a eq ';)';search=x;top=1)", `members(filter=(a eq ";)");search=x;top=1)`},
		{"references", "members/$ref", "members/$ref"},
		{"a number", "members/$count($filter=a eq 1)", "members/$count(filter=(a eq int:1))"},
		{"a type", "members/graph.user($select=id)", "members/graph.user(select=id)"},
		{"a search with a semicolon", "members($search=a;b)", "members(search=a;b)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o, err := ParseOptions("$expand=" + strings.NewReplacer("+", "%2B", " ", "+").Replace(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			if got := showExpand(o.Expand); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestParseSearch(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"a clause", `"displayName:wa"`, `"displayName:wa"`},
		{"escaped", `"displayName:a \"b\" \\c"`, `"displayName:a \"b\" \\c"`},
		{"or, and, brackets", `"a:1" AND ("b:2" OR "c:3")`, `("a:1" and ("b:2" or "c:3"))`},
		{"and binds before or", `a AND b OR c AND d`, "((a and b) or (c and d))"},
		{"side by side", "blue green", "(blue and green)"},
		{"not", "NOT blue green", "(not blue and green)"},
		{"words in small letters", "blue or green", "(blue and or and green)"},
		{"operators without operands", "AND OR NOT", "(AND or NOT)"},
		{"an operator before a bracket", "NOT(a)", "not a"},
		{"an apostrophe", "Daniel's", "Daniel's"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o, err := ParseOptions("$search=" + strings.ReplaceAll(tt.text, " ", "+"))
			if err != nil {
				t.Fatal(err)
			}
			if got := showSearch(o.Search); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestParseOptionsRefuses(t *testing.T) {
	tests := []struct {
		name, query string
		reason      fault.Reason
		option      string
		position    string
	}{
		{"a size that is no number", "$top=all", Syntax, "$top", "0"},
		{"a negative size", "$top=-1", Syntax, "$top", "0"},
		{"a size beyond reason", "$top=1000000000", Syntax, "$top", "0"},
		{"a size and more", "$top=5x", Syntax, "$top", "1"},
		{"no size", "$top=", Syntax, "$top", "0"},
		{"no truth", "$count=yes", Syntax, "$count", "0"},
		{"twice", "$top=1&TOP=1", Syntax, "$top", "0"},
		{"an unknown option", "$nope=1", Unsupported, "$nope", "0"},
		{"an unsupported option", "$apply=aggregate(x)", Unsupported, "$apply", "0"},
		{"a mistake is told before what is not supported", "$apply=x&$top=x", Syntax, "$top", "0"},
		{"a bad escape", "$filter=a%2", Syntax, "$filter", "1"},
		{"a bad escape in a name", "$f%zz=a", Syntax, "query", "2"},
		{"bytes that are not UTF-8", "$filter=a%FF", Syntax, "$filter", "0"},
		{"an open phrase", `$search="a`, Syntax, "$search", "2"},
		{"no term", `$search=a+AND+()`, Syntax, "$search", "7"},
		{"an item missing", "$select=id,", Syntax, "$select", "3"},
		{"an item that is no name", "$select=id,1", Syntax, "$select", "3"},
		{"an unknown nested option", "$expand=a($nope=1)", Syntax, "$expand", "2"},
		{"a nested option twice", "$expand=a($top=1;top=1)", Syntax, "$expand", "9"},
		{"nested options left open", "$expand=a($top=1", Syntax, "$expand", "8"},
		{"empty nested options", "$expand=a()", Syntax, "$expand", "2"},
		{"an order that is no direction", "$orderby=a+up", Syntax, "$orderby", "2"},
		{"options in $select", "$select=a($top=1)", Unsupported, "$select", "1"},
		{"an annotation", "$select=@a.b", Unsupported, "$select", "0"},
		{"nested too deep", "$expand=" + strings.Repeat("a($expand=", MaxDepth), TooComplex, "$expand", ""},
		{"too many items", "$select=a" + strings.Repeat(",a", MaxItems), TooComplex, "$select", ""},
		{"too many brackets of a search", "$search=" + strings.Repeat("(", 1000), TooComplex, "$search", ""},
		{"too many words", "$search=" + strings.Repeat("a+", MaxNodes+1), TooComplex, "$search", ""},
		{"too long", "$search=" + strings.Repeat("a", MaxText), TooComplex, "query", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ParseOptions(tt.query)
			if !errors.Is(err, tt.reason) || !errors.Is(err, fault.Invalid) {
				t.Fatalf("err = %v, want %v", err, tt.reason)
			}
			values := fault.Public(err).Values
			if values["option"] != tt.option || values["position"] != tt.position {
				t.Errorf("%v: at %q of %q, want %q of %q", err, values["position"], values["option"], tt.position, tt.option)
			}
		})
	}
}
