package managedidentity

import (
	"context"

	"entente/internal/core/authz"
	"entente/internal/kit/jobs"
	"entente/internal/kit/sqldb"
)

// HostRemoved says that a host is gone for good. Its argument is the HostID.
const HostRemoved jobs.Signal = "managedidentity.hostRemoved"

// Reach returns the host at r for a caller who may do action to it: what
// other packages keep beside a host is for those who may read or write the host.
func Reach(ctx context.Context, tx *sqldb.Tx, who authz.Caller, r Resource, action Action) (*Host, error) {
	if err := enter(ctx, tx, who, r.Subscription, r.Scope(), action); err != nil {
		return nil, err
	}
	return getHost(ctx, tx, who.Tenant, r)
}

// NeedAll refuses a caller whose power does not reach all resources of the
// tenant: a Global Administrator's does, and the installation's.
func NeedAll(ctx context.Context, tx *sqldb.Tx, who authz.Caller) error {
	_, all, err := power(ctx, tx, who)
	if err == nil && !all {
		err = authz.Refuse()
	}
	return err
}
