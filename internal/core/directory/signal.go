package directory

import (
	"context"

	"entente/internal/kit/ids"
	"entente/internal/kit/jobs"
	"entente/internal/kit/sqldb"
)

// UserChanged says that a user is new, came back, or has another attribute, and
// UserRemoved that one was purged. Their arguments are a UserChange.
const (
	UserChanged jobs.Signal = "directory.userChanged"
	UserRemoved jobs.Signal = "directory.userRemoved"
)

// A UserChange is what the signals tell.
type UserChange struct {
	User ids.ObjectID `json:"user"`
}

func signal(ctx context.Context, tx *sqldb.Tx, s jobs.Signal, tenant ids.TenantID, user ids.ObjectID) error {
	return jobs.Emit(ctx, tx, tenant, s, UserChange{user})
}
