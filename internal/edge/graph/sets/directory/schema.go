package directory

import (
	"slices"

	"entente/internal/edge/graph/edm"
)

// Schema declares the types.
func Schema() edm.Schema {
	relationship, information := tenantTypes()
	return edm.Schema{
		Entities: slices.Concat([]edm.Entity{user(), licenseDetails(), group(), organization(), domainType(), {Name: "directory", Base: "entity"}}, dnsTypes(), relationship, roleTypes(), rbacTypes(), teamEntities(), authenticationTypes()),
		Complex: append(append(append(append(groupComplex(), userComplex()...), teamComplex()...), domainState(), information, rolePermission()), []edm.Complex{
			{Name: "verifiedDomain", Props: []edm.Prop{
				{Name: "capabilities", Type: edm.String},
				{Name: "isDefault", Type: edm.Boolean},
				{Name: "isInitial", Type: edm.Boolean},
				{Name: "name", Type: edm.String},
				{Name: "type", Type: edm.String},
			}},
			{Name: "privacyProfile", Props: []edm.Prop{
				{Name: "contactEmail", Type: edm.String, Write: edm.U},
				{Name: "statementUrl", Type: edm.String, Write: edm.U},
			}},
			{Name: "provisionedPlan", Props: []edm.Prop{
				{Name: "capabilityStatus", Type: edm.String},
				{Name: "provisioningStatus", Type: edm.String},
				{Name: "service", Type: edm.String},
			}},
		}...),
		Enums: append(teamEnums(), []edm.Enum{{Name: "mdmAuthority", Members: []string{"unknown", "intune", "sccm", "office365", "unknownFutureValue"}}, {Name: "partnerTenantType", Members: []string{
			"microsoftSupport", "syndicatePartner", "breadthPartner", "breadthPartnerDelegatedAdmin",
			"resellerPartnerDelegatedAdmin", "valueAddedResellerPartnerDelegatedAdmin", "unknownFutureValue",
		}}}...),
	}
}

// organization is the entity type of a tenant.
// https://learn.microsoft.com/graph/api/resources/organization?view=graph-rest-1.0
func organization() edm.Entity {
	text, texts := edm.String, edm.Many(edm.String)
	return edm.Entity{Name: "organization", Base: "directoryObject", Props: []edm.Prop{
		{Name: "assignedPlans", Type: edm.Many(edm.Of("assignedPlan")), NotNull: true},
		{Name: "businessPhones", Type: texts, NotNull: true},
		{Name: "city", Type: text},
		{Name: "country", Type: text},
		{Name: "countryLetterCode", Type: text},
		{Name: "createdDateTime", Type: edm.DateTimeOffset},
		{Name: "defaultUsageLocation", Type: text},
		{Name: "displayName", Type: text, Write: edm.U},
		{Name: "marketingNotificationEmails", Type: texts, NotNull: true, Write: edm.U},
		{Name: "mobileDeviceManagementAuthority", Type: edm.Of("mdmAuthority"), NotNull: true, Show: edm.Selected},
		{Name: "onPremisesLastSyncDateTime", Type: edm.DateTimeOffset},
		{Name: "onPremisesSyncEnabled", Type: edm.Boolean},
		{Name: "partnerTenantType", Type: edm.Of("partnerTenantType")},
		{Name: "postalCode", Type: text},
		{Name: "preferredLanguage", Type: text},
		{Name: "privacyProfile", Type: edm.Of("privacyProfile"), Write: edm.U},
		{Name: "provisionedPlans", Type: edm.Many(edm.Of("provisionedPlan")), NotNull: true},
		{Name: "securityComplianceNotificationMails", Type: texts, NotNull: true, Write: edm.U},
		{Name: "securityComplianceNotificationPhones", Type: texts, NotNull: true, Write: edm.U},
		{Name: "state", Type: text},
		{Name: "street", Type: text},
		{Name: "technicalNotificationMails", Type: texts, NotNull: true, Write: edm.U},
		{Name: "tenantType", Type: text},
		{Name: "verifiedDomains", Type: edm.Many(edm.Of("verifiedDomain")), NotNull: true},
	}}
}
