package graphtest

import (
	"net/http"
	"strings"
	"testing"
)

// TestMe: /me is the user who is signed in, and nobody for a program alone.
func TestMe(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		alone := w.Client(t, w.A, Everything...)
		for _, path := range []string{"/v1.0/me", "/beta/Me/appRoleAssignments", "/v1.0/me?$select=id"} {
			a := alone.Send(t, w, http.StatusBadRequest, "GET", path, nil)
			if code, message := a.Error(); code != "BadRequest" || message != "/me request is only valid with delegated authentication flow." {
				t.Errorf("%s: got %s %s", path, code, message)
			}
		}
		w.addUsers(t, w.A, 1)
		c := w.Person(t, w.A, w.A.Admin, "User.Read")
		a := c.Send(t, w, http.StatusOK, "GET", "/v1.0/me", nil)
		if a.Text("id") != string(w.A.Admin) || a.Text("@odata.context") != Own+"/v1.0/$metadata#users/$entity" {
			t.Errorf("got %s", a.Raw)
		}
		// User.Read reaches the person who is signed in, by every name, and nobody
		// else: not even whether there is anybody else.
		c.Send(t, w, http.StatusOK, "GET", "/v1.0/myorganization/me/displayName", nil)
		c.Send(t, w, http.StatusOK, "GET", "/v1.0/users/admin@contoso.example", nil)
		c.Send(t, w, http.StatusOK, "GET", "/v1.0/"+strings.ToUpper(string(w.A.ID))+"/me", nil)
		c.Send(t, w, http.StatusBadRequest, "GET", "/v1.0/"+string(w.B.ID)+"/me", nil)
		for _, path := range []string{"/v1.0/users", "/v1.0/users/p00@contoso.example", "/v1.0/users/nobody@contoso.example"} {
			c.Send(t, w, http.StatusForbidden, "GET", path, nil)
		}
		c.Send(t, w, http.StatusForbidden, "PATCH", "/v1.0/me", `{"mobilePhone":"1"}`)
		a = c.Send(t, w, http.StatusBadRequest, "GET", "/v1.0/me/nothing", nil)
		if _, message := a.Error(); message != "Resource not found for the segment 'nothing'." {
			t.Errorf("got %s", message)
		}
		all := w.Person(t, w.A, w.A.Admin, "User.Read", "Directory.Read.All")
		a = all.Send(t, w, http.StatusOK, "GET", "/v1.0/me/appRoleAssignments", nil)
		if got, want := a.Text("@odata.context"), Own+"/v1.0/$metadata#users('"+string(w.A.Admin)+"')/appRoleAssignments"; got != want {
			t.Errorf("context = %s, want %s", got, want)
		}
		all.Send(t, w, http.StatusOK, "GET", "/v1.0/users/p00@contoso.example", nil)
	})
}
