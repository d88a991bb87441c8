package signin

import (
	"time"

	"entente/internal/core/audit"
	"entente/internal/kit/fault"
	"entente/internal/kit/pause"
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

// ruleFor returns the rule for wrong passwords at an account from one network.
func ruleFor(besieged bool) pause.Rule {
	if besieged {
		return pause.Strict()
	}
	return pause.Usual()
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
