package factor

import (
	"time"

	"entente/internal/kit/fault"
)

// Wrong codes at an account, from wherever: the first few cost nothing, then
// each doubles the wait. A day without one forgets them, and so does a right
// one. At one try an hour guessing takes years.
const (
	freeTries  = 5
	firstPause = time.Minute
	longPause  = time.Hour
	forgetting = 24 * time.Hour
)

// pauseAfter returns how long to wait after a number of tries in a row.
func pauseAfter(tries int) time.Duration {
	if tries < freeTries {
		return 0
	}
	p := firstPause
	for range tries - freeTries {
		if p *= 2; p >= longPause {
			return longPause
		}
	}
	return p
}

func paused(until time.Time) error {
	return fault.Because(fault.Throttled, Paused, "Codes for this account are paused after too many wrong ones.").
		With("until", until.UTC().Format(time.RFC3339)).WithFix("Wait, or use a recovery code.")
}
