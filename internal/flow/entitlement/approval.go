package entitlement

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"entente/internal/flow/offer"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
)

// An ApprovalStage is one approval of a request. Graph's approvalStage.
//
//	Initializing → InProgress
//	InProgress → Completed, Expired
//	Completed, Expired: final
type ApprovalStage struct {
	Tenant      ids.TenantID
	Request     ids.RequestID
	Number      int // from 0
	ID          ids.StageID
	Status      StageStatus
	OpenedAt    time.Time
	RemindAt    time.Time // zero: nobody is reminded any more
	EscalateAt  time.Time // zero: it is never escalated
	DueAt       time.Time
	EscalatedAt time.Time // zero: it was not
	Reminded    int       // how often

	Result    string // NotReviewed, Approve, Deny
	By        ids.Principal
	ByObject  ids.ObjectID
	ByName    string
	Reason    string
	DecidedAt time.Time
	Shown     secret.Digest // of what the approver was shown
}

// A StageStatus is Graph's status of an approval stage.
type StageStatus string

// The statuses.
const (
	StageInitializing StageStatus = "Initializing"
	StageInProgress   StageStatus = "InProgress"
	StageCompleted    StageStatus = "Completed"
	StageExpired      StageStatus = "Expired"
)

// What approvers say, in Graph's words.
const (
	NotReviewed = "NotReviewed"
	Approve     = "Approve"
	Deny        = "Deny"
)

// Why a decision is refused.
const (
	Decided        fault.Reason = "entitlement.decided"
	NotApprover    fault.Reason = "entitlement.not_an_approver"
	OwnRequest     fault.Reason = "entitlement.own_request"
	ShownOtherwise fault.Reason = "entitlement.shown_otherwise"
)

// newStages returns the stages of a request that has to be approved.
func newStages(r *Request) []*ApprovalStage {
	var all []*ApprovalStage
	for i := range r.Terms.Stages {
		all = append(all, &ApprovalStage{Tenant: r.Tenant, Request: r.ID, Number: i, ID: ids.New[ids.StageID](), Status: StageInitializing, Result: NotReviewed})
	}
	return all
}

// Open begins the wait for a word, as the policy's stage says: a reminder after
// half the time and on the last day, others who may decide as well, and the end.
func (a *ApprovalStage) Open(s offer.Stage, now time.Time) {
	out := s.TimeOut
	if out <= 0 {
		out = offer.UsualTimeOut
	}
	a.Status, a.OpenedAt, a.DueAt, a.RemindAt = StageInProgress, now, now.Add(out), now.Add(out/2)
	if s.Escalation && s.EscalateAfter > 0 && len(s.Alternate)+len(s.AlternateFallback) > 0 {
		a.EscalateAt = now.Add(s.EscalateAfter)
	}
}

// Next returns when there is something to do for the stage; zero is never.
func (a *ApprovalStage) Next() time.Time {
	if a.Status != StageInProgress {
		return time.Time{}
	}
	first := a.DueAt
	for _, t := range []time.Time{a.RemindAt, a.EscalateAt} {
		if !t.IsZero() && t.Before(first) {
			first = t
		}
	}
	return first
}

// Escalate reports whether others are to be asked now, and notes that they are.
func (a *ApprovalStage) Escalate(now time.Time) bool {
	if a.EscalateAt.IsZero() || now.Before(a.EscalateAt) {
		return false
	}
	a.EscalatedAt, a.EscalateAt = now, time.Time{}
	return true
}

// Remind reports whether approvers are to be reminded now, and notes that they
// are: twice at most.
func (a *ApprovalStage) Remind(now time.Time) bool {
	if a.RemindAt.IsZero() || now.Before(a.RemindAt) {
		return false
	}
	a.RemindAt = time.Time{}
	last := a.DueAt.Add(-24 * time.Hour)
	if a.Reminded++; a.Reminded < 2 && last.After(now) {
		a.RemindAt = last
	}
	return true
}

// Expired reports whether the time for a word is over, and ends the stage.
func (a *ApprovalStage) Expired(now time.Time) bool {
	if a.Status != StageInProgress || now.Before(a.DueAt) {
		return false
	}
	a.Status = StageExpired
	return true
}

// Decide takes a word on the stage. A stage is decided once.
func (a *ApprovalStage) Decide(s offer.Stage, approve bool, reason string, shown secret.Digest, now time.Time) error {
	reason = strings.TrimSpace(reason)
	switch {
	case a.Status != StageInProgress || !now.Before(a.DueAt):
		return fault.Because(fault.Conflict, Decided, "The stage is decided, or does not wait for a decision yet.")
	case s.Justification && reason == "":
		f := fault.Because(fault.Invalid, NoJustification, "This stage asks its approvers for a justification.")
		f.Target = "justification"
		return f
	case utf8.RuneCountInString(reason) > longestJustification:
		return offer.Bad("justification", "A justification has at most %d characters.", longestJustification)
	}
	a.Status, a.Result, a.Reason, a.DecidedAt, a.Shown = StageCompleted, Deny, reason, now, shown
	if approve {
		a.Result = Approve
	}
	return nil
}

// digest is of what an approver is shown of a request: who gets what, why, and
// until when.
func digest(r *Request, target *Subject, roles []offer.RoleScope) secret.Digest {
	parts := []string{
		"request", string(r.Tenant), string(r.ID), string(r.Type), string(r.Package), string(r.Policy), r.Justification,
		target.Principal.String(), string(target.ID), target.Email,
		stamp(r.Schedule.Start), string(r.Schedule.Expiration.Type), stamp(r.Schedule.Expiration.End), r.Schedule.Expiration.Duration.String(),
		string(r.Terms.Expiration.Type), stamp(r.Terms.Expiration.End), r.Terms.Expiration.Duration.String(),
	}
	for _, a := range r.Answers {
		parts = append(parts, string(a.Question), a.Value)
	}
	parts = append(parts, strconv.Itoa(len(roles)))
	for _, s := range roles {
		parts = append(parts, s.ID())
	}
	return secret.DigestOf(parts...)
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}
