package apps

import "entente/internal/edge/graph/edm"

// Schema declares the types.
func Schema() edm.Schema {
	return edm.Schema{
		Entities: []edm.Entity{application(), principal(), credential(), assignment(), grant(), extension(), classification()},
		Complex:  complexTypes(),
		Enums: []edm.Enum{{
			Name: "nativeAuthenticationApisEnabled", Members: []string{"none", "all", "unknownFutureValue"}, Flags: true,
		}, {
			Name: "permissionClassificationType", Members: []string{"low", "medium", "high", "unknownFutureValue"},
		}, {
			Name: "weakAlgorithms", Members: []string{"rsaSha1", "unknownFutureValue"}, Flags: true,
		}},
	}
}

// The operators that $filter takes on collections of texts.
const onTexts = "eq sw; not ge le cnt"

// application is the entity type of applications.
// https://learn.microsoft.com/graph/api/resources/application?view=graph-rest-1.0
func application() edm.Entity {
	text, texts := edm.String, edm.Many(edm.String)
	return edm.Entity{Name: "application", Base: "directoryObject", Counted: []string{"extensionProperties", "federatedIdentityCredentials", "owners"}, Props: []edm.Prop{
		{Name: "deletedDateTime", Type: edm.DateTimeOffset, Filter: "eq ge le in; ne not null", Order: "A"},
		{Name: "appId", Type: text, Filter: "eq in", Search: edm.ByStart},
		{Name: "applicationTemplateId", Type: text, Filter: "eq in; ne not null"},
		{Name: "disabledByMicrosoftStatus", Type: text, Filter: "eq in; ne not null"},
		{Name: "createdByAppId", Type: text},
		{Name: "createdDateTime", Type: edm.DateTimeOffset, Filter: "eq ge le; ne not in", Order: "A"},
		{Name: "displayName", Type: text, Write: edm.CU, Required: true, Filter: "eq in sw; ne not ge le", Order: "A", Search: edm.ByWords},
		{Name: "description", Type: text, Write: edm.CU, Filter: "eq in sw; ne not ge le null", Search: edm.ByWords},
		{Name: "groupMembershipClaims", Type: text, Write: edm.CU},
		{Name: "identifierUris", Type: texts, NotNull: true, Write: edm.CU, Filter: onTexts},
		{Name: "isDeviceOnlyAuthSupported", Type: edm.Boolean, Write: edm.CU},
		{Name: "isDisabled", Type: edm.Boolean, Write: edm.CU},
		{Name: "isFallbackPublicClient", Type: edm.Boolean, Write: edm.CU},
		{Name: "nativeAuthenticationApisEnabled", Type: edm.Of("nativeAuthenticationApisEnabled"), Write: edm.CU},
		{Name: "notes", Type: text, Write: edm.CU},
		{Name: "publisherDomain", Type: text, Filter: "eq in sw; ne not ge le"},
		{Name: "serviceManagementReference", Type: text, Write: edm.CU},
		{Name: "signInAudience", Type: text, Write: edm.CU, Filter: "eq in; ne not"},
		{Name: "tags", Type: texts, NotNull: true, Write: edm.CU, Filter: onTexts},
		{Name: "tokenEncryptionKeyId", Type: edm.Guid, Write: edm.CU},
		{Name: "uniqueName", Type: text, Note: "set by an upsert"},
		{Name: "samlMetadataUrl", Type: text, Write: edm.CU},
		{Name: "defaultRedirectUri", Type: text, Write: edm.CU},
		{Name: "oauth2RequirePostResponse", Type: edm.Boolean, NotNull: true, Write: edm.CU, Show: edm.InBeta},
		{Name: "managerApplications", Type: edm.Many(edm.Guid), NotNull: true, Write: edm.CU, Show: edm.Selected},
		{Name: "certification", Type: edm.Of("certification")},
		{Name: "optionalClaims", Type: edm.Of("optionalClaims"), Write: edm.CU},
		{Name: "servicePrincipalLockConfiguration", Type: edm.Of("servicePrincipalLockConfiguration"), Write: edm.CU},
		{Name: "requestSignatureVerification", Type: edm.Of("requestSignatureVerification"), Write: edm.CU},
		{Name: "authenticationBehaviors", Type: edm.Of("authenticationBehaviors"), Write: edm.CU, Show: edm.Selected},
		{Name: "addIns", Type: edm.Many(edm.Of("addIn")), NotNull: true, Write: edm.CU},
		{Name: "api", Type: edm.Of("apiApplication"), Write: edm.CU},
		{Name: "appRoles", Type: edm.Many(edm.Of("appRole")), NotNull: true, Write: edm.CU},
		{Name: "info", Type: edm.Of("informationalUrl"), Write: edm.CU},
		{Name: "keyCredentials", Type: edm.Many(edm.Of("keyCredential")), NotNull: true, Write: edm.CU},
		{Name: "parentalControlSettings", Type: edm.Of("parentalControlSettings"), Write: edm.CU},
		{Name: "passwordCredentials", Type: edm.Many(edm.Of("passwordCredential")), NotNull: true, Write: edm.C},
		{Name: "publicClient", Type: edm.Of("publicClientApplication"), Write: edm.CU},
		{Name: "requiredResourceAccess", Type: edm.Many(edm.Of("requiredResourceAccess")), NotNull: true, Write: edm.CU},
		{Name: "verifiedPublisher", Type: edm.Of("verifiedPublisher")},
		{Name: "logo", Type: edm.Stream, Note: "read and written at …/logo"},
		{Name: "web", Type: edm.Of("webApplication"), Write: edm.CU},
		{Name: "spa", Type: edm.Of("spaApplication"), Write: edm.CU},
	}}
}

// principal is the entity type of service principals.
// https://learn.microsoft.com/graph/api/resources/serviceprincipal?view=graph-rest-1.0
func principal() edm.Entity {
	text, texts := edm.String, edm.Many(edm.String)
	return edm.Entity{Name: "servicePrincipal", Base: "directoryObject", Counted: []string{"ownedObjects", "owners"}, Props: []edm.Prop{
		{Name: "deletedDateTime", Type: edm.DateTimeOffset, Filter: "eq ge le in; ne not null", Order: "A"},
		{Name: "createdDateTime", Type: edm.DateTimeOffset, Filter: "eq ge le; ne not in", Order: "A"},
		{Name: "appId", Type: text, Write: edm.C, Required: true, Filter: "eq in sw; ne not", Search: edm.ByStart},
		{Name: "servicePrincipalType", Type: text, Filter: "; eq ne not in"},
		{Name: "appOwnerOrganizationId", Type: edm.Guid, Filter: "eq in; ne not"},
		{Name: "displayName", Type: text, Filter: "eq in sw; ne not ge le", Order: "A", Search: edm.ByWords},
		{Name: "accountEnabled", Type: edm.Boolean, Write: edm.CU, Filter: "eq in; ne not"},
		{Name: "addIns", Type: edm.Many(edm.Of("addIn")), NotNull: true, Write: edm.CU},
		{Name: "alternativeNames", Type: texts, NotNull: true, Write: edm.CU, Filter: onTexts},
		{Name: "appRoleAssignmentRequired", Type: edm.Boolean, NotNull: true, Write: edm.CU, Filter: "eq; ne not"},
		{Name: "createdByAppId", Type: text},
		{Name: "description", Type: text, Write: edm.CU, Filter: "eq in sw; ne not ge le null", Search: edm.ByWords},
		{Name: "disabledByMicrosoftStatus", Type: text, Filter: "eq in; ne not null"},
		{Name: "isDisabled", Type: edm.Boolean, Write: edm.CU},
		{Name: "keyCredentials", Type: edm.Many(edm.Of("keyCredential")), NotNull: true, Write: edm.CU},
		{Name: "loginUrl", Type: text, Write: edm.CU},
		{Name: "notes", Type: text, Write: edm.CU},
		{Name: "notificationEmailAddresses", Type: texts, NotNull: true, Write: edm.CU},
		{Name: "passwordCredentials", Type: edm.Many(edm.Of("passwordCredential")), NotNull: true},
		{Name: "preferredSingleSignOnMode", Type: text, Write: edm.CU},
		{Name: "preferredTokenSigningKeyThumbprint", Type: text, Write: edm.CU},
		{Name: "resourceSpecificApplicationPermissions", Type: edm.Many(edm.Of("resourceSpecificPermission")), NotNull: true},
		{Name: "samlSingleSignOnSettings", Type: edm.Of("samlSingleSignOnSettings"), Write: edm.CU},
		{Name: "tags", Type: texts, NotNull: true, Write: edm.CU, Filter: onTexts},
		{Name: "tokenEncryptionKeyId", Type: edm.Guid, Write: edm.CU},
		{Name: "servicePrincipalNames", Type: texts, NotNull: true, Filter: onTexts},
		{Name: "appDescription", Type: text},
		{Name: "appDisplayName", Type: text},
		{Name: "applicationTemplateId", Type: text, Filter: "eq in; ne not null"},
		{Name: "appRoles", Type: edm.Many(edm.Of("appRole")), NotNull: true},
		{Name: "homepage", Type: text},
		{Name: "info", Type: edm.Of("informationalUrl")},
		{Name: "logoutUrl", Type: text},
		{Name: "oauth2PermissionScopes", Type: edm.Many(edm.Of("permissionScope")), NotNull: true},
		{Name: "replyUrls", Type: texts, NotNull: true},
		{Name: "signInAudience", Type: text},
		{Name: "verifiedPublisher", Type: edm.Of("verifiedPublisher")},
	}}
}

// credential is the entity type of federated credentials.
// https://learn.microsoft.com/graph/api/resources/federatedidentitycredential?view=graph-rest-beta
func credential() edm.Entity {
	return edm.Entity{Name: "federatedIdentityCredential", Base: "entity", Props: []edm.Prop{
		{Name: "name", Type: edm.String, NotNull: true, Write: edm.C, Required: true, Filter: "eq in"},
		{Name: "issuer", Type: edm.String, NotNull: true, Write: edm.CU, Required: true},
		{Name: "subject", Type: edm.String, Write: edm.CU, Filter: "eq in"},
		{Name: "description", Type: edm.String, Write: edm.CU},
		{Name: "audiences", Type: edm.Many(edm.String), NotNull: true, Write: edm.CU, Required: true},
		{Name: "claimsMatchingExpression", Only: "beta", Type: edm.Of("federatedIdentityExpression"), Write: edm.CU},
	}}
}

// assignment is the entity type of app role assignments.
// https://learn.microsoft.com/graph/api/resources/approleassignment?view=graph-rest-1.0
func assignment() edm.Entity {
	return edm.Entity{Name: "appRoleAssignment", Base: "directoryObject", Props: []edm.Prop{
		{Name: "appRoleId", Type: edm.Guid, NotNull: true, Write: edm.C, Required: true, Filter: "eq in"},
		{Name: "createdDateTime", Type: edm.DateTimeOffset},
		{Name: "principalDisplayName", Type: edm.String, Filter: "eq in sw"},
		{Name: "principalId", Type: edm.Guid, Write: edm.C, Required: true, Filter: "eq in"},
		{Name: "principalType", Type: edm.String},
		{Name: "resourceDisplayName", Type: edm.String},
		{Name: "resourceId", Type: edm.Guid, Write: edm.C, Required: true, Filter: "eq in"},
	}}
}

// grant is the entity type of delegated permission grants. startTime and
// expiryTime are taken from older clients and count for nothing.
// https://learn.microsoft.com/graph/api/resources/oauth2permissiongrant?view=graph-rest-1.0
func grant() edm.Entity {
	return edm.Entity{Name: "oAuth2PermissionGrant", Base: "entity", Props: []edm.Prop{
		{Name: "clientId", Type: edm.String, NotNull: true, Write: edm.C, Required: true, Filter: "eq in"},
		{Name: "consentType", Type: edm.String, Write: edm.C, Required: true, Filter: "eq in"},
		{Name: "principalId", Type: edm.String, Write: edm.C, Filter: "eq in"},
		{Name: "resourceId", Type: edm.String, NotNull: true, Write: edm.C, Required: true, Filter: "eq in"},
		{Name: "scope", Type: edm.String, Write: edm.CU},
		{Name: "startTime", Only: "beta", Type: edm.DateTimeOffset, Write: edm.CU, Show: edm.Never},
		{Name: "expiryTime", Only: "beta", Type: edm.DateTimeOffset, Write: edm.CU, Show: edm.Never},
	}}
}

// extension is the entity type of properties that applications define.
// https://learn.microsoft.com/graph/api/resources/extensionproperty?view=graph-rest-1.0
func extension() edm.Entity {
	return edm.Entity{Name: "extensionProperty", Base: "directoryObject", Props: []edm.Prop{
		{Name: "appDisplayName", Type: edm.String},
		{Name: "dataType", Type: edm.String, NotNull: true, Write: edm.C, Required: true},
		{Name: "isMultiValued", Type: edm.Boolean, NotNull: true, Write: edm.C, Filter: "eq"},
		{Name: "isSyncedFromOnPremises", Type: edm.Boolean},
		{Name: "name", Type: edm.String, NotNull: true, Write: edm.C, Required: true, Filter: "eq"},
		{Name: "targetObjects", Type: edm.Many(edm.String), NotNull: true, Write: edm.C, Required: true},
	}}
}

// classification is the entity type of classified delegated permissions.
// https://learn.microsoft.com/graph/api/resources/delegatedpermissionclassification?view=graph-rest-1.0
func classification() edm.Entity {
	return edm.Entity{Name: "delegatedPermissionClassification", Base: "entity", Props: []edm.Prop{
		{Name: "classification", Type: edm.Of("permissionClassificationType"), Write: edm.C, Required: true},
		{Name: "permissionId", Type: edm.String, Write: edm.C},
		{Name: "permissionName", Type: edm.String, Write: edm.C},
	}}
}
