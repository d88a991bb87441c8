package graphtest

import (
	"net/http"
	"strings"
	"testing"

	"entente/internal/kit/ids"
)

// TestSiteAddresses finds sites by each of their addresses, and by words.
func TestSiteAddresses(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, Everything...)
		group := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/groups", newUnified("crew", map[string]any{"displayName": "Road crew"})).Text("id")
		plain := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/groups", newGroup("plain", nil)).Text("id")
		made := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/sites", map[string]any{"name": "Papers", "displayName": "All papers", "description": "Paper"})
		root := c.Get(t, w, "/v1.0/sites/root")
		host := root.Body["siteCollection"].(map[string]any)["hostname"].(string)
		own := c.Get(t, w, "/v1.0/groups/"+group+"/sites/root")
		if own.Text("displayName") != "Road crew" || own.Text("webUrl") != "https://"+host+"/sites/crew" || own.Body["root"] != nil {
			t.Errorf("the group's site: %s", own.Raw)
		}
		if made.Text("webUrl") != "https://"+host+"/sites/Papers" || !strings.HasPrefix(made.Text("id"), host+",") || root.Body["root"] == nil {
			t.Errorf("made: %s; the root: %s", made.Raw, root.Raw)
		}
		for path, want := range map[string]string{
			host:                             root.Text("id"),
			root.Text("id"):                  root.Text("id"),
			host + ":/sites/papers":          made.Text("id"),
			host + ":/sites/PAPERS:":         made.Text("id"),
			host + ":/sites/crew":            own.Text("id"),
			made.Text("id"):                  made.Text("id"),
			strings.ToUpper(made.Text("id")): made.Text("id"),
			own.Text("id"):                   own.Text("id"),
			host + ":/sites/nothing":         "",
			host + ":/teams/papers":          "",
			"other.example:/sites/papers":    "",
			"other.example":                  "",
			made.Text("id")[:len(made.Text("id"))-1] + "x": "",
			NoRole: "",
		} {
			a := c.Get(t, w, "/v1.0/sites/"+path)
			if want == "" && a.Status != http.StatusNotFound || a.Text("id") != want {
				t.Errorf("%s: got %d %s, want %q", path, a.Status, a.Raw, want)
			}
		}
		if a := c.Get(t, w, "/v1.0/sites/"+host+":/sites/papers:/permissions"); a.Status != http.StatusOK || len(a.Items()) != 0 {
			t.Errorf("permissions by address: %d %s", a.Status, a.Raw)
		}
		c.refused(t, w, http.StatusNotFound, "Request_ResourceNotFound", "", "GET", "/v1.0/groups/"+plain+"/sites/root", nil)
		for words, want := range map[string]int{"": 2, "*": 2, "paper": 1, "ROAD": 1, "cre": 1, "nothing": 0, "%25": 0} {
			if a := c.Get(t, w, "/v1.0/sites?search="+words); a.Status != http.StatusOK || len(a.Items()) != want {
				t.Errorf("search=%s: got %d %s, want %d", words, a.Status, a.Raw, want)
			}
		}
		page := c.Get(t, w, "/v1.0/sites?search=*&$top=1")
		next := strings.TrimPrefix(page.Text("@odata.nextLink"), Own)
		if second := c.Get(t, w, next); len(page.Items()) != 1 || len(second.Items()) != 1 || page.Items()[0]["id"] == second.Items()[0]["id"] {
			t.Errorf("pages: %s, %s", page.Raw, second.Raw)
		}
		for _, body := range []map[string]any{
			{"name": "papers"}, {"name": "CREW"}, {"name": "root"}, {"name": "a b"}, {"name": ""}, {"name": strings.Repeat("x", 65)},
			{"name": "x", "displayName": strings.Repeat("x", 257)}, {"name": "x", "webUrl": "https://x.example"},
		} {
			if a := w.Call(t, c.Token, "POST", "/v1.0/sites", body); a.Status != http.StatusBadRequest {
				t.Errorf("a site %v: %d %s", body, a.Status, a.Raw)
			}
		}
		c.Send(t, w, http.StatusNoContent, "DELETE", "/v1.0/groups/"+group, nil)
		if a := c.Get(t, w, "/v1.0/sites/"+own.Text("id")); a.Status != http.StatusNotFound {
			t.Errorf("the site of a deleted group: %d %s", a.Status, a.Raw)
		}
		c.Send(t, w, http.StatusOK, "POST", binPath+group+"/restore", nil)
		if a := c.Get(t, w, "/v1.0/sites/"+own.Text("id")); a.Text("displayName") != "Road crew" {
			t.Errorf("the site of a restored group: %d %s", a.Status, a.Raw)
		}
		b := w.Client(t, w.B, Everything...)
		for _, id := range []string{made.Text("id"), own.Text("id"), root.Text("id"), host, host + ":/sites/papers"} {
			if a := b.Get(t, w, "/v1.0/sites/"+id); a.Status != http.StatusNotFound {
				t.Errorf("%s from another tenant: %d %s", id, a.Status, a.Raw)
			}
		}
	})
}

// TestSitesSelected: a program with Sites.Selected reads what was opened to it,
// as long as it is.
func TestSitesSelected(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c, few := w.Client(t, w.A, Everything...), w.Client(t, w.A, "Sites.Selected")
		open := "/v1.0/sites/" + c.Send(t, w, http.StatusCreated, "POST", "/v1.0/sites", newSite("open")).Text("id")
		closed := "/v1.0/sites/" + c.Send(t, w, http.StatusCreated, "POST", "/v1.0/sites", newSite("closed")).Text("id")
		few.refused(t, w, http.StatusForbidden, "Authorization_RequestDenied", "", "GET", open, nil)
		made := c.Send(t, w, http.StatusCreated, "POST", open+"/permissions", newOpening(string(few.App.AppID)))
		few.Send(t, w, http.StatusOK, "GET", open, nil)
		for _, path := range []string{closed, "/v1.0/sites", "/v1.0/sites/root", open + "/permissions"} {
			few.refused(t, w, http.StatusForbidden, "Authorization_RequestDenied", "", "GET", path, nil)
		}
		one := open + "/permissions/" + made.Text("id")
		c.Send(t, w, http.StatusOK, "GET", one, nil)
		if a := w.Call(t, c.Token, "PATCH", one, map[string]any{"roles": []string{"write"}}); a.Status >= 300 {
			t.Errorf("changed: %d %s", a.Status, a.Raw)
		}
		if a := c.Get(t, w, open+"/permissions"); len(a.Items()) != 1 || a.Items()[0]["roles"].([]any)[0] != "write" {
			t.Errorf("permissions: %s", a.Raw)
		}
		for _, roles := range [][]string{{}, {"owner"}, {"read", "write"}} {
			c.refused(t, w, http.StatusBadRequest, "invalidRequest", "", "PATCH", one, map[string]any{"roles": roles})
		}
		for _, to := range []any{nil, []any{}, []any{map[string]any{"application": map[string]any{"id": "x"}}}} {
			if a := w.Call(t, c.Token, "POST", open+"/permissions", map[string]any{"roles": []string{"read"}, "grantedToIdentities": to}); a.Status != http.StatusBadRequest {
				t.Errorf("to %v: %d %s", to, a.Status, a.Raw)
			}
		}
		if a := c.Get(t, w, closed+"/permissions/"+made.Text("id")); a.Status != http.StatusNotFound {
			t.Errorf("in another site: %d %s", a.Status, a.Raw)
		}
		c.Send(t, w, http.StatusNoContent, "DELETE", one, nil)
		if a := w.Call(t, c.Token, "DELETE", one, nil); a.Status != http.StatusNotFound {
			t.Errorf("removed twice: %d %s", a.Status, a.Raw)
		}
		few.refused(t, w, http.StatusForbidden, "Authorization_RequestDenied", "", "GET", open, nil)
	})
}

// TestWhoManagesSites: people need a role for what changes sites.
func TestWhoManagesSites(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, Everything...)
		user := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/users", NewUser(w.A.Domain, "ada")).Text("id")
		for token, want := range map[string]int{
			w.Person(t, w.A, ids.ObjectID(user), "Sites.FullControl.All").Token: http.StatusForbidden,
			w.Person(t, w.A, w.A.Admin, "Sites.FullControl.All").Token:          http.StatusCreated,
		} {
			made := w.Call(t, token, "POST", "/v1.0/sites", newSite("papers"))
			if made.Status != want {
				t.Errorf("POST /sites: got %d %s, want %d", made.Status, made.Raw, want)
			}
			if a := w.Call(t, token, "POST", "/v1.0/sites/root/permissions", newOpening(string(c.App.AppID))); a.Status != want {
				t.Errorf("POST permissions: got %d %s, want %d", a.Status, a.Raw, want)
			}
		}
	})
}
