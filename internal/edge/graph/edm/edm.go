// Package edm is the entity data model of the Graph edge: what there is, under
// which names, who may ask for it, and which service answers.
//
// A Schema declares types; a Set declares a collection of entities with its
// operations. New joins what the folders of sets declare into a Registry and
// refuses contradictions. The engine (package graph) serves what is declared
// and nothing else; $metadata and doc/graph.md are printed from the same
// declarations.
//
// One registry serves v1.0 and beta. A set, property or type says where it
// exists and under which name; whatever says nothing exists in both.
//
// The package reads neither network nor store. It knows types, so it turns a
// parsed $filter into a query (OData 4.01, part 2, section 5.1.1) and tells a
// wrong property from a wrong value in a body.
package edm

import "strings"

// A Version is a version of the Graph surface.
type Version int

// The versions.
const (
	V1 Version = iota
	Beta
)

// String returns the version as it stands in a path.
func (v Version) String() string {
	if v == Beta {
		return "beta"
	}
	return "v1.0"
}

// Versions is every version, in order.
var versions = []Version{V1, Beta}

// A Name is what something is called in each version. An empty name means that
// it does not exist there.
type Name struct{ V1, Beta string }

// Both returns the name of something that both versions call alike.
func Both(name string) Name { return Name{name, name} }

// In returns the name in v.
func (n Name) In(v Version) string {
	if v == Beta {
		return n.Beta
	}
	return n.V1
}

// String returns the name for people: v1.0's where there is one.
func (n Name) String() string {
	if n.V1 != "" {
		return n.V1
	}
	return n.Beta
}

// A Type is the name of a type as CSDL spells it (OData CSDL 4.01, section 4).
type Type string

// The primitive types.
const (
	String         Type = "Edm.String"
	Guid           Type = "Edm.Guid"
	Boolean        Type = "Edm.Boolean"
	Int32          Type = "Edm.Int32"
	Int64          Type = "Edm.Int64"
	DateTimeOffset Type = "Edm.DateTimeOffset"
	Duration       Type = "Edm.Duration"
	Binary         Type = "Edm.Binary"
	Stream         Type = "Edm.Stream"
)

// Namespace is the namespace of every type that is declared.
const Namespace = "microsoft.graph"

// Of returns the declared type of that name.
func Of(name string) Type { return Type(Namespace + "." + name) }

// Many returns a collection of t.
func Many(t Type) Type { return "Collection(" + t + ")" }

// Item returns the type of a collection's elements, and t itself otherwise.
func (t Type) Item() Type {
	if s, ok := strings.CutPrefix(string(t), "Collection("); ok {
		return Type(strings.TrimSuffix(s, ")"))
	}
	return t
}

// IsMany reports whether t is a collection.
func (t Type) IsMany() bool { return strings.HasPrefix(string(t), "Collection(") }

// Short returns the name without the namespace: "user", or "Edm.String".
func (t Type) Short() string { return strings.TrimPrefix(string(t), Namespace+".") }

// Resource returns the name as Graph's directory writes it in messages: User.
func (t Type) Resource() string {
	s := t.Short()
	return strings.ToUpper(s[:1]) + s[1:]
}
