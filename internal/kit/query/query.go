// Package query says what a reader wants of a noun's rows: a filter, an order
// and a page. It compiles that to SQL over the noun's columns.
//
// An expression speaks of fields by the noun's own names and of values in Go's
// types. A Table, written beside the noun's SQL, says which column answers for
// which field. The compiled text is the same for SQLite and PostgreSQL; every
// value is bound, never written into the text.
//
// Logic has two values. A comparison with an absent value is false, except
// that absent equals null and differs from everything else; so "not" always
// turns the answer around (OData 4.01, part 2, section 5.1.1.1). Columns are
// never SQL null: a column says by which stored value it means "absent".
//
// Pages are cut by key, not by offset: the next page begins after the sort
// values of the last row, so page 1000 costs what page 1 costs. Text is
// compared byte by byte; what must ignore case is compared in a column that
// holds Fold of the text.
package query

import (
	"entente/internal/kit/fault"
)

// The refusals. They are mistakes of the reader, not of the store.
const (
	UnknownField fault.Reason = "query.unknown_field" // the noun has no such field
	Unsupported  fault.Reason = "query.unsupported"   // the field cannot be asked this way
	WrongValue   fault.Reason = "query.wrong_value"   // the value is not of the field's kind
	TooComplex   fault.Reason = "query.too_complex"   // more than MaxNodes terms
	WrongCursor  fault.Reason = "query.wrong_cursor"  // the page's start does not fit the order
)

// MaxNodes is the greatest number of nodes and listed values in one filter.
// It keeps the text below the depth that SQLite parses.
const MaxNodes = 500

// An Expr is a condition on one row. The types of this package are all of
// them: And, Or, Not, Compare, In, StartsWith, EndsWith, Contains, HasWord, Any,
// Count.
type Expr interface{ expr() }

// And holds when all its parts hold. Without parts it holds.
type And []Expr

// Or holds when one of its parts holds. Without parts it does not hold.
type Or []Expr

// Not holds when its part does not.
type Not struct{ X Expr }

// Compare compares a field with a value: a string, an int or int64, a bool or a
// time.Time, as the field's Kind asks, or nil for null. Less and greater never
// hold for an absent value.
type Compare struct {
	Field string
	Op    Op
	Value any
}

// In holds when the field equals one of the values.
type In struct {
	Field  string
	Values []any
}

// StartsWith holds when the field's text begins with Value.
type StartsWith struct{ Field, Value string }

// EndsWith holds when the field's text ends with Value.
type EndsWith struct{ Field, Value string }

// Contains holds when the field's text contains Value.
type Contains struct{ Field, Value string }

// HasWord holds when one of the Words of the field's text begins with Prefix.
// Scope is bound to the placeholder in Column.Words: the tenant.
type HasWord struct {
	Field  string
	Scope  any
	Prefix string
}

// Any holds when the collection has an element for which Of holds. Of speaks
// of the element's own fields; the element itself is the field "". Without Of
// it holds when the collection is not empty.
type Any struct {
	Field string
	Of    Expr
}

// Count compares the number of a collection's elements.
type Count struct {
	Field string
	Op    Op
	N     int
}

func (And) expr()        {}
func (Or) expr()         {}
func (Not) expr()        {}
func (Compare) expr()    {}
func (In) expr()         {}
func (StartsWith) expr() {}
func (EndsWith) expr()   {}
func (Contains) expr()   {}
func (HasWord) expr()    {}
func (Any) expr()        {}
func (Count) expr()      {}

// An Op is a comparison, written as in SQL.
type Op string

// The comparisons.
const (
	Eq Op = "="
	Ne Op = "<>"
	Lt Op = "<"
	Le Op = "<="
	Gt Op = ">"
	Ge Op = ">="
)

// A Key is one step of an order.
type Key struct {
	Field string
	Desc  bool
}

// A Page is a stretch of the ordered rows.
type Page struct {
	Limit int   // the rows wanted; 0 means all
	After []any // sort values of the row before the page, from Cursor.Next; nil at the start
}

// A Query is what a reader wants.
type Query struct {
	Filter Expr // nil for all rows
	Order  []Key
	Page   Page
}

// A Kind is the type of a column's values.
type Kind int

// The kinds and the Go type of their values.
const (
	Text Kind = iota // string
	Int              // int or int64
	Bool             // bool, stored as 0 and 1
	Time             // time.Time, stored in microseconds since 1970
)

// A Column answers for a field.
type Column struct {
	SQL  string // the column that is compared and sorted: "u.display_name_folded"
	Kind Kind
	Fold bool // the column holds Fold of the text, and values are folded before comparing

	// Among are the words that the column holds, where they are few: a value
	// that differs from one of them in case only means that word. They need no
	// folded column.
	Among []string

	// Null is the stored value that means "absent": "" or 0, as a rule. Nil
	// means that the field is never absent.
	Null any

	// Words are where HasWord finds the field's words; nil where it cannot be
	// asked.
	Words *WordIndex

	// Items makes the field a collection, to be asked by Any and Count alone;
	// the members above are then unused.
	Items *Items
}

// A WordIndex is a table with the words of a field, one row a word. It is read
// apart from the noun's rows, so that a rare word is found at once.
type WordIndex struct {
	Key    string // the column that names the row: "u.id"
	Select string // "select w.user_id from user_word w where w.tenant_id = ?"
	Word   string // "w.word"
}

// Items are the elements of a collection, in a table beside the noun's.
type Items struct {
	From   string            // "user_mail m"
	On     string            // "m.tenant_id = u.tenant_id and m.user_id = u.id"
	Fields map[string]Column // of the element; "" is the element itself
}

// A Table tells which columns answer for a noun's fields. It is written once
// and never changed.
type Table struct {
	Fields map[string]Column
	Key    []string // the fields that make a row unique; they end every order
}
