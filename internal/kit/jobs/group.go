package jobs

import (
	"context"
	"slices"

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

// claim leases jobs for up to n groups: first those whose worker died, where some
// were seen, then those of circles that have just been freed, then those that were
// seen, and to each that goes in a group others of its circle. empty says that nothing
// is left of what was seen.
func (w *Worker) claim(ctx context.Context, tx *sqldb.Tx, n int, s sight, freed []circle) (found []*Work, groups int, empty bool, err error) {
	wall := w.clock.Wall()
	until := wall.Add(w.o.Lease)
	if s.lost {
		if found, err = claimLost(ctx, tx, w.kinds, wall, until, n); err != nil {
			return nil, 0, false, err
		}
		claimed := found
		groups = len(claimed)
		tx.AfterCommit(func() { w.lost.Add(int64(len(claimed))) })
	}
	taken := w.running()
	for _, c := range w.first(freed, n-groups, s.due) {
		more, err := claimMore(ctx, tx, c, until, w.handlers[c.kind].most)
		if err != nil {
			return nil, 0, false, err
		}
		if len(more) > 0 {
			found, taken = append(found, more...), append(taken, c)
			groups++
		}
	}
	if groups == n || !s.due {
		return found, groups, !s.due, nil
	}
	due, err := claimSeen(ctx, tx, s, w.kinds, taken, until, n-groups)
	if err != nil {
		return nil, 0, false, err
	}
	empty, groups = len(due) < n-groups, groups+len(due)
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
				return nil, 0, false, err
			}
			due = append(due, more...)
		}
	}
	return append(found, due...), groups, empty, nil
}

// first returns the freed circles whose next groups there is room for; the others have
// to wait. Where somebody else's jobs were seen, room is left for these, or, where there
// is room for one only, every other time: two that have much to do keep out nobody.
func (w *Worker) first(freed []circle, n int, others bool) []circle {
	w.mu.Lock()
	defer w.mu.Unlock()
	freed = slices.DeleteFunc(slices.Clone(freed), func(c circle) bool { return w.busy[c] })
	if others && len(freed) >= n && n > 0 {
		if n--; n == 0 {
			if w.others = !w.others; !w.others {
				n = 1
			}
		}
	}
	n = min(n, len(freed))
	for _, c := range freed[n:] {
		w.freed[c] = true
	}
	return freed[:n]
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
	w.freed[circleOf(first)] = true
}
