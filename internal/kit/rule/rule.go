package rule

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"entente/internal/kit/query"
)

// Limits of a rule.
const (
	MaxText  = 3072 // characters, as documented
	maxDepth = 32   // of parentheses and negations

	maxPattern = 10_000 // steps of a pattern, compiled
)

// A Type is what a property holds.
type Type int

// The types. A value is a string, []string, bool or time.Time, or nil.
const (
	Text Type = iota
	Texts
	Bool
	Time
)

// A Schema is what a rule may speak of.
type Schema struct {
	Object     string          // the name before the point: "user"
	Properties map[string]Type // by name
}

// lookup finds a property, whatever the case of its letters.
func (s Schema) lookup(name string) (string, Type, bool) {
	if t, ok := s.Properties[name]; ok {
		return name, t, true
	}
	for n, t := range s.Properties {
		if strings.EqualFold(n, name) {
			return n, t, true
		}
	}
	return "", 0, false
}

// An Error says what is wrong with a rule, and where.
type Error struct {
	Pos         int // of the character, from 1
	Say         string
	Unsupported bool // it may be right, and is not understood here
}

func (e *Error) Error() string { return fmt.Sprintf("%s (at position %d)", e.Say, e.Pos) }

// A Rule is one that was read.
type Rule struct {
	root expr
	text string
}

// String returns the rule as it was written.
func (r *Rule) String() string { return r.text }

// Match reports whether the rule holds for the values that get returns of
// properties, by the names of the schema.
func (r *Rule) Match(get func(property string) any) bool { return r.root.holds(get) }

// An expr is a part of a rule.
type expr interface {
	holds(get func(string) any) bool
}

// all and some are parts that are joined, not is the opposite of one.
type (
	all  []expr
	some []expr
	not  struct{ of expr }
)

func (l all) holds(get func(string) any) bool {
	return !slices.ContainsFunc(l, func(e expr) bool { return !e.holds(get) })
}

func (l some) holds(get func(string) any) bool {
	return slices.ContainsFunc(l, func(e expr) bool { return e.holds(get) })
}

func (n not) holds(get func(string) any) bool { return !n.of.holds(get) }

// item is the name of a collection's item.
const item = "_"

// each says something of a collection's items: of one, or of all.
type each struct {
	property string
	every    bool
	of       expr
}

func (e each) holds(get func(string) any) bool {
	list, _ := get(e.property).([]string)
	holds := func(s string) bool { return e.of.holds(func(string) any { return s }) }
	if e.every {
		return !slices.ContainsFunc(list, func(s string) bool { return !holds(s) })
	}
	return slices.ContainsFunc(list, holds)
}

// compare holds one property against values, or against null where there are
// none. Its operator is never one with "not": that is the opposite of compare.
type compare struct {
	property string
	op       string
	values   []string // folded
	pattern  *regexp.Regexp
	flag     bool
	at       time.Time
}

func (c compare) holds(get func(string) any) bool {
	switch v := get(c.property).(type) {
	case string:
		return c.text(v)
	case []string:
		if c.op == isNull {
			return len(v) == 0
		}
		return slices.ContainsFunc(v, c.text)
	case bool:
		return c.op == "eq" && v == c.flag
	case time.Time:
		switch d := v.Compare(c.at); c.op {
		case "eq":
			return d == 0
		case "ge":
			return d >= 0
		case "le":
			return d <= 0
		}
		return false
	}
	return c.op == isNull
}

// isNull is the operator of a comparison with null.
const isNull = "null"

func (c compare) text(v string) bool {
	if v == "" {
		return c.op == isNull
	}
	if c.op == "match" {
		return c.pattern.MatchString(v)
	}
	v = query.Fold(v)
	for _, want := range c.values {
		var ok bool
		switch c.op {
		case "eq", "in":
			ok = v == want
		case "startswith":
			ok = strings.HasPrefix(v, want)
		case "endswith":
			ok = strings.HasSuffix(v, want)
		case "contains":
			ok = strings.Contains(v, want)
		}
		if ok {
			return true
		}
	}
	return false
}
