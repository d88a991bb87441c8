package automation

import (
	"errors"
	"testing"
	"time"

	"entente/internal/kit/fault"
)

func TestScheduleIsRefused(t *testing.T) {
	r := published(t, false)
	later := noon.Add(time.Hour)
	tests := []struct {
		name     string
		f        Frequency
		interval int
		starts   time.Time
		target   string
	}{
		{"every month", "Month", 1, later, "frequency"},
		{"once with an interval", OneTime, 1, later, "interval"},
		{"every nothing", Hour, 0, later, "interval"},
		{"every year and more", Day, maxInterval + 1, later, "interval"},
		{"that begins now", Day, 1, noon, "startTime"},
		{"that began long ago", OneTime, 0, time.Time{}, "startTime"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := r.Schedule(tt.f, tt.interval, tt.starts, noon)
			if !errors.Is(err, fault.Invalid) || fault.Public(err).Target != tt.target {
				t.Errorf("err = %v, want Invalid at %s", err, tt.target)
			}
		})
	}
}

func TestScheduleIsDue(t *testing.T) {
	const day = 24 * time.Hour
	starts := noon.Add(time.Hour)
	tests := []struct {
		name     string
		f        Frequency
		interval int
		at       time.Duration // after it starts
		due      bool
		next     time.Duration // after it starts; -1: not any more
	}{
		{"not yet", Hour, 2, -time.Second, false, 0},
		{"once", OneTime, 0, 0, true, -1},
		{"once, late", OneTime, 0, 9 * day, true, -1},
		{"every two hours", Hour, 2, 0, true, 2 * time.Hour},
		{"every two hours, a minute late", Hour, 2, time.Minute, true, 2 * time.Hour},
		{"after an hour, on the dot of the next", Hour, 1, time.Hour, true, 2 * time.Hour},
		{"every three days, a week away", Day, 3, 7 * day, true, 9 * day},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := published(t, false).Schedule(tt.f, tt.interval, starts, noon)
			if err != nil {
				t.Fatal(err)
			}
			if due := s.Due(starts.Add(tt.at)); due != tt.due {
				t.Errorf("due = %t, want %t", due, tt.due)
			}
			want := starts.Add(tt.next)
			if tt.next < 0 {
				want = time.Time{}
			}
			if !s.NextAt.Equal(want) {
				t.Errorf("next at %s, want %s", s.NextAt, want)
			}
			if tt.due && s.Due(starts.Add(tt.at)) {
				t.Error("it is due a second time at one time")
			}
		})
	}
}
