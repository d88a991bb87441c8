package keys

import (
	"context"
	"time"

	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// listKeys returns a tenant's keys in the order of their positions.
func listKeys(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID) (Set, error) {
	return sqldb.All(ctx, tx, `
		select position, kid, active_us, used_us from signing_key where tenant_id = ? order by position`,
		[]any{tenant}, func(scan func(...any) error) (Key, error) {
			k := Key{Tenant: tenant}
			var active, used int64
			err := scan(&k.Position, &k.ID, &active, &used)
			k.Active, k.Used = sqldb.Time(active), sqldb.Time(used)
			return k, err
		})
}

// A sealedKey is a stored key with its halves, the private one sealed.
type sealedKey struct {
	tenant      ids.TenantID
	kid         string
	certificate []byte
	sealed      []byte
}

// getSealed returns a key's halves, or a NotFound fault.
func getSealed(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, kid string) (sealedKey, error) {
	k := sealedKey{tenant: tenant, kid: kid}
	err := tx.One(ctx, `select certificate, sealed from signing_key where tenant_id = ? and kid = ?`,
		[]any{tenant, kid}, &k.certificate, &k.sealed)
	return k, err
}

// getCertificate returns the certificate of a key, or a NotFound fault.
func getCertificate(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, kid string) (der []byte, err error) {
	err = tx.One(ctx, `select certificate from signing_key where tenant_id = ? and kid = ?`, []any{tenant, kid}, &der)
	return der, err
}

// addKey stores a key at its position. Another replica may have been faster:
// then nothing is written, and the result says so.
func addKey(ctx context.Context, tx *sqldb.Tx, k Key, s sealedKey, sealedBy string, now time.Time) (bool, error) {
	n, err := tx.Exec(ctx, `
		insert into signing_key (tenant_id, position, kid, certificate, sealed, sealed_by, created_us, active_us)
		values (?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing`,
		k.Tenant, k.Position, k.ID, s.certificate, s.sealed, sealedBy, sqldb.Micros(now), sqldb.Micros(k.Active))
	return n == 1, err
}

// setUsed notes the day on which a key signed.
func setUsed(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, kid string, day time.Time) error {
	_, err := tx.Exec(ctx, `update signing_key set used_us = ? where tenant_id = ? and kid = ? and used_us < ?`,
		sqldb.Micros(day), tenant, kid, sqldb.Micros(day))
	return err
}

// listDue returns tenants whose youngest key became active before active and
// signed after used.
func listDue(ctx context.Context, tx *sqldb.Tx, active, used time.Time, limit int) ([]ids.TenantID, error) {
	return sqldb.All(ctx, tx, `
		/* all tenants: the installation rotates every tenant's keys */
		select k.tenant_id from signing_key k
		where  k.active_us <= ? and k.used_us >= ?
		and    not exists (select 1 from signing_key n where n.tenant_id = k.tenant_id and n.position > k.position)
		order  by k.active_us limit ?`,
		[]any{sqldb.Micros(active), sqldb.Micros(used), limit}, func(scan func(...any) error) (id ids.TenantID, err error) {
			err = scan(&id)
			return id, err
		})
}

// dropOver deletes keys whose successor became active before the time given.
func dropOver(ctx context.Context, tx *sqldb.Tx, before time.Time, limit int) (int64, error) {
	return tx.Exec(ctx, `
		/* all tenants: the installation throws away every tenant's old keys */
		delete from signing_key where (tenant_id, position) in (
			select k.tenant_id, k.position from signing_key k
			join   signing_key n on n.tenant_id = k.tenant_id and n.position = k.position + 1
			where  n.active_us <= ? limit ?)`,
		sqldb.Micros(before), limit)
}

// listStale returns keys that are not sealed under the newest master key.
func listStale(ctx context.Context, tx *sqldb.Tx, newest string, limit int) ([]sealedKey, error) {
	return sqldb.All(ctx, tx, `
		/* all tenants: a master key seals every tenant's keys */
		select tenant_id, kid, sealed from signing_key where sealed_by <> ? limit ?`,
		[]any{newest, limit}, func(scan func(...any) error) (k sealedKey, err error) {
			err = scan(&k.tenant, &k.kid, &k.sealed)
			return k, err
		})
}

// setSealed stores a key's private half as it was sealed anew.
func setSealed(ctx context.Context, tx *sqldb.Tx, k sealedKey, sealedBy string) error {
	_, err := tx.Exec(ctx, `update signing_key set sealed = ?, sealed_by = ? where tenant_id = ? and kid = ?`,
		k.sealed, sealedBy, k.tenant, k.kid)
	return err
}

// listCertificates returns the certificates of a tenant's keys by identifier.
func listCertificates(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID) (map[string][]byte, error) {
	ders := make(map[string][]byte)
	err := tx.Each(ctx, `select kid, certificate from signing_key where tenant_id = ?`, []any{tenant},
		func(scan func(...any) error) error {
			var kid string
			var der []byte
			err := scan(&kid, &der)
			ders[kid] = der
			return err
		})
	return ders, err
}

// listYoungest returns the tenants that made keys last, without those that are
// switched off.
func listYoungest(ctx context.Context, tx *sqldb.Tx, limit int) ([]ids.TenantID, error) {
	return sqldb.All(ctx, tx, `
		/* all tenants: the key document of "common" is for all of them */
		select tenant_id from signing_key where tenant_id not in (select id from tenant where enabled = 0)
		group by tenant_id order by max(active_us) desc, tenant_id limit ?`,
		[]any{limit}, func(scan func(...any) error) (id ids.TenantID, err error) {
			err = scan(&id)
			return id, err
		})
}
