package app

import (
	"context"

	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

// addSecret stores the keyed hash of a secret; its text is not kept.
func addSecret(ctx context.Context, tx *sqldb.Tx, ring *secret.Ring, tenant ids.TenantID, owner ids.ObjectID, c PasswordCredential) error {
	_, err := tx.Exec(ctx, `
		insert into app_key (tenant_id, owner_id, key_id, kind, mac, starts_us, ends_us) values (?, ?, ?, 'secret', ?, ?, ?)`,
		tenant, owner, c.KeyID, ring.MAC(text(c.SecretText), secretContext), sqldb.Micros(c.StartDateTime), sqldb.Micros(c.EndDateTime))
	return err
}

func dropKey(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, owner ids.ObjectID, key ids.KeyID) error {
	_, err := tx.Exec(ctx, `delete from app_key where tenant_id = ? and owner_id = ? and key_id = ?`, tenant, owner, key)
	return err
}

func addCertificate(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, owner ids.ObjectID, c KeyCredential) error {
	_, err := tx.Exec(ctx, `
		insert into app_key (tenant_id, owner_id, key_id, kind, usage, thumb1, thumb256, der, starts_us, ends_us)
		values (?, ?, ?, 'certificate', ?, ?, ?, ?, ?, ?)`,
		tenant, owner, c.KeyID, c.Usage, thumb1(c.Key), thumb256(c.Key), c.Key, sqldb.Micros(c.StartDateTime), sqldb.Micros(c.EndDateTime))
	return err
}

// CertificateBytes returns the DER bytes of a certificate of an application or
// service principal, or NotFound.
func CertificateBytes(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, owner ids.ObjectID, key ids.KeyID) (der []byte, err error) {
	err = tx.One(ctx, `select der from app_key where tenant_id = ? and owner_id = ? and key_id = ? and kind = 'certificate'`,
		[]any{tenant, owner, key}, &der)
	return der, err
}

// certificatesNow returns the certificates by which the owner can be known now.
func certificatesNow(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, owner ids.ObjectID) ([][]byte, error) {
	now := sqldb.Micros(tx.Now())
	return sqldb.All(ctx, tx, `
		select der from app_key
		where  tenant_id = ? and owner_id = ? and kind = 'certificate' and usage = 'Verify' and starts_us <= ? and ends_us > ?
		order  by key_id`,
		[]any{tenant, owner, now, now},
		func(scan func(...any) error) (der []byte, err error) { return der, scan(&der) })
}

// swapCertificates stores the change from one list of certificates to another
// and returns the list as it is kept. An entry without bytes names one that is
// already there by its identifier.
func swapCertificates(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, owner ids.ObjectID, before, after []KeyCredential) ([]KeyCredential, error) {
	if len(after) > maxKeys {
		return nil, tooLarge()
	}
	kept := make(map[ids.KeyID]KeyCredential, len(before))
	for _, c := range before {
		kept[c.KeyID] = c
	}
	list := make([]KeyCredential, 0, len(after))
	for _, c := range after {
		old, known := kept[c.KeyID]
		switch {
		case known:
			delete(kept, c.KeyID)
			list = append(list, old)
			continue
		case len(c.Key) == 0:
			return nil, badCertificate("has a key, or repeats the keyId of one that is there")
		}
		c, err := readCertificate(c)
		if err != nil {
			return nil, err
		}
		if err := addCertificate(ctx, tx, tenant, owner, c); err != nil {
			return nil, err
		}
		list = append(list, c.Hidden())
	}
	for id := range kept {
		if err := dropKey(ctx, tx, tenant, owner, id); err != nil {
			return nil, err
		}
	}
	return list, nil
}
