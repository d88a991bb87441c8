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

// maxExpanded is how many entities $expand shows of a collection. There is no
// link to more: whoever wants all asks for the collection itself.
// https://learn.microsoft.com/graph/query-parameters#expand-parameter
const maxExpanded = 20

// maxLevels is how far $levels goes, max included: a chain of managers may be a
// circle.
const maxLevels = 20

// maxBelow bounds what $levels reads for one page: pages get smaller by it, and
// a link leads on.
const maxBelow = 2000

// An expansion is a part that stands within its entities.
type expansion struct {
	part     *edm.Set
	name     string
	selected []string              // nil for the usual members
	levels   int                   // how many times the part is expanded in what it shows
	known    map[string][]edm.Item // what stands below an entity, of a part that goes on: many have one manager
	shapes   *shapes
}

// readExpand reads $expand: one part, no more than one level down, with $select
// within. Whoever may not read the part may not expand it either.
func (c *call) readExpand() error {
	items := c.options.Expand
	if len(items) == 0 {
		return nil
	}
	if c.target.set().Deep {
		var err error
		c.tree, err = c.readTree(c.target.set(), items, 1)
		return err
	}
	e := items[0]
	part, err := c.expanded(e)
	switch {
	case err != nil:
		return err
	case len(items) > 1:
		return noExpand("Only one property can be expanded in a single query.")
	case (c.options.advanced || c.options.Search != nil) && e.Options.Levels == 0:
		return noExpand("The query option $expand is not supported in an advanced query.")
	}
	x := &expansion{part: part, name: part.Path.In(c.request.Version), levels: e.Options.Levels, known: make(map[string][]edm.Item)}
	switch {
	case x.levels == 0:
		x.levels = 1
	case x.levels < 0, x.levels > maxLevels:
		x.levels = maxLevels
	}
	if x.selected, err = c.selection(part.Type, part, e.Options.Select); err != nil {
		return err
	}
	if unknown := c.Registry.Unknown(c.request.Version, part.Type, x.selected); unknown != "" {
		return unknownSelect(unknown, part.Type)
	}
	g, may := part.Reading().Judge(c.request.Who, c.own())
	if !may {
		return c.deny(part.Reading(), edm.Reach{Self: c.own()})
	}
	if err := c.mayRead(c.r.Context(), part.Reading()); err != nil {
		return err
	}
	if err := c.learn(c.r.Context(), part.Of); err != nil {
		return err
	}
	x.shapes = &shapes{c: c, grant: g, selected: x.selected, declared: part.Type, usual: part.Type, linked: part.Of, seen: make(map[edm.Type]edm.Shape)}
	c.expand = x
	return nil
}

// expanded finds the part that is to be expanded.
func (c *call) expanded(e odata.Expand) (*edm.Set, error) {
	set, name := c.target.set(), strings.Join(e.Path, "/")
	part := set.Part(c.request.Version, e.Path[0])
	o := e.Options
	switch {
	case part == nil && name != "*":
		return nil, unknownSelect(name, set.Type)
	case part == nil, len(e.Path) > 1, e.Ref, e.Count, !part.Readable():
		return nil, noExpand("The query option $expand is not supported for '" + name + "'.")
	case !c.expands():
		return nil, noExpand("The query option $expand is not supported here.")
	case len(o.Expand) > 0:
		return nil, noExpand("The query option $expand cannot stand within $expand.")
	case o.Filter != nil, o.Search != nil, o.OrderBy != nil, o.Top != nil, o.Skip != nil, o.Count != nil, o.Levels != 0 && !part.Levels:
		return nil, noExpand("Within $expand only $select is supported.")
	}
	return part, nil
}

// expands reports whether the answer has entities that can be expanded.
func (c *call) expands() bool {
	lists := c.target.kind == toAction && c.target.action.List != nil
	return c.r.Method == "GET" && (c.target.kind == toEntity || c.target.kind == toCollection || lists)
}

func noExpand(say string) error {
	return fault.Because(fault.Invalid, unsupported, "%s", say).With("segment", "$expand")
}

// fragment returns the expansion as it stands in a context URL.
func (x *expansion) fragment() string { return x.name + "(" + strings.Join(x.selected, ",") + ")" }

// appendExpanded writes what $expand shows of an entity, behind its members.
func (c *call) appendExpanded(b []byte, it edm.Item, first bool) ([]byte, error) {
	if c.tree != nil {
		return c.appendTree(b, first, keysTo(c.target.set(), c.request.Parents, it), c.tree)
	}
	if c.expand == nil {
		return b, nil
	}
	return c.appendLevel(b, it, first, 1)
}

// appendLevel writes what stands below an entity that is itself so many levels
// down. Where $levels goes on, it ends without a word when nothing follows.
func (c *call) appendLevel(b []byte, it edm.Item, first bool, level int) ([]byte, error) {
	x := c.expand
	below, known := x.known[it.ID]
	var err error
	if !known {
		below, err = c.below(c.r.Context(), x, it)
	}
	if err == nil && x.levels > 1 {
		x.known[it.ID] = below
	}
	if err != nil || len(below) == 0 && level > 1 {
		return b, err
	}
	if !first {
		b = append(b, ',')
	}
	b = append(append(b, quoted(x.name)...), ':')
	switch {
	case x.part.Single && len(below) == 0:
		return append(b, "null"...), nil
	case x.part.Single:
		return c.appendBelow(b, below[0], level)
	}
	b = append(b, '[')
	for i, one := range below {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = c.appendBelow(b, one, level); err != nil {
			return nil, err
		}
	}
	return append(b, ']'), nil
}

// appendBelow writes one entity of the part, and on from it.
func (c *call) appendBelow(b []byte, it edm.Item, level int) ([]byte, error) {
	b, err := c.appendItem(append(b, '{'), it, c.expand.shapes, true)
	if err == nil && level < c.expand.levels {
		b, err = c.appendLevel(b, it, b[len(b)-1] == '{', level+1)
	}
	return append(b, '}'), err
}

// below reads the entities of the part. An entity that went away meanwhile has
// none, and one whose part is hidden from the caller shows none.
func (c *call) below(ctx context.Context, x *expansion, it edm.Item) (items []edm.Item, err error) {
	r := *c.request
	r.Parents, r.ID, r.Cast = append(slices.Clone(r.Parents), it.ID), "", ""
	r.Query, r.Count, r.Only = query.Query{Page: query.Page{Limit: maxExpanded}}, false, false
	r.Selected = c.names(x.part.Type, x.selected)
	if x.part.Single {
		var one edm.Item
		if one, err = x.part.Get.Do(ctx, &r); err == nil {
			items = []edm.Item{one}
		}
	} else {
		var page edm.Page
		page, err = x.part.List.Do(ctx, &r)
		items = page.Items[:min(len(page.Items), maxExpanded)]
	}
	if errors.Is(err, fault.NotFound) || errors.Is(err, authz.Denied) {
		return nil, nil
	}
	return items, err
}
