package offer

import "time"

// An Expiration says when an access ends. Graph's expirationPattern.
type Expiration struct {
	Type     ExpirationType
	End      time.Time     // of afterDateTime
	Duration time.Duration // of afterDuration; days are 24 hours
}

// An ExpirationType is how an end is given, in Graph's v1.0 spelling.
type ExpirationType string

// The types.
const (
	ExpirationNotSpecified  ExpirationType = "notSpecified"
	NoExpiration            ExpirationType = "noExpiration"
	ExpirationAfterDateTime ExpirationType = "afterDateTime"
	ExpirationAfterDuration ExpirationType = "afterDuration"
)

// From returns the end of an access that begins at start, or the zero time if it
// never ends.
func (e Expiration) From(start time.Time) time.Time {
	switch e.Type {
	case ExpirationAfterDateTime:
		return e.End
	case ExpirationAfterDuration:
		return start.Add(e.Duration)
	}
	return time.Time{}
}

// A Schedule is from when until when somebody wants access. Graph's
// entitlementManagementSchedule.
type Schedule struct {
	Start      time.Time // the zero time for at once
	Expiration Expiration
}
