package graphtest

import (
	"net/http"
	"strings"
)

// registrations is the room of applications, service principals, and what they
// are given.
var registrations = Room{
	Furnish: func(f *Furnishing) {
		application := func(key string) string {
			id, _ := f.Create(key, "/applications", map[string]any{"displayName": f.Word + " application"})["appId"].(string)
			return id
		}
		principal := func(key, appID string) { f.Create(key, "/servicePrincipals", map[string]any{"appId": appID}) }
		f.IDs["free"] = application("application")
		principal("/servicePrincipals", application("/applications"))
		principal("principal", application("application"))
		principal("resource", application("application"))
		f.Send(http.MethodPut, "/v1.0/applications/"+f.IDs["/applications"]+"/logo", NewPicture())
		for _, owned := range []string{"/applications", "/servicePrincipals"} {
			one := owned + "/" + f.IDs[owned]
			f.Send(http.MethodPost, "/v1.0"+one+"/owners/$ref", Ref(f.IDs["/users"]))
			f.IDs[owned+"/owners"] = f.IDs["/users"]
			f.Create(owned+"/password", one+"/addPassword", map[string]any{"passwordCredential": map[string]any{"displayName": f.Word}})
		}
		f.Create("/applications/federatedIdentityCredentials", "/applications/"+f.IDs["/applications"]+"/federatedIdentityCredentials", newCredential(f.Word))
		furnishParts(f)
		f.Send(http.MethodPost, "/v1.0/applications/"+f.IDs["application"]+"/owners/$ref", Ref(f.IDs["/servicePrincipals"]))
		f.Send(http.MethodPost, "/v1.0/groups/"+f.IDs["around"]+"/members/$ref", Ref(f.IDs["/servicePrincipals"]))
		f.IDs["/servicePrincipals/memberOf"], f.IDs["/servicePrincipals/transitiveMemberOf"] = f.IDs["around"], f.IDs["around"]
		f.IDs["/users/ownedObjects"], f.IDs["/servicePrincipals/ownedObjects"] = f.IDs["/applications"], f.IDs["application"]
		furnishAssignments(f)
	},
	Creations: map[string]func(*Furnishing, string) map[string]any{
		"/applications": func(f *Furnishing, _ string) map[string]any {
			return map[string]any{"displayName": "new", "owners@odata.bind": Bind(f.IDs["user"])}
		},
		"/servicePrincipals":      func(f *Furnishing, _ string) map[string]any { return map[string]any{"appId": f.IDs["free"]} },
		"/oauth2PermissionGrants": func(f *Furnishing, _ string) map[string]any { return newGrant(f.IDs["principal"], f.IDs["graph"]) },
		"/applications/federatedIdentityCredentials": func(*Furnishing, string) map[string]any {
			return newCredential("new")
		},
		"/applications/extensionProperties": func(*Furnishing, string) map[string]any { return newExtension("new") },
		"/servicePrincipals/delegatedPermissionClassifications": func(*Furnishing, string) map[string]any {
			return map[string]any{"permissionName": "second", "classification": "high"}
		},
		"/servicePrincipals/appRoleAssignments": func(f *Furnishing, parent string) map[string]any {
			return newAssignment(parent, f.IDs["principal"], NoRole)
		},
		"/servicePrincipals/appRoleAssignedTo": func(f *Furnishing, parent string) map[string]any {
			return newAssignment(f.IDs["user"], parent, NoRole)
		},
		"/users/appRoleAssignments": func(f *Furnishing, parent string) map[string]any {
			return newAssignment(parent, f.IDs["resource"], NoRole)
		},
		"/groups/appRoleAssignments": func(f *Furnishing, parent string) map[string]any {
			return newAssignment(parent, f.IDs["resource"], NoRole)
		},
	},
	Changes: map[string]map[string]any{
		"/applications":                              {"displayName": "taken"},
		"/servicePrincipals":                         {"notes": "taken"},
		"/oauth2PermissionGrants":                    {"scope": "profile"},
		"/applications/federatedIdentityCredentials": {"description": "taken"},
	},
	Actions: map[string]func(*Furnishing, string) map[string]any{
		"/addPassword": func(*Furnishing, string) map[string]any { return map[string]any{} },
		"/removePassword": func(f *Furnishing, words string) map[string]any {
			return map[string]any{"keyId": f.IDs[words+"/password"]}
		},
		"/addKey": func(*Furnishing, string) map[string]any {
			return map[string]any{"keyCredential": map[string]any{"type": "AsymmetricX509Cert", "usage": "Verify", "key": "AAAA"}, "proof": "none"}
		},
		"/removeKey": func(f *Furnishing, words string) map[string]any {
			return map[string]any{"keyId": f.IDs[words+"/password"], "proof": "none"}
		},
		"/setVerifiedPublisher":   func(*Furnishing, string) map[string]any { return map[string]any{"verifiedPublisherId": "1234567"} },
		"/unsetVerifiedPublisher": func(*Furnishing, string) map[string]any { return map[string]any{} },
	},
}

// furnishParts makes what stands below an application and its principal: a
// definition, and a permission that the tenant has classified.
func furnishParts(f *Furnishing) {
	app := "/applications/" + f.IDs["/applications"]
	f.Create("/applications/extensionProperties", app+"/extensionProperties", newExtension(f.Word))
	scope := func(id, value string) map[string]any {
		return map[string]any{"id": id, "value": value, "isEnabled": true, "type": "User", "adminConsentDescription": value, "adminConsentDisplayName": value}
	}
	f.Send(http.MethodPatch, "/v1.0"+app, map[string]any{"api": map[string]any{"oauth2PermissionScopes": []any{
		scope("6f0ba2b4-6a3b-4d5e-9a44-0f7a3bb8a001", "first"), scope("6f0ba2b4-6a3b-4d5e-9a44-0f7a3bb8a002", "second"),
	}}})
	f.Create("/servicePrincipals/delegatedPermissionClassifications", "/servicePrincipals/"+f.IDs["/servicePrincipals"]+"/delegatedPermissionClassifications",
		map[string]any{"permissionName": "first", "classification": "low"})
	// A principal of an application has none; the key is that of its application's.
	f.IDs["/servicePrincipals/federatedIdentityCredentials"] = f.IDs["/applications/federatedIdentityCredentials"]
}

func newExtension(name string) map[string]any {
	return map[string]any{"name": strings.ReplaceAll(name, "-", "_"), "dataType": "String", "targetObjects": []string{"User"}}
}

// furnishAssignments gives app roles and scopes.
func furnishAssignments(f *Furnishing) {
	principal, user, group := f.IDs["/servicePrincipals"], f.IDs["/users"], f.IDs["/groups"]
	assign := func(key, path, who, resource, role string) { f.Create(key, path, newAssignment(who, resource, role)) }
	assign("/servicePrincipals/appRoleAssignments", "/servicePrincipals/"+principal+"/appRoleAssignments", principal, f.IDs["graph"], f.IDs["role"])
	assign("/servicePrincipals/appRoleAssignedTo", "/servicePrincipals/"+principal+"/appRoleAssignedTo", user, principal, NoRole)
	assign("/users/appRoleAssignments", "/users/"+user+"/appRoleAssignments", user, f.IDs["principal"], NoRole)
	assign("/groups/appRoleAssignments", "/groups/"+group+"/appRoleAssignments", group, f.IDs["principal"], NoRole)
	f.Create("/servicePrincipals/oauth2PermissionGrants", "/oauth2PermissionGrants", newGrant(principal, f.IDs["graph"]))
	f.IDs["/oauth2PermissionGrants"] = f.IDs["/servicePrincipals/oauth2PermissionGrants"]
	own := newGrant(principal, f.IDs["graph"])
	own["consentType"], own["principalId"] = "Principal", user
	f.Create("/users/oauth2PermissionGrants", "/oauth2PermissionGrants", own)
}

func newCredential(name string) map[string]any {
	return map[string]any{"name": name, "issuer": "https://issuer.invalid", "subject": name, "audiences": []string{"api://AzureADTokenExchange"}}
}

func newAssignment(principal, resource, role string) map[string]any {
	return map[string]any{"principalId": principal, "resourceId": resource, "appRoleId": role}
}

func newGrant(client, resource string) map[string]any {
	return map[string]any{"clientId": client, "consentType": "AllPrincipals", "resourceId": resource, "scope": "User.Read"}
}
