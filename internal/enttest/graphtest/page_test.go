package graphtest

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"entente/internal/core/authz"
)

// addUsers makes n users and returns how many the tenant then has.
func (w *World) addUsers(t *testing.T, of Tenant, n int) int {
	t.Helper()
	for i := range n {
		body := fmt.Sprintf(`{"accountEnabled":true,"displayName":"Person %02d","mailNickname":"p%02d","userPrincipalName":"p%02d@%s",
			"passwordProfile":{"password":"Correct-horse-7"},"department":"%s"}`, i, i, i, of.Domain, []string{"Sales", "Design"}[i%2])
		if _, err := w.Users.Create(t.Context(), authz.System(of.ID, "test"), []byte(body)); err != nil {
			t.Fatal(err)
		}
	}
	return n + 1 // the administrator
}

func TestPaging(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, "User.Read.All")
		all := w.addUsers(t, w.A, 7)
		path, seen := "/v1.0/users?$select=displayName&$top=3", map[any]bool{}
		pages := 0
		for path != "" {
			a := c.Send(t, w, http.StatusOK, "GET", path, nil, "Host", "localhost:8443")
			for _, it := range a.Items() {
				if len(it) != 1 || seen[it["displayName"]] {
					t.Errorf("got %v, want one new name", it)
				}
				seen[it["displayName"]] = true
			}
			next := a.Text("@odata.nextLink")
			if next != "" && !strings.HasPrefix(next, Other+"/v1.0/users?$select=displayName&$top=3&$skiptoken=") {
				t.Errorf("the link does not speak of the host that was asked, or drops options: %s", next)
			}
			path = strings.TrimPrefix(next, Other)
			pages++
		}
		if len(seen) != all || pages != 3 {
			t.Errorf("saw %d users on %d pages, want %d on 3", len(seen), pages, all)
		}
		// By name, backwards, with a filter beside it: an advanced query.
		q := "?$orderby=displayName desc&$filter=startswith(displayName,'person')&$count=true&$top=5"
		a := c.Send(t, w, http.StatusOK, "GET", "/v1.0/users"+q, nil, "ConsistencyLevel", "eventual")
		if a.Items()[0]["displayName"] != "Person 06" || a.Body["@odata.count"] != 7.0 {
			t.Errorf("got %s", a.Raw)
		}
		a = c.Send(t, w, http.StatusOK, "GET", strings.TrimPrefix(a.Text("@odata.nextLink"), Own), nil, "ConsistencyLevel", "eventual")
		if len(a.Items()) != 2 || a.Items()[1]["displayName"] != "Person 00" || a.Body["@odata.count"] != nil {
			t.Errorf("the second page: %s", a.Raw)
		}
		n := c.Send(t, w, http.StatusOK, "GET", "/v1.0/users/$count?$filter=department eq 'sales'", nil, "ConsistencyLevel", "eventual")
		if string(n.Raw) != "4" || !strings.HasPrefix(n.Header.Get("Content-Type"), "text/plain") {
			t.Errorf("count = %s", n.Raw)
		}
	})
}

// TestPageTokens: a link to a next page opens for the tenant, the path and the
// question it was made for, and not when a byte of it was changed.
func TestPageTokens(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c, stranger := w.Client(t, w.A, "User.Read.All", "Application.Read.All"), w.Client(t, w.B, "User.Read.All")
		w.addUsers(t, w.A, 3)
		next := c.Send(t, w, http.StatusOK, "GET", "/v1.0/users?$top=1&$filter=userType eq 'Member'", nil).Text("@odata.nextLink")
		u, err := url.Parse(next)
		must(t, err)
		token := u.Query().Get("$skiptoken")
		u, err = url.Parse(c.Send(t, w, http.StatusOK, "GET", "/v1.0/users?$top=1", nil).Text("@odata.nextLink"))
		must(t, err)
		plain := u.Query().Get("$skiptoken")
		c.Send(t, w, http.StatusOK, "GET", "/v1.0/users?$skiptoken="+plain, nil)
		filter := "$filter=userType%20eq%20%27Member%27&$skiptoken="
		c.Send(t, w, http.StatusOK, "GET", "/v1.0/users?"+filter+token, nil)
		other := "A"
		if token[len(token)-2] == 'A' {
			other = "B"
		}
		for name, ask := range map[string]struct {
			c    *Client
			path string
		}{
			"of another tenant":   {stranger, "/v1.0/users?" + filter + token},
			"on another path":     {c, "/v1.0/applications?$skiptoken=" + plain},
			"in beta":             {c, "/beta/users?" + filter + token},
			"with another filter": {c, "/v1.0/users?$filter=userType%20eq%20%27Guest%27&$skiptoken=" + token},
			"without the filter":  {c, "/v1.0/users?$skiptoken=" + token},
			"in another order":    {c, "/v1.0/users?$orderby=displayName&$skiptoken=" + token},
			"with a byte turned":  {c, "/v1.0/users?" + filter + token[:len(token)-2] + other + token[len(token)-1:]},
			"cut short":           {c, "/v1.0/users?" + filter + token[:20]},
			"made up":             {c, "/v1.0/users?" + filter + "X%27616263%27"},
		} {
			a := ask.c.Get(t, w, ask.path)
			if code, _ := a.Error(); a.Status != http.StatusBadRequest || code != "Directory_ExpiredPageToken" {
				t.Errorf("a page token %s: got %d %s %s, want 400 Directory_ExpiredPageToken", name, a.Status, code, a.Raw)
			}
		}
	})
}

func TestBodies(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, "User.ReadWrite.All", "Application.ReadWrite.All")
		var z bytes.Buffer
		g := gzip.NewWriter(&z)
		_, err := g.Write([]byte(`{"displayName":"zipped"}`))
		must(t, err)
		must(t, g.Close())
		a := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/applications", z.Bytes(), "Content-Encoding", "gzip")
		if a.Text("displayName") != "zipped" {
			t.Errorf("got %s", a.Raw)
		}
		z.Reset()
		g = gzip.NewWriter(&z)
		_, err = g.Write([]byte(`{"displayName":"` + strings.Repeat("x", 5<<20) + `"}`))
		must(t, err)
		must(t, g.Close())
		c.Send(t, w, http.StatusRequestEntityTooLarge, "POST", "/v1.0/applications", z.Bytes(), "Content-Encoding", "gzip")
		c.Send(t, w, http.StatusUnsupportedMediaType, "POST", "/v1.0/applications", "x", "Content-Encoding", "br")
		c.Send(t, w, http.StatusUnsupportedMediaType, "POST", "/v1.0/applications", `{"displayName":"x"}`, "Content-Type", "text/plain")
		c.Send(t, w, http.StatusBadRequest, "POST", "/v1.0/applications", "no gzip", "Content-Encoding", "gzip")
		c.Send(t, w, http.StatusCreated, "POST", "/v1.0/applications", `{"displayName":"x"}`, "Content-Type", "application/json; charset=utf-8; IEEE754Compatible=false")

		named := "/v1.0/applications(uniqueName='app-1')"
		c.Send(t, w, http.StatusNotFound, "PATCH", named, `{"displayName":"upserted"}`)
		a = c.Send(t, w, http.StatusCreated, "PATCH", named, `{"displayName":"upserted"}`, "Prefer", "create-if-missing")
		if a.Text("uniqueName") != "app-1" || a.Header.Get("Preference-Applied") != "create-if-missing" {
			t.Errorf("got %s", a.Raw)
		}
		c.Send(t, w, http.StatusNoContent, "PATCH", named, `{"displayName":"again"}`, "Prefer", "create-if-missing")
		if a = c.Get(t, w, named); a.Text("displayName") != "again" {
			t.Errorf("got %s", a.Raw)
		}
		a = c.Send(t, w, http.StatusNoContent, "POST", "/v1.0/applications", `{"displayName":"quiet"}`, "Prefer", "return=minimal")
		if a.Header.Get("Location") == "" || a.Header.Get("Preference-Applied") != "return=minimal" {
			t.Errorf("got %v", a.Header)
		}
	})
}

func TestMetadataLevels(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, "User.Read.All")
		admin := "/v1.0/users/" + string(w.A.Admin) + "?$select=id"
		id := `"id":"` + string(w.A.Admin) + `"}`
		for accept, want := range map[string]string{
			"application/json;odata.metadata=none":                  `{` + id,
			"application/json;odata.metadata=minimal":               `{"@odata.context":"` + Own + `/v1.0/$metadata#users(id)/$entity",` + id,
			"application/json; charset=utf-8; odata.streaming=true": `{"@odata.context":"` + Own + `/v1.0/$metadata#users(id)/$entity",` + id,
		} {
			if a := c.Get(t, w, admin, "Accept", accept); string(a.Raw) != want {
				t.Errorf("Accept: %s\ngot  %s\nwant %s", accept, a.Raw, want)
			}
		}
		one := "users('" + string(w.A.Admin) + "')"
		for member, want := range map[string]string{
			"@odata.type": "#microsoft.graph.user", "@odata.id": Own + "/v1.0/" + one, "@odata.editLink": one, "id": string(w.A.Admin),
			"memberOf@odata.navigationLink": Own + "/v1.0/" + one + "/memberOf", "memberOf@odata.associationLink": Own + "/v1.0/" + one + "/memberOf/$ref",
		} {
			if a := c.Get(t, w, admin, "Accept", "application/json;odata.metadata=full;charset=utf-8, */*"); a.Text(member) != want {
				t.Errorf("%s = %q, want %q", member, a.Text(member), want)
			}
		}
		a := c.Get(t, w, "/v1.0/users?$top=1", "Accept", "application/json;odata.metadata=none")
		if a.Body["@odata.context"] != nil || !strings.Contains(a.Header.Get("Content-Type"), "odata.metadata=none") {
			t.Errorf("got %s", a.Raw)
		}
		for _, path := range []string{"/v1.0/$metadata", "/beta/$Metadata", "/v1.0/", "/v1.0"} {
			if a := w.Call(t, "", "GET", path, nil); a.Status != http.StatusOK || len(a.Raw) == 0 {
				t.Errorf("%s without a token: got %d", path, a.Status)
			}
		}
	})
}

// TestBasicReaders: who may read basic properties gets null or nothing for the
// others, and cannot ask about them by a filter or an order.
func TestBasicReaders(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, "User.ReadBasic.All")
		w.addUsers(t, w.A, 1)
		a := c.Send(t, w, http.StatusOK, "GET", "/v1.0/users?$select=displayName,department,businessPhones&$filter=displayName eq 'person 00'", nil)
		if it := a.Items()[0]; it["displayName"] != "Person 00" || it["department"] != nil || len(it["businessPhones"].([]any)) != 0 {
			t.Errorf("got %s", a.Raw)
		}
		c.Send(t, w, http.StatusForbidden, "GET", "/v1.0/users?$filter=department eq 'Sales'", nil)
		c.Send(t, w, http.StatusForbidden, "GET", "/v1.0/users/p00@contoso.example/department", nil)
		w2 := w.Client(t, w.A, "User.EnableDisableAccount.All", "User.Read.All")
		alone := w.Client(t, w.A, "User.EnableDisableAccount.All")
		alone.Send(t, w, http.StatusForbidden, "PATCH", "/v1.0/users/p00@contoso.example", `{"accountEnabled":false}`)
		c.Send(t, w, http.StatusForbidden, "PATCH", "/v1.0/users/p00@contoso.example", `{"accountEnabled":false}`)
		w2.Send(t, w, http.StatusForbidden, "PATCH", "/v1.0/users/p00@contoso.example", `{"accountEnabled":false,"city":"Oslo"}`)
		w2.Send(t, w, http.StatusNoContent, "PATCH", "/v1.0/users/p00@contoso.example", `{"accountEnabled":false}`)
	})
}
