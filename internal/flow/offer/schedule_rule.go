package offer

import (
	"time"

	"entente/internal/kit/fault"
)

// Given reports whether the schedule asks for anything.
func (s Schedule) Given() bool {
	return !s.Start.IsZero() || s.Expiration.Type != "" && s.Expiration.Type != ExpirationNotSpecified
}

// Fits refuses a schedule that the policy's expiration does not let, or that is
// no time at all. free says whether it may be chosen in the first place.
func (s Schedule) Fits(most Expiration, free bool, now time.Time) error {
	if !s.Given() {
		return nil
	}
	start := now
	if s.Start.After(now) {
		start = s.Start
	}
	end, last := s.Expiration.From(start), most.From(start)
	switch {
	case !free:
		return RefuseSchedule("schedule", "The policy does not let those who ask choose from when until when.").
			WithFix("Leave out schedule.")
	case !s.Start.IsZero() && s.Start.Before(now.Add(-grace)):
		return RefuseSchedule("schedule.startDateTime", "The start lies in the past.")
	case s.Start.After(now.Add(furthest)), end.After(now.Add(furthest)):
		return RefuseSchedule("schedule", "The times lie too far ahead.")
	case s.Expiration.Type == ExpirationAfterDuration && s.Expiration.Duration <= 0,
		s.Expiration.Type == ExpirationAfterDateTime && !end.After(start):
		return RefuseSchedule("schedule.expiration", "The access would end before it begins.")
	case !last.IsZero() && s.Expiration.Type == NoExpiration, !last.IsZero() && end.After(last):
		return RefuseSchedule("schedule.expiration", "The policy lets the access last until %s at most.", last.UTC().Format(time.RFC3339))
	}
	return nil
}

// grace is by how much clients' clocks may be slow.
const grace = 5 * time.Minute

// furthest is how far ahead a schedule reaches.
const furthest = 3660 * 24 * time.Hour

// BadSchedule is the Reason of a schedule that the policy does not let, or that is no
// time at all.
const BadSchedule fault.Reason = "entitlement.schedule"

// RefuseSchedule returns the BadSchedule of the value at a path.
func RefuseSchedule(path, format string, args ...any) *fault.Error {
	f := fault.Because(fault.Invalid, BadSchedule, format, args...)
	f.Target = path
	return f
}
