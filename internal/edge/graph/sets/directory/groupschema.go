package directory

import "entente/internal/edge/graph/edm"

// group is the entity type of groups.
// https://learn.microsoft.com/graph/api/resources/group?view=graph-rest-1.0
func group() edm.Entity {
	text, texts, flag, date := edm.String, edm.Many(edm.String), edm.Boolean, edm.DateTimeOffset
	return edm.Entity{Name: "group", Base: "directoryObject", Counted: []string{"owners"}, Props: []edm.Prop{
		{Name: "deletedDateTime", Type: date, Filter: "eq ge le in; ne not null", Order: "A"},
		{Name: "classification", Type: text, Write: edm.CU, Filter: "eq ge le in sw; ne not null"},
		{Name: "createdDateTime", Type: date, Filter: onTime, Order: "A"},
		{Name: "creationOptions", Type: texts, NotNull: true},
		{Name: "description", Type: text, Write: edm.CU, Filter: "eq ge le in sw; ne not null", Search: edm.ByWords},
		{Name: "displayName", Type: text, Write: edm.CU, Required: true, Filter: "eq ge le in sw; ne not null", Order: "d", Search: edm.ByWords},
		{Name: "expirationDateTime", Type: date, Filter: onTime},
		{Name: "groupTypes", Type: texts, NotNull: true, Write: edm.CU, Filter: "eq; not cnt"},
		{Name: "infoCatalogs", Type: texts, NotNull: true},
		{Name: "isAssignableToRole", Type: flag, Write: edm.C, Filter: "eq in; ne not"},
		{Name: "mail", Type: text, Filter: onAddr, Search: edm.ByStart},
		{Name: "mailEnabled", Type: flag, Write: edm.C, Required: true, Filter: "eq in; ne not"},
		{Name: "mailNickname", Type: text, Write: edm.CU, Required: true, Filter: "eq ge le in sw; ne not null", Search: edm.ByStart},
		{Name: "membershipRule", Type: text, Write: edm.CU, Filter: "eq ge le in sw; ne not"},
		{Name: "membershipRuleProcessingState", Type: text, Write: edm.CU, Filter: "eq in; ne not"},
		{Name: "onPremisesDomainName", Type: text, Write: edm.CU},
		{Name: "onPremisesLastSyncDateTime", Type: date, Filter: "; eq ne not ge le in"},
		{Name: "onPremisesNetBiosName", Type: text, Write: edm.CU},
		{Name: "onPremisesSamAccountName", Type: text, Write: edm.CU, Filter: "; eq ne not ge le in sw"},
		{Name: "onPremisesSecurityIdentifier", Type: text, Filter: "eq in; ne not null"},
		{Name: "onPremisesSyncEnabled", Type: flag, Filter: "eq in; ne not null"},
		{Name: "preferredDataLocation", Type: text, Write: edm.CU},
		{Name: "preferredLanguage", Type: text, Write: edm.CU, Filter: "; eq ne not ge le in sw null"},
		{Name: "proxyAddresses", Type: texts, NotNull: true, Filter: "eq ge le sw; not ew cnt"},
		{Name: "renewedDateTime", Type: date, Filter: onTime},
		{Name: "resourceBehaviorOptions", Type: texts, NotNull: true, Write: edm.C},
		{Name: "resourceProvisioningOptions", Type: texts, NotNull: true, Write: edm.C, Filter: "eq; not cnt"},
		{Name: "securityEnabled", Type: flag, Write: edm.CU, Required: true, Filter: "eq in; ne not"},
		{Name: "securityIdentifier", Type: text},
		{Name: "theme", Type: text, Write: edm.CU},
		{Name: "uniqueName", Type: text, Write: edm.C, Filter: "eq"},
		{Name: "visibility", Type: text, Write: edm.CU},
		{Name: "onPremisesProvisioningErrors", Type: edm.Many(edm.Of("onPremisesProvisioningError")), NotNull: true},
		{Name: "serviceProvisioningErrors", Type: edm.Many(edm.Of("serviceProvisioningError")), NotNull: true},

		{Name: "allowExternalSenders", Type: flag, Write: edm.CU, Show: edm.Selected},
		{Name: "assignedLabels", Type: edm.Many(edm.Of("assignedLabel")), NotNull: true, Show: edm.Selected},
		{Name: "assignedLicenses", Type: edm.Many(edm.Of("assignedLicense")), NotNull: true, Show: edm.Selected, Filter: "eq; not cnt"},
		{Name: "autoSubscribeNewMembers", Type: flag, Write: edm.CU, Show: edm.Selected},
		{Name: "hideFromAddressLists", Type: flag, Write: edm.CU, Show: edm.Selected},
		{Name: "hideFromOutlookClients", Type: flag, Write: edm.CU, Show: edm.Selected},
		{Name: "isArchived", Type: flag, Show: edm.Selected},
		{Name: "isManagementRestricted", Type: flag, Show: edm.Selected},
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
