package guest

import (
	"context"
	"errors"
	"time"

	"entente/internal/core/person"
	"entente/internal/core/tenant"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// AccessEnded is why a guest is not let in who was blocked because the last access
// has ended. Values: account, tenant, domain, since (RFC 3339).
const AccessEnded fault.Reason = "guest.access_ended"

// Find is person.Find, and tells a guest whom nobody has blocked by hand what has
// ended. Asking for access again is open to them.
func Find(ctx context.Context, tx *sqldb.Tx, in *tenant.Tenant, p person.Proof, apps ...ids.AppID) (*person.Visit, error) {
	v, err := person.Find(ctx, tx, in, p, apps...)
	if !errors.Is(err, person.NotHereNow) {
		return v, err
	}
	l, failed := LifeOf(ctx, tx, in.ID, v.Here.ID)
	if failed != nil {
		return nil, failed
	}
	if !l.Blocks(v.Here) {
		return v, err
	}
	return v, fault.Because(fault.Forbidden, AccessEnded, "The last access of the guest has ended, and the account is blocked until there is another.").
		With("account", v.Account.UserPrincipalName).With("tenant", in.DisplayName).With("domain", in.DefaultDomain()).With("since", l.BlockedAt.UTC().Format(time.RFC3339)).
		WithFix("Ask for an access package of the tenant.")
}
