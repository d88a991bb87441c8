package graph

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"entente/internal/core/authz"
	"entente/internal/edge/graph/edm"
	"entente/internal/kit/clock"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
	"entente/internal/kit/web"
)

const (
	first  = "b25985a8-9d2b-4fde-9fa7-6c4e43a8ddec"
	second = "a3efc889-f1b7-4532-9e01-91e32d1039f4"
)

// teams is a small server over sets in memory, whose caller is who.
func teams(t testing.TB, who authz.Caller) *Server {
	t.Helper()
	all := edm.Alike(edm.Any("Team.Read", "Team.ReadWrite"))
	self := edm.Access{Delegated: edm.Perms{{Name: "Me", Self: true}}.And(all.Delegated...), App: all.App}
	item := func(id string) edm.Item {
		return edm.Item{ID: id, Face: json.RawMessage(`{"id":"` + id + `","name":"Design <&>"}`), Rest: json.RawMessage(`{"pins":[1]}`)}
	}
	echo := func(_ context.Context, r *edm.Request) (json.RawMessage, error) { return r.Body, nil }
	done := func(context.Context, *edm.Request) error { return nil }
	lead := &edm.Set{
		Path: edm.Both("lead"), Type: edm.Of("person"), Single: true, Linked: true,
		Get: edm.Get{May: all, Do: func(_ context.Context, r *edm.Request) (edm.Item, error) {
			return edm.Item{ID: second, Face: json.RawMessage(`{"id":"` + second + `"}`)}, nil
		}},
		Link: edm.Change{May: all, Do: done}, Unlink: edm.Change{May: all, Do: done},
	}
	plans := &edm.Set{
		Path: edm.Name{V1: "plans", Beta: "teamPlans"}, Type: edm.Of("team"), FreeKeys: true,
		List: edm.List{May: all, Do: func(_ context.Context, r *edm.Request) (edm.Page, error) {
			return edm.Page{Items: []edm.Item{item("below " + r.Parent())}}, nil
		}},
		Get: edm.Get{May: all, Do: func(_ context.Context, r *edm.Request) (edm.Item, error) { return item(r.ID), nil }},
	}
	set := &edm.Set{
		Path: edm.Both("teams"), Type: edm.Of("team"),
		Keys: []edm.Key{{Name: "name", Plain: true, Find: func(_ context.Context, _ *edm.Request, v string) (string, error) {
			if v == "a/b(c)" || v == "it's" || v == "lead" {
				return second, nil
			}
			return "", fault.New(fault.NotFound, "There is no team %s.", v)
		}}},
		List: edm.List{May: all, Do: func(context.Context, *edm.Request) (edm.Page, error) {
			return edm.Page{Items: []edm.Item{item(first)}}, nil
		}},
		Get:   edm.Get{May: self, Do: func(_ context.Context, r *edm.Request) (edm.Item, error) { return item(r.ID), nil }},
		Parts: []*edm.Set{lead, plans},
		Actions: []edm.Action{
			{Name: "rename", Params: []edm.Prop{{Name: "to", Type: edm.String, Required: true}}, Returns: edm.String, May: all,
				Do: func(context.Context, *edm.Request) (json.RawMessage, error) { return json.RawMessage(`"done"`), nil }},
		},
		Common: []edm.Action{{Name: "byName", Function: true, Params: []edm.Prop{{Name: "name", Type: edm.String}}, Returns: edm.Of("team"), May: all, Do: echo}},
	}
	r, err := edm.New([]edm.Schema{{Entities: []edm.Entity{
		{Name: "team", Base: "entity", Props: []edm.Prop{
			{Name: "name", Type: edm.String}, {Name: "pins", Type: edm.Many(edm.Int32), Show: edm.Selected}, {Name: "lonely", Type: edm.String},
		}},
		{Name: "person", Base: "directoryObject"},
	}}}, set)
	if err != nil {
		t.Fatal(err)
	}
	ring, err := secret.NewRing(secret.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	return &Server{
		Registry: r, Hosts: web.Hosts{Own: "https://x.example"}, Ring: ring, Clock: clock.NewFake(time.Unix(0, 0)), Log: slog.New(slog.DiscardHandler),
		Authenticate: func(context.Context, string, []string) (authz.Caller, error) { return who, nil },
	}
}

func reader() authz.Caller {
	return authz.Caller{Tenant: "t", Subject: ids.Principal{Kind: ids.Workload, Home: "t", ID: "a"}, Roles: []string{"Team.Read"}}
}

func ask(t testing.TB, s *Server, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, "https://x.example"+target, strings.NewReader(body))
	r.Header.Set("Authorization", "bearer x")
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	return w
}

func TestPaths(t *testing.T) {
	const context = `{"@odata.context":"https://x.example/v1.0/$metadata#`
	team := func(id string) string { return context + `teams/$entity","id":"` + id + `","name":"Design <&>"}` }
	tests := []struct{ method, path, body, want string }{
		{"GET", "/v1.0/teams/" + first + "?$select=id,name", "", context + `teams(id,name)/$entity","id":"` + first + `","name":"Design <&>"}`},
		{"GET", "/v1.0/teams/" + first, "", team(first)},
		{"GET", "/v1.0/teams/" + first + "?$select=*", "", team(first)},
		{"GET", "/v1.0/teams/" + first + "?%24SELECT=plans,+ID", "", context + `teams(id)/$entity","id":"` + first + `"}`},
		{"GET", "/V1.0/Teams('" + first + "')", "", team(first)},
		{"GET", "/v1.0/teams(id='" + first + "')", "", team(first)},
		{"GET", "/v1.0/teams(" + first + ")", "", team(first)},
		{"GET", "/v1.0/teams/a%2Fb(c)", "", team(second)},
		{"GET", "/v1.0/teams(name='a%2Fb(c)')", "", team(second)},
		{"GET", "/v1.0/teams(name='it''s')", "", team(second)},
		{"GET", "/v1.0/teams('it%27%27s')", "", team(second)},
		{"GET", "/v1.0/teams/it's", "", team(second)},
		{"GET", "/v1.0/teams/lead", "", team(second)},
		{"GET", "/v1.0/teams/" + first + "/microsoft.graph.team", "", team(first)},
		{"GET", "/v1.0/teams/" + first + "/lead", "", context + `directoryObjects/$entity","id":"` + second + `"}`},
		{"GET", "/v1.0/teams/" + first + "/lead/$ref", "", context + `$ref","@odata.id":"https://x.example/v1.0/directoryObjects/` + second + `"}`},
		{"PUT", "/v1.0/teams/" + first + "/lead/$ref", `{"@odata.id":"https://y/v1.0/users/` + second + `"}`, ""},
		{"DELETE", "/v1.0/teams/" + first + "/lead/$ref", "", ""},
		{"GET", "/v1.0/teams(name='it''s')/plans", "", context + `teams('` + second + `')/plans","value":[{"id":"below ` + second + `","name":"Design <&>"}]}`},
		{"GET", "/v1.0/teams/" + first + "/plans/one", "", context + `teams('` + first + `')/plans/$entity","id":"one","name":"Design <&>"}`},
		{"GET", "/v1.0/teams/" + first + "/name", "", context + `teams('` + first + `')/name","value":"Design <&>"}`},
		{"GET", "/v1.0/teams/" + first + "/NAME/$value", "", "Design <&>"},
		{"GET", "/v1.0/teams/" + first + "/pins", "", context + `teams('` + first + `')/pins","value":[1]}`},
		{"GET", "/v1.0/teams/" + first + "/lonely", "", ""},
		{"POST", "/v1.0/teams/" + first + "/graph.rename", `{"to":"x"}`, context + `Edm.String","value":"done"}`},
		{"GET", "/v1.0/teams/microsoft.graph.byName(name='x')", "", context + `teams/$entity","name":"x"}`},
		{"GET", "/v1.0/teams/byname()", "", context + `teams/$entity"}`},
	}
	s := teams(t, reader())
	for _, tt := range tests {
		w := ask(t, s, tt.method, tt.path, tt.body)
		if got := w.Body.String(); w.Code >= 300 || got != tt.want {
			t.Errorf("%s %s: %d\ngot  %s\nwant %s", tt.method, tt.path, w.Code, got, tt.want)
		}
	}
	for _, path := range []string{
		"/v1.0/teams()()", "/v1.0/teams(" + first + "," + second + ")", "/v1.0/teams/" + first + "/plans(", "/v1.0/teams/%ff",
		"/v1.0/teams/" + first + "/name/$count", "/v1.0/teams/" + first + "/name(x)", "/v1.0/teams/" + first + "/teamPlans", "/beta/teams/" + first + "/plans",
		"/v1.0/teams/" + first + "/rename(x=1)/y", "/v1.0/teams/$ref", "/v1.0/teams(null)", "/v1.0/teams/" + first + "/lead(x)", "/",
	} {
		if w := ask(t, s, "GET", path, ""); w.Code != http.StatusBadRequest && w.Code != http.StatusNotFound {
			t.Errorf("%s: got %d %s", path, w.Code, w.Body)
		}
	}
}

// TestOwnObject: whoever may see only themselves sees themselves, and does not
// learn whether others exist.
func TestOwnObject(t *testing.T) {
	me := authz.Caller{Tenant: "t", Object: second, Subject: ids.Principal{Kind: ids.Person, Home: "t", ID: second}, Scopes: []string{"Me"}}
	s := teams(t, me)
	for path, want := range map[string]int{
		"/v1.0/teams/" + second: 200, "/v1.0/teams/it's": 200, "/v1.0/teams/" + first: 403, "/v1.0/teams/nobody": 403, "/v1.0/teams": 403,
		"/v1.0/teams/" + second + "/plans": 403,
	} {
		if w := ask(t, s, "GET", path, ""); w.Code != want {
			t.Errorf("%s: got %d %s, want %d", path, w.Code, w.Body, want)
		}
	}
}

// TestOwnMistakes: what is our mistake is told without its text.
func TestOwnMistakes(t *testing.T) {
	s := teams(t, reader())
	s.Registry.Sets[0].List.Do = func(context.Context, *edm.Request) (edm.Page, error) { return edm.Page{}, errors.New("disk on fire") }
	w := ask(t, s, "GET", "/v1.0/teams", "")
	if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "fire") || !strings.Contains(w.Body.String(), `"InternalServerError"`) {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

func FuzzPath(f *testing.F) {
	for _, path := range []string{
		"/v1.0/teams/" + first + "/plans/x", "/beta/teams(name='a%2Fb')/lead/$ref", "/v1.0/teams/microsoft.graph.byName(name='x')", "/v1.0/teams/$count",
		"/v1.0//myorganization/teams('" + first + "')/name/$value", "/v1.0/teams/graph.team/" + first, "/v1.0/teams((((",
	} {
		f.Add(path, "$top=5&$filter=name%20eq%20'x'&$select=name")
	}
	s := teams(f, reader())
	f.Fuzz(func(t *testing.T, path, query string) {
		r := httptest.NewRequest("GET", "https://x.example/", nil)
		r.URL.Path, r.URL.RawPath, r.URL.RawQuery = path, "", query
		r.Header.Set("Authorization", "Bearer x")
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, r)
		if w.Code >= 500 {
			t.Errorf("%q?%q: %d %s", path, query, w.Code, w.Body)
		}
		if strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") && !json.Valid(w.Body.Bytes()) {
			t.Errorf("%q?%q: %s", path, query, w.Body)
		}
	})
}
