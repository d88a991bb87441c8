package directory

import "entente/internal/edge/graph/edm"

// The operators that $filter takes on the texts of a user.
const (
	onText   = "eq ge le in sw; ne not null"
	onName   = "eq in sw; ne not null" // displayName is not compared for order
	onAddr   = "eq ge le in sw; ne not ew null"
	onAddrs  = "eq ge le in sw; ne not ew null cnt"
	onChoice = "eq in; ne not"
	onTime   = "eq ge le; ne not in"

	// What is found in advanced queries alone.
	lateText = "; eq ne not ge le in sw null"
	lateName = "; eq ne not ge le in sw"
	lateTime = "; eq ne not ge le in"
)

// user is the entity type of people. What comes from a directory on premises,
// and what licenses bring, is never set here and stands as null.
// https://learn.microsoft.com/graph/api/resources/user?view=graph-rest-1.0
func user() edm.Entity {
	flag, text, texts, at := edm.Boolean, edm.String, edm.Many(edm.String), edm.DateTimeOffset
	errs := edm.Many(edm.Of("serviceProvisioningError"))
	return edm.Entity{Name: "user", Base: "directoryObject", Props: []edm.Prop{
		{Name: "businessPhones", Type: texts, NotNull: true, Write: edm.CU, Filter: "eq ge le sw; not"},
		{Name: "displayName", Type: text, Write: edm.CU, Required: true, Filter: onName, Order: "d", Search: edm.ByWords},
		{Name: "givenName", Type: text, Write: edm.CU, Filter: onText, Search: edm.ByStart},
		{Name: "jobTitle", Type: text, Write: edm.CU, Filter: onText},
		{Name: "mail", Type: text, Write: edm.CU, Filter: onAddr, Search: edm.ByStart},
		{Name: "mobilePhone", Type: text, Write: edm.CU, Filter: lateText, Search: edm.ByStart},
		{Name: "officeLocation", Type: text, Write: edm.CU, Filter: lateText},
		{Name: "preferredLanguage", Type: text, Write: edm.CU, Filter: lateText},
		{Name: "surname", Type: text, Write: edm.CU, Filter: onText, Search: edm.ByStart},
		{Name: "userPrincipalName", Type: text, Write: edm.CU, Required: true, Filter: "eq ge le in sw; ne not ew", Order: "d", Search: edm.ByStart},

		{Name: "deletedDateTime", Type: at, Show: edm.Selected, Filter: "eq ge le in; ne not null", Order: "A"},
		{Name: "accountEnabled", Type: flag, Write: edm.CU, Required: true, Show: edm.InBeta, Filter: onChoice},
		{Name: "ageGroup", Type: text, Write: edm.CU, Show: edm.InBeta, Filter: onChoice},
		{Name: "assignedLicenses", Type: edm.Many(edm.Of("assignedLicense")), NotNull: true, Show: edm.InBeta, Filter: "eq; not cnt"},
		{Name: "assignedPlans", Type: edm.Many(edm.Of("assignedPlan")), NotNull: true, Show: edm.InBeta, Filter: "eq; not"},
		{Name: "authorizationInfo", Type: edm.Of("authorizationInfo"), Write: edm.CU, Show: edm.InBeta},
		{Name: "city", Type: text, Write: edm.CU, Show: edm.InBeta, Filter: onText},
		{Name: "companyName", Type: text, Write: edm.CU, Show: edm.InBeta, Filter: lateText},
		{Name: "consentProvidedForMinor", Type: text, Write: edm.CU, Show: edm.InBeta, Filter: onChoice},
		{Name: "country", Type: text, Write: edm.CU, Show: edm.InBeta, Filter: onText},
		{Name: "createdDateTime", Type: at, Show: edm.InBeta, Filter: onTime, Order: "A"},
		{Name: "creationType", Type: text, Show: edm.InBeta, Filter: "eq in; ne not null"},
		{Name: "department", Type: text, Write: edm.CU, Show: edm.InBeta, Filter: onText},
		{Name: "employeeHireDate", Type: at, Write: edm.CU, Show: edm.InBeta, Filter: lateTime},
		{Name: "employeeId", Type: text, Write: edm.CU, Show: edm.InBeta, Filter: "eq in sw; ne not ge le null"},
		{Name: "employeeLeaveDateTime", Type: at, Write: edm.CU, Show: edm.Selected, Filter: lateTime},
		{Name: "employeeOrgData", Type: edm.Of("employeeOrgData"), Write: edm.CU, Show: edm.InBeta},
		{Name: "employeeType", Type: text, Write: edm.CU, Show: edm.InBeta, Filter: lateName},
		{Name: "externalUserState", Type: text, Show: edm.InBeta, Filter: "; eq ne not in null"},
		{Name: "externalUserStateChangeDateTime", Type: at, Show: edm.InBeta, Filter: "; eq ne not in"},
		{Name: "faxNumber", Type: text, Write: edm.CU, Show: edm.InBeta, Filter: lateText},
		{Name: "identities", Type: edm.Many(edm.Of("objectIdentity")), Write: edm.CU, Show: edm.InBeta, Filter: "eq; not"},
		{Name: "imAddresses", Type: texts, Show: edm.InBeta, Filter: "eq ge le sw; not"},
		{Name: "isManagementRestricted", Type: flag, Show: edm.InBeta},
		{Name: "isResourceAccount", Type: flag, Show: edm.InBeta},
		{Name: "lastPasswordChangeDateTime", Type: at, Show: edm.InBeta},
		{Name: "legalAgeGroupClassification", Type: text, Show: edm.InBeta},
		{Name: "licenseAssignmentStates", Type: edm.Many(edm.Of("licenseAssignmentState")), Show: edm.InBeta},
		{Name: "mailNickname", Type: text, Write: edm.CU, Required: true, Show: edm.InBeta, Filter: onText},
		{Name: "onPremisesDistinguishedName", Type: text, Show: edm.InBeta},
		{Name: "onPremisesDomainName", Type: text, Show: edm.InBeta},
		{Name: "onPremisesExtensionAttributes", Type: edm.Of("onPremisesExtensionAttributes"), Write: edm.CU, Show: edm.InBeta},
		{Name: "onPremisesImmutableId", Type: text, Write: edm.CU, Show: edm.InBeta, Filter: "; eq ne not ge le in"},
		{Name: "onPremisesLastSyncDateTime", Type: at, Show: edm.InBeta, Filter: lateTime},
		{Name: "onPremisesProvisioningErrors", Type: edm.Many(edm.Of("onPremisesProvisioningError")), Show: edm.InBeta},
		{Name: "onPremisesSamAccountName", Type: text, Show: edm.InBeta, Filter: lateName},
		{Name: "onPremisesSecurityIdentifier", Type: text, Show: edm.InBeta, Filter: "eq; null"},
		{Name: "onPremisesSyncEnabled", Type: flag, Show: edm.InBeta, Filter: "eq in; ne not null"},
		{Name: "onPremisesUserPrincipalName", Type: text, Show: edm.InBeta, Filter: lateName},
		{Name: "otherMails", Type: texts, NotNull: true, Write: edm.CU, Show: edm.InBeta, Filter: onAddrs, Search: edm.ByStart},
		{Name: "passwordPolicies", Type: text, Write: edm.CU, Show: edm.InBeta, Filter: "; eq ne not ge le in sw null"},
		{Name: "passwordProfile", Type: edm.Of("passwordProfile"), Write: edm.CU, Required: true, Show: edm.Never},
		{Name: "postalCode", Type: text, Write: edm.CU, Show: edm.InBeta, Filter: lateText},
		{Name: "preferredDataLocation", Type: text, Write: edm.CU, Show: edm.InBeta},
		{Name: "provisionedPlans", Type: edm.Many(edm.Of("provisionedPlan")), NotNull: true, Show: edm.InBeta},
		{Name: "proxyAddresses", Type: texts, NotNull: true, Show: edm.InBeta, Filter: onAddrs},
		{Name: "securityIdentifier", Type: text, Show: edm.InBeta, Filter: "eq; not ge le sw"},
		{Name: "serviceProvisioningErrors", Type: errs, Show: edm.InBeta},
		{Name: "showInAddressList", Type: flag, Write: edm.CU, Show: edm.InBeta, Filter: "; eq ne not in null"},
		{Name: "signInSessionsValidFromDateTime", Type: at, Show: edm.InBeta},
		{Name: "state", Type: text, Write: edm.CU, Show: edm.InBeta, Filter: onText},
		{Name: "streetAddress", Type: text, Write: edm.CU, Show: edm.InBeta, Filter: lateText},
		{Name: "usageLocation", Type: text, Write: edm.CU, Show: edm.InBeta, Filter: onText},
		{Name: "userType", Type: text, Write: edm.CU, Show: edm.InBeta, Filter: "eq in; ne not null"},
	}}
}

// licenseDetails is the entity type of a license that a user has.
// https://learn.microsoft.com/graph/api/resources/licensedetails?view=graph-rest-1.0
func licenseDetails() edm.Entity {
	return edm.Entity{Name: "licenseDetails", Base: "entity", Props: []edm.Prop{
		{Name: "servicePlans", Type: edm.Many(edm.Of("servicePlanInfo")), NotNull: true},
		{Name: "skuId", Type: edm.Guid},
		{Name: "skuPartNumber", Type: edm.String},
	}}
}

// userComplex are the complex types of users.
func userComplex() []edm.Complex {
	text, at, flag := edm.String, edm.DateTimeOffset, edm.Boolean
	return []edm.Complex{
		{Name: "objectIdentity", Props: []edm.Prop{
			{Name: "signInType", Type: text, Write: edm.CU, Filter: "eq; not"},
			{Name: "issuer", Type: text, Write: edm.CU, Filter: "eq; not"},
			{Name: "issuerAssignedId", Type: text, Write: edm.CU, Filter: "eq null; not"},
		}},
		{Name: "passwordProfile", Props: []edm.Prop{
			{Name: "forceChangePasswordNextSignIn", Type: flag, Write: edm.CU},
			{Name: "forceChangePasswordNextSignInWithMfa", Type: flag, Write: edm.CU},
			{Name: "password", Type: text, Write: edm.CU},
		}},
		{Name: "employeeOrgData", Props: []edm.Prop{
			{Name: "costCenter", Type: text, Write: edm.CU, Filter: lateName},
			{Name: "division", Type: text, Write: edm.CU, Filter: lateName},
		}},
		{Name: "authorizationInfo", Props: []edm.Prop{
			{Name: "certificateUserIds", Type: edm.Many(text), Write: edm.CU},
		}},
		{Name: "onPremisesExtensionAttributes", Props: extensionAttributes()},
		{Name: "onPremisesProvisioningError", Props: []edm.Prop{
			{Name: "category", Type: text},
			{Name: "occurredDateTime", Type: at},
			{Name: "propertyCausingError", Type: text},
			{Name: "value", Type: text},
		}},
		{Name: "serviceProvisioningError", Props: []edm.Prop{
			{Name: "createdDateTime", Type: at},
			{Name: "isResolved", Type: flag},
			{Name: "serviceInstance", Type: text},
		}},
		{Name: "assignedLicense", Props: []edm.Prop{
			{Name: "disabledPlans", Type: edm.Many(edm.Guid), NotNull: true},
			{Name: "skuId", Type: edm.Guid, Filter: "eq; not"},
		}},
		{Name: "assignedPlan", Props: []edm.Prop{
			{Name: "assignedDateTime", Type: at},
			{Name: "capabilityStatus", Type: text, Filter: "eq; not"},
			{Name: "service", Type: text, Filter: "eq; not"},
			{Name: "servicePlanId", Type: edm.Guid, Filter: "eq; not"},
		}},
		{Name: "licenseAssignmentState", Props: []edm.Prop{
			{Name: "assignedByGroup", Type: text},
			{Name: "disabledPlans", Type: edm.Many(edm.Guid)},
			{Name: "error", Type: text},
			{Name: "lastUpdatedDateTime", Type: at},
			{Name: "skuId", Type: edm.Guid},
			{Name: "state", Type: text},
		}},
		{Name: "servicePlanInfo", Props: []edm.Prop{
			{Name: "appliesTo", Type: text},
			{Name: "provisioningStatus", Type: text},
			{Name: "servicePlanId", Type: edm.Guid},
			{Name: "servicePlanName", Type: text},
		}},
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
		props[i] = edm.Prop{Name: n, Type: edm.String, Write: edm.CU, Filter: lateName}
	}
	return props
}
