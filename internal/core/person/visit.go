package person

import (
	"time"

	"entente/internal/core/crosstenant"
	"entente/internal/core/directory"
	"entente/internal/core/tenant"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// Why nobody comes, beside the reasons of package crosstenant. Values: account,
// the user principal name at home where it is known.
const (
	NoHome     fault.Reason = "person.no_home"      // the home tenant is gone or disabled
	NoAccount  fault.Reason = "person.no_account"   // the account is gone or disabled at home
	Ended      fault.Reason = "person.ended"        // sessions were revoked after it was proved; Values: since, issued
	NotHere    fault.Reason = "person.not_here"     // no guest of the tenant
	NotHereNow fault.Reason = "person.not_here_now" // the guest is disabled in the tenant
)

// A Proof says whose account it is and when that was last proved. A zero time
// proves nothing and passes where no sessions were ever revoked.
type Proof struct {
	Home ids.TenantID
	User ids.ObjectID // at home
	At   time.Time
}

// A Visit is an account in a tenant, as both are now.
type Visit struct {
	Home     *tenant.Tenant
	In       *tenant.Tenant
	Account  *directory.User      // at home
	Here     *directory.User      // in the tenant; the same as Account at home
	Crossing crosstenant.Crossing // what both policies say; zero at home
}

// AtHome reports whether the account lives in the tenant.
func (v *Visit) AtHome() bool { return v.Home.ID == v.In.ID }

// Guest reports whether the user counts as a guest in the tenant: by type, not
// by where the account lives.
func (v *Visit) Guest() bool { return v.Here.UserType != nil && *v.Here.UserType == directory.Guest }

// Subject returns the account as it is everywhere the same.
func (v *Visit) Subject() ids.Principal {
	return ids.Principal{Kind: ids.Person, Home: v.Home.ID, ID: v.Account.ID}
}

// fresh refuses what was proved before the user's sessions were revoked.
func fresh(u *directory.User, at time.Time) error {
	if !at.Before(u.SessionsFrom) {
		return nil
	}
	return fault.Because(fault.Unauthenticated, Ended, "The account's sessions were revoked after it had signed in.").
		With("account", u.UserPrincipalName).With("since", u.SessionsFrom.UTC().Format(time.RFC3339)).With("issued", at.UTC().Format(time.RFC3339)).
		WithFix("Begin a new sign-in.")
}

func noAccount(name string) error {
	return fault.Because(fault.Forbidden, NoAccount, "The user account is disabled.").With("account", name).
		WithFix("The account must exist and be enabled, at home and here. Ask its administrators.")
}
