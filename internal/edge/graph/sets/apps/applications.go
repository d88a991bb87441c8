package apps

import (
	"context"
	"encoding/json"

	"entente/internal/core/app"
	"entente/internal/core/authz"
	"entente/internal/edge/graph/edm"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// What it takes to read and to write applications and service principals.
// Application.ReadWrite.OwnedBy suffices at the edge; that the caller owns what
// it changes is checked by the service.
var (
	readApps = edm.Access{
		App: edm.Any("Application.Read.All", "Application.ReadWrite.OwnedBy", "Application.ReadWrite.All",
			"Directory.Read.All", "Directory.ReadWrite.All"),
		Delegated: edm.Any("Application.Read.All", "Application.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"),
		Needs:     []authz.Action{"applications/standard/read"},
	}
	readPrincipals = readApps.Needing("servicePrincipals/standard/read")
	writeApps      = edm.Access{
		App:       edm.Perms{{Name: "Application.ReadWrite.OwnedBy", Owned: true}}.And(edm.Any("Application.ReadWrite.All")...),
		Delegated: edm.Any("Application.ReadWrite.All"),
		Needs: []authz.Action{"applications/basic/update", "applications/credentials/update", "applications/permissions/update",
			"applications/authentication/update", "applications/appRoles/update"},
	}
	deleteApps       = writeApps.Needing("applications/delete")
	writeCredentials = writeApps.Needing("applications/credentials/update")
	writeKeys        = edm.Access{
		App:       writeApps.App.And(edm.Any("Directory.ReadWrite.All")...),
		Delegated: writeApps.Delegated.And(edm.Any("Directory.ReadWrite.All")...),
		Needs:     []authz.Action{"applications/credentials/update"},
	}
	writePrincipals = writeKeys.Needing("servicePrincipals/basic/update", "servicePrincipals/enable", "servicePrincipals/credentials/update")
	readDirectory   = []string{"Directory.Read.All", "Directory.ReadWrite.All"}
	addOwners       = edm.Access{
		App: edm.Perms{{Name: "Application.ReadWrite.OwnedBy", With: readDirectory, Owned: true}, {Name: "Application.ReadWrite.All", With: readDirectory}}.
			And(edm.Any("Directory.ReadWrite.All")...),
		Delegated: edm.Perms{{Name: "Application.ReadWrite.All", With: readDirectory}}.And(edm.Any("Directory.ReadWrite.All")...),
		Needs:     []authz.Action{"applications/owners/update"},
	}
	createApps = edm.Access{
		App:       edm.Any("Application.ReadWrite.OwnedBy", "Application.ReadWrite.All"),
		Delegated: edm.Any("Application.ReadWrite.All"),
		Needs:     []authz.Action{"applications/create", "applications/createAsOwner"},
	}
)

// applications is the entity set /applications.
// https://learn.microsoft.com/graph/api/resources/application?view=graph-rest-1.0
func (s Services) applications() *edm.Set {
	return &edm.Set{
		Path: edm.Both("applications"), Type: edm.Of("application"), Advanced: true, Cost: 2,
		Doc: "https://learn.microsoft.com/graph/api/resources/application?view=graph-rest-1.0",
		Keys: []edm.Key{
			{Name: "appId", Find: s.findApplication("appId")},
			{Name: "uniqueName", Upsert: true, Find: s.findApplication("uniqueName")},
		},
		List:   edm.List{May: readApps, Do: s.listApplications},
		Get:    edm.Get{May: readApps, Do: s.getApplication},
		Create: edm.Create{May: createApps, Do: s.createApplication},
		Update: edm.Change{May: writeApps, Do: s.updateApplication},
		Delete: edm.Change{May: deleteApps, Do: s.deleteApplication},
		Parts: []*edm.Set{
			s.owners(readApps.Needing("applications/owners/read"), addOwners, writeKeys.Needing("applications/owners/update"), func(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.ObjectID) error {
				_, err := app.GetApplication(ctx, tx, tenant, id)
				return err
			}),
			s.credentials(),
			s.extensions(),
		},
		Blobs: []edm.Blob{s.logo()},
		Actions: append(keyActions(writeKeys, keyring{
			s.Apps.AddPassword, s.Apps.RemovePassword, s.Apps.AddKey, s.Apps.RemoveKey,
		}), s.publisherActions()...),
	}
}

// logo is the picture of an application.
// https://learn.microsoft.com/graph/api/resources/application?view=graph-rest-1.0#properties
func (s Services) logo() edm.Blob {
	return edm.Blob{
		Name: "logo", Types: []string{"image/png", "image/jpeg", "image/gif", "application/octet-stream"},
		Read: edm.Op[func(context.Context, *edm.Request) (edm.Media, error)]{May: readApps, Do: func(ctx context.Context, r *edm.Request) (edm.Media, error) {
			return view(ctx, s.DB, func(tx *sqldb.Tx) (edm.Media, error) {
				l, err := app.LogoOf(ctx, tx, r.Who.Tenant, ids.ObjectID(r.ID))
				return edm.Media{Type: l.Type, Data: l.Data}, err
			})
		}},
		Write: edm.Op[func(context.Context, *edm.Request, edm.Media) error]{May: writeApps, Do: func(ctx context.Context, r *edm.Request, m edm.Media) error {
			return s.Apps.SetLogo(ctx, r.Who, ids.ObjectID(r.ID), m.Data)
		}},
	}
}

func (s Services) findApplication(key string) func(context.Context, *edm.Request, string) (string, error) {
	return func(ctx context.Context, r *edm.Request, value string) (string, error) {
		return view(ctx, s.DB, func(tx *sqldb.Tx) (string, error) {
			a, err := app.FindApplication(ctx, tx, r.Who.Tenant, key, value)
			if err != nil {
				return "", err
			}
			return string(a.ID), nil
		})
	}
}

func applicationItem(a *app.Application) (edm.Item, error) {
	face, hidden := a.Faces()
	it, err := item(a.ID, face)
	if err == nil {
		it.Rest, err = json.Marshal(hidden)
	}
	return it, err
}

func (s Services) listApplications(ctx context.Context, r *edm.Request) (edm.Page, error) {
	return view(ctx, s.DB, func(tx *sqldb.Tx) (page edm.Page, err error) {
		if r.Count {
			if page.Total, err = app.CountApplications(ctx, tx, r.Who.Tenant, r.Query.Filter); err != nil || r.Only {
				return page, err
			}
		}
		list, err := app.ListApplications(ctx, tx, r.Who.Tenant, r.Query)
		if err != nil {
			return page, err
		}
		page.Next = list.Next
		page.Items, err = itemsOf(list.Items, applicationItem)
		return page, err
	})
}

// getApplication shows the bytes of certificates to whoever selects them of
// one application, as Graph does.
func (s Services) getApplication(ctx context.Context, r *edm.Request) (edm.Item, error) {
	return view(ctx, s.DB, func(tx *sqldb.Tx) (edm.Item, error) {
		a, err := app.GetApplication(ctx, tx, r.Who.Tenant, ids.ObjectID(r.ID))
		if err == nil && r.Selected["keyCredentials"] {
			err = fillKeys(ctx, tx, a.Tenant, a.ID, a.KeyCredentials)
		}
		if err != nil {
			return edm.Item{}, err
		}
		return applicationItem(a)
	})
}

func fillKeys(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, owner ids.ObjectID, keys []app.KeyCredential) (err error) {
	for i := range keys {
		if keys[i].Key, err = app.CertificateBytes(ctx, tx, tenant, owner, keys[i].KeyID); err != nil {
			return err
		}
	}
	return nil
}

func (s Services) createApplication(ctx context.Context, r *edm.Request) (it edm.Item, err error) {
	var a *app.Application
	if r.Named != "" {
		a, _, err = s.Apps.Upsert(ctx, r.Who, r.Named, r.Body, bound(r, "owners"))
	} else {
		a, err = s.Apps.Create(ctx, r.Who, r.Body, bound(r, "owners"))
	}
	if err != nil {
		return edm.Item{}, err
	}
	return applicationItem(a)
}

func (s Services) updateApplication(ctx context.Context, r *edm.Request) error {
	if err := r.BindsOnly(); err != nil {
		return err
	}
	_, err := s.Apps.Update(ctx, r.Who, ids.ObjectID(r.ID), r.Body)
	return err
}

func (s Services) deleteApplication(ctx context.Context, r *edm.Request) error {
	return s.Apps.Delete(ctx, r.Who, ids.ObjectID(r.ID))
}
