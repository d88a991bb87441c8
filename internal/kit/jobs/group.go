package jobs

import (
	"context"

	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// A GroupHandler does the work of one kind for several jobs of one tenant, all or
// nothing: where it fails for one of them, each is tried alone afterwards, so for a
// group it does what it can take back, and for one job what it can.
type GroupHandler func(ctx context.Context, group []*Work) error

// A circle is whose jobs go together.
type circle struct {
	kind   Kind
	tenant ids.TenantID
}

func circleOf(w *Work) circle { return circle{w.Kind, w.Tenant} }

// claim leases jobs for up to n groups: those whose worker died first, then those
// that are due, and to each that goes in a group others of its circle.
func (w *Worker) claim(ctx context.Context, tx *sqldb.Tx, n int) ([]*Work, error) {
	wall := w.clock.Wall()
	until := wall.Add(w.o.Lease)
	found, err := claimLost(ctx, tx, w.kinds, wall, until, n)
	if err != nil || len(found) == n {
		return found, err
	}
	due, err := claimDue(ctx, tx, w.kinds, w.running(), until, n-len(found))
	if err != nil {
		return nil, err
	}
	have := map[circle]int{}
	for _, work := range due {
		if work.Tries == 1 { // others run alone
			have[circleOf(work)]++
		}
	}
	for c, some := range have {
		if rest := w.handlers[c.kind].most - some; rest > 0 && w.handlers[c.kind].most > 1 {
			more, err := claimMore(ctx, tx, c, until, rest)
			if err != nil {
				return nil, err
			}
			due = append(due, more...)
		}
	}
	return append(found, due...), nil
}

// running returns the circles of which a group runs in this process.
func (w *Worker) running() (all []circle) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.busy {
		all = append(all, c)
	}
	return all
}

// group puts leased jobs together that run together, in the order of the first of
// each, and notes that they run. One that was tried before runs alone, since it may
// be what the others failed by.
func (w *Worker) group(found []*Work) (all [][]*Work) {
	w.mu.Lock()
	defer w.mu.Unlock()
	at := map[circle]int{}
	for _, work := range found {
		most, c := w.handlers[work.Kind].most, circleOf(work)
		i, open := at[c]
		switch {
		case most == 1 || work.Tries > 1:
			all = append(all, []*Work{work})
		case open && len(all[i]) < most:
			all[i] = append(all[i], work)
		default:
			at[c], w.busy[c] = len(all), true
			all = append(all, []*Work{work})
		}
	}
	return all
}

// free says that a group has run.
func (w *Worker) free(first *Work) {
	if w.handlers[first.Kind].most == 1 || first.Tries > 1 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.busy, circleOf(first))
}
