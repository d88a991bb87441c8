package directory

import (
	"context"
	"encoding/json"
	"slices"

	"entente/internal/core/directory"
	"entente/internal/core/object"
	"entente/internal/edge/graph/edm"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// objects is the entity set /directoryObjects: whatever has an identifier, as
// the entity that it is.
// https://learn.microsoft.com/graph/api/resources/directoryobject?view=graph-rest-1.0
func (s Services) objects() *edm.Set {
	may := edm.Alike(edm.Any("Directory.Read.All", "Directory.ReadWrite.All")).Needing("users/standard/read")
	return &edm.Set{
		Path: edm.Both("directoryObjects"), Type: edm.Of("directoryObject"), Of: ofAnything,
		Doc:     "https://learn.microsoft.com/graph/api/resources/directoryobject?view=graph-rest-1.0",
		Get:     edm.Get{May: may, Do: s.getObject},
		Actions: s.MemberActions("users/memberOf/read"),
		Common: []edm.Action{{
			Name: "getByIds", Returns: edm.Many(edm.Of("directoryObject")), May: may, Do: s.getByIDs,
			Params: []edm.Prop{
				{Name: "ids", Type: edm.Many(edm.String), NotNull: true, Write: edm.CU, Required: true},
				{Name: "types", Type: edm.Many(edm.String), Write: edm.CU},
			},
		}},
	}
}

func (s Services) getObject(ctx context.Context, r *edm.Request) (edm.Item, error) {
	return view(ctx, s.DB, func(tx *sqldb.Tx) (edm.Item, error) {
		o, err := object.Get(ctx, tx, r.Who.Tenant, ids.ObjectID(r.ID))
		if err != nil {
			return edm.Item{}, err
		}
		list, err := Items(ctx, tx, r, []object.Object{o})
		if err != nil {
			return edm.Item{}, err
		}
		return list[0], nil
	})
}

// mostIDs is the greatest number of identifiers that getByIds takes.
const mostIDs = 1000

// getByIDs returns the objects that have one of the identifiers, and one of the
// types if any is named. What does not exist is missing from the answer.
// https://learn.microsoft.com/graph/api/directoryobject-getbyids?view=graph-rest-1.0
func (s Services) getByIDs(ctx context.Context, r *edm.Request) (json.RawMessage, error) {
	var ask struct {
		IDs   []string `json:"ids"`
		Types []string `json:"types"`
	}
	if err := json.Unmarshal(r.Body, &ask); err != nil {
		return nil, err
	}
	if n := len(ask.IDs); n == 0 || n > mostIDs {
		return nil, fault.InvalidAt("ids", "Invalid value specified for property 'ids': between 1 and %d identifiers are allowed.", mostIDs)
	}
	keys := make([]any, len(ask.IDs))
	for i, text := range ask.IDs {
		id, err := ids.Parse[ids.ObjectID](text)
		if err != nil {
			return nil, err
		}
		keys[i] = string(id)
	}
	list, err := view(ctx, s.DB, func(tx *sqldb.Tx) ([]edm.Item, error) { return found(ctx, tx, r, keys, ask.Types) })
	if err != nil {
		return nil, err
	}
	return typed(list)
}

func found(ctx context.Context, tx *sqldb.Tx, r *edm.Request, keys []any, types []string) ([]edm.Item, error) {
	var list []object.Object
	for part := range slices.Chunk(keys, batch) {
		q := query.Query{Filter: query.In{Field: "id", Values: part}}
		page, err := directory.ListObjects(ctx, tx, r.Who.Tenant, directory.Scope{}, "", q)
		if err != nil {
			return nil, err
		}
		for _, o := range page.Items {
			name := string(o.Kind)
			if len(types) == 0 || slices.Contains(types, name) || slices.Contains(types, string(edm.Of(name))) {
				list = append(list, o)
			}
		}
	}
	return Items(ctx, tx, r, list)
}

// typed returns entities as an array in which each says what it is.
func typed(list []edm.Item) (json.RawMessage, error) {
	out := make([]json.RawMessage, len(list))
	for i, it := range list {
		var err error
		if out[i], err = named(it); err != nil {
			return nil, err
		}
	}
	return json.Marshal(out)
}

// named returns an entity that says what it is.
func named(it edm.Item) (json.RawMessage, error) {
	name, err := json.Marshal("#" + string(it.Type))
	if err != nil {
		return nil, err
	}
	out := append(append([]byte(`{"@odata.type":`), name...), ',')
	return append(out, it.Face[1:]...), nil // the face is an object with at least an identifier
}
