package apps

import "entente/internal/edge/graph/edm"

// props declares properties of one type that may be written.
func props(t edm.Type, names ...string) []edm.Prop {
	list := make([]edm.Prop, len(names))
	for i, n := range names {
		list[i] = edm.Prop{Name: n, Type: t, Write: edm.CU, NotNull: t.IsMany()}
	}
	return list
}

// of declares a complex type.
func of(name string, parts ...[]edm.Prop) edm.Complex {
	c := edm.Complex{Name: name}
	for _, p := range parts {
		c.Props = append(c.Props, p...)
	}
	return c
}

// complexTypes are the parts of applications and service principals.
func complexTypes() []edm.Complex {
	text, texts, flag, guid := edm.String, edm.Many(edm.String), edm.Boolean, edm.Guid
	return []edm.Complex{
		of("apiApplication", props(flag, "acceptMappedClaims"), props(edm.Many(guid), "knownClientApplications"),
			props(edm.Int32, "requestedAccessTokenVersion"), props(edm.Many(edm.Of("permissionScope")), "oauth2PermissionScopes"),
			props(edm.Many(edm.Of("preAuthorizedApplication")), "preAuthorizedApplications")),
		of("appRole", props(texts, "allowedMemberTypes"), props(text, "description", "displayName"), props(guid, "id"),
			props(flag, "isEnabled"), props(text, "origin", "value")),
		of("permissionScope", props(text, "adminConsentDescription", "adminConsentDisplayName"), props(guid, "id"), props(flag, "isEnabled"),
			props(text, "origin", "type", "userConsentDescription", "userConsentDisplayName", "value")),
		of("preAuthorizedApplication", props(text, "appId"), props(texts, "delegatedPermissionIds")),
		of("passwordCredential", props(edm.Binary, "customKeyIdentifier"), props(text, "displayName"), props(edm.DateTimeOffset, "endDateTime"),
			props(text, "hint"), props(guid, "keyId"), props(text, "secretText"), props(edm.DateTimeOffset, "startDateTime")),
		of("keyCredential", props(edm.Binary, "customKeyIdentifier"), props(text, "displayName"), props(edm.DateTimeOffset, "endDateTime"),
			props(edm.Binary, "key"), props(guid, "keyId"), props(edm.DateTimeOffset, "startDateTime"), props(text, "type", "usage")),
		of("requiredResourceAccess", props(edm.Many(edm.Of("resourceAccess")), "resourceAccess"),
			[]edm.Prop{{Name: "resourceAppId", Type: text, Write: edm.CU, Filter: "eq; not ge le"}}),
		of("resourceAccess", props(guid, "id"), props(text, "type")),
		of("webApplication", props(text, "homePageUrl"), props(edm.Of("implicitGrantSettings"), "implicitGrantSettings"), props(text, "logoutUrl"),
			props(texts, "redirectUris"), props(edm.Many(edm.Of("redirectUriSettings")), "redirectUriSettings")),
		of("implicitGrantSettings", props(flag, "enableAccessTokenIssuance", "enableIdTokenIssuance")),
		of("redirectUriSettings", props(edm.Int32, "index"), props(text, "uri")),
		of("spaApplication", props(texts, "redirectUris")),
		of("publicClientApplication", props(texts, "redirectUris")),
		of("informationalUrl", props(text, "logoUrl", "marketingUrl", "privacyStatementUrl", "supportUrl", "termsOfServiceUrl")),
		of("optionalClaims", props(edm.Many(edm.Of("optionalClaim")), "accessToken", "idToken", "saml2Token")),
		of("optionalClaim", props(texts, "additionalProperties"), props(flag, "essential"), props(text, "name", "source")),
		of("parentalControlSettings", props(texts, "countriesBlockedForMinors"), props(text, "legalAgeGroupRule")),
		of("requestSignatureVerification", props(edm.Of("weakAlgorithms"), "allowedWeakAlgorithms"), props(flag, "isSignedRequestRequired")),
		of("servicePrincipalLockConfiguration", props(flag, "allProperties", "credentialsWithUsageSign", "credentialsWithUsageVerify",
			"isEnabled", "tokenEncryptionKeyId")),
		of("verifiedPublisher", props(edm.DateTimeOffset, "addedDateTime"), props(text, "displayName", "verifiedPublisherId")),
		of("addIn", props(guid, "id"), props(edm.Many(edm.Of("keyValue")), "properties"), props(text, "type")),
		of("keyValue", props(text, "key", "value")),
		of("certification", props(text, "certificationDetailsUrl"), props(edm.DateTimeOffset, "certificationExpirationDateTime"),
			props(flag, "isCertifiedByMicrosoft", "isPublisherAttested"), props(edm.DateTimeOffset, "lastCertificationDateTime")),
		of("authenticationBehaviors", props(flag, "blockAzureADGraphAccess", "removeUnverifiedEmailClaim", "requireClientServicePrincipal")),
		of("samlSingleSignOnSettings", props(text, "relayState")),
		of("resourceSpecificPermission", props(text, "description", "displayName"), props(guid, "id"), props(flag, "isEnabled"), props(text, "value")),
		of("federatedIdentityExpression", props(text, "value"), props(edm.Int32, "languageVersion")),
	}
}
