package graphtest

import "net/http"

const (
	governed     = "/identityGovernance/entitlementManagement"
	delegates    = "/roleManagement/entitlementManagement/roleAssignments"
	catalogOwner = "ae79f266-94d4-4dab-b730-feca7e132178"
)

// governance is the room of what administrators set up of entitlement management.
var governance = Room{
	Furnish: func(f *Furnishing) {
		furnishCatalog(f)
		furnishPackage(f)
		f.Create(governed+"/connectedOrganizations", governed+"/connectedOrganizations", newOrganization(f.Word, f.Word+".organization.example"))
		organization := governed + "/connectedOrganizations/" + f.IDs[governed+"/connectedOrganizations"]
		f.Send(http.MethodPost, "/v1.0"+organization+"/internalSponsors/$ref", Ref(f.IDs["/users"]))
		guests := NewGroup(f.Word + "-partners")
		f.Create("partners", "/groups", guests)
		f.Send(http.MethodPost, "/v1.0"+organization+"/externalSponsors/$ref", Ref(f.IDs["partners"]))
		f.IDs[governed+"/connectedOrganizations/internalSponsors"], f.IDs[governed+"/connectedOrganizations/externalSponsors"] = f.IDs["/users"], f.IDs["partners"]
		f.Create(delegates, delegates, newDelegate(f.IDs["holder"], catalogOwner, f.IDs["catalog"]))
		f.IDs["/roleManagement/entitlementManagement/roleDefinitions"] = catalogOwner
		places, _ := f.Send(http.MethodGet, "/v1.0"+governed+"/resourceEnvironments", nil)["value"].([]any)
		f.IDs[governed+"/resourceEnvironments"], _ = places[0].(map[string]any)["id"].(string)
	},
	Creations: map[string]func(*Furnishing, string) map[string]any{
		governed + "/catalogs": func(f *Furnishing, _ string) map[string]any { return map[string]any{"displayName": f.Word + " new"} },
		governed + "/catalogs/customWorkflowExtensions": func(f *Furnishing, _ string) map[string]any {
			return newWorkflow(f.Word)
		},
		governed + "/resourceRequests": func(f *Furnishing, _ string) map[string]any {
			return newResource("adminAdd", f.IDs["empty catalog"], "AadApplication", f.IDs["/servicePrincipals"])
		},
		governed + "/accessPackages": func(f *Furnishing, _ string) map[string]any {
			return map[string]any{"displayName": f.Word + " new", "catalog": map[string]any{"id": f.IDs["empty catalog"]}}
		},
		governed + "/accessPackages/resourceRoleScopes": func(f *Furnishing, _ string) map[string]any {
			return newRoleScope(f.IDs["governed group"], "Owner_")
		},
		governed + "/assignmentPolicies": func(f *Furnishing, _ string) map[string]any {
			return newPolicy(f, f.IDs[governed+"/accessPackages"])
		},
		governed + "/connectedOrganizations": func(f *Furnishing, _ string) map[string]any {
			return newOrganization(f.Word+" new", f.Word+".new.organization.example")
		},
		delegates: func(f *Furnishing, _ string) map[string]any {
			return newDelegate(f.IDs["/servicePrincipals"], catalogOwner, f.IDs["catalog"])
		},
	},
	Changes: map[string]map[string]any{
		governed + "/catalogs":                          {"description": "taken"},
		governed + "/catalogs/customWorkflowExtensions": {"description": "taken"},
		governed + "/accessPackages":                    {"description": "taken"},
		governed + "/assignmentPolicies":                {"description": "taken"},
		governed + "/connectedOrganizations":            {"description": "taken"},
		governed + "/settings":                          {"durationUntilExternalUserDeletedAfterBlocked": "P7D"},
	},
	Actions: map[string]func(*Furnishing, string) map[string]any{
		"/whatIf":                          func(f *Furnishing, _ string) map[string]any { return newPolicy(f, f.IDs[governed+"/accessPackages"]) },
		"/getApplicablePolicyRequirements": func(*Furnishing, string) map[string]any { return nil },
		"/refresh":                         func(*Furnishing, string) map[string]any { return nil },
		"/moveToCatalog": func(f *Furnishing, _ string) map[string]any {
			return map[string]any{"catalogId": f.IDs["catalog"]}
		},
	},
	Functions: map[string]func(*Furnishing) string{
		governed + "/accessPackages/filterByCurrentUser": func(*Furnishing) string { return "on='allowedRequestor'" },
	},
}

// furnishCatalog makes a catalog with a group in it, and empty ones.
func furnishCatalog(f *Furnishing) {
	f.Create(governed+"/catalogs", governed+"/catalogs", map[string]any{"displayName": f.Word})
	f.Create("empty catalog", governed+"/catalogs", map[string]any{"displayName": f.Word + " empty"})
	f.IDs["catalog"] = f.IDs[governed+"/catalogs"]
	f.Create("governed group", "/groups", NewGroup(f.Word+"-governed"))
	f.Create(governed+"/resourceRequests", governed+"/resourceRequests", newResource("adminAdd", f.IDs["catalog"], "AadGroup", f.IDs["governed group"]))
	within := governed + "/catalogs/" + f.IDs["catalog"]
	for _, key := range []string{governed + "/catalogs/customWorkflowExtensions", "extension"} {
		f.Create(key, within+"/customWorkflowExtensions", newWorkflow(f.Word))
	}
	first := func(path string) string {
		one, _ := f.Send(http.MethodGet, "/v1.0"+path, nil)["value"].([]any)[0].(map[string]any)["id"].(string)
		return one
	}
	group := first(within + "/resources")
	member := "?$filter=originId%20eq%20'Member_" + f.IDs["governed group"] + "'"
	f.IDs[governed+"/catalogs/resourceRoles"], f.IDs[governed+"/catalogs/resourceScopes"] = first(within+"/resourceRoles"+member), first(within+"/resourceScopes")
	for _, above := range []string{
		"/catalogs/resourceRoles/resource", "/catalogs/resourceScopes/resource", "/accessPackages/resourceRoleScopes/role/resource",
		"/accessPackages/resourceRoleScopes/scope/resource", "/resourceRoleScopes/role/resource", "/resourceRoleScopes/scope/resource",
	} {
		f.IDs[governed+above+"/roles"], f.IDs[governed+above+"/scopes"] = first(within+"/resources/"+group+"/roles"+member), first(within+"/resources/"+group+"/scopes")
	}
	// The example of a resource is a site, which alone has an environment.
	address, _ := f.Send(http.MethodGet, "/v1.0/sites/"+f.IDs["/sites"], nil)["webUrl"].(string)
	f.Create("site request", governed+"/resourceRequests", newResource("adminAdd", f.IDs["catalog"], "SharePointOnline", address))
	at := first(within + "/resources?$filter=originSystem%20eq%20'SharePointOnline'")
	for _, above := range []string{"/catalogs/resources", "/resources"} {
		f.IDs[governed+above] = at
		f.IDs[governed+above+"/roles"], f.IDs[governed+above+"/scopes"] = first(within+"/resources/"+at+"/roles?$filter=originId%20eq%20'3'"), first(within+"/resources/"+at+"/scopes")
	}
}

// furnishPackage makes an access package with a role and a policy, one that it is
// incompatible with, and one that is incompatible with it.
func furnishPackage(f *Furnishing) {
	for key, catalog := range map[string]string{governed + "/accessPackages": "catalog", "package": "empty catalog", "other package": "empty catalog", "third package": "empty catalog"} {
		f.Create(key, governed+"/accessPackages", map[string]any{"displayName": f.Word + " " + key, "catalog": map[string]any{"id": f.IDs[catalog]}})
	}
	f.IDs[governed+"/catalogs/accessPackages"] = f.IDs[governed+"/accessPackages"]
	one := governed + "/accessPackages/" + f.IDs[governed+"/accessPackages"]
	f.Create(governed+"/accessPackages/resourceRoleScopes", one+"/resourceRoleScopes", newRoleScope(f.IDs["governed group"], "Member_"))
	f.IDs[governed+"/resourceRoleScopes"] = f.IDs[governed+"/accessPackages/resourceRoleScopes"]
	f.Create(governed+"/assignmentPolicies", governed+"/assignmentPolicies", newPolicy(f, f.IDs[governed+"/accessPackages"]))
	f.IDs[governed+"/accessPackages/assignmentPolicies"] = f.IDs[governed+"/assignmentPolicies"]
	stages, _ := f.Send(http.MethodGet, "/v1.0"+governed+"/assignmentPolicies/"+f.IDs[governed+"/assignmentPolicies"]+"/customExtensionStageSettings", nil)["value"].([]any)
	for _, above := range []string{"/assignmentPolicies", "/accessPackages/assignmentPolicies"} {
		f.IDs[governed+above+"/customExtensionStageSettings"], _ = stages[0].(map[string]any)["id"].(string)
	}
	f.Send(http.MethodPost, "/v1.0"+one+"/incompatibleAccessPackages/$ref", packageRef(f.IDs["other package"]))
	f.Send(http.MethodPost, "/v1.0"+governed+"/accessPackages/"+f.IDs["package"]+"/incompatibleAccessPackages/$ref", packageRef(f.IDs[governed+"/accessPackages"]))
	f.Send(http.MethodPost, "/v1.0"+one+"/incompatibleGroups/$ref", Ref(f.IDs["around"]))
	f.IDs[governed+"/accessPackages/incompatibleAccessPackages"] = f.IDs["other package"]
	f.IDs[governed+"/accessPackages/accessPackagesIncompatibleWith"] = f.IDs["package"]
	f.IDs[governed+"/accessPackages/incompatibleGroups"] = f.IDs["around"]
	f.IDs["$ref "+governed+"/accessPackages/incompatibleAccessPackages"] = f.IDs["third package"]
	f.IDs["$ref "+governed+"/accessPackages/incompatibleGroups"] = f.IDs["governed group"]
	f.IDs["$ref "+governed+"/connectedOrganizations/externalSponsors"] = f.IDs["around"]
}

func packageRef(id string) map[string]any {
	return map[string]any{"@odata.id": "https://graph.microsoft.com/v1.0" + governed + "/accessPackages/" + id}
}

func newResource(kind, catalog, system, id string) map[string]any {
	return map[string]any{
		"requestType": kind, "catalog": map[string]any{"id": catalog}, "resource": map[string]any{"originSystem": system, "originId": id},
	}
}

func newRoleScope(group, role string) map[string]any {
	return map[string]any{
		"role": map[string]any{"originId": role + group, "originSystem": "AadGroup",
			"resource": map[string]any{"originId": group, "originSystem": "AadGroup"}},
		"scope": map[string]any{"originId": group, "originSystem": "AadGroup"},
	}
}

func newPolicy(f *Furnishing, of string) map[string]any {
	return map[string]any{
		"displayName": f.Word, "allowedTargetScope": "specificDirectoryUsers", "accessPackage": map[string]any{"id": of},
		"specificAllowedTargets": []any{map[string]any{"@odata.type": "#microsoft.graph.groupMembers", "groupId": f.IDs["/groups"]}},
		"expiration":             map[string]any{"type": "afterDuration", "duration": "P90D"},
		"requestorSettings":      map[string]any{"enableTargetsToSelfAddAccess": true},
		"requestApprovalSettings": map[string]any{"isApprovalRequiredForAdd": true, "stages": []any{map[string]any{
			"durationBeforeAutomaticDenial": "P14D", "primaryApprovers": []any{map[string]any{"@odata.type": "#microsoft.graph.singleUser", "userId": f.IDs["/users"]}},
		}}},
		"questions": []any{map[string]any{"@odata.type": "#microsoft.graph.accessPackageTextInputQuestion", "text": "Why?", "isRequired": true}},
		"customExtensionStageSettings": []any{map[string]any{
			"stage": "assignmentRequestCreated", "customExtension": map[string]any{"id": f.IDs["extension"]},
		}},
	}
}

func newOrganization(name, domain string) map[string]any {
	return map[string]any{
		"displayName":     name,
		"identitySources": []any{map[string]any{"@odata.type": "#microsoft.graph.domainIdentitySource", "domainName": domain, "displayName": name}},
	}
}

func newWorkflow(name string) map[string]any {
	return map[string]any{
		"@odata.type": "#microsoft.graph.accessPackageAssignmentRequestWorkflowExtension", "displayName": name,
		"endpointConfiguration": map[string]any{
			"@odata.type": "#microsoft.graph.logicAppTriggerEndpointConfiguration", "url": "https://workflow.example/run",
		},
	}
}

func newDelegate(principal, role, catalog string) map[string]any {
	return map[string]any{"principalId": principal, "roleDefinitionId": role, "directoryScopeId": "/", "appScopeId": "/AccessPackageCatalog/" + catalog}
}
