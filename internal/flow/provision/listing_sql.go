package provision

import (
	"context"

	"entente/internal/core/object"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// A Row is one role of one object, and how far it has come for whichever source
// has it or wants it.
type Row struct {
	ID     string
	Object ids.ObjectID
	Role   Role
	State  State // given if it is for one source; failed if it did for one and is given for none
}

const rowColumns = "g.id, g.object_id, g.system, g.origin, g.role, " + rowState

const rowState = `(case
	when exists (select 1 from provision_source x where x.tenant_id = g.tenant_id and x.grant_id = g.id and x.state = 'given') then 'given'
	when exists (select 1 from provision_source x where x.tenant_id = g.tenant_id and x.grant_id = g.id and x.state = 'failed') then 'failed'
	when exists (select 1 from provision_source x where x.tenant_id = g.tenant_id and x.grant_id = g.id and x.state in ('wanted', 'pending')) then 'wanted'
	else 'unwanted' end)`

func scanRow(scan func(...any) error) (*Row, error) {
	r := &Row{}
	return r, scan(&r.ID, &r.Object, &r.Role.System, &r.Role.Origin, &r.Role.Role, &r.State)
}

// rowTable tells by what rows can be found.
var rowTable = query.Table{Key: []string{"id"}, Fields: map[string]query.Column{
	"id": {SQL: "g.id"}, "originId": {SQL: "g.role"}, "originSystem": {SQL: "g.system"}, "objectId": {SQL: "g.object_id"},
}}

// rowsFrom is the from clause of the tenant's rows that a source of the condition
// has or wants: where speaks of provision_source as s.
func rowsFrom(tenant ids.TenantID, where string, args []any) (string, []any) {
	return "from provision_grant g where g.tenant_id = ? and exists (select 1 from provision_source s where s.tenant_id = g.tenant_id and s.grant_id = g.id" +
		where + ")", append([]any{tenant}, args...)
}

// Rows returns a page of a tenant's rows.
func Rows(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, where string, args []any, q query.Query) (object.Page[*Row], error) {
	from, all := rowsFrom(tenant, where, args)
	return object.List(ctx, tx, q, rowTable, rowColumns, from, all, scanRow)
}

// CountRows returns how many of them there are.
func CountRows(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, where string, args []any, filter query.Expr) (int, error) {
	from, all := rowsFrom(tenant, where, args)
	return object.Count(ctx, tx, filter, rowTable, from, all)
}
