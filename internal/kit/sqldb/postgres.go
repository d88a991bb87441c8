package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"entente/internal/kit/fault"
)

// pgDB is a database with a pool for writing and one, which the server keeps
// from writing, for reading.
type pgDB struct{ write, read *sql.DB }

// defaultPool is how many connections an installation opens at most.
const defaultPool = 24

func openPostgres(ctx context.Context, address string) (*pgDB, error) {
	cfg, err := pgx.ParseConfig(address)
	if err != nil {
		return nil, fault.InvalidAt("store", "The store's address cannot be read.").Wrap(err)
	}
	size := defaultPool
	if s, ok := cfg.RuntimeParams["pool_max_conns"]; ok {
		if size, err = strconv.Atoi(s); err != nil || size < 2 {
			return nil, fault.InvalidAt("store", "pool_max_conns is a number of at least 2.")
		}
		delete(cfg.RuntimeParams, "pool_max_conns")
	}
	if cfg.RuntimeParams["application_name"] == "" {
		cfg.RuntimeParams["application_name"] = "entente"
	}
	writers := cfg.Copy()
	// A table that is read whole counts, for serializable transactions, as read in every
	// row: while tables are small, transactions that have nothing in common would
	// collide. What has no index costs the more then, and is no reason to compile it.
	writers.RuntimeParams["enable_seqscan"] = "off"
	writers.RuntimeParams["jit"] = "off"
	b := &pgDB{write: pool(writers, size-size/2)}
	readers := cfg.Copy()
	readers.RuntimeParams["default_transaction_read_only"] = "on"
	readers.RuntimeParams["default_transaction_isolation"] = "read committed"
	b.read = pool(readers, size/2)
	if err := b.write.PingContext(ctx); err != nil {
		b.close()
		return nil, unavailable(fmt.Errorf("open store: %w", err))
	}
	return b, nil
}

func pool(cfg *pgx.ConnConfig, size int) *sql.DB {
	db := stdlib.OpenDB(*cfg)
	db.SetMaxOpenConns(size)
	db.SetMaxIdleConns(size)
	db.SetConnMaxIdleTime(10 * time.Minute)
	return db
}

func (b *pgDB) engine() Engine { return PostgreSQL }

func (b *pgDB) close() error { return errors.Join(b.read.Close(), b.write.Close()) }

func (b *pgDB) begin(ctx context.Context, kind access, _ bool) (session, error) {
	switch kind {
	case reading:
		return pgReads{b.read}, nil
	case viewing:
		return pgBegin(ctx, b.read, sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	case claiming:
		return pgBegin(ctx, b.write, sql.TxOptions{Isolation: sql.LevelReadCommitted})
	}
	return pgBegin(ctx, b.write, sql.TxOptions{Isolation: sql.LevelSerializable})
}

// pgReads runs each statement on whichever connection is free.
type pgReads struct{ db *sql.DB }

func (r pgReads) exec(context.Context, string, []any) (sql.Result, error) {
	return nil, errors.New("nothing is written here")
}

func (r pgReads) execAll(context.Context, []queued) (int64, int, error) {
	return 0, 0, errors.New("nothing is written here")
}

func (r pgReads) query(ctx context.Context, query string, args []any) (*sql.Rows, func(), error) {
	rows, err := r.db.QueryContext(ctx, query, args...)
	return rows, nothing, err
}

func (r pgReads) commit(context.Context) error { return nil }
func (r pgReads) rollback()                    {}

// pgTx is a transaction and the connection that it has to itself.
type pgTx struct {
	conn *sql.Conn
	tx   *sql.Tx
}

func pgBegin(ctx context.Context, db *sql.DB, o sql.TxOptions) (session, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	tx, err := conn.BeginTx(ctx, &o)
	if err != nil {
		conn.Close()
		return nil, err
	}
	return pgTx{conn, tx}, nil
}

func (t pgTx) exec(ctx context.Context, query string, args []any) (sql.Result, error) {
	return t.tx.ExecContext(ctx, query, args...)
}

// execAll sends all rows before it reads the first answer.
func (t pgTx) execAll(ctx context.Context, all []queued) (n int64, failed int, err error) {
	var batch pgx.Batch
	done := 0
	for i, q := range all {
		for _, args := range q.rows {
			batch.Queue(q.text, args...).Exec(func(tag pgconn.CommandTag) error {
				done++
				if i == len(all)-1 {
					n += tag.RowsAffected()
				}
				return nil
			})
		}
	}
	err = t.conn.Raw(func(c any) error {
		return c.(*stdlib.Conn).Conn().SendBatch(ctx, &batch).Close()
	})
	for failed < len(all)-1 && done >= len(all[failed].rows) {
		done -= len(all[failed].rows)
		failed++
	}
	return n, failed, err
}

func (t pgTx) query(ctx context.Context, query string, args []any) (*sql.Rows, func(), error) {
	rows, err := t.tx.QueryContext(ctx, query, args...)
	return rows, nothing, err
}

func (t pgTx) commit(context.Context) error {
	defer t.conn.Close()
	return t.tx.Commit()
}

func (t pgTx) rollback() {
	t.tx.Rollback()
	t.conn.Close()
}

func (b *pgDB) fault(err error) (error, bool) {
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok || errors.Is(err, pgconn.ErrConnClosed) {
		return unavailable(err), false
	}
	e, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return unknownFault(err), false
	}
	switch e.Code {
	case "23505", "23503": // unique_violation, foreign_key_violation
		return conflict(err), false
	case "40001", "40P01": // serialization_failure, deadlock_detected
		return unavailable(err), true
	}
	switch e.Code[:2] {
	case "08", "53", "57", "58": // connection, resources, operator, system
		return unavailable(err), false
	}
	return fault.New(fault.Internal, "The store refused a statement.").Wrap(err), false
}

// hidden: a key that another transaction has stored since our snapshot is a unique
// violation, and only where we happened to read the same index a serialization failure.
func (b *pgDB) hidden(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && e.Code == "23505"
}

func (b *pgDB) tenantTables() string {
	return `select c.relname::text from pg_class c join pg_attribute a on a.attrelid = c.oid
		where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p') and a.attname = 'tenant_id'`
}

// dialect gives texts the collation that compares bytes, and blobs their name.
func (b *pgDB) dialect(statement string, tokens []token) string {
	return replaceWords(statement, tokens, func(i int) string {
		switch {
		case tokens[i].is("text"):
			return `text collate "C"`
		case tokens[i].is("blob"):
			return "bytea"
		}
		return ""
	})
}

// replaceWords returns s with the tokens replaced for which with returns text.
func replaceWords(s string, tokens []token, with func(i int) string) string {
	var b strings.Builder
	done := 0
	for i, t := range tokens {
		if r := with(i); r != "" {
			b.WriteString(s[done:t.start])
			b.WriteString(r)
			done = t.end
		}
	}
	b.WriteString(s[done:])
	return b.String()
}
