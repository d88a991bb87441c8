package consent

import (
	"context"

	"entente/internal/core/app"
	"entente/internal/core/authz"
	"entente/internal/core/object"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// A HeldRole is an app role that a principal holds, by its name.
type HeldRole struct {
	Assignment
	RoleName string // empty for plain access
	Value    string // what the resource finds in tokens, likewise
}

// Held returns a page of the app roles that a user, a group or a service principal of
// the caller's tenant holds itself, to whoever may read them.
func (s *Service) Held(ctx context.Context, who authz.Caller, principal ids.ObjectID, q query.Query) (page object.Page[HeldRole], err error) {
	err = s.db.View(ctx, func(tx *sqldb.Tx) error {
		o, err := object.Get(ctx, tx, who.Tenant, principal)
		if err != nil {
			return err
		}
		if err := authz.Allow(ctx, tx, who, principal, authz.Action(string(o.Kind)+"s/appRoleAssignments/read")); err != nil {
			return err
		}
		list, err := ListAssignments(ctx, tx, who.Tenant, HeldBy(principal), q)
		if err != nil || len(list.Items) == 0 {
			return err
		}
		in := query.In{Field: "id"}
		for _, a := range list.Items {
			in.Values = append(in.Values, string(a.ResourceID))
		}
		resources, err := app.ListPrincipals(ctx, tx, who.Tenant, query.Query{Filter: in})
		if err != nil {
			return err
		}
		page = object.Page[HeldRole]{Next: list.Next}
		for _, a := range list.Items {
			h := HeldRole{Assignment: a}
			for _, p := range resources.Items {
				if role := p.Role(a.RoleID); p.ID == a.ResourceID && role != nil {
					h.RoleName, h.Value = role.DisplayName, text(role.Value)
				}
			}
			page.Items = append(page.Items, h)
		}
		return nil
	})
	return page, err
}
