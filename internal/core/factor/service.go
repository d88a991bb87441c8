package factor

import (
	"context"

	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/core/directory"
	"entente/internal/core/object"
	"entente/internal/core/tenant"
	"entente/internal/kit/clock"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

// A Service lets people keep their own second factor, and administrators that
// of others and the tenant's rule.
type Service struct {
	db    *sqldb.DB
	vault Vault
}

// NewService returns a service on db, whose secrets the ring seals.
func NewService(db *sqldb.DB, ring *secret.Ring, clk clock.Clock) *Service {
	return &Service{db, Vault{ring, clk}}
}

// Vault returns what the service keeps secrets in, for those who have a
// transaction of their own.
func (s *Service) Vault() Vault { return s.vault }

// The actions of directory roles by which people see and reset the second
// factor of others, and change the tenant's rule.
const (
	readMethods       authz.Action = "users/authenticationMethods/standard/read"
	readMethodsOfSome authz.Action = "users/authenticationMethods/standard/restrictedRead"
	deleteMethods     authz.Action = "users/authenticationMethods/delete"
	ReadRule          authz.Action = "policies/standard/read"
	ChangeRule        authz.Action = "policies/basic/update"
)

// An Info is what an account has registered.
type Info struct {
	Authenticators []Authenticator
	Spares         Spares
	Demanded       bool // the tenant demands a second factor of the account
}

// Info returns what a user of the caller's tenant has registered. People see
// their own.
func (s *Service) Info(ctx context.Context, who authz.Caller, user ids.ObjectID) (i Info, err error) {
	of := Account{who.Tenant, user}
	err = s.db.View(ctx, func(tx *sqldb.Tx) error {
		if err := mayRead(ctx, tx, who, user); err != nil {
			return err
		}
		if i.Authenticators, err = Authenticators(ctx, tx, of); err != nil {
			return err
		}
		if i.Spares, err = SparesOf(ctx, tx, of); err != nil {
			return err
		}
		i.Demanded, err = demandedOf(ctx, tx, of)
		return err
	})
	return i, err
}

func self(who authz.Caller, user ids.ObjectID) bool { return who.Object == user && !who.AppOnly() }

func mayRead(ctx context.Context, tx *sqldb.Tx, who authz.Caller, user ids.ObjectID) error {
	if _, err := directory.GetUser(ctx, tx, who.Tenant, string(user)); err != nil {
		return err
	}
	if self(who, user) {
		return nil
	}
	if err := authz.Allow(ctx, tx, who, user, readMethodsOfSome); err != nil {
		return authz.Allow(ctx, tx, who, user, readMethods)
	}
	return nil
}

// Offer returns what the caller is shown to register an authenticator of their
// own. The holder is what they came with, such as their session.
func (s *Service) Offer(ctx context.Context, who authz.Caller, holder string) (e Enrollment, err error) {
	err = s.db.View(ctx, func(tx *sqldb.Tx) error {
		in, err := tenant.Get(ctx, tx, who.Tenant)
		if err == nil {
			e, err = s.vault.Offer(ctx, tx, own(who), holder, in.DisplayName, who.Name)
		}
		return err
	})
	return e, err
}

func own(who authz.Caller) Account { return Account{who.Tenant, who.Object} }

// Enroll registers the authenticator that was offered. With the first come
// recovery codes, which Spares returns for a while; spares says so.
func (s *Service) Enroll(ctx context.Context, who authz.Caller, holder, name, code string) (spares bool, err error) {
	err = s.db.Update(ctx, func(tx *sqldb.Tx) error {
		_, spares, err = s.vault.Enroll(ctx, tx, who, own(who), holder, name, code)
		return err
	})
	return spares, err
}

// RenewSpares replaces the caller's recovery codes. It takes an authenticator to
// have any.
func (s *Service) RenewSpares(ctx context.Context, who authz.Caller, holder string) error {
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		return s.vault.RenewSpares(ctx, tx, who, own(who), holder)
	})
}

// Spares returns the recovery codes that the holder has just made, or none.
func (s *Service) Spares(ctx context.Context, who authz.Caller, holder string) (codes []secret.String, err error) {
	err = s.db.View(ctx, func(tx *sqldb.Tx) error {
		codes, err = s.vault.Spares(ctx, tx, own(who), holder)
		return err
	})
	return codes, err
}

// Remove takes away an authenticator of a user of the caller's tenant: one's
// own, but not the last while the tenant demands one; or, as an administrator
// who reaches the user's roles, another's.
func (s *Service) Remove(ctx context.Context, who authz.Caller, user ids.ObjectID, id ids.MethodID) error {
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		if err := mayRead(ctx, tx, who, user); err != nil {
			return err
		}
		of := Account{who.Tenant, user}
		if self(who, user) {
			return s.vault.RemoveOwn(ctx, tx, who, of, id)
		}
		if err := authz.Allow(ctx, tx, who, user, deleteMethods); err != nil {
			return err
		}
		if err := authz.NeedReach(ctx, tx, who, user, authz.Passwords(), deleteMethods); err != nil {
			return err
		}
		return s.vault.Remove(ctx, tx, who, of, id)
	})
}

// Authenticator returns one that a user of the caller's tenant has registered,
// or NotFound.
func (s *Service) Authenticator(ctx context.Context, who authz.Caller, user ids.ObjectID, id ids.MethodID) (Authenticator, error) {
	info, err := s.Info(ctx, who, user)
	for _, a := range info.Authenticators {
		if a.ID == id {
			return a, err
		}
	}
	if err == nil {
		err = object.Missing(string(id))
	}
	return Authenticator{}, err
}

// Rule returns of whom the caller's tenant demands a second factor.
func (s *Service) Rule(ctx context.Context, who authz.Caller) (of Who, err error) {
	err = s.db.View(ctx, func(tx *sqldb.Tx) error {
		if err := authz.Allow(ctx, tx, who, "", ReadRule); err != nil {
			return err
		}
		of, err = DemandedOf(ctx, tx, who.Tenant)
		return err
	})
	return of, err
}

// DemandOfAll switches between a second factor of everybody and of nobody. Off,
// and nothing, change no rule that is not of everybody.
func (s *Service) DemandOfAll(ctx context.Context, who authz.Caller, everybody *bool) error {
	return s.demand(ctx, who, func(before Who) Who {
		switch {
		case everybody == nil, !*everybody && before != Everybody:
			return before
		case *everybody:
			return Everybody
		}
		return Nobody
	})
}

// Demand sets of whom the caller's tenant demands a second factor.
func (s *Service) Demand(ctx context.Context, who authz.Caller, of Who) error {
	if _, err := ParseWho(string(of)); err != nil {
		return err
	}
	return s.demand(ctx, who, func(Who) Who { return of })
}

func (s *Service) demand(ctx context.Context, who authz.Caller, rule func(before Who) Who) error {
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		if err := authz.Allow(ctx, tx, who, "", ChangeRule); err != nil {
			return err
		}
		before, version, err := getRule(ctx, tx, who.Tenant)
		if err != nil {
			return err
		}
		of := rule(before)
		if of == before {
			return nil
		}
		if err := putRule(ctx, tx, who.Tenant, of, version); err != nil {
			return err
		}
		return audit.Record(ctx, tx, who, audit.Entry{
			Category: "Policy", Activity: "Update security defaults", Target: audit.Target{Kind: "Policy", ID: string(who.Tenant), Name: "Security Defaults"},
			Changes: []audit.Change{{Name: "SecondFactor", Old: string(before), New: string(of)}},
		})
	})
}

// Reseal seals every secret anew that is not sealed under the newest master
// key. Recovery codes are bound to the key that they were made under.
func (s *Service) Reseal(ctx context.Context) error {
	for {
		var stale []staleSeal
		err := s.db.View(ctx, func(tx *sqldb.Tx) (err error) {
			stale, err = staleSeals(ctx, tx, s.vault.Ring.Newest(), resealAtOnce)
			return err
		})
		if err != nil || len(stale) == 0 {
			return err
		}
		err = s.db.Claim(ctx, func(tx *sqldb.Tx) error {
			for _, old := range stale {
				key, err := s.vault.open(old.of, Authenticator{ID: old.id, sealed: old.sealed})
				if err != nil {
					return err
				}
				if old.sealed, err = s.vault.Ring.Seal(key, forSecret, string(old.of.Tenant), string(old.of.User), string(old.id)); err != nil {
					return err
				}
				if err := setSeal(ctx, tx, old, s.vault.Ring.Newest()); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
}

const resealAtOnce = 100
