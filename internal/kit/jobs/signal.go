package jobs

import (
	"context"
	"encoding/json"
	"fmt"

	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// signalKind is the kind of the rows that Emit writes.
const signalKind Kind = "signal"

// emitted is what such a row holds.
type emitted struct {
	Signal Signal          `json:"signal"`
	Args   json.RawMessage `json:"args,omitempty"`
}

// Emit says in the caller's transaction that something has happened in a
// tenant. Each subscribed kind gets a job with these arguments.
func Emit(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, signal Signal, args any) error {
	e := emitted{Signal: signal}
	if args != nil {
		b, err := json.Marshal(args)
		if err != nil {
			return fmt.Errorf("arguments of signal %s: %w", signal, err)
		}
		e.Args = b
	}
	return Enqueue(ctx, tx, Job{Kind: signalKind, Tenant: tenant, Args: e})
}

// mostSignals is how many signals of a tenant are passed on at once.
const mostSignals = 100

// fanOut is the handler of signals: a job for each subscriber, together with
// the end of the signal.
func (w *Worker) fanOut(ctx context.Context, group []*Work) error {
	return w.db.Update(ctx, func(tx *sqldb.Tx) error {
		for _, work := range group {
			var e emitted
			if err := work.Args(&e); err != nil {
				return err
			}
			for _, kind := range w.signals[e.Signal] {
				j := Job{Kind: kind, Tenant: work.Tenant}
				if e.Args != nil {
					j.Args = e.Args
				}
				if err := Enqueue(ctx, tx, j); err != nil {
					return err
				}
			}
			if err := work.Complete(ctx, tx); err != nil {
				return err
			}
		}
		return nil
	})
}
