package crosstenant

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"entente/internal/core/object"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// Between returns what tenant has stored towards other, in one keyed read.
func Between(ctx context.Context, tx *sqldb.Tx, tenant, other ids.TenantID) (Policy, error) {
	var p Policy
	err := tx.Each(ctx, `select partner_id, body from cross_tenant_configuration where tenant_id = ? and partner_id in ('', ?)`,
		[]any{tenant, other}, func(scan func(...any) error) error {
			var partner ids.TenantID
			var body string
			if err := scan(&partner, &body); err != nil {
				return err
			}
			c := &Configuration{}
			if partner == "" {
				p.Default = c
			} else {
				p.Partner = c
			}
			return json.Unmarshal([]byte(body), c)
		})
	return p, err
}

// Cross asks both sides whether a caller of home may cross to resource: two
// keyed reads.
func Cross(ctx context.Context, tx *sqldb.Tx, home, resource ids.TenantID, what What) (Crossing, error) {
	out, err := Between(ctx, tx, home, resource)
	if err != nil {
		return Crossing{}, err
	}
	in, err := Between(ctx, tx, resource, home)
	return Crossing{home, resource, Outbound(out, what), Inbound(in, what), Automatic(in, out)}, err
}

// GetDefault returns the tenant's default configuration, with what it leaves
// out taken from the system's.
func GetDefault(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID) (Default, error) {
	d, err := storedDefault(ctx, tx, tenant)
	return d.Effective(), err
}

// storedDefault returns what is stored; the version is zero where nothing is.
func storedDefault(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID) (Default, error) {
	d := Default{ServiceDefault: true}
	var body string
	err := tx.One(ctx, `select body, version from cross_tenant_configuration where tenant_id = ? and partner_id = ''`, []any{tenant}, &body, &d.version)
	if errors.Is(err, fault.NotFound) {
		return d, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(body), &d)
	}
	return d, err
}

func dropDefault(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID) error {
	_, err := tx.Exec(ctx, `delete from cross_tenant_configuration where tenant_id = ? and partner_id = ''`, tenant)
	return err
}

// GetPartner returns the configuration towards one partner, or NotFound.
func GetPartner(ctx context.Context, tx *sqldb.Tx, tenant, partner ids.TenantID) (*Partner, error) {
	partner = ids.TenantID(strings.ToLower(string(partner)))
	if partner == "" {
		return nil, object.Missing("")
	}
	p := &Partner{Tenant: partner}
	var body, sync string
	err := tx.One(ctx, `select body, sync, version from cross_tenant_configuration where tenant_id = ? and partner_id = ?`,
		[]any{tenant, partner}, &body, &sync, &p.version)
	if errors.Is(err, fault.NotFound) {
		return nil, object.Missing(string(partner))
	}
	if err != nil {
		return nil, err
	}
	return p, p.read(body, sync)
}

func (p *Partner) read(body, sync string) error {
	id := p.Tenant
	if err := json.Unmarshal([]byte(body), p); err != nil {
		return err
	}
	p.Tenant = id
	if sync == "" {
		return nil
	}
	p.Sync = &Sync{}
	return json.Unmarshal([]byte(sync), p.Sync)
}

// partnerTable tells by what partners can be found and sorted.
var partnerTable = query.Table{Key: []string{"tenantId"}, Fields: map[string]query.Column{"tenantId": {SQL: "c.partner_id"}}}

const partnersFrom = "from cross_tenant_configuration c where c.tenant_id = ? and c.partner_id <> ''"

// ListPartners returns a page of the tenant's partners.
func ListPartners(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, q query.Query) (object.Page[*Partner], error) {
	return object.List(ctx, tx, q, partnerTable, "c.partner_id, c.body, c.sync", partnersFrom, []any{tenant},
		func(scan func(...any) error) (*Partner, error) {
			p := &Partner{}
			var body, sync string
			if err := scan(&p.Tenant, &body, &sync); err != nil {
				return nil, err
			}
			return p, p.read(body, sync)
		})
}

// CountPartners returns how many partners pass the filter.
func CountPartners(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, filter query.Expr) (int, error) {
	return object.Count(ctx, tx, filter, partnerTable, partnersFrom, []any{tenant})
}

// addPartner stores a new partner; one that is there already is Exists.
func addPartner(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, p *Partner) error {
	n, err := insert(ctx, tx, tenant, p.Tenant, p)
	if err == nil && n == 0 {
		f := fault.Because(fault.Conflict, Exists, "A cross-tenant access policy partner configuration for the tenant %s already exists.", p.Tenant)
		f.Target = "tenantId"
		return f
	}
	return err
}

func insert(ctx context.Context, tx *sqldb.Tx, tenant, partner ids.TenantID, v any) (int64, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return 0, err
	}
	return tx.Exec(ctx, `
		insert into cross_tenant_configuration (tenant_id, partner_id, body, changed_us) values (?, ?, ?, ?)
		on conflict (tenant_id, partner_id) do nothing`,
		tenant, partner, string(body), sqldb.Micros(tx.Now()))
}

// putDefault stores a changed default; a Conflict if someone else stored it
// since.
func putDefault(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, d Default) error {
	if d.version > 0 {
		return update(ctx, tx, tenant, "", d, "", d.version)
	}
	n, err := insert(ctx, tx, tenant, "", d)
	if err == nil && n == 0 {
		err = changedMeanwhile()
	}
	return err
}

// putPartner stores a changed partner; a Conflict if someone else stored it
// since.
func putPartner(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, p *Partner) error {
	sync := ""
	if p.Sync != nil {
		text, err := json.Marshal(p.Sync)
		if err != nil {
			return err
		}
		sync = string(text)
	}
	return update(ctx, tx, tenant, p.Tenant, p, sync, p.version)
}

func update(ctx context.Context, tx *sqldb.Tx, tenant, partner ids.TenantID, v any, sync string, version int64) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	n, err := tx.Exec(ctx, `
		update cross_tenant_configuration set body = ?, sync = ?, changed_us = ?, version = version + 1
		where  tenant_id = ? and partner_id = ? and version = ?`,
		string(body), sync, sqldb.Micros(tx.Now()), tenant, partner, version)
	if err == nil && n == 0 {
		err = changedMeanwhile()
	}
	return err
}

func changedMeanwhile() error {
	return fault.New(fault.Conflict, "Someone else has just changed this policy.")
}

func dropPartner(ctx context.Context, tx *sqldb.Tx, tenant, partner ids.TenantID) error {
	_, err := tx.Exec(ctx, `delete from cross_tenant_configuration where tenant_id = ? and partner_id = ?`, tenant, partner)
	return err
}
