package tenant

import (
	"context"
	"errors"
	"strings"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// Resolve returns the tenant that a path segment names: a GUID or a verified
// domain, in any case. The fault is Malformed or NotFound. Domains are not
// loaded, and a disabled tenant is returned: ask Active.
func Resolve(ctx context.Context, tx *sqldb.Tx, segment string) (*Tenant, error) {
	if ids.Valid(segment) {
		return find(ctx, tx, "t.id = ?", strings.ToLower(segment), segment)
	}
	domain, err := ParseDomain(segment)
	if err != nil {
		return nil, fault.Because(fault.Invalid, Malformed, "Specified tenant identifier '%.100s' is neither a valid DNS name, nor a valid external domain.", segment).
			With("tenant", segment)
	}
	return find(ctx, tx, "t.id = (select tenant_id from domain where name = ? and verified = 1 /* all tenants: a name leads to its owner */)", domain, segment)
}

func find(ctx context.Context, tx *sqldb.Tx, where, arg, shown string) (*Tenant, error) {
	t := &Tenant{}
	var created int64
	err := tx.One(ctx, `select t.id, t.display_name, t.enabled, t.country, t.created_us, t.version from tenant t where `+where,
		[]any{arg}, &t.ID, &t.DisplayName, &t.Enabled, &t.Country, &created, &t.version)
	if errors.Is(err, fault.NotFound) {
		return nil, fault.Because(fault.NotFound, NotFound, "Tenant '%.100s' not found.", shown).With("tenant", shown)
	}
	if err != nil {
		return nil, err
	}
	t.CreatedAt = sqldb.Time(created)
	return t, nil
}

// Get returns the tenant with its domains.
func Get(ctx context.Context, tx *sqldb.Tx, id ids.TenantID) (*Tenant, error) {
	t, err := find(ctx, tx, "t.id = ?", string(id), string(id))
	if err != nil {
		return nil, err
	}
	t.Domains, err = sqldb.All(ctx, tx, `
		select name, verified, is_default, is_initial, created_us from domain
		where  tenant_id = ? order by is_initial desc, name`,
		[]any{id},
		func(scan func(...any) error) (d Domain, err error) {
			var created int64
			err = scan(&d.Name, &d.Verified, &d.Default, &d.Initial, &created)
			d.CreatedAt = sqldb.Time(created)
			return d, err
		})
	return t, err
}

// Add stores a new tenant. A tenant of the same identifier is a Conflict.
func Add(ctx context.Context, tx *sqldb.Tx, t *Tenant) error {
	_, err := tx.Exec(ctx, `
		insert into tenant (id, display_name, enabled, country, created_us, version)
		values (?, ?, ?, ?, ?, 1)`,
		t.ID, t.DisplayName, t.Enabled, t.Country, sqldb.Micros(t.CreatedAt))
	return err
}

// AddDomain stores a domain of the tenant. A domain that another tenant has
// verified is refused as Taken.
func AddDomain(ctx context.Context, tx *sqldb.Tx, id ids.TenantID, d Domain) error {
	if d.Verified {
		var owner ids.TenantID
		err := tx.One(ctx, `select tenant_id from domain where name = ? and verified = 1 /* all tenants: a domain has one owner */`,
			[]any{d.Name}, &owner)
		if err == nil {
			return fault.Because(fault.Conflict, Taken, "The domain %s is verified by a tenant already.", d.Name)
		}
		if !errors.Is(err, fault.NotFound) {
			return err
		}
	}
	now := sqldb.Micros(tx.Now())
	verified := int64(0)
	if d.Verified {
		verified = now
	}
	_, err := tx.Exec(ctx, `
		insert into domain (tenant_id, name, verified, is_default, is_initial, created_us, verified_us)
		values (?, ?, ?, ?, ?, ?, ?)`,
		id, d.Name, d.Verified, d.Default, d.Initial, now, verified)
	return err
}

// put stores a changed tenant; a Conflict if someone else stored it meanwhile.
func put(ctx context.Context, tx *sqldb.Tx, t *Tenant) error {
	n, err := tx.Exec(ctx, `
		update tenant set display_name = ?, enabled = ?, country = ?, version = version + 1
		where  id = ? and version = ?`,
		t.DisplayName, t.Enabled, t.Country, t.ID, t.version)
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.New(fault.Conflict, "Someone else has just changed this tenant.")
	}
	t.version++
	return nil
}

// All returns the identifiers of the installation's tenants after the given
// one, at most limit of them, in order.
func All(ctx context.Context, tx *sqldb.Tx, after ids.TenantID, limit int) ([]ids.TenantID, error) {
	return sqldb.All(ctx, tx, `select id from tenant where id > ? order by id limit ?`, []any{after, limit},
		func(scan func(...any) error) (id ids.TenantID, err error) { return id, scan(&id) })
}
