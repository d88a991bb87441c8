package offer

import (
	"context"

	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/core/object"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// An Asked is what a reader wants of a list.
type Asked struct {
	Query query.Query
	Count bool // how many there are in all, too
	Only  bool // nothing but that
}

// A List is a page of what there is.
type List[T any] struct {
	Items []T
	Next  []any // where the next page begins
	Total int   // where it was asked for
}

// Listed reads a page, and how many there are where that is asked for.
func Listed[T any](q Asked, count func() (int, error), list func() (object.Page[T], error)) (l List[T], err error) {
	if q.Count {
		if l.Total, err = count(); err != nil || q.Only {
			return l, err
		}
	}
	page, err := list()
	l.Items, l.Next = page.Items, page.Next
	return l, err
}

// View reads in one snapshot.
func View[T any](ctx context.Context, db *sqldb.DB, do func(tx *sqldb.Tx) (T, error)) (v T, err error) {
	err = db.View(ctx, func(tx *sqldb.Tx) error {
		v, err = do(tx)
		return err
	})
	return v, err
}

// Change does something in one transaction.
func Change[T any](ctx context.Context, db *sqldb.DB, do func(tx *sqldb.Tx) (T, error)) (v T, err error) {
	err = db.Update(ctx, func(tx *sqldb.Tx) error {
		v, err = do(tx)
		return err
	})
	return v, err
}

// Record writes what was set up into the audit log.
func Record(ctx context.Context, tx *sqldb.Tx, who authz.Caller, activity, kind, id, name string, changed []audit.Change) error {
	return audit.Record(ctx, tx, who, audit.Entry{
		Service: "Entitlement Management", Category: "EntitlementManagement", Activity: activity,
		Target: audit.Target{Kind: kind, ID: id, Name: name}, Changes: changed,
	})
}

// One asks for the entity with the identifier.
func One(id string) Asked {
	return Asked{Query: query.Query{Filter: query.Compare{Field: "id", Op: query.Eq, Value: id}, Page: query.Page{Limit: 1}}}
}

// ByID returns a list by its members' identifiers.
func ByID[K comparable, V any](list []V, id func(V) K) map[K]V {
	all := make(map[K]V, len(list))
	for _, v := range list {
		all[id(v)] = v
	}
	return all
}
