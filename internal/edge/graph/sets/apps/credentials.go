package apps

import (
	"context"
	"encoding/json"

	"entente/internal/core/authz"
	"entente/internal/core/federation"
	"entente/internal/edge/graph/edm"
	"entente/internal/kit/ids"
)

// credentials is the part /applications/{id}/federatedIdentityCredentials. A
// credential is named by identifier or name. What was stored and cannot work
// is told in the header Entente-Warning, a code and a sentence each.
// https://learn.microsoft.com/graph/api/resources/federatedidentitycredential?view=graph-rest-1.0
func (s Services) credentials() *edm.Set {
	read := edm.Access{
		App:       edm.Any("Application.Read.All", "Application.ReadWrite.OwnedBy", "Application.ReadWrite.All"),
		Delegated: edm.Any("Application.Read.All", "Application.ReadWrite.All"),
		Needs:     []authz.Action{"applications/standard/read"},
	}
	return &edm.Set{
		Path: edm.Both("federatedIdentityCredentials"), Type: edm.Of("federatedIdentityCredential"), Unpaged: true,
		Doc:    "https://learn.microsoft.com/graph/api/resources/federatedidentitycredential?view=graph-rest-1.0",
		Keys:   []edm.Key{{Name: "name", Plain: true, Upsert: true, Find: s.findCredential}},
		List:   edm.List{May: read, Do: s.listCredentials},
		Get:    edm.Get{May: read, Do: s.getCredential},
		Create: edm.Create{May: writeCredentials, Do: s.createCredential},
		Update: edm.Change{May: writeCredentials, Do: s.updateCredential},
		Delete: edm.Change{May: writeCredentials, Do: s.deleteCredential},
	}
}

// credentialsOfPrincipal is the part federatedIdentityCredentials of a service
// principal: those of a user-assigned managed identity, to be read only. They
// are changed where the identity is; an application's are its own part.
func (s Services) credentialsOfPrincipal() *edm.Set {
	return &edm.Set{
		Path: edm.Both("federatedIdentityCredentials"), Type: edm.Of("federatedIdentityCredential"), Unpaged: true,
		Doc: "https://learn.microsoft.com/graph/api/resources/federatedidentitycredential?view=graph-rest-1.0",
		List: edm.List{May: readApps, Do: func(ctx context.Context, r *edm.Request) (page edm.Page, err error) {
			list, err := s.Federation.OfPrincipal(ctx, r.Who, ids.ObjectID(r.Parent()))
			if err == nil {
				page.Items, err = itemsOf(list, credentialItem)
			}
			return page, err
		}},
	}
}

// parent is the application that the path names.
func parent(r *edm.Request) federation.Parent {
	return federation.Parent{Tenant: r.Who.Tenant, Kind: federation.Application, ID: ids.ObjectID(r.Parent())}
}

// credentialItem renders a credential. An expression is no part of its face:
// v1.0 does not have it.
func credentialItem(c *federation.Credential) (it edm.Item, err error) {
	face := *c
	face.Expression = nil
	if it, err = item(c.ID, face); err != nil || c.Expression == nil {
		return it, err
	}
	it.Rest, err = json.Marshal(map[string]*federation.Expression{"claimsMatchingExpression": c.Expression})
	return it, err
}

func (s Services) findCredential(ctx context.Context, r *edm.Request, name string) (string, error) {
	c, err := s.Federation.Get(ctx, r.Who, parent(r), name)
	if err != nil {
		return "", err
	}
	return string(c.ID), nil
}

func (s Services) listCredentials(ctx context.Context, r *edm.Request) (page edm.Page, err error) {
	list, err := s.Federation.List(ctx, r.Who, parent(r))
	if err != nil {
		return page, err
	}
	page.Items, err = itemsOf(list, credentialItem)
	return page, err
}

func (s Services) getCredential(ctx context.Context, r *edm.Request) (edm.Item, error) {
	c, err := s.Federation.Get(ctx, r.Who, parent(r), r.ID)
	if err != nil {
		return edm.Item{}, err
	}
	return credentialItem(c)
}

func (s Services) createCredential(ctx context.Context, r *edm.Request) (edm.Item, error) {
	c, warnings, err := s.Federation.Create(ctx, r.Who, parent(r), r.Body)
	if err != nil {
		return edm.Item{}, err
	}
	warn(r, warnings)
	return credentialItem(c)
}

func (s Services) updateCredential(ctx context.Context, r *edm.Request) error {
	_, warnings, err := s.Federation.Update(ctx, r.Who, parent(r), r.ID, r.Body)
	warn(r, warnings)
	return err
}

func (s Services) deleteCredential(ctx context.Context, r *edm.Request) error {
	return s.Federation.Delete(ctx, r.Who, parent(r), r.ID)
}

func warn(r *edm.Request, warnings []federation.Warning) {
	for _, w := range warnings {
		r.Warn(w.Code + "; " + w.Text)
	}
}
