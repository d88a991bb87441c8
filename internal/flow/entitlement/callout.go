package entitlement

import (
	"encoding/json"
	"net/url"
	"slices"
	"time"
	"unicode/utf8"

	"entente/internal/flow/offer"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// A Callout is one call to the endpoint of a custom extension. Graph's
// customExtensionCalloutInstance.
//
//	pending → calloutSent, calloutFailed
//	waitingForCallback → callbackReceived, callbackTimedOut, calloutFailed
//	calloutSent, callbackReceived, callbackTimedOut, calloutFailed: final
type Callout struct {
	Tenant      ids.TenantID
	ID          string
	Request     ids.RequestID // or
	Assignment  ids.AccessID
	Extension   ids.ObjectID
	Stage       string
	Status      CalloutStatus
	Holds       bool   // the request waits for the endpoint's word
	Detail      string // what the endpoint said, or why it could not be called
	Correlation string // what the endpoint calls it
	Tries       int
	Until       time.Time // how long the request waits
	CreatedAt   time.Time
	SentAt      time.Time // zero while the endpoint has not taken it
	EndedAt     time.Time
}

// A CalloutStatus is Graph's customExtensionCalloutInstanceStatus.
type CalloutStatus string

// The statuses. Graph has none for a call that is not made yet.
const (
	CalloutPending  CalloutStatus = "pending"
	CalloutWaits    CalloutStatus = "waitingForCallback"
	CalloutSent     CalloutStatus = "calloutSent"
	CalloutFailed   CalloutStatus = "calloutFailed"
	CalloutAnswered CalloutStatus = "callbackReceived"
	CalloutTimedOut CalloutStatus = "callbackTimedOut"
)

// nextCallout lists, for each status, those that may follow.
var nextCallout = map[CalloutStatus][]CalloutStatus{
	CalloutPending: {CalloutSent, CalloutFailed},
	CalloutWaits:   {CalloutAnswered, CalloutTimedOut, CalloutFailed},
}

// The stages at which endpoints are called.
const (
	stageCreated  = "assignmentRequestCreated"
	stageApproved = "assignmentRequestApproved"
	stageGranted  = "assignmentRequestGranted"
	stageRemoved  = "assignmentRequestRemoved"
)

// stageOfNotice are the stages before the end of an assignment.
var stageOfNotice = map[time.Duration]string{
	notices[0]: "assignmentFourteenDaysBeforeExpiration",
	notices[1]: "assignmentOneDayBeforeExpiration",
}

// The status texts of requests that ended because of an endpoint.
const (
	statusCallbackTimedOut = "CallbackTimedOut"
	statusCalloutFailed    = "CalloutFailed"
)

// usualPause is how long a request waits where the extension does not say.
const usualPause = time.Hour

// newCallout returns a call to an extension. A request waits for it if the
// extension says so, and never once its access is gone.
func newCallout(e *offer.Extension, stage string, now time.Time) *Callout {
	c := &Callout{Tenant: e.Tenant, ID: ids.New[string](), Extension: e.ID, Stage: stage, Status: CalloutPending, CreatedAt: now}
	if e.Callback && stage != stageRemoved {
		pause := e.Pause
		if pause <= 0 {
			pause = usualPause
		}
		c.Holds, c.Status, c.Until = true, CalloutWaits, now.Add(pause)
	}
	return c
}

// end moves the call to a final status.
func (c *Callout) end(to CalloutStatus, detail string, now time.Time) error {
	if !slices.Contains(nextCallout[c.Status], to) {
		return fault.Because(fault.Conflict, WrongState, "A callout cannot go from %s to %s.", c.Status, to)
	}
	c.Status, c.EndedAt = to, now
	if detail != "" {
		c.Detail = detail
	}
	return nil
}

// Over reports whether nothing more becomes of the call.
func (c *Callout) Over() bool { return len(nextCallout[c.Status]) == 0 }

// Limits of a call.
const (
	firstRetry    = 10 * time.Second
	longestRetry  = time.Hour
	longestDetail = 1000
)

// audienceOf returns for whom the token of a call is: the resource that the
// extension names, else the origin of its endpoint.
func audienceOf(e *offer.Extension) string {
	var says struct {
		Resource string `json:"resourceId"`
	}
	if json.Unmarshal(e.Authentication, &says) == nil && says.Resource != "" {
		return says.Resource
	}
	u, err := url.Parse(e.Endpoint.URL)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// pauseBefore returns how long to wait before a call is tried again.
func pauseBefore(tries int) time.Duration {
	return min(firstRetry<<min(max(tries-1, 0), 20), longestRetry)
}

// A Resumption is the word of an endpoint for which a request waits. Graph's
// accessPackageAssignmentRequestCallbackData.
type Resumption struct {
	Callout string // customExtensionStageInstanceId
	Stage   string // empty: not said
	Detail  string
	State   RequestState // Denied or Canceled end the request; empty lets it go on
}

// NoSuchCallout is the Reason of a word for which the request does not wait.
const NoSuchCallout fault.Reason = "entitlement.no_such_callout"

// check refuses a word for which the request does not wait.
func (in *Resumption) check(r *Request, c *Callout, now time.Time) error {
	switch {
	case r.Callout == "":
		return fault.Because(fault.Invalid, WrongState, "The request is %s and waits for no custom extension.", r.State)
	case c == nil || c.ID != in.Callout:
		f := fault.Because(fault.Invalid, NoSuchCallout, "The request does not wait for the custom extension's instance '%.40s'.", in.Callout)
		f.Target = "data.customExtensionStageInstanceId"
		return f
	case in.Stage != "" && in.Stage != c.Stage:
		return offer.Bad("data.stage", "The request waits at the stage %s.", c.Stage)
	case in.State != "" && in.State != Denied && in.State != Canceled:
		return offer.Bad("data.state", "A custom extension can only deny or cancel a request.")
	case utf8.RuneCountInString(in.Detail) > longestDetail:
		return offer.Bad("data.customExtensionStageInstanceDetail", "The detail has more than %d characters.", longestDetail)
	case !now.Before(r.ResumeBy):
		return fault.Because(fault.Invalid, WrongState, "The request waited until %s.", stamp(r.ResumeBy))
	}
	return nil
}

// Hold has the request wait for the word of a custom extension, in the state that
// it is in.
func (r *Request) Hold(c *Callout) {
	r.Callout, r.ResumeBy, r.Status = c.ID, c.Until, statusWaiting
}

// release ends the wait, in the same state.
func (r *Request) release() {
	r.Callout, r.ResumeBy, r.Status = "", time.Time{}, statuses[r.State]
}

// Refuse ends a request that was not given anything yet, because of a custom
// extension.
func (r *Request) Refuse(status string, now time.Time) error {
	if err := r.move(Denied, now); err != nil {
		return err
	}
	r.Status = status
	return nil
}

// StayPartial ends a delivery of which an endpoint did not say that its part is
// done.
func (r *Request) StayPartial(why string, now time.Time) error {
	r.Error = why
	return r.move(PartiallyDelivered, now)
}
