package directory

import (
	"context"
	"encoding/json"

	"entente/internal/core/app"
	"entente/internal/core/directory"
	"entente/internal/core/object"
	"entente/internal/edge/graph/edm"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// What it takes to see what is deleted, as what is not, and to decide on it, by
// its type.
var (
	readDeleted = edm.AnyOf(
		edm.ByType{Type: edm.Of("user"), May: edm.Alike(edm.Any("User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All")).
			Needing("users/standard/read")},
		edm.ByType{Type: edm.Of("group"), May: readDeletedGroups},
		edm.ByType{Type: edm.Of("application"), May: readDeletedApps.Needing("applications/standard/read")},
		edm.ByType{Type: edm.Of("servicePrincipal"), May: readDeletedApps.Needing("servicePrincipals/standard/read")},
	)
	restoreDeleted = edm.AnyOf(
		edm.ByType{Type: edm.Of("user"), May: decideUsers.Needing("deletedItems.users/restore")},
		edm.ByType{Type: edm.Of("group"), May: decideGroups},
		edm.ByType{Type: edm.Of("application"), May: decideApps.Needing("deletedItems.applications/restore")},
		edm.ByType{Type: edm.Of("servicePrincipal"), May: decideApps.Needing("deletedItems.applications/restore")},
	)
	purgeDeleted = edm.AnyOf(
		edm.ByType{Type: edm.Of("user"), May: decideUsers.Needing("users/delete")},
		edm.ByType{Type: edm.Of("group"), May: decideGroups},
		edm.ByType{Type: edm.Of("application"), May: decideApps.Needing("deletedItems.applications/delete")},
		edm.ByType{Type: edm.Of("servicePrincipal"), May: decideApps.Needing("deletedItems.applications/delete")},
	)
	readDeletedGroups = edm.Alike(edm.Any("Group.Read.All", "Group.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All")).
				Needing("groups/standard/read")
	readDeletedApps = edm.Alike(edm.Any("Application.Read.All", "Application.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"))
	decideUsers     = edm.Alike(edm.Any("User.DeleteRestore.All", "User.ReadWrite.All"))
	decideGroups    = edm.Alike(edm.Any("Group.ReadWrite.All")).Needing(onGroups("delete")...)
	decideApps      = edm.Access{
		App:       edm.Perms{{Name: "Application.ReadWrite.OwnedBy", Owned: true}}.And(edm.Any("Application.ReadWrite.All")...),
		Delegated: edm.Any("Application.ReadWrite.All"),
	}
)

// directoryRoot is the singleton /directory. It shows nothing itself.
func (s Services) directoryRoot() *edm.Set {
	return &edm.Set{
		Path: edm.Both("directory"), Type: edm.Of("directory"), Single: true, Parts: []*edm.Set{s.deletedItems()},
		Doc: "https://learn.microsoft.com/graph/api/resources/directory?view=graph-rest-1.0",
	}
}

// deletedItems is the part deletedItems of the directory: what was deleted less
// than thirty days ago, listed type by type.
// https://learn.microsoft.com/graph/api/directory-deleteditems-list?view=graph-rest-1.0
func (s Services) deletedItems() *edm.Set {
	return &edm.Set{
		Path: edm.Both("deletedItems"), Type: edm.Of("directoryObject"), Advanced: true, TypeOf: s.deletedType,
		Casts: []edm.Type{edm.Of("user"), edm.Of("group"), edm.Of("application"), edm.Of("servicePrincipal")},
		Doc:   "https://learn.microsoft.com/graph/api/directory-deleteditems-list?view=graph-rest-1.0",
		List:  edm.List{May: readDeleted, Do: s.listDeleted},
		Get:   edm.Get{May: readDeleted, Do: s.getDeleted},
		Delete: edm.Change{May: purgeDeleted, Do: func(ctx context.Context, r *edm.Request) error {
			return s.Deletion.Purge(ctx, r.Who, ids.ObjectID(r.ID))
		}},
		Actions: []edm.Action{{
			Name: "restore", Returns: edm.Of("directoryObject"), May: restoreDeleted, Do: s.restore,
			Params: []edm.Prop{
				{Name: "autoReconcileProxyConflict", Type: edm.Boolean, Write: edm.CU},
				{Name: "newUserPrincipalName", Type: edm.String, Write: edm.CU},
			},
		}},
		Common: []edm.Action{{
			Name: "getUserOwnedObjects", Returns: edm.Many(edm.Of("directoryObject")), May: readDeletedGroups, Do: s.deletedOf,
			Params: []edm.Prop{
				{Name: "userId", Type: edm.String, Write: edm.CU, Required: true},
				{Name: "type", Type: edm.String, Write: edm.CU, Required: true},
			},
		}},
	}
}

func (s Services) deletedType(ctx context.Context, r *edm.Request) (edm.Type, error) {
	kind, err := s.Deletion.Kind(ctx, r.Who.Tenant, ids.ObjectID(r.ID))
	return edm.Of(string(kind)), err
}

func (s Services) listDeleted(ctx context.Context, r *edm.Request) (edm.Page, error) {
	return view(ctx, s.DB, func(tx *sqldb.Tx) (page edm.Page, err error) {
		kind := object.Kind(r.Cast.Short())
		if r.Count {
			if page.Total, err = countDeleted(ctx, tx, r.Who.Tenant, kind, r.Query.Filter); err != nil || r.Only {
				return page, err
			}
		}
		total := page.Total
		page, err = deletedPage(ctx, tx, r, kind, r.Query)
		page.Total = total
		return page, err
	})
}

func countDeleted(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, kind object.Kind, filter query.Expr) (int, error) {
	switch kind {
	case object.User:
		return directory.CountDeletedUsers(ctx, tx, tenant, filter)
	case object.Group:
		return directory.CountDeletedGroups(ctx, tx, tenant, filter)
	case object.Application:
		return app.CountDeletedApplications(ctx, tx, tenant, filter)
	}
	return app.CountDeletedPrincipals(ctx, tx, tenant, filter)
}

// deletedPage returns a page of the deleted objects of one kind.
func deletedPage(ctx context.Context, tx *sqldb.Tx, r *edm.Request, kind object.Kind, q query.Query) (edm.Page, error) {
	tenant := r.Who.Tenant
	switch kind {
	case object.User:
		rows, err := directory.ListDeletedUsers(ctx, tx, tenant, q, wantsRest(r))
		return edm.Page{Items: rowItems(rows.Items, kind), Next: rows.Next}, err
	case object.Group:
		rows, err := directory.ListDeletedGroups(ctx, tx, tenant, "", q, wantsRest(r))
		return edm.Page{Items: rowItems(rows.Items, kind), Next: rows.Next}, err
	case object.Application:
		list, err := app.ListDeletedApplications(ctx, tx, tenant, q)
		items, err := itemsFrom(list.Items, err, kind, func(a *app.Application) string { return string(a.ID) })
		return edm.Page{Items: items, Next: list.Next}, err
	}
	list, err := app.ListDeletedPrincipals(ctx, tx, tenant, q)
	items, err := itemsFrom(list.Items, err, kind, func(p *app.ServicePrincipal) string { return string(p.ID) })
	return edm.Page{Items: items, Next: list.Next}, err
}

func (s Services) getDeleted(ctx context.Context, r *edm.Request) (edm.Item, error) {
	return view(ctx, s.DB, func(tx *sqldb.Tx) (edm.Item, error) {
		o, err := object.GetDeleted(ctx, tx, r.Who.Tenant, ids.ObjectID(r.ID))
		if err != nil {
			return edm.Item{}, err
		}
		page, err := deletedPage(ctx, tx, r, o.Kind, query.Query{Filter: query.Compare{Field: "id", Op: query.Eq, Value: r.ID}})
		if err == nil && len(page.Items) == 0 {
			err = object.Missing(r.ID)
		}
		if err != nil {
			return edm.Item{}, err
		}
		return page.Items[0], nil
	})
}

// restore brings an object back and returns it.
// https://learn.microsoft.com/graph/api/directory-deleteditems-restore?view=graph-rest-1.0
func (s Services) restore(ctx context.Context, r *edm.Request) (json.RawMessage, error) {
	var ask struct {
		Name  string `json:"newUserPrincipalName"`
		Yield bool   `json:"autoReconcileProxyConflict"`
	}
	if err := json.Unmarshal(r.Body, &ask); err != nil {
		return nil, err
	}
	kind, err := s.Deletion.Restore(ctx, r.Who, ids.ObjectID(r.ID), directory.Return{Name: ask.Name, Yield: ask.Yield})
	if err != nil {
		return nil, err
	}
	list, err := view(ctx, s.DB, func(tx *sqldb.Tx) ([]edm.Item, error) {
		return itemsOfKind(ctx, tx, r, kind, query.Query{Filter: query.Compare{Field: "id", Op: query.Eq, Value: r.ID}})
	})
	switch {
	case err != nil:
		return nil, err
	case len(list) == 0: // deleted again meanwhile
		return nil, object.Missing(r.ID)
	}
	return named(list[0])
}

// deletedOf returns the deleted groups that a user owns.
// https://learn.microsoft.com/graph/api/directory-deleteditems-getuserownedobjects?view=graph-rest-1.0
func (s Services) deletedOf(ctx context.Context, r *edm.Request) (json.RawMessage, error) {
	var ask struct{ UserID, Type string }
	if err := json.Unmarshal(r.Body, &ask); err != nil {
		return nil, err
	}
	user, err := ids.Parse[ids.ObjectID](ask.UserID)
	if err != nil {
		return nil, err
	}
	if ask.Type != "Group" {
		return nil, fault.InvalidAt("type", "Invalid value specified for property 'type': only Group is supported.")
	}
	list, err := view(ctx, s.DB, func(tx *sqldb.Tx) ([]edm.Item, error) {
		if err := isKind(object.User)(ctx, tx, r.Who, user); err != nil {
			return nil, err
		}
		rows, err := directory.ListDeletedGroups(ctx, tx, r.Who.Tenant, user, query.Query{Page: query.Page{Limit: mostIDs}}, false)
		return rowItems(rows.Items, object.Group), err
	})
	if err != nil {
		return nil, err
	}
	return typed(list)
}
