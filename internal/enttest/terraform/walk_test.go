package terraform

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"entente/internal/core/app"
	"entente/internal/enttest/graphtest"
)

// TestWalk applies, reads, changes and destroys what a configuration of these
// resources and data sources describes.
func TestWalk(t *testing.T) {
	graphtest.Each(t, func(t *testing.T, w *graphtest.World) {
		p := provider{t, w, w.Client(t, w.A, "Application.ReadWrite.All", "AppRoleAssignment.ReadWrite.All", "DelegatedPermissionGrant.ReadWrite.All",
			"Directory.ReadWrite.All", "Domain.Read.All", "Group.ReadWrite.All", "RoleManagement.ReadWrite.Directory", "User.Invite.All", "User.ReadWrite.All")}
		p.domains()
		user := p.user("ann")
		id := last(user)
		application := p.application(id)
		p.federated(application)
		p.password(application)
		principal := p.principal(application, id)
		p.assignment(principal)
		p.grant(principal)
		p.roles(id)
		p.destroy(p.group(id))
		p.destroy(p.team(id))
		p.invitation()
		p.destroy(principal)
		p.destroy(application)
		p.destroy(user)
	})
}

func last(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

// domains is the data source azuread_domains.
func (p provider) domains() {
	p.Helper()
	list := p.ask(http.StatusOK, http.MethodGet, "/v1.0/domains", nil).Items()
	if !slices.ContainsFunc(list, func(d map[string]any) bool {
		return d["id"] == p.c.Tenant.Domain && d["isDefault"] == true && d["isInitial"] == true && d["isVerified"] == true && d["authenticationType"] == "Managed"
	}) {
		p.Errorf("domains are %v", list)
	}
}

func (p provider) user(name string) (path string) {
	p.Helper()
	upn := name + "@" + p.c.Tenant.Domain
	p.ask(http.StatusNotFound, http.MethodGet, "/v1.0/users/"+upn, nil)
	body := m{
		"@odata.type": "#microsoft.graph.user", "accountEnabled": true, "ageGroup": nil, "businessPhones": []string{}, "city": nil,
		"companyName": nil, "consentProvidedForMinor": nil, "country": nil, "department": "IT", "displayName": name, "employeeHireDate": nil,
		"employeeId": nil, "employeeOrgData": m{"costCenter": nil, "division": nil}, "employeeType": nil, "faxNumber": nil, "givenName": nil,
		"jobTitle": nil, "mailNickname": name, "mobilePhone": nil, "officeLocation": nil, "onPremisesImmutableId": nil, "otherMails": []string{},
		"passwordProfile": m{"forceChangePasswordNextSignIn": false, "password": "Correct-horse-7"}, "passwordPolicies": nil, "postalCode": nil,
		"preferredLanguage": nil, "state": nil, "streetAddress": nil, "surname": nil, "usageLocation": nil, "userPrincipalName": upn,
	}
	path = "/v1.0/users/" + p.ask(http.StatusCreated, http.MethodPost, "/v1.0/users", body).Text("id")
	selected := path + "?$select=" + strings.Join(sortedNames(body), ",")
	p.shows(selected, body)
	for _, value := range []any{placeholder(), nil} {
		p.ask(http.StatusNoContent, http.MethodPatch, path, m{"companyName": value})
		for range polls {
			p.shows(path+"?$select=companyName", m{"companyName": value})
		}
	}
	id := last(path)
	p.ask(http.StatusNotFound, http.MethodGet, path+"/manager", nil)
	p.ask(http.StatusNoContent, http.MethodPatch, "/beta/users/"+id, m{"showInAddressList": false})
	p.shows("/beta/users/"+id+"?$select=showInAddressList", m{"showInAddressList": false})
	p.ask(http.StatusNoContent, http.MethodPut, path+"/manager/$ref", m{"@odata.id": p.bind(string(p.c.Tenant.Admin))})
	p.shows(path+"/manager", m{"id": p.c.Tenant.Admin})
	p.ask(http.StatusNoContent, http.MethodDelete, path+"/manager/$ref", nil)
	for _, filter := range []string{"userPrincipalName eq '" + upn + "'", "mailNickname eq '" + name + "'", "mail eq '" + upn + "'", "employeeId eq '1'"} {
		if items := p.ask(http.StatusOK, http.MethodGet, "/v1.0/users?$filter="+filter, nil).Items(); strings.Contains(filter, name+"'") && len(items) != 1 {
			p.Errorf("%s: %v", filter, items)
		}
	}
	p.found("/v1.0/users?$filter=userPrincipalName eq '"+upn+"'", id)
	return path
}

func sortedNames(body m) (names []string) {
	for name := range body {
		if !strings.Contains(name, "@") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// application is azuread_application with everything in it.
func (p provider) application(owner string) (path string) {
	p.Helper()
	role := m{"allowedMemberTypes": []string{"Application", "User"}, "description": "Reads", "displayName": "Read", "id": "11111111-1111-4111-8111-111111111111",
		"isEnabled": true, "value": "read.all"}
	scope := m{"adminConsentDescription": "Admins", "adminConsentDisplayName": "Admins", "id": "22222222-2222-4222-8222-222222222222", "isEnabled": true,
		"type": "User", "userConsentDescription": nil, "userConsentDisplayName": nil, "value": "user_impersonation"}
	claim := m{"additionalProperties": []string{}, "essential": true, "name": "email", "source": nil}
	body := m{
		"@odata.type": "#microsoft.graph.application", "displayName": "acme",
		"api": m{"@odata.type": "#microsoft.graph.apiApplication", "acceptMappedClaims": nil, "knownClientApplications": []string{},
			"oauth2PermissionScopes": []m{scope}, "preAuthorizedApplications": []m{}, "requestedAccessTokenVersion": 2},
		"appRoles": []m{role}, "defaultRedirectUri": nil, "description": "d", "groupMembershipClaims": nil, "identifierUris": []string{},
		"info":                      m{"marketingUrl": nil, "privacyStatementUrl": nil, "supportUrl": nil, "termsOfServiceUrl": nil},
		"isDeviceOnlyAuthSupported": nil, "isFallbackPublicClient": nil, "notes": nil,
		"optionalClaims":         m{"accessToken": []m{claim}, "idToken": []m{}, "saml2Token": []m{}},
		"owners@odata.bind":      []string{p.bind(string(p.c.Principal.ID))},
		"publicClient":           m{"redirectUris": []string{}},
		"requiredResourceAccess": []m{{"resourceAppId": string(app.GraphAppID), "resourceAccess": []m{{"id": "df021288-bdef-4463-88db-98f22de89214", "type": "Role"}}}},
		"samlMetadataUrl":        nil, "serviceManagementReference": nil, "signInAudience": "AzureADMyOrg",
		"spa": m{"redirectUris": []string{}}, "tags": []string{},
		"web": m{"homePageUrl": nil, "implicitGrantSettings": m{"enableAccessTokenIssuance": false, "enableIdTokenIssuance": true}, "logoutUrl": nil,
			"redirectUris": []string{"https://acme.example/cb"}},
	}
	path = p.create("/v1.0/applications", "displayName", body)
	id := last(path)
	p.shows(path, body)
	p.ask(http.StatusOK, http.MethodGet, "/beta/applications/"+id+"?$select=oauth2RequirePostResponse", nil)
	p.ask(http.StatusNoContent, http.MethodPatch, "/beta/applications/"+id, m{"oauth2RequirePostResponse": false})
	p.handOver(path, owner)

	appID := p.ask(http.StatusOK, http.MethodGet, path, nil).Text("appId")
	p.update(path, m{"identifierUris": []string{"api://" + appID}})
	p.update(path, m{"tags": []string{"HideApp"}, "notes": "n", "web": m{"homePageUrl": "https://acme.example", "logoutUrl": nil}})
	p.update(path, m{"tags": []string{}})                // those of an application show on its service principals too
	role["isEnabled"], scope["isEnabled"] = false, false // a role goes in two steps
	p.update(path, m{"appRoles": []m{role}, "api": m{"oauth2PermissionScopes": []m{scope}}})
	p.update(path, m{"appRoles": []m{}, "api": m{"oauth2PermissionScopes": []m{}}})
	role["isEnabled"] = true
	p.update(path, m{"appRoles": []m{role}})

	p.found("/v1.0/applications?$filter=appId eq '"+appID+"'", id)
	p.found("/v1.0/applications?$filter=displayName eq 'acme'", id)
	p.found("/v1.0/applications?$filter=identifierUris/any(x:x eq 'api://"+appID+"')", id)
	return path
}

func (p provider) federated(application string) {
	p.Helper()
	set := application + "/federatedIdentityCredentials"
	body := m{"@odata.type": "#microsoft.graph.federatedIdentityCredential", "audiences": []string{"api://AzureADTokenExchange"}, "description": nil,
		"issuer": graphtest.Own + "/" + string(p.c.Tenant.ID) + "/v2.0", "name": "from-ci", "subject": "s"}
	path := set + "/" + p.ask(http.StatusCreated, http.MethodPost, set, body).Text("id")
	for range polls {
		p.shows(path, body)
	}
	p.update(path, m{"audiences": []string{"api://other"}, "description": "d", "issuer": body["issuer"], "subject": "t"})
	p.found(set, last(path))
	p.destroy(path)
}

func (p provider) password(application string) {
	p.Helper()
	key := p.ask(http.StatusOK, http.MethodPost, application+"/addPassword", m{"passwordCredential": m{
		"@odata.type": "#microsoft.graph.passwordCredential", "displayName": "rbac", "endDateTime": nil, "startDateTime": nil}}).Text("keyId")
	has := func() bool {
		list, _ := p.ask(http.StatusOK, http.MethodGet, application, nil).Body["passwordCredentials"].([]any)
		return slices.ContainsFunc(list, func(c any) bool { return c.(m)["keyId"] == key })
	}
	if key == "" || !has() {
		p.Fatalf("the password %q does not show", key)
	}
	p.ask(http.StatusNoContent, http.MethodPost, application+"/removePassword", m{"keyId": key})
	if has() {
		p.Error("the removed password shows")
	}
}

func (p provider) principal(application, owner string) (path string) {
	p.Helper()
	appID := p.ask(http.StatusOK, http.MethodGet, application, nil).Text("appId")
	byApp := "/v1.0/servicePrincipals?$filter=appId eq '" + appID + "'"
	if items := p.ask(http.StatusOK, http.MethodGet, byApp, nil).Items(); len(items) != 0 {
		p.Fatalf("%s: %v", byApp, items)
	}
	body := m{"@odata.type": "#microsoft.graph.servicePrincipal", "accountEnabled": true, "alternativeNames": []string{}, "appId": appID,
		"appRoleAssignmentRequired": false, "description": nil, "loginUrl": nil, "notes": nil, "notificationEmailAddresses": []string{},
		"owners@odata.bind": []string{p.bind(string(p.c.Principal.ID))}, "preferredSingleSignOnMode": nil,
		"samlSingleSignOnSettings": nil, "tags": []string{"WindowsAzureActiveDirectoryIntegratedApp"}}
	path = p.create("/v1.0/servicePrincipals", "description", body)
	p.shows(path, body)
	p.ask(http.StatusOK, http.MethodGet, "/beta/servicePrincipals/"+last(path)+"?$select=samlMetadataUrl", nil)
	p.handOver(path, owner)
	p.found(byApp, last(path))
	p.found("/v1.0/servicePrincipals?$filter=displayName eq 'acme'", last(path))
	return path
}

// assignment is azuread_app_role_assignment on Microsoft Graph.
func (p provider) assignment(principal string) {
	p.Helper()
	graph := p.ask(http.StatusOK, http.MethodGet, "/v1.0/servicePrincipals?$filter=appId eq '"+string(app.GraphAppID)+"'", nil).Items()[0]
	set := "/v1.0/servicePrincipals/" + graph["id"].(string) + "/appRoleAssignedTo"
	body := m{"appRoleId": "df021288-bdef-4463-88db-98f22de89214", "principalId": last(principal), "resourceId": graph["id"]}
	path := set + "/" + p.ask(http.StatusCreated, http.MethodPost, set, body).Text("id")
	for range polls {
		p.shows(path, body)
	}
	p.destroy(path)
}

// grant is azuread_service_principal_delegated_permission_grant.
func (p provider) grant(principal string) {
	p.Helper()
	body := m{"clientId": last(principal), "consentType": "AllPrincipals", "principalId": nil, "resourceId": p.c.Tenant.Graph.ID, "scope": "User.Read openid"}
	path := "/v1.0/oauth2PermissionGrants/" + p.ask(http.StatusCreated, http.MethodPost, "/v1.0/oauth2PermissionGrants", body).Text("id")
	for range polls {
		p.shows(path, body)
	}
	p.update(path, m{"scope": "User.Read"})
	p.destroy(path)
}

// roles are azuread_directory_role and azuread_directory_role_assignment.
func (p provider) roles(user string) {
	p.Helper()
	const readers = "88d8e3e3-8f55-4a1e-953a-9b9898b8876b" // Directory Readers
	list := p.ask(http.StatusOK, http.MethodGet, "/v1.0/directoryRoles", nil).Items()
	if !slices.ContainsFunc(list, func(r map[string]any) bool { return r["roleTemplateId"] == readers }) {
		p.ask(http.StatusOK, http.MethodGet, "/v1.0/directoryRoleTemplates/"+readers, nil)
		p.ask(http.StatusCreated, http.MethodPost, "/v1.0/directoryRoles", m{"roleTemplateId": readers})
	}
	p.found("/v1.0/directoryRoles?$filter=roleTemplateId eq '"+readers+"'",
		p.ask(http.StatusOK, http.MethodGet, "/v1.0/directoryRoles(roleTemplateId='"+readers+"')", nil).Text("id"))
	const set = "/v1.0/roleManagement/directory/roleAssignments"
	body := m{"directoryScopeId": "/", "principalId": user, "roleDefinitionId": readers}
	path := set + "/" + p.ask(http.StatusCreated, http.MethodPost, set, body).Text("id")
	for range polls {
		p.shows(path, body)
	}
	p.destroy(path)
}

// group is azuread_group with members, which lives in beta.
func (p provider) group(user string) (path string) {
	p.Helper()
	byName := "/beta/groups?$filter=displayName eq 'engineers'"
	if items := p.ask(http.StatusOK, http.MethodGet, byName, nil).Items(); len(items) != 0 {
		p.Fatalf("%s: %v", byName, items)
	}
	p.ask(http.StatusOK, http.MethodGet, "/v1.0/directoryObjects/"+string(p.c.Principal.ID), nil)
	body := m{"@odata.type": "#microsoft.graph.group", "description": nil, "displayName": "engineers", "groupTypes": []string{},
		"isAssignableToRole": false, "mailEnabled": false, "mailNickname": "engineers-1", "membershipRule": nil,
		"owners@odata.bind": []string{p.bind(string(p.c.Principal.ID))}, "resourceBehaviorOptions": []string{}, "resourceProvisioningOptions": []string{},
		"securityEnabled": true, "theme": nil}
	path = p.create("/beta/groups", "displayName", body)
	p.shows(path, body)
	p.dance(path, "description", nil)
	p.handOver(path, user)

	one := path + "/members?$filter=id eq '" + user + "'"
	p.members(one)
	p.ask(http.StatusNoContent, http.MethodPost, path+"/members/$ref", m{"@odata.id": p.bind(user)})
	for range polls {
		p.members(one, user)
	}
	p.members(path+"/members", user)
	p.members(path+"/transitiveMembers", user)
	p.ask(http.StatusNoContent, http.MethodDelete, path+"/members/"+user+"/$ref", nil)
	for range polls {
		p.members(one)
	}
	p.found(byName, last(path))
	p.found(byName+" and mailEnabled eq false and securityEnabled eq true", last(path))
	p.found("/beta/groups?$filter=mailNickname eq 'engineers-1'", last(path))
	return path
}

// team is azuread_group of the type Unified.
func (p provider) team(user string) (path string) {
	p.Helper()
	body := m{"@odata.type": "#microsoft.graph.group", "description": "d", "displayName": "team", "groupTypes": []string{"Unified"},
		"isAssignableToRole": false, "mailEnabled": true, "mailNickname": "team", "membershipRule": nil, "owners@odata.bind": []string{p.bind(user)},
		"resourceBehaviorOptions": []string{}, "resourceProvisioningOptions": []string{}, "securityEnabled": true, "visibility": "Private"}
	path = p.create("/beta/groups", "displayName", body)
	p.shows(path, body)
	p.members(path+"/owners", user)
	p.ask(http.StatusOK, http.MethodGet, path+"?$select=allowExternalSenders,autoSubscribeNewMembers,hideFromAddressLists,hideFromOutlookClients", nil)
	return path
}

// invitation is azuread_invitation without a message: a message is mail, which
// is refused and not forgotten.
func (p provider) invitation() {
	p.Helper()
	body := m{"@odata.type": "#microsoft.graph.invitation", "invitedUserDisplayName": "Guest", "invitedUserEmailAddress": "guest@partner.example",
		"inviteRedirectUrl": "https://portal.azure.com", "invitedUserType": "Guest"}
	made := p.ask(http.StatusCreated, http.MethodPost, "/v1.0/invitations", body)
	user, _ := made.Body["invitedUser"].(map[string]any)
	id, _ := user["id"].(string)
	if made.Text("inviteRedeemUrl") == "" || id == "" {
		p.Fatalf("the invitation is %s", made.Raw)
	}
	path := "/v1.0/users/" + id
	p.shows(path+"?$select=userType,mail", m{"userType": "Guest", "mail": "guest@partner.example"})
	p.update(path, m{"companyName": nil})
	p.destroy(path)
	body["sendInvitationMessage"], body["invitedUserMessageInfo"] = true, m{"ccRecipients": []m{}, "customizedMessageBody": "hello", "messageLanguage": nil}
	p.ask(http.StatusBadRequest, http.MethodPost, "/v1.0/invitations", body)
}
