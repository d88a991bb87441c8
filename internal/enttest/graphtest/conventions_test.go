package graphtest

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// A convention is a request and how Graph answers it, of what holds for every
// set.
type convention struct {
	rule   string
	ask    string // headers may stand behind it: "GET /v1.0/users | Accept: x | Prefer: y"
	body   string
	status int

	// wants are parts of the answer. One that begins with ! must not be there;
	// one that begins with # is a header, "#Location: https", whose value begins so.
	wants []string
}

// conventions are those of the surface, by subject. Braces are filled in.
var conventions = map[string][]convention{
	"paths": pathConventions, "headers": headerConventions, "answers": answerConventions, "options": optionConventions, "writes": writeConventions,
}

var pathConventions = []convention{
	{"beta", "GET /beta/users/{user}", "", 200, []string{"/beta/$metadata#users/$entity"}},
	{"the alias", "GET /v1.0/myorganization/applications/{app}", "", 200, []string{"/v1.0/$metadata#applications/$entity"}},
	{"the alias, of principals", "GET /v1.0/myorganization/servicePrincipals", "", 200, nil},
	{"the alias, of grants", "GET /v1.0/myorganization/oauth2PermissionGrants", "", 200, nil},
	{"the alias, of actions", "POST /v1.0/myorganization/applications/{app}/addPassword", "{}", 200, nil},
	{"the tenant leads", "GET /v1.0/{tenant}/users/{user}", "", 200, nil},
	{"its domain leads", "GET /v1.0/contoso.example/users/{user}", "", 200, nil},
	{"a key in brackets", "GET /v1.0/users('{user}')", "", 200, []string{`"id":"{user}"`}},
	{"a key with its name", "GET /v1.0/users(id='{user}')", "", 200, []string{`"id":"{user}"`}},
	{"a key that is escaped", "GET /v1.0/users(%27{user}%27)", "", 200, []string{`"id":"{user}"`}},
	{"a key without quotes", "GET /v1.0/users({user})", "", 200, []string{`"id":"{user}"`}},
	{"a key in capitals", "GET /v1.0/users/{USER}", "", 200, []string{`"id":"{user}"`}},
	{"a part behind brackets", "GET /v1.0/groups('{group}')/members", "", 200, []string{`"id":"{user}"`}},
	{"a user by name", "GET /v1.0/users/{upn}", "", 200, []string{`"id":"{user}"`}},
	{"a user by name, escaped", "GET /v1.0/users/{upn%}", "", 200, []string{`"id":"{user}"`}},
	{"a user by name, in brackets", "GET /v1.0/users('{upn}')", "", 200, []string{`"id":"{user}"`}},
	{"a user by the name's property", "GET /v1.0/users(userPrincipalName='{upn}')", "", 200, []string{`"id":"{user}"`}},
	{"a name with a dollar", "GET /v1.0/users('$x@contoso.example')", "", 404, []string{"Resource '$x@contoso.example' does not exist"}},
	{"a guest's name", "GET /v1.0/users/x_a.example%23EXT%23@contoso.example", "", 404, []string{"Resource 'x_a.example#EXT#@contoso.example' does not exist"}},
	{"what is below a name", "GET /v1.0/users/{upn}/memberOf", "", 200, []string{`"id":"{group}"`}},
	{"an application's number", "GET /v1.0/applications(appId='{appId}')", "", 200, []string{`"id":"{app}"`}},
	{"its number in any case", "GET /v1.0/Applications(AppId='{APPID}')", "", 200, []string{`"id":"{app}"`}},
	{"its unique name", "GET /v1.0/applications(uniqueName='unique')", "", 200, []string{`"id":"{app}"`}},
	{"what is below a number", "GET /v1.0/applications(appId='{appId}')/federatedIdentityCredentials", "", 200, []string{"story"}},
	{"what is below a unique name", "GET /v1.0/applications(uniqueName='unique')/owners", "", 200, nil},
	{"a principal's number", "GET /v1.0/servicePrincipals(appId='{appId}')", "", 200, []string{`"id":"{sp}"`}},
	{"what it owns", "GET /v1.0/servicePrincipals(appId='{appId}')/ownedObjects", "", 200, []string{`"value":[]`}},
	{"what it created", "GET /v1.0/servicePrincipals/{client}/createdObjects/graph.group", "", 200, []string{`"id":"{group}"`}},
	{"a part of it", "GET /v1.0/servicePrincipals(appId='{appId}')/appRoleAssignedTo", "", 200, nil},
	{"a group's unique name", "GET /v1.0/groups(uniqueName='nobody')", "", 404, nil},
	{"a role's template", "GET /v1.0/directoryRoles(roleTemplateId='62e90394-69f5-4237-9190-012177145e10')", "", 200, []string{"Global Administrator"}},
	{"members of a role's template", "GET /v1.0/directoryRoles(roleTemplateId='62e90394-69f5-4237-9190-012177145e10')/members", "", 200, []string{"microsoft.graph.user"}},
	{"a credential by name", "GET /v1.0/applications/{app}/federatedIdentityCredentials(name='story')", "", 200, []string{`"name":"story"`}},
	{"a credential by name as a segment", "GET /v1.0/applications/{app}/federatedIdentityCredentials/story", "", 200, []string{`"name":"story"`}},
	{"a cast", "GET /v1.0/groups/{group}/members/microsoft.graph.user", "", 200, []string{"$metadata#users", `"userPrincipalName":"{upn}"`}},
	{"a short cast", "GET /v1.0/groups/{group}/members/graph.user", "", 200, []string{`"userPrincipalName":"{upn}"`}},
	{"a cast in capitals", "GET /v1.0/groups/{group}/members/Microsoft.Graph.User", "", 200, []string{`"userPrincipalName":"{upn}"`}},
	{"a cast to what is not there", "GET /v1.0/groups/{group}/members/graph.servicePrincipal", "", 200, []string{`"value":[]`}},
	{"a cast, counted", "GET /v1.0/groups/{group}/members/graph.user/$count | ConsistencyLevel: eventual", "", 200, []string{"1"}},
	{"a cast of what is deleted", "GET /v1.0/directory/deletedItems/Microsoft.Graph.Group", "", 200, []string{`"value":[`}},
	{"a cast of one", "GET /v1.0/directoryObjects/{user}/microsoft.graph.user", "", 200, []string{`"userPrincipalName":"{upn}"`}},
	{"an action by its full name", "POST /v1.0/applications/{app}/microsoft.graph.addPassword", "{}", 200, []string{"secretText"}},
	{"an action by its short name", "POST /v1.0/users/{user}/graph.getMemberGroups", `{"securityEnabledOnly":true}`, 200, []string{`"value":["{group}"]`}},
	{"an action in another case", "POST /v1.0/users/{user}/GetMemberGroups", `{"securityEnabledOnly":true}`, 200, []string{`"value":["{group}"]`}},
	{"changes", "GET /v1.0/users/delta", "", 501, []string{"This operation target is not yet supported."}},
	{"changes in brackets", "GET /v1.0/users/delta()", "", 501, nil},
	{"changes by their full name", "GET /v1.0/users/microsoft.graph.delta", "", 501, nil},
	{"changes by their full name in brackets", "GET /v1.0/users/microsoft.graph.delta()", "", 501, nil},
	{"a count", "GET /v1.0/groups/{group}/members/$count | ConsistencyLevel: eventual", "", 200, []string{"1", "#Content-Type: text/plain"}},
	{"references", "GET /v1.0/groups/{group}/members/$ref", "", 200, []string{"$metadata#Collection($ref)", `"@odata.id":"`, "{user}"}},
	{"a property", "GET /v1.0/users/{user}/displayName", "", 200, []string{"$metadata#users('{user}')/displayName", `"value":"story"`}},
	{"a bare value", "GET /v1.0/users/{user}/displayName/$value", "", 200, []string{"story", "#Content-Type: text/plain"}},
	{"a property that is null", "GET /v1.0/users/{user}/jobTitle", "", 204, nil},
	{"a part of a property", "GET /v1.0/applications/{app}/web/redirectUris", "", 200, []string{`"value":[]`}},
	{"letter case", "GET /V1.0/USERS/{user}", "", 200, []string{"$metadata#users/$entity"}},
	{"letter case of parts", "GET /v1.0/directory/deleteditems/microsoft.graph.user", "", 200, nil},
	{"letter case of counts", "GET /v1.0/users/$COUNT | ConsistencyLevel: eventual", "", 200, nil},
	{"a slash at the end", "GET /v1.0/users/{user}/", "", 200, nil},
	{"two slashes", "GET //v1.0//users//{user}", "", 200, nil},
	{"the service document", "GET /v1.0/", "", 200, []string{"/v1.0/$metadata", `"name":"users"`, `"url":"users"`}},
	{"the service document without a slash", "GET /beta", "", 200, []string{"/beta/$metadata"}},
	{"the metadata", "GET /v1.0/$metadata", "", 200, []string{"<edmx:Edmx", "#Content-Type: application/xml"}},
}

var headerConventions = []convention{
	{"what every answer carries", "GET /v1.0/users/{user}", "", 200, []string{
		"#Content-Type: application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8", "#OData-Version: 4.0",
		"#Cache-Control: no-cache", "#Vary: Accept-Encoding", `#x-ms-ags-diagnostic: {"ServerInfo":{"DataCenter":`, "#Strict-Transport-Security: max-age=",
		"#x-ms-resource-unit: ", "#request-id: ", "#client-request-id: ",
	}},
	{"the caller's own number", "GET /v1.0/users/{user} | client-request-id: 11111111-2222-3333-4444-555555555555", "", 200, []string{"#client-request-id: 11111111-2222-3333-4444-555555555555"}},
	{"the caller's own number in errors", "GET /v1.0/nothing | client-request-id: 11111111-2222-3333-4444-555555555555", "", 400, []string{`"client-request-id":"11111111-2222-3333-4444-555555555555"`}},
	{"another consistency is none", "GET /v1.0/users/$count | ConsistencyLevel: session", "", 400, []string{"$count is not currently supported."}},
	{"the consistency's name in another case", "GET /v1.0/users/$count | Consistencylevel: Eventual", "", 200, nil},
	{"Terraform's Accept", "GET /v1.0/users/{user} | Accept: application/json; charset=utf-8; IEEE754Compatible=false", "", 200, []string{"@odata.context"}},
	{"no metadata", "GET /v1.0/users?$top=1 | Accept: application/json;odata.metadata=none", "", 200, []string{"!@odata.context", `"value":[`, `"@odata.nextLink":"`, "#Content-Type: application/json;odata.metadata=none"}},
	{"no metadata, counted", "GET /v1.0/users?$top=1&$count=true | Accept: application/json;odata.metadata=none | ConsistencyLevel: eventual", "", 200, []string{"@odata.count"}},
	{"all metadata", "GET /v1.0/users/{user} | Accept: application/json;odata.metadata=full", "", 200, []string{`"@odata.type":"#microsoft.graph.user"`, `"@odata.id":"`, `"@odata.editLink":"`}},
	{"minimal metadata by name", "GET /v1.0/users/{user} | Accept: application/json;odata.metadata=minimal;odata.streaming=true", "", 200, []string{"@odata.context", "!@odata.type"}},
	{"OData's versions", "GET /v1.0/users/{user} | OData-Version: 4.0 | OData-MaxVersion: 4.01", "", 200, nil},
	{"several preferences", "PATCH /v1.0/applications(uniqueName='unique') | Prefer: return=representation, create-if-missing", `{}`, 200, []string{`"id":"{app}"`, "#Preference-Applied: return=representation"}},
	{"noise", "GET /v1.0/users/{user} | SdkVersion: x | X-ClientService-ClientTag: y | x-ms-throttle-priority: low", "", 200, nil},
	{"no enumeration's future members", "GET /v1.0/users/{user} | Prefer: include-unknown-enum-members", "", 200, nil},
	{"JSON with parameters", "PATCH /v1.0/users/{user} | Content-Type: application/json; charset=utf-8; IEEE754Compatible=false", `{}`, 204, nil},
	{"no JSON", "PATCH /v1.0/users/{user} | Content-Type: text/plain", `{}`, 415, []string{"UnsupportedMediaType"}},
	{"an action without a body", "POST /v1.0/applications/{app}/addPassword", "", 200, nil},
	{"no token", "GET /v1.0/users | Authorization: ", "", 401, []string{
		"InvalidAuthenticationToken", "Access token is empty.", `#WWW-Authenticate: Bearer realm="", authorization_uri="`,
	}},
	{"no token that is one", "GET /v1.0/users | Authorization: Bearer nothing", "", 401, []string{"InvalidAuthenticationToken", "JWT is not well formed"}},
	{"the scheme in another case", "GET /v1.0/users | Authorization: bEARER {token}", "", 200, nil},
	{"no match", "PATCH /v1.0/users/{user} | If-Match: \"x\"", `{}`, 412, []string{"PreconditionFailed"}},
	{"any match", "PATCH /v1.0/users/{user} | If-Match: *", `{}`, 204, nil},
	{"no match needed to read", "GET /v1.0/users/{user} | If-None-Match: \"x\"", "", 200, nil},
}

var answerConventions = []convention{
	{"a set", "GET /v1.0/groups", "", 200, []string{`"@odata.context":"{own}/v1.0/$metadata#groups"`}},
	{"an entity", "GET /v1.0/groups/{group}", "", 200, []string{`"@odata.context":"{own}/v1.0/$metadata#groups/$entity"`}},
	{"a selected set", "GET /v1.0/groups?$select=id,displayName", "", 200, []string{`$metadata#groups(id,displayName)"`}},
	{"a selected entity", "GET /v1.0/groups/{group}?$select=id,displayName", "", 200, []string{`$metadata#groups(id,displayName)/$entity"`}},
	{"an expanded entity", "GET /v1.0/groups/{group}?$expand=members", "", 200, []string{`$metadata#groups(members())/$entity"`}},
	{"an expanded and selected entity", "GET /v1.0/groups/{group}?$select=id&$expand=members($select=id)", "", 200, []string{`$metadata#groups(id,members(id))/$entity"`}},
	{"directory objects", "GET /v1.0/groups/{group}/members", "", 200, []string{`$metadata#directoryObjects"`, `"@odata.type":"#microsoft.graph.user"`}},
	{"contained", "GET /v1.0/applications/{app}/federatedIdentityCredentials", "", 200, []string{`$metadata#applications('{app}')/federatedIdentityCredentials"`}},
	{"one that is contained", "GET /v1.0/applications/{app}/federatedIdentityCredentials/story", "", 200, []string{`$metadata#applications('{app}')/federatedIdentityCredentials/$entity"`}},
	{"a complex value", "POST /v1.0/applications/{app}/addPassword", "{}", 200, []string{`$metadata#microsoft.graph.passwordCredential"`}},
	{"simple values", "POST /v1.0/users/{user}/getMemberGroups", `{"securityEnabledOnly":true}`, 200, []string{`$metadata#Collection(Edm.String)"`, `"value":[`}},
	{"a simple value", "POST /v1.0/users/{user}/revokeSignInSessions", "", 200, []string{`$metadata#Edm.Boolean"`, `"value":true`}},
	{"of a function", "GET /v1.0/tenantRelationships/findTenantInformationByTenantId(tenantId='{tenant}')", "", 200, []string{`$metadata#microsoft.graph.tenantInformation"`}},
	{"a single one", "GET /v1.0/policies/crossTenantAccessPolicy/default", "", 200, []string{`$metadata#policies/crossTenantAccessPolicy/default/$entity"`}},
	{"a reference", "GET /v1.0/users/{user}/manager/$ref", "", 200, []string{`$metadata#$ref"`, `"@odata.id":"`}},
	{"the host that was asked", "GET /v1.0/groups | Host: localhost:8443", "", 200, []string{`"@odata.context":"https://localhost:8443/v1.0/$metadata#groups"`}},
	{"whole seconds", "GET /v1.0/users/{user}?$select=createdDateTime", "", 200, []string{`"createdDateTime":"2026-11-23T12:00:00Z"`}},
	{"null and empty", "GET /v1.0/users/{user}", "", 200, []string{`"businessPhones":[]`, `"jobTitle":null`}},
}

var optionConventions = []convention{
	{"no identifier unless selected", "GET /v1.0/users?$select=displayName", "", 200, []string{`$metadata#users(displayName)`, `!"id":`}},
	{"everything selected", "GET /v1.0/users/{user}?$select=*", "", 200, []string{`"id":"{user}"`}},
	{"selected with spaces", "GET /v1.0/users/{user}?$select=id, displayName", "", 200, []string{`"displayName":"story"`}},
	{"no such property of one", "GET /v1.0/users/{user}?$select=noSuch", "", 200, []string{`$metadata#users(noSuch)/$entity`, `!"id"`}},
	{"no such property of many", "GET /v1.0/users?$select=noSuch", "", 400, []string{"Parsing OData Select and Expand failed: Could not find a property named 'noSuch' on type 'microsoft.graph.user'."}},
	{"the greatest page", "GET /v1.0/users?$top=999", "", 200, nil},
	{"too great a page", "GET /v1.0/users?$top=1000", "", 400, []string{"Request_UnsupportedQuery", "Invalid page size specified: '1000'. Must be between 1 and 999 inclusive."}},
	{"no page", "GET /v1.0/users?$top=0", "", 400, []string{"Invalid page size specified: '0'."}},
	{"a log's page", "GET /v1.0/auditLogs/directoryAudits?$top=1000", "", 200, nil},
	{"no skipping", "GET /v1.0/users?$skip=1", "", 400, nil},
	{"the next page", "GET /v1.0/users?$select=displayName&$top=1", "", 200, []string{`"@odata.nextLink":"{own}/v1.0/users?$select=displayName&$top=1&$skiptoken=`}},
	{"a count nobody asked eventually for", "GET /v1.0/users?$count=true", "", 200, []string{"!@odata.count"}},
	{"a count", "GET /v1.0/users?$count=true | ConsistencyLevel: eventual", "", 200, []string{`"@odata.count":`}},
	{"a counted segment without consistency", "GET /v1.0/users/$count", "", 400, []string{"Request_BadRequest", "$count is not currently supported."}},
	{"a search without consistency", `GET /v1.0/users?$search="displayName:x"`, "", 400, []string{
		"Request_UnsupportedQuery", "Request with $search query parameter only works through MSGraph with a special request header: 'ConsistencyLevel: eventual'",
	}},
	{"a search", `GET /v1.0/users?$search="displayName:story" | ConsistencyLevel: eventual`, "", 200, []string{`"id":"{user}"`}},
	{"options without a dollar", "GET /v1.0/users?filter=displayName eq 'story'&select=id", "", 200, []string{`"value":[{"id":"{user}"}]`}},
	{"options in another case", "GET /v1.0/users?$orderBy=displayName&$TOP=5", "", 200, nil},
	{"an escaped dollar", "GET /v1.0/users?%24filter=displayName%20eq%20'story'&%24select=id", "", 200, []string{`"value":[{"id":"{user}"}]`}},
	{"plus is a space", "GET /v1.0/users?$filter=displayName+eq+'story'&$select=id", "", 200, []string{`"value":[{"id":"{user}"}]`}},
	{"the format", "GET /v1.0/users/{user}?$format=json", "", 200, nil},
	{"not equal", "GET /v1.0/users?$filter=displayName ne 'x'", "", 400, []string{"Request_UnsupportedQuery"}},
	{"not equal, advanced", "GET /v1.0/users?$filter=displayName ne 'x'&$count=true | ConsistencyLevel: eventual", "", 200, nil},
	{"consistency alone is not advanced", "GET /v1.0/users?$filter=displayName ne 'x' | ConsistencyLevel: eventual", "", 400, []string{"Request_UnsupportedQuery"}},
	{"the end of a text", "GET /v1.0/users?$filter=endsWith(mail,'x')", "", 400, []string{"Request_UnsupportedQuery"}},
	{"a filter with an order", "GET /v1.0/users?$filter=startsWith(displayName,'x')&$orderby=displayName", "", 400, []string{"Request_UnsupportedQuery"}},
	{"a space in a function", "GET /v1.0/users?$filter=startsWith(displayName, 'sto')&$select=id", "", 200, []string{"{user}"}},
	{"capital NOT", "GET /v1.0/users?$filter=NOT(displayName eq 'x')&$count=true | ConsistencyLevel: eventual", "", 200, nil},
	{"a quote in a text", "GET /v1.0/users?$filter=displayName eq 'O''Neill'", "", 200, []string{`"value":[]`}},
	{"a text in another case", "GET /v1.0/users?$filter=displayName eq 'STORY'&$select=id", "", 200, []string{"{user}"}},
	{"too many alternatives", "GET /v1.0/users?$filter=id in ('1','2','3','4','5','6','7','8','9','10','11','12','13','14','15','16')", "", 400, []string{"Request_UnsupportedQuery"}},
	{"an identifier cannot be compared by order", "GET /v1.0/users?$filter=id ge 'x'&$count=true | ConsistencyLevel: eventual", "", 400, []string{"Request_UnsupportedQuery"}},
	{"a user's manager", "GET /v1.0/users/{user}?$expand=manager($select=displayName)", "", 200, []string{`"manager":{`}},
	{"what counts nothing", "GET /v1.0/groups?$filter=owners/$count eq 0&$count=true | ConsistencyLevel: eventual", "", 200, nil},
	{"an application with a credential", "GET /v1.0/applications?$filter=federatedIdentityCredentials/$count ne 0 and extensionProperties/$count eq 0&$count=true&$select=id | ConsistencyLevel: eventual", "", 200, []string{`"value":[{"id":"{app}"}]`}},
	{"what owns nothing", "GET /v1.0/servicePrincipals?$filter=ownedObjects/$count eq 0&$count=true | ConsistencyLevel: eventual", "", 200, []string{`"id":"{sp}"`}},
	{"counted without consistency", "GET /v1.0/applications?$filter=owners/$count eq 0", "", 400, []string{"Request_UnsupportedQuery"}},
	{"applications without owners", "GET /v1.0/applications?$filter=owners/$count eq 0&$count=true | ConsistencyLevel: eventual", "", 200, nil},
	{"principals with owners", "GET /v1.0/servicePrincipals?$filter=owners/$count ne 0&$count=true | ConsistencyLevel: eventual", "", 200, []string{`"id":"{sp}"`}},
	{"kinds of groups", "GET /v1.0/groups?$filter=groupTypes/any(c:c+eq+'Unified')", "", 200, []string{`"value":[]`}},
	{"kinds of principals need more", "GET /v1.0/servicePrincipals?$filter=servicePrincipalType eq 'ManagedIdentity'", "", 400, []string{"Request_UnsupportedQuery"}},
}

var writeConventions = []convention{
	{"create", "POST /v1.0/groups", `{"displayName":"made","mailNickname":"made","mailEnabled":false,"securityEnabled":true}`, 201, []string{
		`$metadata#groups/$entity"`, "#Location: {own}/v1.0/groups/", `"visibility":null`,
	}},
	{"create and show nothing", "POST /v1.0/groups | Prefer: return=minimal", `{"displayName":"made","mailNickname":"made2","mailEnabled":false,"securityEnabled":true}`, 204, []string{"#Preference-Applied: return=minimal"}},
	{"change", "PATCH /v1.0/users/{user}", `{"jobTitle":"x"}`, 204, nil},
	{"change and show", "PATCH /v1.0/users/{user} | Prefer: return=representation", `{"jobTitle":"y"}`, 200, []string{`"jobTitle":"y"`, "#Preference-Applied: return=representation"}},
	{"change by another key", "PATCH /v1.0/applications(appId='{appId}')", `{"notes":"x"}`, 204, nil},
	{"change what is not there", "PATCH /v1.0/applications(uniqueName='other')", `{"displayName":"other"}`, 404, []string{"Request_ResourceNotFound"}},
	{"make what is not there", "PATCH /v1.0/applications(uniqueName='other') | Prefer: create-if-missing", `{"displayName":"other"}`, 201, []string{`"uniqueName":"other"`}},
	{"it is there now", "PATCH /v1.0/applications(uniqueName='other') | Prefer: create-if-missing", `{"displayName":"other"}`, 204, nil},
	{"annotations count for nothing", "PATCH /v1.0/users/{user}", `{"@odata.context":"x","@odata.type":"#microsoft.graph.user","id":"{user}","jobTitle":null}`, 204, nil},
	{"a name in another case", "PATCH /v1.0/users/{user}", `{"JobTitle":"x"}`, 204, nil},
	{"a name that there is not", "PATCH /v1.0/users/{user}", `{"noSuch":"x"}`, 400, []string{"Request_BadRequest", "Invalid property 'noSuch'."}},
	{"a policy's name in another case", "PATCH /v1.0/policies/crossTenantAccessPolicy/default", `{"b2BDirectConnectInbound":{}}`, 400, []string{"Invalid property 'b2BDirectConnectInbound'."}},
	{"a reference", "POST /v1.0/groups/{group}/members/$ref", `{"@odata.id":"https://graph.microsoft.com/v1.0/directoryObjects/{admin}"}`, 204, nil},
	{"the same again", "POST /v1.0/groups/{group}/members/$ref", `{"@odata.id":"https://any.example/beta/users('{admin}')"}`, 400, []string{"One or more added object references already exist for the following modified properties: 'members'."}},
	{"it goes", "DELETE /v1.0/groups/{group}/members/{admin}/$ref", "", 204, nil},
	{"it is gone", "DELETE /v1.0/groups/{group}/members/{admin}/$ref", "", 404, []string{"Request_ResourceNotFound"}},
	{"a reference of the tenant", "POST /v1.0/groups/{group}/members/$ref", `{"@odata.id":"https://any.example/v1.0/{tenant}/directoryObjects/{admin}"}`, 204, nil},
	{"it goes by its address", "DELETE /v1.0/groups/{group}/members/$ref?$id=https://any.example/v1.0/directoryObjects/{admin}", "", 204, nil},
	{"many at once", "PATCH /v1.0/groups/{group}", `{"members@odata.bind":["https://any.example/v1.0/directoryObjects/{admin}","https://any.example/v1.0/servicePrincipals/{sp}"]}`, 204, nil},
	{"all or nothing", "PATCH /v1.0/groups/{group}", `{"members@odata.bind":["https://any.example/v1.0/users/{manager}","https://any.example/v1.0/users/{admin}"]}`, 400, nil},
	{"a single reference", "PUT /v1.0/users/{user}/manager/$ref", `{"@odata.id":"https://any.example/v1.0/users/{admin}"}`, 204, nil},
	{"no single reference", "DELETE /v1.0/users/{user}/manager/$ref", "", 204, nil},
	{"there was none", "GET /v1.0/users/{user}/manager", "", 404, []string{"Request_ResourceNotFound"}},
	{"a member that there is not", "POST /v1.0/groups/{group}/members/$ref", `{"@odata.id":"https://any.example/v1.0/directoryObjects/11111111-2222-3333-4444-555555555555"}`, 404, []string{"Request_ResourceNotFound"}},
	{"delete", "DELETE /v1.0/applications(uniqueName='other')", "", 204, nil},
	{"delete again", "DELETE /v1.0/applications(uniqueName='other')", "", 404, nil},
}

// TestConventions asks for what Graph does alike everywhere, rule by rule.
func TestConventions(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, append([]string{"RoleManagement.Read.Directory"}, Everything...)...)
		create := func(path string, body map[string]any) string {
			return c.Send(t, w, http.StatusCreated, "POST", "/v1.0"+path, body).Text("id")
		}
		manager, user := create("/users", NewUser("contoso.example", "boss")), create("/users", NewUser("contoso.example", "story"))
		c.Send(t, w, http.StatusNoContent, "PUT", "/v1.0/users/"+user+"/manager/$ref", Ref(manager))
		group := NewGroup("story")
		group["members@odata.bind"] = Bind(user)
		made := c.Send(t, w, http.StatusCreated, "PATCH", "/v1.0/applications(uniqueName='unique')", map[string]any{"displayName": "story"}, "Prefer", "create-if-missing")
		app, appID := made.Text("id"), made.Text("appId")
		create("/applications/"+app+"/federatedIdentityCredentials", newCredential("story"))
		sp := create("/servicePrincipals", map[string]any{"appId": appID})
		fill := strings.NewReplacer("{user}", user, "{USER}", strings.ToUpper(user), "{upn}", "story@contoso.example", "{upn%}", "story%40contoso.example", "{manager}", manager,
			"{group}", create("/groups", group), "{app}", app, "{appId}", appID, "{APPID}", strings.ToUpper(appID), "{sp}", sp, "{client}", string(c.Principal.ID), "{admin}", string(w.A.Admin),
			"{tenant}", string(w.A.ID), "{own}", Own, "{token}", c.Token)
		for _, subject := range []string{"paths", "headers", "answers", "options", "writes"} {
			for _, tt := range conventions[subject] {
				w.keeps(t, c, subject, tt, fill)
			}
		}
	})
}

func (w *World) keeps(t *testing.T, c *Client, subject string, tt convention, fill *strings.Replacer) {
	t.Helper()
	parts := strings.Split(fill.Replace(tt.ask), " | ")
	method, path, _ := strings.Cut(parts[0], " ")
	var headers []string
	for _, h := range parts[1:] {
		name, value, _ := strings.Cut(h, ": ")
		headers = append(headers, name, value)
	}
	var body any
	if tt.body != "" {
		body = fill.Replace(tt.body)
	}
	a := w.Call(t, c.Token, method, path, body, headers...)
	failed := a.Status != tt.status
	for _, want := range tt.wants {
		want = fill.Replace(want)
		kind, rest := want[0], want[1:]
		switch kind {
		case '!':
			failed = failed || bytes.Contains(a.Raw, []byte(rest))
		case '#':
			name, value, _ := strings.Cut(rest, ": ")
			got := strings.Join(a.Header.Values(name), ", ")
			failed = failed || got == "" || !strings.HasPrefix(got, value)
		default:
			failed = failed || !bytes.Contains(a.Raw, []byte(want))
		}
	}
	if failed {
		t.Errorf("%s, %s: %s\n got %d %s\n%v\nwant %d %q", subject, tt.rule, fill.Replace(tt.ask), a.Status, a.Raw, a.Header, tt.status, tt.wants)
	}
}

// TestCompressedBody: the SDK for Go compresses what it sends.
func TestCompressedBody(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, Everything...)
		send := func(body []byte) int {
			r := httptest.NewRequestWithContext(t.Context(), "POST", Own+"/v1.0/groups", bytes.NewReader(body))
			r.Header.Set("Authorization", "Bearer "+c.Token)
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Content-Encoding", "gzip")
			rec := httptest.NewRecorder()
			w.handler.ServeHTTP(rec, r)
			return rec.Code
		}
		var small bytes.Buffer
		z := gzip.NewWriter(&small)
		_, err := z.Write([]byte(`{"displayName":"small","mailNickname":"small","mailEnabled":false,"securityEnabled":true}`))
		must(t, err)
		must(t, z.Close())
		if got := send(small.Bytes()); got != http.StatusCreated {
			t.Errorf("compressed: %d, want 201", got)
		}
		if got := send(slices.Concat(small.Bytes()[:20], []byte("x"))); got != http.StatusBadRequest {
			t.Errorf("cut off: %d, want 400", got)
		}
		var bomb bytes.Buffer
		z = gzip.NewWriter(&bomb)
		_, err = z.Write(bytes.Repeat([]byte(" "), 64<<20))
		must(t, err)
		must(t, z.Close())
		if got := send(bomb.Bytes()); got != http.StatusRequestEntityTooLarge {
			t.Errorf("64 MiB out of %d bytes: %d, want 413", bomb.Len(), got)
		}
	})
}
