package signin

import (
	"context"

	"entente/internal/core/app"
	"entente/internal/core/audit"
	"entente/internal/core/consent"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// An OwnSignIn is an entry of a tenant's log, as the person whose it is sees it.
type OwnSignIn struct {
	audit.SignIn
	In  Organization
	App string // the application's name, or ""
}

// OwnSignIns returns the visitor's sign-ins in every tenant in which they are,
// with tries that failed, the newest first, and whether there are more.
func (s *Service) OwnSignIns(ctx context.Context, v *Visitor, kind string, after audit.Mark, limit int) (list []OwnSignIn, more bool, err error) {
	err = s.db.View(ctx, func(tx *sqldb.Tx) error {
		all, err := memberships(ctx, tx, v)
		if err != nil {
			return err
		}
		in := map[ids.TenantID]Organization{}
		var entries []audit.SignIn
		for _, m := range all {
			if m.Here == nil {
				continue
			}
			q := audit.Own{Tenant: m.ID, User: m.Here.ID, Kind: kind, After: after, Since: m.Here.CreatedAt}
			if m.Home {
				q.Name = v.Account.UserPrincipalName
			}
			own, err := audit.OwnSignIns(ctx, tx, q, limit+1)
			if err != nil {
				return err
			}
			in[m.ID], entries = m.Organization, append(entries, own...)
		}
		entries = audit.Newest(entries, limit+1)
		if more = len(entries) > limit; more {
			entries = entries[:limit]
		}
		names := map[ids.AppID]string{}
		list = nil
		for _, e := range entries {
			if e.AppName == "" && e.App != "" {
				if _, known := names[e.App]; !known {
					if names[e.App], err = appName(ctx, tx, e.App); err != nil {
						return err
					}
				}
				e.AppName = names[e.App]
			}
			list = append(list, OwnSignIn{e, in[e.Tenant], e.AppName})
		}
		return nil
	})
	return list, more, err
}

// appName returns an application's name, or "" if there is none any more.
func appName(ctx context.Context, tx *sqldb.Tx, id ids.AppID) (string, error) {
	a, err := app.ApplicationByAppID(ctx, tx, id)
	if refused(err) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return a.DisplayName, nil
}

// OwnConsents returns what the visitor has agreed to for applications in the
// tenant in which they act, and what holds there for everybody.
func (s *Service) OwnConsents(ctx context.Context, b Browser, v *Visitor) (all []consent.Own, homes map[ids.TenantID]Organization, err error) {
	err = s.db.View(ctx, func(tx *sqldb.Tx) error {
		if all, err = consent.OwnConsents(ctx, tx, v.Caller(b)); err != nil {
			return err
		}
		homes = map[ids.TenantID]Organization{}
		for _, o := range all {
			if _, known := homes[o.Home]; known || o.Home == "" {
				continue
			}
			home, err := organization(ctx, tx, o.Home)
			if refused(err) {
				continue
			}
			if err != nil {
				return err
			}
			homes[o.Home] = *home
		}
		return nil
	})
	return all, homes, err
}

// TakeBack takes back what the visitor has agreed to for an application in the
// tenant in which they act.
func (s *Service) TakeBack(ctx context.Context, b Browser, v *Visitor, client ids.ObjectID) error {
	return s.EndConsent(ctx, v.Caller(b), client)
}
