package report

import "entente/internal/edge/graph/edm"

// Schema declares the types.
func Schema() edm.Schema {
	return edm.Schema{
		Entities: []edm.Entity{{Name: "auditLogRoot", Base: "entity"}, directoryAuditType(), signInType()},
		Complex:  complexTypes(),
		Enums: []edm.Enum{
			{Name: "operationResult", Members: []string{"success", "failure", "timeout", "unknownFutureValue"}},
			{Name: "groupType", Members: []string{"unifiedGroups", "azureAD", "unknownFutureValue"}},
			{Name: "conditionalAccessStatus", Members: []string{"success", "failure", "notApplied", "unknownFutureValue"}},
			{Name: "riskDetail", Members: []string{"none", "hidden", "unknownFutureValue"}},
			{Name: "riskLevel", Members: []string{"low", "medium", "high", "hidden", "none", "unknownFutureValue"}},
			{Name: "riskState", Members: []string{"none", "confirmedSafe", "remediated", "dismissed", "atRisk", "confirmedCompromised", "unknownFutureValue"}},
		},
	}
}

// directoryAuditType is the entity type of entries of the directory's log.
// https://learn.microsoft.com/graph/api/resources/directoryaudit?view=graph-rest-1.0
func directoryAuditType() edm.Entity {
	text := edm.String
	return edm.Entity{Name: "directoryAudit", Base: "entity", Props: []edm.Prop{
		{Name: "id", Type: text, NotNull: true},
		{Name: "activityDateTime", Type: edm.DateTimeOffset, NotNull: true, Filter: "eq ge le", Order: "F"},
		{Name: "activityDisplayName", Type: text, NotNull: true, Filter: "eq sw"},
		{Name: "additionalDetails", Type: edm.Many(edm.Of("keyValue"))},
		{Name: "category", Type: text, NotNull: true, Filter: "eq"},
		{Name: "correlationId", Type: text, Filter: "eq"},
		{Name: "initiatedBy", Type: edm.Of("auditActivityInitiator"), NotNull: true},
		{Name: "loggedByService", Type: text, Filter: "eq"},
		{Name: "operationType", Type: text},
		{Name: "result", Type: edm.Of("operationResult"), Filter: "eq"},
		{Name: "resultReason", Type: text},
		{Name: "targetResources", Type: edm.Many(edm.Of("targetResource")), NotNull: true},
	}}
}

// signInType is the entity type of sign-ins.
// https://learn.microsoft.com/graph/api/resources/signin?view=graph-rest-beta
func signInType() edm.Entity {
	text := edm.String
	return edm.Entity{Name: "signIn", Base: "entity", Props: []edm.Prop{
		{Name: "id", Type: text, NotNull: true, Filter: "eq"},
		{Name: "createdDateTime", Type: edm.DateTimeOffset, NotNull: true, Filter: "eq ge le", Order: "F"},
		{Name: "userDisplayName", Type: text},
		{Name: "userPrincipalName", Type: text, Filter: "eq sw"},
		{Name: "userId", Type: text, NotNull: true, Filter: "eq"},
		{Name: "appId", Type: text, Filter: "eq"},
		{Name: "appDisplayName", Type: text, Filter: "eq sw"},
		{Name: "ipAddress", Type: text, Filter: "eq sw"},
		{Name: "clientAppUsed", Type: text},
		{Name: "correlationId", Type: text, Filter: "eq"},
		{Name: "isInteractive", Type: edm.Boolean},
		{Name: "resourceDisplayName", Type: text, Filter: "eq"},
		{Name: "resourceId", Type: text, Filter: "eq"},
		{Name: "resourceTenantId", Type: text},
		{Name: "homeTenantId", Type: text},
		{Name: "servicePrincipalId", Type: text, Filter: "eq"},
		{Name: "servicePrincipalName", Type: text, Filter: "eq sw"},
		{Name: "userAgent", Type: text},
		{Name: "status", Type: edm.Of("signInStatus")},
		{Name: "conditionalAccessStatus", Type: edm.Of("conditionalAccessStatus")},
		{Name: "appliedConditionalAccessPolicies", Type: edm.Many(edm.Of("appliedConditionalAccessPolicy")), NotNull: true},
		{Name: "authenticationAppDeviceDetails", Type: edm.Of("authenticationAppDeviceDetails")},
		{Name: "deviceDetail", Type: edm.Of("deviceDetail")},
		{Name: "location", Type: edm.Of("signInLocation")},
		{Name: "riskDetail", Type: edm.Of("riskDetail")},
		{Name: "riskLevelAggregated", Type: edm.Of("riskLevel")},
		{Name: "riskLevelDuringSignIn", Type: edm.Of("riskLevel")},
		{Name: "riskState", Type: edm.Of("riskState")},
		{Name: "riskEventTypes", Type: edm.Many(text), NotNull: true},
		{Name: "riskEventTypes_v2", Type: edm.Many(text), NotNull: true},
		{Name: "signInEventTypes", Only: "beta", Type: edm.Many(text), NotNull: true, Filter: "eq ne"},
		{Name: "clientCredentialType", Only: "beta", Type: text},
		{Name: "servicePrincipalCredentialKeyId", Only: "beta", Type: text},
		{Name: "federatedCredentialId", Only: "beta", Type: text},
		{Name: "crossTenantAccessType", Only: "beta", Type: text},
		{Name: "resourceServicePrincipalId", Only: "beta", Type: text},
		{Name: "uniqueTokenIdentifier", Only: "beta", Type: text, Filter: "eq"},
		{Name: "incomingTokenType", Only: "beta", Type: text},
		{Name: "managedServiceIdentity", Only: "beta", Type: edm.Of("managedIdentity")},
		{Name: "userType", Only: "beta", Type: text},
	}}
}

func complexTypes() []edm.Complex {
	of := func(name string, props ...edm.Prop) edm.Complex { return edm.Complex{Name: name, Props: props} }
	text := func(name string, filter ...string) edm.Prop {
		p := edm.Prop{Name: name, Type: edm.String}
		if filter != nil {
			p.Filter = filter[0]
		}
		return p
	}
	return []edm.Complex{
		of("auditActivityInitiator", edm.Prop{Name: "user", Type: edm.Of("userIdentity")}, edm.Prop{Name: "app", Type: edm.Of("appIdentity")}),
		of("userIdentity", text("id", "eq"), text("displayName"), text("userPrincipalName", "eq"), text("ipAddress")),
		of("appIdentity", text("appId", "eq"), text("displayName", "eq"), text("servicePrincipalId"), text("servicePrincipalName")),
		of("targetResource", text("displayName"), edm.Prop{Name: "groupType", Type: edm.Of("groupType")}, text("id", "eq"),
			edm.Prop{Name: "modifiedProperties", Type: edm.Many(edm.Of("modifiedProperty"))}, text("type"), text("userPrincipalName")),
		of("modifiedProperty", text("displayName"), text("oldValue"), text("newValue")),
		of("signInStatus", edm.Prop{Name: "errorCode", Type: edm.Int32, Filter: "eq"}, text("failureReason"), text("additionalDetails")),
		of("appliedConditionalAccessPolicy", text("id"), text("displayName"),
			edm.Prop{Name: "enforcedGrantControls", Type: edm.Many(edm.String)}, edm.Prop{Name: "enforcedSessionControls", Type: edm.Many(edm.String)}),
		of("authenticationAppDeviceDetails", text("appVersion"), text("clientApp"), text("deviceId"), text("operatingSystem")),
		of("deviceDetail", text("deviceId"), text("displayName"), text("operatingSystem"), text("browser"),
			edm.Prop{Name: "isCompliant", Type: edm.Boolean}, edm.Prop{Name: "isManaged", Type: edm.Boolean}, text("trustType")),
		of("signInLocation", text("city"), text("state"), text("countryOrRegion")),
		of("managedIdentity", text("msiType"), text("associatedResourceId"), text("federatedTokenId"), text("federatedTokenIssuer")),
	}
}
