package graph

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"entente/internal/edge/graph/edm"
)

// A level is how much control information an answer carries (OData JSON 4.01,
// section 3.1).
type level int

// The levels.
const (
	minimal level = iota
	none
	full
)

var levelNames = map[level]string{minimal: "minimal", none: "none", full: "full"}

// levelOf reads odata.metadata from the header Accept; other parameters count
// for nothing.
func levelOf(r *http.Request) level {
	for word := range strings.FieldsFuncSeq(strings.ToLower(strings.Join(r.Header.Values("Accept"), ",")), func(r rune) bool { return r == ',' || r == ';' || r == ' ' }) {
		switch word {
		case "odata.metadata=none", "odata=nometadata":
			return none
		case "odata.metadata=full", "odata=fullmetadata":
			return full
		}
	}
	return minimal
}

// shapes are the shapes of the types in one collection: more than one where
// the set's entities are of derived types.
type shapes struct {
	c        *call
	grant    edm.Grant
	selected []string
	declared edm.Type   // the type that everybody expects
	usual    edm.Type   // that of entities which say none
	linked   []edm.Type // those that are shown as far as they may be read where they live
	seen     map[edm.Type]edm.Shape
}

func (c *call) shapes(g edm.Grant) *shapes {
	return &shapes{c, g, c.options.selected, c.shown(), c.target.set().Type, c.target.set().Of, make(map[edm.Type]edm.Shape)}
}

func (s *shapes) at(t edm.Type) edm.Shape {
	if shape, ok := s.seen[t]; ok {
		return shape
	}
	g := s.grant
	if slices.Contains(s.linked, t) {
		g = g.Meet(s.c.request.Reach(t))
	}
	shape := s.c.Registry.Shape(s.c.request.Version, t, s.selected, g)
	if s.c.level == full {
		shape = shape.Full()
	}
	s.seen[t] = shape
	return shape
}

// typeOf returns an entity's own type.
func (s *shapes) typeOf(it edm.Item) edm.Type {
	if it.Type != "" {
		return it.Type
	}
	return s.usual
}

// writePage answers with a page of a collection.
func (c *call) writePage(page edm.Page, shapes *shapes) error {
	size := 512
	for _, it := range page.Items {
		size += len(it.Face) + len(it.Rest) + 64
	}
	b := append(make([]byte, 0, size), '{')
	if c.level != none {
		b = c.appendContext(b, c.contextOf(false))
		b = append(b, ',')
	}
	if c.request.Count {
		b = append(b, `"@odata.count":`...)
		b = strconv.AppendInt(b, int64(page.Total), 10)
		b = append(b, ',')
	}
	if page.Next != nil {
		link, err := c.nextLink(page.Next)
		if err != nil {
			return err
		}
		b = append(b, `"@odata.nextLink":`...)
		b = append(b, quoted(link)...)
		b = append(b, ',')
	}
	b = append(b, `"value":[`...)
	for i, it := range page.Items {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		b = append(b, '{')
		if b, err = c.appendItem(b, it, shapes, true); err != nil {
			return err
		}
		if b, err = c.appendExpanded(b, it, b[len(b)-1] == '{'); err != nil {
			return err
		}
		b = append(b, '}')
	}
	return c.write(http.StatusOK, append(b, "]}"...))
}

// writeItem answers with one entity.
func (c *call) writeItem(status int, it edm.Item, shapes *shapes) error {
	b := []byte{'{'}
	first := true
	if c.level != none {
		b = c.appendContext(b, c.contextOf(true))
		first = false
	}
	b, err := c.appendItem(b, it, shapes, first)
	if err != nil {
		return err
	}
	if b, err = c.appendExpanded(b, it, b[len(b)-1] == '{'); err != nil {
		return err
	}
	return c.write(status, append(b, '}'))
}

// appendItem writes an entity's control information and members.
func (c *call) appendItem(b []byte, it edm.Item, shapes *shapes, first bool) ([]byte, error) {
	t := shapes.typeOf(it)
	if c.level == full || c.level == minimal && t != shapes.declared {
		b = appendPair(b, "@odata.type", "#"+string(t), first)
		first = false
	}
	if c.level == full {
		b = appendPair(b, "@odata.id", c.base+"/"+c.home(t)+"('"+it.ID+"')", false)
		b = appendPair(b, "@odata.editLink", c.home(t)+"('"+it.ID+"')", false)
	}
	b, err := shapes.at(t).Append(b, it, first)
	if c.level == full && err == nil {
		b = c.appendLinks(b, t, it)
	}
	return b, err
}

// appendLinks writes where the parts of an entity are.
func (c *call) appendLinks(b []byte, t edm.Type, it edm.Item) []byte {
	at := c.base + "/" + c.home(t) + "('" + it.ID + "')/"
	for _, part := range c.Registry.PartsOf(t, c.request.Version) {
		name := part.Path.In(c.request.Version)
		if part.Linked {
			b = appendPair(b, name+"@odata.associationLink", at+name+"/$ref", false)
		}
		b = appendPair(b, name+"@odata.navigationLink", at+name, false)
	}
	return b
}

func appendPair(b []byte, name, value string, first bool) []byte {
	if !first {
		b = append(b, ',')
	}
	b = append(b, quoted(name)...)
	b = append(b, ':')
	return append(b, quoted(value)...)
}

// quoted returns s as JSON, with the signs of HTML as they are: links hold
// ampersands.
func quoted(s string) []byte {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		panic("graph: a string is always JSON")
	}
	return []byte(strings.TrimSuffix(b.String(), "\n"))
}

func (c *call) appendContext(b []byte, fragment string) []byte {
	return appendPair(b, "@odata.context", c.base+"/$metadata#"+fragment, true)
}

// contextOf returns the fragment of the context URL of the target's entities.
func (c *call) contextOf(one bool) string {
	f := c.path(c.target.steps)
	shown := c.options.selected
	if c.expand != nil {
		shown = append(slices.Clone(shown), c.expand.fragment())
	}
	if c.tree != nil {
		shown = append(slices.Clone(shown), treeFragment(c.tree)...)
	}
	if shown != nil {
		f += "(" + strings.Join(shown, ",") + ")"
	}
	if one {
		f += "/$entity"
	}
	return f
}

// path returns the sets on the way with their keys, as a context URL names
// them; entities that live elsewhere are named by where they live.
func (c *call) path(steps []step) string {
	last := steps[len(steps)-1].set
	if c.target.cast != "" || last.Linked || last.Type == edm.Of("directoryObject") {
		return c.home(c.shown())
	}
	f, parents := "", c.request.Parents
	for i, st := range steps {
		f += st.set.Path.In(c.request.Version)
		if i < len(steps)-1 {
			if !st.set.Single && len(parents) > 0 {
				f += "('" + parents[0] + "')"
				parents = parents[1:]
			}
			f += "/"
		}
	}
	return f
}

// home returns the set at the root in which entities of type t live.
func (c *call) home(t edm.Type) string {
	for _, s := range c.Registry.Sets {
		if name := s.Path.In(c.request.Version); s.Type == t && name != "" && !s.Single {
			return name
		}
	}
	return "directoryObjects"
}

// location returns the address of a new entity.
func (c *call) location(it edm.Item) string {
	steps := c.target.steps
	if last := steps[len(steps)-1].set; last.Linked {
		return c.base + "/" + c.home(last.Type) + "/" + it.ID
	}
	return c.base + "/" + c.path(steps) + "/" + it.ID
}

// place returns the address of the entity that was asked for, below the version.
func (c *call) place(it edm.Item) string {
	steps := c.target.steps
	if at := "/" + c.path(steps); steps[len(steps)-1].set.Single {
		return at
	}
	return c.location(it)[len(c.base):]
}

// accepted answers that it goes on; where to look stands in the header.
func (c *call) accepted() error {
	c.w.WriteHeader(http.StatusAccepted)
	return nil
}

// refsOf answers with the addresses of entities.
func (c *call) refsOf(items []edm.Item) error {
	b := []byte{'{'}
	if c.level != none {
		b = append(c.appendContext(b, "Collection($ref)"), ',')
	}
	b = append(b, `"value":[`...)
	for i, it := range items {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendPair(append(b, '{'), "@odata.id", c.base+"/directoryObjects/"+it.ID, true), '}')
	}
	return c.write(http.StatusOK, append(b, "]}"...))
}

// writeResult answers with the result of an action or function.
func (c *call) writeResult(t edm.Type, result json.RawMessage) error {
	at := string(t)
	if c.Registry.IsEntity(t.Item()) {
		at = c.home(t.Item())
	}
	if strings.HasPrefix(string(t.Item()), "Edm.") || t.IsMany() {
		return c.writeValue(at, result)
	}
	if c.Registry.IsEntity(t) {
		at += "/$entity"
	}
	return c.writeComplex(at, result)
}

// writeComplex answers with an object that is no entity of a set.
func (c *call) writeComplex(fragment string, value json.RawMessage) error {
	b := []byte{'{'}
	if c.level != none {
		b = c.appendContext(b, fragment)
	}
	return c.write(http.StatusOK, append(edm.AppendMembers(b, value, c.level == none), '}'))
}

// writeValue answers with a primitive value or a collection.
func (c *call) writeValue(fragment string, value json.RawMessage) error {
	b := []byte{'{'}
	if c.level != none {
		b = append(c.appendContext(b, fragment), ',')
	}
	b = append(b, `"value":`...)
	return c.write(http.StatusOK, append(append(b, value...), '}'))
}

// write answers with JSON.
func (c *call) write(status int, b []byte) error {
	h := c.w.Header()
	h.Set("Content-Type", "application/json;odata.metadata="+levelNames[c.level]+";odata.streaming=true;IEEE754Compatible=false;charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(b)))
	c.w.WriteHeader(status)
	_, err := c.w.Write(b)
	return err
}

// writeText answers with a bare value.
func (c *call) writeText(b []byte) error {
	c.w.Header().Set("Content-Type", "text/plain;charset=utf-8")
	_, err := c.w.Write(b)
	return err
}

// noContent answers that it is done.
func (c *call) noContent(applied string) error {
	if applied != "" {
		c.w.Header().Add("Preference-Applied", applied)
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

func encodeToken(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func decodeToken(s string) ([]byte, error) {
	return base64.RawURLEncoding.DecodeString(strings.TrimRight(s, "="))
}
