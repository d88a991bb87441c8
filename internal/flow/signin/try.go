package signin

import (
	"time"

	"entente/internal/core/audit"
	"entente/internal/kit/fault"
)

// Wrong passwords at an account from one network: the first few cost nothing,
// then each doubles the wait. A day without one forgets them.
const (
	freeTries  = 5
	firstPause = time.Minute
	longPause  = time.Hour
	forgetting = 24 * time.Hour
)

// A bucket counts the wrong passwords of many: each pours one in, a right one
// takes its own out again, and one runs out every leak.
type bucket struct {
	room time.Duration // until it is full, as the time in which it runs out
	leak time.Duration
}

var (
	// ofNetwork holds what one network tries at all accounts. Who sprays a few
	// passwords over many names waits when it is full.
	ofNetwork = bucket{room: 60 * 30 * time.Second, leak: 30 * time.Second}
	// ofAccount holds what all networks try at one account. Nobody waits for it:
	// whoever guesses from everywhere would else lock the owner out. When it is
	// full, each network's own pauses are longer.
	ofAccount = bucket{room: 100 * 10 * time.Minute, leak: 10 * time.Minute}
)

// pause returns how long to wait after the given number of tries in a row. At
// an account that is guessed at from everywhere, the first one costs already,
// and the wait doubles up to a day.
func pause(tries int, besieged bool) time.Duration {
	free, long := freeTries, longPause
	if besieged {
		free, long = 1, forgetting
	}
	if tries < free {
		return 0
	}
	p := firstPause
	for range tries - free {
		if p *= 2; p >= long {
			return long
		}
	}
	return p
}

// network returns what counts as one network.
func network(ip string) string { return audit.Network(ip) }

func paused(until time.Time) error {
	return fault.Because(fault.Throttled, Paused, "Sign-in to this account from your network is paused after too many tries.").
		With("until", until.Format(time.RFC3339))
}

func networkPaused(until time.Time) error {
	return fault.Because(fault.Throttled, NetworkPaused, "Sign-in from your network is paused after too many tries.").
		With("until", until.Format(time.RFC3339))
}
