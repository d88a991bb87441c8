package directory

import (
	"context"
	"encoding/json"

	"entente/internal/core/authz"
	"entente/internal/core/object"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// Groups returns a page of the tenant's groups, each with what Graph shows of it
// by default, to whoever may read them.
func (s *Service) Groups(ctx context.Context, who authz.Caller, q query.Query) (object.Page[*Group], error) {
	return s.groupPage(ctx, who, func(tx *sqldb.Tx) (object.Page[Row], error) {
		return ListGroups(ctx, tx, who.Tenant, Scope{}, q, false)
	})
}

// DeletedGroups is Groups of those that can be restored.
func (s *Service) DeletedGroups(ctx context.Context, who authz.Caller, q query.Query) (object.Page[*Group], error) {
	return s.groupPage(ctx, who, func(tx *sqldb.Tx) (object.Page[Row], error) {
		return ListDeletedGroups(ctx, tx, who.Tenant, "", q, false)
	})
}

func (s *Service) groupPage(ctx context.Context, who authz.Caller, list func(*sqldb.Tx) (object.Page[Row], error)) (page object.Page[*Group], err error) {
	err = s.db.View(ctx, func(tx *sqldb.Tx) error {
		if err := authz.Allow(ctx, tx, who, "", "groups/standard/read"); err != nil {
			return err
		}
		rows, err := list(tx)
		if err != nil {
			return err
		}
		page = object.Page[*Group]{Next: rows.Next}
		for _, r := range rows.Items {
			g := &Group{Tenant: who.Tenant}
			if err := json.Unmarshal(r.Face, &g.GroupFace); err != nil {
				return err
			}
			page.Items = append(page.Items, g)
		}
		return nil
	})
	return page, err
}

// DeletedGroup returns a group that can be restored, to whoever may read groups.
func (s *Service) DeletedGroup(ctx context.Context, who authz.Caller, id ids.ObjectID) (g *Group, err error) {
	err = s.db.View(ctx, func(tx *sqldb.Tx) error {
		if g, err = GetDeletedGroup(ctx, tx, who, id); err != nil {
			return err
		}
		return authz.Allow(ctx, tx, who, id, "groups/standard/read")
	})
	return g, err
}

// A GroupView is a group with what stands around it.
type GroupView struct {
	*Group
	Owners []object.Object // nil for whoever may not see them
	In     []object.Object // groups and directory roles that it is in, those that the caller may see, the first fifty
	Roles  []authz.Role    // directory roles that its members hold by it in the whole tenant
}

// ViewGroup returns a group, to whoever may read groups.
func (s *Service) ViewGroup(ctx context.Context, who authz.Caller, id ids.ObjectID) (*GroupView, error) {
	v := &GroupView{}
	err := s.db.View(ctx, func(tx *sqldb.Tx) (err error) {
		if v.Group, err = GetGroup(ctx, tx, who.Tenant, id); err != nil {
			return err
		}
		may, err := authz.RightsOf(ctx, tx, who, id)
		if err != nil {
			return err
		}
		if err := may.Need("groups/standard/read"); err != nil {
			return err
		}
		if may.Allow("groups/members/read") {
			if v.Owners, err = object.Owners(ctx, tx, who.Tenant, id); err != nil {
				return err
			}
		}
		if may.Allow("groups/memberOf/read") {
			sees, err := ViewerOf(ctx, tx, who)
			if err != nil {
				return err
			}
			page, err := ListObjects(ctx, tx, who.Tenant, GroupsOf(id).SeenBy(sees), object.Group, query.Query{Order: []query.Key{{Field: "displayName"}}, Page: query.Page{Limit: mostAround}})
			if err != nil {
				return err
			}
			v.In = page.Items
		}
		if !v.AssignableToRole() {
			return nil
		}
		v.Roles, err = rolesHeldBy(ctx, tx, who.Tenant, id)
		return err
	})
	return v, err
}

// rolesHeldBy are the directory roles that a principal holds in the whole tenant.
func rolesHeldBy(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.ObjectID) (roles []authz.Role, err error) {
	held, err := authz.RolesOf(ctx, tx, tenant, id)
	for _, one := range held {
		if r, ok := authz.RoleByID(one); ok {
			roles = append(roles, r)
		}
	}
	return roles, err
}

// Members returns a page of a group's direct members, to whoever may see who is in it.
func (s *Service) Members(ctx context.Context, who authz.Caller, group ids.ObjectID, q query.Query) (page object.Page[object.Object], err error) {
	err = s.db.View(ctx, func(tx *sqldb.Tx) error {
		if _, err := GetGroup(ctx, tx, who.Tenant, group); err != nil {
			return err
		}
		if err := authz.Allow(ctx, tx, who, group, "groups/members/read"); err != nil {
			return err
		}
		if err := MaySeeMembers(ctx, tx, who, group); err != nil {
			return err
		}
		page, err = ListObjects(ctx, tx, who.Tenant, MembersOf(group), "", q)
		return err
	})
	return page, err
}
