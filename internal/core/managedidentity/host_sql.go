package managedidentity

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

const hostColumns = `h.id, h.subscription_id, h.type_name, h.group_name, h.name, h.site_kind, h.location, h.tags, h.properties,
	h.system_principal, h.system_client, h.created_us, h.seen_us`

func scanHost(tenant ids.TenantID, scan func(...any) error) (*Host, error) {
	h := &Host{Tenant: tenant}
	var tags, properties string
	var created, seen int64
	if err := scan(&h.HostID, &h.Subscription, &h.Type, &h.Group, &h.Name, &h.Kind, &h.Location, &tags, &properties,
		&h.System.Principal, &h.System.Client, &created, &seen); err != nil {
		return nil, err
	}
	h.CreatedAt, h.SeenAt, h.Properties = sqldb.Time(created), sqldb.Time(seen), json.RawMessage(properties)
	return h, json.Unmarshal([]byte(tags), &h.Tags)
}

// putHost stores a host, new or changed, and which identities it has.
func putHost(ctx context.Context, tx *sqldb.Tx, h *Host) error {
	tags, err := marshalTags(h.Tags)
	if err != nil {
		return err
	}
	group, typ, name := h.folded()
	_, err = tx.Exec(ctx, `
		insert into host (tenant_id, id, subscription_id, type_folded, group_folded, name_folded, type_name, group_name, name,
		                  site_kind, location, tags, properties, system_principal, system_client, created_us)
		values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		on conflict (tenant_id, id) do update
		set site_kind = excluded.site_kind, tags = excluded.tags, properties = excluded.properties,
		    system_principal = excluded.system_principal, system_client = excluded.system_client`,
		h.Tenant, h.HostID, h.Subscription, typ, group, name, h.Type, h.Group, h.Name,
		h.Kind, h.Location, tags, string(h.Properties), h.System.Principal, h.System.Client, sqldb.Micros(h.CreatedAt))
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `delete from host_identity where tenant_id = ? and host_id = ?`, h.Tenant, h.HostID); err != nil {
		return err
	}
	for _, i := range h.Assigned {
		if _, err := tx.Exec(ctx, `insert into host_identity (tenant_id, host_id, principal_id) values (?, ?, ?)`,
			h.Tenant, h.HostID, i.Principal); err != nil {
			return err
		}
	}
	return nil
}

// getHost returns the host at a place, or NotFound.
func getHost(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, r Resource) (*Host, error) {
	group, typ, name := r.folded()
	h, err := oneHost(ctx, tx, tenant, "h.subscription_id = ? and h.type_folded = ? and h.group_folded = ? and h.name_folded = ?",
		r.Subscription, typ, group, name)
	if errors.Is(err, fault.NotFound) {
		return nil, noResource(r)
	}
	return h, err
}

// GetHost returns a host with its identities, or a NoHost fault.
func GetHost(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id HostID) (*Host, error) {
	h, err := oneHost(ctx, tx, tenant, "h.id = ?", HostID(strings.ToLower(string(id))))
	if errors.Is(err, fault.NotFound) {
		return nil, fault.Because(fault.NotFound, NoHost, "There is no host '%.64s' in the tenant.", id)
	}
	return h, err
}

func oneHost(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, where string, args ...any) (*Host, error) {
	h, err := scanHost(tenant, func(dest ...any) error {
		return tx.One(ctx, "select "+hostColumns+" from host h where h.tenant_id = ? and "+where, append([]any{tenant}, args...), dest...)
	})
	if err != nil {
		return nil, err
	}
	return h, fillHosts(ctx, tx, tenant, []*Host{h})
}

// fillHosts reads the identities of each host.
func fillHosts(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, hosts []*Host) error {
	for _, h := range hosts {
		var err error
		h.Assigned, err = sqldb.All(ctx, tx, "select "+identityColumns+`
			from   host_identity l join managed_identity i on i.tenant_id = l.tenant_id and i.principal_id = l.principal_id
			where  l.tenant_id = ? and l.host_id = ?
			order  by i.subscription_id, i.group_folded, i.name_folded`,
			[]any{tenant, h.HostID},
			func(scan func(...any) error) (*Identity, error) { return scanIdentity(tenant, scan) })
		if err != nil {
			return err
		}
	}
	return nil
}

// listHosts returns a subscription's hosts of a type (any, when it is empty),
// or one group's.
func listHosts(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, sub SubscriptionID, group, typ string, p Page) ([]*Host, error) {
	group, typ = strings.ToLower(group), strings.ToLower(typ)
	all, err := sqldb.All(ctx, tx, "select "+hostColumns+` from host h
		where h.tenant_id = ? and h.subscription_id = ? and (? = '' or h.group_folded = ?) and (? = '' or h.type_folded = ?)
		  and h.group_folded || '/' || h.type_folded || '/' || h.name_folded > ?
		order by h.group_folded || '/' || h.type_folded || '/' || h.name_folded limit ?`,
		[]any{tenant, sub, group, group, typ, typ, p.After, p.limit() + 1},
		func(scan func(...any) error) (*Host, error) { return scanHost(tenant, scan) })
	if err != nil {
		return nil, err
	}
	return all, fillHosts(ctx, tx, tenant, all)
}

// dropHost removes a host with its keys and enrollments.
func dropHost(ctx context.Context, tx *sqldb.Tx, h *Host) error {
	for _, q := range []string{
		`delete from host where tenant_id = ? and id = ?`,
		`delete from host_identity where tenant_id = ? and host_id = ?`,
		`delete from host_key where tenant_id = ? and host_id = ?`,
		`delete from host_enrollment where tenant_id = ? and host_id = ?`,
		`delete from host_assertion where tenant_id = ? and host_id = ?`,
	} {
		if _, err := tx.Exec(ctx, q, h.Tenant, h.HostID); err != nil {
			return err
		}
	}
	return nil
}

func markSeen(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id HostID) error {
	_, err := tx.Exec(ctx, `update host set seen_us = ? where tenant_id = ? and id = ?`, sqldb.Micros(tx.Now()), tenant, id)
	return err
}

// ForHost returns the identity that a host asks for, if it has it now. The
// fault is NoHost, NoIdentity, Ambiguous or NotAssigned.
func ForHost(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id HostID, s Selector) (*Given, error) {
	h, err := GetHost(ctx, tx, tenant, id)
	if err != nil {
		return nil, err
	}
	return h.Give(s)
}

// hostsWith returns up to limit hosts that have a user-assigned identity, without
// their other identities.
func hostsWith(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, identity ids.ObjectID, limit int) ([]*Host, error) {
	return sqldb.All(ctx, tx, "select "+hostColumns+`
		from   host_identity l join host h on h.tenant_id = l.tenant_id and h.id = l.host_id
		where  l.tenant_id = ? and l.principal_id = ?
		order  by h.name_folded, h.id limit ?`,
		[]any{tenant, identity, limit},
		func(scan func(...any) error) (*Host, error) { return scanHost(tenant, scan) })
}
