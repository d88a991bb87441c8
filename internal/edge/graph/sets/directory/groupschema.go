package directory

import "entente/internal/edge/graph/edm"

// group is the entity type of groups.
// https://learn.microsoft.com/graph/api/resources/group?view=graph-rest-1.0
func group() edm.Entity {
	text, texts, flag, date := edm.String, edm.Many(edm.String), edm.Boolean, edm.DateTimeOffset
	return edm.Entity{Name: "group", Base: "directoryObject", Props: []edm.Prop{
		{Name: "deletedDateTime", Type: date, Filter: "eq ge le in; ne not null", Order: "A"},
		{Name: "classification", Type: text, Write: edm.CU, Filter: "eq ge le in sw; ne not"},
		{Name: "createdDateTime", Type: date, Filter: onTime, Order: "A"},
		{Name: "description", Type: text, Write: edm.CU, Filter: "eq ge le in sw; ne not"},
		{Name: "displayName", Type: text, Write: edm.CU, Required: true, Filter: "eq ge le in sw; ne not", Order: "d", Search: edm.ByWords},
		{Name: "expirationDateTime", Type: date},
		{Name: "groupTypes", Type: texts, NotNull: true, Write: edm.C, Filter: "eq; not cnt"},
		{Name: "isAssignableToRole", Type: flag, Write: edm.C, Filter: "eq; ne not"},
		{Name: "mail", Type: text, Filter: onAddr, Search: edm.ByStart},
		{Name: "mailEnabled", Type: flag, Write: edm.C, Required: true, Filter: "eq in; ne not"},
		{Name: "mailNickname", Type: text, Write: edm.CU, Required: true, Filter: "eq ge le in sw; ne not", Search: edm.ByStart},
		{Name: "membershipRule", Type: text, Write: edm.CU},
		{Name: "membershipRuleProcessingState", Type: text, Write: edm.CU},
		{Name: "onPremisesDomainName", Type: text, Write: edm.CU},
		{Name: "onPremisesLastSyncDateTime", Type: date},
		{Name: "onPremisesNetBiosName", Type: text, Write: edm.CU},
		{Name: "onPremisesProvisioningErrors", Type: edm.Many(edm.Of("onPremisesProvisioningError")), NotNull: true},
		{Name: "onPremisesSamAccountName", Type: text, Write: edm.CU},
		{Name: "onPremisesSecurityIdentifier", Type: text},
		{Name: "onPremisesSyncEnabled", Type: flag},
		{Name: "preferredDataLocation", Type: text, Write: edm.CU},
		{Name: "preferredLanguage", Type: text, Write: edm.CU},
		{Name: "proxyAddresses", Type: texts, NotNull: true, Filter: "eq sw; not ge le ew cnt"},
		{Name: "renewedDateTime", Type: date},
		{Name: "securityEnabled", Type: flag, Write: edm.CU, Required: true, Filter: "eq in; ne not"},
		{Name: "securityIdentifier", Type: text},
		{Name: "theme", Type: text, Write: edm.CU},
		{Name: "visibility", Type: text, Write: edm.CU},

		{Name: "allowExternalSenders", Type: flag, Write: edm.CU, Show: edm.Selected},
		{Name: "assignedLabels", Type: edm.Many(edm.Of("assignedLabel")), NotNull: true, Show: edm.Selected},
		{Name: "assignedLicenses", Type: edm.Many(edm.Of("assignedLicense")), NotNull: true, Show: edm.Selected},
		{Name: "autoSubscribeNewMembers", Type: flag, Write: edm.CU, Show: edm.Selected},
		{Name: "hideFromAddressLists", Type: flag, Write: edm.CU, Show: edm.Selected},
		{Name: "hideFromOutlookClients", Type: flag, Write: edm.CU, Show: edm.Selected},
		{Name: "resourceBehaviorOptions", Type: texts, NotNull: true, Write: edm.C, Show: edm.InBeta},
		{Name: "resourceProvisioningOptions", Type: texts, NotNull: true, Write: edm.C, Show: edm.InBeta, Filter: "eq; not cnt"},
		{Name: "serviceProvisioningErrors", Type: edm.Many(edm.Of("serviceProvisioningError")), NotNull: true, Show: edm.Selected},
		{Name: "uniqueName", Type: text, Write: edm.C, Show: edm.InBeta, Filter: "eq"},
		{Name: "writebackConfiguration", Only: "beta", Type: edm.Of("groupWritebackConfiguration"), Write: edm.CU},
	}}
}

// groupComplex are the complex types of a group.
func groupComplex() []edm.Complex {
	text := edm.String
	return []edm.Complex{
		{Name: "assignedLabel", Props: []edm.Prop{{Name: "displayName", Type: text}, {Name: "labelId", Type: text}}},
		{Name: "onPremisesProvisioningError", Props: []edm.Prop{
			{Name: "category", Type: text}, {Name: "occurredDateTime", Type: edm.DateTimeOffset},
			{Name: "propertyCausingError", Type: text}, {Name: "value", Type: text},
		}},
		{Name: "serviceProvisioningError", Props: []edm.Prop{
			{Name: "createdDateTime", Type: edm.DateTimeOffset}, {Name: "isResolved", Type: edm.Boolean}, {Name: "serviceInstance", Type: text},
		}},
		{Name: "groupWritebackConfiguration", Props: []edm.Prop{
			{Name: "isEnabled", Type: edm.Boolean, Write: edm.CU}, {Name: "onPremisesGroupType", Type: text, Write: edm.CU},
		}},
	}
}
