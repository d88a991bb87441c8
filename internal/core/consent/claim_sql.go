package consent

import (
	"context"

	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// An AssignedGroup is one that an application was opened to.
type AssignedGroup struct {
	ID   ids.ObjectID
	Name string
}

// GroupsAssigned returns up to limit of the groups that hold anything on a
// resource now and have the person as a direct member; see RolesOfPerson.
func GroupsAssigned(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, person, resource ids.ObjectID, limit int) ([]AssignedGroup, error) {
	now := sqldb.Micros(tx.Now())
	return sqldb.All(ctx, tx, `
		select o.id, o.display_name
		from   membership m join object o on o.tenant_id = m.tenant_id and o.id = m.group_id and o.deleted_us = 0
		where  m.tenant_id = ? and m.member_id = ? and (m.ends_us = 0 or m.ends_us > ?)
		and    exists (select 1 from app_role_assignment s
		               where  s.tenant_id = m.tenant_id and s.principal_id = m.group_id and s.resource_id = ? and (s.ends_us = 0 or s.ends_us > ?))
		order  by o.id limit ?`,
		[]any{tenant, person, now, resource, now, limit},
		func(scan func(...any) error) (g AssignedGroup, err error) { return g, scan(&g.ID, &g.Name) })
}
