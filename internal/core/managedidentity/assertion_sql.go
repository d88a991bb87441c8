package managedidentity

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/jose"
	"entente/internal/kit/sqldb"
)

// HostKeys returns the public keys of a host; none when there is no such host.
func HostKeys(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, host HostID) ([]jose.Key, error) {
	return sqldb.All(ctx, tx, `select jwk from host_key where tenant_id = ? and host_id = ? order by key_id`,
		[]any{tenant, strings.ToLower(string(host))},
		func(scan func(...any) error) (jose.Key, error) {
			var jwk string
			if err := scan(&jwk); err != nil {
				return jose.Key{}, err
			}
			return ReadKey(json.RawMessage(jwk))
		})
}

// addKey registers a key of a host. The same key twice is one key.
func addKey(ctx context.Context, tx *sqldb.Tx, h *Host, kid string, jwk json.RawMessage) error {
	var n int
	if err := tx.One(ctx, `select count(*) from host_key where tenant_id = ? and host_id = ?`, []any{h.Tenant, h.HostID}, &n); err != nil {
		return err
	}
	if n >= maxKeys {
		return fault.New(fault.Conflict, "A host has at most %d keys.", maxKeys).WithFix("Revoke the keys of the host first.")
	}
	_, err := tx.Exec(ctx, `
		insert into host_key (tenant_id, host_id, key_id, jwk, created_us) values (?, ?, ?, ?, ?)
		on conflict (tenant_id, host_id, key_id) do update set jwk = excluded.jwk`,
		h.Tenant, h.HostID, kid, string(jwk), sqldb.Micros(tx.Now()))
	return err
}

func dropKeys(ctx context.Context, tx *sqldb.Tx, h *Host) (int64, error) {
	if _, err := tx.Exec(ctx, `delete from host_enrollment where tenant_id = ? and host_id = ?`, h.Tenant, h.HostID); err != nil {
		return 0, err
	}
	return tx.Exec(ctx, `delete from host_key where tenant_id = ? and host_id = ?`, h.Tenant, h.HostID)
}

// addEnrollment stores an enrollment and forgets the host's that are over.
func addEnrollment(ctx context.Context, tx *sqldb.Tx, e *Enrollment) error {
	if _, err := tx.Exec(ctx, `delete from host_enrollment where tenant_id = ? and host_id = ? and ends_us <= ?`,
		e.Tenant, e.Host, sqldb.Micros(tx.Now())); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `insert into host_enrollment (tenant_id, digest, host_id, created_us, ends_us) values (?, ?, ?, ?, ?)`,
		e.Tenant, string(digestOf(e.Token)), e.Host, sqldb.Micros(tx.Now()), sqldb.Micros(e.ExpiresAt))
	return err
}

// spendEnrollment takes an enrollment out of the store and returns its host.
func spendEnrollment(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, digest string) (HostID, error) {
	hosts, err := sqldb.All(ctx, tx, `
		delete from host_enrollment where tenant_id = ? and digest = ? and ends_us > ? returning host_id`,
		[]any{tenant, digest, sqldb.Micros(tx.Now())},
		func(scan func(...any) error) (h HostID, err error) { return h, scan(&h) })
	switch {
	case err != nil:
		return "", err
	case len(hosts) != 1:
		return "", badToken()
	}
	return hosts[0], nil
}

// Spend notes that a host has used the assertion with these claims; a second
// use is refused as Replayed. now is the wall's time, as the claims are.
func Spend(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, host HostID, c *jose.Claims, now time.Time) error {
	if _, err := tx.Exec(ctx, `delete from host_assertion where tenant_id = ? and host_id = ? and ends_us < ?`,
		tenant, host, sqldb.Micros(now)); err != nil {
		return err
	}
	n, err := tx.Exec(ctx, `
		insert into host_assertion (tenant_id, host_id, jti, ends_us) values (?, ?, ?, ?)
		on conflict (tenant_id, host_id, jti) do nothing`,
		tenant, host, c.ID, sqldb.Micros(c.Expiry.Add(skew)))
	if err == nil && n == 0 {
		err = fault.Because(fault.Unauthenticated, Replayed, "The host's assertion has been used before.").
			WithFix("Sign a new assertion for each request.")
	}
	return err
}
