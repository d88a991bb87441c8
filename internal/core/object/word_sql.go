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

// DescriptionWords is NameWords for descriptions.
func DescriptionWords(key string) *query.WordIndex {
	return &query.WordIndex{
		Key:    key,
		Select: "select w.object_id from object_word w where w.tenant_id = ? and w.property = 'description'",
		Word:   "w.word",
	}
}

// maxWords bounds how many words of a text are found.
const maxWords = 100

func addWords(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.ObjectID, property, text string) error {
	var rows [][]any
	for n, word := range query.Words(text) {
		if n == maxWords {
			break
		}
		rows = append(rows, []any{tenant, property, word, id})
	}
	_, err := tx.ExecAll(ctx, `insert into object_word (tenant_id, property, word, object_id) values (?, ?, ?, ?)`, rows)
	return err
}

// PutDescription stores the words of a new description in place of the old
// one's.
func PutDescription(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.ObjectID, text string) error {
	return putWords(ctx, tx, tenant, id, "description", text)
}

// putWords stores the words of a new text in place of the old one's.
func putWords(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.ObjectID, property, text string) error {
	if _, err := tx.Exec(ctx, `delete from object_word where tenant_id = ? and object_id = ? and property = ?`, tenant, id, property); err != nil {
		return err
	}
	return addWords(ctx, tx, tenant, id, property, text)
}
