package object

import (
	"context"

	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// A Page is a stretch of a noun's rows, and where the next one begins: nil
// after the last.
type Page[T any] struct {
	Items []T
	Next  []any
}

// List reads one page. columns and from are the noun's select and from
// clauses, the latter ending in its where clause; row reads columns.
func List[T any](ctx context.Context, tx *sqldb.Tx, q query.Query, t query.Table, columns, from string, args []any,
	row func(scan func(...any) error) (T, error)) (Page[T], error) {
	var page Page[T]
	cur, err := t.Cursor(q)
	if err != nil {
		return page, err
	}
	text, args, err := query.Compile(q, t, "select "+columns+", "+cur.Columns()+" "+from, args...)
	if err != nil {
		return page, err
	}
	page.Items = make([]T, 0, min(max(q.Page.Limit, 0), 1000))
	var all []any // of one row; made once
	err = tx.Each(ctx, text, args, func(scan func(...any) error) error {
		if cur.Beyond() {
			return nil
		}
		item, err := row(func(dest ...any) error {
			all = append(append(all[:0], dest...), cur.Dest()...)
			return scan(all...)
		})
		if err == nil {
			page.Items = append(page.Items, item)
		}
		return err
	})
	page.Next = cur.Next()
	return page, err
}

// Count returns how many rows pass the filter.
func Count(ctx context.Context, tx *sqldb.Tx, filter query.Expr, t query.Table, from string, args []any) (n int, err error) {
	text, args, err := query.Matching(filter, t, "select count(*) "+from, args...)
	if err != nil {
		return 0, err
	}
	return n, tx.One(ctx, text, args, &n)
}
