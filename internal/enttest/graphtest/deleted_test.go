package graphtest

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"entente/internal/core/app"
	"entente/internal/core/authz"
	"entente/internal/core/object"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

const binPath = "/v1.0/directory/deletedItems/"

// TestDeletedUserComesBack: what a user had counts for nothing while it is
// deleted, and again when it is restored.
func TestDeletedUserComesBack(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, Everything...)
		upn := "grace@" + w.A.Domain
		body := NewUser(w.A.Domain, "grace")
		body["mail"] = upn
		user := c.Send(t, w, 201, "POST", "/v1.0/users", body).Text("id")
		group := c.Send(t, w, 201, "POST", "/v1.0/groups", map[string]any{
			"displayName": "team", "mailNickname": "team", "mailEnabled": false, "securityEnabled": true,
			"owners@odata.bind": Bind(user), "members@odata.bind": Bind(user),
		}).Text("id")
		graph := string(w.A.Graph.ID)
		c.Send(t, w, 201, "POST", "/v1.0/users/"+user+"/appRoleAssignments", newAssignment(user, string(c.Principal.ID), NoRole))
		grant := c.Send(t, w, 201, "POST", "/v1.0/oauth2PermissionGrants", map[string]any{
			"clientId": c.Principal.ID, "resourceId": graph, "consentType": "Principal", "principalId": user, "scope": "User.Read",
		}).Text("id")
		counts := func(want int) {
			t.Helper()
			for _, path := range []string{"/groups/" + group + "/members", "/groups/" + group + "/owners",
				"/servicePrincipals/" + string(c.Principal.ID) + "/appRoleAssignedTo", "/servicePrincipals/" + string(c.Principal.ID) + "/oauth2PermissionGrants"} {
				if n := len(c.Send(t, w, 200, "GET", "/v1.0"+path, nil).Items()); n != want {
					t.Errorf("%s: %d, want %d", path, n, want)
				}
			}
		}
		counts(1)
		c.Send(t, w, 204, "DELETE", "/v1.0/users/"+user, nil)
		counts(0)
		for _, path := range []string{"/users/" + user, "/users/" + upn, "/directoryObjects/" + user, "/users/" + user + "/memberOf", "/oauth2PermissionGrants/" + grant} {
			c.Send(t, w, 404, "GET", "/v1.0"+path, nil)
		}
		a := c.Send(t, w, 200, "GET", binPath+user+"?$select=id,userPrincipalName,deletedDateTime", nil)
		if want := strings.ReplaceAll(user, "-", "") + upn; a.Text("userPrincipalName") != want || a.Text("deletedDateTime") == "" || a.Text("@odata.type") != "#microsoft.graph.user" {
			t.Errorf("the deleted user is shown as %s", a.Raw)
		}
		a = c.Send(t, w, 200, "GET", binPath+"graph.user?$filter=deletedDateTime ge 2020-01-01T00:00:00Z&$orderby=deletedDateTime desc&$count=true", nil, "ConsistencyLevel", "eventual")
		if len(a.Items()) != 1 || a.Items()[0]["id"] != user || a.Body["@odata.count"] != 1.0 {
			t.Errorf("the list of deleted users is %s", a.Raw)
		}
		// Somebody else takes the name meanwhile.
		other := c.Send(t, w, 201, "POST", "/v1.0/users", body).Text("id")
		if _, message := c.Send(t, w, 400, "POST", binPath+user+"/restore", nil).Error(); !strings.Contains(message, "userPrincipalName") {
			t.Errorf("the refusal says %q", message)
		}
		rename := map[string]any{"newUserPrincipalName": "hopper@" + w.A.Domain}
		if _, message := c.Send(t, w, 400, "POST", binPath+user+"/restore", rename).Error(); !strings.Contains(message, "proxyAddresses") {
			t.Errorf("the refusal says %q", message)
		}
		a = c.Send(t, w, 200, "POST", binPath+user+"/restore", map[string]any{"newUserPrincipalName": "hopper@" + w.A.Domain, "autoReconcileProxyConflict": true})
		if a.Text("@odata.context") != Own+"/v1.0/$metadata#directoryObjects/$entity" || a.Text("@odata.type") != "#microsoft.graph.user" || a.Text("userPrincipalName") != "hopper@"+w.A.Domain || a.Body["mail"] != nil {
			t.Errorf("restored as %s", a.Raw)
		}
		counts(1)
		c.Send(t, w, 404, "POST", binPath+user+"/restore", nil)
		c.Send(t, w, 204, "DELETE", "/v1.0/users/"+other, nil)
		c.Send(t, w, 204, "DELETE", binPath+other, nil)
		for _, method := range []string{"GET", "DELETE"} {
			c.Send(t, w, 404, method, binPath+other, nil)
		}
	})
}

// TestDeletedGroupHoldsNothing: neither its members nor the groups above have
// anything by it.
func TestDeletedGroupHoldsNothing(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, Everything...)
		user := c.Send(t, w, 201, "POST", "/v1.0/users", NewUser(w.A.Domain, "ada")).Text("id")
		make := func(name, member string, assignable bool) string {
			return c.Send(t, w, 201, "POST", "/v1.0/groups", map[string]any{
				"displayName": name, "mailNickname": name, "mailEnabled": false, "securityEnabled": true, "isAssignableToRole": assignable,
				"members@odata.bind": Bind(member),
			}).Text("id")
		}
		inner := make("inner", user, false)
		make("outer", inner, false)
		admins := make("admins", user, true)
		ctx := t.Context()
		must(t, w.DB.Update(ctx, func(tx *sqldb.Tx) error {
			return authz.Assign(ctx, tx, w.A.ID, ids.ObjectID(admins), authz.UserAdministrator)
		}))
		has := func(groups, roles int) {
			t.Helper()
			a := c.Send(t, w, 200, "POST", "/v1.0/users/"+user+"/getMemberGroups", map[string]any{"securityEnabledOnly": true})
			if n := len(a.Body["value"].([]any)); n != groups {
				t.Errorf("in %d groups, want %d", n, groups)
			}
			must(t, w.DB.View(ctx, func(tx *sqldb.Tx) error {
				held, err := authz.RolesOf(ctx, tx, w.A.ID, ids.ObjectID(user))
				if len(held) != roles {
					t.Errorf("holds %v, want %d", held, roles)
				}
				return err
			}))
		}
		has(3, 1)
		for _, g := range []string{inner, admins} {
			c.Send(t, w, 204, "DELETE", "/v1.0/groups/"+g, nil)
		}
		has(0, 0)
		for _, g := range []string{inner, admins} {
			c.Send(t, w, 200, "POST", binPath+g+"/restore", nil)
		}
		has(3, 1)
	})
}

// TestDeletedApplicationTakesItsPrincipal along, and brings it back; one that
// was deleted by itself stays where it is. Another tenant's stays all the time.
func TestDeletedApplicationTakesItsPrincipal(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c, b := w.Client(t, w.A, Everything...), w.Client(t, w.B, Everything...)
		a := c.Send(t, w, 201, "POST", "/v1.0/applications", map[string]any{
			"displayName": "job", "signInAudience": "AzureADMultipleOrgs", "identifierUris": []string{"https://" + w.A.Domain + "/job"},
		})
		id, appID := a.Text("id"), a.Text("appId")
		home := c.Send(t, w, 201, "POST", "/v1.0/servicePrincipals", map[string]any{"appId": appID}).Text("id")
		away := b.Send(t, w, 201, "POST", "/v1.0/servicePrincipals", map[string]any{"appId": appID}).Text("id")
		c.Send(t, w, 204, "DELETE", "/v1.0/applications/"+id, nil)
		c.Send(t, w, 404, "GET", "/v1.0/servicePrincipals/"+home, nil)
		b.Send(t, w, 200, "GET", "/v1.0/servicePrincipals/"+away, nil)
		if got := c.Send(t, w, 200, "GET", binPath+"microsoft.graph.servicePrincipal", nil).Items(); len(got) != 1 || got[0]["id"] != home || got[0]["deletedDateTime"] == nil {
			t.Errorf("the deleted service principals are %v", got)
		}
		if code, _ := c.Send(t, w, 400, "POST", binPath+home+"/restore", nil).Error(); code != "Request_BadRequest" {
			t.Errorf("without its application it is refused with %s", code)
		}
		b.Send(t, w, 404, "POST", binPath+id+"/restore", nil)
		a = c.Send(t, w, 200, "POST", binPath+id+"/restore", nil)
		if a.Text("@odata.type") != "#microsoft.graph.application" || a.Body["deletedDateTime"] != nil {
			t.Errorf("restored as %s", a.Raw)
		}
		c.Send(t, w, 200, "GET", "/v1.0/servicePrincipals/"+home, nil)

		c.Send(t, w, 204, "DELETE", "/v1.0/servicePrincipals/"+home, nil)
		w.Clock.Advance(time.Minute)
		c.Send(t, w, 204, "DELETE", "/v1.0/applications/"+id, nil)
		c.Send(t, w, 200, "POST", binPath+id+"/restore", nil)
		c.Send(t, w, 404, "GET", "/v1.0/servicePrincipals/"+home, nil)
		c.Send(t, w, 201, "POST", "/v1.0/servicePrincipals", map[string]any{"appId": appID})
		if code, _ := c.Send(t, w, 409, "POST", binPath+home+"/restore", nil).Error(); code != "Request_MultipleObjectsWithSameKeyValue" {
			t.Errorf("beside another one it is refused with %s", code)
		}
	})
}

// TestPurgedApplicationGivesNobodyAnything: a token of it from before is worth
// nothing, though its service principal in another tenant is still there.
func TestPurgedApplicationGivesNobodyAnything(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		ctx := t.Context()
		c := w.Client(t, w.A, Everything...)
		a := c.Send(t, w, 201, "POST", "/v1.0/applications", map[string]any{"displayName": "job", "signInAudience": "AzureADMultipleOrgs"})
		b := &Client{Tenant: w.B, App: &app.Application{ID: ids.ObjectID(a.Text("id")), AppID: ids.AppID(a.Text("appId")), DisplayName: "job"}}
		var err error
		b.Principal, err = w.Apps.CreatePrincipal(ctx, authz.System(w.B.ID, "test"), b.App.AppID, []byte(`{}`), nil)
		must(t, err)
		_, err = w.Consent.Assign(ctx, authz.System(w.B.ID, "test"), b.Principal.ID, w.B.Graph.ID, roleNamed(w.B, "User.Read.All"), time.Time{})
		must(t, err)
		token := w.Token(t, b, string(app.GraphAppID), "User.Read.All")
		ask := func(want int) {
			t.Helper()
			if got := w.Call(t, token, "GET", "/v1.0/users", nil).Status; got != want {
				t.Errorf("got %d, want %d", got, want)
			}
		}
		ask(200)
		c.Send(t, w, 204, "DELETE", "/v1.0/applications/"+a.Text("id"), nil)
		ask(401)
		c.Send(t, w, 204, "DELETE", binPath+a.Text("id"), nil)
		ask(401)
	})
}

func roleNamed(of Tenant, name string) ids.RoleID {
	for _, r := range of.Graph.AppRoles {
		if r.Value != nil && *r.Value == name {
			return r.ID
		}
	}
	return ids.Nil
}

// TestThirtyDays: then nothing can be restored, and the job takes everything
// away, row by row.
func TestThirtyDays(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		ctx := t.Context()
		c := w.Client(t, w.A, Everything...)
		f := w.examples(t, c).Furnishing
		group, user, application, principal := f.IDs["/groups"], f.IDs["/users"], f.IDs["/applications"], f.IDs["/servicePrincipals"]
		stays := c.Send(t, w, 201, "POST", "/v1.0/users", NewUser(w.A.Domain, "stays")).Text("id")
		for from, to := range map[string]string{user: stays, stays: user} {
			c.Send(t, w, 204, "PUT", "/v1.0/users/"+from+"/manager/$ref", map[string]any{"@odata.id": "https://graph.microsoft.com/v1.0/users/" + to})
			c.Send(t, w, 204, "POST", "/v1.0/users/"+from+"/sponsors/$ref", map[string]any{"@odata.id": "https://graph.microsoft.com/v1.0/users/" + to})
		}
		for _, path := range []string{"/groups/" + group, "/users/" + user, "/applications/" + application} {
			c.Send(t, w, 204, "DELETE", "/v1.0"+path, nil)
		}
		w.Clock.Advance(object.KeptDeleted - time.Hour)
		c.Token = w.Token(t, c, string(app.GraphAppID), Everything...)
		purge(t, w)
		for _, id := range []string{group, user, application, principal} {
			c.Send(t, w, 200, "GET", binPath+id, nil)
		}
		w.Clock.Advance(time.Hour)
		c.Token = w.Token(t, c, string(app.GraphAppID), Everything...)
		for _, id := range []string{group, user, application, principal} {
			c.Send(t, w, 404, "GET", binPath+id, nil)
			c.Send(t, w, 404, "POST", binPath+id+"/restore", nil)
		}
		purge(t, w)
		for _, id := range []string{group, user, application, principal} {
			for _, place := range []string{
				"object where id", "object_name where object_id", "object_owner where object_id", "object_owner where owner_id",
				"object_word where object_id", "membership where group_id", "membership where member_id", "group_text where group_id",
				"role_assignment where principal_id", "role_holder where member_id", "app_role_assignment where principal_id",
				"app_role_assignment where resource_id", "permission_grant where client_id", "permission_grant where principal_id",
				"app_key where owner_id", "federated_credential where parent_id", "app_role where application_id", "sp_tag where sp_id",
				"account where id", "account where manager_id", "password where user_id", "user_text where user_id", "user_identity where user_id",
				"sponsor where user_id", "sponsor where sponsor_id", "directory_group where id", "application where id", "service_principal where id",
				"object_remains where object_id", "site_permission where principal_id",
			} {
				if n := rows(t, w, "select count(*) from "+place+" = ? and tenant_id = ?", id, w.A.ID); n != 0 {
					t.Errorf("%s: %d rows are left", place, n)
				}
			}
			if n := rows(t, w, "select count(*) from object_change where object_id = ? and tenant_id = ? and what = 'purged'", id, w.A.ID); n != 1 {
				t.Errorf("%d changes say that %s was purged, want 1", n, id)
			}
			if n := rows(t, w, "select count(*) from cause_of l where l.target_id like ? and l.tenant_id = ?", "%"+id+"%", w.A.ID); n != 0 {
				t.Errorf("%d ties to causes are left", n)
			}
		}
		if n := rows(t, w, "select count(*) from cause c where c.tenant_id = ? and not exists (select 1 from cause_of l where l.tenant_id = c.tenant_id and l.cause_id = c.id)", w.A.ID); n != 0 {
			t.Errorf("%d causes of nothing are left", n)
		}
		if n, err := w.Deletion.PurgeExpired(ctx, 10); n != 0 || err != nil {
			t.Errorf("a second run found %d, %v", n, err)
		}
	})
}

// purge runs what the periodic jobs run.
func purge(t *testing.T, w *World) {
	t.Helper()
	for _, step := range []func(context.Context, int) (int, error){w.Deletion.PurgeExpired, w.Deletion.ClearRemains} {
		for {
			n, err := step(t.Context(), 2)
			must(t, err)
			if n == 0 {
				break
			}
		}
	}
}

func rows(t *testing.T, w *World, query string, args ...any) (n int) {
	t.Helper()
	must(t, w.DB.View(t.Context(), func(tx *sqldb.Tx) error { return tx.One(t.Context(), query, args, &n) }))
	return n
}

// TestDeletedByKind: what counts is the permission for the kind that is found.
func TestDeletedByKind(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, Everything...)
		user := c.Send(t, w, 201, "POST", "/v1.0/users", NewUser(w.A.Domain, "ada")).Text("id")
		group := c.Send(t, w, 201, "POST", "/v1.0/groups", NewGroup("team")).Text("id")
		c.Send(t, w, 204, "DELETE", "/v1.0/users/"+user, nil)
		c.Send(t, w, 204, "DELETE", "/v1.0/groups/"+group, nil)
		people, groups := w.Client(t, w.A, "User.DeleteRestore.All", "User.Read.All"), w.Client(t, w.A, "Group.ReadWrite.All")
		for _, tt := range []struct {
			who                *Client
			method, path, cast string
			want               int
			least              string
		}{
			{people, "GET", "microsoft.graph.user", "", 200, ""},
			{people, "GET", "Microsoft.Graph.Group", "", 403, "Group.Read.All"},
			{people, "GET", group, "", 403, "Group.Read.All"},
			{people, "DELETE", group, "", 403, "Group.ReadWrite.All"},
			{people, "DELETE", group + "/microsoft.graph.user", "", 403, "Group.ReadWrite.All"},
			{people, "POST", group + "/restore", "", 403, "Group.ReadWrite.All"},
			{groups, "DELETE", user, "", 403, "User.DeleteRestore.All"},
			{groups, "POST", user + "/restore", "", 403, "User.DeleteRestore.All"},
			{groups, "GET", "microsoft.graph.group/$count", "", 200, ""},
			{groups, "GET", "", "", 400, ""},
			{groups, "GET", "$count", "", 400, ""},
			{groups, "GET", "microsoft.graph.domain", "", 400, ""},
			{groups, "POST", group + "/restore", "", 200, ""},
			{people, "POST", user + "/restore", "", 200, ""},
		} {
			a := w.Call(t, tt.who.Token, tt.method, binPath+tt.path, nil, "ConsistencyLevel", "eventual")
			if a.Status != tt.want || tt.least != "" && !strings.Contains(string(a.Raw), `"leastPermission":"`+tt.least+`"`) {
				t.Errorf("%s %s: got %d %s, want %d %s", tt.method, tt.path, a.Status, a.Raw, tt.want, tt.least)
			}
		}
	})
}

// TestWhoRestores: a person needs the right over the object, and over whoever
// held a privileged role as much as for giving that role.
func TestWhoRestores(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		ctx := t.Context()
		c := w.Client(t, w.A, Everything...)
		make := func(name string, roles ...ids.RoleID) string {
			id := c.Send(t, w, 201, "POST", "/v1.0/users", NewUser(w.A.Domain, name)).Text("id")
			for _, r := range roles {
				must(t, w.DB.Update(ctx, func(tx *sqldb.Tx) error { return authz.Assign(ctx, tx, w.A.ID, ids.ObjectID(id), r) }))
			}
			return id
		}
		plain, boss, helper, nobody := make("plain"), make("boss", authz.GlobalAdministrator), make("helper", authz.UserAdministrator), make("nobody")
		admin := w.Person(t, w.A, w.A.Admin, "User.ReadWrite.All")
		for _, id := range []string{plain, boss} {
			admin.Send(t, w, 204, "DELETE", "/v1.0/users/"+id, nil)
		}
		as := func(user string) *Client { return w.Person(t, w.A, ids.ObjectID(user), "User.ReadWrite.All") }
		as(nobody).Send(t, w, 403, "POST", binPath+plain+"/restore", nil)
		as(nobody).Send(t, w, 403, "DELETE", binPath+plain, nil)
		as(helper).Send(t, w, 403, "POST", binPath+boss+"/restore", nil)
		as(helper).Send(t, w, 403, "DELETE", binPath+boss, nil)
		as(helper).Send(t, w, http.StatusOK, "POST", binPath+plain+"/restore", nil)
		admin.Send(t, w, http.StatusOK, "POST", binPath+boss+"/restore", nil)
	})
}

// TestDeletedGroupsOfAnOwner.
func TestDeletedGroupsOfAnOwner(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, Everything...)
		user := c.Send(t, w, 201, "POST", "/v1.0/users", NewUser(w.A.Domain, "ada")).Text("id")
		body := NewGroup("team")
		body["owners@odata.bind"] = Bind(user)
		mine, other := c.Send(t, w, 201, "POST", "/v1.0/groups", body).Text("id"), c.Send(t, w, 201, "POST", "/v1.0/groups", NewGroup("other")).Text("id")
		c.Send(t, w, 204, "DELETE", "/v1.0/groups/"+mine, nil)
		c.Send(t, w, 204, "DELETE", "/v1.0/groups/"+other, nil)
		a := c.Send(t, w, 200, "POST", binPath+"getUserOwnedObjects", map[string]any{"userId": user, "type": "Group"})
		if got := a.Items(); len(got) != 1 || got[0]["id"] != mine || got[0]["@odata.type"] != "#microsoft.graph.group" {
			t.Errorf("got %s", a.Raw)
		}
		c.Send(t, w, 400, "POST", binPath+"getUserOwnedObjects", map[string]any{"userId": user, "type": "User"})
	})
}
