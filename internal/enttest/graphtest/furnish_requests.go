package graphtest

import (
	"net/http"
	"net/url"
	"time"
)

// requests is the room of who asked for access packages, and has them.
var requests = Room{
	Furnish: func(f *Furnishing) {
		furnishAsked(f)
		furnishHeld(f)
		furnishApproval(f)
	},
	Creations: map[string]func(*Furnishing, string) map[string]any{
		governed + "/assignmentRequests": func(f *Furnishing, _ string) map[string]any {
			return map[string]any{"requestType": "userAdd", "assignment": map[string]any{"accessPackageId": f.IDs["open package"]}}
		},
	},
	Changes: map[string]map[string]any{
		governed + "/subjects":                                {"subjectLifecycle": "notGoverned"},
		governed + "/accessPackageAssignmentApprovals/stages": {"reviewResult": "Approve", "justification": "taken"},
	},
	Actions: map[string]func(*Furnishing, string) map[string]any{
		"/cancel":    func(*Furnishing, string) map[string]any { return nil },
		"/reprocess": func(*Furnishing, string) map[string]any { return nil },
		"/resume": func(*Furnishing, string) map[string]any {
			return map[string]any{"data": map[string]any{"customExtensionStageInstanceId": "6f0ba2b4-6a3b-4d5e-9a44-0f7a3bb8a00f"}}
		},
	},
	Functions: map[string]func(*Furnishing) string{
		governed + "/assignmentRequests/filterByCurrentUser":               func(*Furnishing) string { return "on='targetOrRequestor'" },
		governed + "/assignments/filterByCurrentUser":                      func(*Furnishing) string { return "on='target'" },
		governed + "/accessPackageAssignmentApprovals/filterByCurrentUser": func(*Furnishing) string { return "on='approver'" },
		governed + "/accessPackageSuggestions/filterByCurrentUser":         func(*Furnishing) string { return "on='assignmentHistory'" },
		governed + "/assignments/additionalAccess": func(f *Furnishing) string {
			return "accessPackageId='" + f.IDs["held package"] + "',incompatibleAccessPackageId='" + f.IDs["open package"] + "'"
		},
	},
}

// furnishAsked makes access packages that can be asked for: by everybody, after
// approval, and one that only an administrator gives.
func furnishAsked(f *Furnishing) {
	f.Create("asked catalog", governed+"/catalogs", map[string]any{"displayName": f.Word + " asked"})
	f.Create("asked group", "/groups", NewGroup(f.Word+"-asked"))
	f.Send(http.MethodPost, "/v1.0"+governed+"/resourceRequests", newResource("adminAdd", f.IDs["asked catalog"], "AadGroup", f.IDs["asked group"]))
	for _, key := range []string{"held package", "open package", "approved package"} {
		f.Create(key, governed+"/accessPackages", map[string]any{"displayName": f.Word + " " + key, "catalog": map[string]any{"id": f.IDs["asked catalog"]}})
		f.Send(http.MethodPost, "/v1.0"+governed+"/accessPackages/"+f.IDs[key]+"/resourceRoleScopes", newRoleScope(f.IDs["asked group"], "Member_"))
	}
	f.Create("held policy", governed+"/assignmentPolicies", newGate(f.IDs["held package"], "notSpecified", ""))
	f.Create("open to people", governed+"/assignmentPolicies", newGate(f.IDs["open package"], "allDirectoryUsers", ""))
	f.Create("open to programs", governed+"/assignmentPolicies", newGate(f.IDs["open package"], "allDirectoryServicePrincipals", ""))
	const offered = governed + "/availableAccessPackages"
	f.IDs[offered], f.IDs[governed+"/accessPackageSuggestions"] = f.IDs["open package"], f.IDs["open package"]
	given, _ := f.Send(http.MethodGet, "/v1.0"+offered+"/"+f.IDs[offered]+"/resourceRoleScopes", nil)["value"].([]any)
	f.IDs[offered+"/resourceRoleScopes"], _ = given[0].(map[string]any)["id"].(string)
	f.Create("approved policy", governed+"/assignmentPolicies", newGate(f.IDs["approved package"], "allDirectoryServicePrincipals", f.IDs["holder"]))
}

// furnishHeld gives a package to somebody of another organization, and another to
// the administrator, from later on.
func furnishHeld(f *Furnishing) {
	const list = governed + "/assignmentRequests"
	f.Create("partner organization", governed+"/connectedOrganizations", map[string]any{"displayName": f.Word + " partner", "identitySources": []any{
		map[string]any{"@odata.type": "#microsoft.graph.azureActiveDirectoryTenant", "tenantId": f.IDs["partner"]}}})
	f.Create(list, list, newGift(f.IDs["held package"], f.IDs["held policy"], map[string]any{"target": map[string]any{"email": f.IDs["partner person"]}}))
	one := "/v1.0" + list + "/" + f.IDs[list]
	for range 500 {
		f.Work()
		if f.Send(http.MethodGet, one, nil)["state"] == "delivered" {
			break
		}
	}
	assignment := f.Send(http.MethodGet, one+"/assignment?$expand=target", nil)
	f.IDs[governed+"/assignments"], _ = assignment["id"].(string)
	target, _ := assignment["target"].(map[string]any)
	f.IDs[governed+"/subjects"], _ = target["id"].(string)
	guest, _ := target["objectId"].(string)
	const delivered = governed + "/accessPackageAssignmentResourceRoles"
	roles, _ := f.Send(http.MethodGet, "/beta"+delivered+"?$filter="+url.QueryEscape("accessPackageSubject/objectId eq '"+guest+"'"), nil)["value"].([]any)
	f.IDs[delivered], _ = roles[0].(map[string]any)["id"].(string)
	f.IDs[delivered+"/accessPackageAssignments"] = f.IDs[governed+"/assignments"]
	f.IDs[governed+"/assignments/accessPackageAssignmentRequests"] = f.IDs[list]
	f.IDs[governed+"/assignments/accessPackageAssignmentResourceRoles"] = f.IDs[delivered]
	chiefs, _ := f.Send(http.MethodGet, "/v1.0/users?$filter="+url.QueryEscape("startswith(userPrincipalName,'admin@')"), nil)["value"].([]any)
	chief, _ := chiefs[0].(map[string]any)["id"].(string)
	later := newGift(f.IDs["held package"], f.IDs["held policy"], map[string]any{"targetId": chief})
	later["schedule"] = map[string]any{"startDateTime": "2031-01-01T00:00:00Z"}
	f.Create(list+"/cancel", list, later)
}

// furnishApproval asks for a package that somebody has to approve.
func furnishApproval(f *Furnishing) {
	const list = governed + "/accessPackageAssignmentApprovals"
	f.Create(list, governed+"/assignmentRequests", map[string]any{"requestType": "userAdd", "assignment": map[string]any{"accessPackageId": f.IDs["approved package"]}})
	stages, _ := f.Send(http.MethodGet, "/v1.0"+list+"/"+f.IDs[list]+"/stages", nil)["value"].([]any)
	f.IDs[list+"/stages"], _ = stages[0].(map[string]any)["id"].(string)
}

// newGate returns a policy by which some may ask for a package, after approval if
// somebody approves.
func newGate(of, scope, approver string) map[string]any {
	gate := map[string]any{
		"displayName": scope, "allowedTargetScope": scope, "accessPackage": map[string]any{"id": of},
		"expiration":        map[string]any{"type": "afterDuration", "duration": "P90D"},
		"requestorSettings": map[string]any{"enableTargetsToSelfAddAccess": true},
	}
	if approver != "" {
		gate["requestApprovalSettings"] = map[string]any{"isApprovalRequiredForAdd": true, "stages": []any{map[string]any{
			"durationBeforeAutomaticDenial": "P14D", "primaryApprovers": []any{map[string]any{"@odata.type": "#microsoft.graph.singleUser", "userId": approver}},
		}}}
	}
	return gate
}

// newGift returns an administrator's request.
func newGift(of, policy string, target map[string]any) map[string]any {
	target["accessPackageId"], target["assignmentPolicyId"] = of, policy
	return map[string]any{"requestType": "adminAdd", "assignment": target}
}

// Moment is how long the furnishing of a running server waits for what it does.
const Moment = 20 * time.Millisecond
