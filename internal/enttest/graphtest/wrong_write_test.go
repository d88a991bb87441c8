package graphtest

import "strings"

// wrongWrites are writes that a rule refuses.
var wrongWrites = []wrong{
	{"foreign domain", "POST", "/v1.0/users", `{"accountEnabled":true,"displayName":"x","mailNickname":"x","userPrincipalName":"x@elsewhere.example","passwordProfile":{"password":"Correct-horse-7"}}`, 400, "Request_BadRequest", "The domain portion of the userPrincipalName property is invalid. You must use one of the verified domain names in your organization."},
	{"name that is taken", "POST", "/v1.0/users", `{"accountEnabled":true,"displayName":"x","mailNickname":"x","userPrincipalName":"ADMIN@contoso.example","passwordProfile":{"password":"Correct-horse-7"}}`, 400, "Request_BadRequest", "Another object with the same value for property userPrincipalName already exists."},
	{"bad reference", "POST", "/v1.0/applications/{app}/owners/$ref", `{"@odata.id":"nonsense"}`, 400, "Request_BadRequest", "Invalid URL format specified in payload."},
	{"bad bind", "POST", "/v1.0/applications", `{"displayName":"x","owners@odata.bind":["nonsense"]}`, 400, "Request_BadRequest", "Invalid URL format specified in payload."},
	{"bind of no part", "POST", "/v1.0/applications", `{"displayName":"x","members@odata.bind":[]}`, 400, "Request_BadRequest", "Invalid property 'members'."},
	{"owner that is not there", "POST", "/v1.0/applications/{app}/owners/$ref", `{"@odata.id":"https://x/v1.0/users/{nobody}"}`, 404, "Request_ResourceNotFound", "Resource '{nobody}' does not exist …"},
	{"principal of no application", "POST", "/v1.0/servicePrincipals", `{"appId":"{nobody}"}`, 400, "Request_BadRequest", "The appId '{nobody}' of the service principal does not reference a valid application object."},
	{"no such role", "POST", "/v1.0/servicePrincipals/{graph}/appRoleAssignedTo", `{"principalId":"{client}","resourceId":"{graph}","appRoleId":"{nobody}"}`, 400, "Request_BadRequest", "Not a valid reference update."},
	{"assignment of another resource", "POST", "/v1.0/servicePrincipals/{graph}/appRoleAssignedTo", `{"principalId":"{client}","resourceId":"{client}","appRoleId":"{nobody}"}`, 400, "Request_BadRequest", "Invalid value specified for property 'resourceId' of resource 'AppRoleAssignment'."},
	{"identifier URI of another host", "PATCH", "/v1.0/applications/{app}", `{"identifierUris":["https://elsewhere.example/api"]}`, 400, "HostNameNotOnVerifiedDomain", "Values of identifierUris property must use a verified domain of the organization or its subdomain: 'https://elsewhere.example/api'"},
	{"a state that somebody kept", "PATCH If-Match: \"abc\"", "/v1.0/users/{admin}", `{"jobTitle":"x"}`, 412, "PreconditionFailed", "…"},
	{"deletion of a state that somebody kept", "DELETE If-Match: W/\"abc\"", "/v1.0/applications/{app}", "", 412, "PreconditionFailed", "…"},
	{"a change to what must not be there", "PATCH If-None-Match: *", "/v1.0/users/{admin}", `{"jobTitle":"x"}`, 412, "PreconditionFailed", "…"},
	{"a name that nobody has", "PATCH", "/v1.0/applications(uniqueName='nothing')", `{"displayName":"x"}`, 404, "Request_ResourceNotFound", "Resource 'nothing' does not exist or one of its queried reference-property objects are not present."},
	{"weak password", "POST", "/v1.0/users", `{"accountEnabled":true,"displayName":"x","mailNickname":"x","userPrincipalName":"x@contoso.example","passwordProfile":{"password":"x"}}`, 400, request, "The specified password does not comply with password complexity requirements. Please provide a different password."},
	{"a principal that is there", "POST", "/v1.0/servicePrincipals", `{"appId":"{appId}"}`, 409, "Request_MultipleObjectsWithSameKeyValue", "The service principal cannot be created, updated, or restored because the service principal name {appId} is already in use."},
	{"a factor of whom", "PATCH", "/v1.0/policies/identitySecurityDefaultsEnforcementPolicy", `{"secondFactorDemandedOf":"guests"}`, 400, request, "A second factor is demanded of nobody, of administrators or of everybody."},
	{"a factor of two minds", "PATCH", "/v1.0/policies/identitySecurityDefaultsEnforcementPolicy", `{"secondFactorDemandedOf":"nobody","isEnabled":true}`, 400, request, "isEnabled stands for a second factor of everybody. Give one of the two, or both alike."},
	{"two roles of one value", "PATCH", "/v1.0/applications/{app}", `{"appRoles":[{"id":"{nobody}","allowedMemberTypes":["User"],"displayName":"a","description":"a","value":"x","isEnabled":true},{"id":"{admin}","allowedMemberTypes":["User"],"displayName":"b","description":"b","value":"x","isEnabled":true}]}`, 400, "DuplicateValue", "Request contains a property with duplicate values."},
	{"no such secret", "POST", "/v1.0/applications/{app}/removePassword", `{"keyId":"{nobody}"}`, 400, request, "…"},
	{"assignment to nobody", "POST", "/v1.0/servicePrincipals/{graph}/appRoleAssignedTo", `{"principalId":"{nobody}","resourceId":"{graph}","appRoleId":"{nobody}"}`, 404, "Request_ResourceNotFound", "Resource '{nobody}' does not exist or one of its queried reference-property objects are not present."},
	{"grant of nobody", "POST", "/v1.0/oauth2PermissionGrants", `{"clientId":"{nobody}","consentType":"AllPrincipals","resourceId":"{graph}","scope":"User.Read"}`, 404, "Request_ResourceNotFound", "Resource '{nobody}' does not exist or one of its queried reference-property objects are not present."},
}

// wrongLinks are references that do not hold.
var wrongLinks = []wrong{
	{"no reference", "POST", "/v1.0/groups/{group}/members/$ref", `{}`, 400, request, "Invalid URL format specified in payload."},
	{"a reference to nothing", "POST", "/v1.0/groups/{group}/members/$ref", `{"@odata.id":"https://graph.microsoft.com/v1.0/directoryObjects/{nobody}"}`, 404, "Request_ResourceNotFound", "Resource '{nobody}' does not exist or one of its queried reference-property objects are not present."},
	{"a reference into another tenant", "POST", "/v1.0/groups/{group}/members/$ref", `{"@odata.id":"https://graph.microsoft.com/v1.0/users/{stranger}"}`, 404, "Request_ResourceNotFound", "Resource '{stranger}' does not exist or one of its queried reference-property objects are not present."},
	{"a reference without a GUID", "POST", "/v1.0/groups/{group}/members/$ref", `{"@odata.id":"https://graph.microsoft.com/v1.0/users/nobody"}`, 400, request, "Invalid URL format specified in payload."},
	{"a reference that is too long", "POST", "/v1.0/groups/{group}/members/$ref", `{"@odata.id":"https://` + strings.Repeat("a", 2000) + `/v1.0/users/{admin}"}`, 400, request, "Invalid URL format specified in payload."},
	{"a member who is one", "POST", "/v1.0/groups/{group}/members/$ref", `{"@odata.id":"https://graph.microsoft.com/beta/directoryObjects('{admin}')"}`, 400, request, "One or more added object references already exist for the following modified properties: 'members'."},
	{"a member who is none", "DELETE", "/v1.0/groups/{group}/members/{client}/$ref", "", 404, "Request_ResourceNotFound", "Resource '{client}' does not exist or one of its queried reference-property objects are not present."},
	{"nobody is named", "DELETE", "/v1.0/groups/{group}/members/$ref", "", 400, request, "Invalid URL format specified in payload."},
	{"too many at once", "POST", "/v1.0/groups", `{"displayName":"x","mailNickname":"x","mailEnabled":false,"securityEnabled":true,"members@odata.bind":["https://x/v1.0/users/{admin}"` + strings.Repeat(`,"https://x/v1.0/users/{admin}"`, 20) + `]}`, 400, request, "Invalid URL format specified in payload."},
	{"GET of a member's reference", "GET", "/v1.0/groups/{group}/members/{admin}/$ref", "", 405, request, "Specified HTTP method is not allowed for the request target."},
}

// wrongBatches are batches that cannot be read.
var wrongBatches = []wrong{
	{"GET", "GET", "/v1.0/$batch", "", 405, request, "Specified HTTP method is not allowed for the request target."},
	{"no JSON", "POST", "/v1.0/$batch", "nonsense", 400, badRequest, "Invalid batch payload format."},
	{"empty", "POST", "/beta/$batch", `{"requests":[]}`, 400, badRequest, "Invalid batch payload format."},
	{"no requests", "POST", "/v1.0/$batch", `{}`, 400, badRequest, "Invalid batch payload format."},
	{"no id", "POST", "/v1.0/$batch", `{"requests":[{"method":"GET","url":"/users"}]}`, 400, badRequest, "Invalid batch payload format."},
	{"no method", "POST", "/v1.0/$batch", `{"requests":[{"id":"1","url":"/users"}]}`, 400, badRequest, "Invalid batch payload format."},
	{"no url", "POST", "/v1.0/$batch", `{"requests":[{"id":"1","method":"GET"}]}`, 400, badRequest, "Invalid batch payload format."},
	{"the same id in another case", "POST", "/v1.0/$batch", `{"requests":[{"id":"a","method":"GET","url":"/users"},{"id":"A","method":"GET","url":"/users"}]}`, 400, badRequest, "Invalid batch payload format."},
	{"depends on nothing", "POST", "/v1.0/$batch", `{"requests":[{"id":"1","method":"GET","url":"/users","dependsOn":["2"]}]}`, 400, badRequest, "Invalid batch payload format."},
	{"a circle", "POST", "/v1.0/$batch", `{"requests":[{"id":"1","method":"GET","url":"/users","dependsOn":["2"]},{"id":"2","method":"GET","url":"/users","dependsOn":["1"]}]}`, 400, badRequest, "Invalid batch payload format."},
	{"21 requests", "POST", "/v1.0/$batch", `{"requests":[` + strings.Repeat(`{"id":"1","method":"GET","url":"/users"},`, 20) + `{"id":"2","method":"GET","url":"/users"}]}`, 400, "MaximumValueExceeded", "Number of batch request steps exceeds the maximum value of 20."},
}
