package directory

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/core/tenant"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

// A Service changes users and groups.
type Service struct {
	db     *sqldb.DB
	hasher *Hasher
}

// NewService returns a service on db.
func NewService(db *sqldb.DB, hasher *Hasher) *Service { return &Service{db, hasher} }

// Create stores a new user from a Graph body.
func (s *Service) Create(ctx context.Context, who authz.Caller, body []byte) (*User, error) {
	return s.CreateTied(ctx, who, body, Ties{})
}

// CreateTied is Create of a user who has a manager and sponsors at once.
func (s *Service) CreateTied(ctx context.Context, who authz.Caller, body []byte, ties Ties) (*User, error) {
	hashed, err := s.hashIn(ctx, body)
	if err != nil {
		return nil, err
	}
	var u *User
	err = s.db.Update(ctx, func(tx *sqldb.Tx) error {
		if err := authz.Allow(ctx, tx, who, "", "users/create"); err != nil {
			return err
		}
		home, err := tenant.Get(ctx, tx, who.Tenant)
		if err != nil {
			return err
		}
		if u, err = NewUser(home, body, tx.Now()); err != nil {
			return err
		}
		if err := CheckStrength(secret.NewString(u.PasswordProfile.Password), u.UserPrincipalName); err != nil {
			return err
		}
		if err := ties.manage(ctx, tx, u); err != nil {
			return err
		}
		if err := addWithPassword(ctx, tx, u, who.Object, hashed, u.PasswordProfile.mustChange()); err != nil {
			return err
		}
		if err := ties.sponsor(ctx, tx, u); err != nil {
			return err
		}
		return record(ctx, tx, who, "Add user", u, nil)
	})
	return u, err
}

// AddUser stores a new user with a password that is hashed already, in the
// caller's transaction; the caller records it.
func AddUser(ctx context.Context, tx *sqldb.Tx, u *User, hashed string, mustChange bool) error {
	return addWithPassword(ctx, tx, u, "", hashed, mustChange)
}

func addWithPassword(ctx context.Context, tx *sqldb.Tx, u *User, by ids.ObjectID, hashed string, mustChange bool) error {
	now := tx.Now()
	u.LastPasswordChange, u.PasswordProfile = &now, nil
	if err := addUser(ctx, tx, u, by); err != nil {
		return err
	}
	return putPassword(ctx, tx, u.Tenant, u.ID, hashed, mustChange)
}

// hashIn hashes the password in a body, outside any transaction because it
// takes tens of milliseconds; "" if there is none.
func (s *Service) hashIn(ctx context.Context, body []byte) (string, error) {
	var ask struct {
		PasswordProfile *PasswordProfile `json:"passwordProfile"`
	}
	if json.Unmarshal(body, &ask) != nil || ask.PasswordProfile == nil || ask.PasswordProfile.Password == "" ||
		len(ask.PasswordProfile.Password) > maxPassword {
		return "", nil // the rules say what is wrong with it
	}
	return s.hasher.Hash(ctx, secret.NewString(ask.PasswordProfile.Password))
}

// Update changes a user by a Graph body and returns it. Who holds a privileged
// role is changed, where it matters, by those alone who might hold it.
func (s *Service) Update(ctx context.Context, who authz.Caller, key string, body []byte) (*User, error) {
	return s.UpdateTied(ctx, who, key, body, Ties{})
}

// UpdateTied is Update of a user who gets a manager, or further sponsors, with it.
func (s *Service) UpdateTied(ctx context.Context, who authz.Caller, key string, body []byte, ties Ties) (*User, error) {
	hashed, err := s.hashIn(ctx, body)
	if err != nil {
		return nil, err
	}
	var u *User
	err = s.db.Update(ctx, func(tx *sqldb.Tx) error {
		before, err := GetUser(ctx, tx, who.Tenant, key)
		if err != nil {
			return err
		}
		asked, err := membersIn(body)
		if err != nil {
			return err
		}
		for _, name := range ties.names() {
			asked[name] = nil
		}
		if err := mayUpdate(ctx, tx, who, before.ID, asked); err != nil {
			return err
		}
		home, err := tenant.Get(ctx, tx, who.Tenant)
		if err != nil {
			return err
		}
		if u, err = before.Apply(home, body); err != nil {
			return err
		}
		if err := s.setPassword(ctx, tx, u, hashed); err != nil {
			return err
		}
		if err := ties.manage(ctx, tx, u); err != nil {
			return err
		}
		if _, said := asked["accountEnabled"]; said {
			u.SwitchedAt = tx.Now()
		}
		store := func() error { return putUser(ctx, tx, u) }
		if before.Enabled() && !u.Enabled() {
			u.SessionsFrom = tx.Now()
			if !who.IsSystem() {
				store = func() error {
					return sparing(ctx, tx, u.Tenant, fault.Forbidden, "disabled", func() error { return putUser(ctx, tx, u) })
				}
			}
		}
		if err := store(); err != nil {
			return err
		}
		if err := ties.sponsor(ctx, tx, u); err != nil {
			return err
		}
		return record(ctx, tx, who, "Update user", u, audit.Diff(before, u))
	})
	return u, err
}

func (s *Service) setPassword(ctx context.Context, tx *sqldb.Tx, u *User, hashed string) error {
	p := u.PasswordProfile
	u.PasswordProfile = nil
	if p == nil {
		return nil
	}
	if p.Password == "" {
		if p.ForceChange != nil || p.ForceChangeWithMFA != nil {
			return forceChange(ctx, tx, u.Tenant, u.ID, p.ForceChange != nil && p.mustChange() || p.ForceChange == nil && *p.ForceChangeWithMFA)
		}
		return nil
	}
	if err := CheckStrength(secret.NewString(p.Password), u.UserPrincipalName); err != nil {
		return err
	}
	u.renewed(tx.Now())
	return putPassword(ctx, tx, u.Tenant, u.ID, hashed, p.mustChange())
}

func membersIn(body []byte) (map[string]json.RawMessage, error) {
	var m map[string]json.RawMessage
	if err := json.Unmarshal(body, &m); err != nil {
		return nil, fault.New(fault.Invalid, "The request body is not a JSON object.").Wrap(err)
	}
	return m, nil
}

// Delete marks a user as deleted; sessions end at once. The last Global
// Administrator stays.
func (s *Service) Delete(ctx context.Context, who authz.Caller, key string) error {
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		u, err := GetUser(ctx, tx, who.Tenant, key)
		if err != nil {
			return err
		}
		if err := mayControl(ctx, tx, who, u.ID, "users/delete", authz.Sensitive()); err != nil {
			return err
		}
		if err := sparing(ctx, tx, u.Tenant, fault.Forbidden, "deleted", func() error { return dropUser(ctx, tx, u) }); err != nil {
			return err
		}
		return record(ctx, tx, who, "Delete user", u, nil)
	})
}

// RevokeSessions voids a user's sessions and refresh tokens from before now.
func (s *Service) RevokeSessions(ctx context.Context, who authz.Caller, key string) error {
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		u, err := MayRevoke(ctx, tx, who, key)
		if err != nil {
			return err
		}
		now := tx.Now()
		u.SessionsFrom, u.SignInSessionsValidFrom = now, &now
		if err := putUser(ctx, tx, u); err != nil {
			return err
		}
		return record(ctx, tx, who, "Revoke sign-in sessions", u, nil)
	})
}

// A Checked password says whose it was.
type Checked struct {
	User       ids.ObjectID
	UPN        string
	Name       string
	MustChange bool
	At         time.Time
}

// Why a sign-in by password is refused. WrongPassword is said of unknown and
// of disabled accounts too unless the password was right: strangers do not
// learn who exists.
const (
	WrongPassword   fault.Reason = "directory.wrong_password"
	AccountDisabled fault.Reason = "directory.account_disabled"
)

// CheckPassword returns the tenant's user whose name and password are given.
// It takes the same time whether or not there is such a user.
func (s *Service) CheckPassword(ctx context.Context, tenant ids.TenantID, upn string, password secret.String) (Checked, error) {
	var c Checked
	var stored string
	enabled := false
	err := s.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		c.At = tx.Now()
		c.User, c.UPN, c.Name, enabled, stored, c.MustChange, err = findPassword(ctx, tx, tenant, upn)
		if errors.Is(err, fault.NotFound) {
			return nil
		}
		return err
	})
	if err != nil {
		return Checked{}, err
	}
	if len(password.Reveal()) > maxPassword {
		password = secret.NewString("") // nobody's, and as costly as any
	}
	ok, err := s.hasher.Check(ctx, stored, password)
	switch {
	case err != nil:
		return Checked{}, err
	case !ok:
		return Checked{}, fault.Because(fault.Unauthenticated, WrongPassword, "Your account or password is incorrect.")
	case !enabled:
		return Checked{}, fault.Because(fault.Forbidden, AccountDisabled, "The user account is disabled.").
			WithFix("Ask an administrator of the organization to enable it.")
	}
	return c, nil
}

func record(ctx context.Context, tx *sqldb.Tx, who authz.Caller, activity string, u *User, changed []audit.Change) error {
	return audit.Record(ctx, tx, who, audit.Entry{
		Category: "UserManagement", Activity: activity, Changes: changed,
		Target: audit.Target{Kind: "User", ID: string(u.ID), Name: u.UserPrincipalName},
	})
}
