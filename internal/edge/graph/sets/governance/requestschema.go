package governance

import "entente/internal/edge/graph/edm"

// requestTypes are the entity types of requests and assignments.
func requestTypes() []edm.Entity {
	words, at := edm.String, edm.DateTimeOffset
	const compared, dated = "eq ne in not", "eq ne ge le not"
	return []edm.Entity{
		{Name: "accessPackageAssignmentRequest", Base: "entity", Props: []edm.Prop{
			{Name: "answers", Only: "v1.0", Type: edm.Many(edm.Of("accessPackageAnswer")), NotNull: true, Write: edm.C},
			{Name: "completedDateTime", Only: "v1.0", Type: at, Filter: dated + " null", Order: "F"},
			{Name: "createdDateTime", Type: at, Filter: dated, Order: "F"},
			{Name: "customExtensionCalloutInstances", Type: edm.Many(edm.Of("customExtensionCalloutInstance")), NotNull: true},
			{Name: "justification", Type: words, Write: edm.C},
			{Name: "requestType", Only: "v1.0", Type: edm.Of("accessPackageRequestType"), Write: edm.C, Required: true, Filter: compared},
			{Name: "schedule", Type: edm.Of("entitlementManagementSchedule"), Write: edm.C},
			{Name: "state", Only: "v1.0", Type: edm.Of("accessPackageRequestState"), Filter: compared},
			{Name: "status", Only: "v1.0", Type: words, Filter: compared},
			{Name: "betaAnswers", Beta: "answers", Only: "beta", Type: edm.Many(edm.Of("accessPackageAnswer")), NotNull: true, Write: edm.C},
			{Name: "completedDate", Only: "beta", Type: at, Filter: dated + " null", Order: "F", Field: "completedDateTime"},
			{Name: "expirationDateTime", Only: "beta", Type: at},
			{Name: "isValidationOnly", Only: "beta", Type: edm.Boolean, Write: edm.C},
			{Name: "requestState", Only: "beta", Type: words, Filter: compared, Field: "state"},
			{Name: "requestStatus", Only: "beta", Type: words, Filter: compared, Field: "status"},
			{Name: "betaRequestType", Beta: "requestType", Only: "beta", Type: words, Write: edm.C, Filter: compared, Field: "requestType"},
			{Name: "waitsFor", Type: edm.Of("accessPackageRequestWait"), Show: edm.Selected, Note: "ours: approval, start or delivery, of whom, and until when at the latest"},
		}, Paths: []edm.Prop{
			{Name: "accessPackage/id", Type: words, Filter: "eq in"},
			{Name: "assignment/id", Beta: "accessPackageAssignment/id", Type: words, Filter: "eq in", Field: "assignment/id"},
			{Name: "assignment/target/id", Beta: "accessPackageAssignment/target/id", Type: words, Filter: "eq in", Field: "assignment/target/id"},
			{Name: "assignment/target/objectId", Beta: "accessPackageAssignment/target/objectId", Type: words, Filter: "eq in null", Field: "assignment/target/object"},
			{Name: "requestor/id", Type: words, Filter: "eq in"},
			{Name: "requestor/objectId", Type: words, Filter: "eq in null"},
		}},
		{Name: "accessPackageAssignment", Base: "entity", Props: []edm.Prop{
			{Name: "customExtensionCalloutInstances", Type: edm.Many(edm.Of("customExtensionCalloutInstance")), NotNull: true},
			{Name: "expiredDateTime", Type: at, Filter: dated + " null", Order: "F"},
			{Name: "schedule", Type: edm.Of("entitlementManagementSchedule")},
			{Name: "state", Only: "v1.0", Type: edm.Of("accessPackageAssignmentState"), Filter: compared},
			{Name: "status", Only: "v1.0", Type: words, Filter: compared},
			{Name: "accessPackageId", Only: "beta", Type: words, Filter: "eq in", Field: "accessPackage/id"},
			{Name: "assignmentPolicyId", Only: "beta", Type: words, Filter: "eq in", Field: "assignmentPolicy/id"},
			{Name: "assignmentState", Only: "beta", Type: words, Filter: compared, Field: "state"},
			{Name: "assignmentStatus", Only: "beta", Type: words, Filter: compared, Field: "status"},
			{Name: "catalogId", Only: "beta", Type: words},
			{Name: "isExtended", Only: "beta", Type: edm.Boolean},
			{Name: "targetId", Only: "beta", Type: words, Filter: "eq in", Field: "target/id"},
		}, Paths: []edm.Prop{
			{Name: "accessPackage/id", Type: words, Filter: "eq in"},
			{Name: "assignmentPolicy/id", Beta: "accessPackageAssignmentPolicy/id", Type: words, Filter: "eq in", Field: "assignmentPolicy/id"},
			{Name: "target/id", Type: words, Filter: "eq in"},
			{Name: "target/objectId", Type: words, Filter: "eq in null"},
		}},
	}
}

// requestComplex are the parts of requests.
func requestComplex() []edm.Complex {
	text, at := edm.String, edm.DateTimeOffset
	return []edm.Complex{
		of("accessPackageAnswer", props(edm.Of("accessPackageQuestion"), "answeredQuestion"), props(text, "displayValue", "value")),
		of("customExtensionCalloutInstance", props(text, "customExtensionId", "detail", "externalCorrelationId", "id"), props(edm.Of("customExtensionCalloutInstanceStatus"), "status")),
		of("customExtensionData", props(text, "customExtensionStageInstanceDetail", "customExtensionStageInstanceId", "stage", "state")),
		of("accessPackageSuggestionReason", props(edm.Int32, "pastAssignmentCount"), props(at, "lastAssignmentDateTime")),

		// Ours.
		of("accessPackageRequestWait", props(text, "for", "lastError"), props(at, "untilDateTime"), props(edm.Many(edm.Of("accessPackageParty")), "whom")),
	}
}

// requestEnums are their enumerations.
func requestEnums() []edm.Enum {
	return []edm.Enum{
		{Name: "accessPackageAssignmentState", Members: []string{"delivering", "partiallyDelivered", "delivered", "expired", "deliveryFailed", "unknownFutureValue"}},
		{Name: "accessPackageSubjectType", Members: []string{"notSpecified", "user", "servicePrincipal", "unknownFutureValue"}},
		{Name: "accessPackageSubjectLifecycle", Members: []string{"notDefined", "notGoverned", "governed", "unknownFutureValue"}},
		{Name: "customExtensionCalloutInstanceStatus", Members: []string{"calloutSent", "callbackReceived", "calloutFailed", "callbackTimedOut", "waitingForCallback", "unknownFutureValue"}},
	}
}
