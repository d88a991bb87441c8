package load

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"entente/internal/core/authz"
	"entente/internal/core/directory"
	"entente/internal/enttest/house"
	"entente/internal/flow/entitlement"
	"entente/internal/flow/offer"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// A ground is a tenant with a package that gives a group: every member may ask,
// one of them approves, and it ends after a term.
type ground struct {
	db      *sqldb.DB
	service *entitlement.Service
	users   *directory.Service
	tenant  ids.TenantID
	domain  string
	admin   authz.Caller
	ada     *directory.User
	catalog ids.CatalogID
	group   ids.ObjectID
	pkg     ids.PackageID
	policy  ids.PolicyID
}

func must(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func (g *ground) setUp(b *testing.B, term time.Duration) {
	b.Helper()
	ctx, name := b.Context(), "Joint design files"
	g.service, g.ada = entitlement.NewService(g.db), g.addUser(b, "ada")
	c, err := g.service.CreateCatalog(ctx, g.admin, offer.CatalogChange{Name: &name})
	must(b, err)
	text, err := json.Marshal(map[string]any{"displayName": "designers", "mailNickname": "designers", "mailEnabled": false, "securityEnabled": true})
	must(b, err)
	group, err := g.users.CreateGroup(ctx, g.admin, text, nil, nil)
	must(b, err)
	p, err := g.service.CreatePackage(ctx, g.admin, c.ID, offer.PackageChange{Name: &name})
	must(b, err)
	_, err = g.service.RequestResource(ctx, g.admin, offer.ResourceAsk{Kind: offer.AddResource, Catalog: c.ID, Origin: offer.AadGroup, OriginID: string(group.ID)})
	must(b, err)
	_, err = g.service.AddRole(ctx, g.admin, p.ID, offer.RoleAsk{Origin: offer.AadGroup, OriginID: string(group.ID), RoleOriginID: "Member_" + string(group.ID)})
	must(b, err)
	policy, err := g.service.CreatePolicy(ctx, g.admin, offer.Policy{Package: p.ID, Name: name, Scope: offer.AllMemberUsers,
		Expiration: offer.Expiration{Type: offer.ExpirationAfterDuration, Duration: term},
		Requestor:  offer.RequestorSettings{SelfAdd: true},
		Approval: offer.ApprovalSettings{ForAdd: true, Stages: []offer.Stage{{TimeOut: 14 * 24 * time.Hour,
			Primary: []offer.SubjectSet{{Kind: offer.SingleUser, Object: g.ada.ID}}}}}})
	must(b, err)
	g.catalog, g.group, g.pkg, g.policy = c.ID, group.ID, p.ID, policy.ID
}

func (g *ground) addUser(b *testing.B, nick string) *directory.User {
	b.Helper()
	u, err := g.users.Create(b.Context(), g.admin, house.UserBody(nick, g.domain))
	must(b, err)
	return u
}

// ask has a user ask for the package.
func (g *ground) ask(b *testing.B, u *directory.User) *entitlement.Request {
	r, err := g.service.Submit(b.Context(), house.Person(g.tenant, u.ID), entitlement.Submission{Type: entitlement.UserAdd, Package: g.pkg, Justification: "The joint project"})
	must(b, err)
	return r
}

// approve has ada agree to a request.
func (g *ground) approve(b *testing.B, r *entitlement.Request) {
	who := house.Person(g.tenant, g.ada.ID)
	stages, err := g.service.Stages(b.Context(), who, r.ID)
	must(b, err)
	_, err = g.service.Decide(b.Context(), who, r.ID, stages[0].ID, true, "because", "")
	must(b, err)
}

// analyze does what PostgreSQL's own housekeeping does within a minute.
func (g *ground) analyze(b *testing.B) {
	b.Helper()
	if g.db.Engine() != sqldb.PostgreSQL {
		return
	}
	must(b, g.db.Update(b.Context(), func(tx *sqldb.Tx) error {
		_, err := tx.Exec(b.Context(), "analyze")
		return err
	}))
}

// number returns what a variable says, or otherwise.
func number(b *testing.B, variable string, otherwise int) int {
	b.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		b.Fatalf("%s is %q, and should be a number", variable, text)
	}
	return n
}

// fresh is SQL for a new identifier.
func (g *ground) fresh() string {
	if g.db.Engine() == sqldb.SQLite {
		return "lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))"
	}
	return "gen_random_uuid()::text"
}

// numbered is SQL for an identifier of i that follows those of smaller numbers.
func (g *ground) numbered() string {
	if g.db.Engine() == sqldb.SQLite {
		return "printf('%08x-0000-4000-a000-%012x', i * 256, i)"
	}
	return "lpad(to_hex(cast(i as bigint) * 256), 8, '0') || '-0000-4000-a000-' || lpad(to_hex(i), 12, '0')"
}

// withoutIndexes drops a table's indexes until the returned function is called: many
// rows are stored in a tenth of the time so.
func (g *ground) withoutIndexes(b *testing.B, table string) (restore func()) {
	b.Helper()
	q := "select indexname, indexdef from pg_indexes where schemaname = current_schema() and tablename = ? and indexname not like '%pkey'"
	if g.db.Engine() == sqldb.SQLite {
		q = "select name, sql from sqlite_master where type = 'index' and tbl_name = ? and sql is not null"
	}
	var names, texts []string
	must(b, g.db.View(b.Context(), func(tx *sqldb.Tx) error {
		return tx.Each(b.Context(), q, []any{table}, func(scan func(...any) error) error {
			var name, text string
			err := scan(&name, &text)
			names, texts = append(names, name), append(texts, text)
			return err
		})
	}))
	run := func(all []string) {
		for _, text := range all {
			must(b, g.db.Update(b.Context(), func(tx *sqldb.Tx) error {
				_, err := tx.Exec(b.Context(), text)
				return err
			}))
		}
	}
	var drops []string
	for _, name := range names {
		drops = append(drops, "drop index "+name)
	}
	run(drops)
	return func() { run(texts) }
}

// copies stores copies of rows, each with identifiers of its own: where a row has
// one of the old texts the copy numbered i has it with its first eight digits
// replaced by the number. where says which rows of a table are copied.
func (g *ground) copies(b *testing.B, from, to int, old []string, where map[string]string) {
	b.Helper()
	prefix := "printf('%08x', i)"
	if g.db.Engine() == sqldb.PostgreSQL {
		prefix = "lpad(to_hex(i), 8, '0')"
	}
	must(b, g.db.Update(b.Context(), func(tx *sqldb.Tx) error {
		for table, condition := range where {
			q := "select column_name, data_type from information_schema.columns where table_schema = current_schema() and table_name = ? and is_generated = 'NEVER' order by ordinal_position"
			if g.db.Engine() == sqldb.SQLite {
				q = "select name, type from pragma_table_info(?) order by cid"
			}
			var names, values []string
			if err := tx.Each(b.Context(), q, []any{table}, func(scan func(...any) error) error {
				var column, kind string
				err := scan(&column, &kind)
				value := "t." + column
				if strings.EqualFold(kind, "text") && column != "tenant_id" && column != "owner_tenant" {
					for _, o := range old {
						value = fmt.Sprintf("replace(%s, '%s', n.p || '%s')", value, o, o[8:])
					}
				}
				names, values = append(names, column), append(values, value)
				return err
			}); err != nil {
				return err
			}
			if _, err := tx.Exec(b.Context(), fmt.Sprintf(`
				with recursive c(i) as (select %d union all select i + 1 from c where i < %d), n as (select %s as p from c)
				insert into %s (%s) select %s from %s t cross join n where t.tenant_id = ? and %s`,
				from, to-1, prefix, table, strings.Join(names, ", "), strings.Join(values, ", "), table, condition), g.tenant); err != nil {
				return fmt.Errorf("%s: %w", table, err)
			}
		}
		return nil
	}))
}

// processorTime returns what this process has used of processors.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	must(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
