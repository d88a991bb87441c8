package directory

import (
	"context"
	"encoding/json"

	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/core/object"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// Ties are the people and groups that a body names for a user.
type Ties struct {
	Manager  ids.ObjectID   // empty: as it is
	Sponsors []ids.ObjectID // to be added
}

// names returns the names of what there is.
func (t Ties) names() (names []string) {
	if t.Manager != "" {
		names = append(names, "manager")
	}
	if len(t.Sponsors) > 0 {
		names = append(names, "sponsors")
	}
	return names
}

// manage gives the user the manager. The caller stores the user.
func (t Ties) manage(ctx context.Context, tx *sqldb.Tx, u *User) error {
	if t.Manager == "" {
		return nil
	}
	o, err := object.Get(ctx, tx, u.Tenant, t.Manager)
	if err != nil {
		return err
	}
	if o.Kind != object.User || o.ID == u.ID {
		return object.NotHere(o, "manager")
	}
	u.Manager = o.ID
	return nil
}

// sponsor gives a stored user the sponsors.
func (t Ties) sponsor(ctx context.Context, tx *sqldb.Tx, u *User) error {
	for _, id := range t.Sponsors {
		if err := addSponsor(ctx, tx, u, id); err != nil {
			return err
		}
	}
	return nil
}

// SetManager gives a user a manager in place of the one before, or takes it if
// manager is empty; NotFound then if there is none.
func (s *Service) SetManager(ctx context.Context, who authz.Caller, key string, manager ids.ObjectID) error {
	return s.changeTie(ctx, who, key, "manager", func(tx *sqldb.Tx, u *User) (string, audit.Change, error) {
		activity, change := "Set user manager", audit.Change{Name: "Manager", Old: string(u.Manager), New: string(manager)}
		if manager == "" {
			if _, err := Manager(ctx, tx, u); err != nil {
				return "", change, err
			}
			activity, u.Manager = "Remove user manager", ""
		}
		if err := (Ties{Manager: manager}).manage(ctx, tx, u); err != nil {
			return "", change, err
		}
		return activity, change, putUser(ctx, tx, u)
	})
}

// Manager returns the user's manager, or NotFound.
func Manager(ctx context.Context, tx *sqldb.Tx, u *User) (object.Object, error) {
	if u.Manager == "" {
		return object.Object{}, object.Missing("manager")
	}
	o, err := object.Get(ctx, tx, u.Tenant, u.Manager)
	if err != nil {
		return o, object.Missing("manager")
	}
	return o, nil
}

// AddSponsor makes a user or group a sponsor of a user. Doing it twice is
// refused with AlreadySponsor.
func (s *Service) AddSponsor(ctx context.Context, who authz.Caller, key string, sponsor ids.ObjectID) error {
	return s.changeTie(ctx, who, key, "sponsors", func(tx *sqldb.Tx, u *User) (string, audit.Change, error) {
		return "Add sponsor", audit.Change{Name: "Sponsor", New: string(sponsor)}, addSponsor(ctx, tx, u, sponsor)
	})
}

// RemoveSponsor takes a sponsor from a user; NotFound if it is none.
func (s *Service) RemoveSponsor(ctx context.Context, who authz.Caller, key string, sponsor ids.ObjectID) error {
	return s.changeTie(ctx, who, key, "sponsors", func(tx *sqldb.Tx, u *User) (string, audit.Change, error) {
		return "Remove sponsor", audit.Change{Name: "Sponsor", Old: string(sponsor)}, dropSponsor(ctx, tx, u, sponsor)
	})
}

// changeTie loads a user, asks whether the caller may, changes what the user is
// tied to and records it.
func (s *Service) changeTie(ctx context.Context, who authz.Caller, key, name string, change func(tx *sqldb.Tx, u *User) (string, audit.Change, error)) error {
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		u, err := GetUser(ctx, tx, who.Tenant, key)
		if err != nil {
			return err
		}
		if err := mayUpdate(ctx, tx, who, u.ID, map[string]json.RawMessage{name: nil}); err != nil {
			return err
		}
		activity, what, err := change(tx, u)
		if err != nil {
			return err
		}
		return record(ctx, tx, who, activity, u, []audit.Change{what})
	})
}
