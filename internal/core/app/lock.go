package app

import (
	"slices"

	"entente/internal/kit/fault"
)

// Locked is the Reason of a change that the application's owner has locked.
const Locked fault.Reason = "app.locked"

// respects refuses to change what the application's owner has locked in its
// service principals, in whatever tenant they are: who could add a key there
// could act as the application.
// https://learn.microsoft.com/graph/api/resources/serviceprincipallockconfiguration?view=graph-rest-1.0
func (p *ServicePrincipal) respects(before *ServicePrincipal) error {
	l := p.lock
	if l == nil || !l.IsEnabled {
		return nil
	}
	locked := func(flag *bool) bool { return yes(l.All) || yes(flag) }
	of := func(usage string) func(KeyCredential) bool {
		return func(c KeyCredential) bool { return c.Usage == usage }
	}
	switch {
	case locked(l.VerifyKeys) && !sameSecrets(before.PasswordCredentials, p.PasswordCredentials):
		return lockedAt("passwordCredentials")
	case locked(l.VerifyKeys) && !sameKeys(before.KeyCredentials, p.KeyCredentials, of(Verify)),
		locked(l.SignKeys) && !sameKeys(before.KeyCredentials, p.KeyCredentials, of(Sign)):
		return lockedAt("keyCredentials")
	case locked(l.EncryptionID) && (before.TokenEncryptionKeyID == nil) != (p.TokenEncryptionKeyID == nil),
		locked(l.EncryptionID) && p.TokenEncryptionKeyID != nil && *before.TokenEncryptionKeyID != *p.TokenEncryptionKeyID:
		return lockedAt("tokenEncryptionKeyId")
	}
	return nil
}

func yes(flag *bool) bool { return flag != nil && *flag }

// sameKeys reports whether two lists hold the same keys among those that count.
func sameKeys(a, b []KeyCredential, counts func(KeyCredential) bool) bool {
	names := func(list []KeyCredential) (ids []string) {
		for _, c := range list {
			if counts(c) {
				ids = append(ids, string(c.KeyID))
			}
		}
		slices.Sort(ids)
		return ids
	}
	return slices.Equal(names(a), names(b))
}

func lockedAt(property string) error {
	f := fault.Because(fault.Invalid, Locked, "Property %s is invalid.", property).
		WithFix("The application's servicePrincipalLockConfiguration locks it; whoever owns the application can open it.")
	f.Target = property
	return f
}
