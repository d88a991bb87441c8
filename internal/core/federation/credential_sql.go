package federation

import (
	"context"
	"errors"
	"strings"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

const columns = `parent_kind, id, name, issuer, subject, expression, audience, description, created_us, version`

// reader returns the function that reads a row of columns.
func reader(tenant ids.TenantID, parent ids.ObjectID) func(scan func(...any) error) (*Credential, error) {
	return func(scan func(...any) error) (*Credential, error) {
		c := &Credential{Parent: Parent{Tenant: tenant, ID: parent}, Audiences: make([]string, 1)}
		var expression string
		var created int64
		err := scan(&c.Parent.Kind, &c.ID, &c.Name, &c.Issuer, &c.Subject, &expression, &c.Audiences[0], &c.Description, &created, &c.version)
		if expression != "" {
			c.Expression = &Expression{Value: expression, Language: 1}
		}
		c.CreatedAt = sqldb.Time(created)
		return c, err
	}
}

// listCredentials returns the parent's credentials by name.
func listCredentials(ctx context.Context, tx *sqldb.Tx, p Parent) ([]*Credential, error) {
	return sqldb.All(ctx, tx, `
		select `+columns+` from federated_credential
		where  tenant_id = ? and parent_id = ?
		order  by name_folded`,
		[]any{p.Tenant, p.ID}, reader(p.Tenant, p.ID))
}

// Names returns the names of the parent's credentials, sorted, for whoever has
// to know what can act as it.
func Names(ctx context.Context, tx *sqldb.Tx, p Parent) ([]string, error) {
	list, err := listCredentials(ctx, tx, p)
	names := make([]string, len(list))
	for i, c := range list {
		names[i] = c.Name
	}
	return names, err
}

// getCredential returns the parent's credential with the identifier or, in any
// case, the name; a NotFound fault if there is none.
func getCredential(ctx context.Context, tx *sqldb.Tx, p Parent, key string) (*Credential, error) {
	c, err := reader(p.Tenant, p.ID)(func(dest ...any) error {
		return tx.One(ctx, `
			select `+columns+` from federated_credential
			where  tenant_id = ? and parent_id = ? and (id = ? or name_folded = ?)
			order  by case when id = ? then 0 else 1 end`,
			[]any{p.Tenant, p.ID, strings.ToLower(key), strings.ToLower(key), strings.ToLower(key)}, dest...)
	})
	if errors.Is(err, fault.NotFound) {
		return nil, fault.New(fault.NotFound, "Resource '%.200s' does not exist or one of its queried reference-property objects are not present.", key)
	}
	return c, err
}

// takenBy returns the names of the parent's credentials, other than the one
// given, that have its name or match what it matches.
func takenBy(ctx context.Context, tx *sqldb.Tx, c *Credential) (sameName, sameMatch bool, err error) {
	err = tx.Each(ctx, `
		select name_folded, match_key from federated_credential
		where  tenant_id = ? and parent_id = ? and id <> ? and (name_folded = ? or match_key = ?)`,
		[]any{c.Parent.Tenant, c.Parent.ID, c.ID, strings.ToLower(c.Name), matchKey(c.Issuer, c.Subject, c.expression())},
		func(scan func(...any) error) error {
			var name string
			var key secret.Digest
			if err := scan(&name, &key); err != nil {
				return err
			}
			sameName = sameName || name == strings.ToLower(c.Name)
			sameMatch = sameMatch || key == matchKey(c.Issuer, c.Subject, c.expression())
			return nil
		})
	return sameName, sameMatch, err
}

func countCredentials(ctx context.Context, tx *sqldb.Tx, p Parent) (n int, err error) {
	err = tx.One(ctx, `select count(*) from federated_credential where tenant_id = ? and parent_id = ?`,
		[]any{p.Tenant, p.ID}, &n)
	return n, err
}

// countExpressions returns how many of the parent's credentials besides c have
// an expression.
func countExpressions(ctx context.Context, tx *sqldb.Tx, c *Credential) (n int, err error) {
	err = tx.One(ctx, `select count(*) from federated_credential where tenant_id = ? and parent_id = ? and expression <> '' and id <> ?`,
		[]any{c.Parent.Tenant, c.Parent.ID, c.ID}, &n)
	return n, err
}

func addCredential(ctx context.Context, tx *sqldb.Tx, c *Credential) error {
	_, err := tx.Exec(ctx, `
		insert into federated_credential (tenant_id, parent_id, id, parent_kind, name, name_folded, issuer, subject, expression,
		                                  audience, description, match_key, created_us, version)
		values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)`,
		c.Parent.Tenant, c.Parent.ID, c.ID, c.Parent.Kind, c.Name, strings.ToLower(c.Name), c.Issuer, c.Subject, c.expression(),
		c.audience(), c.Description, matchKey(c.Issuer, c.Subject, c.expression()), sqldb.Micros(c.CreatedAt))
	return err
}

// putCredential stores a changed credential. If someone else stored it since
// we read it, nothing is written and the fault is a Conflict.
func putCredential(ctx context.Context, tx *sqldb.Tx, c *Credential) error {
	n, err := tx.Exec(ctx, `
		update federated_credential
		set    issuer = ?, subject = ?, expression = ?, audience = ?, description = ?, match_key = ?, version = version + 1
		where  tenant_id = ? and parent_id = ? and id = ? and version = ?`,
		c.Issuer, c.Subject, c.expression(), c.audience(), c.Description, matchKey(c.Issuer, c.Subject, c.expression()),
		c.Parent.Tenant, c.Parent.ID, c.ID, c.version)
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.New(fault.Conflict, "Someone else has just changed this federated credential.")
	}
	c.version++
	return nil
}

func dropCredential(ctx context.Context, tx *sqldb.Tx, c *Credential) error {
	_, err := tx.Exec(ctx, `delete from federated_credential where tenant_id = ? and parent_id = ? and id = ?`,
		c.Parent.Tenant, c.Parent.ID, c.ID)
	return err
}

// Purge removes all credentials of an application or managed identity that is
// gone for good, in the caller's transaction.
func Purge(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, parent ids.ObjectID) error {
	_, err := tx.Exec(ctx, `delete from federated_credential where tenant_id = ? and parent_id = ?`, tenant, parent)
	return err
}

// listMatching returns the parent's credentials that name one of issuers and
// the subject, or name one of issuers and carry an expression: a keyed read
// for the token path.
func listMatching(ctx context.Context, tx *sqldb.Tx, p Parent, issuers [2]string, subject string) ([]*Credential, error) {
	first, last := issuers[0], issuers[1]
	return sqldb.All(ctx, tx, `
		select `+columns+` from federated_credential
		where  tenant_id = ? and parent_id = ? and match_key in (?, ?)
		union all
		select `+columns+` from federated_credential
		where  tenant_id = ? and parent_id = ? and expression <> '' and issuer in (?, ?)`,
		[]any{
			p.Tenant, p.ID, matchKey(first, Optional(subject), ""), matchKey(last, Optional(subject), ""),
			p.Tenant, p.ID, first, last,
		}, reader(p.Tenant, p.ID))
}

// listOfIssuers returns some of the parent's credentials that name one of
// issuers, to explain why none of them matches.
func listOfIssuers(ctx context.Context, tx *sqldb.Tx, p Parent, issuers [2]string) ([]*Credential, error) {
	return sqldb.All(ctx, tx, `
		select `+columns+` from federated_credential
		where  tenant_id = ? and parent_id = ? and issuer in (?, ?)
		order  by id limit 1000`,
		[]any{p.Tenant, p.ID, issuers[0], issuers[1]}, reader(p.Tenant, p.ID))
}

// listTrusts returns the credentials of live applications that match one of two
// keys, one more than are told.
func listTrusts(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, first, last secret.Digest) ([]Trust, error) {
	return sqldb.All(ctx, tx, `
		select c.parent_id, c.id, c.name
		from   federated_credential c join application a on a.tenant_id = c.tenant_id and a.id = c.parent_id and a.deleted_us = 0
		where  c.tenant_id = ? and c.match_key in (?, ?) and c.parent_kind = ?
		order  by c.parent_id, c.id limit ?`,
		[]any{tenant, first, last, Application, maxTrusts + 1},
		func(scan func(...any) error) (t Trust, err error) {
			err = scan(&t.Application, &t.CredentialID, &t.Credential)
			return t, err
		})
}
