package tenant

import (
	"context"
	"encoding/json"
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
	var contacts string
	err := tx.One(ctx, `select t.id, t.display_name, t.enabled, t.country, t.contacts, t.created_us, t.version from tenant t where `+where,
		[]any{arg}, &t.ID, &t.DisplayName, &t.Enabled, &t.Country, &contacts, &created, &t.version)
	if errors.Is(err, fault.NotFound) {
		return nil, fault.Because(fault.NotFound, NotFound, "Tenant '%.100s' not found.", shown).With("tenant", shown)
	}
	if err != nil {
		return nil, err
	}
	t.CreatedAt = sqldb.Time(created)
	return t, json.Unmarshal([]byte(contacts), &t.Contacts)
}

// Get returns the tenant with its domains.
func Get(ctx context.Context, tx *sqldb.Tx, id ids.TenantID) (*Tenant, error) {
	t, err := find(ctx, tx, "t.id = ?", string(id), string(id))
	if err != nil {
		return nil, err
	}
	t.Domains, err = loadDomains(ctx, tx, id)
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

// put stores a changed tenant; a Conflict if someone else stored it meanwhile.
func put(ctx context.Context, tx *sqldb.Tx, t *Tenant) error {
	contacts, err := json.Marshal(t.Contacts)
	if err != nil {
		return err
	}
	n, err := tx.Exec(ctx, `
		update tenant set display_name = ?, enabled = ?, country = ?, contacts = ?, version = version + 1
		where  id = ? and version = ?`,
		t.DisplayName, t.Enabled, t.Country, string(contacts), t.ID, t.version)
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
