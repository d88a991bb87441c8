package graphtest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"entente/internal/kit/ids"
)

// delegated are the roles of entitlement management, by a letter each.
var delegated = []struct {
	letter, name, id, scope string // scope: of a catalog, or of all
}{
	{"O", "Catalog owner", catalogOwner, "/AccessPackageCatalog/"},
	{"R", "Catalog reader", "44272f93-9762-48e8-af59-1b5351b1d6b3", "/AccessPackageCatalog/"},
	{"P", "Access package manager", "7f480852-ebdc-47d4-87de-0d8498384a83", "/AccessPackageCatalog/"},
	{"A", "Access package assignment manager", "e2182095-804a-4656-ae11-64734e9b7ae5", "/AccessPackageCatalog/"},
	{"C", "Catalog creator", "ba92d953-d8e0-4e39-a797-0cbedb0a89e8", "/"},
	{"G", "Connected Organization Administrator", "c69afe6e-ee81-5bcc-9f94-bca08a6dbd80", "/"},
	{"-", "none", "", ""},
}

// TestDelegatedRoles has somebody of each role try each task, in the catalog of the
// role and in another: who may is answered as asked, everybody else 403. That is the
// table of https://learn.microsoft.com/entra/id-governance/entitlement-management-delegate.
func TestDelegatedRoles(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, Everything...)
		const em = "/v1.0" + governed
		id := func(method, path string, body any) string {
			return c.Send(t, w, http.StatusCreated, method, path, body).Text("id")
		}
		type place struct{ catalog, pkg, policy string }
		places := map[bool]place{}
		for _, own := range []bool{true, false} {
			p := place{catalog: id("POST", em+"/catalogs", map[string]any{"displayName": fmt.Sprint("own ", own)})}
			p.pkg = id("POST", em+"/accessPackages", map[string]any{"displayName": "p", "catalog": map[string]any{"id": p.catalog}})
			p.policy = id("POST", em+"/assignmentPolicies", map[string]any{"displayName": "direct", "accessPackage": map[string]any{"id": p.pkg}, "allowedTargetScope": "notSpecified", "specificAllowedTargets": []any{}, "expiration": map[string]any{"type": "noExpiration"}})
			places[own] = p
		}
		n := 0
		tasks := []struct {
			name, may string // may: letters of the roles that may in their catalog
			want      int
			ask       func(p place, who string) (method, path string, body any)
		}{
			{"read the catalog", "ORPA", 200, func(p place, _ string) (string, string, any) { return "GET", em + "/catalogs/" + p.catalog, nil }},
			{"rename the catalog", "O", 204, func(p place, _ string) (string, string, any) {
				return "PATCH", em + "/catalogs/" + p.catalog, map[string]any{"description": "d"}
			}},
			{"delegate", "O", 201, func(p place, _ string) (string, string, any) {
				helper := id("POST", "/v1.0/users", NewUser(w.A.Domain, fmt.Sprint("helper", n)))
				return "POST", "/v1.0" + delegates, newDelegate(helper, "44272f93-9762-48e8-af59-1b5351b1d6b3", p.catalog)
			}},
			{"add a resource of one's own", "O", 201, func(p place, who string) (string, string, any) {
				team := id("POST", "/v1.0/groups", NewGroup(fmt.Sprint("team", n)))
				c.Send(t, w, http.StatusNoContent, "POST", "/v1.0/groups/"+team+"/owners/$ref", Ref(who))
				return "POST", em + "/resourceRequests", newResource("adminAdd", p.catalog, "AadGroup", team)
			}},
			{"read the package", "ORPA", 200, func(p place, _ string) (string, string, any) { return "GET", em + "/accessPackages/" + p.pkg, nil }},
			{"create a package", "OP", 201, func(p place, _ string) (string, string, any) {
				return "POST", em + "/accessPackages", map[string]any{"displayName": fmt.Sprint("p", n), "catalog": map[string]any{"id": p.catalog}}
			}},
			{"read the policy", "ORPA", 200, func(p place, _ string) (string, string, any) {
				return "GET", em + "/assignmentPolicies/" + p.policy, nil
			}},
			{"create a policy", "OP", 201, func(p place, _ string) (string, string, any) {
				return "POST", em + "/assignmentPolicies", map[string]any{"displayName": fmt.Sprint("policy", n), "accessPackage": map[string]any{"id": p.pkg}, "allowedTargetScope": "notSpecified", "specificAllowedTargets": []any{}, "expiration": map[string]any{"type": "noExpiration"}}
			}},
			{"assign", "OPA", 201, func(p place, _ string) (string, string, any) {
				to := id("POST", "/v1.0/users", NewUser(w.A.Domain, fmt.Sprint("target", n)))
				return "POST", em + "/assignmentRequests", map[string]any{"requestType": "adminAdd", "assignment": map[string]any{"targetId": to, "assignmentPolicyId": p.policy, "accessPackageId": p.pkg}}
			}},
			{"create a catalog", "C", 201, func(place, string) (string, string, any) {
				return "POST", em + "/catalogs", map[string]any{"displayName": fmt.Sprint("catalog", n)}
			}},
			{"connect an organization", "G", 201, func(place, string) (string, string, any) {
				return "POST", em + "/connectedOrganizations", map[string]any{"displayName": fmt.Sprint("organization", n), "identitySources": []any{map[string]any{"@odata.type": "#microsoft.graph.domainIdentitySource", "domainName": fmt.Sprintf("partner%d.example", n), "displayName": "partner"}}}
			}},
			{"change the settings", "", 204, func(place, string) (string, string, any) {
				return "PATCH", em + "/settings", map[string]any{"externalUserLifecycleAction": "none"}
			}},
		}
		for _, role := range delegated {
			n++
			who := id("POST", "/v1.0/users", NewUser(w.A.Domain, fmt.Sprint("delegate", n)))
			if role.id != "" {
				scope := role.scope
				if scope != "/" {
					scope += places[true].catalog
				}
				id("POST", "/v1.0"+delegates, map[string]any{"principalId": who, "roleDefinitionId": role.id, "directoryScopeId": "/", "appScopeId": scope})
			}
			p := w.Person(t, w.A, ids.ObjectID(who), "EntitlementManagement.ReadWrite.All", "EntitlementMgmt-SubjectAccess.ReadWrite")
			for _, own := range []bool{true, false} {
				for _, task := range tasks {
					n++
					method, path, body := task.ask(places[own], who)
					may := strings.Contains(task.may, role.letter) && (own || role.scope == "/")
					want := map[bool]int{true: task.want, false: http.StatusForbidden}[may]
					if a := w.Call(t, p.Token, method, path, body); a.Status != want {
						t.Errorf("%s, own catalog %t: %s: %d, want %d\n%.300s", role.name, own, task.name, a.Status, want, a.Raw)
					}
				}
			}
		}
		if !slices.ContainsFunc(c.Send(t, w, http.StatusOK, "GET", em+"/catalogs", nil).Items(), func(m map[string]any) bool { return m["displayName"] == "own true" }) {
			t.Error("the catalog is gone")
		}
	})
}
