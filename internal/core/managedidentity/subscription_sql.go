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

func addSubscription(ctx context.Context, tx *sqldb.Tx, s *Subscription) error {
	n, err := tx.Exec(ctx, `
		insert into azure_subscription (tenant_id, id, display_name, created_us) values (?, ?, ?, ?)
		on conflict (id) do nothing`,
		s.Tenant, s.ID, s.DisplayName, sqldb.Micros(s.CreatedAt))
	if err == nil && n == 0 {
		err = fault.New(fault.Conflict, "A subscription with the identifier %s exists.", s.ID)
	}
	return err
}

// getSubscription returns a subscription of the tenant. One of another tenant
// looks like one that is not there.
func getSubscription(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id SubscriptionID) (*Subscription, error) {
	s := &Subscription{Tenant: tenant, ID: id}
	var created int64
	err := tx.One(ctx, `select display_name, created_us from azure_subscription where tenant_id = ? and id = ?`,
		[]any{tenant, id}, &s.DisplayName, &created)
	if errors.Is(err, fault.NotFound) {
		return nil, noSubscription(id)
	}
	s.CreatedAt = sqldb.Time(created)
	return s, err
}

func listSubscriptions(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID) ([]*Subscription, error) {
	return sqldb.All(ctx, tx, `select id, display_name, created_us from azure_subscription where tenant_id = ? order by id`,
		[]any{tenant},
		func(scan func(...any) error) (*Subscription, error) {
			s := &Subscription{Tenant: tenant}
			var created int64
			err := scan(&s.ID, &s.DisplayName, &created)
			s.CreatedAt = sqldb.Time(created)
			return s, err
		})
}

const groupColumns = "name, location, tags, created_us"

// putGroup stores a group and reports whether it is new.
func putGroup(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, g *Group) (created bool, err error) {
	tags, err := marshalTags(g.Tags)
	if err != nil {
		return false, err
	}
	n, err := tx.Exec(ctx, `
		insert into resource_group (tenant_id, subscription_id, folded, name, location, tags, created_us)
		values (?, ?, ?, ?, ?, ?, ?)
		on conflict (tenant_id, subscription_id, folded) do nothing`,
		tenant, g.Subscription, strings.ToLower(g.Name), g.Name, g.Location, tags, sqldb.Micros(g.CreatedAt))
	if err != nil || n == 1 {
		return n == 1, err
	}
	_, err = tx.Exec(ctx, `update resource_group set tags = ? where tenant_id = ? and subscription_id = ? and folded = ?`,
		tags, tenant, g.Subscription, strings.ToLower(g.Name))
	return false, err
}

func getGroup(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, sub SubscriptionID, name string) (*Group, error) {
	g, err := scanGroup(sub, func(dest ...any) error {
		return tx.One(ctx, "select "+groupColumns+" from resource_group where tenant_id = ? and subscription_id = ? and folded = ?",
			[]any{tenant, sub, strings.ToLower(name)}, dest...)
	})
	if errors.Is(err, fault.NotFound) {
		return nil, noGroup(name)
	}
	return g, err
}

func listGroups(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, sub SubscriptionID, p Page) ([]*Group, error) {
	return sqldb.All(ctx, tx,
		"select "+groupColumns+" from resource_group where tenant_id = ? and subscription_id = ? and folded > ? order by folded limit ?",
		[]any{tenant, sub, p.After, p.limit() + 1},
		func(scan func(...any) error) (*Group, error) { return scanGroup(sub, scan) })
}

func scanGroup(sub SubscriptionID, scan func(...any) error) (*Group, error) {
	g := &Group{Subscription: sub}
	var tags string
	var created int64
	if err := scan(&g.Name, &g.Location, &tags, &created); err != nil {
		return nil, err
	}
	g.CreatedAt = sqldb.Time(created)
	return g, json.Unmarshal([]byte(tags), &g.Tags)
}

func dropGroup(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, sub SubscriptionID, name string) error {
	_, err := tx.Exec(ctx, `delete from resource_group where tenant_id = ? and subscription_id = ? and folded = ?`,
		tenant, sub, strings.ToLower(name))
	return err
}

// marshalTags returns tags as they are stored; none are {}.
func marshalTags(t Tags) (string, error) {
	if t == nil {
		t = Tags{}
	}
	text, err := json.Marshal(t)
	return string(text), err
}
