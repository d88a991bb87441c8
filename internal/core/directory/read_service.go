package directory

import (
	"context"
	"errors"

	"entente/internal/core/authz"
	"entente/internal/core/object"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// Users returns a page of the tenant's users, to whoever may read them.
func (s *Service) Users(ctx context.Context, who authz.Caller, q query.Query) (object.Page[*User], error) {
	return s.userPage(ctx, who, q, usersFrom, func(*sqldb.Tx) []any { return []any{who.Tenant} })
}

// DeletedUsers is Users of those who can be restored.
func (s *Service) DeletedUsers(ctx context.Context, who authz.Caller, q query.Query) (object.Page[*User], error) {
	return s.userPage(ctx, who, q, deletedUsersFrom, func(tx *sqldb.Tx) []any { return []any{who.Tenant, object.DeletedSince(tx)} })
}

func (s *Service) userPage(ctx context.Context, who authz.Caller, q query.Query, from string, args func(*sqldb.Tx) []any) (page object.Page[*User], err error) {
	err = s.db.View(ctx, func(tx *sqldb.Tx) error {
		if err := authz.Allow(ctx, tx, who, "", "users/standard/read"); err != nil {
			return err
		}
		page, err = object.List(ctx, tx, q, UserTable, userColumns, from, args(tx), func(scan func(...any) error) (*User, error) { return scanUser(who.Tenant, scan) })
		return err
	})
	return page, err
}

// DeletedUser returns a user who can be restored, to whoever may read users.
func (s *Service) DeletedUser(ctx context.Context, who authz.Caller, id ids.ObjectID) (u *User, err error) {
	err = s.db.View(ctx, func(tx *sqldb.Tx) error {
		if u, err = GetDeletedUser(ctx, tx, who, id); err != nil {
			return err
		}
		return authz.Allow(ctx, tx, who, id, "users/standard/read")
	})
	return u, err
}

// A UserView is a user with what stands around them.
type UserView struct {
	*User
	Groups []object.Object // groups and directory roles, those that the caller may see, the first fifty
	Roles  []authz.Role    // directory roles that the user holds in the whole tenant, by groups too
	Boss   string          // the manager's name, or nothing
}

// mostAround bounds what stands around a user.
const mostAround = 50

// View returns a user by identifier or principal name, to whoever may read them.
func (s *Service) View(ctx context.Context, who authz.Caller, key string) (*UserView, error) {
	v := &UserView{}
	err := s.db.View(ctx, func(tx *sqldb.Tx) (err error) {
		if v.User, err = GetUser(ctx, tx, who.Tenant, key); err != nil {
			return err
		}
		if err := authz.Allow(ctx, tx, who, v.ID, "users/standard/read"); err != nil {
			return err
		}
		sees, err := ViewerOf(ctx, tx, who)
		if err != nil {
			return err
		}
		page, err := ListObjects(ctx, tx, who.Tenant, GroupsOf(v.ID).SeenBy(sees), object.Group, query.Query{Order: []query.Key{{Field: "displayName"}}, Page: query.Page{Limit: mostAround}})
		if err != nil {
			return err
		}
		v.Groups = page.Items
		if v.Roles, err = rolesHeldBy(ctx, tx, who.Tenant, v.ID); err != nil {
			return err
		}
		if v.Manager == "" {
			return nil
		}
		boss, err := GetUser(ctx, tx, who.Tenant, string(v.Manager))
		if errors.Is(err, fault.NotFound) {
			return nil // deleted, and may return
		}
		if err == nil {
			v.Boss = boss.DisplayName
		}
		return err
	})
	return v, err
}
