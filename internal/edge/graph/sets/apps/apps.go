// Package apps declares the entity sets of applications: applications and
// their federated credentials, service principals, app role assignments and
// delegated permission grants.
//
// It says what each set shows, who may ask, and which service of core answers;
// it decides nothing.
package apps

import (
	"context"
	"encoding/json"

	"entente/internal/core/app"
	"entente/internal/core/consent"
	"entente/internal/core/federation"
	"entente/internal/core/object"
	"entente/internal/edge/graph/edm"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// Services are what answers for the sets.
type Services struct {
	DB         *sqldb.DB
	Apps       *app.Service
	Consent    *consent.Service
	Federation *federation.Service

	// Show renders objects of any kind as far as the caller may read them.
	Show func(ctx context.Context, tx *sqldb.Tx, r *edm.Request, list []object.Object) ([]edm.Item, error)
}

// Sets returns the sets. parts and actions are added to those of each service
// principal.
func (s Services) Sets(parts []*edm.Set, actions []edm.Action) []*edm.Set {
	return []*edm.Set{s.applications(), s.principals(parts, actions), s.grants()}
}

// OfPerson returns what stands below a user: the app roles and delegated
// grants that the person holds.
func (s Services) OfPerson() []*edm.Set {
	return []*edm.Set{s.assignmentsHeld(personAssignments), s.grantsOfPerson()}
}

// OfGroup returns what stands below a group: the app roles that its members
// hold by it.
func (s Services) OfGroup() []*edm.Set { return []*edm.Set{s.assignmentsHeld(personAssignments)} }

// item renders a value whose JSON is Graph's.
func item[T ~string](id T, v any) (edm.Item, error) {
	face, err := json.Marshal(v)
	return edm.Item{ID: string(id), Face: face}, err
}

// itemsOf renders each of a list.
func itemsOf[T any](list []T, render func(T) (edm.Item, error)) ([]edm.Item, error) {
	items := make([]edm.Item, len(list))
	for i, v := range list {
		var err error
		if items[i], err = render(v); err != nil {
			return nil, err
		}
	}
	return items, nil
}

// view reads in one snapshot.
func view[T any](ctx context.Context, db *sqldb.DB, read func(*sqldb.Tx) (T, error)) (out T, err error) {
	err = db.View(ctx, func(tx *sqldb.Tx) (err error) {
		out, err = read(tx)
		return err
	})
	return out, err
}

// owners declares the owners of an application or service principal. exists
// refuses an object of another kind.
func (s Services) owners(read, add, remove edm.Access, exists func(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.ObjectID) error) *edm.Set {
	check := func(ctx context.Context, r *edm.Request) error {
		return s.DB.View(ctx, func(tx *sqldb.Tx) error { return exists(ctx, tx, r.Who.Tenant, ids.ObjectID(r.Parent())) })
	}
	list := func(ctx context.Context, r *edm.Request) (edm.Page, error) {
		return view(ctx, s.DB, func(tx *sqldb.Tx) (page edm.Page, err error) {
			if err := exists(ctx, tx, r.Who.Tenant, ids.ObjectID(r.Parent())); err != nil {
				return page, err
			}
			list, err := object.Owners(ctx, tx, r.Who.Tenant, ids.ObjectID(r.Parent()))
			if err == nil {
				page.Items, err = s.Show(ctx, tx, r, list)
			}
			return page, err
		})
	}
	return &edm.Set{
		Path: edm.Both("owners"), Type: edm.Of("directoryObject"), Of: []edm.Type{edm.Of("user"), edm.Of("servicePrincipal")}, Linked: true, Unpaged: true, Advanced: true,
		List: edm.List{May: read, Do: list},
		Get:  edm.Get{May: read, Do: edm.OneOf(list)},
		Link: edm.Change{May: add, Do: func(ctx context.Context, r *edm.Request) error {
			if err := check(ctx, r); err != nil {
				return err
			}
			return s.Apps.AddOwner(ctx, r.Who, ids.ObjectID(r.Parent()), ids.ObjectID(r.Ref))
		}},
		Unlink: edm.Change{May: remove, Do: func(ctx context.Context, r *edm.Request) error {
			if err := check(ctx, r); err != nil {
				return err
			}
			return s.Apps.RemoveOwner(ctx, r.Who, ids.ObjectID(r.Parent()), ids.ObjectID(r.Ref))
		}},
	}
}

// bound returns the identifiers behind name@odata.bind.
func bound(r *edm.Request, name string) []ids.ObjectID {
	var list []ids.ObjectID
	for _, id := range r.Binds[name] {
		list = append(list, ids.ObjectID(id))
	}
	return list
}
