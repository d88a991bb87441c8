package signin

import (
	"context"
	"strings"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// BeginPage stores a flow for a sign-in to a page of ours, given by its path and
// query, in a tenant or, without one, at the home of whoever signs in.
func (s *Service) BeginPage(ctx context.Context, b Browser, in ids.TenantID, page string) (*Flow, error) {
	if err := ours(page); err != nil {
		return nil, err
	}
	return s.begin(ctx, b, Ask{Tenant: in, Page: page, Request: page})
}

// BeginPageAt is BeginPage for a person who is here by a session, and goes
// somewhere with it: it may have to prove more than it does.
func (s *Service) BeginPageAt(ctx context.Context, b Browser, at Place, page string) (*Flow, error) {
	if err := ours(page); err != nil {
		return nil, err
	}
	return s.begin(ctx, b, Ask{Tenant: at.Tenant, Session: at.Session, Page: page, Request: page})
}

// ChooseForPage is BeginPage for a person who wants to choose the account.
func (s *Service) ChooseForPage(ctx context.Context, b Browser, page string) (*Flow, error) {
	if err := ours(page); err != nil {
		return nil, err
	}
	return s.begin(ctx, b, Ask{Select: true, Page: page, Request: page})
}

// ours refuses what is no path of this installation.
func ours(page string) error {
	if !strings.HasPrefix(page, "/") || strings.HasPrefix(page, "//") || strings.ContainsAny(page, "\\\r\n") || len(page) > maxRequest {
		return fault.New(fault.Invalid, "The page is none of ours.")
	}
	return nil
}

// Arrive spends a flow that is ready for a page of ours, and returns it: its
// session is the page's.
func (s *Service) Arrive(ctx context.Context, b Browser, id ids.FlowID) (*Flow, error) {
	var f *Flow
	err := s.step(ctx, b, id, func(tx *sqldb.Tx, loaded *Flow) error {
		f = loaded
		if f.State != Ready || f.Ask.Kind() != ForPage {
			return stale()
		}
		if _, err := sessionOf(ctx, tx, b, f); err != nil {
			return err
		}
		return f.Leave()
	})
	return f, err
}
