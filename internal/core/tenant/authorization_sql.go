package tenant

import (
	"context"
	"encoding/json"
	"errors"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// GetAuthorization returns the tenant's policy of what people may do without a
// role; the usual one where nothing is stored.
func GetAuthorization(ctx context.Context, tx *sqldb.Tx, id ids.TenantID) (*Authorization, error) {
	a := NewAuthorization()
	var body string
	err := tx.One(ctx, `select body, version from authorization_policy where tenant_id = ?`, []any{id}, &body, &a.version)
	if errors.Is(err, fault.NotFound) {
		return a, nil
	}
	if err != nil {
		return nil, err
	}
	return a, json.Unmarshal([]byte(body), a)
}

// putAuthorization stores a changed policy; a Conflict if someone else stored
// it since.
func putAuthorization(ctx context.Context, tx *sqldb.Tx, id ids.TenantID, a *Authorization) error {
	body, err := json.Marshal(a)
	if err != nil {
		return err
	}
	n, err := tx.Exec(ctx, `
		insert into authorization_policy (tenant_id, body) values (?, ?)
		on conflict (tenant_id) do update set body = excluded.body, version = authorization_policy.version + 1
		where authorization_policy.tenant_id = ? and authorization_policy.version = ?`,
		id, string(body), id, a.version)
	if err == nil && n == 0 {
		err = fault.New(fault.Conflict, "Someone else has just changed this policy.")
	}
	return err
}
