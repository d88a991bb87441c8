package graphtest

import (
	"net/http"
	"slices"
	"testing"

	"entente/internal/core/authz"
	"entente/internal/core/directory"
	"entente/internal/kit/ids"
)

// member makes a user of tenant A.
func (w *World) member(t *testing.T, c *Client, name string) ids.ObjectID {
	t.Helper()
	return ids.ObjectID(c.Send(t, w, http.StatusCreated, "POST", "/v1.0/users", NewUser(c.Tenant.Domain, name)).Text("id"))
}

// gives has a client give a role and returns the assignment's identifier.
func (w *World) gives(t *testing.T, c *Client, want int, to ids.ObjectID, role ids.RoleID, scope string) string {
	t.Helper()
	return c.Send(t, w, want, "POST", "/v1.0"+assignmentsPath, newRoleAssignment(string(to), string(role), scope)).Text("id")
}

// TestRoleCountsAtOnce: the same token may what its person's roles allow at the
// moment of the request, by whatever way they are held.
func TestRoleCountsAtOnce(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, Everything...)
		ada := w.member(t, c, "ada")
		person := w.Person(t, w.A, ada, "User.ReadWrite.All", "Application.ReadWrite.All")
		n := 0
		may := func(want int) {
			t.Helper()
			n++
			person.Send(t, w, want, "POST", "/v1.0/users", NewUser(w.A.Domain, "made-"+string(rune('a'+n))))
		}
		may(http.StatusForbidden)
		given := w.gives(t, c, http.StatusCreated, ada, authz.UserAdministrator, "/")
		may(http.StatusCreated)
		c.Send(t, w, http.StatusNoContent, "DELETE", "/v1.0"+assignmentsPath+"/"+given, nil)
		may(http.StatusForbidden)

		// By a group that roles may be given to.
		group := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/groups", newGroup("admins", map[string]any{"isAssignableToRole": true})).Text("id")
		w.gives(t, c, http.StatusCreated, ids.ObjectID(group), authz.UserAdministrator, "/")
		may(http.StatusForbidden)
		c.Send(t, w, http.StatusNoContent, "POST", "/v1.0/groups/"+group+"/members/$ref", Ref(string(ada)))
		may(http.StatusCreated)
		c.Send(t, w, http.StatusNoContent, "DELETE", "/v1.0/groups/"+group+"/members/"+string(ada)+"/$ref", nil)
		may(http.StatusForbidden)

		// By the role itself, and on one application alone.
		role := c.Get(t, w, "/v1.0/directoryRoles(roleTemplateId='"+string(authz.UserAdministrator)+"')").Text("id")
		c.Send(t, w, http.StatusNoContent, "POST", "/v1.0/directoryRoles/"+role+"/members/$ref", Ref(string(ada)))
		may(http.StatusCreated)
		c.Send(t, w, http.StatusNoContent, "DELETE", "/v1.0/directoryRoles(roleTemplateId='"+string(authz.UserAdministrator)+"')/members/"+string(ada)+"/$ref", nil)
		may(http.StatusForbidden)
		one := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/applications", map[string]any{"displayName": "one"}).Text("id")
		two := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/applications", map[string]any{"displayName": "two"}).Text("id")
		w.gives(t, c, http.StatusCreated, ada, authz.ApplicationAdministrator, "/"+one)
		person.Send(t, w, http.StatusNoContent, "PATCH", "/v1.0/applications/"+one, map[string]any{"displayName": "mine"})
		person.Send(t, w, http.StatusForbidden, "PATCH", "/v1.0/applications/"+two, map[string]any{"displayName": "mine"})
	})
}

// TestWhoGivesRoles: nobody raises their own rights but by what Graph lets
// them.
func TestWhoGivesRoles(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, Everything...)
		holder := func(name string, role ids.RoleID) ids.ObjectID {
			id := w.member(t, c, name)
			if role != "" {
				w.gives(t, c, http.StatusCreated, id, role, "/")
			}
			return id
		}
		reader, scoped := holder("reader", authz.GlobalReader), holder("scoped", "")
		application := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/applications", map[string]any{"displayName": "one"}).Text("id")
		w.gives(t, c, http.StatusCreated, scoped, authz.PrivilegedRoleAdministrator, "/"+application)
		byRole := w.Client(t, w.A)
		w.gives(t, c, http.StatusCreated, byRole.Principal.ID, authz.PrivilegedRoleAdministrator, "/")
		privileged := holder("chief", authz.PrivilegedRoleAdministrator)
		for name, tt := range map[string]struct {
			by   *Client
			self ids.ObjectID
			want int
		}{
			"a program with the permission":            {c, c.Principal.ID, 201},
			"a program that may write the directory":   {w.Client(t, w.A, "Directory.ReadWrite.All", "User.ReadWrite.All", "AppRoleAssignment.ReadWrite.All"), "", 403},
			"a program that may read roles":            {w.Client(t, w.A, "RoleManagement.Read.Directory"), "", 403},
			"a program with the role":                  {byRole, byRole.Principal.ID, 201},
			"Privileged Role Administrator":            {w.Person(t, w.A, privileged, directory.RoleManagement), privileged, 201},
			"the same through a program with all else": {w.Person(t, w.A, privileged, "Directory.ReadWrite.All", "User.ReadWrite.All"), privileged, 403},
			"the same on an application alone":         {w.Person(t, w.A, scoped, directory.RoleManagement), scoped, 403},
			"User Administrator":                       {w.Person(t, w.A, holder("users", authz.UserAdministrator), directory.RoleManagement), "", 403},
			"Application Administrator":                {w.Person(t, w.A, holder("apps", authz.ApplicationAdministrator), directory.RoleManagement), "", 403},
			"Privileged Authentication Administrator":  {w.Person(t, w.A, holder("auth", authz.PrivilegedAuthenticationAdministrator), directory.RoleManagement, authz.AsUser), "", 403},
			"Global Reader":                            {w.Person(t, w.A, reader, directory.RoleManagement), reader, 403},
			"a member":                                 {w.Person(t, w.A, holder("nobody", ""), directory.RoleManagement, authz.AsUser), "", 403},
		} {
			t.Run(name, func(t *testing.T) {
				self := tt.self
				if self == "" {
					self = reader
				}
				id := w.gives(t, tt.by, tt.want, self, authz.GroupsAdministrator, "/")
				role := c.Get(t, w, "/v1.0/directoryRoles(roleTemplateId='"+string(authz.GlobalReader)+"')").Text("id")
				want := http.StatusForbidden
				if tt.want == http.StatusCreated {
					want = http.StatusNoContent
					tt.by.Send(t, w, want, "DELETE", "/v1.0"+assignmentsPath+"/"+id, nil)
				}
				tt.by.Send(t, w, want, "DELETE", "/v1.0/directoryRoles/"+role+"/members/"+string(reader)+"/$ref", nil)
				if want == http.StatusNoContent {
					tt.by.Send(t, w, want, "POST", "/v1.0/directoryRoles/"+role+"/members/$ref", Ref(string(reader)))
				}
			})
		}
		me := w.Person(t, w.A, w.A.Admin, directory.RoleManagement)
		own := ids.RoleAssignmentIDOf(authz.GlobalAdministrator, w.A.Admin, "")
		me.Send(t, w, http.StatusBadRequest, "DELETE", "/v1.0"+assignmentsPath+"/"+own, nil)
		c.Send(t, w, http.StatusBadRequest, "DELETE", "/v1.0"+assignmentsPath+"/"+own, nil) // there would be none left
	})
}

// TestRoleRefusals: what cannot hold a role, and what is no role.
func TestRoleRefusals(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, Everything...)
		ada := w.member(t, c, "ada")
		plain := ids.ObjectID(c.Send(t, w, http.StatusCreated, "POST", "/v1.0/groups", newGroup("plain", nil)).Text("id"))
		w.gives(t, c, http.StatusCreated, ada, authz.ReportsReader, "/")
		for name, tt := range map[string]struct {
			want int
			body map[string]any
		}{
			"twice":                     {400, newRoleAssignment(string(ada), string(authz.ReportsReader), "/")},
			"a group not meant for it":  {400, newRoleAssignment(string(plain), string(authz.ReportsReader), "/")},
			"an application":            {400, newRoleAssignment(string(c.App.ID), string(authz.ReportsReader), "/")},
			"the role of all members":   {404, newRoleAssignment(string(ada), string(authz.MemberUser), "/")},
			"no role":                   {404, newRoleAssignment(string(ada), string(ada), "/")},
			"nobody":                    {404, newRoleAssignment(NoRole, string(authz.ReportsReader), "/")},
			"another tenant's admin":    {404, newRoleAssignment(string(w.B.Admin), string(authz.ReportsReader), "/")},
			"on a person":               {400, newRoleAssignment(string(ada), string(authz.ReportsReader), "/"+string(ada))},
			"on an administrative unit": {400, newRoleAssignment(string(ada), string(authz.ReportsReader), "/administrativeUnits/"+NoRole)},
			"on another tenant's":       {404, newRoleAssignment(string(ada), string(authz.ReportsReader), "/"+string(w.B.Graph.ID))},
			"nowhere":                   {400, map[string]any{"principalId": ada, "roleDefinitionId": authz.ReportsReader}},
			"in an application's scope": {400, map[string]any{"principalId": ada, "roleDefinitionId": authz.ReportsReader, "appScopeId": "/"}},
			"without a principal":       {400, map[string]any{"roleDefinitionId": authz.ReportsReader, "directoryScopeId": "/"}},
			"under a condition":         {400, map[string]any{"principalId": ada, "roleDefinitionId": authz.ReportsReader, "directoryScopeId": "/", "condition": "x"}},
		} {
			if a := w.Call(t, c.Token, "POST", "/v1.0"+assignmentsPath, tt.body); a.Status != tt.want {
				t.Errorf("%s: got %d %s, want %d", name, a.Status, a.Raw, tt.want)
			}
		}
		c.Send(t, w, http.StatusBadRequest, "POST", "/v1.0/directoryRoles", map[string]any{"roleTemplateId": authz.ReportsReader}) // it is active
		c.Send(t, w, http.StatusNotFound, "POST", "/v1.0/directoryRoles", map[string]any{"roleTemplateId": authz.MemberUser})
		c.Send(t, w, http.StatusNotFound, "GET", "/v1.0/directoryRoles(roleTemplateId='"+string(authz.GroupsAdministrator)+"')", nil)
		c.Send(t, w, http.StatusNotFound, "GET", "/v1.0/directoryRoleTemplates/"+string(authz.GuestUser), nil)
		c.Send(t, w, http.StatusNotFound, "GET", "/v1.0/roleManagement/directory/roleDefinitions/"+string(authz.GuestUser), nil)
		c.Send(t, w, http.StatusMethodNotAllowed, "POST", "/v1.0/roleManagement/directory/roleDefinitions", map[string]any{"displayName": "own"})
		foreign := ids.RoleAssignmentIDOf(authz.GlobalAdministrator, w.B.Admin, "")
		for _, method := range []string{"GET", "DELETE"} {
			c.Send(t, w, http.StatusNotFound, method, "/v1.0"+assignmentsPath+"/"+foreign, nil)
		}
	})
}

// TestRolesRead: roles and who has them, by each of the paths.
func TestRolesRead(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, Everything...)
		ada := w.member(t, c, "ada")
		group := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/groups", newGroup("admins", map[string]any{"isAssignableToRole": true})).Text("id")
		c.Send(t, w, http.StatusNoContent, "POST", "/v1.0/groups/"+group+"/members/$ref", Ref(string(ada)))
		w.gives(t, c, http.StatusCreated, ada, authz.ReportsReader, "/")
		w.gives(t, c, http.StatusCreated, ids.ObjectID(group), authz.GuestInviter, "/")
		w.gives(t, c, http.StatusCreated, c.Principal.ID, authz.ReportsReader, "/")
		w.gives(t, c, http.StatusCreated, ada, authz.ApplicationAdministrator, "/"+string(c.App.ID))
		names := func(path, member string) []string {
			t.Helper()
			var list []string
			for _, it := range c.Send(t, w, http.StatusOK, "GET", path, nil, "ConsistencyLevel", "eventual").Items() {
				text, _ := it[member].(string)
				list = append(list, text)
			}
			slices.Sort(list)
			return list
		}
		client := c.Principal.DisplayName
		user := "/v1.0/users/" + string(ada)
		reports := "/v1.0/directoryRoles(roleTemplateId='" + string(authz.ReportsReader) + "')"
		for _, tt := range []struct {
			path, member string
			want         []string
		}{
			{"/v1.0/directoryRoles", "displayName", []string{"Application Administrator", "Global Administrator", "Guest Inviter", "Reports Reader"}},
			{"/v1.0/directoryRoles?$filter=roleTemplateId eq '" + string(authz.GuestInviter) + "'", "displayName", []string{"Guest Inviter"}},
			{"/v1.0/directoryRoles?$filter=displayName eq 'reports reader'", "displayName", []string{"Reports Reader"}},
			{reports + "/members", "displayName", []string{"ada", client}},
			{reports + "/members/microsoft.graph.user", "displayName", []string{"ada"}},
			{reports + "/members/microsoft.graph.servicePrincipal", "displayName", []string{client}},
			{user + "/memberOf", "displayName", []string{"Reports Reader", "admins"}},
			{user + "/memberOf/microsoft.graph.directoryRole", "displayName", []string{"Reports Reader"}},
			{user + "/transitiveMemberOf/microsoft.graph.directoryRole", "displayName", []string{"Guest Inviter", "Reports Reader"}},
			{user + "/transitiveMemberOf/microsoft.graph.directoryRole?$count=true&$filter=displayName eq 'Guest Inviter'", "displayName", []string{"Guest Inviter"}},
			{"/v1.0/groups/" + group + "/memberOf/graph.directoryRole", "displayName", []string{"Guest Inviter"}},
			{"/v1.0/servicePrincipals/" + string(c.Principal.ID) + "/memberOf/graph.directoryRole", "displayName", []string{"Reports Reader"}},
			{"/v1.0/roleManagement/directory/roleDefinitions?$filter=displayName in ('Guest Inviter','Reports Reader')", "displayName", []string{"Guest Inviter", "Reports Reader"}},
			{"/v1.0/roleManagement/directory/roleDefinitions/" + string(authz.ReportsReader) + "/inheritsPermissionsFrom", "displayName", []string{"Directory Readers"}},
			{"/v1.0/roleManagement/directory/roleDefinitions/" + string(authz.DirectoryReaders) + "/inheritsPermissionsFrom", "displayName", nil},
			{"/v1.0" + assignmentsPath + "?$filter=principalId eq '" + string(ada) + "'", "directoryScopeId", []string{"/", "/" + string(c.App.ID)}},
			{"/v1.0" + assignmentsPath + "?$filter=principalId eq '" + string(ada) + "' and directoryScopeId eq '/'", "roleDefinitionId", []string{string(authz.ReportsReader)}},
			{"/v1.0" + assignmentsPath + "?$filter=roleDefinitionId eq '" + string(authz.GuestInviter) + "'", "principalId", []string{group}},
		} {
			if got := names(tt.path, tt.member); !slices.Equal(got, tt.want) {
				t.Errorf("%s: got %q, want %q", tt.path, got, tt.want)
			}
		}
		all := names("/v1.0/directoryRoleTemplates", "id")
		if len(all) != len(authz.BuiltIn()) || !slices.Equal(all, names("/v1.0/roleManagement/directory/roleDefinitions", "templateId")) {
			t.Errorf("%d templates, want the %d built-in roles", len(all), len(authz.BuiltIn()))
		}
		var first map[string]any
		for _, it := range c.Send(t, w, http.StatusOK, "GET", "/v1.0"+assignmentsPath+"?$expand=principal&$filter=principalId eq '"+string(ada)+"'", nil).Items() {
			first = it["principal"].(map[string]any)
			if first["@odata.type"] != "#microsoft.graph.user" || first["displayName"] != "ada" {
				t.Errorf("expanded to %v", first)
			}
		}
		for _, it := range c.Send(t, w, http.StatusOK, "GET", "/v1.0"+assignmentsPath+"?$expand=roleDefinition($select=displayName)", nil).Items() {
			if d := it["roleDefinition"].(map[string]any); len(d) != 1 || d["displayName"] == nil {
				t.Errorf("expanded to %v", d)
			}
		}
		// The properties of a principal take a permission for them.
		roles := w.Client(t, w.A, "RoleManagement.Read.Directory")
		for _, it := range roles.Send(t, w, http.StatusOK, "GET", "/v1.0"+assignmentsPath+"?$expand=principal&$filter=principalId eq '"+string(ada)+"'", nil).Items() {
			if p := it["principal"].(map[string]any); p["id"] != string(ada) || p["displayName"] != nil {
				t.Errorf("without a permission for users: %v", p)
			}
		}
	})
}

// TestMemberObjectsAreRolesToo: the questions for groups leave roles out, those
// for objects do not; and a person needs a right to ask them of others.
func TestMemberObjectsAreRolesToo(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, Everything...)
		ada := w.member(t, c, "ada")
		group := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/groups", newGroup("admins", map[string]any{"isAssignableToRole": true})).Text("id")
		c.Send(t, w, http.StatusNoContent, "POST", "/v1.0/groups/"+group+"/members/$ref", Ref(string(ada)))
		w.gives(t, c, http.StatusCreated, ids.ObjectID(group), authz.ReportsReader, "/")
		role := c.Get(t, w, "/v1.0/directoryRoles(roleTemplateId='"+string(authz.ReportsReader)+"')").Text("id")
		both := []string{group, role}
		for name, tt := range map[string]struct {
			body map[string]any
			want []string
		}{
			"getMemberGroups":    {map[string]any{"securityEnabledOnly": false}, []string{group}},
			"getMemberObjects":   {map[string]any{"securityEnabledOnly": false}, both},
			"checkMemberGroups":  {map[string]any{"groupIds": both}, []string{group}},
			"checkMemberObjects": {map[string]any{"ids": append([]string{NoRole}, both...)}, both},
		} {
			path := "/v1.0/users/" + string(ada) + "/" + name
			a := c.Send(t, w, http.StatusOK, "POST", path, tt.body)
			list, _ := a.Body["value"].([]any)
			if len(list) != len(tt.want) || slices.ContainsFunc(list, func(id any) bool { return !slices.Contains(tt.want, id.(string)) }) {
				t.Errorf("%s: got %v, want %v", name, list, tt.want)
			}
			guest := NewUser(w.A.Domain, "guest-"+name)
			guest["userType"] = "Guest"
			id := ids.ObjectID(c.Send(t, w, http.StatusCreated, "POST", "/v1.0/users", guest).Text("id"))
			person := w.Person(t, w.A, id, "Directory.Read.All", "GroupMember.Read.All")
			person.Send(t, w, http.StatusForbidden, "POST", path, tt.body)
			person.Send(t, w, http.StatusForbidden, "POST", "/v1.0/directoryObjects/"+string(ada)+"/"+name, tt.body)
			person.Send(t, w, http.StatusOK, "POST", "/v1.0/me/"+name, tt.body)
		}
	})
}
