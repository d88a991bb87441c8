package graphtest

import (
	"net/http"
	"strings"
	"testing"
)

// TestExtensionProperties defines, finds and takes back what applications add
// to objects of the directory.
func TestExtensionProperties(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c, stranger := w.Client(t, w.A, "Application.ReadWrite.OwnedBy"), w.Client(t, w.B, "Application.ReadWrite.OwnedBy")
		a := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/applications", map[string]any{"displayName": "extends"})
		all := "/v1.0/applications/" + a.Text("id") + "/extensionProperties"
		made := c.Send(t, w, http.StatusCreated, "POST", all, map[string]any{"name": "jobGroup", "dataType": "String", "targetObjects": []string{"User", "Group"}})
		if want := "extension_" + strings.ReplaceAll(a.Text("appId"), "-", "") + "_jobGroup"; made.Text("name") != want || made.Text("appDisplayName") != "extends" {
			t.Errorf("got %s, want the name %s", made.Raw, want)
		}
		for name, body := range map[string]map[string]any{
			"the same again":  {"name": "JOBGROUP", "dataType": "String", "targetObjects": []string{"User"}},
			"a name of signs": {"name": "job-group", "dataType": "String", "targetObjects": []string{"User"}},
			"no such type":    {"name": "x", "dataType": "Float", "targetObjects": []string{"User"}},
			"no such target":  {"name": "x", "dataType": "String", "targetObjects": []string{"Printer"}},
			"for nothing":     {"name": "x", "dataType": "String", "targetObjects": []string{}},
			"without a type":  {"name": "x", "targetObjects": []string{"User"}},
		} {
			if got := w.Call(t, c.Token, "POST", all, body); got.Status != http.StatusBadRequest {
				t.Errorf("%s: got %d %s", name, got.Status, got.Raw)
			}
		}
		if got := c.Get(t, w, all+"?$filter=name eq '"+made.Text("name")+"'"); len(got.Items()) != 1 {
			t.Errorf("got %s", got.Raw)
		}
		c.Send(t, w, http.StatusNoContent, "PATCH", "/v1.0/applications/"+a.Text("id"), map[string]any{"displayName": "renamed"})
		one := all + "/" + made.Text("id")
		if got := c.Get(t, w, one); got.Text("appDisplayName") != "renamed" {
			t.Errorf("got %s", got.Raw)
		}
		stranger.Send(t, w, http.StatusNotFound, "GET", one, nil)
		stranger.Send(t, w, http.StatusNotFound, "DELETE", one, nil)
		other := w.Client(t, w.A, "Application.ReadWrite.OwnedBy")
		other.Send(t, w, http.StatusForbidden, "DELETE", one, nil)
		c.Send(t, w, http.StatusNoContent, "DELETE", one, nil)
		c.Send(t, w, http.StatusNotFound, "GET", one, nil)
	})
}

// TestClassifications notes how much a tenant minds a permission.
func TestClassifications(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, "Policy.ReadWrite.PermissionGrant", "Application.Read.All")
		all := "/v1.0/servicePrincipals/" + string(w.A.Graph.ID) + "/delegatedPermissionClassifications"
		scope := w.A.Graph.Scopes[0]
		made := c.Send(t, w, http.StatusCreated, "POST", all, map[string]any{"permissionId": scope.ID, "permissionName": scope.Value, "classification": "low"})
		if made.Text("permissionName") != scope.Value || made.Text("classification") != "low" {
			t.Errorf("got %s", made.Raw)
		}
		c.Send(t, w, http.StatusConflict, "POST", all, map[string]any{"permissionName": scope.Value, "classification": "high"})
		for name, body := range map[string]map[string]any{
			"another permission's name": {"permissionId": scope.ID, "permissionName": w.A.Graph.Scopes[1].Value, "classification": "low"},
			"no permission":             {"classification": "low"},
			"no class":                  {"permissionName": w.A.Graph.Scopes[1].Value, "classification": "grave"},
		} {
			if got := w.Call(t, c.Token, "POST", all, body); got.Status != http.StatusBadRequest {
				t.Errorf("%s: got %d %s", name, got.Status, got.Raw)
			}
		}
		if got := c.Get(t, w, all); len(got.Items()) != 1 {
			t.Errorf("got %s", got.Raw)
		}
		c.Send(t, w, http.StatusNoContent, "DELETE", all+"/"+made.Text("id"), nil)
		if got := c.Get(t, w, all); len(got.Items()) != 0 {
			t.Errorf("got %s", got.Raw)
		}
	})
}

// TestVerifiedPublisher: a person says that the tenant stands behind an
// application; a program cannot.
func TestVerifiedPublisher(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, "Application.ReadWrite.All")
		admin := w.Person(t, w.A, w.A.Admin, "Application.ReadWrite.All")
		one := "/v1.0/applications/" + string(c.App.ID)
		ask := map[string]any{"verifiedPublisherId": "1234567"}
		c.Send(t, w, http.StatusForbidden, "POST", one+"/setVerifiedPublisher", ask)
		admin.Send(t, w, http.StatusBadRequest, "POST", one+"/setVerifiedPublisher", map[string]any{"verifiedPublisherId": "me"})
		admin.Send(t, w, http.StatusNoContent, "POST", one+"/setVerifiedPublisher", ask)
		shown := func(path string) any {
			v, _ := c.Get(t, w, path).Body["verifiedPublisher"].(map[string]any)
			return v["displayName"]
		}
		if a, p := shown(one), shown("/v1.0/servicePrincipals/"+string(c.Principal.ID)); a != "Contoso" || p != "Contoso" {
			t.Errorf("published by %v, %v", a, p)
		}
		c.Send(t, w, http.StatusNoContent, "PATCH", one, map[string]any{"notes": "n"})
		if got := shown(one); got != "Contoso" {
			t.Errorf("after another change: published by %v", got)
		}
		admin.Send(t, w, http.StatusNoContent, "POST", one+"/unsetVerifiedPublisher", nil)
		if got := shown(one); got != nil {
			t.Errorf("taken back: published by %v", got)
		}
	})
}

// TestFlexibleCredentials: what beta stores with an expression shows in v1.0
// without a subject.
func TestFlexibleCredentials(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, "Application.ReadWrite.All")
		all := "/applications/" + string(c.App.ID) + "/federatedIdentityCredentials"
		expression := map[string]any{"value": "claims['sub'] matches 'repo:contoso/*:ref:refs/heads/main'", "languageVersion": 1}
		body := map[string]any{
			"name": "flexible", "issuer": "https://token.actions.githubusercontent.com", "audiences": []string{"api://AzureADTokenExchange"},
			"subject": nil, "claimsMatchingExpression": expression,
		}
		c.Send(t, w, http.StatusBadRequest, "POST", "/v1.0"+all, body)
		made := c.Send(t, w, http.StatusCreated, "POST", "/beta"+all, body)
		if made.Body["subject"] != nil || made.Body["claimsMatchingExpression"] == nil {
			t.Errorf("got %s", made.Raw)
		}
		body["name"], body["subject"] = "both", "repo:contoso/app"
		c.Send(t, w, http.StatusBadRequest, "POST", "/beta"+all, body)
		delete(body, "claimsMatchingExpression")
		body["name"], body["subject"] = "neither", nil
		c.Send(t, w, http.StatusBadRequest, "POST", "/beta"+all, body)
		for _, key := range []string{"/" + made.Text("id"), "/flexible", "(name='flexible')"} {
			a := c.Send(t, w, http.StatusOK, "GET", "/v1.0"+all+key, nil)
			if _, told := a.Body["claimsMatchingExpression"]; a.Body["subject"] != nil || told {
				t.Errorf("%s in v1.0: got %s", key, a.Raw)
			}
		}
		wrong := map[string]any{"claimsMatchingExpression": map[string]any{"value": expression["value"], "languageVersion": 2}}
		c.Send(t, w, http.StatusBadRequest, "PATCH", "/beta"+all+"/flexible", wrong)
		// A principal shows those of a managed identity; an application's are not its own.
		if a := c.Get(t, w, "/v1.0/servicePrincipals/"+string(c.Principal.ID)+"/federatedIdentityCredentials"); a.Status != http.StatusOK || len(a.Items()) != 0 {
			t.Errorf("got %s", a.Raw)
		}
	})
}
