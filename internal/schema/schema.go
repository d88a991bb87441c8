// Package schema holds the migrations of the store and no code.
//
// A migration is NNNN_name.sql, one text for both engines, or a pair
// NNNN_name.sqlite.sql and NNNN_name.postgres.sql where they differ. Column
// types are text, bigint and blob only; every column is not null, by
// default empty or 0; the primary key of a tenant's table is led by tenant_id.
// A migration that has been released is never changed: the store remembers its
// checksum and refuses to start with another.
package schema

import "embed"

// Files are the migrations.
//
//go:embed *.sql
var Files embed.FS
