package edm

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Document returns doc/graph.md: every set with its operations, permissions
// and properties, as they are served.
func (r *Registry) Document() []byte {
	var b strings.Builder
	b.WriteString(documentHead)
	r.Walk(func(above []*Set, s *Set) {
		path := "/" + pathOf(s)
		for i := len(above) - 1; i >= 0; i-- {
			path = "/" + pathOf(above[i]) + keyOf(above[i]) + path
		}
		r.documentSet(&b, path, s)
	})
	b.WriteString("## Types\n\n" +
		"Written: C at creation, U by an update; nothing: by the service alone. Shown: always, in beta (in v1.0 when it is selected), selected, or never. " +
		"Operators of `$filter` after the semicolon need an advanced query (`ConsistencyLevel: eventual` and `$count=true`).\n")
	for _, t := range slices.Sorted(maps.Keys(r.entities)) {
		e := r.entities[t]
		r.documentType(&b, e.Name, e.Base, e.Props)
	}
	for _, t := range slices.Sorted(maps.Keys(r.complex)) {
		r.documentType(&b, r.complex[t].Name, "", r.complex[t].Props)
	}
	return []byte(b.String())
}

const documentHead = `# The Graph surface

This page is printed from the registry that the server answers from
(` + "`go test ./internal/enttest/graphtest -update`" + `). What is not listed here does not exist
here: such a path is answered as Microsoft Graph answers an unknown one, with
the header ` + "`Entente-Gap`" + ` that names the segment. [graph-ledger.md](graph-ledger.md) goes
through Microsoft's operations one by one: served, refused or missing.

Every path stands below ` + "`/v1.0`" + ` and ` + "`/beta`" + ` unless it says otherwise. A key may be
a segment or stand in parentheses. Permissions are listed from least to most;
each suffices alone. With a person signed in the person's own rights count as
well: one of the actions in the last column (microsoft.directory/…), by a
directory role, by owning the object, or by being a member. An application whose
directory roles allow the action needs no permission. A 403 names the least
permission in ` + "`innerError.leastPermission`" + `, and for people the least
directory role in ` + "`innerError.leastRole`" + `.

` + "`/me`" + ` stands for ` + "`/users/{id}`" + ` of the person who is signed in. ` + "`POST /$batch`" + ` takes up
to 20 requests, answers them one after the other, and judges each by itself.
` + "`$expand`" + ` shows one set that stands below an entity here, up to 20 of its entities,
with ` + "`$select`" + ` within, and ` + "`$levels`" + ` (up to 20) for a manager's manager; it asks for the
permission to list that set.

## Sets
`

func pathOf(s *Set) string {
	switch n := s.Path; {
	case n.V1 == "":
		return n.Beta + " (beta)"
	case n.Beta == "":
		return n.V1 + " (v1.0)"
	case n.V1 != n.Beta:
		return n.V1 + " (beta: " + n.Beta + ")"
	}
	return s.Path.V1
}

func keyOf(s *Set) string {
	if s.Single {
		return ""
	}
	return "/{id}"
}

// An Operation is one line of what a set can do.
type Operation struct {
	Method string
	Suffix string // behind the set's path: "", "/{id}", "/{id}/addPassword"
	May    Access
}

// Operations lists what the set can do.
func (s *Set) Operations() []Operation {
	var ops []Operation
	add := func(served bool, method, suffix string, may Access) {
		if served {
			ops = append(ops, Operation{method, suffix, may})
		}
	}
	link := "POST"
	if s.Single {
		link = "PUT"
	}
	one := keyOf(s)
	for _, cast := range s.Casts {
		add(s.List.Do != nil, "GET", "/"+string(cast), s.List.May.For(cast))
		add(s.List.Do != nil, "GET", "/"+string(cast)+"/$count", s.List.May.For(cast))
	}
	add(s.List.Do != nil && s.Casts == nil, "GET", "", s.List.May)
	add(s.List.Do != nil && s.Linked, "GET", "/$ref", s.List.May)
	add(s.Get.Do != nil && s.Linked && s.Single, "GET", "/$ref", s.Get.May)
	add(s.List.Do != nil && s.Casts == nil, "GET", "/$count", s.List.May)
	add(s.Create.Do != nil, "POST", "", s.Create.May)
	add(s.Get.Do != nil, "GET", one, s.Get.May)
	add(s.Update.Do != nil, "PATCH", one, s.Update.May)
	add(s.Put.Do != nil, "PUT", one, s.Put.May)
	add(s.Delete.Do != nil, "DELETE", one, s.Delete.May)
	add(s.Link.Do != nil, link, "/$ref", s.Link.May)
	add(s.Unlink.Do != nil, "DELETE", one+"/$ref", s.Unlink.May)
	for _, st := range s.Blobs {
		add(st.Read.Do != nil, "GET", one+"/"+st.Name, st.Read.May)
		add(st.Write.Do != nil, "PUT", one+"/"+st.Name, st.Write.May)
		add(st.Remove.Do != nil, "DELETE", one+"/"+st.Name, st.Remove.May)
	}
	for _, a := range s.Common {
		add(true, a.method(), "/"+a.Name, a.May)
	}
	for _, a := range s.Actions {
		add(true, a.method(), one+"/"+a.Name, a.May)
	}
	return ops
}

// needs returns the actions for people.
func (a Access) needs() string {
	names := make([]string, len(a.Needs))
	for i, n := range a.Needs {
		names[i] = string(n)
	}
	return strings.Join(names, ", ")
}

func (a Action) method() string {
	if a.Function {
		return "GET"
	}
	return "POST"
}

func (r *Registry) documentSet(b *strings.Builder, path string, s *Set) {
	fmt.Fprintf(b, "\n### %s\n\n", path)
	fmt.Fprintf(b, "Entities of type [%s](#%s).", s.Type.Short(), strings.ToLower(s.Type.Short()))
	if s.Doc != "" {
		fmt.Fprintf(b, " [Microsoft's page](%s).", s.Doc)
	}
	for _, k := range s.Keys {
		fmt.Fprintf(b, " Also by `(%s='…')`", k.Name)
		if k.Plain {
			b.WriteString(", or as a segment")
		}
		if k.Upsert {
			b.WriteString("; `Prefer: create-if-missing` creates")
		}
		b.WriteByte('.')
	}
	b.WriteString("\n\n| operation | application | delegated | a person needs |\n|---|---|---|---|\n")
	for _, op := range s.Operations() {
		if op.May.types == nil {
			fmt.Fprintf(b, "| %s …%s | %s | %s | %s |\n", op.Method, op.Suffix, op.May.App, op.May.Delegated, op.May.needs())
		}
		for _, t := range op.May.types {
			fmt.Fprintf(b, "| %s …%s (%s) | %s | %s | %s |\n", op.Method, op.Suffix, t.Type.Short(), t.May.App, t.May.Delegated, t.May.needs())
		}
	}
}

func (r *Registry) documentType(b *strings.Builder, name, base string, props []Prop) {
	fmt.Fprintf(b, "\n### %s\n\n", name)
	if base != "" {
		fmt.Fprintf(b, "A [%s](#%s).\n\n", base, strings.ToLower(base))
	}
	if len(props) == 0 {
		return
	}
	b.WriteString("| property | type | written | shown | $filter | $orderby | $search | |\n|---|---|---|---|---|---|---|---|\n")
	for _, p := range props {
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s | %s | %s |\n",
			p.label(), p.Type.label(), p.Write, p.Show, p.Filter, p.Order, p.Search, p.Note)
	}
}

func (p Prop) label() string {
	switch {
	case p.Only != "":
		return p.Name + " (" + p.Only + ")"
	case p.Beta != "":
		return p.Name + " (beta: " + p.Beta + ")"
	}
	return p.Name
}

func (t Type) label() string {
	s := strings.TrimPrefix(t.Item().Short(), "Edm.")
	if t.IsMany() {
		return "[" + s + "]"
	}
	return s
}

// String returns when a property is shown, for people.
func (s Show) String() string {
	return [...]string{"always", "in beta", "selected", "never"}[s]
}
