package signin

import (
	"net/netip"
	"time"

	"entente/internal/kit/fault"
)

// Wrong passwords: the first few cost nothing, then each doubles the wait. A
// day without one forgets them.
const (
	freeTries  = 5
	firstPause = time.Minute
	longPause  = time.Hour
	forgetting = 24 * time.Hour
)

// pause returns how long to wait after the given number of tries in a row.
func pause(tries int) time.Duration {
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

// network returns what counts as one network: an IPv4 address, or the 64 bits
// that name an IPv6 network.
func network(ip string) string {
	a, err := netip.ParseAddr(ip)
	if err != nil {
		return ""
	}
	if a = a.Unmap(); a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.String()
		}
	}
	return a.String()
}

func paused(until time.Time) error {
	return fault.Because(fault.Throttled, Paused, "Sign-in to this account from your network is paused after too many tries.").
		With("until", until.Format(time.RFC3339))
}
