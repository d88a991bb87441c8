package entitlement

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"entente/internal/flow/offer"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
)

// A Request is the wish that somebody has a package, has it otherwise, or has it
// no more. Graph's accessPackageAssignmentRequest.
//
// It always has a requestor, a target and a package. Its state changes only
// through the methods below. What the policy said when it was made counts until
// it ends, whatever becomes of the policy.
type Request struct {
	Tenant        ids.TenantID
	ID            ids.RequestID
	Type          RequestType
	Package       ids.PackageID
	Policy        ids.PolicyID
	Requestor     ids.SubjectID
	Target        ids.SubjectID
	Assignment    ids.AccessID // what it makes, changes or ends; empty while there is none
	State         RequestState
	Status        string // Graph's free text
	Schedule      offer.Schedule
	Justification string
	Answers       []Answer
	Terms         Terms
	Stage         int // of the approval that is waited for, from 0
	Tries         int // of the delivery, since it began
	TryAt         time.Time
	Error         string // why it could not be delivered
	Callout       string // the custom extension that is waited for
	ResumeBy      time.Time
	CreatedAt     time.Time
	CompletedAt   time.Time // zero while the request is under way

	version int64
	known   *around
}

// Terms are what a policy says that a request keeps.
type Terms struct {
	Expiration offer.Expiration `json:"expiration"`
	Stages     []offer.Stage    `json:"stages,omitempty"`
	Approval   bool             `json:"approval,omitempty"` // the stages are asked
	Quiet      bool             `json:"quiet,omitempty"`
	Direct     bool             `json:"direct,omitempty"` // given by an administrator or by itself, not asked for
	Extend     bool             `json:"extend,omitempty"` // those who have it may ask for longer

	Extensions []offer.StageExtension `json:"extensions,omitempty"`

	// What the first approver agreed to, and whom it was for; empty while nobody
	// has, and where nobody is asked. Delivery compares them; see unaltered.
	Agreed    secret.Digest `json:"agreed,omitempty"`
	AgreedFor ids.SubjectID `json:"agreedFor,omitempty"`

	// Who stood behind the programs that ask or are to have it, when they asked.
	Behind parties `json:"behind,omitempty"`
}

// A RequestType is Graph's accessPackageRequestType.
type RequestType string

// The types.
const (
	UserAdd      RequestType = "userAdd"
	UserUpdate   RequestType = "userUpdate"
	UserRemove   RequestType = "userRemove"
	AdminAdd     RequestType = "adminAdd"
	AdminUpdate  RequestType = "adminUpdate"
	AdminRemove  RequestType = "adminRemove"
	SystemAdd    RequestType = "systemAdd"
	SystemUpdate RequestType = "systemUpdate"
	SystemRemove RequestType = "systemRemove"
	OnBehalfAdd  RequestType = "onBehalfAdd"
)

// RequestTypes are all types.
var RequestTypes = []RequestType{UserAdd, UserUpdate, UserRemove, AdminAdd, AdminUpdate, AdminRemove, SystemAdd, SystemUpdate, SystemRemove, OnBehalfAdd}

// Adds reports whether the request is for a new assignment, Removes whether it is
// to end one.
func (t RequestType) Adds() bool {
	return t == UserAdd || t == AdminAdd || t == SystemAdd || t == OnBehalfAdd
}

// Removes reports whether the request is to end an assignment.
func (t RequestType) Removes() bool { return t == UserRemove || t == AdminRemove || t == SystemRemove }

// Administers reports whether somebody who administers the package makes it.
func (t RequestType) Administers() bool {
	return t == AdminAdd || t == AdminUpdate || t == AdminRemove
}

// ByPeople reports whether those make it whom the access is for, or others on their
// behalf.
func (t RequestType) ByPeople() bool {
	return t == UserAdd || t == UserUpdate || t == UserRemove || t == OnBehalfAdd
}

// A RequestState is Graph's accessPackageRequestState.
type RequestState string

// The states.
const (
	Submitted          RequestState = "submitted"
	PendingApproval    RequestState = "pendingApproval"
	Scheduled          RequestState = "scheduled"
	Delivering         RequestState = "delivering"
	Delivered          RequestState = "delivered"
	PartiallyDelivered RequestState = "partiallyDelivered"
	DeliveryFailed     RequestState = "deliveryFailed"
	Denied             RequestState = "denied"
	Canceled           RequestState = "canceled"
)

// RequestStates are all states.
var RequestStates = []RequestState{Submitted, PendingApproval, Scheduled, Delivering, Delivered, PartiallyDelivered, DeliveryFailed, Denied, Canceled}

// next lists, for each state, the states that may follow. A state without an
// entry is final.
var next = map[RequestState][]RequestState{
	Submitted:          {PendingApproval, Scheduled, Delivering, Denied, Canceled},
	PendingApproval:    {Scheduled, Delivering, Denied, Canceled},
	Scheduled:          {Delivering, Canceled, DeliveryFailed},
	Delivering:         {Delivered, PartiallyDelivered, DeliveryFailed},
	PartiallyDelivered: {Delivering, Delivered, DeliveryFailed},
	DeliveryFailed:     {Delivering},
}

// Texts of the status, which Graph shows beside the state.
const (
	statusAccepted  = "Accepted"
	statusWaiting   = "WaitingForCallback"
	statusApproval  = "PendingApproval"
	statusEscalated = "PendingApprovalEscalated"
	statusLater     = "PendingNotBefore"
	statusExpired   = "Expired" // denied, because nobody decided in time
)

var statuses = map[RequestState]string{
	Submitted: statusAccepted, PendingApproval: statusApproval, Scheduled: statusLater, Delivering: "Delivering", Delivered: "Delivered",
	PartiallyDelivered: "PartiallyDelivered", DeliveryFailed: "DeliveryFailed", Denied: "Denied", Canceled: "Canceled",
}

// Why a request is refused.
const (
	NotInScope      fault.Reason = "entitlement.not_in_scope"
	CatalogClosed   fault.Reason = "entitlement.catalog_closed"
	TargetBlocked   fault.Reason = "entitlement.target_blocked"
	NoSuchPackage   fault.Reason = "entitlement.no_such_package"
	NoSuchPolicy    fault.Reason = "entitlement.no_such_policy"
	NoSuchAccess    fault.Reason = "entitlement.no_such_assignment"
	NoSuchTarget    fault.Reason = "entitlement.no_such_target"
	Clashes         fault.Reason = "entitlement.incompatible"
	OpenRequest     fault.Reason = "entitlement.open_request"
	HasAlready      fault.Reason = "entitlement.existing_grant"
	NoAnswer        fault.Reason = "entitlement.answers_missing"
	BadAnswer       fault.Reason = "entitlement.answer_invalid"
	NoJustification fault.Reason = "entitlement.justification_required"
	WrongState      fault.Reason = "entitlement.wrong_state"
	TooLate         fault.Reason = "entitlement.too_late"
)

// Limits of a request.
const (
	longestJustification = 4000
	longestAnswer        = 4000
	mostAnswers          = 100
)

// retention is how long after its end a failed request may be tried again.
const retention = 14 * 24 * time.Hour

// newRequest returns a submitted request under a policy.
func newRequest(p *offer.Policy, t RequestType, requestor, target ids.SubjectID, justification string, now time.Time) (*Request, error) {
	justification = strings.TrimSpace(justification)
	if utf8.RuneCountInString(justification) > longestJustification {
		return nil, offer.Bad("justification", "A justification has at most %d characters.", longestJustification)
	}
	return &Request{
		Tenant: p.Tenant, ID: ids.New[ids.RequestID](), Type: t, Package: p.Package, Policy: p.ID, Requestor: requestor, Target: target,
		State: Submitted, Status: statusAccepted, Justification: justification, CreatedAt: now,
		Terms: Terms{Expiration: p.Expiration, Stages: p.Approval.Stages, Quiet: p.Quiet, Extend: p.Requestor.SelfUpdate, Direct: t.Administers() || t == SystemAdd || t == SystemUpdate,
			Extensions: p.Extensions},
	}, nil
}

// Open reports whether the request is still under way: it will change without
// anybody asking for it.
func (r *Request) Open() bool {
	return r.State == Submitted || r.State == PendingApproval || r.State == Scheduled || r.State == Delivering
}

func (r *Request) move(to RequestState, now time.Time) error {
	if !slices.Contains(next[r.State], to) {
		return fault.Because(fault.Conflict, WrongState, "A request cannot go from %s to %s.", r.State, to)
	}
	r.State, r.Status = to, statuses[to]
	r.Callout, r.ResumeBy = "", time.Time{} // whoever was waited for is late
	r.CompletedAt = time.Time{}
	if !r.Open() {
		r.CompletedAt = now
	}
	return nil
}

// Begin takes a submitted request on: to its first approver, or further if none
// has to be asked.
func (r *Request) Begin(approval bool, now time.Time) error {
	if approval && len(r.Terms.Stages) > 0 {
		r.Stage = 0
		return r.move(PendingApproval, now)
	}
	return r.proceed(now)
}

// proceed takes on a request to which everybody has agreed who has to.
func (r *Request) proceed(now time.Time) error {
	if r.Schedule.Start.After(now) && !r.Type.Removes() {
		return r.move(Scheduled, now)
	}
	return r.deliver(now)
}

func (r *Request) deliver(now time.Time) error {
	if err := r.move(Delivering, now); err != nil {
		return err
	}
	r.Tries, r.TryAt, r.Error = 0, now, ""
	return nil
}

// Approve takes the word of an approver of the current stage: the next stage
// opens, or the last one lets the request go on.
func (r *Request) Approve(now time.Time) error {
	if r.State != PendingApproval {
		return decided(r)
	}
	if r.Stage++; r.Stage < len(r.Terms.Stages) {
		r.Status = statusApproval
		return nil
	}
	return r.proceed(now)
}

// Deny ends a request by an approver's word, at whatever stage.
func (r *Request) Deny(now time.Time) error {
	if r.State != PendingApproval {
		return decided(r)
	}
	return r.move(Denied, now)
}

// TimeOut ends a request on which nobody has decided in time.
func (r *Request) TimeOut(now time.Time) error {
	if err := r.Deny(now); err != nil {
		return err
	}
	r.Status = statusExpired
	return nil
}

func decided(r *Request) error {
	return fault.Because(fault.Conflict, Decided, "The request waits for no approval: it is %s.", r.State)
}

// Start begins the delivery of a request whose time has come.
func (r *Request) Start(now time.Time) error {
	if r.State != Scheduled || r.Schedule.Start.After(now) {
		return fault.Because(fault.Conflict, WrongState, "The request does not begin yet.")
	}
	return r.deliver(now)
}

// Cancel ends a request that has brought about nothing yet.
func (r *Request) Cancel(now time.Time) error {
	if r.State != Submitted && r.State != PendingApproval && r.State != Scheduled {
		return fault.Because(fault.Invalid, WrongState, "A request that is %s cannot be canceled.", r.State)
	}
	return r.move(Canceled, now)
}

// Reprocess delivers again what could not be delivered, for fourteen days.
func (r *Request) Reprocess(now time.Time) error {
	if r.State != DeliveryFailed && r.State != PartiallyDelivered {
		return fault.Because(fault.Invalid, WrongState, "Only a request that is deliveryFailed or partiallyDelivered can be reprocessed; this one is %s.", r.State)
	}
	if now.After(r.CompletedAt.Add(retention)) {
		return fault.Because(fault.Invalid, TooLate, "A request can be reprocessed for 14 days after it ended.").WithFix("Make a new request.")
	}
	return r.deliver(now)
}

// pauses between the tries of a delivery: about six hours in all.
const (
	firstPause  = 30 * time.Second
	longestWait = time.Hour
	mostTries   = 12
)

// Failed notes that a try could not deliver everything and reports whether there
// will be another. After the last one the request ends with what could be
// delivered.
func (r *Request) Failed(some bool, why string, now time.Time) (again bool, err error) {
	r.Error = why
	if r.Tries++; r.Tries < mostTries {
		r.TryAt = now.Add(min(firstPause<<(r.Tries-1), longestWait))
		return true, nil
	}
	if some {
		return false, r.move(PartiallyDelivered, now)
	}
	return false, r.move(DeliveryFailed, now)
}

// ForAnother reports whether somebody has asked for somebody else, as a manager may.
func (r *Request) ForAnother() bool {
	return r.Type == OnBehalfAdd || (r.Type == UserUpdate || r.Type == UserRemove) && r.Requestor != r.Target
}

// GiveUp ends a delivery that no further try would mend.
func (r *Request) GiveUp(why string, now time.Time) error {
	r.Error = why
	return r.move(DeliveryFailed, now)
}

// Complete ends a request that has brought about what it was for.
func (r *Request) Complete(now time.Time) error {
	r.Error = ""
	return r.move(Delivered, now)
}

// since returns from when on the access counts that is brought about at a moment: from
// the start that was asked for, if one was and it has passed.
func (r *Request) since(now time.Time) time.Time {
	start := r.Schedule.Start
	if start.IsZero() || start.After(now) {
		return now
	}
	if start.Before(r.CreatedAt) {
		return r.CreatedAt
	}
	return start
}

// End returns when the access ends that this request brings about from a moment
// on; zero is never. What was asked for counts as far as the policy lets it.
func (r *Request) End(start time.Time) time.Time {
	most := r.Terms.Expiration.From(start)
	asked := r.Schedule.Expiration.From(start)
	if r.Schedule.Expiration.Type == offer.ExpirationNotSpecified || r.Schedule.Expiration.Type == "" {
		return most
	}
	if asked.IsZero() || !most.IsZero() && asked.After(most) {
		return most
	}
	return asked
}
