package directory

import "entente/internal/edge/graph/edm"

// The operators that $filter takes on the texts of a user.
const (
	onText   = "eq ge le in sw; ne not null"
	onName   = "eq in sw; ne not null" // displayName is not compared for order
	onAddr   = "eq ge le in sw; ne not ew null"
	onChoice = "eq in; ne not null"
	onTime   = "eq ge le; ne not in"
)

// Schema declares the types.
func Schema() edm.Schema {
	return edm.Schema{
		Entities: []edm.Entity{user(), group(), organization(), domain(), {Name: "directory", Base: "entity"}},
		Complex: append(append(groupComplex(), domainState()), []edm.Complex{
			{Name: "objectIdentity", Props: []edm.Prop{
				{Name: "signInType", Type: edm.String, Write: edm.CU},
				{Name: "issuer", Type: edm.String, Write: edm.CU},
				{Name: "issuerAssignedId", Type: edm.String, Write: edm.CU},
			}},
			{Name: "passwordProfile", Props: []edm.Prop{
				{Name: "forceChangePasswordNextSignIn", Type: edm.Boolean, Write: edm.CU},
				{Name: "forceChangePasswordNextSignInWithMfa", Type: edm.Boolean, Write: edm.CU},
				{Name: "password", Type: edm.String, Write: edm.CU},
			}},
			{Name: "employeeOrgData", Props: []edm.Prop{
				{Name: "costCenter", Type: edm.String, Write: edm.CU},
				{Name: "division", Type: edm.String, Write: edm.CU},
			}},
			{Name: "onPremisesExtensionAttributes", Props: extensionAttributes()},
			{Name: "assignedLicense", Props: []edm.Prop{
				{Name: "disabledPlans", Type: edm.Many(edm.Guid), NotNull: true},
				{Name: "skuId", Type: edm.Guid, Filter: "eq; not"},
			}},
			{Name: "assignedPlan", Props: []edm.Prop{
				{Name: "assignedDateTime", Type: edm.DateTimeOffset},
				{Name: "capabilityStatus", Type: edm.String},
				{Name: "service", Type: edm.String},
				{Name: "servicePlanId", Type: edm.Guid},
			}},
			{Name: "verifiedDomain", Props: []edm.Prop{
				{Name: "capabilities", Type: edm.String},
				{Name: "isDefault", Type: edm.Boolean},
				{Name: "isInitial", Type: edm.Boolean},
				{Name: "name", Type: edm.String},
				{Name: "type", Type: edm.String},
			}},
			{Name: "privacyProfile", Props: []edm.Prop{
				{Name: "contactEmail", Type: edm.String},
				{Name: "statementUrl", Type: edm.String},
			}},
			{Name: "provisionedPlan", Props: []edm.Prop{
				{Name: "capabilityStatus", Type: edm.String},
				{Name: "provisioningStatus", Type: edm.String},
				{Name: "service", Type: edm.String},
			}},
		}...),
		Enums: []edm.Enum{{Name: "mdmAuthority", Members: []string{"unknown", "intune", "sccm", "office365", "unknownFutureValue"}}},
	}
}

func extensionAttributes() []edm.Prop {
	names := []string{
		"extensionAttribute1", "extensionAttribute2", "extensionAttribute3", "extensionAttribute4", "extensionAttribute5",
		"extensionAttribute6", "extensionAttribute7", "extensionAttribute8", "extensionAttribute9", "extensionAttribute10",
		"extensionAttribute11", "extensionAttribute12", "extensionAttribute13", "extensionAttribute14", "extensionAttribute15",
	}
	props := make([]edm.Prop, len(names))
	for i, n := range names {
		props[i] = edm.Prop{Name: n, Type: edm.String, Write: edm.CU}
	}
	return props
}

// user is the entity type of people.
// https://learn.microsoft.com/graph/api/resources/user?view=graph-rest-1.0
func user() edm.Entity {
	return edm.Entity{Name: "user", Base: "directoryObject", Props: []edm.Prop{
		{Name: "businessPhones", Type: edm.Many(edm.String), NotNull: true, Write: edm.CU},
		{Name: "displayName", Type: edm.String, Write: edm.CU, Required: true, Filter: onName, Order: "d", Search: edm.ByWords},
		{Name: "givenName", Type: edm.String, Write: edm.CU, Filter: onText, Search: edm.ByStart},
		{Name: "jobTitle", Type: edm.String, Write: edm.CU, Filter: onText},
		{Name: "mail", Type: edm.String, Write: edm.CU, Filter: onAddr, Search: edm.ByStart},
		{Name: "mobilePhone", Type: edm.String, Write: edm.CU},
		{Name: "officeLocation", Type: edm.String, Write: edm.CU},
		{Name: "preferredLanguage", Type: edm.String, Write: edm.CU},
		{Name: "surname", Type: edm.String, Write: edm.CU, Filter: onText, Search: edm.ByStart},
		{Name: "userPrincipalName", Type: edm.String, Write: edm.CU, Required: true, Filter: "eq ge le in sw; ne not ew", Order: "d", Search: edm.ByStart},

		{Name: "deletedDateTime", Type: edm.DateTimeOffset, Show: edm.Selected, Filter: "eq ge le in; ne not null", Order: "A"},
		{Name: "accountEnabled", Type: edm.Boolean, Write: edm.CU, Required: true, Show: edm.InBeta, Filter: "eq in; ne not"},
		{Name: "ageGroup", Type: edm.String, Write: edm.CU, Show: edm.InBeta},
		{Name: "assignedLicenses", Type: edm.Many(edm.Of("assignedLicense")), NotNull: true, Show: edm.InBeta},
		{Name: "assignedPlans", Type: edm.Many(edm.Of("assignedPlan")), NotNull: true, Show: edm.InBeta},
		{Name: "city", Type: edm.String, Write: edm.CU, Show: edm.InBeta},
		{Name: "companyName", Type: edm.String, Write: edm.CU, Show: edm.InBeta},
		{Name: "consentProvidedForMinor", Type: edm.String, Write: edm.CU, Show: edm.InBeta},
		{Name: "country", Type: edm.String, Write: edm.CU, Show: edm.InBeta},
		{Name: "createdDateTime", Type: edm.DateTimeOffset, Show: edm.InBeta, Filter: onTime, Order: "A"},
		{Name: "creationType", Type: edm.String, Show: edm.InBeta, Filter: onChoice},
		{Name: "department", Type: edm.String, Write: edm.CU, Show: edm.InBeta, Filter: onText},
		{Name: "employeeHireDate", Type: edm.DateTimeOffset, Write: edm.CU, Show: edm.InBeta},
		{Name: "employeeId", Type: edm.String, Write: edm.CU, Show: edm.InBeta, Filter: "eq in sw; ne not ge le null"},
		{Name: "employeeLeaveDateTime", Type: edm.DateTimeOffset, Write: edm.CU, Show: edm.Selected},
		{Name: "employeeOrgData", Type: edm.Of("employeeOrgData"), Write: edm.CU, Show: edm.InBeta},
		{Name: "employeeType", Type: edm.String, Write: edm.CU, Show: edm.InBeta},
		{Name: "externalUserState", Type: edm.String, Show: edm.InBeta, Filter: "; eq ne not in null"},
		{Name: "externalUserStateChangeDateTime", Type: edm.DateTimeOffset, Show: edm.InBeta, Filter: "; eq ne not in"},
		{Name: "faxNumber", Type: edm.String, Write: edm.CU, Show: edm.InBeta},
		{Name: "identities", Type: edm.Many(edm.Of("objectIdentity")), Write: edm.CU, Show: edm.InBeta},
		{Name: "imAddresses", Type: edm.Many(edm.String), Show: edm.InBeta},
		{Name: "lastPasswordChangeDateTime", Type: edm.DateTimeOffset, Show: edm.InBeta},
		{Name: "legalAgeGroupClassification", Type: edm.String, Show: edm.InBeta},
		{Name: "mailNickname", Type: edm.String, Write: edm.CU, Required: true, Show: edm.InBeta, Filter: onText},
		{Name: "onPremisesExtensionAttributes", Type: edm.Of("onPremisesExtensionAttributes"), Write: edm.CU, Show: edm.InBeta},
		{Name: "onPremisesImmutableId", Type: edm.String, Write: edm.CU, Show: edm.InBeta},
		{Name: "otherMails", Type: edm.Many(edm.String), NotNull: true, Write: edm.CU, Show: edm.InBeta},
		{Name: "passwordPolicies", Type: edm.String, Write: edm.CU, Show: edm.InBeta},
		{Name: "passwordProfile", Type: edm.Of("passwordProfile"), Write: edm.CU, Required: true, Show: edm.Never},
		{Name: "postalCode", Type: edm.String, Write: edm.CU, Show: edm.InBeta},
		{Name: "proxyAddresses", Type: edm.Many(edm.String), NotNull: true, Show: edm.InBeta},
		{Name: "showInAddressList", Type: edm.Boolean, Write: edm.CU, Show: edm.InBeta},
		{Name: "signInSessionsValidFromDateTime", Type: edm.DateTimeOffset, Show: edm.InBeta},
		{Name: "state", Type: edm.String, Write: edm.CU, Show: edm.InBeta},
		{Name: "streetAddress", Type: edm.String, Write: edm.CU, Show: edm.InBeta},
		{Name: "usageLocation", Type: edm.String, Write: edm.CU, Show: edm.InBeta},
		{Name: "userType", Type: edm.String, Write: edm.CU, Show: edm.InBeta, Filter: onChoice},
	}}
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
		{Name: "marketingNotificationEmails", Type: texts, NotNull: true},
		{Name: "mobileDeviceManagementAuthority", Type: edm.Of("mdmAuthority"), NotNull: true, Show: edm.Selected},
		{Name: "onPremisesLastSyncDateTime", Type: edm.DateTimeOffset},
		{Name: "onPremisesSyncEnabled", Type: edm.Boolean},
		{Name: "postalCode", Type: text},
		{Name: "preferredLanguage", Type: text},
		{Name: "privacyProfile", Type: edm.Of("privacyProfile")},
		{Name: "provisionedPlans", Type: edm.Many(edm.Of("provisionedPlan")), NotNull: true},
		{Name: "securityComplianceNotificationMails", Type: texts, NotNull: true},
		{Name: "securityComplianceNotificationPhones", Type: texts, NotNull: true},
		{Name: "state", Type: text},
		{Name: "street", Type: text},
		{Name: "technicalNotificationMails", Type: texts, NotNull: true},
		{Name: "tenantType", Type: text},
		{Name: "verifiedDomains", Type: edm.Many(edm.Of("verifiedDomain")), NotNull: true},
	}}
}
