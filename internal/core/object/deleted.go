package object

import (
	"time"

	"entente/internal/kit/query"
)

// KeptDeleted is how long a deleted object can be restored. After that it is
// gone, also while its rows still wait for the job that takes them away.
// https://learn.microsoft.com/graph/api/resources/directory?view=graph-rest-1.0
const KeptDeleted = 30 * 24 * time.Hour

// DeletedColumn answers for deletedDateTime in a noun's query.Table: column is
// its deleted_us.
func DeletedColumn(column string) query.Column {
	return query.Column{SQL: column, Kind: query.Time, Null: int64(0)}
}

// DeletionTime is when an object deleted now was deleted, stored and shown: to the
// second, as Graph shows it, so that what is shown can be asked for.
func DeletionTime(now time.Time) time.Time { return now.UTC().Truncate(time.Second) }
