package jobs

import (
	"sync"
	"time"

	"entente/internal/kit/clock"
)

// mostBusy is how long one transaction of a group should take: whoever else writes
// to SQLite waits for it.
const mostBusy = 20 * time.Millisecond

// fewest is how many jobs the first transaction takes, and every later one at least:
// what all of a part have in common costs more the smaller it is, so on a busy machine
// parts would make each other small.
const fewest = 8

// A Pace finds how many jobs of a kind go into one transaction, by how long lately
// each took. It may be used by many goroutines; its zero value works.
type Pace struct {
	mu   sync.Mutex
	each time.Duration // zero: not known yet
}

// Run has do called for one part of the group after the other, until one fails.
// do calls work around what is measured, without what it waits for, and a second
// time if its transaction runs again.
func (p *Pace) Run(group []*Work, do func(part []*Work, work func(func() error) error) error) error {
	for len(group) > 0 {
		part := group[:min(p.size(), len(group))]
		var took time.Duration
		err := do(part, func(work func() error) error {
			watch := clock.Watch()
			defer func() { took = watch() }()
			return work()
		})
		if err != nil {
			return err
		}
		p.note(len(part), took)
		group = group[len(part):]
	}
	return nil
}

func (p *Pace) size() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.each == 0 {
		return fewest
	}
	return max(fewest, int(mostBusy/p.each))
}

// note lets a measured part count as much as all before it.
func (p *Pace) note(n int, took time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	each := max(took/time.Duration(n), time.Microsecond)
	if p.each != 0 {
		each = (p.each + each) / 2
	}
	p.each = each
}
