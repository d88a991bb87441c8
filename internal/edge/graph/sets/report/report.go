// Package report declares the logs of a tenant: what was changed in its
// directory, and who signed in.
//
// It says what each set shows, who may ask, and which rows of core/audit
// answer; it decides nothing. The provisioning log is a gap.
package report

import (
	"context"
	"encoding/json"
	"errors"

	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/core/object"
	"entente/internal/edge/graph/edm"
	"entente/internal/kit/fault"
	"entente/internal/kit/sqldb"
)

// Services are what answers for the sets.
type Services struct{ DB *sqldb.DB }

// Sets returns the sets: the singleton /auditLogs, which shows nothing itself.
// https://learn.microsoft.com/graph/api/resources/azure-ad-auditlog-overview?view=graph-rest-1.0
func (s Services) Sets() []*edm.Set {
	return []*edm.Set{{
		Path: edm.Both("auditLogs"), Type: edm.Of("auditLogRoot"), Single: true, Parts: []*edm.Set{s.audits(), s.signIns()},
		Doc: "https://learn.microsoft.com/graph/api/resources/azure-ad-auditlog-overview?view=graph-rest-1.0",
	}}
}

// most is the greatest and the usual page of a log.
const most = 1000

// view reads in one snapshot for a caller who may read the log.
func view[T any](ctx context.Context, s Services, r *edm.Request, may authz.Action, read func(*sqldb.Tx) (T, error)) (out T, err error) {
	err = s.DB.View(ctx, func(tx *sqldb.Tx) (err error) {
		if err := authz.Allow(ctx, tx, r.Who, "", may); err != nil {
			return err
		}
		out, err = read(tx)
		return err
	})
	return out, err
}

// pageOf renders a page of a log.
func pageOf[T any](rows audit.Page[T], render func(T) (edm.Item, error)) (page edm.Page, err error) {
	page.Next = rows.Next
	page.Items = make([]edm.Item, len(rows.Items))
	for i, row := range rows.Items {
		if page.Items[i], err = render(row); err != nil {
			return page, err
		}
	}
	return page, nil
}

// item renders what v1.0 shows, and what beta shows beside it.
func item(id string, face, rest any) (it edm.Item, err error) {
	it.ID = id
	if it.Face, err = json.Marshal(face); err == nil && rest != nil {
		it.Rest, err = json.Marshal(rest)
	}
	return it, err
}

// missing says of an entry that is not there what Graph says.
func missing(id string, err error) error {
	if errors.Is(err, fault.NotFound) {
		return object.Missing(id)
	}
	return err
}

// text returns a property's value: null where there is none.
func text[T ~string](s T) *T {
	if s == "" {
		return nil
	}
	return &s
}
