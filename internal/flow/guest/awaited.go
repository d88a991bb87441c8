package guest

import (
	"entente/internal/core/directory"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// An awaited guest was brought for a person who was known at home already: what the
// guest is given somebody has agreed to give to that person. Only they accept, even if
// the address comes to be another's meanwhile. Whoever resets the redemption says by
// that that somebody else may.

func awaitsOther(u *directory.User) error {
	return fault.Because(fault.Conflict, OtherAccount, "The guest %s waits for another account, which had the address before.", u.UserPrincipalName).
		WithFix("An administrator resets the guest's redemption, or deletes the guest.")
}

// is reports whether a guest is a principal: by its acceptance, and before that by
// whom it was brought for, who is nobody if it is not known.
func is(u *directory.User, awaited, p ids.Principal) bool {
	if u.HasAccepted() {
		return u.Home.Same(p)
	}
	return awaited.Same(p)
}
