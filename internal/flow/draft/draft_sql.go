package draft

import (
	"context"
	"errors"
	"time"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

const columns = "tenant_id, author_id, id, kind, title, body, created_us, modified_us, version"

func scan(row func(...any) error) (*Draft, error) {
	d := &Draft{}
	var body string
	var created, modified int64
	err := row(&d.Tenant, &d.Author, &d.ID, &d.Kind, &d.Title, &body, &created, &modified, &d.version)
	d.Body, d.CreatedAt, d.ModifiedAt = []byte(body), sqldb.Time(created), sqldb.Time(modified)
	return d, err
}

// byID returns a draft of an author's, or NotFound.
func byID(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, author ids.ObjectID, id ids.DraftID) (*Draft, error) {
	d, err := scan(func(dest ...any) error {
		return tx.One(ctx, "select "+columns+" from draft where tenant_id = ? and author_id = ? and id = ?", []any{tenant, author, id}, dest...)
	})
	if err == nil && !d.Over(tx.Now()) {
		return d, nil
	}
	if err == nil || errors.Is(err, fault.NotFound) {
		return nil, fault.New(fault.NotFound, "There is no such draft of yours: it was finished, thrown away, or not changed for thirty days.")
	}
	return nil, err
}

// list returns an author's drafts of a kind, the latest first: there are at most
// Most.
func list(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, author ids.ObjectID, kind string) ([]*Draft, error) {
	return sqldb.All(ctx, tx, "select "+columns+" from draft where tenant_id = ? and author_id = ? and kind = ? and modified_us > ? order by modified_us desc, id",
		[]any{tenant, author, kind, sqldb.Micros(tx.Now().Add(-Kept))}, scan)
}

func add(ctx context.Context, tx *sqldb.Tx, d *Draft) error {
	var have int
	if err := tx.One(ctx, `select count(*) from draft where tenant_id = ? and author_id = ? and modified_us > ?`,
		[]any{d.Tenant, d.Author, sqldb.Micros(tx.Now().Add(-Kept))}, &have); err != nil {
		return err
	}
	if have >= Most {
		return fault.Because(fault.Invalid, TooMany, "You have %d drafts, which is the most there can be.", have).WithFix("Finish one, or throw one away.")
	}
	_, err := tx.Exec(ctx, `insert into draft (tenant_id, author_id, id, kind, title, body, created_us, modified_us) values (?, ?, ?, ?, ?, ?, ?, ?)`,
		d.Tenant, d.Author, d.ID, d.Kind, d.Title, string(d.Body), sqldb.Micros(d.CreatedAt), sqldb.Micros(d.ModifiedAt))
	return err
}

// put stores a changed draft; a Conflict if another window stored it since.
func put(ctx context.Context, tx *sqldb.Tx, d *Draft) error {
	n, err := tx.Exec(ctx, `
		update draft set title = ?, body = ?, modified_us = ?, version = version + 1
		where  tenant_id = ? and author_id = ? and id = ? and version = ?`,
		d.Title, string(d.Body), sqldb.Micros(d.ModifiedAt), d.Tenant, d.Author, d.ID, d.version)
	if err == nil && n == 0 {
		err = fault.New(fault.Conflict, "The draft was changed in another window meanwhile.").WithFix("Open it again, and say there what you meant to say.")
	}
	return err
}

func drop(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, author ids.ObjectID, id ids.DraftID) error {
	_, err := tx.Exec(ctx, `delete from draft where tenant_id = ? and author_id = ? and id = ?`, tenant, author, id)
	return err
}

// dropOver removes some drafts that were last changed before a time, and returns
// how many.
func dropOver(ctx context.Context, tx *sqldb.Tx, before time.Time, limit int) (int64, error) {
	n, err := tx.Exec(ctx, `
		delete from draft where (tenant_id, author_id, id) in
			(select tenant_id, author_id, id from draft where modified_us <= ? order by modified_us limit ?)
		/* all tenants: what nobody goes on with goes */`, sqldb.Micros(before), limit)
	return n, err
}
