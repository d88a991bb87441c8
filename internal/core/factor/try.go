package factor

import (
	"time"

	"entente/internal/kit/fault"
	"entente/internal/kit/pause"
)

// rule is the one for wrong codes at an account, from wherever; a right one
// forgets them. At one try an hour guessing takes years.
func rule() pause.Rule { return pause.Usual() }

func paused(until time.Time) error {
	return fault.Because(fault.Throttled, Paused, "Codes for this account are paused after too many wrong ones.").
		With("until", until.UTC().Format(time.RFC3339)).WithFix("Wait, or use a recovery code.")
}
