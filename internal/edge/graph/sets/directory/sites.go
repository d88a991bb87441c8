package directory

import (
	"context"
	"encoding/json"
	"strings"

	"entente/internal/core/authz"
	"entente/internal/core/object"
	"entente/internal/core/site"
	"entente/internal/edge/graph/edm"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// What it takes to see and to change sites. Sites.Selected reaches those that
// were opened to the application; the service knows which.
var (
	listSites = edm.Alike(edm.Any("Sites.Read.All", "Sites.ReadWrite.All", "Sites.Manage.All", "Sites.FullControl.All")).Needing("groups/standard/read")
	readSites = edm.Access{
		App:       listSites.App.And(edm.Perm{Name: "Sites.Selected", Owned: true}),
		Delegated: listSites.Delegated,
	}.Needing("groups/standard/read")
	makeSites       = edm.Alike(edm.Any("Sites.Manage.All", "Sites.FullControl.All")).Needing(authz.ManageSites)
	sitePermissions = edm.Alike(edm.Any("Sites.FullControl.All")).Needing(authz.ManageSites)
)

func absent(key string) error { return object.Missing(key) }

// sites is the entity set /sites. A site is named by host,site,web, by root, by
// its host, or by host:/sites/name.
// https://learn.microsoft.com/graph/api/resources/site?view=graph-rest-1.0
func (s Services) sites() *edm.Set {
	return &edm.Set{
		Path: edm.Both("sites"), Type: edm.Of("site"), Words: true,
		Doc:  "https://learn.microsoft.com/graph/api/resources/site?view=graph-rest-1.0",
		Keys: []edm.Key{{Name: "id", Plain: true, Find: s.findSite}},
		List: edm.List{May: listSites, Do: func(ctx context.Context, r *edm.Request) (edm.Page, error) {
			return view(ctx, s.DB, func(tx *sqldb.Tx) (page edm.Page, err error) {
				if r.Count {
					if page.Total, err = site.Count(ctx, tx, r.Who.Tenant, r.Words); err != nil || r.Only {
						return page, err
					}
				}
				list, err := site.List(ctx, tx, r.Who.Tenant, r.Words, r.Query.Page)
				if err != nil {
					return page, err
				}
				page.Next = list.Next
				page.Items, err = shown(list.Items, func(t *site.Site) string { return t.ID }, "")
				return page, err
			})
		}},
		Get: edm.Get{May: readSites, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) { return s.getSite(ctx, r, r.ID) }},
		Create: edm.Create{May: makeSites, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
			var ask struct{ Name, DisplayName, Description string }
			if err := json.Unmarshal(r.Body, &ask); err != nil {
				return edm.Item{}, err
			}
			if ask.DisplayName == "" {
				ask.DisplayName = ask.Name
			}
			made, err := s.places().Make(ctx, r.Who, ask.Name, ask.DisplayName, ask.Description)
			if err != nil {
				return edm.Item{}, err
			}
			return item(made.ID, made)
		}},
		Parts: []*edm.Set{s.permissionsOfSite()},
	}
}

// groupSites is the part sites of a group: its one site, called root.
func (s Services) groupSites() *edm.Set {
	return &edm.Set{
		Path: edm.Both("sites"), Type: edm.Of("site"),
		Doc: "https://learn.microsoft.com/graph/api/site-get?view=graph-rest-1.0",
		Keys: []edm.Key{{Name: "id", Plain: true, Find: func(ctx context.Context, r *edm.Request, text string) (string, error) {
			return view(ctx, s.DB, func(tx *sqldb.Tx) (string, error) {
				own, err := site.OfGroup(ctx, tx, r.Who.Tenant, ids.ObjectID(r.Parent()))
				switch {
				case err != nil:
					return "", err
				case strings.EqualFold(text, site.RootName) || strings.EqualFold(text, own.ID):
					return own.ID, nil
				}
				return "", absent(text)
			})
		}}},
		Get: edm.Get{May: readSites, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) { return s.getSite(ctx, r, r.ID) }},
	}
}

func (s Services) findSite(ctx context.Context, r *edm.Request, text string) (string, error) {
	return view(ctx, s.DB, func(tx *sqldb.Tx) (string, error) {
		found, err := site.Find(ctx, tx, r.Who.Tenant, text)
		if err != nil {
			return "", err
		}
		return found.ID, nil
	})
}

func (s Services) getSite(ctx context.Context, r *edm.Request, id string) (edm.Item, error) {
	return view(ctx, s.DB, func(tx *sqldb.Tx) (edm.Item, error) {
		found, err := site.Find(ctx, tx, r.Who.Tenant, id)
		if err == nil {
			err = site.MayRead(ctx, tx, r.Who, found)
		}
		if err != nil {
			return edm.Item{}, err
		}
		return item(found.ID, found)
	})
}

// managed returns the site above, to whoever may manage sites.
func managed(ctx context.Context, tx *sqldb.Tx, r *edm.Request) (*site.Site, error) {
	at, err := site.Find(ctx, tx, r.Who.Tenant, r.Parent())
	if err == nil {
		err = site.MayManage(ctx, tx, r.Who)
	}
	return at, err
}

// permissionsOfSite is the part permissions of a site.
// https://learn.microsoft.com/graph/api/site-list-permissions?view=graph-rest-1.0
func (s Services) permissionsOfSite() *edm.Set {
	of := func(p *site.Permission) string { return p.ID }
	return &edm.Set{
		Path: edm.Both("permissions"), Type: edm.Of("permission"), FreeKeys: true, Unpaged: true,
		Doc: "https://learn.microsoft.com/graph/api/site-list-permissions?view=graph-rest-1.0",
		List: edm.List{May: sitePermissions, Do: func(ctx context.Context, r *edm.Request) (edm.Page, error) {
			return view(ctx, s.DB, func(tx *sqldb.Tx) (page edm.Page, err error) {
				at, err := managed(ctx, tx, r)
				if err != nil {
					return page, err
				}
				list, err := site.Permissions(ctx, tx, r.Who.Tenant, at.Key, "")
				if err != nil {
					return page, err
				}
				page.Items, err = shown(list, of, "")
				return page, err
			})
		}},
		Get: edm.Get{May: sitePermissions, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
			return view(ctx, s.DB, func(tx *sqldb.Tx) (edm.Item, error) {
				at, err := managed(ctx, tx, r)
				if err != nil {
					return edm.Item{}, err
				}
				p, err := site.PermissionByID(ctx, tx, r.Who.Tenant, at.Key, r.ID)
				if err != nil {
					return edm.Item{}, err
				}
				return item(of(p), p)
			})
		}},
		Create: edm.Create{May: sitePermissions, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
			var ask site.Permission
			if err := json.Unmarshal(r.Body, &ask); err != nil {
				return edm.Item{}, err
			}
			if len(ask.To) == 0 {
				ask.To = ask.ToV2
			}
			p, err := s.places().AddPermission(ctx, r.Who, r.Parent(), ask.Roles, ask.To)
			if err != nil {
				return edm.Item{}, err
			}
			return item(of(p), p)
		}},
		Update: edm.Change{May: sitePermissions, Do: func(ctx context.Context, r *edm.Request) error {
			var ask struct{ Roles *[]string }
			if err := json.Unmarshal(r.Body, &ask); err != nil || ask.Roles == nil {
				return err
			}
			return s.places().UpdatePermission(ctx, r.Who, r.Parent(), r.ID, *ask.Roles)
		}},
		Delete: edm.Change{May: sitePermissions, Do: func(ctx context.Context, r *edm.Request) error {
			return s.places().RemovePermission(ctx, r.Who, r.Parent(), r.ID)
		}},
	}
}
