package directory

import "entente/internal/edge/graph/edm"

// teamEntities are the entity types of teams and sites.
func teamEntities() []edm.Entity {
	text, texts, flag, date := edm.String, edm.Many(edm.String), edm.Boolean, edm.DateTimeOffset
	return []edm.Entity{
		{Name: "team", Base: "entity", Input: []edm.Prop{
			{Name: "template@odata.bind", Type: text, Write: edm.C},
			{Name: "group@odata.bind", Type: text, Write: edm.C},
			{Name: "members", Type: edm.Many(edm.Of("aadUserConversationMember")), Write: edm.C},
		}, Props: []edm.Prop{
			{Name: "createdDateTime", Type: date},
			{Name: "displayName", Type: text, Write: edm.CU, Filter: "eq in sw", Order: "d"},
			{Name: "description", Type: text, Write: edm.CU},
			{Name: "internalId", Type: text},
			{Name: "classification", Type: text, Write: edm.CU},
			{Name: "specialization", Type: text},
			{Name: "visibility", Type: edm.Of("teamVisibilityType"), Write: edm.CU},
			{Name: "webUrl", Type: text},
			{Name: "isArchived", Type: flag},
			{Name: "tenantId", Type: text},
			{Name: "memberSettings", Type: edm.Of("teamMemberSettings"), Write: edm.CU},
			{Name: "guestSettings", Type: edm.Of("teamGuestSettings"), Write: edm.CU},
			{Name: "messagingSettings", Type: edm.Of("teamMessagingSettings"), Write: edm.CU},
			{Name: "funSettings", Type: edm.Of("teamFunSettings"), Write: edm.CU},
		}},
		{Name: "conversationMember", Base: "entity", Abstract: true, Input: []edm.Prop{{Name: "user@odata.bind", Type: text, Write: edm.C}}, Props: []edm.Prop{
			{Name: "roles", Type: texts, NotNull: true, Write: edm.CU},
			{Name: "displayName", Type: text, Filter: "eq in sw"},
			{Name: "visibleHistoryStartDateTime", Type: date},
		}},
		{Name: "aadUserConversationMember", Base: "conversationMember", Input: []edm.Prop{{Name: "user@odata.bind", Type: text, Write: edm.C}}, Props: []edm.Prop{
			{Name: "userId", Type: text, Filter: "eq in"},
			{Name: "email", Type: text, Filter: "eq in"},
			{Name: "tenantId", Type: text},
		}},
		{Name: "teamsAsyncOperation", Base: "entity", Props: []edm.Prop{
			{Name: "operationType", Type: edm.Of("teamsAsyncOperationType"), NotNull: true},
			{Name: "createdDateTime", Type: date, NotNull: true},
			{Name: "lastActionDateTime", Type: date, NotNull: true},
			{Name: "status", Type: edm.Of("teamsAsyncOperationStatus"), NotNull: true},
			{Name: "attemptsCount", Type: edm.Int32, NotNull: true},
			{Name: "targetResourceId", Type: text},
			{Name: "targetResourceLocation", Type: text},
			{Name: "error", Type: edm.Of("operationError")},
		}},
		{Name: "baseItem", Base: "entity", Abstract: true, Props: []edm.Prop{
			{Name: "createdDateTime", Type: date, NotNull: true},
			{Name: "lastModifiedDateTime", Type: date, NotNull: true},
			{Name: "description", Type: text, Write: edm.C},
			{Name: "name", Type: text, Write: edm.C},
			{Name: "webUrl", Type: text},
		}},
		{Name: "site", Base: "baseItem", Props: []edm.Prop{
			{Name: "id", Type: text, NotNull: true},
			{Name: "displayName", Type: text, Write: edm.C},
			{Name: "isPersonalSite", Type: flag},
			{Name: "root", Type: edm.Of("root")},
			{Name: "siteCollection", Type: edm.Of("siteCollection")},
		}},
		{Name: "permission", Base: "entity", Props: []edm.Prop{
			{Name: "roles", Type: texts, NotNull: true, Write: edm.CU},
			{Name: "grantedToIdentities", Type: edm.Many(edm.Of("identitySet")), Write: edm.C},
			{Name: "grantedToIdentitiesV2", Type: edm.Many(edm.Of("sharePointIdentitySet")), Write: edm.C},
		}},
	}
}

// teamComplex are their complex types.
func teamComplex() []edm.Complex {
	flags := func(name string, names ...string) edm.Complex {
		c := edm.Complex{Name: name}
		for _, n := range names {
			c.Props = append(c.Props, edm.Prop{Name: n, Type: edm.Boolean, Write: edm.CU})
		}
		return c
	}
	fun := flags("teamFunSettings", "allowCustomMemes", "allowGiphy", "allowStickersAndMemes")
	fun.Props = append(fun.Props, edm.Prop{Name: "giphyContentRating", Type: edm.Of("giphyRatingType"), Write: edm.CU})
	application := []edm.Prop{{Name: "application", Type: edm.Of("identity"), Write: edm.C}}
	return []edm.Complex{
		flags("teamMemberSettings", "allowAddRemoveApps", "allowCreatePrivateChannels", "allowCreateUpdateChannels",
			"allowCreateUpdateRemoveConnectors", "allowCreateUpdateRemoveTabs", "allowDeleteChannels"),
		flags("teamGuestSettings", "allowCreateUpdateChannels", "allowDeleteChannels"),
		flags("teamMessagingSettings", "allowChannelMentions", "allowOwnerDeleteMessages", "allowTeamMentions", "allowUserDeleteMessages", "allowUserEditMessages"),
		fun,
		{Name: "operationError", Props: []edm.Prop{{Name: "code", Type: edm.String}, {Name: "message", Type: edm.String}}},
		{Name: "root"},
		{Name: "siteCollection", Props: []edm.Prop{{Name: "hostname", Type: edm.String}}},
		{Name: "identity", Props: []edm.Prop{{Name: "id", Type: edm.String, Write: edm.C}, {Name: "displayName", Type: edm.String, Write: edm.C}}},
		{Name: "identitySet", Props: application},
		{Name: "sharePointIdentitySet", Props: application},
	}
}

// teamEnums are their enumerations.
func teamEnums() []edm.Enum {
	return []edm.Enum{
		{Name: "teamVisibilityType", Members: []string{"private", "public", "hiddenMembership", "unknownFutureValue"}},
		{Name: "giphyRatingType", Members: []string{"strict", "moderate", "unknownFutureValue"}},
		{Name: "teamsAsyncOperationType", Members: []string{"invalid", "cloneTeam", "archiveTeam", "unarchiveTeam", "createTeam", "unknownFutureValue"}},
		{Name: "teamsAsyncOperationStatus", Members: []string{"invalid", "notStarted", "inProgress", "succeeded", "failed", "unknownFutureValue"}},
	}
}
