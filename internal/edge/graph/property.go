package graph

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"

	"entente/internal/core/authz"
	"entente/internal/edge/graph/edm"
)

// property answers with a property of an entity, or of a complex value in it:
// as JSON, or bare behind $value. Null has no content (OData 4.01, part 1,
// section 11.2.6).
func (c *call) property(ctx context.Context, g edm.Grant) error {
	root := c.target.props[0]
	if !g.Reaches(root.Name) {
		return authz.Refuse().With("property", root.Name)
	}
	c.request.Selected = map[string]bool{root.Name: true}
	it, err := c.target.set().Get.Do(ctx, c.request)
	if err != nil {
		return err
	}
	value, last, err := c.follow(it)
	switch {
	case err != nil:
		return err
	case value == nil && last.Type.IsMany():
		value = []byte("[]")
	case value == nil:
		c.w.WriteHeader(http.StatusNoContent)
		return nil
	}
	switch c.target.kind {
	case toLength:
		var all []json.RawMessage
		if err := json.Unmarshal(value, &all); err != nil {
			return err
		}
		return c.writeText(strconv.AppendInt(nil, int64(len(all)), 10))
	case toValue:
		var s string
		if json.Unmarshal(value, &s) == nil {
			value = []byte(s)
		}
		return c.writeText(value)
	}
	at := c.path(c.target.steps)
	if !c.target.set().Single {
		at += "('" + it.ID + "')"
	}
	for _, p := range c.target.props {
		at += "/" + p.In(c.request.Version)
	}
	if c.Registry.IsComplex(last.Type) {
		return c.writeComplex(at, value)
	}
	return c.writeValue(at, value)
}

// follow returns the value at the end of the target's properties, nil for null,
// and the last property.
func (c *call) follow(it edm.Item) (value json.RawMessage, last *edm.Prop, err error) {
	for i, p := range c.target.props {
		if last = p; p.Show == edm.Never {
			return nil, p, nil
		}
		if i == 0 {
			value, err = it.Value(p.Name)
		} else {
			value, err = edm.Item{ID: it.ID, Face: value}.Value(p.Name)
		}
		if err != nil || value == nil {
			return nil, c.target.props[len(c.target.props)-1], err
		}
	}
	return value, last, nil
}
