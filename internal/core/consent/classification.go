package consent

import (
	"context"
	"errors"
	"slices"

	"entente/internal/core/app"
	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/core/object"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// A Classification says how much a tenant minds that a delegated permission of
// a resource is given away. The members with JSON names are Graph's. Where people
// may agree for themselves to what has a low impact, low is what they may agree
// to; see Judge.
// https://learn.microsoft.com/graph/api/resources/delegatedpermissionclassification?view=graph-rest-1.0
type Classification struct {
	ID         string     `json:"id"`
	Class      string     `json:"classification"`
	Permission ids.RoleID `json:"permissionId"`
	Name       string     `json:"permissionName"`
}

// AlreadyClassified is the Reason of a second classification of a permission.
const AlreadyClassified fault.Reason = "consent.already_classified"

var classes = []string{"low", "medium", "high"}

// Classify notes how much the tenant minds a permission of a resource. The
// permission is named by its identifier, its value, or both.
func (s *Service) Classify(ctx context.Context, who authz.Caller, resource ids.ObjectID, ask Classification) (Classification, error) {
	err := s.db.Update(ctx, func(tx *sqldb.Tx) error {
		p, err := app.GetPrincipal(ctx, tx, who.Tenant, resource)
		if err != nil {
			return err
		}
		if err := mayGrantScopes(ctx, tx, who, "basic/update"); err != nil {
			return err
		}
		i := slices.IndexFunc(p.Scopes, func(s app.Scope) bool {
			return (ask.Permission == "" || s.ID == ask.Permission) && (ask.Name == "" || s.Value == ask.Name)
		})
		switch {
		case !slices.Contains(classes, ask.Class):
			return invalidClassification("classification")
		case i < 0 || ask.Permission == "" && ask.Name == "":
			return invalidClassification("permissionId")
		}
		ask = Classification{ID: string(ids.New[ids.ObjectID]()), Class: ask.Class, Permission: p.Scopes[i].ID, Name: p.Scopes[i].Value}
		if err := addClassification(ctx, tx, p, ask); err != nil {
			return err
		}
		return recordClassification(ctx, tx, who, "Add delegated permission classification", p, ask)
	})
	return ask, err
}

// Unclassify takes a classification back.
func (s *Service) Unclassify(ctx context.Context, who authz.Caller, resource ids.ObjectID, id string) error {
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		p, err := app.GetPrincipal(ctx, tx, who.Tenant, resource)
		if err != nil {
			return err
		}
		c, err := GetClassification(ctx, tx, who.Tenant, resource, id)
		if err != nil {
			return err
		}
		if err := mayGrantScopes(ctx, tx, who, "basic/update"); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `delete from permission_class where tenant_id = ? and resource_id = ? and id = ?`, p.Tenant, p.ID, c.ID); err != nil {
			return err
		}
		return recordClassification(ctx, tx, who, "Remove delegated permission classification", p, c)
	})
}

const classColumns = "id, class, permission_id, permission_name"

func scanClassification(scan func(...any) error) (c Classification, err error) {
	return c, scan(&c.ID, &c.Class, &c.Permission, &c.Name)
}

// Classifications returns those of a live resource, by the permissions' names.
func Classifications(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, resource ids.ObjectID) ([]Classification, error) {
	if _, err := app.GetPrincipal(ctx, tx, tenant, resource); err != nil {
		return nil, err
	}
	return sqldb.All(ctx, tx, `select `+classColumns+` from permission_class where tenant_id = ? and resource_id = ? order by permission_name`,
		[]any{tenant, resource}, scanClassification)
}

// GetClassification returns one of them, or NotFound.
func GetClassification(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, resource ids.ObjectID, id string) (Classification, error) {
	c, err := scanClassification(func(dest ...any) error {
		return tx.One(ctx, `select `+classColumns+` from permission_class where tenant_id = ? and resource_id = ? and id = ?`,
			[]any{tenant, resource, id}, dest...)
	})
	if errors.Is(err, fault.NotFound) {
		err = object.Missing(id)
	}
	return c, err
}

func addClassification(ctx context.Context, tx *sqldb.Tx, p *app.ServicePrincipal, c Classification) error {
	n, err := tx.Exec(ctx, `
		insert into permission_class (tenant_id, resource_id, id, permission_id, permission_name, class) values (?, ?, ?, ?, ?, ?)
		on conflict (tenant_id, resource_id, permission_id) do nothing`,
		p.Tenant, p.ID, c.ID, c.Permission, c.Name, c.Class)
	if err == nil && n == 0 {
		err = fault.Because(fault.Conflict, AlreadyClassified, "The permission %s is classified already.", c.Name)
	}
	return err
}

func recordClassification(ctx context.Context, tx *sqldb.Tx, who authz.Caller, activity string, p *app.ServicePrincipal, c Classification) error {
	return audit.Record(ctx, tx, who, audit.Entry{
		Category: "ApplicationManagement", Activity: activity,
		Target:  audit.Target{Kind: "ServicePrincipal", ID: string(p.ID), Name: p.DisplayName},
		Changes: []audit.Change{{Name: "DelegatedPermissionClassification", New: c.Name + " " + c.Class}},
	})
}

func invalidClassification(property string) error {
	return fault.InvalidAt(property, "Invalid value specified for property '%s' of resource 'DelegatedPermissionClassification'.", property)
}
