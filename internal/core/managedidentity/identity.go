package managedidentity

import (
	"time"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// An Identity is a user-assigned managed identity.
type Identity struct {
	Resource
	Tenant    ids.TenantID
	Principal ids.ObjectID // its service principal
	Client    ids.AppID
	Location  string
	Isolation string // None or Regional; kept and shown, nothing more
	Tags      Tags
	CreatedAt time.Time
}

// An IdentitySpec is what a caller says of an identity. A nil member was not
// given.
type IdentitySpec struct {
	Location  *string
	Tags      Tags
	Isolation *string
}

// NewIdentity returns an identity whose service principal does not exist yet,
// or an Invalid fault. Its service gives it one.
func NewIdentity(tenant ids.TenantID, r Resource, s IdentitySpec, now time.Time) (*Identity, error) {
	i := &Identity{Resource: r, Tenant: tenant, Isolation: "None", CreatedAt: now}
	if s.Location == nil {
		s.Location = new(string)
	}
	var err error
	if i.Location, err = location(*s.Location); err != nil {
		return nil, err
	}
	return i, i.Change(s)
}

// Change takes over what the caller said. An identity stays where it is.
func (i *Identity) Change(s IdentitySpec) error {
	if s.Location != nil {
		wanted, err := location(*s.Location)
		if err != nil {
			return err
		}
		if err := sameLocation(i.Resource, i.Location, wanted); err != nil {
			return err
		}
	}
	if err := s.Tags.check(); err != nil {
		return err
	}
	if s.Isolation != nil {
		if *s.Isolation != "None" && *s.Isolation != "Regional" {
			return fault.InvalidAt("isolationScope", "The isolation scope is None or Regional.")
		}
		i.Isolation = *s.Isolation
	}
	if s.Tags != nil {
		i.Tags = s.Tags
	}
	return nil
}
