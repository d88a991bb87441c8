package sqldb

import "entente/internal/kit/fault"

// Rehearsed is the Reason of a write transaction that did all its work and was
// then undone because the store rehearses.
const Rehearsed fault.Reason = "sqldb.rehearsed"

// Rehearse has each write transaction be undone when it would commit, and
// refused as Rehearsed, until it is called again with false. It is for tests
// that try what everybody may do and want nothing of it done.
func (d *DB) Rehearse(on bool) { d.rehearsing.Store(on) }

func rehearsed() error {
	return fault.Because(fault.Unavailable, Rehearsed, "It was rehearsed, and nothing is stored.")
}
