package edm

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"

	"entente/internal/core/authz"
	"entente/internal/kit/query"
)

// A Request is what a behavior is asked, checked against the declaration.
type Request struct {
	Who     authz.Caller
	Version Version

	Parents []string // the identifiers of the entities above, outermost first
	ID      string   // the entity's identifier, where one is addressed
	Cast    Type     // the derived type a list is limited to, or empty
	Ref     string   // the identifier in the body of POST …/$ref, or before $ref

	Named string // the value of the alternate key under which an upsert creates

	Words string // of ?search=words, in a list that is asked so

	Query query.Query // filter, order and page of a list
	Count bool        // a list is to say how many there are in all
	Only  bool        // a list is asked for nothing but that number

	Selected map[string]bool // the properties selected, by v1.0's names; nil for the usual ones

	Body  json.RawMessage     // the body with its annotations removed and names as declared
	Binds map[string][]string // identifiers behind name@odata.bind

	reach map[Type]Grant // see Learn

	header http.Header
	status int // of the answer where it is not the usual one
}

// NewRequest returns a request whose warnings go to header.
func NewRequest(who authz.Caller, v Version, header http.Header) *Request {
	return &Request{Who: who, Version: v, header: header, reach: make(map[Type]Grant)}
}

// Parent returns the identifier of the entity right above.
func (r *Request) Parent() string { return r.Parents[len(r.Parents)-1] }

// BindsOnly refuses references other than to these parts: what an operation
// does not take must not seem to have been done.
func (r *Request) BindsOnly(parts ...string) error {
	for _, name := range slices.Sorted(maps.Keys(r.Binds)) {
		if !slices.Contains(parts, name) {
			return UnknownPropertyFault(name)
		}
	}
	return nil
}

// Learn notes how far the caller may read entities of a type, wherever they
// are shown.
func (r *Request) Learn(t Type, g Grant) { r.reach[t] = g }

// Reach returns how far the caller may read entities of a type that the set
// declares with Of; of others, nothing but the identifier.
func (r *Request) Reach(t Type) Grant {
	if g, ok := r.reach[t]; ok {
		return g
	}
	return Grant{Only: []string{"id"}}
}

// Reads reports whether the caller may read more of entities of a type than the
// identifier.
func (r *Request) Reads(t Type) bool {
	g := r.Reach(t)
	return g.Only == nil || len(g.Only) > 1
}

// Warn tells the caller of something that was done but will not work.
func (r *Request) Warn(text string) { r.header.Add(WarningHeader, text) }

// Accept has a creation or an action be answered with 202 and no body: it goes
// on behind the answer. The location, below the version ("/teams('…')/operations('…')"),
// tells where to look how far it is; of is what it is done to, and may be empty.
func (r *Request) Accept(location, of string) {
	r.status = http.StatusAccepted
	r.header.Set("Location", location)
	if of != "" {
		r.header.Set("Content-Location", of)
	}
}

// Replaced has a PUT be answered with 200: what it made was there already. An
// item without a face is answered with 204 in either case.
func (r *Request) Replaced() { r.status = http.StatusOK }

// Status returns the status of the answer, which is usual unless the behavior
// said otherwise.
func (r *Request) Status(usual int) int {
	if r.status != 0 {
		return r.status
	}
	return usual
}

// WarningHeader carries what was done as asked but cannot work: a federated
// credential whose issuer nobody can reach.
const WarningHeader = "Entente-Warning"

// An Item is one entity in JSON.
type Item struct {
	ID   string // its key, for links
	Type Type   // its own type where the set declares a base; or empty

	// Face has the members that v1.0 shows by default, in v1.0's names. It is
	// written as it stands when nothing is selected.
	Face json.RawMessage
	// Rest has further members, or is empty.
	Rest json.RawMessage
}

// A Page is a stretch of a list.
type Page struct {
	Items []Item
	Next  []any // where the next page begins, from query.Cursor; nil on the last
	Total int   // how many there are in all, when the request asks
}
