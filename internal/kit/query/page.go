package query

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"

	"entente/internal/kit/fault"
)

// A sortKey is one step of a complete order.
type sortKey struct {
	column Column
	desc   bool
}

// sort returns the complete order: the reader's wish, then the fields of the
// table's key that it does not name. A field that is named twice counts once.
// The key follows the direction of the last wish, so that an index read
// backwards still answers.
func (t Table) sort(order []Key) ([]sortKey, error) {
	var keys []sortKey
	seen := make(map[string]bool, len(order)+len(t.Key))
	desc := false
	add := func(field string) error {
		if seen[field] {
			return nil
		}
		seen[field] = true
		col, err := single(t.Fields, field)
		if err == nil {
			keys = append(keys, sortKey{col, desc})
		}
		return err
	}
	for _, k := range order {
		desc = k.Desc
		if err := add(k.Field); err != nil {
			return nil, err
		}
	}
	for _, field := range t.Key {
		if err := add(field); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

// order writes the order by clause.
func (c *compiler) order(keys []sortKey) {
	for i, k := range keys {
		if i == 0 {
			c.write(" order by ")
		} else {
			c.write(", ")
		}
		c.write(k.column.SQL)
		if k.desc {
			c.write(" desc")
		}
	}
}

// after writes the condition that a row follows the one with the given sort
// values. When all keys run one way it compares them as one row, which both
// engines answer from an index; otherwise key by key, led by a plain range on
// the first one for the index's sake.
func (c *compiler) after(keys []sortKey, values []any) {
	oneWay := true
	for _, k := range keys {
		oneWay = oneWay && k.desc == keys[0].desc
	}
	switch {
	case len(keys) == 1:
		c.write(keys[0].column.SQL+" "+keys[0].past()+" ?", values[0])
	case oneWay:
		c.write("(")
		for i, k := range keys {
			if i > 0 {
				c.write(", ")
			}
			c.write(k.column.SQL)
		}
		c.write(") "+keys[0].past()+" (?"+strings.Repeat(", ?", len(keys)-1)+")", values...)
	default:
		c.write("("+keys[0].column.SQL+" "+keys[0].past()+"= ? and ", values[0])
		c.afterEach(keys, values)
		c.write(")")
	}
}

// afterEach writes: past the first key, or equal there and past the rest.
func (c *compiler) afterEach(keys []sortKey, values []any) {
	k := keys[0]
	c.write("("+k.column.SQL+" "+k.past()+" ?", values[0])
	if len(keys) > 1 {
		c.write(" or ("+k.column.SQL+" = ? and ", values[0])
		c.afterEach(keys[1:], values[1:])
		c.write(")")
	}
	c.write(")")
}

// past returns the comparison that later rows pass.
func (k sortKey) past() string {
	if k.desc {
		return "<"
	}
	return ">"
}

// checkCursor refuses sort values that are not those of the order.
func checkCursor(keys []sortKey, values []any) error {
	ok := len(keys) == len(values)
	for i := 0; ok && i < len(keys); i++ {
		switch v := values[i].(type) {
		case string:
			ok = keys[i].column.Kind == Text && storable(v)
		case int64:
			ok = keys[i].column.Kind != Text
		default:
			ok = false
		}
	}
	if !ok {
		return fault.Because(fault.Invalid, WrongCursor, "The page's start does not fit the order.")
	}
	return nil
}

// A Cursor follows a reader through one page: it reads the sort values beside
// the row's columns, stops at the page's limit and knows where the next page
// begins.
//
//	cur, err := table.Cursor(q)
//	text, args, err := query.Compile(q, table, "select u.face, "+cur.Columns()+" from …", tenant)
//	err = tx.Each(ctx, text, args, func(scan func(...any) error) error {
//		if cur.Beyond() {
//			return nil
//		}
//		return scan(append([]any{&face}, cur.Dest()...)...)
//	})
//	next := cur.Next()
type Cursor struct {
	keys  []sortKey
	limit int
	rows  int
	texts []string
	ints  []int64
	dest  []any
}

// Cursor returns a cursor for q at its beginning.
func (t Table) Cursor(q Query) (*Cursor, error) {
	keys, err := t.sort(q.Order)
	if err != nil {
		return nil, err
	}
	c := &Cursor{keys: keys, limit: q.Page.Limit, texts: make([]string, len(keys)), ints: make([]int64, len(keys))}
	for i, k := range keys {
		if k.column.Kind == Text {
			c.dest = append(c.dest, &c.texts[i])
		} else {
			c.dest = append(c.dest, &c.ints[i])
		}
	}
	return c, nil
}

// Columns returns what to select, separated by commas.
func (c *Cursor) Columns() string {
	names := make([]string, len(c.keys))
	for i, k := range c.keys {
		names[i] = k.column.SQL
	}
	return strings.Join(names, ", ")
}

// Beyond is asked once for each row, before it is scanned. It reports whether
// the row is the one that Compile reads past the page's end; that row is only
// a sign that another page follows and must not be scanned.
func (c *Cursor) Beyond() bool {
	c.rows++
	return c.limit > 0 && c.rows > c.limit
}

// Dest returns where to scan the columns to. The pointers stay the same from
// row to row.
func (c *Cursor) Dest() []any { return c.dest }

// Next returns where the next page begins, for Page.After, or nil when this
// one was the last.
func (c *Cursor) Next() []any {
	if c.limit <= 0 || c.rows <= c.limit {
		return nil
	}
	values := make([]any, len(c.keys))
	for i, k := range c.keys {
		if k.column.Kind == Text {
			values[i] = c.texts[i]
		} else {
			values[i] = c.ints[i]
		}
	}
	return values
}

// FormatAfter writes a page's start as text for a link: base64url, without
// meaning to whoever carries it.
func FormatAfter(after []any) string {
	text, err := json.Marshal(after)
	if err != nil {
		panic("query: a cursor holds strings and integers only")
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// ParseAfter returns the page's start that FormatAfter wrote, or a WrongCursor
// fault. Compile checks that it fits the order.
func ParseAfter(s string) ([]any, error) {
	wrong := fault.Because(fault.Invalid, WrongCursor, "The page's start is damaged.")
	text, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return nil, wrong.Wrap(err)
	}
	var after []any
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&after); err != nil || d.More() || after == nil {
		return nil, wrong.Wrap(err)
	}
	for i, v := range after {
		switch v := v.(type) {
		case string:
		case json.Number:
			n, err := v.Int64()
			if err != nil {
				return nil, wrong.Wrap(err)
			}
			after[i] = n
		default:
			return nil, wrong
		}
	}
	return after, nil
}
