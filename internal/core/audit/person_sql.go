package audit

import (
	"cmp"
	"context"
	"slices"
	"time"

	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

// A Mark is a place in a log: what comes after it is older.
type Mark struct {
	At time.Time
	ID ids.AuditID
}

// Older reports whether an entry comes after the mark.
func (m Mark) Older(e SignIn) bool {
	return m.At.IsZero() || e.At.Before(m.At) || e.At.Equal(m.At) && e.ID < m.ID
}

// An Own question is for what one person finds of themself in a tenant's log.
type Own struct {
	Tenant ids.TenantID
	User   ids.ObjectID
	Name   string    // by which tries count that reached no account; empty: none do
	Since  time.Time // from when the name is theirs
	Kind   string    // of sign-in
	After  Mark      // zero: from the newest on
}

// OwnSignIns returns a person's sign-ins, the newest first, at most limit of
// them: those of their account, and tries at its name.
func OwnSignIns(ctx context.Context, tx *sqldb.Tx, q Own, limit int) ([]SignIn, error) {
	list, err := ownSignIns(ctx, tx, q, "s.principal_id = ?", q.User, time.Time{}, limit)
	if err != nil || q.Name == "" || q.Kind != InteractiveUserSignIn {
		return list, err
	}
	tries, err := ownSignIns(ctx, tx, q, "s.principal_id = '' and s.principal_folded = ?", query.Fold(q.Name), q.Since, limit)
	if err != nil {
		return nil, err
	}
	return Newest(append(list, tries...), limit), nil
}

func ownSignIns(ctx context.Context, tx *sqldb.Tx, q Own, whose string, who any, since time.Time, limit int) ([]SignIn, error) {
	before, id := q.After.At, q.After.ID
	if before.IsZero() {
		before, id = tx.Now().Add(time.Hour), ""
	}
	return sqldb.All(ctx, tx, "select "+signInColumns+` from sign_in s
		where  s.tenant_id = ? and `+whose+` and s.kind = ? and s.at_us >= ? and (s.at_us < ? or s.at_us = ? and s.id < ?)
		order  by s.at_us desc, s.id desc limit ?`,
		[]any{q.Tenant, who, q.Kind, sqldb.Micros(since), sqldb.Micros(before), sqldb.Micros(before), id, limit},
		func(scan func(...any) error) (SignIn, error) { return scanSignIn(q.Tenant, scan) })
}

// Newest returns the newest of several logs' entries in order, at most limit.
func Newest(list []SignIn, limit int) []SignIn {
	slices.SortFunc(list, func(a, b SignIn) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(b.ID, a.ID)) })
	return list[:min(len(list), limit)]
}
