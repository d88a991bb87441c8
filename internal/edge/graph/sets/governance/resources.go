package governance

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"entente/internal/core/object"
	"entente/internal/edge/graph/edm"
	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
)

// resources is the entity set …/resources: of all catalogs. v1.0 alone has it.
// https://learn.microsoft.com/graph/api/resources/accesspackageresource?view=graph-rest-1.0
func (s Services) resources() *edm.Set {
	return s.resourceSet(edm.Name{V1: "resources", Beta: "accessPackageResources"}, func(*edm.Request) ids.CatalogID { return "" })
}

// resourcesOfCatalog is the part resources of a catalog.
func (s Services) resourcesOfCatalog() *edm.Set {
	return s.resourceSet(edm.Name{V1: "resources", Beta: "accessPackageResources"}, func(r *edm.Request) ids.CatalogID { return ids.CatalogID(r.Parents[0]) })
}

func (s Services) resourceSet(name edm.Name, in func(*edm.Request) ids.CatalogID) *edm.Set {
	of := func(_ context.Context, r *edm.Request) (ids.ResourceID, error) {
		return ids.ResourceID(r.Parent()), nil
	}
	return &edm.Set{
		Path: name, Type: edm.Of("accessPackageResource"), Deep: true,
		Doc: "https://learn.microsoft.com/graph/api/resources/accesspackageresource?view=graph-rest-1.0",
		List: edm.List{May: read, Do: func(ctx context.Context, r *edm.Request) (edm.Page, error) {
			l, err := s.Entitlement.Resources(ctx, r.Who, in(r), asked(r))
			return paged(l, err, resourceItem)
		}},
		Get: edm.Get{May: read, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
			one, err := s.Entitlement.Resource(ctx, r.Who, in(r), ids.ResourceID(r.ID))
			return rendered(one, err, resourceItem)
		}},
		Actions: []edm.Action{{Name: "refresh", May: write, Do: func(ctx context.Context, r *edm.Request) (json.RawMessage, error) {
			if _, err := s.Entitlement.Resource(ctx, r.Who, in(r), ids.ResourceID(r.ID)); err != nil {
				return nil, err
			}
			return nil, s.Entitlement.RefreshResource(ctx, r.Who, ids.ResourceID(r.ID))
		}}},
		Parts: []*edm.Set{s.rolesOf(of), s.scopesOf(of), s.environmentOf()},
	}
}

// rolesOf is the part roles of a resource.
func (s Services) rolesOf(of func(context.Context, *edm.Request) (ids.ResourceID, error)) *edm.Set {
	return &edm.Set{
		Path: edm.Name{V1: "roles", Beta: "accessPackageResourceRoles"}, Type: edm.Of("accessPackageResourceRole"), Deep: true,
		List: edm.List{May: read, Do: func(ctx context.Context, r *edm.Request) (edm.Page, error) {
			id, err := of(ctx, r)
			if err != nil {
				return edm.Page{}, err
			}
			l, err := s.Entitlement.ResourceRoles(ctx, r.Who, "", id, asked(r))
			return paged(l, err, roleItem)
		}},
		Get: edm.Get{May: read, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
			id, err := of(ctx, r)
			if err != nil {
				return edm.Item{}, err
			}
			l, err := s.Entitlement.ResourceRoles(ctx, r.Who, "", id, offer.One(r.ID))
			return only(l, err, r.ID, roleItem)
		}},
	}
}

// scopesOf is the part scopes of a resource.
func (s Services) scopesOf(of func(context.Context, *edm.Request) (ids.ResourceID, error)) *edm.Set {
	return &edm.Set{
		Path: edm.Name{V1: "scopes", Beta: "accessPackageResourceScopes"}, Type: edm.Of("accessPackageResourceScope"), Deep: true,
		List: edm.List{May: read, Do: func(ctx context.Context, r *edm.Request) (edm.Page, error) {
			id, err := of(ctx, r)
			if err != nil {
				return edm.Page{}, err
			}
			l, err := s.Entitlement.ResourceScopes(ctx, r.Who, "", id, asked(r))
			return paged(l, err, scopeItem)
		}},
		Get: edm.Get{May: read, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
			id, err := of(ctx, r)
			if err != nil {
				return edm.Item{}, err
			}
			l, err := s.Entitlement.ResourceScopes(ctx, r.Who, "", id, offer.One(r.ID))
			return only(l, err, r.ID, scopeItem)
		}},
	}
}

// rolesOfCatalog is the part resourceRoles of a catalog, with whose role each is.
func (s Services) rolesOfCatalog() *edm.Set {
	return &edm.Set{
		Path: edm.Name{V1: "resourceRoles", Beta: "accessPackageResourceRoles"}, Type: edm.Of("accessPackageResourceRole"), Deep: true,
		List: edm.List{May: read, Do: func(ctx context.Context, r *edm.Request) (edm.Page, error) {
			l, err := s.Entitlement.ResourceRoles(ctx, r.Who, ids.CatalogID(r.Parents[0]), "", asked(r))
			return paged(l, err, roleItem)
		}},
		Get: edm.Get{May: read, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
			l, err := s.Entitlement.ResourceRoles(ctx, r.Who, ids.CatalogID(r.Parents[0]), "", offer.One(r.ID))
			return only(l, err, r.ID, roleItem)
		}},
		Parts: []*edm.Set{s.resourceOf(func(ctx context.Context, r *edm.Request) (ids.ResourceID, error) {
			l, err := s.Entitlement.ResourceRoles(ctx, r.Who, ids.CatalogID(r.Parents[0]), "", offer.One(r.Parent()))
			if err == nil && len(l.Items) == 0 {
				err = object.Missing(r.Parent())
			}
			if err != nil {
				return "", err
			}
			return l.Items[0].Resource, nil
		})},
	}
}

// scopesOfCatalog is the part resourceScopes of a catalog.
func (s Services) scopesOfCatalog() *edm.Set {
	return &edm.Set{
		Path: edm.Name{V1: "resourceScopes", Beta: "accessPackageResourceScopes"}, Type: edm.Of("accessPackageResourceScope"), Deep: true,
		List: edm.List{May: read, Do: func(ctx context.Context, r *edm.Request) (edm.Page, error) {
			l, err := s.Entitlement.ResourceScopes(ctx, r.Who, ids.CatalogID(r.Parents[0]), "", asked(r))
			return paged(l, err, scopeItem)
		}},
		Get: edm.Get{May: read, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
			l, err := s.Entitlement.ResourceScopes(ctx, r.Who, ids.CatalogID(r.Parents[0]), "", offer.One(r.ID))
			return only(l, err, r.ID, scopeItem)
		}},
		Parts: []*edm.Set{s.resourceOf(func(ctx context.Context, r *edm.Request) (ids.ResourceID, error) {
			l, err := s.Entitlement.ResourceScopes(ctx, r.Who, ids.CatalogID(r.Parents[0]), "", offer.One(r.Parent()))
			if err == nil && len(l.Items) == 0 {
				err = object.Missing(r.Parent())
			}
			if err != nil {
				return "", err
			}
			return l.Items[0].Resource, nil
		})},
	}
}

// only renders the one entity of a list that was asked for.
func only[T any](l offer.List[T], err error, id string, render func(T) (edm.Item, error)) (edm.Item, error) {
	if err == nil && len(l.Items) == 0 {
		err = object.Missing(id)
	}
	if err != nil {
		return edm.Item{}, err
	}
	return render(l.Items[0])
}

// resourceOf is the single part resource of what belongs to one.
func (s Services) resourceOf(of func(context.Context, *edm.Request) (ids.ResourceID, error)) *edm.Set {
	return &edm.Set{
		Path: edm.Name{V1: "resource", Beta: "accessPackageResource"}, Type: edm.Of("accessPackageResource"), Single: true, Deep: true,
		Get: edm.Get{May: read, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
			id, err := of(ctx, r)
			if err != nil {
				return edm.Item{}, err
			}
			one, err := s.Entitlement.Resource(ctx, r.Who, "", id)
			return rendered(one, err, resourceItem)
		}},
		Parts: []*edm.Set{s.rolesOf(of), s.scopesOf(of)},
	}
}

// A resourceFace is what v1.0 shows of a resource.
type resourceFace struct {
	ID           ids.ResourceID  `json:"id"`
	Attributes   json.RawMessage `json:"attributes"`
	Created      time.Time       `json:"createdDateTime"`
	Description  *string         `json:"description"`
	Name         string          `json:"displayName"`
	Modified     time.Time       `json:"modifiedDateTime"`
	OriginID     string          `json:"originId"`
	OriginSystem string          `json:"originSystem"`
}

func resourceItem(x *offer.Resource) (edm.Item, error) {
	return item(string(x.ID), resourceFace{x.ID, x.Attributes, x.CreatedAt, text(x.Description), x.Name, x.ModifiedAt, x.OriginID, string(x.Origin)},
		map[string]any{"addedBy": text(x.AddedBy), "addedOn": x.CreatedAt, "isPendingOnboarding": false, "resourceType": x.Kind, "url": text(x.URL)})
}

// A roleFace is what is shown of a role, and but for isRootScope of a scope.
type roleFace struct {
	ID           ids.ObjectID `json:"id"`
	Description  *string      `json:"description"`
	Name         string       `json:"displayName"`
	OriginID     string       `json:"originId"`
	OriginSystem string       `json:"originSystem"`
}

func roleItem(x offer.ResourceRole) (edm.Item, error) {
	return item(string(x.ID), roleFace{x.ID, text(x.Description), x.Name, x.OriginID, string(x.Origin)}, nil)
}

type scopeFace struct {
	ID           ids.ObjectID `json:"id"`
	Description  string       `json:"description"`
	Name         string       `json:"displayName"`
	Root         bool         `json:"isRootScope"`
	OriginID     string       `json:"originId"`
	OriginSystem string       `json:"originSystem"`
}

func scopeItem(x offer.ResourceScope) (edm.Item, error) {
	var url *string
	if x.Origin == offer.SharePointOnline {
		url = &x.OriginID
	}
	return item(string(x.ID), scopeFace{x.ID, "Root Scope", "Root", true, x.OriginID, string(x.Origin)}, map[string]any{"url": url, "roleOriginId": nil})
}

// resourceRequests is the entity set …/resourceRequests, by which resources come
// into catalogs and leave them.
// https://learn.microsoft.com/graph/api/resources/accesspackageresourcerequest?view=graph-rest-1.0
func (s Services) resourceRequests() *edm.Set {
	of := func(ctx context.Context, r *edm.Request) (*offer.ResourceRequest, error) {
		return s.Entitlement.ResourceRequest(ctx, r.Who, ids.RequestID(r.Parent()))
	}
	return &edm.Set{
		Path: edm.Name{V1: "resourceRequests", Beta: "accessPackageResourceRequests"}, Type: edm.Of("accessPackageResourceRequest"), Deep: true, Raw: true,
		Doc: "https://learn.microsoft.com/graph/api/resources/accesspackageresourcerequest?view=graph-rest-1.0",
		List: edm.List{May: read, Do: func(ctx context.Context, r *edm.Request) (edm.Page, error) {
			l, err := s.Entitlement.ResourceRequests(ctx, r.Who, asked(r))
			return paged(l, err, requestItem)
		}},
		Get: edm.Get{May: read, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
			one, err := s.Entitlement.ResourceRequest(ctx, r.Who, ids.RequestID(r.ID))
			return rendered(one, err, requestItem)
		}},
		Create: edm.Create{May: write, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
			ask, err := readResourceRequest(r.Body)
			if err != nil {
				return edm.Item{}, err
			}
			one, err := s.Entitlement.RequestResource(ctx, r.Who, ask)
			return rendered(one, err, requestItem)
		}},
		Parts: []*edm.Set{
			s.catalogOf(edm.Name{V1: "catalog", Beta: "accessPackageCatalog"}, func(ctx context.Context, r *edm.Request) (ids.CatalogID, error) {
				one, err := of(ctx, r)
				if err != nil {
					return "", err
				}
				return one.Catalog, nil
			}),
			{
				Path: edm.Name{V1: "resource", Beta: "accessPackageResource"}, Type: edm.Of("accessPackageResource"), Single: true, Deep: true,
				Get: edm.Get{May: read, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
					one, err := of(ctx, r)
					if err != nil {
						return edm.Item{}, err
					}
					return resourceItem(one.Resource) // as it was then
				}},
			},
		},
	}
}

var requestKinds = []string{offer.AddResource, offer.UpdateResource, offer.RemoveResource}

func readResourceRequest(raw json.RawMessage) (ask offer.ResourceAsk, err error) {
	b := readBody(raw)
	ask.Kind = b.word("requestType")
	if i := slices.IndexFunc(requestKinds, func(k string) bool { return strings.EqualFold(k, ask.Kind) }); i >= 0 {
		ask.Kind = requestKinds[i]
	}
	ask.Catalog = ids.CatalogID(b.reference("catalogId", "catalog", "accessPackageCatalog"))
	ask.Justification, ask.Validate = b.word("justification"), b.is("isValidationOnly")
	for _, name := range []string{"resource", "accessPackageResource"} {
		if x := b.object(name); x != nil {
			ask.Resource = ids.ResourceID(x.id("id"))
			ask.Origin, ask.OriginID = originOf(x), x.word("originId")
			ask.Name, ask.Description, ask.Attributes = x.text("displayName"), x.text("description"), x.kept("attributes")
			x.pass("environment", "roles", "scopes", "createdDateTime", "modifiedDateTime", "url", "resourceType", "addedBy", "addedOn",
				"isPendingOnboarding", "accessPackageResourceEnvironment", "accessPackageResourceRoles", "accessPackageResourceScopes")
			if err := x.end(); err != nil {
				return ask, err
			}
		}
	}
	b.pass("id", "state", "createdDateTime", "requestState", "requestStatus", "executeImmediately", "expirationDateTime", "requestor", "history")
	if err := b.end(); err != nil {
		return ask, err
	}
	if ask.Catalog == "" {
		b.fail("catalog.id", "The catalog is named by its identifier.")
	}
	if ask.Resource == "" && ask.OriginID == "" {
		b.fail("resource", "The resource is named by its identifier, or by its originId and originSystem.")
	}
	return ask, *b.first
}

var origins = []offer.Origin{offer.AadGroup, offer.AadApplication, offer.SharePointOnline}

func originOf(b *reader) offer.Origin {
	word := offer.Origin(b.word("originSystem"))
	if i := slices.IndexFunc(origins, func(o offer.Origin) bool { return strings.EqualFold(string(o), string(word)) }); i >= 0 {
		return origins[i]
	}
	return word
}

// id reads an identifier; what is none is refused, and empty is absent.
func (r *reader) id(name string) string {
	s := r.word(name)
	if s == "" {
		return ""
	}
	if !ids.Valid(s) {
		r.fail(name, "'%.64s' is no identifier.", s)
	}
	return strings.ToLower(s)
}

// reference reads an identifier that stands by itself, or in one of the objects
// that it may be of.
func (r *reader) reference(name string, objects ...string) string {
	id := r.id(name)
	for _, one := range objects {
		x := r.object(one)
		if x == nil {
			continue
		}
		switch other := x.id("id"); {
		case id == "":
			id = other
		case other != "" && other != id:
			r.fail(one, "%s and %s.id name different things.", name, one)
		}
	}
	return id
}

type requestFace struct {
	ID      ids.RequestID `json:"id"`
	Created time.Time     `json:"createdDateTime"`
	Kind    string        `json:"requestType"`
	State   string        `json:"state"`
}

func requestItem(q *offer.ResourceRequest) (edm.Item, error) {
	return item(string(q.ID), requestFace{q.ID, q.CreatedAt, q.Kind, "delivered"}, map[string]any{
		"betaRequestType": pascal(q.Kind), "requestState": "Delivered", "requestStatus": "Fulfilled", "catalogId": q.Catalog, "executeImmediately": true,
		"isValidationOnly": false, "justification": text(q.Justification), "expirationDateTime": nil})
}

// environments is the entity set …/resourceEnvironments: the one place where the
// tenant's sites are.
// https://learn.microsoft.com/graph/api/resources/accesspackageresourceenvironment?view=graph-rest-1.0
func (s Services) environments() *edm.Set {
	list := func(ctx context.Context, r *edm.Request) (edm.Page, error) {
		e, err := s.Entitlement.Environment(ctx, r.Who)
		return whole([]offer.Environment{e}, err, environmentItem)
	}
	return &edm.Set{
		Path: edm.Name{V1: "resourceEnvironments", Beta: "accessPackageResourceEnvironments"}, Type: edm.Of("accessPackageResourceEnvironment"), Unpaged: true,
		Doc:  "https://learn.microsoft.com/graph/api/resources/accesspackageresourceenvironment?view=graph-rest-1.0",
		List: edm.List{May: read, Do: list},
		Get:  edm.Get{May: read, Do: edm.OneOf(list)},
	}
}

// environmentOf is the single part environment of a resource: that of a site.
func (s Services) environmentOf() *edm.Set {
	return &edm.Set{
		Path: edm.Name{V1: "environment", Beta: "accessPackageResourceEnvironment"}, Type: edm.Of("accessPackageResourceEnvironment"), Single: true,
		Get: edm.Get{May: read, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
			one, err := s.Entitlement.Resource(ctx, r.Who, "", ids.ResourceID(r.Parent()))
			if err != nil {
				return edm.Item{}, err
			}
			if one.Origin != offer.SharePointOnline {
				return edm.Item{}, object.Missing("environment")
			}
			e, err := s.Entitlement.Environment(ctx, r.Who)
			return rendered(e, err, environmentItem)
		}},
	}
}

type environmentFace struct {
	ID           string    `json:"id"`
	Connection   any       `json:"connectionInfo"`
	Created      time.Time `json:"createdDateTime"`
	Description  *string   `json:"description"`
	Name         string    `json:"displayName"`
	Default      bool      `json:"isDefaultEnvironment"`
	Modified     time.Time `json:"modifiedDateTime"`
	OriginID     string    `json:"originId"`
	OriginSystem string    `json:"originSystem"`
}

func environmentItem(e offer.Environment) (edm.Item, error) {
	return item(e.ID, environmentFace{e.ID, nil, e.CreatedAt, nil, e.Name, true, e.CreatedAt, e.URL, string(offer.SharePointOnline)}, nil)
}

// resourceTypes are the entity types of resources.
func resourceTypes() []edm.Entity {
	at, words := edm.DateTimeOffset, edm.String
	return []edm.Entity{
		{Name: "accessPackageResource", Base: "entity", Props: []edm.Prop{
			{Name: "attributes", Type: edm.Many(edm.Of("accessPackageResourceAttribute")), NotNull: true, Write: edm.C},
			{Name: "createdDateTime", Only: "v1.0", Type: at, Filter: "eq ge le", Order: "F"},
			{Name: "description", Type: words, Write: edm.C},
			{Name: "displayName", Type: words, Write: edm.C, Filter: "eq ne in sw contains not", Order: "F"},
			{Name: "modifiedDateTime", Only: "v1.0", Type: at, Filter: "eq ge le", Order: "F"},
			{Name: "originId", Type: words, Write: edm.C, Filter: "eq in sw"},
			{Name: "originSystem", Type: words, Write: edm.C, Filter: "eq ne in not"},
			{Name: "addedBy", Only: "beta", Type: words},
			{Name: "addedOn", Only: "beta", Type: at, Field: "createdDateTime", Filter: "eq ge le", Order: "F"},
			{Name: "isPendingOnboarding", Only: "beta", Type: edm.Boolean},
			{Name: "resourceType", Only: "beta", Type: words, Filter: "eq in"},
			{Name: "url", Only: "beta", Type: words},
		}},
		{Name: "accessPackageResourceRole", Base: "entity", Props: []edm.Prop{
			{Name: "description", Type: words},
			{Name: "displayName", Type: words, Filter: "eq in sw"},
			{Name: "originId", Type: words, Filter: "eq in sw"},
			{Name: "originSystem", Type: words, Filter: "eq in"},
		}, Paths: []edm.Prop{{Name: "resource/id", Beta: "accessPackageResource/id", Type: words, Filter: "eq in"}}},
		{Name: "accessPackageResourceScope", Base: "entity", Props: []edm.Prop{
			{Name: "description", Type: words},
			{Name: "displayName", Type: words},
			{Name: "isRootScope", Type: edm.Boolean},
			{Name: "originId", Type: words, Filter: "eq in sw"},
			{Name: "originSystem", Type: words, Filter: "eq in"},
			{Name: "roleOriginId", Only: "beta", Type: words},
			{Name: "url", Only: "beta", Type: words},
		}, Paths: []edm.Prop{{Name: "resource/id", Beta: "accessPackageResource/id", Type: words, Filter: "eq in"}}},
		{Name: "accessPackageResourceRequest", Base: "entity", Props: []edm.Prop{
			{Name: "createdDateTime", Type: at, Filter: "eq ge le", Order: "F"},
			{Name: "requestType", Only: "v1.0", Type: edm.Of("accessPackageRequestType"), Write: edm.C, Filter: "eq in"},
			{Name: "state", Only: "v1.0", Type: edm.Of("accessPackageRequestState")},
			{Name: "betaRequestType", Beta: "requestType", Only: "beta", Type: words, Write: edm.C, Filter: "eq in", Field: "requestType"},
			{Name: "catalogId", Only: "beta", Type: words, Write: edm.C, Filter: "eq in", Field: "catalog/id"},
			{Name: "executeImmediately", Only: "beta", Type: edm.Boolean, Write: edm.C},
			{Name: "expirationDateTime", Only: "beta", Type: at, Write: edm.C},
			{Name: "isValidationOnly", Only: "beta", Type: edm.Boolean, Write: edm.C},
			{Name: "justification", Only: "beta", Type: words, Write: edm.C},
			{Name: "requestState", Only: "beta", Type: words},
			{Name: "requestStatus", Only: "beta", Type: words},
		}, Paths: []edm.Prop{{Name: "catalog/id", Beta: "accessPackageCatalog/id", Type: words, Filter: "eq in"}}},
		{Name: "accessPackageResourceEnvironment", Base: "entity", Props: []edm.Prop{
			{Name: "connectionInfo", Type: edm.Of("connectionInfo")},
			{Name: "createdDateTime", Type: at},
			{Name: "description", Type: words},
			{Name: "displayName", Type: words, Filter: "eq"},
			{Name: "isDefaultEnvironment", Type: edm.Boolean},
			{Name: "modifiedDateTime", Type: at},
			{Name: "originId", Type: words, Filter: "eq"},
			{Name: "originSystem", Type: words, Filter: "eq"},
		}},
	}
}
