package governance

import (
	"slices"

	"entente/internal/edge/graph/edm"
)

// Schema declares the types.
func Schema() edm.Schema {
	return edm.Schema{
		Entities: slices.Concat(
			[]edm.Entity{{Name: "identityGovernance", Base: "entity"}, {Name: "entitlementManagement", Base: "entity"}, catalogType()},
			resourceTypes(), packageTypes(), []edm.Entity{policyType()}, organizationTypes(), extensionTypes(),
			requestTypes(), []edm.Entity{subjectType(), deliveredType()}, approvalTypes(), offeredTypes()),
		Complex: slices.Concat(complexTypes(), requestComplex()),
		Enums: append(requestEnums(), []edm.Enum{
			{Name: "accessPackageCatalogType", Members: []string{"userManaged", "serviceDefault", "serviceManaged", "unknownFutureValue"}},
			{Name: "accessPackageCatalogState", Members: []string{"unpublished", "published", "unknownFutureValue"}},
			{Name: "accessPackageRequestType", Members: []string{"notSpecified", "userAdd", "userUpdate", "userRemove", "adminAdd", "adminUpdate", "adminRemove",
				"systemAdd", "systemUpdate", "systemRemove", "onBehalfAdd", "unknownFutureValue"}},
			{Name: "accessPackageRequestState", Members: []string{"submitted", "pendingApproval", "delivering", "delivered", "deliveryFailed", "denied", "scheduled",
				"canceled", "partiallyDelivered", "unknownFutureValue"}},
			{Name: "allowedTargetScope", Members: []string{"notSpecified", "specificDirectoryUsers", "specificConnectedOrganizationUsers", "specificDirectoryServicePrincipals",
				"allMemberUsers", "allDirectoryUsers", "allDirectoryServicePrincipals", "allConfiguredConnectedOrganizationUsers", "allExternalUsers",
				"allDirectoryAgentIdentities", "unknownFutureValue"}},
			{Name: "expirationPatternType", Members: []string{"notSpecified", "noExpiration", "afterDateTime", "afterDuration"}},
			{Name: "approverInformationVisibility", Members: []string{"default", "notVisible", "visible", "unknownFutureValue"}},
			{Name: "accessReviewExpirationBehavior", Members: []string{"keepAccess", "removeAccess", "acceptAccessRecommendation", "unknownFutureValue"}},
			{Name: "connectedOrganizationState", Members: []string{"configured", "proposed", "unknownFutureValue"}},
			{Name: "accessPackageExternalUserLifecycleAction", Members: []string{"none", "blockSignIn", "blockSignInAndDelete", "unknownFutureValue"}},
			{Name: "accessPackageCustomExtensionStage", Members: []string{"assignmentRequestCreated", "assignmentRequestApproved", "assignmentRequestGranted",
				"assignmentRequestRemoved", "assignmentFourteenDaysBeforeExpiration", "assignmentOneDayBeforeExpiration", "unknownFutureValue"}},
		}...),
	}
}

func policyType() edm.Entity {
	words := edm.String
	return edm.Entity{Name: "accessPackageAssignmentPolicy", Base: "entity", Props: []edm.Prop{
		{Name: "allowedTargetScope", Only: "v1.0", Type: edm.Of("allowedTargetScope"), Write: edm.CU, Filter: "eq ne in not"},
		{Name: "automaticRequestSettings", Only: "v1.0", Type: edm.Of("accessPackageAutomaticRequestSettings"), Write: edm.CU},
		{Name: "createdDateTime", Type: edm.DateTimeOffset, Filter: "eq ne ge le not", Order: "F"},
		{Name: "description", Type: words, Write: edm.CU},
		{Name: "displayName", Type: words, Write: edm.CU, Required: true, Filter: "eq ne in sw contains not", Order: "F"},
		{Name: "expiration", Only: "v1.0", Type: edm.Of("expirationPattern"), Write: edm.CU},
		{Name: "modifiedDateTime", Type: edm.DateTimeOffset, Filter: "eq ne ge le not", Order: "F"},
		{Name: "notificationSettings", Only: "v1.0", Type: edm.Of("accessPackageNotificationSettings"), Write: edm.CU},
		{Name: "requestApprovalSettings", Only: "v1.0", Type: edm.Of("accessPackageAssignmentApprovalSettings"), Write: edm.CU},
		{Name: "requestorSettings", Only: "v1.0", Type: edm.Of("accessPackageAssignmentRequestorSettings"), Write: edm.CU},
		{Name: "reviewSettings", Only: "v1.0", Type: edm.Of("accessPackageAssignmentReviewSettings"), Write: edm.CU, Note: "stored; reviews do not run yet"},
		{Name: "specificAllowedTargets", Only: "v1.0", Type: edm.Many(edm.Of("subjectSet")), NotNull: true, Write: edm.CU},
		{Name: "questions", Only: "v1.0", Type: edm.Many(edm.Of("accessPackageQuestion")), NotNull: true, Write: edm.CU},
		{Name: "accessPackageId", Only: "beta", Type: words, Write: edm.C, Filter: "eq in"},
		{Name: "accessReviewSettings", Only: "beta", Type: edm.Of("assignmentReviewSettings"), Write: edm.CU, Note: "stored; reviews do not run yet"},
		{Name: "canExtend", Only: "beta", Type: edm.Boolean, Write: edm.CU},
		{Name: "durationInDays", Only: "beta", Type: edm.Int32, Write: edm.CU},
		{Name: "expirationDateTime", Only: "beta", Type: edm.DateTimeOffset, Write: edm.CU},
		{Name: "betaQuestions", Beta: "questions", Only: "beta", Type: edm.Many(edm.Of("accessPackageQuestion")), NotNull: true, Write: edm.CU},
		{Name: "betaRequestApprovalSettings", Beta: "requestApprovalSettings", Only: "beta", Type: edm.Of("approvalSettings"), Write: edm.CU},
		{Name: "betaRequestorSettings", Beta: "requestorSettings", Only: "beta", Type: edm.Of("requestorSettings"), Write: edm.CU},
		{Name: "verifiableCredentialSettings", Only: "beta", Type: edm.Of("verifiableCredentialSettings"), Write: edm.CU, Note: "kept as it came"},
	}, Paths: []edm.Prop{{Name: "accessPackage/id", Type: words, Filter: "eq in", Field: "accessPackageId"}}}
}

// of declares a complex type.
func of(name string, props ...[]edm.Prop) edm.Complex {
	return edm.Complex{Name: name, Props: slices.Concat(props...)}
}

func props(t edm.Type, names ...string) (list []edm.Prop) {
	for _, n := range names {
		list = append(list, edm.Prop{Name: n, Type: t, Write: edm.CU, NotNull: t.IsMany()})
	}
	return list
}

func inBeta(list []edm.Prop) []edm.Prop {
	for i := range list {
		list[i].Only = "beta"
	}
	return list
}

// complexTypes are the parts of policies, organizations and extensions. Those of
// which there are several kinds have the members of all of them.
func complexTypes() []edm.Complex {
	text, flag, number, at, length := edm.String, edm.Boolean, edm.Int32, edm.DateTimeOffset, edm.Duration
	sets, localized := edm.Many(edm.Of("subjectSet")), edm.Many(edm.Of("accessPackageLocalizedText"))
	v1 := func(list []edm.Prop) []edm.Prop {
		for i := range list {
			list[i].Only = "v1.0"
		}
		return list
	}
	renamed := func(name, beta string, t edm.Type) []edm.Prop {
		return []edm.Prop{{Name: name, Beta: beta, Only: "beta", Type: t, Write: edm.CU, NotNull: t.IsMany()}}
	}
	return []edm.Complex{
		of("accessPackageResourceAttribute", props(text, "name"), props(flag, "isEditable", "isPersistedOnAssignmentRemoval")),
		of("connectionInfo", props(text, "url")),
		of("expirationPattern", props(length, "duration"), props(at, "endDateTime"), props(edm.Of("expirationPatternType"), "type")),
		of("accessPackageAutomaticRequestSettings", props(length, "gracePeriodBeforeAccessRemoval"), props(flag, "removeAccessWhenTargetLeavesAllowedTargets", "requestAccessForAllowedTargets")),
		of("accessPackageNotificationSettings", props(flag, "isAssignmentNotificationDisabled")),
		of("accessPackageAssignmentApprovalSettings", props(flag, "isApprovalRequiredForAdd", "isApprovalRequiredForUpdate", "isRequestorJustificationRequired"),
			props(edm.Many(edm.Of("accessPackageApprovalStage")), "stages")),
		of("accessPackageApprovalStage", props(edm.Of("approverInformationVisibility"), "approverInformationVisibility"),
			props(length, "durationBeforeAutomaticDenial", "durationBeforeEscalation"),
			props(sets, "escalationApprovers", "fallbackEscalationApprovers", "fallbackPrimaryApprovers"),
			props(flag, "isApproverJustificationRequired", "isEscalationEnabled"), props(sets, "primaryApprovers")),
		of("accessPackageAssignmentRequestorSettings", props(flag, "allowCustomAssignmentSchedule", "enableOnBehalfRequestorsToAddAccess",
			"enableOnBehalfRequestorsToRemoveAccess", "enableOnBehalfRequestorsToUpdateAccess", "enableTargetsToSelfAddAccess",
			"enableTargetsToSelfRemoveAccess", "enableTargetsToSelfUpdateAccess"), props(sets, "onBehalfRequestors")),
		of("accessPackageAssignmentReviewSettings", props(edm.Of("accessReviewExpirationBehavior"), "expirationBehavior"), props(sets, "fallbackReviewers"),
			props(flag, "isEnabled", "isRecommendationEnabled", "isReviewerJustificationRequired", "isSelfReview"), props(sets, "primaryReviewers"),
			props(edm.Of("entitlementManagementSchedule"), "schedule")),
		of("entitlementManagementSchedule", props(edm.Of("expirationPattern"), "expiration"), props(edm.Of("patternedRecurrence"), "recurrence"), props(at, "startDateTime")),
		of("patternedRecurrence", props(edm.Of("recurrencePattern"), "pattern"), props(edm.Of("recurrenceRange"), "range")),
		of("recurrencePattern", props(text, "type"), props(number, "interval", "month", "dayOfMonth"), props(edm.Many(text), "daysOfWeek")),
		of("recurrenceRange", props(text, "type"), props(number, "numberOfOccurrences")),
		of("subjectSet", props(text, "description"), v1(props(text, "userId", "groupId", "connectedOrganizationId", "servicePrincipalId")),
			inBeta(props(text, "id")), inBeta(props(flag, "isBackup")), props(number, "managerLevel"), props(text, "membershipRule")),
		of("accessPackageLocalizedText", props(text, "languageCode", "text")),
		of("accessPackageLocalizedContent", props(text, "defaultText"), props(localized, "localizedTexts")),
		of("accessPackageQuestion", props(text, "id"), props(flag, "isAnswerEditable", "isRequired"), v1(props(localized, "localizations")), props(number, "sequence"),
			v1(props(text, "text")), renamed("betaText", "text", edm.Of("accessPackageLocalizedContent")),
			props(flag, "isSingleLineQuestion"), props(text, "regexPattern"), props(edm.Many(edm.Of("accessPackageAnswerChoice")), "choices"),
			v1(props(flag, "isMultipleSelectionAllowed")), renamed("betaMultiple", "allowsMultipleSelection", flag)),
		of("accessPackageAnswerChoice", props(text, "actualValue"), v1(props(localized, "localizations")), v1(props(text, "text")),
			inBeta(props(edm.Of("accessPackageLocalizedContent"), "displayValue"))),
		of("identitySource", props(text, "displayName", "tenantId", "cloudInstance", "domainName", "issuerUri", "socialIdentitySourceType")),
		of("customExtensionAuthenticationConfiguration", props(text, "resourceId")),
		of("customExtensionClientConfiguration", props(number, "maximumRetries", "timeoutInMilliseconds")),
		of("customExtensionEndpointConfiguration", props(text, "logicAppWorkflowName", "resourceGroupName", "subscriptionId", "url")),
		of("customExtensionCallbackConfiguration", props(length, "timeoutDuration")),

		of("accessPackageAssignmentRequestRequirements", v1(props(flag, "allowCustomAssignmentSchedule", "isApprovalRequiredForAdd", "isApprovalRequiredForUpdate")),
			inBeta(props(flag, "isCustomAssignmentScheduleAllowed", "isApprovalRequired", "isApprovalRequiredForExtension")), props(flag, "isRequestorJustificationRequired"),
			props(text, "policyDescription", "policyDisplayName", "policyId"), props(edm.Of("entitlementManagementSchedule"), "schedule"),
			props(edm.Many(edm.Of("accessPackageQuestion")), "questions")),

		// Ours.
		of("accessPackagePolicyOutcome", props(edm.Many(edm.Of("accessPackageParty")), "requestors", "onBehalfRequestors"),
			props(edm.Many(edm.Of("accessPackageParties")), "approvalStages"), props(edm.Many(edm.Of("accessPackageGrant")), "grants"), props(edm.Many(text), "notes")),
		of("accessPackageParty", props(text, "kind", "id", "displayName"), props(number, "people")),
		of("accessPackageParties", props(edm.Many(edm.Of("accessPackageParty")), "approvers", "escalationApprovers")),
		of("accessPackageGrant", props(text, "resource", "role", "originSystem")),

		// Beta's own.
		of("requestorSettings", props(flag, "acceptRequests"), props(sets, "allowedRequestors"), props(text, "scopeType")),
		of("approvalSettings", props(text, "approvalMode"), props(edm.Many(edm.Of("approvalStageSettings")), "approvalStages"),
			props(flag, "isApprovalRequired", "isApprovalRequiredForExtension", "isRequestorJustificationRequired")),
		of("approvalStageSettings", props(number, "approvalStageTimeOutInDays", "escalationTimeInMinutes"), props(sets, "escalationApprovers"),
			props(flag, "isApproverJustificationRequired", "isEscalationEnabled"), props(sets, "primaryApprovers")),
		of("assignmentReviewSettings", props(text, "accessReviewTimeoutBehavior", "recurrenceType", "reviewerType"), props(number, "durationInDays"),
			props(flag, "isAccessRecommendationEnabled", "isApprovalJustificationRequired", "isEnabled"), props(sets, "reviewers"), props(at, "startDateTime")),
		of("verifiableCredentialSettings", props(edm.Many(edm.Of("verifiableCredentialType")), "credentialTypes")),
		of("verifiableCredentialType", props(text, "credentialType"), props(edm.Many(text), "issuers")),
	}
}
