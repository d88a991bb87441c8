package edm

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"entente/internal/kit/fault"
)

// A Set is a collection of entities, or a single one, with what can be done to
// it. An operation that has no function does not exist.
type Set struct {
	Path   Name   // "users"; of a part: its segment after the entity
	Type   Type   // of its entities; that of the base where they differ
	Single bool   // one entity, without a key: manager, policies
	Linked bool   // entities that live elsewhere: owners. Their links can be read with $ref
	Of     []Type // the types of entities that live in sets of their own: of those it shows what may be read there
	Doc    string // the page that describes it

	Keys     []Key // ways to name an entity beside its identifier
	Exact    bool  // names in bodies match in their letter case only
	FreeKeys bool  // identifiers are no GUIDs: domains, assignments
	Top      int   // the greatest page; 0 is 999
	Usual    int   // the usual page; 0 is 100
	Levels   bool  // $expand goes on from what it shows: a manager's manager
	Unpaged  bool  // everything comes at once
	Words    bool  // ?search=words asks the list: sites. See Request.Words
	Deep     bool  // $expand takes several parts, and goes on within what it shows
	Raw      bool  // the behavior reads bodies itself, with their annotations: their members depend on a type in them
	Advanced bool  // counting asks for ConsistencyLevel: eventual
	Cost     int   // of a read, in the units by which applications are throttled; 0 is 1

	List   List
	Get    Get
	Create Create
	Update Change
	Put    Create // PUT of the whole entity; see Request.Replaced
	Delete Change
	Link   Change // POST …/$ref, or PUT for a single one
	Unlink Change // DELETE …/{id}/$ref

	// TypeOf is asked where permissions go by the type of the entity; see AnyOf.
	TypeOf TypeOf
	// Casts are the types to one of which a list must be cast; none if it need
	// not be.
	Casts []Type

	Blobs   []Blob   // of an entity
	Parts   []*Set   // below an entity
	Bound   []*Set   // what name@odata.bind in a new entity may speak of besides
	Actions []Action // on an entity
	Common  []Action // on the collection
}

// An Op is an operation: who may, and what does it.
type Op[F any] struct {
	May Access
	Do  F
}

// The operations of a set.
type (
	List   = Op[func(context.Context, *Request) (Page, error)]
	Get    = Op[func(context.Context, *Request) (Item, error)]
	Create = Op[func(context.Context, *Request) (Item, error)]
	Change = Op[func(context.Context, *Request) error]
)

// OneOf reads one entity of a list that comes whole: the one that the path names.
func OneOf(list func(context.Context, *Request) (Page, error)) func(context.Context, *Request) (Item, error) {
	return func(ctx context.Context, r *Request) (Item, error) {
		page, err := list(ctx, r)
		if err != nil {
			return Item{}, err
		}
		if i := slices.IndexFunc(page.Items, func(it Item) bool { return it.ID == r.ID }); i >= 0 {
			return page.Items[i], nil
		}
		return Item{}, fault.New(fault.NotFound, "Resource '%s' does not exist or one of its queried reference-property objects are not present.", r.ID)
	}
}

// A Key names an entity by something else than its identifier:
// applications(appId='…').
type Key struct {
	Name   string // the property
	Plain  bool   // a segment that is no GUID is taken for it: /users/{userPrincipalName}
	Upsert bool   // PATCH with Prefer: create-if-missing makes what it names

	// Find returns the identifier of the entity with this value, or a NotFound
	// fault.
	Find func(ctx context.Context, r *Request, value string) (string, error)
}

// A Blob is a property of an entity that is no JSON: a logo. It is read and
// written at …/{id}/name, and at …/{id}/name/$value just as well. The property
// itself is declared with the type Stream and stands in no answer.
type Blob struct {
	Name  string
	Only  string   // "v1.0" or "beta"
	Types []string // the media types that are taken

	Read   Op[func(context.Context, *Request) (Media, error)]
	Write  Op[func(context.Context, *Request, Media) error]
	Remove Change
}

// A Media is the value of a blob.
type Media struct {
	Type string // "image/png"
	Data []byte // empty where there is none, which is answered as absent
}

// An Action is called by POST, a function by GET.
type Action struct {
	Name     string
	Only     string // "v1.0" or "beta"
	Function bool
	Raw      bool // the behavior reads the body itself; see Set.Raw
	Params   []Prop
	Returns  Type // empty: nothing, and the answer has no body
	Cost     int  // in the units of Set.Cost; 0 is 1
	Rate     int  // calls in ten seconds that one application has in a tenant, whatever else is allowed; 0 is no limit
	May      Access
	// Do returns the result in JSON: an object, an array, or a primitive.
	Do func(ctx context.Context, r *Request) (json.RawMessage, error)
	// List stands in the place of Do in a function on the collection that returns
	// some of its entities: they are asked for, and shown, as in a list of the set.
	// Who may call it may have expanded what belongs to them.
	List func(ctx context.Context, r *Request) (Page, error)
}

// in reports whether the action exists in v.
func (a Action) in(v Version) bool { return a.Only == "" || a.Only == v.String() }

// Takes reports whether the parameter of that name is of one of the types.
func (a Action) Takes(name string, types ...Type) bool {
	return slices.ContainsFunc(a.Params, func(p Prop) bool {
		return strings.EqualFold(p.Name, name) && slices.Contains(types, p.Type)
	})
}

// limits of a page, in Graph's directory.
const (
	topOfPages = 999
	usualPage  = 100
)

// MaxPage returns the greatest $top.
func (s *Set) MaxPage() int {
	if s.Top != 0 {
		return s.Top
	}
	return topOfPages
}

// UsualPage returns the size of a page for which nobody asked.
func (s *Set) UsualPage() int {
	if s.Usual != 0 {
		return s.Usual
	}
	return min(usualPage, s.MaxPage())
}

// Readable reports whether the set can be read as a whole, and so stand within
// its entity by $expand.
func (s *Set) Readable() bool {
	if s.Single {
		return s.Get.Do != nil
	}
	return s.List.Do != nil
}

// Reading says who may read the set as a whole.
func (s *Set) Reading() Access {
	if s.Single {
		return s.Get.May
	}
	return s.List.May
}

// Part returns the part that is called name in v, whatever the case, or nil.
func (s *Set) Part(v Version, name string) *Set { return findSet(s.Parts, v, name) }

// Blob returns the blob that is called name in v, whatever the case, or nil.
func (s *Set) Blob(v Version, name string) *Blob {
	for i, one := range s.Blobs {
		if (one.Only == "" || one.Only == v.String()) && strings.EqualFold(one.Name, name) {
			return &s.Blobs[i]
		}
	}
	return nil
}

// Action returns the action on one entity that is called name, or nil.
func (s *Set) Action(v Version, name string) *Action { return findAction(s.Actions, v, name) }

// CommonAction returns the action on the collection that is called name, or nil.
func (s *Set) CommonAction(v Version, name string) *Action { return findAction(s.Common, v, name) }

// KeyOf returns the alternate key that is called name, whatever the case, or nil.
func (s *Set) KeyOf(name string) *Key {
	for i := range s.Keys {
		if strings.EqualFold(s.Keys[i].Name, name) {
			return &s.Keys[i]
		}
	}
	return nil
}

// PlainKey returns the alternate key that a segment without a GUID stands for,
// or nil.
func (s *Set) PlainKey() *Key {
	for i := range s.Keys {
		if s.Keys[i].Plain {
			return &s.Keys[i]
		}
	}
	return nil
}
