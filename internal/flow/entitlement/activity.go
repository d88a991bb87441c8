package entitlement

import (
	"context"
	"strconv"
	"strings"

	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/flow/provision"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// What the log says of requests, in Entra's words; where Entra has none, in words
// like them. See learn.microsoft.com/entra/identity/monitoring-health/reference-audit-activities.
const (
	createdApproval  = "Create request approval"
	addedApprovers   = "Add approver to request approval"
	needsNoApproval  = "Auto approve access package assignment request"
	approvedStage    = "Approval stage completed for access package assignment request"
	approvedRequest  = "Approve access package assignment request"
	deniedRequest    = "Deny access package assignment request"
	timedOutRequest  = "Access package assignment request timed out (no approver action taken)"
	canceledRequest  = "Cancel access package assignment request"
	scheduledRequest = "Schedule a future access package assignment"
	readyRequest     = "Ready to fulfill access package assignment request"
	resumedRequest   = "Resume access package assignment request"
	triedAgain       = "Reprocess access package assignment request"
	deletedRequest   = "Delete access package assignment request"
	fulfilled        = "Fulfill access package assignment"
	partlyFulfilled  = "Partially fulfill access package assignment request"
	notFulfilled     = "Failed access package assignment request"
	removedAccess    = "Remove access package assignment"
	calledExtension  = "Execute custom extension"
	repairedAccess   = "Reprocess access package assignment"
	lostAccess       = "Partially fulfill access package assignment"
)

// madeBy is what the log says when a request is made, by its type.
var madeBy = map[RequestType]string{
	UserAdd:      "User requests access package assignment",
	OnBehalfAdd:  "User requests access package assignment",
	UserUpdate:   "User requests to extend access package assignment",
	UserRemove:   "User requests to remove access package assignment",
	AdminAdd:     "Administrator directly assigns user to access package",
	AdminUpdate:  "Create access package assignment user update request",
	AdminRemove:  "Administrator directly removes user access package assignment",
	SystemAdd:    "Entitlement Management creates access package assignment request for user",
	SystemUpdate: "Create access package assignment user update request",
	SystemRemove: "Entitlement Management removes access package assignment request for user",
}

// ahead returns what the log says of a request that everybody has agreed to who
// has to, and nothing of one that waits for somebody or takes.
func ahead(r *Request) string {
	switch {
	case r.Type.Removes() || r.Callout != "":
	case r.State == Scheduled:
		return scheduledRequest
	case r.State == Delivering:
		return readyRequest
	}
	return ""
}

// unasked returns what the log says of a new request on which nobody has to decide.
func unasked(r *Request) string {
	if r.Type.Removes() || r.State == PendingApproval {
		return ""
	}
	return needsNoApproval
}

// outcome returns what the log says of the end of a delivery.
func outcome(r *Request) string {
	switch {
	case r.State == PartiallyDelivered:
		return partlyFulfilled
	case r.State == DeliveryFailed:
		return notFulfilled
	case r.Type.Removes():
		return removedAccess
	}
	return fulfilled
}

// tell records something about a request in the tenant's log, and in that of the
// target's home; an activity that is empty is nothing.
func tell(ctx context.Context, tx *sqldb.Tx, who authz.Caller, target *Subject, r *Request, pkg string, activities ...string) error {
	var all []audit.Told
	for _, a := range activities {
		if a != "" {
			all = append(all, entryOf(target, r, a, pkg))
		}
	}
	return audit.RecordAll(ctx, tx, who, all)
}

func entryOf(target *Subject, r *Request, activity, pkg string) audit.Told {
	return audit.Told{Other: target.Principal.Home, Entry: audit.Entry{
		Category: "EntitlementManagement", Activity: activity, Service: "Entitlement Management",
		Target: audit.Target{Kind: "AccessPackageAssignmentRequest", ID: string(r.ID), Name: pkg},
		Detail: map[string]string{"accessPackage": string(r.Package), "target": target.Name, "state": string(r.State), "requestType": string(r.Type)},
	}}
}

// mostInEntry is how many approvers an entry names.
const mostInEntry = 50

// tellAsked records who is asked to approve a request, and at which stage, from 1.
// The target's home learns that somebody is, not who.
func tellAsked(ctx context.Context, tx *sqldb.Tx, target *Subject, r *Request, pkg, activity string, list []ids.ObjectID) error {
	names := make([]string, 0, mostInEntry)
	for _, id := range list[:min(len(list), mostInEntry)] {
		names = append(names, string(id))
	}
	t := entryOf(target, r, activity, pkg)
	t.Category = "UserManagement"
	t.Detail["stage"] = strconv.Itoa(r.Stage + 1)
	t.Own = []audit.Change{{Name: "Approvers", New: strings.Join(names, " ")}}
	return audit.RecordAll(ctx, tx, actor(r.Tenant), []audit.Told{t})
}

// tellOf records what becomes of an assignment without a request: in the tenant's log,
// and in that of the target's home.
func tellOf(ctx context.Context, tx *sqldb.Tx, who authz.Caller, a *Assignment, activity string) error {
	target, err := subjectByID(ctx, tx, a.Tenant, a.Target)
	if err != nil {
		return err
	}
	p, err := packageOf(ctx, tx, a.Tenant, a.Package)
	if err != nil {
		return err
	}
	t := audit.Told{Other: target.Principal.Home, Entry: audit.Entry{
		Category: "EntitlementManagement", Activity: activity, Service: "Entitlement Management",
		Target: audit.Target{Kind: "AccessPackageAssignment", ID: string(a.ID), Name: p.Name},
		Detail: map[string]string{"accessPackage": string(a.Package), "target": target.Name, "state": string(a.State)},
	}}
	if a.Error != "" {
		t.Own = []audit.Change{{Name: "Error", New: a.Error}}
	}
	return audit.RecordAll(ctx, tx, who, []audit.Told{t})
}

// noteOf notes how much of what an assignment gives is there, and records it where
// that is another answer than before.
func noteOf(ctx context.Context, tx *sqldb.Tx, a *Assignment, t provision.Tally) error {
	was := a.State
	if err := a.note(t, tx.Now()); err != nil || a.State == was {
		return err
	}
	activity := fulfilled
	if a.State == AccessPartial {
		activity = lostAccess
	}
	return tellOf(ctx, tx, actor(a.Tenant), a, activity)
}
