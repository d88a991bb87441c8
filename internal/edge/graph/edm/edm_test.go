package edm

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"entente/internal/core/authz"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/odata"
	"entente/internal/kit/query"
)

// small is a registry that has one of everything.
func small(t testing.TB) *Registry {
	t.Helper()
	member := &Set{
		Path: Both("members"), Type: Of("directoryObject"), Linked: true,
		Link: Change{Do: func(context.Context, *Request) error { return nil }},
	}
	policies := &Set{Path: Name{V1: "assignmentPolicies", Beta: "accessPackageAssignmentPolicies"}, Type: Of("team")}
	r, err := New([]Schema{{
		Entities: []Entity{{Name: "team", Base: "directoryObject", Props: []Prop{
			{Name: "displayName", Type: String, Write: CU, Required: true, Filter: "eq in sw; ne not ew null", Order: "d"},
			{Name: "size", Type: Int32, Write: CU, Filter: "eq ge le; not"},
			{Name: "open", Type: Boolean, Write: CU, Filter: "eq; ne not"},
			{Name: "madeDateTime", Type: DateTimeOffset, Filter: "eq ge le", Order: "A"},
			{Name: "owner", Type: Guid, Write: C, Filter: "eq in", Field: "ownerId"},
			{Name: "tags", Type: Many(String), NotNull: true, Write: CU, Filter: "eq sw cnt; not"},
			{Name: "links", Type: Many(Of("link")), Write: CU},
			{Name: "home", Type: Of("link"), Write: CU, Show: Selected},
			{Name: "state", Type: Of("teamState"), Write: CU, Filter: "eq"},
			{Name: "seal", Type: Binary, Write: CU},
			{Name: "old", Beta: "older", Type: String, Write: CU},
			{Name: "fresh", Only: "beta", Type: String, Write: CU},
			{Name: "pin", Type: String, Write: CU, Show: Never},
		}}},
		Complex: []Complex{{Name: "link", Props: []Prop{
			{Name: "url", Type: String, Write: CU, Filter: "eq"}, {Name: "life", Type: Duration, Write: CU},
		}}},
		Enums: []Enum{{Name: "teamState", Members: []string{"asleep", "awake"}}},
	}}, &Set{Path: Both("teams"), Type: Of("team"), Parts: []*Set{member, policies}})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestFilter(t *testing.T) {
	tests := []struct {
		text     string
		advanced bool
		want     query.Expr
		err      error
	}{
		{text: "displayName eq 'x'", want: query.Compare{Field: "displayName", Op: query.Eq, Value: "x"}},
		{text: "DISPLAYNAME eq 'x'", want: query.Compare{Field: "displayName", Op: query.Eq, Value: "x"}},
		{text: "'x' eq displayName", want: query.Compare{Field: "displayName", Op: query.Eq, Value: "x"}},
		{text: "5 lt size", want: query.Compare{Field: "size", Op: query.Gt, Value: int64(5)}},
		{text: "displayName ne 'x'", err: NeedsAdvanced},
		{text: "displayName ne 'x'", advanced: true, want: query.Compare{Field: "displayName", Op: query.Ne, Value: "x"}},
		{text: "displayName eq null", err: NeedsAdvanced},
		{text: "displayName eq null", advanced: true, want: query.Compare{Field: "displayName", Op: query.Eq}},
		{text: "size eq null", err: NoSuchOperator},
		{text: "displayName gt null", err: WrongLiteral},
		{text: "not(displayName eq 'x')", err: NeedsAdvanced},
		{text: "not displayName eq 'x'", advanced: true, want: query.Not{X: query.Compare{Field: "displayName", Op: query.Eq, Value: "x"}}},
		{text: "not(madeDateTime eq 2024-01-01T00:00:00Z)", advanced: true, err: NotIndexed},
		{text: "not(madeDateTime eq 2024-01-01T00:00:00Z)", err: NoSuchOperator},
		{text: "size in (1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16)", err: NoSuchOperator},
		{text: "displayName in (" + strings.Repeat("'x',", 15) + "'x')", err: TooMany},
		{text: strings.Repeat("size eq 1 or ", 15) + "size eq 2", err: TooMany},
		{text: "open", want: query.Compare{Field: "open", Op: query.Eq, Value: true}},
		{text: "displayName", err: WrongLiteral},
		{text: "startswith(displayName,'x') and (size ge 2 or open eq false)", want: query.And{
			query.StartsWith{Field: "displayName", Value: "x"},
			query.Or{query.Compare{Field: "size", Op: query.Ge, Value: int64(2)}, query.Compare{Field: "open", Op: query.Eq, Value: false}},
		}},
		{text: "endswith(displayName,'x')", err: NeedsAdvanced},
		{text: "contains(displayName,'x')", err: NoSuchOperator},
		{text: "startswith(size,'x')", err: NoSuchOperator},
		{text: "displayName in ('x','y')", want: query.In{Field: "displayName", Values: []any{"x", "y"}}},
		{text: "owner eq B25985A8-9D2B-4FDE-9FA7-6C4E43A8DDEC", want: query.Compare{Field: "ownerId", Op: query.Eq, Value: "b25985a8-9d2b-4fde-9fa7-6c4e43a8ddec"}},
		{text: "owner eq 'b25985a8-9d2b-4fde-9fa7-6c4e43a8ddec'", want: query.Compare{Field: "ownerId", Op: query.Eq, Value: "b25985a8-9d2b-4fde-9fa7-6c4e43a8ddec"}},
		{text: "owner eq 'nobody'", err: WrongLiteral},
		{text: "state eq 'awake'", want: query.Compare{Field: "state", Op: query.Eq, Value: "awake"}},
		{text: "state eq 'dancing'", err: WrongLiteral},
		{text: "tags/any(t:t eq 'x')", want: query.Any{Field: "tags", Of: query.Compare{Op: query.Eq, Value: "x"}}},
		{text: "tags/any(t:startswith(t,'x'))", want: query.Any{Field: "tags", Of: query.StartsWith{Value: "x"}}},
		{text: "tags/any(t:displayName eq 'x')", err: WrongLiteral},
		{text: "tags/all(t:t eq 'x')", err: NoSuchOperator},
		{text: "tags/any()", want: query.Any{Field: "tags"}},
		{text: "tags/$count eq 0", want: query.Count{Field: "tags", Op: query.Eq}},
		{text: "links/any(l:l/url eq 'x')", want: query.Any{Field: "links", Of: query.Compare{Field: "url", Op: query.Eq, Value: "x"}}},
		{text: "links/any(l:l/life eq 'x')", err: NoSuchOperator},
		{text: "home/url eq 'x'", want: query.Compare{Field: "home/url", Op: query.Eq, Value: "x"}},
		{text: "home eq 'x'", err: NoSuchOperator},
		{text: "tags eq 'x'", err: NoSuchOperator},
		{text: "nothing eq 'x'", err: UnknownInFilter},
		{text: "fresh eq 'x'", err: UnknownInFilter},
		{text: "displayName eq owner", err: WrongLiteral},
		{text: "size eq 'five'", err: WrongLiteral},
		{text: "size eq 5.5", err: WrongLiteral},
		{text: "pin eq 'x'", err: authz.Denied},
	}
	r := small(t)
	g := Grant{Only: []string{"displayName", "size", "open", "madeDateTime", "owner", "tags", "links", "home", "state", "nothing"}}
	for _, tt := range tests {
		e, err := odata.ParseFilter(tt.text)
		if err != nil {
			t.Fatalf("%s: %v", tt.text, err)
		}
		got, err := r.Filter(Asker{Type: Of("team"), Advanced: tt.advanced, Grant: g}, e)
		if !errors.Is(err, tt.err) || err != nil && tt.err == nil {
			t.Errorf("%s: err = %v, want %v", tt.text, err, tt.err)
			continue
		}
		if diff := cmp.Diff(tt.want, got); tt.err == nil && diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.text, diff)
		}
	}
}

func TestBody(t *testing.T) {
	const guid = "b25985a8-9d2b-4fde-9fa7-6c4e43a8ddec"
	tests := []struct {
		name, body, want string
		err              error
	}{
		{"names as declared", `{"DisplayName":"x","@odata.type":"#microsoft.graph.team"}`, `{"displayName":"x"}`, nil},
		{"values as read", `{"displayName":"x","owner":"` + strings.ToUpper(guid) + `","size":3,"open":true,"tags":["a"]}`,
			`{"displayName":"x","owner":"` + guid + `","size":3,"open":true,"tags":["a"]}`, nil},
		{"within", `{"displayName":"x","home":{"url":"u","life":"P1DT2H","@odata.type":"x"},"links":[{"url":null}]}`,
			`{"displayName":"x","home":{"url":"u","life":"P1DT2H"},"links":[{"url":null}]}`, nil},
		{"bytes and states", `{"displayName":"x","seal":"AAEC","state":"awake"}`, `{"displayName":"x","seal":"AAEC","state":"awake"}`, nil},
		{"read-only null is passed over", `{"displayName":"x","madeDateTime":null}`, `{"displayName":"x"}`, nil},
		{"read-only value", `{"displayName":"x","madeDateTime":"2024-01-01T00:00:00Z"}`, "", ReadOnly},
		{"missing", `{"size":1}`, "", Missing},
		{"required null", `{"displayName":null}`, "", Missing},
		{"other version", `{"displayName":"x","fresh":"y"}`, "", UnknownProperty},
		{"another case within", `{"displayName":"x","home":{"URL":"u"}}`, "", UnknownProperty},
		{"no number", `{"displayName":"x","size":"3"}`, "", WrongType},
		{"too large a number", `{"displayName":"x","size":3000000000}`, "", WrongType},
		{"no whole number", `{"displayName":"x","size":1.5}`, "", WrongType},
		{"no list", `{"displayName":"x","tags":"a"}`, "", WrongType},
		{"null in a list", `{"displayName":"x","tags":[null]}`, "", WrongType},
		{"no object", `{"displayName":"x","home":"u"}`, "", WrongType},
		{"no duration", `{"displayName":"x","home":{"life":"a day"}}`, "", WrongType},
		{"no bytes", `{"displayName":"x","seal":"?"}`, "", WrongType},
		{"no such state", `{"displayName":"x","state":"dancing"}`, "", WrongType},
		{"no GUID", `{"displayName":"x","owner":"me"}`, "", WrongType},
		{"NUL in a text", `{"displayName":"x\u0000"}`, "", WrongType},
		{"twice", `{"displayName":"x","displayName":"y"}`, "", fault.Invalid},
		{"twice within", `{"displayName":"x","home":{"url":"u","url":"v"}}`, "", fault.Invalid},
		{"binds", `{"displayName":"x","members@odata.bind":["https://x/v1.0/users/` + guid + `"]}`, `{"displayName":"x"}`, nil},
		{"binds to no part", `{"displayName":"x","friends@odata.bind":[]}`, "", UnknownProperty},
		{"binds too many", `{"displayName":"x","members@odata.bind":[` + strings.Repeat(`"a",`, 20) + `"a"]}`, "", BadReference},
		{"half", `{"displayName":`, "", Unreadable},
		{"nothing", ``, "", Unreadable},
	}
	r := small(t)
	for _, tt := range tests {
		b, err := r.Read(V1, Of("team"), []byte(tt.body), r.Sets[0].Parts)
		if err == nil {
			err = b.ForCreate()
		}
		if !errors.Is(err, tt.err) || err != nil && tt.err == nil {
			t.Errorf("%s: err = %v, want %v", tt.name, err, tt.err)
		}
		if err != nil {
			continue
		}
		got, err := b.JSON()
		if err != nil || string(got) != tt.want {
			t.Errorf("%s: got %s, %v, want %s", tt.name, got, err, tt.want)
		}
	}
}

func TestUpdate(t *testing.T) {
	r := small(t)
	b, err := r.Read(V1, Of("team"), []byte(`{"id":"7","owner":"b25985a8-9d2b-4fde-9fa7-6c4e43a8ddec","size":null}`), nil)
	if err != nil {
		t.Fatal(err)
	}
	fixed, err := b.ForUpdate("7")
	if err != nil || len(fixed) != 1 || fixed["owner"] == nil {
		t.Errorf("set at creation only: got %v, %v", fixed, err)
	}
	if got, _ := b.JSON(); string(got) != `{"size":null}` {
		t.Errorf("got %s", got)
	}
}

func TestShapes(t *testing.T) {
	it := Item{ID: "7", Face: json.RawMessage(`{"id":"7","displayName":"x","old":"o"}`), Rest: json.RawMessage(`{"home":{"url":"u"},"pin":"1234","fresh":"f"}`)}
	r := small(t)
	tests := []struct {
		name     string
		v        Version
		selected []string
		only     []string
		want     string
		unknown  string
	}{
		{"usual", V1, nil, nil, `"id":"7","displayName":"x","old":"o"`, ""},
		{"selected", V1, []string{"HOME", "displayName", "home"}, nil, `"home":{"url":"u"},"displayName":"x"`, ""},
		{"nothing stored", V1, []string{"size", "tags"}, nil, `"size":null,"tags":[]`, ""},
		{"never shown", V1, []string{"pin"}, nil, `"pin":null`, ""},
		{"out of reach", V1, []string{"displayName", "old", "tags"}, []string{"displayName"}, `"displayName":"x","old":null,"tags":[]`, ""},
		{"unknown", V1, []string{"noSuch", "fresh"}, nil, ``, "noSuch"},
		{"another name in beta", Beta, []string{"older", "fresh"}, nil, `"older":"o","fresh":"f"`, ""},
	}
	for _, tt := range tests {
		got, err := r.Shape(tt.v, Of("team"), tt.selected, Grant{Only: tt.only}).Append(nil, it, true)
		unknown := r.Unknown(tt.v, Of("team"), tt.selected)
		if err != nil || string(got) != tt.want || unknown != tt.unknown {
			t.Errorf("%s: got %s, %v, unknown %q, want %s", tt.name, got, err, unknown, tt.want)
		}
	}
}

// TestDerivedProperties: whoever selects from a set of a base type may name what
// only some of its entities have.
func TestDerivedProperties(t *testing.T) {
	r, base := small(t), Of("directoryObject")
	if p := r.FindProp(base, V1, "DisplayName"); p == nil || p.Name != "displayName" {
		t.Errorf("displayName: got %v", p)
	}
	if got := r.Unknown(V1, base, []string{"id", "size", "fresh", "noSuch"}); got != "fresh" {
		t.Errorf("the unknown name is %q, want that of beta", got)
	}
}

func TestJudge(t *testing.T) {
	app := func(roles ...string) authz.Caller {
		return authz.Caller{Subject: ids.Principal{Kind: ids.Workload}, Roles: roles}
	}
	person := func(scopes ...string) authz.Caller {
		return authz.Caller{Subject: ids.Principal{Kind: ids.Person}, Scopes: scopes}
	}
	a := Access{
		App:       Perms{{Name: "Basic", Only: []string{"id"}}, {Name: "Write", With: []string{"Read", "ReadMore"}}}.And(Any("All")...),
		Delegated: Perms{{Name: "Me", Self: true}},
	}
	tests := []struct {
		name string
		who  authz.Caller
		self bool
		ok   bool
		only int
	}{
		{"nothing", app(), false, false, 0},
		{"some properties", app("Basic"), false, true, 1},
		{"without its companion", app("Write"), false, false, 0},
		{"with its companion", app("Write", "ReadMore"), false, true, 0},
		{"the larger counts", app("Basic", "All"), false, true, 0},
		{"a scope is no role", person("All"), false, false, 0},
		{"oneself", person("Me"), true, true, 0},
		{"somebody else", person("Me"), false, false, 0},
	}
	for _, tt := range tests {
		g, ok := a.Judge(tt.who, tt.self)
		if ok != tt.ok || len(g.Only) != tt.only {
			t.Errorf("%s: got %v, %v", tt.name, g, ok)
		}
	}
	owned := Access{App: Perms{{Name: "Owned", Owned: true}}.And(Any("All")...)}
	for _, tt := range []struct {
		a    Access
		who  authz.Caller
		to   Reach
		want string
	}{
		{a, app(), Reach{}, "Basic"},
		{a, app(), Reach{Property: "name"}, "Write with Read or ReadMore"},
		{a, person(), Reach{}, ""},
		{a, person(), Reach{Self: true}, "Me"},
		{owned, app(), Reach{}, "Owned"},
		{owned, app("Owned"), Reach{Unowned: true}, "All"},
	} {
		if got := tt.a.Least(tt.who, tt.to); got != tt.want {
			t.Errorf("least for %v: %q, want %q", tt.to, got, tt.want)
		}
	}
}

func TestContradictions(t *testing.T) {
	entity := func(props ...Prop) Schema { return Schema{Entities: []Entity{{Name: "x", Props: props}}} }
	for want, in := range map[string]struct {
		s    Schema
		sets []*Set
	}{
		"two properties a":         {s: entity(Prop{Name: "a", Type: String}, Prop{Name: "a", Type: String})},
		"nobody declares":          {s: entity(Prop{Name: "a", Type: Of("nothing")})},
		"no filter operator":       {s: entity(Prop{Name: "a", Type: String, Filter: "eq like"})},
		"no order":                 {s: entity(Prop{Name: "a", Type: String, Order: "yes"})},
		"no version":               {s: entity(Prop{Name: "a", Type: String, Only: "v3"})},
		"is its own base":          {s: Schema{Entities: []Entity{{Name: "x", Base: "x"}}}},
		"which is no property":     {s: entity(), sets: []*Set{{Path: Both("xs"), Type: Of("x"), Keys: []Key{{Name: "k"}}}}},
		"but cannot create":        {s: entity(Prop{Name: "k", Type: String}), sets: []*Set{{Path: Both("xs"), Type: Of("x"), Keys: []Key{{Name: "k", Upsert: true}}}}},
		"of the type":              {s: entity(), sets: []*Set{{Path: Both("xs"), Type: Of("y")}}},
		"has two parts p":          {s: entity(), sets: []*Set{{Path: Both("xs"), Type: Of("x"), Parts: []*Set{{Path: Both("p"), Type: Of("x")}, {Path: Both("p"), Type: Of("x")}}}}},
		"returns the type":         {s: entity(), sets: []*Set{{Path: Both("xs"), Type: Of("x"), Actions: []Action{{Name: "do", Returns: Of("y")}}}}},
		"is a single entity":       {s: entity(), sets: []*Set{{Path: Both("x"), Type: Of("x"), Single: true, List: List{Do: func(context.Context, *Request) (Page, error) { return Page{}, nil }}}}},
		"microsoft.graph.x has tw": {s: entity(Prop{Name: "a", Type: String}, Prop{Name: "b", Beta: "a", Only: "beta", Type: String})},
	} {
		if _, err := New([]Schema{in.s}, in.sets...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("err = %v, want one that says %q", err, want)
		}
	}
}

func TestReferences(t *testing.T) {
	const guid = "b25985a8-9d2b-4fde-9fa7-6c4e43a8ddec"
	for _, s := range []string{
		"https://graph.microsoft.com/v1.0/directoryObjects/" + guid, "https://x:8443/beta/users/" + strings.ToUpper(guid),
		"/v1.0/servicePrincipals/" + guid, "directoryObjects('" + guid + "')", "https://x/v1.0/my-tenant/directoryObjects/" + guid,
		"https://x/v1.0/users('" + guid + "')",
	} {
		got, err := ParseReference(s)
		if err != nil || got != guid {
			t.Errorf("%s: got %q, %v", s, got, err)
		}
	}
	for s, name := range map[string]string{
		"https://graph.microsoft.com/v1.0/users/a@b.example": "a@b.example", "https://x/beta/users('a%2Bc@b.example')": "a+c@b.example",
		"/users/a_b.example%23EXT%23@c.example": "a_b.example#EXT#@c.example", "https://x/v1.0/my-tenant/users/a@b.example": "a@b.example",
	} {
		if got, err := ParseReference(s); err != nil || got != name {
			t.Errorf("%s: got %q, %v, want %q", s, got, err, name)
		}
	}
	for _, s := range []string{"", guid, "https://x/v1.0/groups/a@b.example", "https://x/v1.0/users/a@b.example/manager", "https://x/v1.0/users/%zz@b.example", "https://x/v1.0/users/me", "https://x/v1.0/users/" + guid + "/more/segments", "https://x/?" + guid, strings.Repeat("x", 2000)} {
		if got, err := ParseReference(s); !errors.Is(err, BadReference) {
			t.Errorf("%q: got %q, %v, want BadReference", s, got, err)
		}
	}
}

func FuzzBody(f *testing.F) {
	f.Add(`{"displayName":"x","home":{"url":"u"},"members@odata.bind":["https://x/v1.0/users/b25985a8-9d2b-4fde-9fa7-6c4e43a8ddec"]}`)
	f.Add(`{"madeDateTime":"2024-01-01T00:00:00.1234567+02:00","size":1e3,"tags":[[]]}`)
	f.Add(`{"":null}`)
	r := small(f)
	f.Fuzz(func(t *testing.T, body string) {
		b, err := r.Read(V1, Of("team"), []byte(body), r.Sets[0].Parts)
		if err != nil {
			if fault.Public(err).Code != fault.Invalid {
				t.Errorf("%s: err = %v, want Invalid", body, err)
			}
			return
		}
		text, err := b.JSON()
		if err != nil || !json.Valid(text) {
			t.Errorf("%s: got %s, %v", body, text, err)
		}
	})
}
