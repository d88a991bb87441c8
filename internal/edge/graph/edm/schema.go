package edm

import (
	"fmt"
	"strings"
)

// A Schema is the types that one folder of sets declares.
type Schema struct {
	Entities []Entity
	Complex  []Complex
	Enums    []Enum
}

// An Entity is an entity type.
type Entity struct {
	Name     string // "user"
	Base     string // "directoryObject", or empty
	Abstract bool
	Key      string // the property that is the key; "id" where it says nothing
	Props    []Prop

	// Input are members that only bodies have: "template@odata.bind", or the
	// members of a new team. A type among them may be an entity's.
	Input []Prop

	// Shared are properties that all types derived from this one have, though it
	// does not: lists of its entities can be asked by them, in advanced queries.
	Shared []Prop

	// Paths are properties of single parts by which a list can be asked:
	// catalog/id. The names have the slash.
	Paths []Prop

	// Counted names parts whose $count can be compared in an advanced query.
	// The noun's table has a collection of that name.
	Counted []string
}

// A Complex is a complex type.
type Complex struct {
	Name  string
	Props []Prop
}

// An Enum is an enumeration.
type Enum struct {
	Name    string
	Members []string
	Flags   bool // values may be joined by commas
}

// A Write says when a property may be written.
type Write string

// When a property may be written.
const (
	RO Write = ""   // by the service alone
	C  Write = "C"  // at creation
	U  Write = "U"  // by an update
	CU Write = "CU" // both
)

// A Show says when a property stands in an answer that selects nothing.
type Show int

// When a property is shown.
const (
	Always   Show = iota
	InBeta        // by default in beta; in v1.0 when it is selected
	Selected      // when it is selected
	Never         // its value never leaves: when it is selected, it stands as null
)

// A Prop is a structural property.
type Prop struct {
	Name  string // in both versions, unless the next two say otherwise
	Beta  string // the name in beta where that differs
	Only  string // "v1.0" or "beta": the one version that has it
	Type  Type
	Write Write
	Show  Show

	NotNull  bool
	Required bool // at creation

	// Filter lists the operators that $filter takes, separated by spaces: eq ne
	// ge le in sw ew contains not null cnt. Those after a semicolon ask for an
	// advanced query. ge and le stand for gt and lt as well, null for a
	// comparison with null, cnt for $count of a collection.
	Filter string

	// Order says whether $orderby takes it: "", "d" by default, "F" beside a
	// filter as well, "A" in an advanced query.
	Order string

	// Search says how $search finds the property.
	Search Find

	// Field is the field of the noun's query.Table; the name where it says nothing.
	Field string

	Note string // for doc/graph.md
}

// In returns the property's name in v, or "".
func (p Prop) In(v Version) string {
	switch {
	case p.Only != "" && p.Only != v.String():
		return ""
	case v == Beta && p.Beta != "":
		return p.Beta
	}
	return p.Name
}

// field returns what the noun calls the property.
func (p Prop) field() string {
	if p.Field != "" {
		return p.Field
	}
	return p.Name
}

// shown reports whether p stands in an answer of version v that selects nothing.
func (p Prop) shown(v Version) bool {
	return p.Type != Stream && (p.Show == Always || p.Show == InBeta && v == Beta)
}

// A support says how far an operator is supported.
type support int

const (
	unsupported support = iota
	plain
	advanced
)

var operators = map[string]bool{
	"eq": true, "ne": true, "ge": true, "le": true, "in": true, "sw": true, "ew": true,
	"contains": true, "not": true, "null": true, "cnt": true,
}

// supports returns how far $filter supports op on p.
func (p Prop) supports(op string) support {
	plainly, later, _ := strings.Cut(p.Filter, ";")
	for _, w := range strings.Fields(plainly) {
		if w == op {
			return plain
		}
	}
	for _, w := range strings.Fields(later) {
		if w == op {
			return advanced
		}
	}
	return unsupported
}

func (p Prop) check(owner string) error {
	for _, w := range strings.Fields(strings.ReplaceAll(p.Filter, ";", " ")) {
		if !operators[w] {
			return fmt.Errorf("%s.%s: no filter operator is called %s", owner, p.Name, w)
		}
	}
	switch p.Order {
	case "", "d", "A", "F":
	default:
		return fmt.Errorf("%s.%s: no order is called %s", owner, p.Name, p.Order)
	}
	switch p.Only {
	case "", "v1.0", "beta":
	default:
		return fmt.Errorf("%s.%s: there is no version %s", owner, p.Name, p.Only)
	}
	return nil
}
