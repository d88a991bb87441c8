package directory

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"entente/internal/core/app"
	"entente/internal/core/authz"
	"entente/internal/core/directory"
	"entente/internal/core/object"
	"entente/internal/edge/graph/edm"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// exists refuses an object that is not there, or is of another kind than the
// path says, or whose part is not for the caller to see.
type exists func(ctx context.Context, tx *sqldb.Tx, who authz.Caller, id ids.ObjectID) error

func (s Services) isGroup(ctx context.Context, tx *sqldb.Tx, who authz.Caller, id ids.ObjectID) error {
	_, err := directory.GetGroup(ctx, tx, who.Tenant, id)
	return err
}

// isKind returns the check for objects of one kind.
func isKind(kind object.Kind) exists {
	return func(ctx context.Context, tx *sqldb.Tx, who authz.Caller, id ids.ObjectID) error {
		o, err := object.Get(ctx, tx, who.Tenant, id)
		if err == nil && o.Kind != kind {
			err = object.Missing(string(id))
		}
		return err
	}
}

// members is the part members of a group.
// https://learn.microsoft.com/graph/api/group-list-members?view=graph-rest-1.0
func (s Services) members() *edm.Set {
	set := s.related("members", ofMembers, readMembers, directory.MaySeeMembers, directory.MembersOf)
	set.Link = edm.Change{May: writeMembers, Do: func(ctx context.Context, r *edm.Request) error {
		return s.Users.AddMember(ctx, r.Who, ids.ObjectID(r.Parent()), ids.ObjectID(r.Ref), time.Time{})
	}}
	set.Unlink = edm.Change{May: writeMembers, Do: func(ctx context.Context, r *edm.Request) error {
		return s.Users.RemoveMember(ctx, r.Who, ids.ObjectID(r.Parent()), ids.ObjectID(r.Ref))
	}}
	return set
}

// What relationships lead to.
var (
	aUser         = edm.Of(string(object.User))
	aGroup        = edm.Of(string(object.Group))
	aPrincipal    = edm.Of(string(object.ServicePrincipal))
	anApplication = edm.Of(string(object.Application))
	aRole         = edm.Of(string(object.DirectoryRole))

	ofMembers   = []edm.Type{aUser, aGroup, aPrincipal}
	ofHolders   = []edm.Type{aGroup, aRole} // what is held by being a member
	ofOwned     = []edm.Type{aGroup, aPrincipal, anApplication}
	ofEverybody = []edm.Type{aUser, aPrincipal}
	ofAnything  = []edm.Type{aUser, aGroup, aPrincipal, anApplication, aRole}
)

// related is a part that shows objects of some types in scope of the one above it. A cast
// limits it to one kind, whose properties can then be filtered by.
func (s Services) related(name string, of []edm.Type, may edm.Access, above exists, scope func(ids.ObjectID) directory.Scope) *edm.Set {
	seen := func(ctx context.Context, tx *sqldb.Tx, r *edm.Request) (directory.Scope, error) {
		id := ids.ObjectID(r.Parent())
		if err := above(ctx, tx, r.Who, id); err != nil {
			return directory.Scope{}, err
		}
		v, err := directory.ViewerOf(ctx, tx, r.Who)
		return scope(id).SeenBy(v), err
	}
	return &edm.Set{
		Path: edm.Both(name), Type: edm.Of("directoryObject"), Of: of, Linked: true, Advanced: true,
		List: edm.List{May: may, Do: func(ctx context.Context, r *edm.Request) (edm.Page, error) {
			return view(ctx, s.DB, func(tx *sqldb.Tx) (edm.Page, error) {
				in, err := seen(ctx, tx, r)
				if err != nil {
					return edm.Page{}, err
				}
				return relatedPage(ctx, tx, r, in)
			})
		}},
		Get: edm.Get{May: may, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
			return view(ctx, s.DB, func(tx *sqldb.Tx) (edm.Item, error) {
				in, err := seen(ctx, tx, r)
				if err != nil {
					return edm.Item{}, err
				}
				return relatedOne(ctx, tx, r, in)
			})
		}},
	}
}

// listed is a part whose objects are not read one by one.
func listed(set *edm.Set) *edm.Set {
	set.Get = edm.Get{}
	return set
}

// relatedOne returns the object in scope that the path names.
func relatedOne(ctx context.Context, tx *sqldb.Tx, r *edm.Request, scope directory.Scope) (edm.Item, error) {
	list, err := directory.ListObjects(ctx, tx, r.Who.Tenant, scope, "", query.Query{Filter: query.Compare{Field: "id", Op: query.Eq, Value: r.ID}})
	if err == nil && len(list.Items) == 0 {
		err = object.Missing(r.ID)
	}
	if err != nil {
		return edm.Item{}, err
	}
	items, err := Items(ctx, tx, r, list.Items)
	if err != nil {
		return edm.Item{}, err
	}
	return items[0], nil
}

// relatedPage returns a page of the objects in scope. That they are asked by
// what the caller may read only is checked by the engine: see edm.Set.Of.
func relatedPage(ctx context.Context, tx *sqldb.Tx, r *edm.Request, scope directory.Scope) (edm.Page, error) {
	switch {
	case r.Cast == edm.Of(string(object.User)) && r.Reads(r.Cast):
		return userPage(ctx, tx, r, scope)
	case r.Cast == edm.Of(string(object.Group)) && r.Reads(r.Cast):
		return groupPage(ctx, tx, r, scope)
	}
	return objectPage(ctx, tx, r, scope)
}

// objectPage returns a page of the objects in scope, whatever they are.
func objectPage(ctx context.Context, tx *sqldb.Tx, r *edm.Request, scope directory.Scope) (page edm.Page, err error) {
	var kind object.Kind
	if r.Cast != "" && r.Cast != edm.Of("directoryObject") {
		kind = object.Kind(r.Cast.Short())
	}
	if r.Count {
		if page.Total, err = directory.CountObjects(ctx, tx, r.Who.Tenant, scope, kind, r.Query.Filter); err != nil || r.Only {
			return page, err
		}
	}
	list, err := directory.ListObjects(ctx, tx, r.Who.Tenant, scope, kind, r.Query)
	if err != nil {
		return page, err
	}
	page.Next = list.Next
	page.Items, err = Items(ctx, tx, r, list.Items)
	return page, err
}

// batch bounds the identifiers in one statement, below query.MaxNodes.
const batch = 400

// Items renders objects of any kind, in their order. Those of a kind that the
// caller may not read show their identifiers alone.
func Items(ctx context.Context, tx *sqldb.Tx, r *edm.Request, list []object.Object) ([]edm.Item, error) {
	shown := make(map[string]edm.Item, len(list))
	for part := range slices.Chunk(list, batch) {
		if err := render(ctx, tx, r, part, shown); err != nil {
			return nil, err
		}
	}
	out := make([]edm.Item, len(list))
	for i, o := range list {
		it, ok := shown[string(o.ID)]
		if !ok {
			var err error
			if it, err = item(string(o.ID), map[string]ids.ObjectID{"id": o.ID}); err != nil {
				return nil, err
			}
			it.Type = edm.Of(string(o.Kind))
		}
		out[i] = it
	}
	return out, nil
}

// render fills shown with those of the objects that the caller may read.
func render(ctx context.Context, tx *sqldb.Tx, r *edm.Request, list []object.Object, shown map[string]edm.Item) error {
	of := make(map[object.Kind][]any)
	for _, o := range list {
		if r.Reads(edm.Of(string(o.Kind))) {
			of[o.Kind] = append(of[o.Kind], string(o.ID))
		}
	}
	for kind, keys := range of {
		page, err := itemsOfKind(ctx, tx, r, kind, query.Query{Filter: query.In{Field: "id", Values: keys}})
		if err != nil {
			return err
		}
		for _, it := range page {
			shown[it.ID] = it
		}
	}
	return nil
}

func itemsOfKind(ctx context.Context, tx *sqldb.Tx, r *edm.Request, kind object.Kind, q query.Query) ([]edm.Item, error) {
	tenant, rest := r.Who.Tenant, wantsRest(r)
	switch kind {
	case object.User:
		rows, err := directory.ListUsers(ctx, tx, tenant, q, rest)
		return rowItems(rows.Items, kind), err
	case object.Group:
		rows, err := directory.ListGroups(ctx, tx, tenant, directory.Scope{}, q, rest)
		return rowItems(rows.Items, kind), err
	case object.ServicePrincipal:
		page, err := app.ListPrincipals(ctx, tx, tenant, q)
		return itemsFrom(page.Items, err, kind, func(p *app.ServicePrincipal) string { return string(p.ID) })
	case object.Application:
		page, err := app.ListApplications(ctx, tx, tenant, q)
		faces := make([]app.Face, len(page.Items))
		for i, a := range page.Items {
			faces[i], _ = a.Faces()
		}
		return itemsFrom(faces, err, kind, func(f app.Face) string { return string(f.ID) })
	case object.DirectoryRole:
		all, err := roleItems(ctx, tx, tenant)
		if err != nil {
			return nil, err
		}
		return edm.Matching(all, q.Filter)
	}
	return nil, nil
}

// itemsFrom renders values whose JSON is Graph's.
func itemsFrom[T any](list []T, err error, kind object.Kind, id func(T) string) ([]edm.Item, error) {
	out := make([]edm.Item, len(list))
	for i, v := range list {
		if err != nil {
			break
		}
		out[i], err = item(id(v), v)
		out[i].Type = edm.Of(string(kind))
	}
	return out, err
}

// asksGroups is what it takes to ask whose groups an object is in.
var asksGroups = edm.Alike(edm.Any("GroupMember.Read.All", "Group.Read.All", "Group.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"))

// mostGroups is the greatest number of groups that checkMemberGroups takes.
const mostGroups = 20

// MemberActions are the questions for memberships, through other groups too.
// A person asks them of others with the right that needs names.
// https://learn.microsoft.com/graph/api/directoryobject-checkmembergroups?view=graph-rest-1.0
func (s Services) MemberActions(needs authz.Action) []edm.Action {
	may := asksGroups.Needing(needs)
	texts := edm.Many(edm.String)
	check := func(name, param string, do func(context.Context, *edm.Request) (json.RawMessage, error)) edm.Action {
		return edm.Action{
			Name: name, Returns: texts, May: may, Do: do,
			Params: []edm.Prop{{Name: param, Type: texts, NotNull: true, Write: edm.CU, Required: true}},
		}
	}
	get := func(name string, do func(context.Context, *edm.Request) (json.RawMessage, error)) edm.Action {
		return edm.Action{
			Name: name, Returns: texts, May: may, Do: do,
			Params: []edm.Prop{{Name: "securityEnabledOnly", Type: edm.Boolean, Write: edm.CU}},
		}
	}
	return []edm.Action{
		check("checkMemberGroups", "groupIds", s.checkMember("groupIds", directory.GroupsWithin)),
		check("checkMemberObjects", "ids", s.checkMember("ids", directory.ObjectsWithin)),
		get("getMemberGroups", s.getMemberships(directory.GroupsWithin)),
		get("getMemberObjects", s.getMemberships(directory.ObjectsWithin)),
	}
}

// An among returns those of the identifiers that belong to what is in scope, or
// all without identifiers; of security groups alone if it is told so.
type among = func(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, s directory.Scope, of []ids.ObjectID, securityOnly bool) ([]ids.ObjectID, error)

func (s Services) checkMember(param string, find among) func(context.Context, *edm.Request) (json.RawMessage, error) {
	return func(ctx context.Context, r *edm.Request) (json.RawMessage, error) {
		var ask map[string][]string
		if err := json.Unmarshal(r.Body, &ask); err != nil {
			return nil, err
		}
		if n := len(ask[param]); n == 0 || n > mostGroups {
			return nil, fault.InvalidAt(param, "Invalid value specified for property '%s': between 1 and %d identifiers are allowed.", param, mostGroups)
		}
		var of []ids.ObjectID
		for _, text := range ask[param] {
			id, err := ids.Parse[ids.ObjectID](text)
			if err != nil {
				return nil, err
			}
			of = append(of, id)
		}
		return s.membershipsAmong(ctx, r, find, of, false)
	}
}

func (s Services) getMemberships(find among) func(context.Context, *edm.Request) (json.RawMessage, error) {
	return func(ctx context.Context, r *edm.Request) (json.RawMessage, error) {
		var ask struct {
			SecurityOnly bool `json:"securityEnabledOnly"`
		}
		if err := json.Unmarshal(r.Body, &ask); err != nil {
			return nil, err
		}
		return s.membershipsAmong(ctx, r, find, nil, ask.SecurityOnly)
	}
}

func (s Services) membershipsAmong(ctx context.Context, r *edm.Request, find among, of []ids.ObjectID, securityOnly bool) (json.RawMessage, error) {
	list, err := view(ctx, s.DB, func(tx *sqldb.Tx) ([]ids.ObjectID, error) {
		if _, err := object.Get(ctx, tx, r.Who.Tenant, ids.ObjectID(r.ID)); err != nil {
			return nil, err
		}
		v, err := directory.ViewerOf(ctx, tx, r.Who)
		if err != nil {
			return nil, err
		}
		return find(ctx, tx, r.Who.Tenant, directory.AllGroupsOf(ids.ObjectID(r.ID)).SeenBy(v), of, securityOnly)
	})
	if err != nil {
		return nil, err
	}
	return json.Marshal(list)
}
