package signin

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

// addFlow stores a new flow, which onward has moved.
func addFlow(ctx context.Context, tx *sqldb.Tx, f *Flow) error {
	if f.State == Proven {
		return errors.New("signin: a flow at proven has no page")
	}
	ask, err := json.Marshal(f.Ask)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `
		insert into signin_flow (id, browser, state, ask, username, home_id, user_id, session_id, keep, proven_us, methods, created_us, expires_us, version)
		values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		f.ID, f.Browser, f.State, string(ask), f.Username, f.Home, f.User, f.Session, bit(f.Keep), sqldb.Micros(f.ProvenAt), strings.Join(f.Methods, " "), sqldb.Micros(f.CreatedAt), sqldb.Micros(f.ExpiresAt), f.version)
	return err
}

// getFlow returns the browser's flow, or a NotFound fault with the reason Gone.
func getFlow(ctx context.Context, tx *sqldb.Tx, browser secret.Digest, id ids.FlowID) (*Flow, error) {
	f := &Flow{ID: id, Browser: browser}
	var ask, methods string
	var keep, proven, until, created, expires int64
	err := tx.One(ctx, `
		select state, ask, username, home_id, user_id, session_id, keep, proven_us, methods, shown, outcome, until_us, created_us, expires_us, version
		from   signin_flow
		where  id = ? and browser = ? and expires_us > ?`,
		[]any{id, browser, sqldb.Micros(tx.Now())},
		&f.State, &ask, &f.Username, &f.Home, &f.User, &f.Session, &keep, &proven, &methods, &f.Shown, &f.Outcome, &until, &created, &expires, &f.version)
	if errors.Is(err, fault.NotFound) {
		return nil, gone()
	}
	if err != nil {
		return nil, err
	}
	f.Methods = strings.Fields(methods)
	f.Keep, f.ProvenAt, f.Until, f.CreatedAt, f.ExpiresAt = keep != 0, sqldb.Time(proven), sqldb.Time(until), sqldb.Time(created), sqldb.Time(expires)
	return f, json.Unmarshal([]byte(ask), &f.Ask)
}

// putFlow stores a changed flow. If another page moved it since we read it,
// nothing is written and the fault is stale.
func putFlow(ctx context.Context, tx *sqldb.Tx, f *Flow) error {
	if f.State == Proven {
		return errors.New("signin: a flow at proven has no page")
	}
	n, err := tx.Exec(ctx, `
		update signin_flow
		set    state = ?, username = ?, home_id = ?, user_id = ?, session_id = ?, keep = ?, proven_us = ?, methods = ?, shown = ?, outcome = ?, until_us = ?, version = version + 1
		where  id = ? and version = ?`,
		f.State, f.Username, f.Home, f.User, f.Session, bit(f.Keep), sqldb.Micros(f.ProvenAt), strings.Join(f.Methods, " "), f.Shown, f.Outcome, sqldb.Micros(f.Until), f.ID, f.version)
	if err != nil {
		return err
	}
	if n == 0 {
		return stale()
	}
	f.version++
	return nil
}
