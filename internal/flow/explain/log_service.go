package explain

import (
	"context"
	"errors"

	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/core/tenant"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// What a reader of the logs has to be allowed.
const (
	readSignIns authz.Action = "signInReports/allProperties/read"
	readAudits  authz.Action = "auditLogs/allProperties/read"
)

// A Service reads the logs of a tenant for those who may.
type Service struct{ db *sqldb.DB }

// NewService returns the service of a store.
func NewService(db *sqldb.DB) *Service { return &Service{db} }

// SignIns returns a page of the sign-ins in the caller's tenant.
func (s *Service) SignIns(ctx context.Context, who authz.Caller, q audit.Question) (audit.Page[audit.SignIn], error) {
	return view(ctx, s, who, readSignIns, func(tx *sqldb.Tx) (audit.Page[audit.SignIn], error) {
		return audit.AskSignIns(ctx, tx, who.Tenant, q)
	})
}

// A SignIn is one entry of the sign-in log, explained.
type SignIn struct {
	audit.SignIn
	Decision
	OtherName string // display name of the tenant on the other side, or nothing
}

// SignIn returns a sign-in in the caller's tenant, or NotFound.
func (s *Service) SignIn(ctx context.Context, who authz.Caller, id ids.AuditID) (SignIn, error) {
	return view(ctx, s, who, readSignIns, func(tx *sqldb.Tx) (SignIn, error) {
		e, err := audit.GetSignIn(ctx, tx, who.Tenant, id)
		if err != nil {
			return SignIn{}, absent(err)
		}
		name, err := nameOf(ctx, tx, e.Other)
		return SignIn{e, Of(e), name}, err
	})
}

// Entries returns a page of the changes in the caller's tenant.
func (s *Service) Entries(ctx context.Context, who authz.Caller, q audit.Question) (audit.Page[audit.Stored], error) {
	return view(ctx, s, who, readAudits, func(tx *sqldb.Tx) (audit.Page[audit.Stored], error) {
		return audit.AskEntries(ctx, tx, who.Tenant, q)
	})
}

// An Entry is one change, with the display name of the tenant on the other side.
type Entry struct {
	audit.Stored
	OtherName string
}

// Entry returns a change in the caller's tenant, or NotFound.
func (s *Service) Entry(ctx context.Context, who authz.Caller, id ids.AuditID) (Entry, error) {
	return view(ctx, s, who, readAudits, func(tx *sqldb.Tx) (Entry, error) {
		e, err := audit.GetEntry(ctx, tx, who.Tenant, id)
		if err != nil {
			return Entry{}, absent(err)
		}
		name, err := nameOf(ctx, tx, e.Other)
		return Entry{e, name}, err
	})
}

func view[T any](ctx context.Context, s *Service, who authz.Caller, may authz.Action, read func(*sqldb.Tx) (T, error)) (out T, err error) {
	err = s.db.View(ctx, func(tx *sqldb.Tx) (err error) {
		if err := authz.Allow(ctx, tx, who, "", may); err != nil {
			return err
		}
		out, err = read(tx)
		return err
	})
	return out, err
}

// nameOf returns a tenant's display name, or nothing where there is no such
// tenant (any more).
func nameOf(ctx context.Context, tx *sqldb.Tx, id ids.TenantID) (string, error) {
	if id == "" {
		return "", nil
	}
	t, err := tenant.Get(ctx, tx, id)
	if errors.Is(err, fault.NotFound) {
		return "", nil
	} else if err != nil {
		return "", err
	}
	return t.DisplayName, nil
}

func absent(err error) error {
	if errors.Is(err, fault.NotFound) {
		return fault.New(fault.NotFound, "The log has no such entry. Sign-ins are kept for a time that the operator sets.")
	}
	return err
}
