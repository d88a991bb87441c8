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
	c, err := g.service.CreateCatalog(ctx, g.admin, entitlement.CatalogChange{Name: &name})
	must(b, err)
	text, err := json.Marshal(map[string]any{"displayName": "designers", "mailNickname": "designers", "mailEnabled": false, "securityEnabled": true})
	must(b, err)
	group, err := g.users.CreateGroup(ctx, g.admin, text, nil, nil)
	must(b, err)
	p, err := g.service.CreatePackage(ctx, g.admin, c.ID, entitlement.PackageChange{Name: &name})
	must(b, err)
	_, err = g.service.RequestResource(ctx, g.admin, entitlement.ResourceAsk{Kind: entitlement.AdminAdd, Catalog: c.ID, Origin: entitlement.AadGroup, OriginID: string(group.ID)})
	must(b, err)
	_, err = g.service.AddRole(ctx, g.admin, p.ID, entitlement.RoleAsk{Origin: entitlement.AadGroup, OriginID: string(group.ID), RoleOriginID: "Member_" + string(group.ID)})
	must(b, err)
	policy, err := g.service.CreatePolicy(ctx, g.admin, entitlement.Policy{Package: p.ID, Name: name, Scope: entitlement.AllMemberUsers,
		Expiration: entitlement.Expiration{Type: entitlement.ExpirationAfterDuration, Duration: term},
		Requestor:  entitlement.RequestorSettings{SelfAdd: true},
		Approval: entitlement.ApprovalSettings{ForAdd: true, Stages: []entitlement.Stage{{TimeOut: 14 * 24 * time.Hour,
			Primary: []entitlement.SubjectSet{{Kind: entitlement.SingleUser, Object: g.ada.ID}}}}}})
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
