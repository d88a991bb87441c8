package directory

import (
	"context"
	"errors"

	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// Leave takes the caller, a person at home, out of another tenant: the guest
// who stands for them there is deleted, and can be restored there for thirty
// days. It stands in both tenants' logs. A tenant in which they are not is
// NotFound.
// https://learn.microsoft.com/entra/external-id/leave-the-organization
func (s *Service) Leave(ctx context.Context, who authz.Caller, in ids.TenantID) error {
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		u, err := GuestOf(ctx, tx, in, who.Subject)
		if errors.Is(err, fault.NotFound) || in == who.Subject.Home {
			return fault.New(fault.NotFound, "You are no guest of this organization.")
		}
		if err != nil {
			return err
		}
		if err := sparing(ctx, tx, u.Tenant, fault.Forbidden, "deleted", func() error { return dropUser(ctx, tx, u) }); err != nil {
			return err
		}
		return audit.RecordBoth(ctx, tx, who, in, audit.Entry{
			Category: "UserManagement", Activity: "Leave organization",
			Target: audit.Target{Kind: "User", ID: string(u.ID), Name: u.UserPrincipalName},
			Detail: map[string]string{"homeTenant": string(who.Subject.Home)},
		})
	})
}
