package graphtest

import (
	"net/http"
	"strings"
	"testing"

	"entente/internal/core/authz"
	"entente/internal/core/directory"
	"entente/internal/kit/ids"
)

// TestNoWayUp: people and programs that may change much try, by every way that
// leads to somebody else's rights, to have more than they have. Each try is made
// alone and in a batch, and none leaves anything behind.
func TestNoWayUp(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, Everything...)
		holder := func(name string, role ids.RoleID) ids.ObjectID {
			id := w.member(t, c, name)
			if role != "" {
				w.gives(t, c, http.StatusCreated, id, role, "/")
			}
			return id
		}
		make := func(path string, body any) string {
			t.Helper()
			return c.Send(t, w, http.StatusCreated, "POST", path, body).Text("id")
		}
		chief := string(holder("chief", authz.GlobalAdministrator))
		gone := string(holder("gone", authz.GlobalAdministrator))
		w.Person(t, w.A, w.A.Admin, authz.AsUser, "User.ReadWrite.All").Send(t, w, http.StatusNoContent, "DELETE", "/v1.0/users/"+gone, nil)
		mallory := holder("mallory", "")
		me := string(mallory)
		trusted := make("/v1.0/groups", newUnified("trusted", map[string]any{"isAssignableToRole": true, "securityEnabled": true, "visibility": "Private", "owners@odata.bind": Bind(chief)}))
		w.gives(t, c, http.StatusCreated, ids.ObjectID(trusted), authz.GlobalAdministrator, "/")
		c.Send(t, w, http.StatusCreated, "PUT", "/v1.0/groups/"+trusted+"/team", map[string]any{})
		lost := make("/v1.0/groups", newGroup("lost", map[string]any{"isAssignableToRole": true}))
		c.Send(t, w, http.StatusNoContent, "DELETE", "/v1.0/groups/"+lost, nil)
		nested := make("/v1.0/groups", newGroup("nested", map[string]any{"owners@odata.bind": Bind(me)}))
		strong := w.Client(t, w.A, Everything...)
		app, sp := "/v1.0/applications/"+string(strong.App.ID), "/v1.0/servicePrincipals/"+string(strong.Principal.ID)
		site := make("/v1.0/sites", newSite("vault"))

		person := w.Person(t, w.A, mallory, authz.AsUser, "Application.ReadWrite.All", "AppRoleAssignment.ReadWrite.All", "DelegatedPermissionGrant.ReadWrite.All",
			"Group.ReadWrite.All", "User.ReadWrite.All", directory.RoleManagement, "Policy.ReadWrite.CrossTenantAccess", "Policy.ReadWrite.Authorization", "Sites.FullControl.All")
		users := w.Person(t, w.A, holder("users", authz.UserAdministrator), authz.AsUser, "User.ReadWrite.All", "Group.ReadWrite.All", "User.DeleteRestore.All", "User-PasswordProfile.ReadWrite.All")
		groups := w.Person(t, w.A, holder("groups", authz.GroupsAdministrator), authz.AsUser, "Group.ReadWrite.All", directory.RoleManagement)
		apps := w.Person(t, w.A, holder("apps", authz.ApplicationAdministrator), authz.AsUser, "Application.ReadWrite.All", "AppRoleAssignment.ReadWrite.All", directory.RoleManagement)
		people := w.Client(t, w.A, "User.ReadWrite.All", "Group.ReadWrite.All", "Directory.ReadWrite.All", "User.DeleteRestore.All", "TeamMember.ReadWrite.All", "GroupMember.ReadWrite.All")
		programs := w.Client(t, w.A, "Application.ReadWrite.All")
		own := w.Client(t, w.A, "Application.ReadWrite.OwnedBy")
		selected := w.Client(t, w.A, "Sites.Selected")

		role := func(to string) map[string]any { return newRoleAssignment(to, string(authz.GlobalAdministrator), "/") }
		graphRole := func(to ids.ObjectID) map[string]any {
			return map[string]any{"principalId": to, "resourceId": w.A.Graph.ID, "appRoleId": w.A.Graph.AppRoles[0].ID}
		}
		credential := map[string]any{"name": "mine", "issuer": "https://evil.example", "subject": "x", "audiences": []string{"api://AzureADTokenExchange"}}
		password := map[string]any{"passwordCredential": map[string]any{"displayName": "mine"}}
		everybody := map[string]any{"clientId": person.Principal.ID, "consentType": "AllPrincipals", "resourceId": w.A.Graph.ID, "scope": "Mail.ReadWrite"}
		newWord := map[string]any{"passwordProfile": map[string]any{"password": "Mine-now-77"}}
		for _, tt := range []struct {
			name         string
			by           *Client
			method, path string
			body         any
		}{
			{"somebody gives themselves a role", person, "POST", "/v1.0" + assignmentsPath, role(me)},
			{"a program that may manage applications gives itself a role", programs, "POST", "/v1.0" + assignmentsPath, role(string(programs.Principal.ID))},
			{"Application Administrator gives a program a role", apps, "POST", "/v1.0" + assignmentsPath, role(string(apps.Principal.ID))},
			{"somebody joins a group for roles", person, "POST", "/v1.0/groups/" + trusted + "/members/$ref", Ref(me)},
			{"a program that may write groups puts somebody into one", people, "POST", "/v1.0/groups/" + trusted + "/members/$ref", Ref(me)},
			{"by a bind", people, "PATCH", "/v1.0/groups/" + trusted, map[string]any{"members@odata.bind": Bind(me)}},
			{"as its owner", people, "POST", "/v1.0/groups/" + trusted + "/owners/$ref", Ref(me)},
			{"Groups Administrator becomes its owner", groups, "POST", "/v1.0/groups/" + trusted + "/owners/$ref", Ref(me)},
			{"User Administrator joins it", users, "POST", "/v1.0/groups/" + trusted + "/members/$ref", Ref(me)},
			{"by way of its team", people, "POST", "/v1.0/teams/" + trusted + "/members", newSeat(me)},
			{"by way of a group of their own", person, "POST", "/v1.0/groups/" + trusted + "/members/$ref", Ref(nested)},
			{"makes a group for roles", people, "POST", "/v1.0/groups", newGroup("mine", map[string]any{"isAssignableToRole": true, "members@odata.bind": Bind(me)})},
			{"brings a group for roles back", people, "POST", "/v1.0/directory/deletedItems/" + lost + "/restore", nil},
			{"User Administrator sets a Global Administrator's password", users, "PATCH", "/v1.0/users/" + chief, newWord},
			{"a program does", people, "PATCH", "/v1.0/users/" + chief, newWord},
			{"renames one", people, "PATCH", "/v1.0/users/" + chief, map[string]any{"userPrincipalName": "other@" + w.A.Domain}},
			{"disables one", users, "PATCH", "/v1.0/users/" + chief, map[string]any{"accountEnabled": false}},
			{"deletes one", users, "DELETE", "/v1.0/users/" + chief, nil},
			{"a program deletes one", people, "DELETE", "/v1.0/users/" + chief, nil},
			{"brings one back with a new password", users, "POST", "/v1.0/directory/deletedItems/" + gone + "/restore", nil},
			{"a program brings one back", people, "POST", "/v1.0/directory/deletedItems/" + gone + "/restore", nil},
			{"removes one for good", users, "DELETE", "/v1.0/directory/deletedItems/" + gone, nil},
			{"somebody adds a secret to a stronger application", person, "POST", app + "/addPassword", password},
			{"to its principal", person, "POST", sp + "/addPassword", password},
			{"trusts another issuer for it", person, "POST", app + "/federatedIdentityCredentials", credential},
			{"becomes its owner", person, "POST", app + "/owners/$ref", Ref(me)},
			{"becomes its principal's owner", person, "POST", sp + "/owners/$ref", Ref(me)},
			{"a program for its own applications adds a secret", own, "POST", app + "/addPassword", password},
			{"to a principal", own, "POST", sp + "/addPassword", password},
			{"trusts another issuer", own, "POST", app + "/federatedIdentityCredentials", credential},
			{"becomes an owner", own, "POST", app + "/owners/$ref", Ref(string(own.Principal.ID))},
			{"becomes a principal's owner", own, "POST", sp + "/owners/$ref", Ref(string(own.Principal.ID))},
			{"somebody gives their program a role of Graph", person, "POST", "/v1.0/servicePrincipals/" + string(person.Principal.ID) + "/appRoleAssignments", graphRole(person.Principal.ID)},
			{"on the other side", person, "POST", "/v1.0/servicePrincipals/" + string(w.A.Graph.ID) + "/appRoleAssignedTo", graphRole(person.Principal.ID)},
			{"a program gives itself one", programs, "POST", "/v1.0/servicePrincipals/" + string(programs.Principal.ID) + "/appRoleAssignments", graphRole(programs.Principal.ID)},
			{"Application Administrator gives one", apps, "POST", "/v1.0/servicePrincipals/" + string(apps.Principal.ID) + "/appRoleAssignments", graphRole(apps.Principal.ID)},
			{"somebody agrees for everybody", person, "POST", "/v1.0/oauth2PermissionGrants", everybody},
			{"a program agrees for everybody", programs, "POST", "/v1.0/oauth2PermissionGrants", everybody},
			{"somebody lets guests be members", person, "PATCH", "/v1.0/policies/authorizationPolicy", map[string]any{"guestUserRoleId": authz.MemberUser}},
			{"opens the tenant", person, "PATCH", "/v1.0/policies/crossTenantAccessPolicy/default", map[string]any{"inboundTrust": map[string]any{"isMfaAccepted": true}}},
			{"opens a site to their program", person, "POST", "/v1.0/sites/" + site + "/permissions", newOpening(string(person.App.AppID))},
			{"a program opens a site to itself", selected, "POST", "/v1.0/sites/" + site + "/permissions", newOpening(string(selected.App.AppID))},
			{"somebody changes what they are", person, "PATCH", "/v1.0/me", map[string]any{"userType": "Guest"}},
			{"somebody sets their password without the old one", person, "PATCH", "/v1.0/me", newWord},
		} {
			t.Run(tt.name, func(t *testing.T) {
				if a := w.Call(t, tt.by.Token, tt.method, tt.path, tt.body); a.Status != http.StatusForbidden {
					t.Errorf("%s %s: %d %s", tt.method, tt.path, a.Status, a.Raw)
				}
				inner := map[string]any{"id": "1", "method": tt.method, "url": strings.TrimPrefix(tt.path, "/v1.0"), "headers": map[string]any{"Content-Type": "application/json"}}
				if tt.body != nil {
					inner["body"] = tt.body
				}
				a := tt.by.Send(t, w, http.StatusOK, "POST", "/v1.0/$batch", map[string]any{"requests": []any{inner}})
				if got := a.Body["responses"].([]any)[0].(map[string]any)["status"]; got != float64(http.StatusForbidden) {
					t.Errorf("in a batch: %s", a.Raw)
				}
			})
		}
		if a := c.Get(t, w, "/v1.0/users/"+me+"/transitiveMemberOf"); len(a.Items()) != 0 {
			t.Errorf("in the end: %s", a.Raw)
		}
	})
}
