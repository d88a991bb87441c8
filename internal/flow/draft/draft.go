// Package draft keeps what somebody sets up in several steps and has not
// finished: one draft each, so that going back, loading again or going on
// tomorrow loses nothing.
//
// A draft is its author's alone, in the tenant in which they began it: to
// everybody else it does not exist. Nothing follows from what it says; who
// finishes it has it made by the service of what it is about, which then decides
// whether they may. A draft that nobody changes for thirty days is gone.
package draft

import (
	"encoding/json"
	"time"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// Limits of drafts.
const (
	Most     = 50        // of one author in one tenant
	MostBody = 256 << 10 // bytes of a body

	longestTitle = 256 // characters
)

// Kept is how long a draft is kept after it was last changed.
const Kept = 30 * 24 * time.Hour

// TooMany is the Reason of somebody who has as many drafts as there can be.
const TooMany fault.Reason = "draft.too_many"

// A Draft is something unfinished.
type Draft struct {
	Tenant     ids.TenantID
	Author     ids.ObjectID // in that tenant
	ID         ids.DraftID
	Kind       string          // what it is to become; says the form of the body
	Title      string          // what it is called so far
	Body       json.RawMessage // up to MostBody
	CreatedAt  time.Time
	ModifiedAt time.Time

	version int64
}

// New returns a draft that is not stored yet.
func New(tenant ids.TenantID, author ids.ObjectID, kind, title string, body any, now time.Time) (*Draft, error) {
	d := &Draft{Tenant: tenant, Author: author, ID: ids.New[ids.DraftID](), Kind: kind, CreatedAt: now}
	return d, d.Change(title, body, now)
}

// Change has the draft say something else.
func (d *Draft) Change(title string, body any, now time.Time) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	if len(text) > MostBody {
		return fault.New(fault.Invalid, "A draft has at most %d bytes.", MostBody).WithFix("Finish it, and add the rest later.")
	}
	if r := []rune(title); len(r) > longestTitle {
		title = string(r[:longestTitle])
	}
	d.Title, d.Body, d.ModifiedAt = title, text, now
	return nil
}

// EndsAt returns when the draft is gone unless it is changed.
func (d *Draft) EndsAt() time.Time { return d.ModifiedAt.Add(Kept) }

// Over reports whether it is gone.
func (d *Draft) Over(now time.Time) bool { return !now.Before(d.EndsAt()) }
