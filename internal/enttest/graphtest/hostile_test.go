package graphtest

import (
	"fmt"
	"net/http"
	"testing"
)

// TestBindsAreProperties: a permission that reaches some properties does not
// reach what is tied to the entity beside them.
func TestBindsAreProperties(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		all := w.Client(t, w.A, Everything...)
		user := all.Send(t, w, http.StatusCreated, "POST", "/v1.0/users", NewUser(w.A.Domain, "bound")).Text("id")
		phones := w.Client(t, w.A, "User-Phone.ReadWrite.All")
		path := "/v1.0/users/" + user
		phones.Send(t, w, http.StatusNoContent, "PATCH", path, map[string]any{"mobilePhone": "+1 555 0100"})
		for name, value := range map[string]any{
			"manager@odata.bind":  Ref(string(w.A.Admin))["@odata.id"],
			"Manager@odata.bind":  Ref(string(w.A.Admin))["@odata.id"],
			"sponsors@odata.bind": Bind(string(w.A.Admin)),
		} {
			phones.Send(t, w, http.StatusForbidden, "PATCH", path, map[string]any{"mobilePhone": "+1 555 0101", name: value})
		}
		all.Send(t, w, http.StatusNotFound, "GET", path+"/manager", nil)
		if a := all.Send(t, w, http.StatusOK, "GET", path+"/sponsors", nil); len(a.Items()) != 0 {
			t.Errorf("sponsors: %s", a.Raw)
		}
	})
}

// TestNoBindIsPassedOver: a reference that an operation does not take is
// refused, where silence would look like success.
func TestNoBindIsPassedOver(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, Everything...)
		f := w.furnish(t, c, "bound")
		owner := map[string]any{"owners@odata.bind": Bind(string(w.A.Admin))}
		for _, path := range []string{"/applications/" + f.IDs["/applications"], "/servicePrincipals/" + f.IDs["/servicePrincipals"], "/groups/" + f.IDs["/groups"]} {
			c.Send(t, w, http.StatusBadRequest, "PATCH", "/v1.0"+path, owner)
		}
		c.Send(t, w, http.StatusBadRequest, "POST", "/v1.0/directoryRoles", map[string]any{
			"roleTemplateId": "fdd7a751-b60b-444a-984c-02652fe8fa1c", "members@odata.bind": Bind(string(w.A.Admin)),
		})
		named := "/v1.0/applications(uniqueName='bound')"
		c.Send(t, w, http.StatusCreated, "PATCH", named, map[string]any{"displayName": "x", "owners@odata.bind": Bind(string(w.A.Admin))}, "Prefer", "create-if-missing")
		if a := c.Send(t, w, http.StatusOK, "GET", named+"/owners", nil); !identifiers(a)[string(w.A.Admin)] {
			t.Errorf("the owner of a new application is missing: %s", a.Raw)
		}
	})
}

// TestOwnersAreShownAsFarAsTheyMayBeRead: who may read applications does not
// come to know people by their owners.
func TestOwnersAreShownAsFarAsTheyMayBeRead(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		all := w.Client(t, w.A, Everything...)
		made := all.Send(t, w, http.StatusCreated, "POST", "/v1.0/applications", map[string]any{
			"displayName": "owned", "owners@odata.bind": Bind(string(w.A.Admin)),
		})
		path := "/v1.0/applications/" + made.Text("id")
		reader := w.Client(t, w.A, "Application.Read.All")
		for _, path := range []string{path + "/owners", path + "/owners?$select=id,userPrincipalName", path + "/owners/microsoft.graph.user", path + "?$expand=owners"} {
			a := reader.Send(t, w, http.StatusOK, "GET", path, nil)
			list := a.Items()
			if within, ok := a.Body["owners"].([]any); ok {
				for _, one := range within {
					list = append(list, one.(map[string]any))
				}
			}
			seen := false
			for _, one := range list {
				seen = seen || one["id"] == string(w.A.Admin)
				if one["id"] == string(w.A.Admin) && one["userPrincipalName"] != nil {
					t.Errorf("%s: %v", path, one)
				}
			}
			if !seen {
				t.Errorf("%s: the owner is missing: %s", path, a.Raw)
			}
		}
		if a := all.Send(t, w, http.StatusOK, "GET", path+"/owners/microsoft.graph.user", nil); a.Items()[0]["userPrincipalName"] != "admin@"+w.A.Domain {
			t.Errorf("with the permission to read people: %s", a.Raw)
		}
	})
}

// TestOwnersEnd: owners come all at once, so that there cannot be any number.
func TestOwnersEnd(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, Everything...)
		app := "/v1.0/applications/" + c.Send(t, w, http.StatusCreated, "POST", "/v1.0/applications", map[string]any{"displayName": "owned"}).Text("id")
		for i := range 100 { // the client is the first
			user := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/users", NewUser(w.A.Domain, fmt.Sprint("owner", i))).Text("id")
			want := http.StatusNoContent
			if i == 99 {
				want = http.StatusBadRequest
			}
			c.Send(t, w, want, "POST", app+"/owners/$ref", Ref(user))
		}
	})
}

// TestNoTimeBeyondWriting: a secret that would end after the year 9999 is
// refused.
func TestNoTimeBeyondWriting(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, Everything...)
		secret := map[string]any{"startDateTime": "9999-01-01T00:00:00Z"}
		c.Send(t, w, http.StatusBadRequest, "POST", "/v1.0/applications", map[string]any{"displayName": "late", "passwordCredentials": []any{secret}})
		for _, path := range []string{"/applications/" + string(c.App.ID), "/servicePrincipals/" + string(c.Principal.ID)} {
			c.Send(t, w, http.StatusBadRequest, "POST", "/v1.0"+path+"/addPassword", map[string]any{"passwordCredential": secret})
		}
	})
}
