package offer

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strings"

	"entente/internal/core/app"
	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/core/directory"
	"entente/internal/core/object"
	"entente/internal/core/site"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// A ResourceAsk is what somebody wants done with a resource of a catalog. The
// resource is named by its identifier or by its origin.
type ResourceAsk struct {
	Kind          string
	Catalog       ids.CatalogID
	Resource      ids.ResourceID
	Origin        Origin
	OriginID      string
	Name          *string         // in place of the origin's
	Description   *string         //
	Attributes    json.RawMessage // nil is unsaid
	Justification string
	Validate      bool // says only whether it would be done
}

// RequestResource adds a resource to a catalog, reads it anew or removes it. It
// is done when it returns. Who adds one must be able to give its roles without
// any catalog.
func (s *Service) RequestResource(ctx context.Context, who authz.Caller, ask ResourceAsk) (*ResourceRequest, error) {
	if ask.Catalog == GeneralID(who.Tenant) {
		if err := s.EnsureGeneral(ctx, who); err != nil {
			return nil, err
		}
	}
	var done *ResourceRequest
	err := s.db.Update(ctx, func(tx *sqldb.Tx) (err error) {
		done, err = RequestResource(ctx, tx, who, ask)
		return err
	})
	if errors.Is(err, errValidated) {
		return done, nil
	}
	return done, err
}

// RequestResource is the verb of the service in the caller's transaction.
func RequestResource(ctx context.Context, tx *sqldb.Tx, who authz.Caller, ask ResourceAsk) (*ResourceRequest, error) {
	c, err := catalogFor(ctx, tx, who, ask.Catalog, toOwn)
	if err != nil {
		return nil, err
	}
	if err := short("justification", ask.Justification, longestDescription); err != nil {
		return nil, err
	}
	r, activity, err := requested(ctx, tx, who, c, ask)
	if err != nil {
		return nil, err
	}
	done := &ResourceRequest{Tenant: who.Tenant, ID: ids.New[ids.RequestID](), Catalog: c.ID, Kind: ask.Kind,
		Justification: ask.Justification, By: who.Object, Resource: r, CreatedAt: tx.Now()}
	if ask.Validate {
		return done, errValidated
	}
	if err := addResourceRequest(ctx, tx, done); err != nil {
		return nil, err
	}
	return done, recordResource(ctx, tx, who, activity, r, nil)
}

// errValidated ends a transaction that was only to say whether it could be done.
var errValidated = errors.New("validated")

func requested(ctx context.Context, tx *sqldb.Tx, who authz.Caller, c *Catalog, ask ResourceAsk) (*Resource, string, error) {
	switch ask.Kind {
	case AddResource:
		r := &Resource{Tenant: c.Tenant, ID: ids.New[ids.ResourceID](), Catalog: c.ID, Origin: ask.Origin, OriginID: ask.OriginID,
			Attributes: json.RawMessage("[]"), AddedBy: who.Name, CreatedAt: tx.Now(), ModifiedAt: tx.Now()}
		roles, err := lookUp(ctx, tx, who, r, true)
		if err != nil {
			return nil, "", err
		}
		if err := r.say(ask); err != nil {
			return nil, "", err
		}
		if err := addResource(ctx, tx, r); err != nil {
			return nil, "", err
		}
		return r, "Add resource to catalog", putRoles(ctx, tx, r, roles)
	case UpdateResource, RemoveResource:
		r, err := asked(ctx, tx, c, ask)
		if err != nil {
			return nil, "", err
		}
		if ask.Kind == RemoveResource {
			return r, "Remove resource from catalog", dropResource(ctx, tx, r)
		}
		if err := r.say(ask); err != nil {
			return nil, "", err
		}
		r.ModifiedAt = tx.Now()
		return r, "Update resource in catalog", putResource(ctx, tx, r)
	}
	return nil, "", Bad("requestType", "A request about a resource is adminAdd, adminUpdate or adminRemove.")
}

// say takes what the request says of the resource.
func (r *Resource) say(ask ResourceAsk) error {
	if ask.Name != nil && *ask.Name != "" {
		name, err := nameOf("resource.displayName", *ask.Name)
		if err != nil {
			return err
		}
		r.Name = name
	}
	if ask.Description != nil {
		r.Description = *ask.Description
	}
	if len(ask.Attributes) > 64<<10 {
		return Bad("resource.attributes", "The attributes have more than %d bytes.", 64<<10)
	}
	if ask.Attributes != nil {
		r.Attributes = ask.Attributes
	}
	return short("resource.description", r.Description, longestDescription)
}

// asked returns the resource of the catalog that a request names.
func asked(ctx context.Context, tx *sqldb.Tx, c *Catalog, ask ResourceAsk) (*Resource, error) {
	if ask.Resource == "" {
		return ResourceByOrigin(ctx, tx, c.Tenant, c.ID, ask.Origin, OriginOf(ask.Origin, ask.OriginID))
	}
	r, err := resourceByID(ctx, tx, c.Tenant, ask.Resource)
	if err == nil && r.Catalog != c.ID {
		err = object.Missing(string(ask.Resource))
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

// OriginOf returns an identifier in its origin as it is stored.
func OriginOf(o Origin, id string) string {
	if o == SharePointOnline {
		return strings.TrimRight(id, "/")
	}
	return strings.ToLower(id)
}

// lookUp reads what the resource is in its origin, and the roles it offers. With
// giving the caller must be able to give them.
func lookUp(ctx context.Context, tx *sqldb.Tx, who authz.Caller, r *Resource, giving bool) ([]ResourceRole, error) {
	id := OriginOf(r.Origin, r.OriginID)
	switch r.Origin {
	case AadGroup, AadApplication:
		if !ids.Valid(id) {
			return nil, Bad("resource.originId", "A %s is named by the identifier of its object.", r.Origin)
		}
		if r.Origin == AadGroup {
			return group(ctx, tx, who, r, ids.ObjectID(id), giving)
		}
		p, err := app.GetPrincipal(ctx, tx, r.Tenant, ids.ObjectID(id))
		if err != nil {
			return nil, notInOrigin(err, id)
		}
		if giving {
			if err := mayGiveRoles(ctx, tx, who, p.ID); err != nil {
				return nil, err
			}
		}
		return r.fromPrincipal(p)
	case SharePointOnline:
		at, err := siteAt(ctx, tx, r.Tenant, id)
		if err != nil {
			return nil, notInOrigin(err, id)
		}
		if giving {
			if err := mayGiveSite(ctx, tx, who); err != nil {
				return nil, err
			}
		}
		return r.fromSite(at), nil
	}
	return nil, Bad("resource.originSystem", "A resource comes from AadGroup, AadApplication or SharePointOnline.")
}

func group(ctx context.Context, tx *sqldb.Tx, who authz.Caller, r *Resource, id ids.ObjectID, giving bool) ([]ResourceRole, error) {
	g, err := directory.GetGroup(ctx, tx, r.Tenant, id)
	if err != nil {
		return nil, notInOrigin(err, string(id))
	}
	if giving {
		if err := mayGiveGroup(ctx, tx, who, g); err != nil {
			return nil, err
		}
	}
	return r.fromGroup(g)
}

// siteAt returns the site at an address.
func siteAt(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, address string) (*site.Site, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Host == "" {
		return nil, object.Missing(address)
	}
	found, err := site.Find(ctx, tx, tenant, u.Host+":"+u.Path)
	if err == nil && !strings.EqualFold(found.WebURL, address) {
		err = object.Missing(address)
	}
	if err != nil {
		return nil, err
	}
	return found, nil
}

func notInOrigin(err error, id string) error {
	if !errors.Is(err, fault.NotFound) {
		return err
	}
	f := fault.Because(fault.Invalid, NotInOrigin, "There is no resource '%.200s' in the origin system.", id)
	f.Target = "resource.originId"
	return f
}

// unable turns a refusal into that of somebody who may not give what they add.
func unable(err error, what string) error {
	if !errors.Is(err, authz.Denied) {
		return err
	}
	f := fault.Because(fault.Forbidden, NotOwner, "Whoever adds a resource to a catalog must be able to give its roles: %s.", what)
	f.Target = "resource"
	return f.Wrap(err)
}

// mayGiveGroup refuses whoever could not change the members and owners of the
// group. The permission that lets a program govern does not let it do that.
func mayGiveGroup(ctx context.Context, tx *sqldb.Tx, who authz.Caller, g *directory.Group) error {
	const what = "change the members and owners of the group"
	if programWithout(who, "Group.ReadWrite.All", "Directory.ReadWrite.All") {
		return ownsIt(ctx, tx, who, g.ID, what)
	}
	return unable(directory.MayGive(ctx, tx, who, g), what)
}

// mayGiveRoles refuses whoever could not assign the app roles of the service
// principal.
func mayGiveRoles(ctx context.Context, tx *sqldb.Tx, who authz.Caller, id ids.ObjectID) error {
	const what = "assign the app roles of the application"
	if programWithout(who, "AppRoleAssignment.ReadWrite.All", "Application.ReadWrite.All", "Directory.ReadWrite.All") {
		return ownsIt(ctx, tx, who, id, what)
	}
	r, err := authz.RightsOf(ctx, tx, who, id)
	if err != nil {
		return err
	}
	return unable(r.Need("servicePrincipals/appRoleAssignedTo/update"), what)
}

// mayGiveSite refuses whoever does not administer the tenant's sites.
func mayGiveSite(ctx context.Context, tx *sqldb.Tx, who authz.Caller) error {
	const what = "administer the tenant's sites"
	if programWithout(who, "Sites.FullControl.All") {
		return unable(authz.Refuse(), what)
	}
	return unable(site.MayManage(ctx, tx, who), what)
}

// programWithout reports whether the caller is a program, admitted by a
// permission, that has none of these.
func programWithout(who authz.Caller, permissions ...string) bool {
	if !who.AppOnly() || who.ByRole {
		return false
	}
	for _, p := range permissions {
		if who.Has(p) {
			return false
		}
	}
	return true
}

func ownsIt(ctx context.Context, tx *sqldb.Tx, who authz.Caller, id ids.ObjectID, what string) error {
	owns, err := object.Owns(ctx, tx, who.Tenant, id, who.Object)
	if err == nil && !owns {
		err = unable(authz.Refuse(), what)
	}
	return err
}

// RefreshResource reads a resource and its roles anew from its origin.
func (s *Service) RefreshResource(ctx context.Context, who authz.Caller, id ids.ResourceID) error {
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		r, err := resourceFor(ctx, tx, who, id, toOwn)
		if err != nil {
			return err
		}
		if err := refresh(ctx, tx, who, r); err != nil {
			return err
		}
		return recordResource(ctx, tx, who, "Refresh resource in catalog", r, nil)
	})
}

// refresh stores what the resource and its roles are in its origin now.
func refresh(ctx context.Context, tx *sqldb.Tx, who authz.Caller, r *Resource) error {
	roles, err := lookUp(ctx, tx, who, r, false)
	if err != nil {
		return err
	}
	r.ModifiedAt = tx.Now()
	if err := putResource(ctx, tx, r); err != nil {
		return err
	}
	r.version++
	return putRoles(ctx, tx, r, roles)
}

// resourceFor returns a resource in whose catalog the caller may do the task.
func resourceFor(ctx context.Context, tx *sqldb.Tx, who authz.Caller, id ids.ResourceID, t Task) (*Resource, error) {
	r, err := resourceByID(ctx, tx, who.Tenant, id)
	if err != nil {
		return nil, err
	}
	return r, May(ctx, tx, who, r.Catalog, t)
}

// Resource returns a resource; of the catalog if it is not empty.
func (s *Service) Resource(ctx context.Context, who authz.Caller, catalog ids.CatalogID, id ids.ResourceID) (*Resource, error) {
	return View(ctx, s.db, func(tx *sqldb.Tx) (*Resource, error) {
		r, err := resourceFor(ctx, tx, who, id, ToRead)
		if err == nil && catalog != "" && r.Catalog != catalog {
			err = object.Missing(string(id))
		}
		if err != nil {
			return nil, err
		}
		return r, nil
	})
}

// Resources returns a page of the resources of a catalog, or of all that the
// caller may see where it is empty.
func (s *Service) Resources(ctx context.Context, who authz.Caller, catalog ids.CatalogID, q Asked) (List[*Resource], error) {
	return View(ctx, s.db, func(tx *sqldb.Tx) (List[*Resource], error) {
		only, err := within(ctx, tx, who, catalog)
		if err != nil {
			return List[*Resource]{}, err
		}
		return Listed(q, func() (int, error) { return countResources(ctx, tx, who.Tenant, only, q.Query.Filter) },
			func() (object.Page[*Resource], error) { return listResources(ctx, tx, who.Tenant, only, q.Query) })
	})
}

// within returns the one catalog, which is there and which the caller may see,
// or all that they may see where it is empty.
func within(ctx context.Context, tx *sqldb.Tx, who authz.Caller, catalog ids.CatalogID) ([]ids.CatalogID, error) {
	if catalog == "" {
		return Readable(ctx, tx, who, ToRead)
	}
	_, err := catalogFor(ctx, tx, who, catalog, ToRead)
	if catalog == GeneralID(who.Tenant) && errors.Is(err, fault.NotFound) {
		err = May(ctx, tx, who, catalog, ToRead) // nobody has asked for it yet: there is nothing in it
	}
	return []ids.CatalogID{catalog}, err
}

// ResourceRoles returns a page of the roles that resources of a catalog have; of
// one resource if it is not empty.
func (s *Service) ResourceRoles(ctx context.Context, who authz.Caller, catalog ids.CatalogID, resource ids.ResourceID, q Asked) (List[ResourceRole], error) {
	return View(ctx, s.db, func(tx *sqldb.Tx) (l List[ResourceRole], err error) {
		if catalog, err = ofCatalog(ctx, tx, who, catalog, resource); err != nil {
			return l, err
		}
		return Listed(q, func() (int, error) { return countRoles(ctx, tx, who.Tenant, catalog, resource, q.Query.Filter) },
			func() (object.Page[ResourceRole], error) {
				return listRoles(ctx, tx, who.Tenant, catalog, resource, q.Query)
			})
	})
}

// ResourceScopes returns a page of the scopes that resources of a catalog have.
func (s *Service) ResourceScopes(ctx context.Context, who authz.Caller, catalog ids.CatalogID, resource ids.ResourceID, q Asked) (List[ResourceScope], error) {
	return View(ctx, s.db, func(tx *sqldb.Tx) (l List[ResourceScope], err error) {
		if catalog, err = ofCatalog(ctx, tx, who, catalog, resource); err != nil {
			return l, err
		}
		return Listed(q, func() (int, error) { return countScopes(ctx, tx, who.Tenant, catalog, resource, q.Query.Filter) },
			func() (object.Page[ResourceScope], error) {
				return listScopes(ctx, tx, who.Tenant, catalog, resource, q.Query)
			})
	})
}

// ofCatalog returns the catalog of a resource, which is the one asked for if one
// is, and which the caller may see.
func ofCatalog(ctx context.Context, tx *sqldb.Tx, who authz.Caller, catalog ids.CatalogID, resource ids.ResourceID) (ids.CatalogID, error) {
	if resource == "" {
		_, err := within(ctx, tx, who, catalog)
		return catalog, err
	}
	r, err := resourceFor(ctx, tx, who, resource, ToRead)
	if err != nil {
		return "", err
	}
	if catalog != "" && catalog != r.Catalog {
		return "", object.Missing(string(resource))
	}
	return r.Catalog, nil
}

// ResourceRequests returns a page of what was done with resources.
func (s *Service) ResourceRequests(ctx context.Context, who authz.Caller, q Asked) (List[*ResourceRequest], error) {
	return View(ctx, s.db, func(tx *sqldb.Tx) (List[*ResourceRequest], error) {
		only, err := Readable(ctx, tx, who, ToRead)
		if err != nil {
			return List[*ResourceRequest]{}, err
		}
		return Listed(q, func() (int, error) { return countResourceRequests(ctx, tx, who.Tenant, only, q.Query.Filter) },
			func() (object.Page[*ResourceRequest], error) {
				return listResourceRequests(ctx, tx, who.Tenant, only, q.Query)
			})
	})
}

// ResourceRequest returns one.
func (s *Service) ResourceRequest(ctx context.Context, who authz.Caller, id ids.RequestID) (*ResourceRequest, error) {
	return View(ctx, s.db, func(tx *sqldb.Tx) (*ResourceRequest, error) {
		q, err := resourceRequestByID(ctx, tx, who.Tenant, id)
		if err != nil {
			return nil, err
		}
		return q, May(ctx, tx, who, q.Catalog, ToRead)
	})
}

func recordResource(ctx context.Context, tx *sqldb.Tx, who authz.Caller, activity string, r *Resource, changed []audit.Change) error {
	return Record(ctx, tx, who, activity, "Resource", string(r.ID), r.Name, append(changed,
		audit.Change{Name: "originSystem", New: string(r.Origin)}, audit.Change{Name: "originId", New: r.OriginID}, audit.Change{Name: "catalogId", New: string(r.Catalog)}))
}
