package graphtest

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"entente/internal/edge/graph/edm"
)

var filterSeed = flag.Uint64("filterseed", 0, "the one seed of TestFiltersAgree; 0 is the usual one, and one of the run")

// usualSeed is asked in every run.
const usualSeed = 20

// filterSeeds are the seeds of a run. What fails says its seed, so that it can
// be asked again.
func filterSeeds() []uint64 {
	if *filterSeed != 0 {
		return []uint64{*filterSeed}
	}
	return []uint64{usualSeed, rand.Uint64()}
}

// filtersASet is how many expressions are asked of each set, and filterTime how
// long at most an engine may take for all of them.
const (
	filtersASet = 60
	filterTime  = 6 * time.Second
)

// TestFiltersAgree asks random filters, over random entities, of the server and
// of a naive evaluator, which reads the entities' JSON and knows neither SQL nor
// the compiler. Both must find the same entities, on each engine.
func TestFiltersAgree(t *testing.T) {
	seeds := filterSeeds()
	for _, seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			Each(t, func(t *testing.T, w *World) { w.filtersAgree(t, seed, filterTime/time.Duration(len(seeds))) })
		})
	}
}

func (w *World) filtersAgree(t *testing.T, seed uint64, most time.Duration) {
	c := w.Client(t, w.A, Everything...)
	began, asked, some := time.Now(), 0, 0
	for i, name := range []string{"users", "groups", "applications", "servicePrincipals"} {
		d := &differential{w: w, c: c, seed: seed, rand: rand.New(rand.NewPCG(seed, uint64(i))), set: w.Registry.Set(edm.V1, name)}
		d.furnish(t)
		until := began.Add(most * time.Duration(i+1) / 4)
		for n := 0; n < filtersASet && (n < 15 || time.Now().Before(until)); n++ {
			asked++
			if d.compare(t) {
				some++
			}
		}
	}
	t.Logf("seed %d: %d filters, %d of them met by some entities and not by others", seed, asked, some)
	if some < asked/6 {
		t.Errorf("seed %d: only %d of %d filters tell entities apart", seed, some, asked)
	}
}

// A differential compares the filters of one set.
type differential struct {
	w    *World
	c    *Client
	seed uint64
	rand *rand.Rand
	set  *edm.Set
	rows []map[string]any // the entities' JSON
	asks []question       // what can be asked
}

// A question is a property that $filter takes, with the names on the way to it.
type question struct {
	names []string
	prop  edm.Prop
	subs  []question // of a collection of complex values
}

// furnish makes entities whose writable properties have random values, and
// reads all of them.
func (d *differential) furnish(t *testing.T) {
	t.Helper()
	many := "/v1.0/" + d.set.Path.V1
	values := d.learn(t, many+"/"+d.create(t, 0))
	for n := range 12 {
		id := d.create(t, n+1)
		d.w.Clock.Advance(time.Duration(d.rand.IntN(3)) * time.Second)
		body := map[string]any{}
		for _, name := range sortedKeys(values) {
			if list := values[name]; len(list) > 0 && d.rand.IntN(4) > 0 {
				body[name] = list[d.rand.IntN(len(list))]
			}
		}
		if a := d.w.Call(t, d.c.Token, "PATCH", many+"/"+id, body); a.Status == http.StatusNoContent {
			continue
		}
		for _, name := range sortedKeys(body) { // one by one: some values may stand only once
			d.w.Call(t, d.c.Token, "PATCH", many+"/"+id, map[string]any{name: body[name]})
		}
	}
	props := d.w.Registry.Props(d.set.Type)
	var selected []string
	for _, p := range props {
		if p.In(edm.V1) == "" || p.Show == edm.Never || p.Type == edm.Stream {
			continue
		}
		selected = append(selected, p.Name)
		d.asks = append(d.asks, d.asksOf(nil, p)...)
	}
	d.rows = d.c.Send(t, d.w, 200, "GET", many+"?$top=999&$select="+strings.Join(selected, ","), nil).Items()
	if len(d.rows) < 10 || len(d.asks) == 0 {
		t.Fatalf("%s: %d entities and %d properties to compare", many, len(d.rows), len(d.asks))
	}
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// create makes an entity and returns its identifier.
func (d *differential) create(t *testing.T, n int) string {
	t.Helper()
	name := fmt.Sprintf("%s %d", []string{"alpha", "Alpha", "beta", "Éva"}[n%4], n)
	body := map[string]any{"displayName": name}
	switch d.set.Path.V1 {
	case "users":
		body = NewUser(d.w.A.Domain, fmt.Sprintf("user%d", n))
		body["displayName"] = name
	case "groups":
		body = map[string]any{"displayName": name, "mailNickname": fmt.Sprintf("group%d", n), "mailEnabled": n%3 == 0, "securityEnabled": n%3 != 0}
		if n%3 == 0 {
			body["groupTypes"] = []string{"Unified"}
		}
	case "servicePrincipals":
		body = map[string]any{"appId": d.c.Send(t, d.w, 201, "POST", "/v1.0/applications", body).Text("appId")}
	}
	return d.c.Send(t, d.w, 201, "POST", "/v1.0/"+d.set.Path.V1, body).Text("id")
}

// samples are the values that are tried, by type.
var samples = map[edm.Type][]any{
	edm.String: {
		"alpha", "Alpha", "ALPHA beta", "beta", "é", "Éva", "it's", "50%", "a_b", "zz", "NO", "US", "en-US", "Guest", "Member", "Private", "1",
		"x@contoso.example", "https://contoso.example/a", "AzureADMyOrg", "DisablePasswordExpiration", "SSO", "saml", "Minor", "Granted", "2024-01-01T00:00:00Z",
	},
	edm.Boolean:        {true, false},
	edm.Int32:          {0, 1, 7},
	edm.Int64:          {0, 1, 7},
	edm.DateTimeOffset: {"2024-01-01T00:00:00Z", "2024-06-01T12:00:00Z", "2025-01-01T00:00:00Z"},
}

// learn returns the values that each writable property takes.
func (d *differential) learn(t *testing.T, one string) map[string][]any {
	t.Helper()
	taken := map[string][]any{}
	for _, p := range d.w.Registry.Props(d.set.Type) {
		if p.Filter == "" || p.Write != edm.CU && p.Write != edm.U || p.In(edm.V1) == "" || p.Name == "userPrincipalName" {
			continue
		}
		tries := slices.Clone(samples[p.Type.Item()])
		if p.Type == edm.String {
			d.rand.Shuffle(len(tries), func(i, j int) { tries[i], tries[j] = tries[j], tries[i] })
			tries = tries[:14]
		}
		for i, v := range tries {
			if p.Type.IsMany() {
				tries[i] = []any{v}
			}
		}
		if p.Type.IsMany() && len(tries) > 6 {
			tries = append(tries[:6], []any{tries[0].([]any)[0], tries[3].([]any)[0]}, []any{})
		}
		for _, v := range tries {
			if a := d.w.Call(t, d.c.Token, "PATCH", one, map[string]any{p.Name: v}); a.Status == http.StatusNoContent {
				taken[p.Name] = append(taken[p.Name], v)
			}
		}
	}
	return taken
}

// asksOf lists what can be asked of a property and what is in it.
func (d *differential) asksOf(above []string, p edm.Prop) (all []question) {
	names := append(slices.Clone(above), p.Name)
	inner := d.w.Registry.Props(p.Type.Item())
	switch {
	case len(inner) > 0 && p.Type.IsMany():
		a := question{names: names, prop: p}
		for _, q := range inner {
			if q.Filter != "" && q.In(edm.V1) != "" {
				a.subs = append(a.subs, question{names: []string{q.Name}, prop: q})
			}
		}
		if len(a.subs) > 0 || strings.Contains(p.Filter, "cnt") {
			all = append(all, a)
		}
	case len(inner) > 0:
		for _, q := range inner {
			all = append(all, d.asksOf(names, q)...)
		}
	case p.Filter != "":
		all = append(all, question{names: names, prop: p})
	}
	return all
}

// compare asks one filter; it reports whether it told entities apart.
func (d *differential) compare(t *testing.T) bool {
	t.Helper()
	e := d.condition(3, false)
	path := "/v1.0/" + d.set.Path.V1 + "?$count=true&$top=999&$select=id&$filter=" + url.QueryEscape(e.text)
	a := d.w.Call(t, d.c.Token, "GET", path, nil, "ConsistencyLevel", "eventual")
	if a.Status != http.StatusOK {
		_, message := a.Error()
		t.Errorf("seed %d: %s: $filter=%s is refused: %d %s", d.seed, d.set.Path.V1, e.text, a.Status, message)
		return false
	}
	var got, want []string
	for _, it := range a.Items() {
		got = append(got, it["id"].(string))
	}
	for _, row := range d.rows {
		if e.holds(row) {
			want = append(want, row["id"].(string))
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		for _, row := range d.rows {
			if id := row["id"].(string); slices.Contains(got, id) != slices.Contains(want, id) {
				text, _ := json.Marshal(row)
				t.Errorf("seed %d: %s: $filter=%s: found by the server: %v, naively: %v\n%s", d.seed, d.set.Path.V1, e.text,
					slices.Contains(got, id), slices.Contains(want, id), text)
				break
			}
		}
	}
	if n, _ := a.Body["@odata.count"].(float64); int(n) != len(want) {
		t.Errorf("seed %d: %s: $filter=%s: counted %v, want %d", d.seed, d.set.Path.V1, e.text, a.Body["@odata.count"], len(want))
	}
	return len(want) > 0 && len(want) < len(d.rows)
}

// A condition is a filter, and what it means.
type condition struct {
	text  string
	holds func(row map[string]any) bool
}

// condition draws a condition. Within a negation only properties that take not
// can be asked.
func (d *differential) condition(depth int, negated bool) condition {
	kind := d.rand.IntN(8)
	switch {
	case depth == 0 || kind > 3:
		return d.leaf(negated)
	case kind == 0:
		x := d.condition(depth-1, true)
		return condition{[]string{"not(", "NOT (", "not ("}[d.rand.IntN(3)] + x.text + ")", func(row map[string]any) bool { return !x.holds(row) }}
	}
	x, y := d.condition(depth-1, negated), d.condition(depth-1, negated)
	if kind == 1 {
		return condition{"(" + x.text + " or " + y.text + ")", func(row map[string]any) bool { return x.holds(row) || y.holds(row) }}
	}
	return condition{x.text + " and " + y.text, func(row map[string]any) bool { return x.holds(row) && y.holds(row) }}
}

// words are the operators that a property takes.
func words(p edm.Prop) []string { return strings.Fields(strings.ReplaceAll(p.Filter, ";", " ")) }

// leaf draws a condition on one property.
func (d *differential) leaf(negated bool) condition {
	for range 200 {
		a := d.asks[d.rand.IntN(len(d.asks))]
		may := words(a.prop)
		path := strings.Join(a.names, "/")
		if a.prop.Type.IsMany() {
			if c, ok := d.ofCollection(a, path, may, negated); ok {
				return c
			}
			continue
		}
		if c, ok := d.comparison(a, path, may, negated, value(a.names)); ok {
			return c
		}
	}
	return condition{"id ne 'nobody'", func(map[string]any) bool { return true }}
}

// ofCollection draws a condition on the elements of a collection, or on their
// number.
func (d *differential) ofCollection(a question, path string, may []string, negated bool) (condition, bool) {
	list := func(row map[string]any) []any { l, _ := value(a.names)(row).([]any); return l }
	counts := slices.Contains(may, "cnt") && (!negated || slices.Contains(may, "not"))
	switch n := d.rand.IntN(4); {
	case n == 0 && counts:
		op, want := d.operator(), float64(d.rand.IntN(3))
		return condition{fmt.Sprintf("%s/$count %s %v", path, op, want), func(row map[string]any) bool { return ordered(float64(len(list(row))), op, want) }}, true
	case n == 1 && counts:
		return condition{path + "/any()", func(row map[string]any) bool { return len(list(row)) > 0 }}, true
	}
	element := func(inner condition) condition {
		return condition{path + "/any(x:" + inner.text + ")", func(row map[string]any) bool {
			return slices.ContainsFunc(list(row), func(v any) bool { return inner.holds(map[string]any{"": v}) })
		}}
	}
	if len(a.subs) == 0 {
		inner, ok := d.comparison(a, "x", may, negated, func(row map[string]any) any { return row[""] })
		return element(inner), ok
	}
	sub := a.subs[d.rand.IntN(len(a.subs))]
	inner, ok := d.comparison(sub, "x/"+sub.names[0], words(sub.prop), negated, func(row map[string]any) any {
		o, _ := row[""].(map[string]any)
		return o[sub.names[0]]
	})
	return element(inner), ok
}

func (d *differential) operator() string {
	return []string{"eq", "ne", "lt", "le", "gt", "ge"}[d.rand.IntN(6)]
}

// comparison draws a comparison of one value.
func (d *differential) comparison(a question, path string, may []string, negated bool, of func(map[string]any) any) (condition, bool) {
	if len(may) == 0 || negated && !slices.Contains(may, "not") {
		return condition{}, false
	}
	lit := d.literal(a)
	switch word := may[d.rand.IntN(len(may))]; word {
	case "eq", "ne":
		if slices.Contains(unset, a.prop.Name) {
			lit = literal{"true", true}
		}
		if d.rand.IntN(6) == 0 {
			path, lit.text = lit.text, path // the sides may change places
		}
		return condition{path + " " + word + " " + lit.text, func(row map[string]any) bool { return same(of(row), lit.value) == (word == "eq") }}, true
	case "ge", "le":
		op := map[string][]string{"ge": {"ge", "gt"}, "le": {"le", "lt"}}[word][d.rand.IntN(2)]
		return condition{path + " " + op + " " + lit.text, func(row map[string]any) bool { return ordered(of(row), op, lit.value) }}, true
	case "null":
		op := []string{"eq", "ne"}[d.rand.IntN(2)]
		return condition{path + " " + op + " null", func(row map[string]any) bool { return (of(row) == nil) == (op == "eq") }}, true
	case "in":
		list := []literal{lit}
		for range d.rand.IntN(3) {
			list = append(list, d.literal(a))
		}
		var texts []string
		for _, l := range list {
			texts = append(texts, l.text)
		}
		return condition{path + " in (" + strings.Join(texts, ", ") + ")", func(row map[string]any) bool {
			return slices.ContainsFunc(list, func(l literal) bool { return same(of(row), l.value) })
		}}, true
	case "sw", "ew", "contains":
		s, ok := lit.value.(string)
		if !ok || a.prop.Type.Item() != edm.String {
			return condition{}, false
		}
		runes := []rune(s)
		cut := d.rand.IntN(len(runes) + 1)
		part, name, meets := string(runes[:cut]), "startsWith", strings.HasPrefix
		switch word {
		case "ew":
			part, name, meets = string(runes[cut:]), "endswith", strings.HasSuffix
		case "contains":
			name, meets = "contains", strings.Contains
		}
		return condition{name + "(" + path + ", " + quoteText(part) + ")", func(row map[string]any) bool {
			have, ok := of(row).(string)
			return ok && meets(lower(have), lower(part))
		}}, true
	}
	return condition{}, false
}

// A literal is a value and how it is written.
type literal struct {
	text  string
	value any
}

// literal draws a value, mostly one that some entity has.
func (d *differential) literal(a question) literal {
	var v any
	if d.rand.IntN(4) > 0 {
		row := d.rows[d.rand.IntN(len(d.rows))]
		v = value(a.names)(row)
		if l, ok := v.([]any); ok {
			v = nil
			if len(l) > 0 {
				v = l[d.rand.IntN(len(l))]
			}
		}
		if o, ok := v.(map[string]any); ok {
			v = o[a.prop.Name]
		}
	}
	t := a.prop.Type.Item()
	if e := d.w.Registry.Enum(t); v == nil && e != nil {
		v = e.Members[d.rand.IntN(len(e.Members))]
	}
	if _, isList := v.([]any); v == nil || isList {
		v = "00000000-0000-0000-0000-000000000001"
		if list := samples[t]; len(list) > 0 {
			v = list[d.rand.IntN(len(list))]
		}
	}
	switch v := v.(type) {
	case string:
		switch {
		case t == edm.String && d.rand.IntN(3) == 0:
			return literal{quoteText(strings.ToUpper(v)), strings.ToUpper(v)}
		case t == edm.DateTimeOffset:
			at, _ := time.Parse(time.RFC3339Nano, v)
			return literal{v, at}
		case t == edm.Guid:
			return literal{[]string{v, quoteText(v)}[d.rand.IntN(2)], v}
		}
		return literal{quoteText(v), v}
	case int:
		return literal{fmt.Sprint(v), float64(v)}
	}
	return literal{fmt.Sprint(v), v}
}

func quoteText(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func lower(s string) string { return strings.ToLower(strings.ToUpper(s)) }

// value returns the reader of a property below an entity.
func value(names []string) func(map[string]any) any {
	return func(row map[string]any) any {
		var v any = row
		for _, n := range names {
			o, _ := v.(map[string]any)
			v = o[n]
		}
		return v
	}
}

// unset are flags that show null where they were never set, and are asked for
// as false then.
var unset = []string{"isAssignableToRole"}

// same tells whether what an entity has is the value: null is no value.
func same(have, want any) bool {
	switch want := want.(type) {
	case string:
		s, ok := have.(string)
		return ok && lower(s) == lower(want)
	case time.Time:
		return ordered(have, "le", want) && ordered(have, "ge", want)
	}
	return have != nil && have == want
}

// ordered compares what an entity has with a value: null is in no order.
func ordered(have any, op string, want any) bool {
	sign := 0
	switch want := want.(type) {
	case string:
		s, ok := have.(string)
		if !ok {
			return false
		}
		sign = strings.Compare(lower(s), lower(want))
	case float64:
		n, ok := have.(float64)
		if !ok {
			return false
		}
		sign = map[bool]int{true: 1}[n > want] - map[bool]int{true: 1}[n < want]
	case time.Time:
		s, _ := have.(string)
		at, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			return false
		}
		sign = at.Compare(want)
	case bool:
		return false
	}
	switch op {
	case "eq":
		return sign == 0
	case "ne":
		return sign != 0
	case "lt":
		return sign < 0
	case "le":
		return sign <= 0
	case "gt":
		return sign > 0
	}
	return sign >= 0
}
