package dbtest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// errAbsent says that this machine has no PostgreSQL.
var errAbsent = errors.New("PostgreSQL not found: PostgreSQL cases skipped")

// postgresURL returns the address of a database made from the template.
func postgresURL(t testing.TB, durable bool) string {
	t.Helper()
	start := fastCluster
	if durable {
		start = durableCluster
	}
	c := running(t, start)
	name, err := c.create()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.giveBack(name); err != nil {
			t.Error(err)
		}
	})
	return c.url(name)
}

// emptyPostgresURL returns the address of a database without tables.
func emptyPostgresURL(t testing.TB) string {
	t.Helper()
	c := running(t, fastCluster)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.made++
	name := fmt.Sprintf("t%d", c.made)
	if _, err := c.admin.Exec(context.Background(), "create database "+name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.drop(name); err != nil {
			t.Error(err)
		}
	})
	return c.url(name)
}

// running returns the cluster, or skips or fails the test.
func running(t testing.TB, start func() (*cluster, error)) *cluster {
	t.Helper()
	c, err := start()
	switch {
	case errors.Is(err, errAbsent) && os.Getenv("CI") != "true":
		t.Skip(err)
	case err != nil:
		t.Fatal(err)
	}
	return c
}

// The clusters of this process, started when first asked for.
var (
	fastCluster    = sync.OnceValues(func() (*cluster, error) { return startCluster(false) })
	durableCluster = sync.OnceValues(func() (*cluster, error) { return startCluster(true) })
)

// A cluster is a running server with a migrated template database.
type cluster struct {
	socket string // the folder of its socket
	hold   *os.File
	mu     sync.Mutex
	admin  *pgx.Conn
	made   int
	tables []string // of the template
	free   []string // databases that are empty again
}

// template is the migrated database that all others are copies of.
const template = "entente_template"

// startCluster starts a server of our own and migrates its template.
func startCluster(durable bool) (*cluster, error) {
	bin, err := findPostgres()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return nil, err
	}
	dir, hold, err := bin.launch(settings(durable), durable)
	if err != nil {
		return nil, err
	}
	c := &cluster{socket: dir, hold: hold}
	if err := c.connect(dir); err != nil {
		return nil, err
	}
	// The default collation orders as people do, where this build can, so that
	// a column without our own collation is noticed.
	ctx := context.Background()
	_, err = c.admin.Exec(ctx, "create database "+template+" template template0 encoding 'UTF8' locale_provider icu icu_locale 'en-US'")
	if err != nil {
		_, err = c.admin.Exec(ctx, "create database "+template)
	}
	if err == nil {
		err = migrate(c.url(template))
	}
	if err == nil {
		err = c.learn()
	}
	return c, err
}

// learn notes the tables of the template.
func (c *cluster) learn() error {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, c.url(template))
	if err != nil {
		return err
	}
	c.tables, err = tables(ctx, conn)
	return errors.Join(err, conn.Close(ctx))
}

// settings are the server's. Without durable nothing waits for the disk, and nothing
// is swept up: the stores of most tests are empty again before that would begin.
func settings(durable bool) []string {
	s := []string{"listen_addresses=", "max_connections=200", "shared_buffers=64MB", "jit=off"}
	if !durable {
		s = append(s, "autovacuum=off", "fsync=off", "synchronous_commit=off", "full_page_writes=off")
	}
	if level := os.Getenv("ENTENTE_TEST_ISOLATION"); level != "" {
		s = append(s, "default_transaction_isolation="+level)
	}
	return s
}

// connect waits for the server to answer.
func (c *cluster) connect(dir string) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for tick := time.NewTicker(5 * time.Millisecond); ; {
		if c.admin, err = pgx.Connect(ctx, c.url("postgres")); err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			log, _ := os.ReadFile(dir + "/log")
			return fmt.Errorf("start PostgreSQL: %w: %s", err, log)
		}
	}
}

func (c *cluster) url(database string) string {
	q := url.Values{"host": {c.socket}, "port": {"5432"}, "user": {"postgres"}}
	return "postgres:///" + database + "?" + q.Encode()
}

// create returns a database like the template: one that an earlier test has
// left, emptied, or else a new one, which takes ten times as long to make.
func (c *cluster) create() (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := len(c.free); n > 0 {
		name := c.free[n-1]
		c.free = c.free[:n-1]
		return name, nil
	}
	c.made++
	name := fmt.Sprintf("t%d", c.made)
	_, err := c.admin.Exec(context.Background(), "create database "+name+" template "+template)
	return name, err
}

// giveBack empties a database for the next test, or drops one that is in use
// or whose tables are no longer those of the template.
func (c *cluster) giveBack(name string) error {
	if err := c.empty(name); err != nil {
		return c.drop(name)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.free = append(c.free, name)
	return nil
}

func (c *cluster) drop(name string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, err := c.admin.Exec(context.Background(), "drop database if exists "+name+" with (force)")
	return err
}

// empty deletes all rows but those of the migrations.
func (c *cluster) empty(name string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, c.url(name))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	have, err := tables(ctx, conn)
	if err != nil {
		return err
	}
	if !slices.Equal(have, c.tables) {
		return errors.New("the tables are no longer those of the template")
	}
	script := "set session_replication_role = replica;" // references are not looked at
	for _, t := range have {
		if name, _, _ := strings.Cut(t, " "); name != "schema_migration" {
			script += "delete from " + name + ";"
		}
	}
	_, err = conn.Exec(ctx, script)
	return err
}

// tables returns the name and the number of columns of each table.
func tables(ctx context.Context, conn *pgx.Conn) ([]string, error) {
	rows, err := conn.Query(ctx, `select relname || ' ' || relnatts from pg_class
		where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}
