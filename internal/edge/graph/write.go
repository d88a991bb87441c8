package graph

import (
	"context"
	"maps"
	"net/http"
	"slices"

	"entente/internal/core/authz"
	"entente/internal/edge/graph/edm"
)

func (c *call) create(ctx context.Context, g edm.Grant) error {
	set := c.target.set()
	body, err := c.readEntity(set)
	if err != nil {
		return err
	}
	if err := body.ForCreate(); err != nil {
		return err
	}
	return c.createFrom(ctx, g, body, "")
}

// upsert creates what an alternate key names and does not exist.
func (c *call) upsert(ctx context.Context, g edm.Grant) error {
	set := c.target.set()
	by := c.target.steps[len(c.target.steps)-1].key
	body, err := c.readEntity(set)
	if err != nil {
		return err
	}
	p := c.Registry.Prop(set.Type, c.request.Version, by.by.Name)
	if p.Write == edm.C || p.Write == edm.CU {
		err = body.Set(p.Name, by.value)
	}
	if err == nil {
		err = body.ForCreate()
	}
	if err != nil {
		return err
	}
	c.request.Named = by.value
	c.w.Header().Add("Preference-Applied", "create-if-missing")
	return c.createFrom(ctx, g, body, by.by.Name)
}

func (c *call) createFrom(ctx context.Context, g edm.Grant, body *edm.Body, key string) error {
	if err := c.within(g, body, key); err != nil {
		return err
	}
	var err error
	if c.request.Body, err = body.JSON(); err != nil {
		return err
	}
	if err := c.bind(ctx, body); err != nil {
		return err
	}
	it, err := c.target.set().Create.Do(ctx, c.request)
	if err != nil {
		return err
	}
	if c.request.Status(0) == http.StatusAccepted {
		return c.accepted()
	}
	c.w.Header().Set("Location", c.location(it))
	if c.prefer.minimal {
		c.w.Header().Set("OData-EntityId", c.location(it))
		return c.noContent("return=minimal")
	}
	if c.prefer.representation {
		c.w.Header().Add("Preference-Applied", "return=representation")
	}
	return c.writeItem(http.StatusCreated, it, c.shapes(g))
}

// within refuses a body that sets, or refers to, more than the permission reaches.
func (c *call) within(g edm.Grant, body *edm.Body, but string) error {
	for _, name := range slices.Concat(body.Names(), slices.Sorted(maps.Keys(body.Binds()))) {
		if name != but && !g.Reaches(name) {
			return authz.Refuse().With("property", name)
		}
	}
	return nil
}

func (c *call) update(ctx context.Context, g edm.Grant) error {
	set := c.target.set()
	body, err := c.readEntity(set)
	if err != nil {
		return err
	}
	fixed, err := body.ForUpdate(c.request.ID)
	if err != nil {
		return err
	}
	if err := c.within(g, body, ""); err != nil {
		return err
	}
	if err := c.unchanged(ctx, fixed); err != nil {
		return err
	}
	if c.request.Body, err = body.JSON(); err != nil {
		return err
	}
	if err := c.bind(ctx, body); err != nil {
		return err
	}
	if err := set.Update.Do(ctx, c.request); err != nil {
		return err
	}
	switch {
	case c.prefer.representation && set.Get.Do != nil:
	case c.prefer.minimal:
		return c.noContent("return=minimal")
	default:
		return c.noContent("")
	}
	c.w.Header().Add("Preference-Applied", "return=representation")
	it, err := set.Get.Do(ctx, c.request)
	if err != nil {
		return err
	}
	return c.writeItem(http.StatusOK, it, c.shapes(g))
}

// unchanged refuses other values for what is set at creation only.
func (c *call) unchanged(ctx context.Context, fixed map[string]any) error {
	if len(fixed) == 0 {
		return nil
	}
	for name := range fixed {
		if c.target.set().Get.Do == nil {
			return edm.ReadOnlyFault(name)
		}
	}
	it, err := c.target.set().Get.Do(ctx, c.request)
	if err != nil {
		return err
	}
	for name, want := range fixed {
		have, err := it.Value(name)
		if err != nil {
			return err
		}
		if !sameJSON(have, want) {
			return edm.ReadOnlyFault(name)
		}
	}
	return nil
}

// put makes or replaces an entity as a whole.
func (c *call) put(ctx context.Context, g edm.Grant) error {
	set := c.target.set()
	body, err := c.readEntity(set)
	if err != nil {
		return err
	}
	if err := body.ForPut(c.request.ID); err != nil {
		return err
	}
	if err := c.within(g, body, ""); err != nil {
		return err
	}
	if c.request.Body, err = body.JSON(); err != nil {
		return err
	}
	if err := c.bind(ctx, body); err != nil {
		return err
	}
	it, err := set.Put.Do(ctx, c.request)
	switch {
	case err != nil:
		return err
	case len(it.Face) == 0 || c.prefer.minimal:
		return c.noContent("")
	}
	status := c.request.Status(http.StatusCreated)
	if status == http.StatusCreated {
		c.w.Header().Set("Location", c.base+c.place(it))
	}
	return c.writeItem(status, it, c.shapes(g))
}

func (c *call) remove(ctx context.Context, _ edm.Grant) error {
	if err := c.target.set().Delete.Do(ctx, c.request); err != nil {
		return err
	}
	return c.noContent("")
}
