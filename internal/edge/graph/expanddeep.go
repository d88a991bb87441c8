package graph

import (
	"context"
	"errors"
	"slices"
	"strings"

	"entente/internal/core/authz"
	"entente/internal/edge/graph/edm"
	"entente/internal/kit/fault"
	"entente/internal/kit/odata"
	"entente/internal/kit/query"
)

// maxDeep is how many entities $expand shows of a collection where it goes deep,
// and deepest how far down it goes.
const (
	maxDeep = 200
	deepest = 4
)

// A branch is a part that stands within the entities of a set that is expanded
// deeply, with what stands within its own.
type branch struct {
	expansion
	below []*branch
}

// readTree reads $expand for a set that takes several parts.
func (c *call) readTree(set *edm.Set, items []odata.Expand, depth int) (list []*branch, err error) {
	if !c.expands() || depth > deepest {
		return nil, noExpand("The query option $expand is not supported here.")
	}
	for _, e := range items {
		if len(e.Path) == 1 && e.Path[0] == "*" {
			for _, part := range set.Parts {
				if name := part.Path.In(c.request.Version); name != "" && part.Readable() {
					items = append(items, odata.Expand{Path: []string{name}})
				}
			}
		}
	}
	seen := make(map[*edm.Set]bool)
	for _, e := range items {
		if len(e.Path) == 1 && e.Path[0] == "*" {
			continue
		}
		if len(e.Path) == 1 && set.Part(c.request.Version, e.Path[0]) == nil && c.whole(set, e.Path[0]) {
			continue
		}
		b, err := c.branch(set, e, depth)
		if err != nil {
			return nil, err
		}
		if !seen[b.part] {
			seen[b.part] = true
			list = append(list, b)
		}
	}
	return list, nil
}

// whole reports whether a name is of a property that holds entities and stands in
// the answer anyway: the questions of a policy.
func (c *call) whole(set *edm.Set, name string) bool {
	p := c.Registry.FoldProp(set.Type, c.request.Version, name)
	return p != nil && p.Type.IsMany() && c.Registry.IsComplex(p.Type.Item())
}

func (c *call) branch(set *edm.Set, e odata.Expand, depth int) (*branch, error) {
	part, o := set.Part(c.request.Version, e.Path[0]), e.Options
	switch name := strings.Join(e.Path, "/"); {
	case part == nil:
		return nil, unknownSelect(name, set.Type)
	case len(e.Path) > 1, e.Ref, e.Count, !part.Readable():
		return nil, noExpand("The query option $expand is not supported for '" + name + "'.")
	case o.Filter != nil, o.Search != nil, o.OrderBy != nil, o.Top != nil, o.Skip != nil, o.Count != nil, o.Levels != 0:
		return nil, noExpand("Within $expand only $select and $expand are supported.")
	}
	b := &branch{expansion: expansion{part: part, name: part.Path.In(c.request.Version)}}
	var err error
	if b.selected, err = c.selection(part.Type, part, o.Select); err != nil {
		return nil, err
	}
	if unknown := c.Registry.Unknown(c.request.Version, part.Type, b.selected); unknown != "" {
		return nil, unknownSelect(unknown, part.Type)
	}
	reading := part.Reading()
	if c.target.kind == toAction && !part.Linked && len(part.Of) == 0 { // of what is the caller's own, the service says how much
		reading = c.target.action.May
	}
	g, may := reading.Judge(c.request.Who, c.own())
	if !may {
		return nil, c.deny(reading, edm.Reach{Self: c.own()})
	}
	if err := c.mayRead(c.r.Context(), reading); err != nil {
		return nil, err
	}
	if err := c.learn(c.r.Context(), part.Of); err != nil {
		return nil, err
	}
	b.shapes = &shapes{c: c, grant: g, selected: b.selected, declared: part.Type, usual: part.Type, linked: part.Of, seen: make(map[edm.Type]edm.Shape)}
	if len(o.Expand) > 0 {
		b.below, err = c.readTree(part, o.Expand, depth+1)
	}
	return b, err
}

// treeFragment returns branches as they stand in a context URL.
func treeFragment(list []*branch) (words []string) {
	for _, b := range list {
		words = append(words, b.name+"("+strings.Join(append(slices.Clone(b.selected), treeFragment(b.below)...), ",")+")")
	}
	return words
}

// appendTree writes what stands within an entity, behind its members. The keys
// are those on the way to it, its own last, as a path to its parts has them.
func (c *call) appendTree(b []byte, first bool, keys []string, list []*branch) ([]byte, error) {
	for _, x := range list {
		items, err := c.grown(c.r.Context(), x, keys)
		if err != nil {
			return nil, err
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(append(b, quoted(x.name)...), ':')
		if x.part.Single && len(items) == 0 {
			b = append(b, "null"...)
			continue
		}
		if b, err = c.appendNodes(b, items, keys, x); err != nil {
			return nil, err
		}
	}
	return b, nil
}

func (c *call) appendNodes(b []byte, items []edm.Item, keys []string, x *branch) ([]byte, error) {
	if !x.part.Single {
		b = append(b, '[')
	}
	for i, it := range items {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = c.appendItem(append(b, '{'), it, x.shapes, true); err != nil {
			return nil, err
		}
		if b, err = c.appendTree(b, b[len(b)-1] == '{', keysTo(x.part, keys, it), x.below); err != nil {
			return nil, err
		}
		b = append(b, '}')
	}
	if !x.part.Single {
		b = append(b, ']')
	}
	return b, nil
}

// keysTo returns the keys on the way to an entity: a single one adds none.
func keysTo(set *edm.Set, keys []string, it edm.Item) []string {
	if set.Single {
		return keys
	}
	return append(slices.Clone(keys), it.ID)
}

// grown reads the entities of a part below an entity.
func (c *call) grown(ctx context.Context, x *branch, keys []string) ([]edm.Item, error) {
	r := *c.request
	r.Parents, r.ID, r.Cast = keys, "", ""
	r.Query, r.Count, r.Only = query.Query{Page: query.Page{Limit: maxDeep}}, false, false
	r.Selected = c.names(x.part.Type, x.selected)
	var items []edm.Item
	var err error
	if x.part.Single {
		var one edm.Item
		if one, err = x.part.Get.Do(ctx, &r); err == nil && len(one.Face) > 0 {
			items = []edm.Item{one}
		}
	} else {
		var page edm.Page
		page, err = x.part.List.Do(ctx, &r)
		items = page.Items[:min(len(page.Items), maxDeep)]
	}
	if errors.Is(err, fault.NotFound) || errors.Is(err, authz.Denied) {
		return nil, nil
	}
	return items, err
}
