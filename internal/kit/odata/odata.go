// Package odata reads the text of OData requests: query options and resource
// paths become syntax trees, and nothing is known here of the types they speak
// of.
//
// It obeys OData 4.01, part 2 (URL conventions) and its grammar, as Microsoft
// Graph speaks it: option names with and without "$" and in any case, "+" as a
// space, words of the filter in any case. What is well formed and not part of
// the tree (arithmetic, most functions, annotations, parameter aliases) is
// refused as Unsupported, never as Syntax; so a caller learns whether the text
// or the wish is at fault. White space is taken where a person would write it,
// also where the grammar is strict.
//
// Whoever reads a tree may trust the limits below: text from the net costs
// bounded time, memory and stack.
package odata

import (
	"strconv"
	"time"
	"unicode/utf8"

	"entente/internal/kit/fault"
)

// The refusals. Each carries the values "option" ("$filter") and "text"; Syntax
// and Unsupported carry "position", counted in characters from 0, as well.
const (
	Syntax      fault.Reason = "odata.syntax"      // the text is not well formed
	Unsupported fault.Reason = "odata.unsupported" // it is, and we do not do this
	TooComplex  fault.Reason = "odata.too_complex" // it passes one of the limits
)

// The limits.
const (
	MaxText  = 16 << 10 // bytes of a query or a path
	MaxDepth = 64       // brackets, functions, lambdas and nested options within one another
	MaxNodes = 400      // parts of one option's value
	MaxItems = 250      // items of one list: in, $select, $expand, $orderby; segments of a path
)

// An Expr is a node of a filter: *Logic, *Not, *Compare, *In, *Call, *Lambda,
// *Path or *Literal. Pos is where it begins, in bytes of the option's decoded
// value.
type Expr interface{ Pos() int }

// At is the position of a node.
type At int

// Pos returns the position.
func (a At) Pos() int { return int(a) }

// Logic joins two or more parts by "and" or "or".
type Logic struct {
	At
	Op    string // "and" or "or"
	Parts []Expr
}

// Not turns its operand around.
type Not struct {
	At
	X Expr
}

// Compare compares two operands.
type Compare struct {
	At
	Op   string // "eq", "ne", "gt", "ge", "lt" or "le"
	X, Y Expr
}

// In tells whether an operand is one of the listed values.
type In struct {
	At
	X    Expr
	List []*Literal
}

// Call is one of the functions startswith, endswith and contains.
type Call struct {
	At
	Name string // in lower case
	Args []Expr
}

// Lambda asks a condition of a collection's elements. Paths in Body that begin
// with Var speak of the element.
type Lambda struct {
	At
	Path *Path
	All  bool   // all instead of any
	Var  string // empty for any()
	Body Expr   // nil for any()
}

// Path leads to a property. Its last name is "$count" when the number of
// elements is meant; its first may be "$it", "$this" or "$root".
type Path struct {
	At
	Names []string
}

// A Kind is the type of a literal as it was written.
type Kind int

// The kinds.
const (
	Null     Kind = iota
	Bool          // Int is 0 or 1
	Int           // Int is the value
	Decimal       // a number that is no int64, INF and NaN included; Text has it
	String        // Text is the value without quotes
	GUID          // unquoted; Text is in lower case
	Date          // Time is its midnight in UTC
	DateTime      // Time is the value
	Enum          // Type'Text'
)

// Literal is a value.
type Literal struct {
	At
	Kind Kind
	Text string // as written, except as Kind says
	Int  int64
	Time time.Time
	Type string // the qualified name before an Enum
}

// Options are the query options of a request, or those nested in an item of
// $expand.
type Options struct {
	Filter  Expr
	Search  Search
	Select  []Item
	Expand  []Expand
	OrderBy []Order
	Top     *int  // nil where absent
	Skip    *int  // nil where absent
	Count   *bool // nil where absent
	Levels  int   // of $expand: 0 where absent, -1 for max

	SkipToken  string
	DeltaToken string
	Format     string
	ID         string // $id, the target of a reference

	// Given lists all options of the request in their order, those of other
	// makers included, so that a link to the next page can carry them on.
	Given []Given
}

// Given is an option as it came, decoded. The names of system options are in
// lower case and begin with "$".
type Given struct{ Name, Value string }

// Item is one item of $select: the names of a path, the last of which may be
// "*".
type Item struct {
	At
	Path []string
}

// Expand is one item of $expand. Path may be "*" alone.
type Expand struct {
	At
	Path    []string
	Ref     bool // …/$ref: references only
	Count   bool // …/$count: the number only
	Options Options
}

// Order is one item of $orderby.
type Order struct {
	Expr Expr
	Desc bool
}

// Search is a node of $search: *SearchList, *SearchNot or *SearchTerm.
type Search interface{ Pos() int }

// SearchList joins two or more parts by "and" or "or".
type SearchList struct {
	At
	Op    string // "and" or "or"
	Parts []Search
}

// SearchNot turns its operand around.
type SearchNot struct {
	At
	X Search
}

// SearchTerm is a word, or a phrase in double quotes, without them and with
// \" and \\ resolved.
type SearchTerm struct {
	At
	Text   string
	Quoted bool
}

// refusal returns a fault about an option's value.
func refusal(reason fault.Reason, option, text string, pos int, say string) *fault.Error {
	n := strconv.Itoa(utf8.RuneCountInString(text[:pos]))
	return fault.Because(fault.Invalid, reason, "%s at position %s of %s.", say, n, option).
		With("position", n).With("option", option).With("text", text)
}

// tooComplex returns a fault about a limit.
func tooComplex(option, format string, args ...any) *fault.Error {
	return fault.Because(fault.Invalid, TooComplex, format, args...).With("option", option)
}
