package graph

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"entente/internal/edge/graph/edm"
)

// refs answers with the addresses of a collection's entities.
func (c *call) refs(ctx context.Context, g edm.Grant) error {
	if err := c.readQuery(g); err != nil {
		return err
	}
	page, err := c.page(ctx)
	if err != nil {
		return err
	}
	return c.refsOf(page.Items)
}

// ref answers with the address of a single entity.
func (c *call) ref(ctx context.Context, _ edm.Grant) error {
	it, err := c.target.set().Get.Do(ctx, c.request)
	if err != nil {
		return err
	}
	b := []byte{'{'}
	if c.level != none {
		b = append(c.appendContext(b, "$ref"), ',')
	}
	return c.write(http.StatusOK, append(appendPair(b, "@odata.id", c.base+"/directoryObjects/"+it.ID, true), '}'))
}

// refer returns the identifier of a reference, which may name a user by
// userPrincipalName.
func (c *call) refer(ctx context.Context, ref string) (string, error) {
	if !strings.Contains(ref, "@") {
		return ref, nil
	}
	return c.Registry.Set(c.request.Version, "users").PlainKey().Find(ctx, c.request, ref)
}

// bind makes what the body refers to part of the request.
func (c *call) bind(ctx context.Context, body *edm.Body) (err error) {
	c.request.Binds = body.Binds()
	for _, refs := range c.request.Binds {
		for i, ref := range refs {
			if refs[i], err = c.refer(ctx, ref); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *call) link(ctx context.Context, _ edm.Grant) error {
	raw, err := c.readBody()
	if err != nil {
		return err
	}
	ref, err := edm.ReadReference(raw)
	if err != nil {
		return err
	}
	if c.request.Ref, err = c.refer(ctx, ref); err != nil {
		return err
	}
	if err := c.target.set().Link.Do(ctx, c.request); err != nil {
		return err
	}
	return c.noContent("")
}

// unlink removes a reference: the one before $ref, or that of $id.
func (c *call) unlink(ctx context.Context, _ edm.Grant) error {
	set := c.target.set()
	c.request.Ref = c.request.ID
	if c.target.kind == toRefs && !set.Single {
		ref, err := edm.ParseReference(c.options.ID)
		if err != nil {
			return err
		}
		if c.request.Ref, err = c.refer(ctx, ref); err != nil {
			return err
		}
	}
	if err := set.Unlink.Do(ctx, c.request); err != nil {
		return err
	}
	return c.noContent("")
}

// paramsOf returns the parameters of an action, checked against the declaration
// unless the behavior does that.
func (c *call) paramsOf(a *edm.Action, raw []byte) (json.RawMessage, error) {
	var body *edm.Body
	var err error
	if a.Raw {
		body, err = c.Registry.ReadRaw(c.request.Version, edm.Of(a.Name), raw)
	} else {
		body, err = c.Registry.ReadParams(c.request.Version, a, raw)
	}
	if err != nil {
		return nil, err
	}
	return body.JSON()
}

// act calls an action or function.
func (c *call) act(ctx context.Context, g edm.Grant) error {
	a := c.target.action
	raw, err := c.params(a)
	if err != nil {
		return err
	}
	if c.request.Body, err = c.paramsOf(a, raw); err != nil {
		return err
	}
	if a.List != nil {
		return c.listOf(ctx, g, a.List)
	}
	result, err := a.Do(ctx, c.request)
	switch {
	case err != nil:
		return err
	case c.request.Status(0) == http.StatusAccepted:
		return c.accepted()
	case a.Returns == "":
		return c.noContent("")
	}
	return c.writeResult(a.Returns, result)
}
