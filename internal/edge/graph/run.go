package graph

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"entente/internal/core/authz"
	"entente/internal/edge/graph/edm"
	"entente/internal/kit/fault"
)

// An operation is what a method does to a target: who may, and the steps.
type operation struct {
	may edm.Access
	do  func(ctx context.Context, g edm.Grant) error
}

// run finds the operation, checks the permission, resolves the keys and lets
// the operation answer.
func (c *call) run() error {
	ctx := c.r.Context()
	op, ok := c.operation()
	if !ok {
		c.w.Header().Set("Allow", strings.Join(c.methods(), ", "))
		return methodNotAllowed(c.r.Method + " " + c.target.set().Path.String())
	}
	if cast := c.target.cast; cast != "" && !c.target.key {
		op.may = op.may.For(cast)
	}
	if err := c.admit(ctx, op.may); err != nil {
		return err
	}
	who := c.request.Who
	missing, err := c.resolve(ctx)
	_, others := op.may.Judge(who, false)
	switch {
	case err != nil && !others && errors.Is(err, fault.NotFound):
		return c.deny(op.may, edm.Reach{}) // whoever may see only themselves learns nothing of others
	case err != nil:
		return err
	}
	if op.may, err = c.byType(ctx, op.may); err != nil {
		return err
	}
	self := c.own()
	grant, may := op.may.Judge(who, self)
	if !may {
		return c.deny(op.may, edm.Reach{Self: self})
	}
	if err := c.mayRead(ctx, op.may); err != nil {
		return err
	}
	if err := c.learn(ctx, c.target.set().Of); err != nil {
		return err
	}
	if err := c.readOptions(); err != nil {
		return err
	}
	if err := c.matches(missing); err != nil {
		return err
	}
	if missing {
		op = operation{c.target.set().Create.May, c.upsert}
		if grant, may = op.may.Judge(who, false); !may {
			return c.deny(op.may, edm.Reach{})
		}
	}
	return c.explain(op.may, op.do(ctx, grant))
}

// methods lists what can be done to the target (RFC 9110, section 15.5.6).
func (c *call) methods() (all []string) {
	asked := *c
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodPut, http.MethodDelete} {
		asked.r = &http.Request{Method: method}
		if _, ok := asked.operation(); ok {
			all = append(all, method)
		}
	}
	return all
}

func methodNotAllowed(operation string) error {
	return fault.Because(fault.Invalid, notAllowed, "Specified HTTP method is not allowed for the request target.").With("segment", operation)
}

// byType returns what the operation asks for on the type of entity that it is
// about, where that makes a difference.
func (c *call) byType(ctx context.Context, may edm.Access) (edm.Access, error) {
	switch set := c.target.set(); {
	case may.Types() == nil:
		return may, nil
	case c.target.key: // a cast behind it may be wrong
		t, err := set.TypeOf(ctx, c.request)
		return may.For(t), err
	}
	return may, nil
}

// matches refuses a change that is to be made to a certain state of an entity
// (RFC 9110, section 13.1). Nothing here has an ETag, so that no state but "any"
// can be meant: a value that somebody kept is not the one of now.
func (c *call) matches(missing bool) error {
	if c.target.kind != toEntity || c.r.Method == http.MethodGet {
		return nil
	}
	match, none := strings.TrimSpace(c.r.Header.Get("If-Match")), strings.TrimSpace(c.r.Header.Get("If-None-Match"))
	creates := missing || c.r.Method == http.MethodPut
	if match != "" && (match != "*" || missing) || none == "*" && !creates {
		return fault.Because(fault.Invalid, changed, "The condition specified in the request headers is not met: the resource has changed or has no ETag.")
	}
	return nil
}

// changed is the Reason of a condition on an entity's state that does not hold.
const changed fault.Reason = "graph.changed"

// explain adds the least permission that would have sufficed to a refusal from
// further in: of a property out of reach, or of an object that a program does
// not own. A person's own rights are not to be had by a permission.
func (c *call) explain(a edm.Access, err error) error {
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || f.Reason != authz.Denied || f.Values["leastPermission"] != "" {
		return err
	}
	if _, said := f.Values["leastPermission"]; said {
		return f
	}
	to := edm.Reach{Self: c.own(), Property: f.Values["property"], Unowned: f.Values["property"] == ""}
	if to.Unowned && (!c.request.Who.AppOnly() || c.request.Who.ByRole) {
		if f.Values["leastRole"] == "" {
			f = f.With("leastRole", a.LeastRole())
		}
		return f
	}
	return f.With("leastPermission", a.Least(c.request.Who, to))
}

// deny refuses a caller without the permission.
func (c *call) deny(a edm.Access, to edm.Reach) error {
	return authz.Refuse().With("leastPermission", a.Least(c.request.Who, to))
}

// own reports whether the path leads to, or through, the caller's own object.
func (c *call) own() bool {
	ids := append([]string{}, c.request.Parents...)
	if c.request.ID != "" {
		ids = append(ids, c.request.ID)
	}
	return len(ids) > 0 && c.request.Who.Object != "" && ids[0] == string(c.request.Who.Object)
}

// resolve turns the keys of the path into identifiers. It reports whether the
// last one names what does not exist and is to be created.
func (c *call) resolve(ctx context.Context) (missing bool, err error) {
	last := len(c.target.steps) - 1
	for i, st := range c.target.steps {
		id := st.key.value
		if st.key.by != nil {
			id, err = st.key.by.Find(ctx, c.request, st.key.value)
			if i == last && c.upserts(st.key.by) && errors.Is(err, fault.NotFound) {
				return true, nil
			}
			if err != nil {
				return false, err
			}
		}
		switch {
		case i == last:
			c.request.ID = id
		case id != "":
			c.request.Parents = append(c.request.Parents, id)
		}
	}
	c.request.Cast = c.target.cast
	return false, nil
}

// upserts reports whether the request makes what it does not find.
func (c *call) upserts(by *edm.Key) bool {
	return by.Upsert && c.target.kind == toEntity && c.r.Method == http.MethodPatch && c.prefer.createIfMissing
}

// operation returns what the request's method does to its target.
func (c *call) operation() (operation, bool) {
	set, get := c.target.set(), c.r.Method == http.MethodGet
	switch c.target.kind {
	case toCollection:
		switch c.r.Method {
		case http.MethodGet:
			return operation{set.List.May, c.list}, set.List.Do != nil
		case http.MethodPost:
			return operation{set.Create.May, c.create}, set.Create.Do != nil
		}
	case toEntity:
		return c.entityOperation()
	case toCount:
		return operation{set.List.May, c.count}, get && set.List.Do != nil
	case toRefs:
		return c.refOperation()
	case toRef:
		return operation{set.Unlink.May, c.unlink}, c.r.Method == http.MethodDelete && set.Unlink.Do != nil
	case toAction:
		a := c.target.action
		return operation{a.May, c.act}, get == a.Function && (get || c.r.Method == http.MethodPost)
	case toBlob:
		return c.blobOperation()
	case toProperty, toValue, toLength:
		return operation{set.Get.May, c.property}, get && set.Get.Do != nil
	}
	return operation{}, false
}

func (c *call) entityOperation() (operation, bool) {
	set := c.target.set()
	switch c.r.Method {
	case http.MethodGet:
		return operation{set.Get.May, c.get}, set.Get.Do != nil
	case http.MethodPatch:
		return operation{set.Update.May, c.update}, set.Update.Do != nil
	case http.MethodPut:
		return operation{set.Put.May, c.put}, set.Put.Do != nil
	case http.MethodDelete:
		return operation{set.Delete.May, c.remove}, set.Delete.Do != nil
	}
	return operation{}, false
}

func (c *call) refOperation() (operation, bool) {
	set := c.target.set()
	switch link := linkMethod(set); c.r.Method {
	case http.MethodGet:
		if set.Single {
			return operation{set.Get.May, c.ref}, set.Get.Do != nil
		}
		return operation{set.List.May, c.refs}, set.List.Do != nil
	case link:
		return operation{set.Link.May, c.link}, set.Link.Do != nil
	case http.MethodDelete:
		return operation{set.Unlink.May, c.unlink}, set.Unlink.Do != nil
	}
	return operation{}, false
}

func linkMethod(set *edm.Set) string {
	if set.Single {
		return http.MethodPut
	}
	return http.MethodPost
}

func (c *call) list(ctx context.Context, g edm.Grant) error {
	if err := c.needCast(); err != nil {
		return err
	}
	if err := c.readQuery(g); err != nil {
		return err
	}
	if unknown := c.Registry.Unknown(c.request.Version, c.shown(), c.options.selected); unknown != "" {
		return unknownSelect(unknown, c.shown())
	}
	page, err := c.page(ctx)
	if err != nil {
		return err
	}
	return c.writePage(page, c.shapes(g))
}

// listOf answers a function that returns entities of its set.
func (c *call) listOf(ctx context.Context, g edm.Grant, list func(context.Context, *edm.Request) (edm.Page, error)) error {
	if err := c.readQuery(g); err != nil {
		return err
	}
	if unknown := c.Registry.Unknown(c.request.Version, c.shown(), c.options.selected); unknown != "" {
		return unknownSelect(unknown, c.shown())
	}
	page, err := list(ctx, c.request)
	if err != nil {
		return err
	}
	return c.writePage(page, c.shapes(g))
}

// needCast refuses a list of what must be limited to one type.
func (c *call) needCast() error {
	set := c.target.set()
	if len(set.Casts) == 0 || slices.Contains(set.Casts, c.target.cast) {
		return nil
	}
	return fault.Because(fault.Invalid, unsupported, "The resource '%s' can only be listed by type.", set.Path.In(c.request.Version)).
		WithFix("Put one of its types behind the path, such as %s.", set.Casts[0])
}

// page asks the set for a page, and keeps of it what a cast is about.
func (c *call) page(ctx context.Context) (edm.Page, error) {
	set := c.target.set()
	page, err := set.List.Do(ctx, c.request)
	if err != nil {
		return page, err
	}
	if c.target.cast != "" {
		kept := page.Items[:0]
		for _, it := range page.Items {
			if c.Registry.Is(it.Type, c.target.cast) {
				kept = append(kept, it)
			}
		}
		page.Items = kept
	}
	if set.Unpaged {
		if page.Items, err = edm.Matching(page.Items, c.request.Query.Filter); err != nil {
			return page, err
		}
		page.Total = len(page.Items)
	}
	return page, nil
}

func (c *call) count(ctx context.Context, g edm.Grant) error {
	set := c.target.set()
	if err := c.needCast(); err != nil {
		return err
	}
	if set.Advanced && !c.options.eventual {
		return fault.Because(fault.Invalid, countNeedsMore, "$count is not currently supported.").
			WithFix("Send the header ConsistencyLevel: eventual.")
	}
	if err := c.readQuery(g); err != nil {
		return err
	}
	c.request.Count, c.request.Only = true, true
	page, err := c.page(ctx)
	if err != nil {
		return err
	}
	return c.writeText(strconv.AppendInt(nil, int64(page.Total), 10))
}

func (c *call) get(ctx context.Context, g edm.Grant) error {
	it, err := c.target.set().Get.Do(ctx, c.request)
	if err != nil {
		return err
	}
	if c.target.set().Single && len(it.Face) == 0 {
		return c.noContent("") // nothing is related (OData 4.01, part 1, section 11.2.4)
	}
	if c.target.cast != "" && !c.Registry.Is(c.shapes(g).typeOf(it), c.target.cast) {
		return fault.New(fault.NotFound, "Resource '%s' does not exist or one of its queried reference-property objects are not present.", it.ID)
	}
	return c.writeItem(http.StatusOK, it, c.shapes(g))
}
