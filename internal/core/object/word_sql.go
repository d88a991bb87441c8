package object

import (
	"context"

	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// NameWords tells a noun's table where the words of display names stand. key
// is the column with the object's identifier.
func NameWords(key string) *query.WordIndex {
	return &query.WordIndex{
		Key:    key,
		Select: "select w.object_id from object_word w where w.tenant_id = ? and w.property = 'displayName'",
		Word:   "w.word",
	}
}

func addWords(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.ObjectID, name string) error {
	var rows [][]any
	for _, word := range query.Words(name) {
		rows = append(rows, []any{tenant, word, id})
	}
	_, err := tx.ExecAll(ctx, `insert into object_word (tenant_id, property, word, object_id) values (?, 'displayName', ?, ?)`, rows)
	return err
}

// putWords stores the words of a new display name in place of the old one's.
func putWords(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.ObjectID, name string) error {
	if _, err := tx.Exec(ctx, `delete from object_word where tenant_id = ? and object_id = ? and property = 'displayName'`, tenant, id); err != nil {
		return err
	}
	return addWords(ctx, tx, tenant, id, name)
}
