package factor

import (
	"context"
	"errors"

	"entente/internal/core/authz"
	"entente/internal/core/crosstenant"
	"entente/internal/core/person"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// DemandedOf returns of whom a tenant demands a second factor.
func DemandedOf(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID) (Who, error) {
	who, _, err := getRule(ctx, tx, tenant)
	return who, err
}

func getRule(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID) (who Who, version int64, err error) {
	err = tx.One(ctx, `select who, version from factor_rule where tenant_id = ?`, []any{tenant}, &who, &version)
	if errors.Is(err, fault.NotFound) {
		return Nobody, 0, nil
	}
	return who, version, err
}

// putRule stores a changed rule; a Conflict if someone else stored one since.
func putRule(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, who Who, version int64) error {
	n, err := tx.Exec(ctx, `
		insert into factor_rule (tenant_id, who) values (?, ?)
		on conflict (tenant_id) do update set who = excluded.who, version = factor_rule.version + 1
		where factor_rule.tenant_id = ? and factor_rule.version = ?`, tenant, who, tenant, version)
	if err == nil && n == 0 {
		err = fault.New(fault.Conflict, "Someone else has just changed this policy.")
	}
	return err
}

// An Asking is who comes where, with what was proved.
type Asking struct {
	Visit   *person.Visit // Here is nil while the person is no guest of the tenant
	Methods []string      // of the session
	Wanted  bool          // the application wants a second factor
	Silent  bool          // nobody is there to be asked
}

// Ask returns which factor is missing before a person may go on, as things are
// now, and whether the tenant that they come to trusts their home's.
func Ask(ctx context.Context, tx *sqldb.Tx, a Asking) (need Need, trusts bool, err error) {
	v := a.Visit
	q := Question{Wanted: a.Wanted, Silent: a.Silent}
	home := v.Home.ID
	if q.Home, err = sideOf(ctx, tx, Account{home, v.Account.ID}, home, a.Methods); err != nil || v.AtHome() {
		return q.Need(), true, err
	}
	policy, err := crosstenant.Between(ctx, tx, v.In.ID, home)
	if err != nil {
		return Need{}, false, err
	}
	q.Trusts = policy.TrustsMFA()
	if v.Here != nil {
		here, err := sideOf(ctx, tx, Account{v.In.ID, v.Here.ID}, home, a.Methods)
		if err != nil {
			return Need{}, false, err
		}
		q.Here = &here
	}
	return q.Need(), q.Trusts, nil
}

func sideOf(ctx context.Context, tx *sqldb.Tx, of Account, home ids.TenantID, methods []string) (Side, error) {
	s := Side{Account: of, Proven: Proven(methods, home, of.Tenant)}
	var err error
	if s.Demanded, err = demandedOf(ctx, tx, of); err != nil {
		return s, err
	}
	var n int
	err = tx.One(ctx, `select count(*) from authenticator where tenant_id = ? and user_id = ?`, []any{of.Tenant, of.User}, &n)
	s.Enrolled = n > 0
	return s, err
}

// demandedOf reports whether the tenant's rule reaches an account.
func demandedOf(ctx context.Context, tx *sqldb.Tx, of Account) (bool, error) {
	who, err := DemandedOf(ctx, tx, of.Tenant)
	if err != nil || who != Administrators {
		return who.Demands(false), err
	}
	administers, err := authz.Administers(ctx, tx, of.Tenant, of.User)
	return who.Demands(administers), err
}
