package graph

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"entente/internal/edge/graph/edm"
	"entente/internal/kit/fault"
)

// send asks with a body.
func send(s *Server, method, path, media, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "https://x.example"+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer x")
	r.Header.Set("Content-Type", media)
	rec := httptest.NewRecorder()
	s.Handler().ServeHTTP(rec, r)
	return rec
}

// house is a server with what few sets have: PUT, singletons in one another,
// answers that come before the work is done, and a picture.
func house(t *testing.T) *Server {
	t.Helper()
	all := edm.Alike(edm.Any("Team.Read"))
	s := teams(t, reader())
	kept := map[string]string{}
	door := &edm.Set{
		Path: edm.Both("door"), Type: edm.Of("team"), Single: true,
		Get: edm.Get{May: all, Do: func(_ context.Context, r *edm.Request) (edm.Item, error) {
			if kept[r.Parent()] == "" {
				return edm.Item{}, fault.New(fault.NotFound, "There is no door.")
			}
			return edm.Item{ID: r.Parent(), Face: json.RawMessage(kept[r.Parent()])}, nil
		}},
		Put: edm.Create{May: all, Do: func(_ context.Context, r *edm.Request) (edm.Item, error) {
			if kept[r.Parent()] != "" {
				r.Replaced()
			}
			kept[r.Parent()] = string(r.Body)
			return edm.Item{ID: r.Parent(), Face: r.Body}, nil
		}},
	}
	rooms := &edm.Set{
		Path: edm.Both("rooms"), Type: edm.Of("room"), FreeKeys: true, Parts: []*edm.Set{door},
		Create: edm.Create{May: all, Do: func(_ context.Context, r *edm.Request) (edm.Item, error) {
			r.Accept("/rooms('blue')/operations('1')", "/rooms('blue')")
			return edm.Item{}, nil
		}},
		Get: edm.Get{May: all, Do: func(_ context.Context, r *edm.Request) (edm.Item, error) {
			return edm.Item{ID: r.ID, Face: json.RawMessage(`{"code":"` + r.ID + `"}`)}, nil
		}},
		Put: edm.Create{May: all, Do: func(_ context.Context, r *edm.Request) (edm.Item, error) { return edm.Item{}, nil }},
		Blobs: []edm.Blob{{
			Name: "logo", Types: []string{"image/png"},
			Read: edm.Op[func(context.Context, *edm.Request) (edm.Media, error)]{May: all, Do: func(_ context.Context, r *edm.Request) (edm.Media, error) {
				return edm.Media{Type: "image/png", Data: []byte(kept["logo "+r.ID])}, nil
			}},
			Write: edm.Op[func(context.Context, *edm.Request, edm.Media) error]{May: all, Do: func(_ context.Context, r *edm.Request, m edm.Media) error {
				kept["logo "+r.ID] = string(m.Data)
				return nil
			}},
			Remove: edm.Change{May: all, Do: func(_ context.Context, r *edm.Request) error { delete(kept, "logo "+r.ID); return nil }},
		}},
	}
	inner := &edm.Set{Path: edm.Both("inner"), Type: edm.Of("team"), Single: true, Parts: []*edm.Set{rooms}}
	outer := &edm.Set{Path: edm.Both("outer"), Type: edm.Of("team"), Single: true, Parts: []*edm.Set{inner}}
	var err error
	s.Registry, err = edm.New([]edm.Schema{{Entities: []edm.Entity{
		{Name: "team", Base: "entity", Props: []edm.Prop{{Name: "name", Type: edm.String, Write: edm.CU, Required: true}}},
		{Name: "room", Key: "code", Props: []edm.Prop{{Name: "code", Type: edm.String, Write: edm.C}, {Name: "logo", Type: edm.Stream}}},
	}}}, outer)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestPut(t *testing.T) {
	s := house(t)
	const one = "/v1.0/outer/inner/rooms/blue"
	for _, tt := range []struct {
		method, path, media, body string
		status                    int
		want                      string // in the body
	}{
		{"GET", one, "", "", 200, `{"@odata.context":"https://x.example/v1.0/$metadata#outer/inner/rooms/$entity","code":"blue"}`},
		{"GET", "/v1.0/outer/inner/rooms(code='blue')", "", "", 200, `"code":"blue"`},
		{"GET", "/v1.0/outer/inner/rooms(id='blue')", "", "", 400, "BadRequest"},
		{"PUT", one, "application/json", `{"code":"blue"}`, 204, ""},
		{"PUT", one + "/door", "application/json", `{}`, 400, "A value is required for property 'name' of resource 'Team'."},
		{"PUT", one + "/door", "application/json", `{"name":"oak","id":"x"}`, 400, "Property 'id' is read-only and cannot be set."},
		{"GET", one + "/door", "", "", 404, "There is no door."},
		{"PUT", one + "/door", "application/json", `{"name":"oak"}`, 201, `{"@odata.context":"https://x.example/v1.0/$metadata#outer/inner/rooms('blue')/door/$entity","name":"oak"}`},
		{"PUT", one + "/door", "application/json", `{"name":"elm"}`, 200, `"name":"elm"`},
		{"GET", one + "/door", "", "", 200, `"name":"elm"`},
		{"DELETE", one + "/door", "", "", 405, "not allowed"},
		{"POST", "/v1.0/outer/inner/rooms", "application/json", `{"code":"blue"}`, 202, ""},
		{"GET", one + "/logo", "", "", 404, "Resource 'logo' does not exist"},
		{"PUT", one + "/logo", "text/html", "<b>", 415, "UnsupportedMediaType"},
		{"PUT", one + "/logo", "image/png", "", 400, "Unable to read"},
		{"PUT", one + "/logo", "image/png", "PNG", 204, ""},
		{"GET", one + "/logo", "", "", 200, "PNG"},
		{"GET", one + "/logo/$value", "", "", 200, "PNG"},
		{"GET", one + "/logo/more", "", "", 400, "Resource not found for the segment 'more'."},
		{"PATCH", one + "/logo/$value", "image/png", "GNP", 204, ""},
		{"GET", one + "/LOGO", "", "", 200, "GNP"},
		{"GET", one + "?$select=code,logo", "", "", 200, `"code":"blue"}`},
		{"DELETE", one + "/logo", "", "", 204, ""},
		{"GET", one + "/logo/$value", "", "", 404, ""},
		{"POST", one + "/logo", "image/png", "PNG", 405, ""},
	} {
		rec := send(s, tt.method, tt.path, tt.media, tt.body)
		if rec.Code != tt.status || !strings.Contains(rec.Body.String(), tt.want) {
			t.Errorf("%s %s %s: got %d %s, want %d %s", tt.method, tt.path, tt.body, rec.Code, rec.Body, tt.status, tt.want)
		}
		switch {
		case tt.status == http.StatusAccepted && (rec.Header().Get("Location") != "/rooms('blue')/operations('1')" || rec.Header().Get("Content-Location") != "/rooms('blue')" || rec.Body.Len() > 0):
			t.Errorf("accepted: %v %s", rec.Header(), rec.Body)
		case tt.status == http.StatusCreated && rec.Header().Get("Location") != "https://x.example/v1.0/outer/inner/rooms('blue')/door":
			t.Errorf("%s: Location is %s", tt.path, rec.Header().Get("Location"))
		case strings.HasPrefix(rec.Body.String(), "PNG") && (rec.Header().Get("Content-Type") != "image/png" || rec.Header().Get("X-Content-Type-Options") != "nosniff"):
			t.Errorf("picture: %v", rec.Header())
		}
	}
}
