package sqldb

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"entente/internal/kit/fault"
)

// A migration is one numbered step of the schema.
type migration struct {
	number   int64
	name     string
	text     string
	checksum string
}

var migrationName = regexp.MustCompile(`^(\d{4})_([a-z0-9_]+)(\.sqlite|\.postgres)?\.sql$`)

// readMigrations returns the migrations for an engine, in order.
func readMigrations(files fs.FS, engine Engine) ([]migration, error) {
	mine := map[Engine]string{SQLite: ".sqlite", PostgreSQL: ".postgres"}[engine]
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	var all []migration
	for _, e := range entries {
		m := migrationName.FindStringSubmatch(e.Name())
		switch {
		case !strings.HasSuffix(e.Name(), ".sql"):
			continue
		case m == nil:
			return nil, fmt.Errorf("migration %s: the name is not NNNN_name.sql", e.Name())
		case m[3] != "" && m[3] != mine:
			continue
		}
		text, err := fs.ReadFile(files, e.Name())
		if err != nil {
			return nil, fmt.Errorf("read migrations: %w", err)
		}
		n, _ := strconv.ParseInt(m[1], 10, 64)
		sum := sha256.Sum256(text)
		if slices.ContainsFunc(all, func(o migration) bool { return o.number == n }) {
			return nil, fmt.Errorf("migration %s: its number is taken", e.Name())
		}
		all = append(all, migration{n, m[2], string(text), hex.EncodeToString(sum[:])})
	}
	slices.SortFunc(all, func(a, b migration) int { return int(a.number - b.number) })
	return all, nil
}

// migrate brings the store to the schema of this program.
//
// Each migration commits together with its row in schema_migration, which is
// written first: of two servers that start at once, the second waits on that
// primary key until the first has committed, finds a Conflict and looks again.
// So there is no lock that a dead server could leave behind.
func (d *DB) migrate(ctx context.Context, files fs.FS) error {
	all, err := readMigrations(files, d.Engine())
	if err != nil {
		return err
	}
	if err := d.createLedger(ctx); err != nil {
		return fmt.Errorf("prepare migrations: %w", err)
	}
	for {
		applied, err := d.applied(ctx)
		if err != nil {
			return fmt.Errorf("read applied migrations: %w", err)
		}
		if err := compatible(all, applied); err != nil {
			return err
		}
		i := slices.IndexFunc(all, func(m migration) bool { return applied[m.number].checksum == "" })
		if i < 0 {
			return nil
		}
		switch err := d.apply(ctx, all[i]); {
		case errors.Is(err, errTaken):
		case err != nil:
			return fmt.Errorf("migration %04d_%s: %w", all[i].number, all[i].name, err)
		default:
			d.log.InfoContext(ctx, "migration applied", "number", all[i].number, "name", all[i].name)
		}
	}
}

// compatible refuses a store that another program has changed.
func compatible(all []migration, applied map[int64]migration) error {
	for n, a := range applied {
		i := slices.IndexFunc(all, func(m migration) bool { return m.number == n })
		switch {
		case i < 0:
			return fault.New(fault.Conflict, "The store has migration %04d_%s, which this program does not know. Start the newer program that applied it.", n, a.name)
		case all[i].checksum != a.checksum:
			return fault.New(fault.Conflict, "Migration %04d_%s was changed after it was applied to this store. Start the program that applied it.", n, a.name)
		}
	}
	return nil
}

// createLedger creates the table of applied migrations. Two servers may try at
// once; PostgreSQL then refuses the second, which tries again and finds it.
func (d *DB) createLedger(ctx context.Context) (err error) {
	ledger := migration{text: `create table if not exists schema_migration (
		number bigint not null primary key,
		name text not null,
		checksum text not null,
		applied_us bigint not null
	)`}
	for range 3 {
		err = d.Claim(ctx, func(tx *Tx) error { return d.run(ctx, tx, ledger) })
		if err == nil {
			return nil
		}
	}
	return err
}

func (d *DB) applied(ctx context.Context) (map[int64]migration, error) {
	applied := map[int64]migration{}
	err := d.View(ctx, func(tx *Tx) error {
		return tx.Each(ctx, `select number, name, checksum from schema_migration`, nil, func(scan func(...any) error) error {
			var m migration
			err := scan(&m.number, &m.name, &m.checksum)
			applied[m.number] = m
			return err
		})
	})
	return applied, err
}

// errTaken says that another server has applied the migration meanwhile.
var errTaken = errors.New("applied by another server")

func (d *DB) apply(ctx context.Context, m migration) error {
	return d.Claim(ctx, func(tx *Tx) error {
		_, err := tx.Exec(ctx, `insert into schema_migration (number, name, checksum, applied_us) values (?, ?, ?, ?)`,
			m.number, m.name, m.checksum, Micros(d.clock.Wall()))
		if errors.Is(err, fault.Conflict) {
			return errTaken
		}
		if err != nil {
			return err
		}
		return d.run(ctx, tx, m)
	})
}

// run executes the statements of a migration in the engine's form. They are
// about tables, not tenants, so the tenant check does not apply.
func (d *DB) run(ctx context.Context, tx *Tx, m migration) error {
	tokens, err := lex(m.text)
	if err != nil {
		return err
	}
	for _, part := range split(tokens) {
		from, to := part[0].start, part[len(part)-1].end
		for i := range part {
			part[i].start -= from
			part[i].end -= from
		}
		query := d.backend.dialect(m.text[from:to], part)
		if _, err := tx.session.exec(ctx, query, nil); err != nil {
			return tx.fail(ctx, query, err)
		}
	}
	return nil
}

// split returns the tokens of each statement, without comments and semicolons.
func split(tokens []token) [][]token {
	var parts [][]token
	var part []token
	for _, t := range tokens {
		switch {
		case t.kind == comment:
		case !t.is(";"):
			part = append(part, t)
		case len(part) > 0:
			parts, part = append(parts, part), nil
		}
	}
	if len(part) > 0 {
		parts = append(parts, part)
	}
	return parts
}
