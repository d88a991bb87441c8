package governance

import (
	"slices"
	"strings"

	"entente/internal/edge/graph/edm"
	"entente/internal/flow/entitlement"
	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
)

// readSubmission reads a new request. The assignment that it is about may be
// called assignment or accessPackageAssignment in either version, and names what
// it speaks of by identifiers or by objects that have them.
func readSubmission(r *edm.Request) (in entitlement.Submission, err error) {
	b := readBody(r.Body)
	in.Type = requestTypeOf(b.word("requestType"))
	in.Justification = b.word("justification")
	if r.Version == edm.Beta {
		in.ValidateOnly = b.is("isValidationOnly")
	}
	in.Package = ids.PackageID(b.reference("accessPackageId", "accessPackage"))
	in.Schedule = readSchedule(b)
	for _, name := range []string{"assignment", "accessPackageAssignment"} {
		if x := b.object(name); x != nil {
			readAssignment(x, &in)
		}
	}
	if list, ok := b.list("answers"); ok {
		for _, x := range list {
			in.Answers = append(in.Answers, readAnswer(x))
		}
	}
	if by := b.object("requestor"); by != nil {
		by.pass("id", "displayName", "email", "principalName", "subjectType", "type", "connectedOrganization")
		if id := by.id("objectId"); id != "" && id != string(r.Who.Object) {
			by.fail("objectId", "Whoever sends a request is its requestor.")
		}
		by.end()
	}
	b.pass("id", "createdDateTime", "completedDateTime", "completedDate", "state", "requestState", "status", "requestStatus", "expirationDateTime",
		"customExtensionCalloutInstances", "customExtensionHandlerInstances")
	// What nobody has verified here must not look as if it had been.
	if list, _ := b.list("verifiedCredentialsData"); len(list) > 0 {
		b.fail("verifiedCredentialsData", "Verified credentials are not taken: nothing here verifies them.")
	}
	return in, b.end()
}

// requestTypeOf reads the word of a type, whatever its case.
func requestTypeOf(word string) entitlement.RequestType {
	if strings.EqualFold(word, "userExtend") {
		return entitlement.UserUpdate
	}
	if i := slices.IndexFunc(entitlement.RequestTypes, func(t entitlement.RequestType) bool { return strings.EqualFold(string(t), word) }); i >= 0 {
		return entitlement.RequestTypes[i]
	}
	return entitlement.RequestType(word)
}

func readAssignment(x *reader, in *entitlement.Submission) {
	in.Assignment = ids.AccessID(x.id("id"))
	if of := ids.PackageID(x.reference("accessPackageId", "accessPackage")); of != "" {
		if in.Package != "" && in.Package != of {
			x.fail("accessPackageId", "The request names two access packages.")
		}
		in.Package = of
	}
	in.Policy = ids.PolicyID(x.reference("assignmentPolicyId", "assignmentPolicy", "accessPackageAssignmentPolicy"))
	in.Target = ids.ObjectID(x.id("targetId"))
	if t := x.object("target"); t != nil {
		object, subject, email := ids.ObjectID(t.id("objectId")), ids.SubjectID(t.id("id")), strings.TrimSpace(t.word("email"))
		switch {
		case object != "" && in.Target != "" && object != in.Target:
			t.fail("objectId", "targetId and target.objectId name different targets.")
		case object != "":
			in.Target = object
		case in.Target != "":
		case subject != "":
			in.Subject = subject
		default:
			in.Email = email
		}
		t.pass("displayName", "principalName", "onPremisesSecurityIdentifier", "subjectType", "subjectLifecycle", "type", "altSecId",
			"connectedOrganizationId", "connectedOrganization", "cleanupScheduledDateTime")
		t.end()
	}
	if x.object("schedule") != nil && in.Schedule == (offer.Schedule{}) {
		x.fail("schedule", "The schedule stands beside the assignment, in the request.")
	}
	x.pass("state", "status", "assignmentState", "assignmentStatus", "expiredDateTime", "catalogId", "isExtended", "customExtensionCalloutInstances")
	x.end()
}

// readSchedule reads from when until when somebody wants access. A time or a
// duration may stand without the word that says which it is.
func readSchedule(b *reader) (s offer.Schedule) {
	x := b.object("schedule")
	if x == nil {
		return s
	}
	set(&s.Start, x.time("startDateTime"))
	if e := x.object("expiration"); e != nil {
		word := e.word("type")
		set(&s.Expiration.End, e.time("endDateTime"))
		set(&s.Expiration.Duration, e.duration("duration"))
		i := slices.IndexFunc(expirations, func(t offer.ExpirationType) bool { return strings.EqualFold(string(t), word) })
		switch {
		case i >= 0:
			s.Expiration.Type = expirations[i]
		case word != "":
			e.fail("type", "An access ends notSpecified, noExpiration, afterDateTime or afterDuration.")
		case !s.Expiration.End.IsZero():
			s.Expiration.Type = offer.ExpirationAfterDateTime
		case s.Expiration.Duration != 0:
			s.Expiration.Type = offer.ExpirationAfterDuration
		}
		e.end()
	}
	if x.kept("recurrence") != nil {
		x.fail("recurrence", "An access does not recur.")
	}
	x.end()
	return s
}

func readAnswer(x *reader) (a entitlement.Answer) {
	if kind := x.kind(); kind != "" && kind != "accessPackageAnswerString" {
		x.fail("@odata.type", "Answers are of the type #microsoft.graph.accessPackageAnswerString.")
	}
	a.Value, a.Display = x.word("value"), x.word("displayValue")
	if q := x.object("answeredQuestion"); q != nil {
		a.Question = ids.QuestionID(q.id("id"))
	}
	if a.Question == "" {
		x.fail("answeredQuestion.id", "An answer says which question it answers.")
	}
	x.end()
	return a
}

// readResumption reads the word of a custom extension's endpoint.
func readResumption(r *edm.Request) (in entitlement.Resumption, err error) {
	b := readBody(r.Body)
	x := b.object("data")
	if x == nil {
		b.fail("data", "The data say which call is answered.")
		return in, b.end()
	}
	in.Callout, in.Stage, in.Detail = x.id("customExtensionStageInstanceId"), x.word("stage"), x.word("customExtensionStageInstanceDetail")
	if in.Callout == "" {
		x.fail("customExtensionStageInstanceId", "The data say which call is answered.")
	}
	if word := x.word("state"); word != "" {
		in.State = entitlement.RequestState(word)
		if i := slices.IndexFunc(entitlement.RequestStates, func(s entitlement.RequestState) bool { return strings.EqualFold(string(s), word) }); i >= 0 {
			in.State = entitlement.RequestStates[i]
		}
	}
	x.pass("accessPackageAssignmentRequestId", "requestType")
	x.end()
	b.pass("source", "type")
	return in, b.end()
}
