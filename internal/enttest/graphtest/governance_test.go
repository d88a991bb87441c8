package graphtest

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"entente/internal/kit/ids"
)

// TestTerraformSetsUpGovernance plays the provider's resources through beta: make,
// read by what it waits for, change, read again, and destroy.
func TestTerraformSetsUpGovernance(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, Everything...)
		const em = "/beta" + governed
		make := func(path string, body map[string]any) Answer {
			t.Helper()
			return c.Send(t, w, http.StatusCreated, "POST", path, body)
		}
		group := make("/beta/groups", NewGroup("governed")).Text("id")
		user := make("/beta/users", NewUser(w.A.Domain, "approver")).Text("id")
		catalog := make(em+"/accessPackageCatalogs", map[string]any{
			"@odata.type": "#microsoft.graph.accessPackageCatalog", "displayName": "Sales", "description": "d", "catalogStatus": "published", "isExternallyVisible": true})
		if catalog.Text("catalogStatus") != "Published" || catalog.Text("catalogType") != "UserManaged" || catalog.Body["state"] != nil {
			t.Errorf("the catalog is %s", catalog.Raw)
		}
		in := em + "/accessPackageCatalogs/" + catalog.Text("id")
		found := in + "/accessPackageResources?$filter=" + url.QueryEscape("startswith(originId, '"+group+"')")
		if list := c.Send(t, w, http.StatusOK, "GET", found, nil).Items(); len(list) != 0 {
			t.Errorf("the catalog has %v", list)
		}
		ask := map[string]any{"@odata.type": "#microsoft.graph.accessPackageResourceRequest", "catalogId": catalog.Text("id"), "executeImmediately": true, "requestType": "AdminAdd",
			"accessPackageResource": map[string]any{"@odata.type": "#microsoft.graph.accessPackageResource", "originId": group, "originSystem": "AadGroup"}}
		done := make(em+"/accessPackageResourceRequests", ask)
		if done.Text("requestState") != "Delivered" || done.Text("requestStatus") != "Fulfilled" || done.Text("requestType") != "AdminAdd" {
			t.Errorf("the request is %s", done.Raw)
		}
		resources := c.Send(t, w, http.StatusOK, "GET", found, nil).Items()
		if len(resources) != 1 || resources[0]["resourceType"] != "Security Group" {
			t.Fatalf("the catalog has %v", resources)
		}
		a := c.Send(t, w, http.StatusBadRequest, "POST", em+"/accessPackageResourceRequests", ask)
		if code, _ := a.Error(); code != "ResourceAlreadyOnboarded" {
			t.Errorf("a second time: %s", a.Raw)
		}
		pkg := make(em+"/accessPackages", map[string]any{"@odata.type": "#microsoft.graph.accessPackage", "displayName": "Partners", "description": "d", "isHidden": true,
			"accessPackageCatalog": map[string]any{"id": catalog.Text("id"), "displayName": "Sales"}})
		if pkg.Text("catalogId") != catalog.Text("id") {
			t.Errorf("the package is %s", pkg.Raw)
		}
		one := em + "/accessPackages/" + pkg.Text("id")
		c.Send(t, w, http.StatusNoContent, "PATCH", one, map[string]any{"displayName": "Partners", "accessPackageCatalog": map[string]any{"id": catalog.Text("id")}})
		given := make(one+"/accessPackageResourceRoleScopes", map[string]any{
			"accessPackageResourceRole": map[string]any{"displayName": "Member", "originId": "Member_" + group, "originSystem": "AadGroup",
				"accessPackageResource": map[string]any{"id": resources[0]["id"], "originId": group, "resourceType": "Security Group"}},
			"accessPackageResourceScope": map[string]any{"originId": group, "originSystem": "AadGroup"}}).Text("id")
		expand := one + "?$expand=" + url.QueryEscape("accessPackageResourceRoleScopes($expand=accessPackageResourceRole,accessPackageResourceScope)")
		whole := c.Send(t, w, http.StatusOK, "GET", expand, nil)
		scopes, _ := whole.Body["accessPackageResourceRoleScopes"].([]any)
		if len(scopes) != 1 || scopes[0].(map[string]any)["id"] != given || strings.Contains(given, "/") ||
			scopes[0].(map[string]any)["accessPackageResourceRole"].(map[string]any)["originId"] != "Member_"+group ||
			scopes[0].(map[string]any)["accessPackageResourceScope"].(map[string]any)["isRootScope"] != true {
			t.Errorf("expanded: %s", whole.Raw)
		}
		terraformPolicies(t, w, c, pkg.Text("id"), user)
		owners := c.Send(t, w, http.StatusOK, "GET", "/beta/roleManagement/entitlementManagement/roleDefinitions?$filter="+url.QueryEscape("displayName eq 'Catalog owner'"), nil).Items()
		if len(owners) != 1 || owners[0]["templateId"] != catalogOwner {
			t.Fatalf("catalog owners are %v", owners)
		}
		role := make("/beta"+delegates, newDelegate(user, catalogOwner, catalog.Text("id"))).Text("id")
		c.Send(t, w, http.StatusNoContent, "DELETE", "/beta"+delegates+"/"+role, nil)
		c.Send(t, w, http.StatusNotFound, "GET", "/beta"+delegates+"/"+role, nil)
		ask["requestType"] = "AdminRemove"
		a = c.Send(t, w, http.StatusBadRequest, "POST", em+"/accessPackageResourceRequests", ask)
		if code, _ := a.Error(); code != "InvalidDeleteResourceHasEntitlements" {
			t.Errorf("a resource in use: %s", a.Raw)
		}
		c.Send(t, w, http.StatusNoContent, "DELETE", one+"/accessPackageResourceRoleScopes/"+given, nil)
		c.Send(t, w, http.StatusCreated, "POST", em+"/accessPackageResourceRequests", ask)
		c.Send(t, w, http.StatusBadRequest, "DELETE", in, nil)
		for _, path := range []string{one, in} {
			c.Send(t, w, http.StatusNoContent, "DELETE", path, nil)
			c.Send(t, w, http.StatusNotFound, "GET", path, nil)
		}
	})
}

// terraformPolicies makes, replaces and removes a policy as the provider does.
func terraformPolicies(t *testing.T, w *World, c *Client, pkg, user string) {
	t.Helper()
	const policies = "/beta" + governed + "/accessPackageAssignmentPolicies"
	body := func(days int) map[string]any {
		return map[string]any{
			"@odata.type": "#microsoft.graph.accessPackageAssignmentPolicy", "accessPackageId": pkg, "displayName": "n", "description": "d",
			"canExtend": true, "durationInDays": days, "expirationDateTime": nil,
			"requestorSettings": map[string]any{"scopeType": "AllExistingDirectoryMemberUsers", "acceptRequests": true, "allowedRequestors": []any{}},
			"requestApprovalSettings": map[string]any{"isApprovalRequired": true, "approvalStages": []any{map[string]any{
				"approvalStageTimeOutInDays": 14, "escalationTimeInMinutes": nil, "isApproverJustificationRequired": nil, "isEscalationEnabled": nil,
				"primaryApprovers":    []any{map[string]any{"@odata.type": "#microsoft.graph.singleUser", "id": user, "isBackup": false}},
				"escalationApprovers": []any{},
			}}},
			"questions": []any{},
		}
	}
	id := c.Send(t, w, http.StatusCreated, "POST", policies, body(90)).Text("id")
	for _, days := range []int{90, 30} {
		a := c.Send(t, w, http.StatusOK, "PUT", policies+"/"+id, body(days))
		if a.Body["durationInDays"] != float64(days) || a.Text("accessPackageId") != pkg || a.Body["canExtend"] != true {
			t.Errorf("after PUT: %s", a.Raw)
		}
		v1 := c.Send(t, w, http.StatusOK, "GET", "/v1.0"+governed+"/assignmentPolicies/"+id+"?$expand=questions,accessPackage($expand=catalog)", nil)
		duration := v1.Body["expiration"].(map[string]any)["duration"]
		if duration != fmt.Sprintf("P%dD", days) || v1.Text("allowedTargetScope") != "allMemberUsers" || v1.Body["accessPackage"].(map[string]any)["id"] != pkg {
			t.Errorf("in v1.0: %s", v1.Raw)
		}
	}
	c.Send(t, w, http.StatusNoContent, "DELETE", policies+"/"+id, nil)
	c.Send(t, w, http.StatusNotFound, "GET", policies+"/"+id, nil)
}

// TestWrongGovernance is what is refused, and by which code.
func TestWrongGovernance(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, Everything...)
		const em = "/v1.0" + governed
		general := c.Send(t, w, http.StatusOK, "GET", em+"/catalogs?$filter="+url.QueryEscape("catalogType eq 'serviceDefault'"), nil).Items()
		if len(general) != 1 || general[0]["displayName"] != "General" {
			t.Fatalf("the built-in catalog is %v", general)
		}
		id, _ := general[0]["id"].(string)
		own := c.Send(t, w, http.StatusCreated, "POST", em+"/accessPackages", map[string]any{"displayName": "Here"}).Text("id")
		if at := c.Send(t, w, http.StatusOK, "GET", em+"/accessPackages/"+own+"/catalog", nil).Text("id"); at != id {
			t.Errorf("a package without a catalog is in %s, want %s", at, id)
		}
		const nobody = "6f0ba2b4-6a3b-4d5e-9a44-0f7a3bb8a00f"
		tenant := func(id string) map[string]any {
			return map[string]any{"displayName": "B", "identitySources": []any{map[string]any{"@odata.type": "#microsoft.graph.azureActiveDirectoryTenant", "tenantId": id}}}
		}
		c.Send(t, w, http.StatusCreated, "POST", em+"/connectedOrganizations", tenant(string(w.B.ID)))
		policy := func(change map[string]any) map[string]any {
			body := map[string]any{"displayName": "p", "accessPackage": map[string]any{"id": own}}
			for name, v := range change {
				body[name] = v
			}
			return body
		}
		for _, tt := range []struct {
			name, method, path string
			body               any
			status             int
			code, target       string
		}{
			{"the built-in catalog", "DELETE", "/catalogs/" + id, nil, 403, "OperationNotAllowed", ""},
			{"a catalog without a name", "POST", "/catalogs", map[string]any{}, 400, "InvalidModel", "displayName"},
			{"two catalogs of one name", "POST", "/catalogs", map[string]any{"displayName": "general"}, 409, "DuplicateKey", "displayName"},
			{"a catalog that is not there", "GET", "/catalogs/" + nobody, nil, 404, "Request_ResourceNotFound", ""},
			{"a policy that is not there", "GET", "/assignmentPolicies/" + nobody, nil, 404, "Request_ResourceNotFound", ""},
			{"a policy of no package", "POST", "/assignmentPolicies", map[string]any{"displayName": "p"}, 400, "ArgumentNullException", ""},
			{"approval by nobody", "POST", "/assignmentPolicies", policy(map[string]any{"requestApprovalSettings": map[string]any{"isApprovalRequiredForAdd": true}}), 400, "InvalidModel", "requestApprovalSettings.stages"},
			{"targets that are not there", "POST", "/assignmentPolicies", policy(map[string]any{"allowedTargetScope": "specificDirectoryUsers", "specificAllowedTargets": []any{
				map[string]any{"@odata.type": "#microsoft.graph.singleUser", "userId": nobody}}}), 400, "InvalidModel", "specificAllowedTargets[0]"},
			{"a group that is not there", "POST", "/resourceRequests", newResource("adminAdd", id, "AadGroup", nobody), 400, "ResourceNotFoundInOriginSystem", "resource.originId"},
			{"Microsoft Graph as a resource", "POST", "/resourceRequests", newResource("adminAdd", id, "AadApplication", string(w.A.Graph.ID)), 400, "ResourceNotEligible", "resource"},
			{"a role of a resource elsewhere", "POST", "/accessPackages/" + own + "/resourceRoleScopes", newRoleScope(nobody, "Member_"), 400, "ResourceNotInCatalog", ""},
			{"a tenant twice", "POST", "/connectedOrganizations", tenant(string(w.B.ID)), 409, "DuplicateKey", "identitySources[0]"},
			{"a domain of that tenant", "POST", "/connectedOrganizations", newOrganization("B again", w.B.Domain), 409, "DuplicateKey", "identitySources[0]"},
			{"the tenant itself", "POST", "/connectedOrganizations", tenant(string(w.A.ID)), 400, "InvalidModel", "identitySources[0].tenantId"},
			{"a guest kept for ever", "PATCH", "/settings", map[string]any{"durationUntilExternalUserDeletedAfterBlocked": "P3661D"}, 400, "InvalidModel", "durationUntilExternalUserDeletedAfterBlocked"},
			{"an endpoint in the clear", "POST", "/catalogs/" + id + "/customWorkflowExtensions", map[string]any{
				"@odata.type": "#microsoft.graph.accessPackageAssignmentRequestWorkflowExtension", "displayName": "x",
				"endpointConfiguration": map[string]any{"url": "http://workflow.example"}}, 400, "InvalidModel", "endpointConfiguration.url"},
			{"an endpoint that is waited for too long", "POST", "/catalogs/" + id + "/customWorkflowExtensions", map[string]any{
				"@odata.type": "#microsoft.graph.accessPackageAssignmentRequestWorkflowExtension", "displayName": "x",
				"endpointConfiguration": map[string]any{"url": "https://workflow.example"}, "clientConfiguration": map[string]any{"timeoutInMilliseconds": 2001}}, 400, "InvalidModel", "clientConfiguration.timeoutInMilliseconds"},
			{"a package incompatible with itself", "POST", "/accessPackages/" + own + "/incompatibleAccessPackages/$ref", packageRef(own), 400, "InvalidModel", "@odata.id"},
		} {
			a := c.Send(t, w, tt.status, tt.method, em+tt.path, tt.body)
			e, _ := a.Body["error"].(map[string]any)
			target, _ := e["target"].(string)
			if e["code"] != tt.code || target != tt.target {
				t.Errorf("%s: got %s, want %s at %q", tt.name, a.Raw, tt.code, tt.target)
			}
		}
		few := w.Client(t, w.A, "EntitlementManagement.ReadWrite.All")
		group := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/groups", NewGroup("others")).Text("id")
		a := few.Send(t, w, http.StatusForbidden, "POST", em+"/resourceRequests", newResource("adminAdd", id, "AadGroup", group))
		if code, _ := a.Error(); code != "CallerNotResourceOwner" {
			t.Errorf("a group of others: %s", a.Raw)
		}
	})
}

// TestCatalogsAreDelegated: whoever administers a catalog does so there and nowhere
// else, alone or in a group, from the next request on.
func TestCatalogsAreDelegated(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, Everything...)
		const em = "/v1.0" + governed
		catalog := func(name string) string {
			return c.Send(t, w, http.StatusCreated, "POST", em+"/catalogs", map[string]any{"displayName": name}).Text("id")
		}
		mine, other := catalog("mine"), catalog("other")
		ada := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/users", NewUser(w.A.Domain, "ada")).Text("id")
		team := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/groups", NewGroup("team")).Text("id")
		c.Send(t, w, http.StatusNoContent, "POST", "/v1.0/groups/"+team+"/members/$ref", Ref(ada))
		p := w.Person(t, w.A, ids.ObjectID(ada), "EntitlementManagement.ReadWrite.All")
		p.Send(t, w, http.StatusForbidden, "GET", em+"/catalogs", nil)
		role := c.Send(t, w, http.StatusCreated, "POST", "/v1.0"+delegates, newDelegate(team, catalogOwner, mine)).Text("id")
		if list := p.Send(t, w, http.StatusOK, "GET", em+"/catalogs", nil).Items(); len(list) != 1 || list[0]["id"] != mine {
			t.Errorf("the owner sees %v", list)
		}
		p.Send(t, w, http.StatusCreated, "POST", em+"/accessPackages", map[string]any{"displayName": "p", "catalog": map[string]any{"id": mine}})
		p.Send(t, w, http.StatusForbidden, "POST", em+"/accessPackages", map[string]any{"displayName": "p", "catalog": map[string]any{"id": other}})
		p.Send(t, w, http.StatusForbidden, "GET", em+"/catalogs/"+other, nil)
		p.Send(t, w, http.StatusForbidden, "POST", em+"/catalogs", map[string]any{"displayName": "p"})
		p.Send(t, w, http.StatusForbidden, "PATCH", em+"/settings", map[string]any{"externalUserLifecycleAction": "none"})
		p.Send(t, w, http.StatusForbidden, "POST", em+"/resourceRequests", newResource("adminAdd", mine, "AadGroup", team))
		c.Send(t, w, http.StatusNoContent, "POST", "/v1.0/groups/"+team+"/owners/$ref", Ref(ada))
		p.Send(t, w, http.StatusCreated, "POST", em+"/resourceRequests", newResource("adminAdd", mine, "AadGroup", team))
		c.Send(t, w, http.StatusNoContent, "DELETE", "/v1.0"+delegates+"/"+role, nil)
		p.Send(t, w, http.StatusForbidden, "GET", em+"/catalogs/"+mine, nil)
		creator := map[string]any{"principalId": ada, "roleDefinitionId": "ba92d953-d8e0-4e39-a797-0cbedb0a89e8", "directoryScopeId": "/", "appScopeId": "/"}
		c.Send(t, w, http.StatusCreated, "POST", "/v1.0"+delegates, creator)
		made := p.Send(t, w, http.StatusCreated, "POST", em+"/catalogs", map[string]any{"displayName": "made"}).Text("id")
		p.Send(t, w, http.StatusNoContent, "PATCH", em+"/catalogs/"+made, map[string]any{"state": "unpublished"})
	})
}

// TestWhatIf: what a policy would do is told before it is saved, and nothing is
// saved.
func TestWhatIf(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, Everything...)
		const em = "/v1.0" + governed
		pkg := c.Send(t, w, http.StatusCreated, "POST", em+"/accessPackages", map[string]any{"displayName": "p"}).Text("id")
		user := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/users", NewUser(w.A.Domain, "approver")).Text("id")
		empty := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/groups", NewGroup("empty")).Text("id")
		body := map[string]any{
			"displayName": "p", "accessPackage": map[string]any{"id": pkg}, "allowedTargetScope": "specificDirectoryUsers",
			"specificAllowedTargets":  []any{map[string]any{"@odata.type": "#microsoft.graph.singleUser", "userId": user}},
			"requestApprovalSettings": map[string]any{"isApprovalRequiredForAdd": true, "stages": []any{map[string]any{"primaryApprovers": []any{map[string]any{"@odata.type": "#microsoft.graph.groupMembers", "groupId": empty}}}}},
		}
		a := c.Send(t, w, http.StatusOK, "POST", em+"/assignmentPolicies/whatIf", body)
		asking := a.Body["requestors"].([]any)[0].(map[string]any)
		approving := a.Body["approvalStages"].([]any)[0].(map[string]any)["approvers"].([]any)[0].(map[string]any)
		notes := fmt.Sprint(a.Body["notes"])
		if asking["id"] != user || asking["displayName"] != "approver" || approving["id"] != empty || approving["people"] != 0.0 {
			t.Errorf("got %s", a.Raw)
		}
		for _, want := range []string{"gives no roles", "Nobody is there who could approve in stage 1", "accepts no requests", "never ends"} {
			if !strings.Contains(notes, want) {
				t.Errorf("the notes do not say %q: %s", want, notes)
			}
		}
		if list := c.Send(t, w, http.StatusOK, "GET", em+"/assignmentPolicies", nil).Items(); len(list) != 0 {
			t.Errorf("it was saved: %v", list)
		}
		few := w.Client(t, w.A, "EntitlementManagement.ReadWrite.All")
		if a := few.Send(t, w, http.StatusOK, "POST", em+"/assignmentPolicies/whatIf", body); strings.Contains(string(a.Raw), `"approver"`) {
			t.Errorf("a program that may not read users is told a name: %s", a.Raw)
		}
		body["requestApprovalSettings"] = map[string]any{"isApprovalRequiredForAdd": true}
		c.Send(t, w, http.StatusBadRequest, "POST", em+"/assignmentPolicies/whatIf", body)
	})
}

// TestWhoCanAsk: people find what a policy offers them, and what it wants of them.
func TestWhoCanAsk(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, Everything...)
		const em = "/v1.0" + governed
		catalog := c.Send(t, w, http.StatusCreated, "POST", em+"/catalogs", map[string]any{"displayName": "c"}).Text("id")
		user := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/users", NewUser(w.A.Domain, "ada")).Text("id")
		team := c.Send(t, w, http.StatusCreated, "POST", "/v1.0/groups", NewGroup("team")).Text("id")
		offer := func(name string, change map[string]any) string {
			pkg := c.Send(t, w, http.StatusCreated, "POST", em+"/accessPackages", map[string]any{
				"displayName": name, "catalog": map[string]any{"id": catalog}, "isHidden": name == "hidden"}).Text("id")
			body := map[string]any{"displayName": name, "accessPackage": map[string]any{"id": pkg}, "allowedTargetScope": "allMemberUsers",
				"requestorSettings": map[string]any{"enableTargetsToSelfAddAccess": true}}
			for k, v := range change {
				body[k] = v
			}
			c.Send(t, w, http.StatusCreated, "POST", em+"/assignmentPolicies", body)
			return pkg
		}
		open, hidden := offer("open", nil), offer("hidden", nil)
		offer("closed", map[string]any{"requestorSettings": map[string]any{}})
		offer("foreign", map[string]any{"allowedTargetScope": "allExternalUsers"})
		offer("team", map[string]any{"allowedTargetScope": "specificDirectoryUsers", "specificAllowedTargets": []any{map[string]any{"@odata.type": "#microsoft.graph.groupMembers", "groupId": team}}})
		p := w.Person(t, w.A, ids.ObjectID(user), "EntitlementMgmt-SubjectAccess.ReadWrite")
		names := func() (all string) {
			for _, it := range p.Send(t, w, http.StatusOK, "GET", em+"/accessPackages/filterByCurrentUser(on='allowedRequestor')", nil).Items() {
				all += it["displayName"].(string) + " "
			}
			return all
		}
		if got := names(); got != "open " {
			t.Errorf("offered are %q, want open", got)
		}
		c.Send(t, w, http.StatusNoContent, "POST", "/v1.0/groups/"+team+"/members/$ref", Ref(user))
		if got := names(); !strings.Contains(got, "team") {
			t.Errorf("offered to a member are %q, want the team's too", got)
		}
		for pkg, want := range map[string]int{open: 1, hidden: 1} {
			list := p.Send(t, w, http.StatusOK, "POST", em+"/accessPackages/"+pkg+"/getApplicablePolicyRequirements", nil).Items()
			if len(list) != want || list[0]["isApprovalRequiredForAdd"] != false || list[0]["schedule"].(map[string]any)["expiration"].(map[string]any)["type"] != "noExpiration" {
				t.Errorf("the requirements are %v", list)
			}
		}
		p.Send(t, w, http.StatusForbidden, "GET", em+"/accessPackages", nil)
		if list := c.Send(t, w, http.StatusOK, "GET", em+"/accessPackages/filterByCurrentUser(on='allowedRequestor')", nil).Items(); len(list) != 0 {
			t.Errorf("a program, which no policy is for, is offered %v", list)
		}
		p.Send(t, w, http.StatusBadRequest, "GET", em+"/accessPackages/filterByCurrentUser(on='target')", nil)
		c.Send(t, w, http.StatusNoContent, "PATCH", em+"/catalogs/"+catalog, map[string]any{"state": "unpublished"})
		if got := names(); got != "" {
			t.Errorf("offered of an unpublished catalog are %q", got)
		}
	})
}
