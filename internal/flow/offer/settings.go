package offer

import (
	"fmt"
	"time"

	"entente/internal/kit/ids"
)

// Settings say what becomes of a governed guest who has lost the last
// assignment. Graph's entitlementManagementSettings.
type Settings struct {
	Tenant    ids.TenantID
	Lifecycle Lifecycle
	DeleteIn  time.Duration // after the block; zero is at once

	version int64
}

// A Lifecycle is Graph's externalUserLifecycleAction.
type Lifecycle string

// What becomes of a guest.
const (
	KeepGuest           Lifecycle = "none"
	BlockGuest          Lifecycle = "blockSignIn"
	BlockAndDeleteGuest Lifecycle = "blockSignInAndDelete"
)

// usualSettings are those of a tenant that has changed none.
func usualSettings(tenant ids.TenantID) *Settings {
	return &Settings{Tenant: tenant, Lifecycle: BlockAndDeleteGuest, DeleteIn: 30 * day}
}

const day = 24 * time.Hour

// longestKept is how long a blocked guest is kept at most.
const longestKept = 3660 * day

// A SettingsChange is what a body says of the settings; nil is unsaid.
type SettingsChange struct {
	Lifecycle *Lifecycle
	DeleteIn  *time.Duration
}

// Change applies what a body says.
func (s *Settings) Change(to SettingsChange) error {
	if to.Lifecycle != nil {
		switch *to.Lifecycle {
		case KeepGuest, BlockGuest, BlockAndDeleteGuest:
			s.Lifecycle = *to.Lifecycle
		default:
			return Bad("externalUserLifecycleAction", "The action is none, blockSignIn or blockSignInAndDelete.")
		}
	}
	if to.DeleteIn != nil {
		if *to.DeleteIn < 0 || *to.DeleteIn > longestKept {
			return Bad("durationUntilExternalUserDeletedAfterBlocked", "A blocked guest is kept for 0 to 3660 days.")
		}
		s.DeleteIn = *to.DeleteIn
	}
	return nil
}

// At is the path of a list's member.
func At(list string, i int) string { return fmt.Sprintf("%s[%d]", list, i) }
