package query

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"entente/internal/kit/fault"
)

// Matching returns base with the filter added. Base is a statement that ends
// in its where clause, with its own arguments: "select count(*) from app a
// where a.tenant_id = ?". A nil filter adds nothing.
func Matching(filter Expr, t Table, base string, args ...any) (string, []any, error) {
	if filter == nil {
		return base, args, nil
	}
	c := newCompiler(base, args)
	c.write(" and ")
	if err := c.expr(filter, t.Fields); err != nil {
		return "", nil, err
	}
	return c.text.String(), c.args, nil
}

// Compile returns base with filter, start, order and limit of q added. Base is
// a statement as Matching takes it. The statement asks for one row more than
// the page's limit, so that the reader sees whether another page follows; see
// Cursor.
func Compile(q Query, t Table, base string, args ...any) (string, []any, error) {
	text, args, err := Matching(q.Filter, t, base, args...)
	if err != nil {
		return "", nil, err
	}
	keys, err := t.sort(q.Order)
	if err != nil {
		return "", nil, err
	}
	c := newCompiler(text, args)
	if q.Page.After != nil {
		if err := checkCursor(keys, q.Page.After); err != nil {
			return "", nil, err
		}
		c.write(" and ")
		c.after(keys, q.Page.After)
	}
	c.order(keys)
	if q.Page.Limit > 0 {
		c.write(" limit ?", int64(q.Page.Limit)+1)
	}
	return c.text.String(), c.args, nil
}

// A compiler writes a statement from left to right, so that arguments stand in
// the order of their placeholders.
type compiler struct {
	text  strings.Builder
	args  []any
	nodes int
}

func newCompiler(base string, args []any) *compiler {
	c := &compiler{args: args[:len(args):len(args)]}
	c.text.WriteString(base)
	return c
}

func (c *compiler) write(sql string, args ...any) {
	c.text.WriteString(sql)
	c.args = append(c.args, args...)
}

// constant writes a condition that does not depend on the row.
func (c *compiler) constant(holds bool) {
	if holds {
		c.write("1 = 1")
	} else {
		c.write("1 = 0")
	}
}

// count refuses the filter when it grows beyond MaxNodes.
func (c *compiler) count(n int) error {
	if c.nodes += n; c.nodes > MaxNodes {
		return fault.Because(fault.Invalid, TooComplex, "The filter has more than %d terms.", MaxNodes)
	}
	return nil
}

// expr writes e, enclosed where it is made of parts.
func (c *compiler) expr(e Expr, fields map[string]Column) error {
	if err := c.count(1); err != nil {
		return err
	}
	switch e := e.(type) {
	case And:
		return c.list(e, " and ", true, fields)
	case Or:
		return c.list(e, " or ", false, fields)
	case Not:
		c.write("not (")
		if err := c.expr(e.X, fields); err != nil {
			return err
		}
		c.write(")")
		return nil
	case Any:
		return c.any(e, fields)
	case Count:
		return c.size(e, fields)
	case Compare:
		return c.compare(e, fields)
	case In:
		return c.in(e, fields)
	case StartsWith:
		return c.match(e.Field, e.Value, fields, strings.HasPrefix, (*compiler).startsWith)
	case EndsWith:
		return c.match(e.Field, e.Value, fields, strings.HasSuffix, (*compiler).endsWith)
	case Contains:
		return c.match(e.Field, e.Value, fields, strings.Contains, (*compiler).contains)
	case HasWord:
		return c.hasWord(e, fields)
	}
	return fault.Because(fault.Invalid, Unsupported, "The filter holds an empty term.")
}

// list writes parts joined by a word; without parts, the word's neutral value.
func (c *compiler) list(parts []Expr, word string, empty bool, fields map[string]Column) error {
	if len(parts) == 0 {
		c.constant(empty)
		return nil
	}
	c.write("(")
	for i, e := range parts {
		if i > 0 {
			c.write(word)
		}
		if err := c.expr(e, fields); err != nil {
			return err
		}
	}
	c.write(")")
	return nil
}

func (c *compiler) any(e Any, fields map[string]Column) error {
	items, err := collection(fields, e.Field)
	if err != nil {
		return err
	}
	c.write("exists (select 1 from " + items.From + " where " + items.On)
	if e.Of != nil {
		c.write(" and ")
		if err := c.expr(e.Of, items.Fields); err != nil {
			return err
		}
	}
	c.write(")")
	return nil
}

func (c *compiler) size(e Count, fields map[string]Column) error {
	items, err := collection(fields, e.Field)
	switch {
	case err != nil:
		return err
	case !e.Op.known():
		return unknownOp
	}
	c.write("(select count(*) from "+items.From+" where "+items.On+") "+string(e.Op)+" ?", int64(e.N))
	return nil
}

func (c *compiler) in(e In, fields map[string]Column) error {
	col, err := single(fields, e.Field)
	if err != nil {
		return err
	}
	if err := c.count(len(e.Values)); err != nil {
		return err
	}
	var stored []any
	for _, v := range e.Values {
		s, exact, err := col.stored(e.Field, v)
		switch {
		case err != nil:
			return err
		case v == nil && col.null() == nil, !exact:
			continue // no row has it
		case v != nil && s == col.null():
			continue // what is stored so is absent, not this value
		}
		stored = append(stored, s)
	}
	if len(stored) == 0 {
		c.constant(false)
		return nil
	}
	c.write(col.SQL+" in (?"+strings.Repeat(", ?", len(stored)-1)+")", stored...)
	return nil
}

func (c *compiler) compare(e Compare, fields map[string]Column) error {
	col, err := single(fields, e.Field)
	if err != nil {
		return err
	}
	v, exact, err := col.stored(e.Field, e.Value)
	switch {
	case err != nil:
		return err
	case !e.Op.known():
		return unknownOp
	case e.Value == nil:
		c.compareNull(col, e.Op)
		return nil
	}
	switch op := e.Op; op {
	case Eq, Ne:
		if !exact || v == col.null() {
			c.constant(op == Ne)
			return nil
		}
		c.write(col.SQL+" "+string(op)+" ?", v)
	case Lt, Le, Gt, Ge:
		if !exact { // the value lies above v and below the next that can be stored
			op = map[Op]Op{Lt: Le, Le: Le, Gt: Gt, Ge: Gt}[op]
		}
		c.guarded(col, holds(col.null(), op, v), func() { c.write(col.SQL+" "+string(op)+" ?", v) })
	}
	return nil
}

// compareNull writes a comparison with null: two absent values are equal, and
// neither is less.
func (c *compiler) compareNull(col Column, op Op) {
	null := col.null()
	switch {
	case op == Lt || op == Gt:
		c.constant(false)
	case null == nil:
		c.constant(op == Ne)
	case op == Ne:
		c.write(col.SQL+" <> ?", null)
	default:
		c.write(col.SQL+" = ?", null)
	}
}

// guarded writes a condition that must not hold for an absent value. The guard
// is left out where the stored form of "absent" fails the condition by itself.
func (c *compiler) guarded(col Column, needed bool, condition func()) {
	if !needed {
		condition()
		return
	}
	c.write("(")
	condition()
	c.write(" and "+col.SQL+" <> ?)", col.null())
}

// match writes a condition on one text. The function meets is the condition in
// Go, which tells whether the stored form of "absent" meets it.
func (c *compiler) match(field, value string, fields map[string]Column, meets func(s, value string) bool, write func(*compiler, Column, string)) error {
	col, err := single(fields, field)
	if err != nil {
		return err
	}
	if col.Kind != Text {
		return fault.Because(fault.Invalid, Unsupported, "The field %s is no text.", field).With("field", field)
	}
	v, _, err := col.stored(field, value)
	if err != nil {
		return err
	}
	value = v.(string)
	null, absent := col.null().(string)
	c.guarded(col, absent && meets(null, value), func() {
		if value == "" {
			c.constant(true)
			return
		}
		write(c, col, value)
	})
	return nil
}

// startsWith writes a range, which an index on the column answers.
func (c *compiler) startsWith(col Column, prefix string) {
	end, bounded := afterPrefix(prefix)
	if !bounded {
		c.write(col.SQL+" >= ?", prefix)
		return
	}
	c.write("("+col.SQL+" >= ? and "+col.SQL+" < ?)", prefix, end)
}

// endsWith avoids "like", which ignores the case of ASCII letters on SQLite and
// on no other engine. The length is checked first because a start before the
// text means different things to the two engines.
func (c *compiler) endsWith(col Column, suffix string) {
	n := int64(utf8.RuneCountInString(suffix))
	c.write("(length("+col.SQL+") >= ? and substr("+col.SQL+", length("+col.SQL+") - ? + 1) = ?)", n, n, suffix)
}

// contains avoids "like" as endsWith does; the engines' own functions for it
// have different names, but both can remove the text and see a difference.
func (c *compiler) contains(col Column, part string) {
	c.write("replace("+col.SQL+", ?, '') <> "+col.SQL, part)
}

// hasWord writes a range of words, whose rows are looked up once.
func (c *compiler) hasWord(e HasWord, fields map[string]Column) error {
	col, err := single(fields, e.Field)
	if err != nil {
		return err
	}
	if col.Words == nil || !storable(e.Prefix) {
		return fault.Because(fault.Invalid, Unsupported, "The field %s is not searched by words.", e.Field).With("field", e.Field)
	}
	c.write(col.Words.Key+" in ("+col.Words.Select+" and ", e.Scope)
	c.startsWith(Column{SQL: col.Words.Word}, Fold(e.Prefix))
	c.write(")")
	return nil
}

// afterPrefix returns the least text that is greater than every text beginning
// with prefix, or false when there is none. UTF-8 sorts by code point, so the
// last one that can be raised is raised, over the surrogates, which no text holds.
func afterPrefix(prefix string) (string, bool) {
	for prefix != "" {
		r, size := utf8.DecodeLastRuneInString(prefix)
		prefix = prefix[:len(prefix)-size]
		switch {
		case r == utf8.MaxRune:
		case r == 0xD7FF:
			return prefix + "\uE000", true
		default:
			return prefix + string(r+1), true
		}
	}
	return "", false
}

// known reports whether o is one of the comparisons: only they may enter the
// text of a statement.
func (o Op) known() bool {
	switch o {
	case Eq, Ne, Lt, Le, Gt, Ge:
		return true
	}
	return false
}

// unknownOp refuses a comparison that is none of the constants.
var unknownOp = fault.Because(fault.Invalid, Unsupported, "The filter holds an unknown comparison.")

// single returns the column of a field that is no collection.
func single(fields map[string]Column, field string) (Column, error) {
	col, ok := fields[field]
	switch {
	case !ok:
		return col, fault.Because(fault.Invalid, UnknownField, "There is no field %s to ask for.", field).With("field", field)
	case col.Items != nil:
		return col, fault.Because(fault.Invalid, Unsupported, "The field %s is a collection.", field).With("field", field)
	}
	return col, nil
}

// collection returns the elements of a field that is a collection.
func collection(fields map[string]Column, field string) (*Items, error) {
	col, ok := fields[field]
	switch {
	case !ok:
		return nil, fault.Because(fault.Invalid, UnknownField, "There is no field %s to ask for.", field).With("field", field)
	case col.Items == nil:
		return nil, fault.Because(fault.Invalid, Unsupported, "The field %s is no collection.", field).With("field", field)
	}
	return col.Items, nil
}

// null returns the stored form of "absent", or nil.
func (c Column) null() any {
	if n, ok := c.Null.(int); ok {
		return int64(n)
	}
	return c.Null
}

// stored returns v as the column stores it. It is not exact when v lies between
// two values that can be stored; the lower one is returned.
func (c Column) stored(field string, v any) (s any, exact bool, err error) {
	switch v := v.(type) {
	case nil:
		return c.null(), true, nil
	case string:
		if c.Kind == Text && storable(v) {
			if c.Fold {
				v = Fold(v)
			}
			if i := slices.IndexFunc(c.Among, func(w string) bool { return strings.EqualFold(w, v) }); i >= 0 {
				v = c.Among[i]
			}
			return v, true, nil
		}
	case int:
		if c.Kind == Int {
			return int64(v), true, nil
		}
	case int64:
		if c.Kind == Int {
			return v, true, nil
		}
	case bool:
		if c.Kind == Bool {
			if v {
				return int64(1), true, nil
			}
			return int64(0), true, nil
		}
	case time.Time:
		if c.Kind == Time {
			return v.UnixMicro(), v.Nanosecond()%int(time.Microsecond) == 0, nil
		}
	}
	return nil, false, fault.Because(fault.Invalid, WrongValue, "The value does not fit the field %s.", field).With("field", field)
}

// storable reports whether both engines can hold s: PostgreSQL takes neither
// NUL nor what is not UTF-8.
func storable(s string) bool {
	return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0
}

// holds reports whether a stands in relation op to b; both are stored values.
// Without a, nothing holds.
func holds(a any, op Op, b any) bool {
	var sign int
	switch a := a.(type) {
	case string:
		sign = strings.Compare(a, b.(string))
	case int64:
		switch b := b.(int64); {
		case a < b:
			sign = -1
		case a > b:
			sign = 1
		}
	default:
		return false
	}
	switch op {
	case Lt:
		return sign < 0
	case Le:
		return sign <= 0
	case Gt:
		return sign > 0
	default:
		return sign >= 0
	}
}
