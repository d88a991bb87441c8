package entitlement

import (
	"slices"
	"time"

	"entente/internal/flow/offer"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// An Assignment is that a subject has a package, by a policy, from when until
// when. Graph's accessPackageAssignment.
type Assignment struct {
	Tenant      ids.TenantID
	ID          ids.AccessID
	Package     ids.PackageID
	Policy      ids.PolicyID
	Target      ids.SubjectID
	Object      ids.ObjectID // what has the roles
	State       AssignmentState
	Status      string
	Schedule    offer.Schedule // as it was asked for
	Terms       Terms
	StartsAt    time.Time
	EndsAt      time.Time // zero: never
	Extended    bool
	Noticed     time.Duration // before the end, of the last notice of it; zero: none was given
	Error       string
	CreatedAt   time.Time
	DeliveredAt time.Time
	ExpiredAt   time.Time // zero while it lives

	version int64
}

// An AssignmentState is Graph's accessPackageAssignmentState.
type AssignmentState string

// The states.
const (
	AccessDelivering AssignmentState = "delivering"
	AccessPartial    AssignmentState = "partiallyDelivered"
	AccessDelivered  AssignmentState = "delivered"
	AccessExpired    AssignmentState = "expired"
	AccessFailed     AssignmentState = "deliveryFailed"
)

// AssignmentStates are all states.
var AssignmentStates = []AssignmentState{AccessDelivering, AccessPartial, AccessDelivered, AccessExpired, AccessFailed}

// nextAccess lists, for each state, the states that may follow.
var nextAccess = map[AssignmentState][]AssignmentState{
	AccessDelivering: {AccessDelivered, AccessPartial, AccessFailed, AccessExpired},
	AccessPartial:    {AccessDelivered, AccessDelivering, AccessFailed, AccessExpired},
	AccessFailed:     {AccessDelivered, AccessDelivering, AccessPartial, AccessExpired},
	AccessDelivered:  {AccessDelivering, AccessPartial, AccessExpired},
}

var accessStatuses = map[AssignmentState]string{
	AccessDelivering: "Delivering", AccessPartial: "PartiallyDelivered", AccessDelivered: "Delivered",
	AccessExpired: "ExpiredNotificationTriggered", AccessFailed: "DeliveryFailed",
}

// Notices before the end of an assignment.
var notices = []time.Duration{14 * 24 * time.Hour, 24 * time.Hour}

// newAssignment returns what a request makes that is delivered now.
func newAssignment(r *Request, object ids.ObjectID, now time.Time) *Assignment {
	return &Assignment{
		Tenant: r.Tenant, ID: ids.Derived[ids.AccessID]("assignment", string(r.ID)), Package: r.Package, Policy: r.Policy, Target: r.Target, Object: object,
		State: AccessDelivering, Status: accessStatuses[AccessDelivering], Schedule: r.Schedule, Terms: r.Terms,
		StartsAt: now, EndsAt: r.End(r.since(now)), CreatedAt: now,
	}
}

// Live reports whether the assignment gives anything, or is about to.
func (a *Assignment) Live() bool { return a.State != AccessExpired && a.State != AccessFailed }

func (a *Assignment) move(to AssignmentState) error {
	if a.State == to {
		return nil
	}
	if !slices.Contains(nextAccess[a.State], to) {
		return fault.Because(fault.Conflict, WrongState, "An assignment cannot go from %s to %s.", a.State, to)
	}
	a.State, a.Status = to, accessStatuses[to]
	return nil
}

// Settle notes how far the roles have come.
func (a *Assignment) Settle(to AssignmentState, why string, now time.Time) error {
	if err := a.move(to); err != nil {
		return err
	}
	a.Error = why
	if to == AccessDelivered && a.DeliveredAt.IsZero() {
		a.DeliveredAt = now
	}
	return nil
}

// Change gives the assignment another end, counted from a moment on that is the same
// at each try. A person's extension never shortens.
func (a *Assignment) Change(r *Request, since time.Time) {
	start := since
	if a.StartsAt.After(since) {
		start = a.StartsAt
	}
	end := r.End(start)
	if r.Type == AdminUpdate && r.Policy == a.Policy && (r.Schedule.Expiration.Type == "" || r.Schedule.Expiration.Type == offer.ExpirationNotSpecified) {
		end = a.EndsAt // it is about something else
	}
	if r.Type == UserUpdate && !end.IsZero() && (a.EndsAt.IsZero() || end.Before(a.EndsAt)) {
		end = a.EndsAt
	}
	a.Extended = a.Extended || end.IsZero() && !a.EndsAt.IsZero() || end.After(a.EndsAt)
	direct := a.Terms.Direct && r.Terms.Direct
	a.Terms, a.Policy = r.Terms, r.Policy
	a.Terms.Direct = direct
	if end.Equal(a.EndsAt) {
		return // what was told of the end holds
	}
	a.EndsAt, a.Noticed, a.Status = end, 0, accessStatuses[a.State]
}

// Expire ends the assignment.
func (a *Assignment) Expire(now time.Time) error {
	if err := a.move(AccessExpired); err != nil {
		return err
	}
	a.ExpiredAt = now
	return nil
}

// Over reports whether the end has come.
func (a *Assignment) Over(now time.Time) bool { return !a.EndsAt.IsZero() && !now.Before(a.EndsAt) }

// Notice returns which notice of the end is to be given now, and notes it; zero
// is none. Of notices whose time has passed only the last is given.
func (a *Assignment) Notice(now time.Time) time.Duration {
	if a.EndsAt.IsZero() || a.State == AccessDelivering {
		return 0
	}
	for _, n := range slices.Backward(notices) {
		if now.Before(a.EndsAt.Add(-n)) || a.Noticed != 0 && a.Noticed <= n || a.EndsAt.Sub(a.StartsAt) <= n {
			continue
		}
		a.Noticed, a.Status = n, noticeStatus[n]
		return n
	}
	return 0
}

var noticeStatus = map[time.Duration]string{
	notices[0]: "NearExpiry14DaysNotificationTriggered",
	notices[1]: "NearExpiry1DayNotificationTriggered",
}

// Next returns when there is something to do for the assignment; zero is never.
func (a *Assignment) Next() time.Time {
	if !a.Live() || a.EndsAt.IsZero() {
		return time.Time{}
	}
	if a.State == AccessDelivering { // notices are given when it is delivered
		return a.EndsAt
	}
	for _, n := range notices {
		if (a.Noticed == 0 || n < a.Noticed) && a.EndsAt.Sub(a.StartsAt) > n {
			return a.EndsAt.Add(-n)
		}
	}
	return a.EndsAt
}
