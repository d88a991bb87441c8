package tenant

import (
	"context"
	"errors"
	"strings"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// AddDomain stores a domain of the tenant. A domain that another tenant has
// verified is refused as Taken, also when it is only claimed.
func AddDomain(ctx context.Context, tx *sqldb.Tx, id ids.TenantID, d Domain) error {
	if err := untaken(ctx, tx, id, d.Name); err != nil {
		return err
	}
	if d.Proof == "" {
		d.Proof = proofOf(id, d.Name)
	}
	if d.Services == nil {
		d.Services = usualServices()
	}
	now := sqldb.Micros(tx.Now())
	verified := int64(0)
	if d.Verified {
		verified = now
	}
	_, err := tx.Exec(ctx, `
		insert into domain (tenant_id, name, verified, is_default, is_initial, promoted, proof, services, created_us, verified_us)
		values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		id, d.Name, d.Verified, d.Default, d.Initial, d.Promoted, d.Proof, strings.Join(d.Services, " "), now, verified)
	return err
}

// untaken refuses a name that another tenant has verified.
func untaken(ctx context.Context, tx *sqldb.Tx, id ids.TenantID, name string) error {
	var owner ids.TenantID
	err := tx.One(ctx, `select tenant_id from domain where name = ? and verified = 1 /* all tenants: a domain has one owner */`,
		[]any{name}, &owner)
	switch {
	case errors.Is(err, fault.NotFound), err == nil && owner == id:
		return nil
	case err != nil:
		return err
	}
	return taken(name)
}

func taken(name string) error {
	return fault.Because(fault.Conflict, Taken, "The domain %s is verified by a tenant already.", name)
}

// VerifyDomain takes the name for the tenant. The first to prove it wins: a
// name that another tenant has is refused as Taken. A unique index holds that
// against whoever proves it at the same moment.
func VerifyDomain(ctx context.Context, tx *sqldb.Tx, id ids.TenantID, name string) error {
	if err := untaken(ctx, tx, id, name); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `update domain set verified = 1, verified_us = ? where tenant_id = ? and name = ?`,
		sqldb.Micros(tx.Now()), id, name)
	return err
}

// PutDomain stores what can be changed of a domain. One that becomes the
// default takes that from the one that was.
func PutDomain(ctx context.Context, tx *sqldb.Tx, id ids.TenantID, d Domain) error {
	if d.Default {
		if _, err := tx.Exec(ctx, `update domain set is_default = 0 where tenant_id = ? and name <> ? and is_default = 1`, id, d.Name); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, `
		update domain set is_default = ?, promoted = ?, services = ?, removal = ?, removal_us = ?
		where  tenant_id = ? and name = ?`,
		d.Default, d.Promoted, strings.Join(d.Services, " "), d.Removal, sqldb.Micros(d.RemovalAt), id, d.Name)
	return err
}

// DropDomain removes a domain; whoever proves the name may have it from then on.
func DropDomain(ctx context.Context, tx *sqldb.Tx, id ids.TenantID, name string) error {
	_, err := tx.Exec(ctx, `delete from domain where tenant_id = ? and name = ?`, id, name)
	return err
}

func loadDomains(ctx context.Context, tx *sqldb.Tx, id ids.TenantID) ([]Domain, error) {
	return sqldb.All(ctx, tx, `
		select name, verified, is_default, is_initial, promoted, proof, services, removal, removal_us, created_us, verified_us
		from   domain
		where  tenant_id = ? order by is_initial desc, name`,
		[]any{id},
		func(scan func(...any) error) (d Domain, err error) {
			var services string
			var removal, created, verified int64
			err = scan(&d.Name, &d.Verified, &d.Default, &d.Initial, &d.Promoted, &d.Proof, &services, &d.Removal, &removal, &created, &verified)
			if d.Proof == "" {
				d.Proof = proofOf(id, d.Name) // made before proofs were stored
			}
			d.Services = strings.Fields(services)
			d.RemovalAt, d.CreatedAt, d.VerifiedAt = sqldb.Time(removal), sqldb.Time(created), sqldb.Time(verified)
			return d, err
		})
}
