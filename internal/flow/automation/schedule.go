package automation

import (
	"time"

	"entente/internal/core/managedidentity"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// A ScheduleID names a schedule.
type ScheduleID string

// A Frequency is Azure's scheduleFrequency, of which these are kept here.
type Frequency string

// The frequencies.
const (
	OneTime Frequency = "OneTime"
	Hour    Frequency = "Hour"
	Day     Frequency = "Day"
)

const maxInterval = 100

// A Schedule starts a runbook by the tenant's clock.
type Schedule struct {
	Tenant    ids.TenantID
	ID        ScheduleID
	Account   managedidentity.HostID
	Runbook   RunbookID
	Frequency Frequency
	Interval  int       // hours or days between two runs; 0 of a schedule that runs once
	StartsAt  time.Time // its first run; the others keep its minute, in UTC
	NextAt    time.Time // zero when it does not run any more
	CreatedAt time.Time
}

// Schedule returns a schedule for the runbook, or an Invalid fault that names
// the property at fault. A schedule begins in the future.
func (r *Runbook) Schedule(f Frequency, interval int, starts, now time.Time) (*Schedule, error) {
	switch {
	case f != OneTime && f != Hour && f != Day:
		return nil, fault.InvalidAt("frequency", "Choose OneTime, Hour or Day as the frequency.")
	case f == OneTime && interval != 0:
		return nil, fault.InvalidAt("interval", "A schedule that runs once has no interval.")
	case f != OneTime && (interval < 1 || interval > maxInterval):
		return nil, fault.InvalidAt("interval", "The interval is 1 to %d.", maxInterval)
	case !starts.After(now):
		return nil, fault.InvalidAt("startTime", "The start time of a schedule is in the future.")
	}
	starts = starts.UTC()
	return &Schedule{Tenant: r.Tenant, ID: ids.New[ScheduleID](), Account: r.Account, Runbook: r.ID,
		Frequency: f, Interval: interval, StartsAt: starts, NextAt: starts, CreatedAt: now}, nil
}

// Due reports whether a run is due, and if so moves the schedule on to its next
// time after now. Runs that were missed are one run: an installation that was
// away for a week does not start a week of jobs at once.
func (s *Schedule) Due(now time.Time) bool {
	if s.NextAt.IsZero() || now.Before(s.NextAt) {
		return false
	}
	if s.Frequency == OneTime {
		s.NextAt = time.Time{}
		return true
	}
	every := time.Duration(s.Interval) * time.Hour
	if s.Frequency == Day {
		every *= 24 // days in UTC are all alike
	}
	s.NextAt = s.StartsAt.Add((now.Sub(s.StartsAt)/every + 1) * every)
	return true
}
