package directory

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"entente/internal/core/authz"
	"entente/internal/core/object"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// GroupTable tells by what groups can be found and sorted.
var GroupTable = query.Table{
	Key: []string{"id"},
	Fields: map[string]query.Column{
		"id":                            {SQL: "g.id"},
		"displayName":                   {SQL: "g.name_folded", Fold: true, Words: object.NameWords("g.id")},
		"description":                   {SQL: "g.text_folded", Fold: true, Null: "", Words: object.DescriptionWords("g.id")},
		"classification":                {SQL: "g.class_folded", Fold: true, Null: ""},
		"mailNickname":                  {SQL: "g.nick_folded", Fold: true},
		"mail":                          {SQL: "g.mail_folded", Fold: true, Null: ""},
		"securityEnabled":               {SQL: "g.security", Kind: query.Bool},
		"mailEnabled":                   {SQL: "g.mail_enabled", Kind: query.Bool},
		"isAssignableToRole":            {SQL: "g.assignable", Kind: query.Bool, Null: -1},
		"uniqueName":                    {SQL: "g.unique_name", Null: ""},
		"createdDateTime":               {SQL: "g.created_us", Kind: query.Time},
		"renewedDateTime":               {SQL: "g.renewed_us", Kind: query.Time, Null: 0},
		"expirationDateTime":            {SQL: "g.expires_us", Kind: query.Time, Null: 0},
		"membershipRule":                {SQL: "g.rule_folded", Fold: true, Null: ""},
		"membershipRuleProcessingState": {SQL: "g.rule_state", Fold: true, Null: ""},
		"preferredLanguage":             {SQL: "g.language_folded", Fold: true, Null: ""},
		"onPremisesLastSyncDateTime":    {SQL: "g.synced_us", Kind: query.Time, Null: 0},
		"onPremisesSamAccountName":      {SQL: "g.sam_folded", Fold: true, Null: ""},
		"onPremisesSecurityIdentifier":  {SQL: "g.sid_folded", Fold: true, Null: ""},
		"onPremisesSyncEnabled":         {SQL: "g.synced", Kind: query.Bool, Null: -1},
		"deletedDateTime":               object.DeletedColumn("g.deleted_us"),
		"groupTypes":                    {Items: groupItems("type")},
		"proxyAddresses":                {Items: groupItems("address")},
		"resourceProvisioningOptions":   {Items: groupItems("resource")},
		"assignedLicenses": {Items: &query.Items{
			From: "group_text x", On: "x.tenant_id = g.tenant_id and x.group_id = g.id and x.kind = 'license'",
			Fields: map[string]query.Column{"skuId": {SQL: "x.folded", Fold: true}},
		}},
		"owners": object.OwnersColumn("g"),
	},
}

func groupItems(kind string) *query.Items {
	return &query.Items{
		From: "group_text x", On: "x.tenant_id = g.tenant_id and x.group_id = g.id and x.kind = '" + kind + "'",
		Fields: map[string]query.Column{"": {SQL: "x.folded", Fold: true}},
	}
}

// spaceNick holds the nicknames of groups that have mail: they are addresses.
const spaceNick = "nick"

const groupsFrom = "from directory_group g where g.tenant_id = ? and g.deleted_us = 0"

// ListGroups returns a page of the tenant's groups in scope, as they are
// stored. The rest is read only if withRest.
func ListGroups(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, s Scope, q query.Query, withRest bool) (object.Page[Row], error) {
	from, args := s.within(tx, tenant, groupsFrom, "g.id")
	return listRows(ctx, tx, q, GroupTable, "g", from, args, withRest)
}

// CountGroups returns how many of the tenant's groups in scope pass the filter.
func CountGroups(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, s Scope, filter query.Expr) (int, error) {
	from, args := s.within(tx, tenant, groupsFrom, "g.id")
	return object.Count(ctx, tx, filter, GroupTable, from, args)
}

// listRows reads what is stored of users or groups; alias is the table's.
func listRows(ctx context.Context, tx *sqldb.Tx, q query.Query, t query.Table, alias, from string, args []any, withRest bool) (object.Page[Row], error) {
	columns := alias + ".id, " + alias + ".face"
	if withRest {
		columns += ", " + alias + ".rest"
	}
	return object.List(ctx, tx, q, t, columns, from, args, func(scan func(...any) error) (Row, error) {
		var r Row
		dest := []any{&r.ID, &r.Face}
		if withRest {
			dest = append(dest, &r.Rest)
		}
		return r, scan(dest...)
	})
}

// GetGroup returns a live group of the tenant, or NotFound.
func GetGroup(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.ObjectID) (*Group, error) {
	return findGroup(ctx, tx, tenant, "g.id = ?", string(id))
}

// GroupByUniqueName returns the live group of that unique name, or NotFound.
func GroupByUniqueName(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, name string) (*Group, error) {
	return findGroup(ctx, tx, tenant, "g.unique_name <> '' and g.unique_name = ?", name)
}

func findGroup(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, where, arg string) (*Group, error) {
	return oneGroup(ctx, tx, tenant, arg, groupsFrom+" and "+where, tenant, arg)
}

// oneGroup returns the group that a statement from its from clause on finds.
func oneGroup(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, key, from string, args ...any) (*Group, error) {
	g := &Group{Tenant: tenant}
	var face, rest string
	var created int64
	err := tx.One(ctx, `select g.face, g.rest, g.created_us, g.version `+from,
		args, &face, &rest, &created, &g.version)
	if errors.Is(err, fault.NotFound) {
		return nil, object.Missing(key)
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal([]byte(face), &g.GroupFace); err != nil {
		return nil, err
	}
	if err := json.Unmarshal([]byte(rest), &g.GroupRest); err != nil {
		return nil, err
	}
	g.CreatedAt = sqldb.Time(created)
	object.Fill(g)
	return g, nil
}

func addGroup(ctx context.Context, tx *sqldb.Tx, g *Group, by ids.ObjectID) error {
	if err := object.Add(ctx, tx, object.Object{
		Tenant: g.Tenant, ID: g.ID, Kind: object.Group, DisplayName: g.DisplayName, CreatedAt: g.CreatedAt,
	}, by); err != nil {
		return err
	}
	face, rest, err := g.render()
	if err != nil {
		return err
	}
	n, err := tx.Exec(ctx, `
		insert into directory_group (tenant_id, id, name_folded, text_folded, class_folded, nick_folded, mail_folded, unified, security,
		                             mail_enabled, assignable, unique_name, renewed_us, expires_us, rule_folded, rule_state, language_folded,
		                             synced_us, sam_folded, sid_folded, synced, hidden, created_us, face, rest, version)
		values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)
		on conflict (tenant_id, unique_name) where unique_name <> '' and deleted_us = 0 do nothing`,
		append(append([]any{g.Tenant, g.ID}, g.columns()...), sqldb.Micros(g.CreatedAt), face, rest)...)
	if err != nil {
		return err
	}
	if n == 0 {
		f := fault.Because(fault.Invalid, object.NameTaken, "Another object with the same value for property uniqueName already exists.")
		f.Target = "uniqueName"
		return f
	}
	return takeGroupNames(ctx, tx, g)
}

// putGroup stores a changed group; a Conflict if someone else stored it since.
func putGroup(ctx context.Context, tx *sqldb.Tx, g *Group) error {
	face, rest, err := g.render()
	if err != nil {
		return err
	}
	n, err := tx.Exec(ctx, `
		update directory_group
		set    name_folded = ?, text_folded = ?, class_folded = ?, nick_folded = ?, mail_folded = ?, unified = ?, security = ?,
		       mail_enabled = ?, assignable = ?, unique_name = ?, renewed_us = ?, expires_us = ?, rule_folded = ?, rule_state = ?,
		       language_folded = ?, synced_us = ?, sam_folded = ?, sid_folded = ?, synced = ?, hidden = ?, face = ?, rest = ?, version = version + 1
		where  tenant_id = ? and id = ? and version = ? and deleted_us = 0`,
		append(g.columns(), face, rest, g.Tenant, g.ID, g.version)...)
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.New(fault.Conflict, "Someone else has just changed this group.")
	}
	g.version++
	if err := object.Rename(ctx, tx, g.Tenant, g.ID, object.Group, g.DisplayName); err != nil {
		return err
	}
	return takeGroupNames(ctx, tx, g)
}

// takeGroupNames reserves the nickname of a group that has mail, and stores
// the rows by which collections are filtered.
func takeGroupNames(ctx context.Context, tx *sqldb.Tx, g *Group) error {
	if err := object.ReleaseNames(ctx, tx, g.Tenant, spaceNick, g.ID); err != nil {
		return err
	}
	if g.mailed() {
		if err := object.TakeName(ctx, tx, g.Tenant, spaceNick, query.Fold(g.MailNickname), g.ID, "mailNickname"); err != nil {
			return err
		}
	}
	if err := object.PutDescription(ctx, tx, g.Tenant, g.ID, text(g.Description)); err != nil {
		return err
	}
	if err := object.ReleaseNames(ctx, tx, g.Tenant, object.SpaceAddress, g.ID); err != nil {
		return err
	}
	for _, a := range g.ProxyAddresses {
		if err := object.TakeName(ctx, tx, g.Tenant, object.SpaceAddress, query.Fold(bareAddress(a)), g.ID, "proxyAddresses"); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(ctx, `delete from group_text where tenant_id = ? and group_id = ?`, g.Tenant, g.ID); err != nil {
		return err
	}
	for kind, list := range map[string][]string{"type": g.GroupTypes, "address": g.ProxyAddresses, "resource": g.ResourceProvisioning} {
		for _, s := range list {
			if _, err := tx.Exec(ctx, `
				insert into group_text (tenant_id, group_id, kind, folded) values (?, ?, ?, ?)
				on conflict (tenant_id, group_id, kind, folded) do nothing`,
				g.Tenant, g.ID, kind, query.Fold(s)); err != nil {
				return err
			}
		}
	}
	return nil
}

// columns returns the values of the columns from name_folded to hidden.
func (g *Group) columns() []any {
	fold := func(s *string) string { return query.Fold(text(s)) }
	return []any{
		query.Fold(g.DisplayName), fold(g.Description), fold(g.Classification), query.Fold(g.MailNickname), fold(g.Mail),
		g.Unified(), g.Secures(), g.mailed(), maybe(g.IsAssignableToRole), text(g.UniqueName),
		when(g.Renewed), when(g.Expiration), fold(g.MembershipRule), fold(g.RuleProcessingState), fold(g.Language),
		when(g.OnPremisesLastSync), fold(g.OnPremisesSAM), fold(g.OnPremisesSID), maybe(g.OnPremisesSync), g.Hidden(),
	}
}

// when returns a time as it is stored; 0 is none.
func when(t *time.Time) int64 {
	if t == nil {
		return 0
	}
	return sqldb.Micros(*t)
}

// maybe returns a flag as it is stored; -1 is neither yes nor no.
func maybe(b *bool) int {
	switch {
	case b == nil:
		return -1
	case *b:
		return 1
	}
	return 0
}

func (g *Group) render() (face, rest string, err error) {
	f, err := json.Marshal(g.GroupFace)
	if err != nil {
		return "", "", err
	}
	r, err := json.Marshal(g.GroupRest)
	return string(f), string(r), err
}

// dropGroup marks a group as deleted and gives up its names. Its members stay
// for a return, and hold nothing by it until then.
func dropGroup(ctx context.Context, tx *sqldb.Tx, g *Group) error {
	for _, space := range []string{spaceNick, object.SpaceAddress} {
		if err := object.ReleaseNames(ctx, tx, g.Tenant, space, g.ID); err != nil {
			return err
		}
	}
	if err := authz.Release(ctx, tx, g.Tenant, g.ID, ""); err != nil {
		return err
	}
	at := object.DeletionTime(tx.Now())
	g.DeletedDateTime = &at
	face, _, err := g.render()
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `
		update directory_group set face = ?, deleted_us = ?, version = version + 1 where tenant_id = ? and id = ? and deleted_us = 0`,
		face, sqldb.Micros(at), g.Tenant, g.ID); err != nil {
		return err
	}
	return object.MarkDeleted(ctx, tx, g.Tenant, g.ID, object.Group)
}
