package jobs

import (
	"context"
	"sync"
	"time"

	"entente/internal/kit/sqldb"
)

// A period is a periodic job as one worker knows it.
type period struct {
	kind     Kind
	interval time.Duration

	mu   sync.Mutex
	next time.Time // before then there is nothing to ask the store
}

// Every has h run once per interval on one of the servers. The intervals are
// counted from 1970, so all servers mean the same ones.
func (w *Worker) Every(kind Kind, interval time.Duration, h Handler) {
	w.Handle(kind, h, Policy{})
	w.periods = append(w.periods, &period{kind: kind, interval: interval})
}

// enqueuePeriodic enqueues the periodic jobs whose interval has begun and for
// which no other server has done so.
func (w *Worker) enqueuePeriodic(ctx context.Context) error {
	for _, p := range w.periods {
		if err := w.enqueuePeriod(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

func (w *Worker) enqueuePeriod(ctx context.Context, p *period) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if w.clock.Now().Before(p.next) {
		return nil
	}
	var slot time.Time
	err := w.db.Claim(ctx, func(tx *sqldb.Tx) error {
		every := p.interval.Microseconds()
		slot = time.UnixMicro(tx.Now().UnixMicro() / every * every)
		first, err := takeSlot(ctx, tx, p.kind, slot)
		if err != nil || !first {
			return err
		}
		return Enqueue(ctx, tx, Job{Kind: p.kind, Key: "every"})
	})
	if err == nil {
		p.next = slot.Add(p.interval)
	}
	return err
}
