package graphtest

import (
	"net/http"
	"strings"
	"testing"
)

// TestUsersStory walks through the life of a user.
func TestUsersStory(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, "User.ReadWrite.All")
		made := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/users", map[string]any{
			"accountEnabled": true, "DisplayName": "Design engineer", "mailNickname": "design", "userPrincipalName": "design@contoso.example",
			"passwordProfile": map[string]any{"password": "Correct-horse-7"}, "department": "Design",
		})
		id := made.Text("id")
		if got := made.Text("@odata.context"); got != Own+"/v1.0/$metadata#users/$entity" {
			t.Errorf("context = %s", got)
		}
		if got, want := made.Header.Get("Location"), Own+"/v1.0/users/"+id; got != want {
			t.Errorf("Location = %s, want %s", got, want)
		}
		if len(made.Body) != 12 {
			t.Errorf("a user shows %d members, want the eleven and the context: %s", len(made.Body), made.Raw)
		}
		for _, path := range []string{
			"/v1.0/users/" + id, "/v1.0/users('" + id + "')", "/v1.0/users(%27" + id + "%27)", "/beta/users/" + id, "/v1.0//users/" + id + "/",
			"/v1.0/USERS/" + strings.ToUpper(id), "/v1.0/myorganization/users/" + id, "/v1.0/users/Design@Contoso.example",
			"/v1.0/users/microsoft.graph.user/" + id, "/v1.0/users(userPrincipalName='design@contoso.example')",
		} {
			a := c.Send(t, w, http.StatusOK, "GET", path, nil)
			if a.Text("id") != id || a.Text("displayName") != "Design engineer" {
				t.Errorf("%s: got %s", path, a.Raw)
			}
		}
		c.Send(t, w, http.StatusNoContent, "PATCH", "/v1.0/users/"+id, `{"jobTitle":"Lead","@odata.type":"#microsoft.graph.user","id":"`+id+`"}`)
		a := c.Send(t, w, http.StatusOK, "GET", "/v1.0/users/"+id+"?$select=displayName,jobTitle,department,noSuch", nil)
		want := `{"@odata.context":"` + Own + `/v1.0/$metadata#users(displayName,jobTitle,department,noSuch)/$entity","displayName":"Design engineer","jobTitle":"Lead","department":"Design"}`
		if string(a.Raw) != want {
			t.Errorf("got  %s\nwant %s", a.Raw, want)
		}
		a = c.Send(t, w, http.StatusOK, "PATCH", "/v1.0/users/"+id, `{"city":"Berlin"}`, "Prefer", "return=representation")
		if a.Text("displayName") != "Design engineer" || a.Header.Get("Preference-Applied") != "return=representation" {
			t.Errorf("got %s", a.Raw)
		}
		a = c.Send(t, w, http.StatusOK, "GET", "/v1.0/users/"+id+"/department", nil)
		if a.Text("value") != "Design" || a.Text("@odata.context") != Own+"/v1.0/$metadata#users('"+id+"')/department" {
			t.Errorf("got %s", a.Raw)
		}
		if a = c.Send(t, w, http.StatusOK, "GET", "/v1.0/users/"+id+"/department/$value", nil); string(a.Raw) != "Design" {
			t.Errorf("got %s", a.Raw)
		}
		c.Send(t, w, http.StatusNoContent, "DELETE", "/v1.0/users/"+id, nil)
		a = c.Send(t, w, http.StatusNotFound, "DELETE", "/v1.0/users/"+id, nil)
		if code, msg := a.Error(); code != "Request_ResourceNotFound" || !strings.HasPrefix(msg, "Resource '"+id+"' does not exist") {
			t.Errorf("got %s %s", code, msg)
		}
	})
}

// TestApplicationsStory walks through what the article does with an application
// and its federated credential, and what its tenant B does.
func TestApplicationsStory(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, "Application.ReadWrite.All", "Directory.Read.All", "AppRoleAssignment.ReadWrite.All", "DelegatedPermissionGrant.ReadWrite.All")
		made := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/applications", map[string]any{
			"displayName": "Job runner", "signInAudience": "AzureADMultipleOrgs", "passwordCredentials": []any{map[string]any{"displayName": "first"}},
			"owners@odata.bind": []string{"https://graph.microsoft.com/v1.0/directoryObjects/" + string(c.Principal.ID)},
		})
		id, appID := made.Text("id"), made.Text("appId")
		if s := made.Body["passwordCredentials"].([]any)[0].(map[string]any); s["secretText"] == nil {
			t.Error("the answer to the creation has no secret")
		}
		by := "/v1.0/applications(appId='" + appID + "')"
		a := c.Send(t, w, http.StatusOK, "GET", by, nil)
		if a.Text("id") != id {
			t.Errorf("got %s", a.Raw)
		}
		if strings.Contains(string(a.Raw), "@odata.type") {
			t.Errorf("a type where none is needed: %s", a.Raw)
		}

		secret := c.Send(t, w, http.StatusOK, "POST", by+"/microsoft.graph.addPassword", `{"passwordCredential":{"displayName":"second"}}`)
		if secret.Text("secretText") == "" || secret.Text("@odata.context") != Own+"/v1.0/$metadata#microsoft.graph.passwordCredential" {
			t.Errorf("got %s", secret.Raw)
		}
		c.Send(t, w, http.StatusNoContent, "POST", by+"/removePassword", map[string]any{"keyId": secret.Text("keyId")})
		c.Send(t, w, http.StatusBadRequest, "POST", by+"/removePassword", map[string]any{"keyId": secret.Text("keyId")})
		c.Send(t, w, http.StatusOK, "POST", by+"/addPassword", nil)

		owners := c.Send(t, w, http.StatusOK, "GET", by+"/owners", nil)
		if len(owners.Items()) != 1 || owners.Items()[0]["@odata.type"] != "#microsoft.graph.servicePrincipal" ||
			owners.Text("@odata.context") != Own+"/v1.0/$metadata#directoryObjects" {
			t.Errorf("got %s", owners.Raw)
		}
		c.Send(t, w, http.StatusNoContent, "POST", by+"/owners/$ref", map[string]any{"@odata.id": "https://anything/v1.0/users/" + string(w.A.Admin)})
		a = c.Send(t, w, http.StatusBadRequest, "POST", by+"/owners/$ref", map[string]any{"@odata.id": "https://anything/v1.0/directoryObjects/" + string(w.A.Admin)})
		if _, msg := a.Error(); msg != "One or more added object references already exist for the following modified properties: 'owners'." {
			t.Errorf("got %s", msg)
		}
		people := c.Send(t, w, http.StatusOK, "GET", by+"/owners/graph.user", nil)
		if len(people.Items()) != 1 || people.Items()[0]["userPrincipalName"] != "admin@contoso.example" || people.Text("@odata.context") != Own+"/v1.0/$metadata#users" {
			t.Errorf("got %s", people.Raw)
		}
		refs := c.Send(t, w, http.StatusOK, "GET", by+"/owners/$ref", nil)
		if len(refs.Items()) != 2 {
			t.Errorf("got %s", refs.Raw)
		}
		n := c.Send(t, w, http.StatusOK, "GET", by+"/owners/$count", nil, "ConsistencyLevel", "eventual")
		if string(n.Raw) != "2" {
			t.Errorf("got %s", n.Raw)
		}
		c.Send(t, w, http.StatusNoContent, "DELETE", by+"/owners/"+string(w.A.Admin)+"/$ref", nil)

		credentialsStory(t, w, c, by)
		grantsStory(t, w, c, appID)
		c.Send(t, w, http.StatusNoContent, "DELETE", "/v1.0/applications/"+id, nil)
		c.Send(t, w, http.StatusNotFound, "GET", by, nil)
	})
}

func credentialsStory(t *testing.T, w *World, c *Client, by string) {
	t.Helper()
	body := map[string]any{
		"name": "mi-tenant-a", "issuer": Own + "/" + string(w.A.ID) + "/v2.0", "subject": string(c.Principal.ID),
		"audiences": []string{"api://AzureADTokenExchange"},
	}
	made := c.Send(t, w, http.StatusCreated, "POST", by+"/federatedIdentityCredentials", body)
	if made.Header.Get("Entente-Warning") == "" {
		t.Error("a subject that is no managed identity was stored without a warning")
	}
	if !strings.HasSuffix(made.Text("@odata.context"), "')/federatedIdentityCredentials/$entity") || strings.Contains(made.Text("@odata.context"), "appId") {
		t.Errorf("context = %s", made.Text("@odata.context"))
	}
	a := c.Send(t, w, http.StatusConflict, "POST", by+"/federatedIdentityCredentials", body)
	if code, msg := a.Error(); code != "Request_MultipleObjectsWithSameKeyValue" || msg != "FederatedIdentityCredential with name mi-tenant-a already exists." {
		t.Errorf("got %s %s", code, msg)
	}
	for _, key := range []string{"/" + made.Text("id"), "/mi-tenant-a", "(name='mi-tenant-a')", "('" + made.Text("id") + "')"} {
		if a := c.Send(t, w, http.StatusOK, "GET", by+"/federatedIdentityCredentials"+key, nil); a.Text("name") != "mi-tenant-a" {
			t.Errorf("%s: got %s", key, a.Raw)
		}
	}
	if a := c.Get(t, w, by+"/federatedIdentityCredentials?$filter=name eq 'mi-tenant-a'"); len(a.Items()) != 1 {
		t.Errorf("got %s", a.Raw)
	}
	if a := c.Get(t, w, by+"/federatedIdentityCredentials?$filter=name eq 'other'"); len(a.Items()) != 0 {
		t.Errorf("got %s", a.Raw)
	}
	one := by + "/federatedIdentityCredentials/mi-tenant-a"
	c.Send(t, w, http.StatusNoContent, "PATCH", one, `{"description":"for the job","name":"mi-tenant-a"}`)
	c.Send(t, w, http.StatusBadRequest, "PATCH", one, `{"name":"another"}`)
	upsert := by + "/federatedIdentityCredentials(name='second')"
	body["subject"] = "another"
	delete(body, "name")
	c.Send(t, w, http.StatusNotFound, "PATCH", upsert, body)
	if a := c.Send(t, w, http.StatusCreated, "PATCH", upsert, body, "Prefer", "create-if-missing"); a.Text("name") != "second" {
		t.Errorf("got %s", a.Raw)
	}
	c.Send(t, w, http.StatusNoContent, "PATCH", upsert, body, "Prefer", "create-if-missing")
	c.Send(t, w, http.StatusNoContent, "DELETE", one, nil)
	c.Send(t, w, http.StatusNotFound, "GET", one, nil)
}

func grantsStory(t *testing.T, w *World, c *Client, appID string) {
	t.Helper()
	p := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/servicePrincipals", map[string]any{"appId": appID})
	a := c.Send(t, w, http.StatusConflict, "POST", "/v1.0/servicePrincipals", map[string]any{"appId": appID})
	if code, msg := a.Error(); code != "Request_MultipleObjectsWithSameKeyValue" || !strings.HasSuffix(msg, appID+" is already in use.") {
		t.Errorf("got %s %s", code, msg)
	}
	resource := w.A.Graph
	role := resource.AppRoles[0]
	ask := map[string]any{"principalId": p.Text("id"), "resourceId": resource.ID, "appRoleId": role.ID}
	to := "/v1.0/servicePrincipals/" + string(resource.ID) + "/appRoleAssignedTo"
	held := "/v1.0/servicePrincipals/" + p.Text("id") + "/appRoleAssignments"
	made := c.Send(t, w, http.StatusCreated, "POST", to, ask)
	c.Send(t, w, http.StatusBadRequest, "POST", held, ask)
	if a := c.Get(t, w, held); len(a.Items()) != 1 || a.Items()[0]["id"] != made.Text("id") {
		t.Errorf("got %s", a.Raw)
	}
	if a := c.Get(t, w, to+"?$filter=principalId eq "+p.Text("id")+"&$count=true"); len(a.Items()) != 1 || a.Body["@odata.count"] != 1.0 {
		t.Errorf("got %s", a.Raw)
	}
	c.Send(t, w, http.StatusOK, "GET", held+"/"+made.Text("id"), nil)
	c.Send(t, w, http.StatusNoContent, "DELETE", held+"/"+made.Text("id"), nil)
	c.Send(t, w, http.StatusNotFound, "DELETE", to+"/"+made.Text("id"), nil)

	grant := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/oauth2PermissionGrants", map[string]any{
		"clientId": p.Text("id"), "consentType": "AllPrincipals", "principalId": nil, "resourceId": resource.ID, "scope": "User.Read openid",
	})
	one := "/v1.0/oauth2PermissionGrants/" + grant.Text("id")
	c.Send(t, w, http.StatusNoContent, "PATCH", one, `{"scope":"User.Read"}`)
	if a := c.Get(t, w, one); a.Text("scope") != "User.Read" {
		t.Errorf("got %s", a.Raw)
	}
	list := "/v1.0/oauth2PermissionGrants?$filter=clientId eq '" + p.Text("id") + "' and consentType eq 'AllPrincipals'"
	if a := c.Get(t, w, list); len(a.Items()) != 1 {
		t.Errorf("got %s", a.Raw)
	}
	if a := c.Get(t, w, "/v1.0/servicePrincipals/"+p.Text("id")+"/oauth2PermissionGrants"); len(a.Items()) != 1 ||
		a.Text("@odata.context") != Own+"/v1.0/$metadata#oauth2PermissionGrants" {
		t.Errorf("got %s", a.Raw)
	}
	c.Send(t, w, http.StatusNoContent, "DELETE", one, nil)
	c.Send(t, w, http.StatusNotFound, "GET", one, nil)
}
