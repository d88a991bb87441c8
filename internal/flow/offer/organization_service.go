package offer

import (
	"context"
	"errors"

	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/core/directory"
	"entente/internal/core/object"
	"entente/internal/core/tenant"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// Organizations returns a page of the connected organizations, which everybody
// sees who administers something.
func (s *Service) Organizations(ctx context.Context, who authz.Caller, q Asked) (List[*Organization], error) {
	return View(ctx, s.db, func(tx *sqldb.Tx) (List[*Organization], error) {
		if _, err := Readable(ctx, tx, who, ToRead); err != nil {
			return List[*Organization]{}, err
		}
		return Listed(q, func() (int, error) { return countOrganizations(ctx, tx, who.Tenant, q.Query.Filter) },
			func() (object.Page[*Organization], error) { return ListOrganizations(ctx, tx, who.Tenant, q.Query) })
	})
}

// Organization returns a connected organization.
func (s *Service) Organization(ctx context.Context, who authz.Caller, id ids.OrganizationID) (*Organization, error) {
	return View(ctx, s.db, func(tx *sqldb.Tx) (*Organization, error) {
		if _, err := Readable(ctx, tx, who, ToRead); err != nil {
			return nil, err
		}
		return OrganizationByID(ctx, tx, who.Tenant, id)
	})
}

// CreateOrganization connects an organization. A domain that a tenant of this
// installation has verified stands for that tenant.
func (s *Service) CreateOrganization(ctx context.Context, who authz.Caller, to OrganizationChange) (*Organization, error) {
	return s.Connect(ctx, who, to, Sponsors{})
}

// Connect is CreateOrganization with those who speak for it: all of it is done, or
// nothing.
func (s *Service) Connect(ctx context.Context, who authz.Caller, to OrganizationChange, sponsors Sponsors) (*Organization, error) {
	return Change(ctx, s.db, func(tx *sqldb.Tx) (*Organization, error) {
		if err := May(ctx, tx, who, "", toConnect); err != nil {
			return nil, err
		}
		o, err := NewOrganization(who.Tenant, to, who.Name, tx.Now())
		if err != nil {
			return nil, err
		}
		if err := recognize(ctx, tx, o); err != nil {
			return nil, err
		}
		if err := addOrganization(ctx, tx, o); err != nil {
			return nil, err
		}
		if err := recordOrganization(ctx, tx, who, "Create connected organization", o, audit.Diff(shownOrganization{}, o.shown())); err != nil {
			return nil, err
		}
		for _, speaks := range []struct {
			external bool
			who      []ids.ObjectID
		}{{false, sponsors.Internal}, {true, sponsors.External}} {
			for _, sponsor := range speaks.who {
				if err := speak(ctx, tx, who, o, speaks.external, sponsor); err != nil {
					return nil, err
				}
			}
		}
		return o, nil
	})
}

// ProposeOrganization connects a tenant because somebody came from it. The fault is
// TooMany where there are as many organizations as there can be.
func ProposeOrganization(ctx context.Context, tx *sqldb.Tx, who authz.Caller, home *tenant.Tenant) (*Organization, error) {
	state := Proposed
	o, err := NewOrganization(who.Tenant, OrganizationChange{Name: &home.DisplayName, State: &state,
		Sources: []Source{{Kind: TenantSource, Home: home.ID, Name: home.DisplayName}}}, who.Name, tx.Now())
	if err != nil {
		return nil, err
	}
	if err := addOrganization(ctx, tx, o); err != nil {
		return nil, err
	}
	return o, recordOrganization(ctx, tx, who, "Create connected organization", o, audit.Diff(shownOrganization{}, o.shown()))
}

// recognize puts the tenant in place of a domain that it has verified.
func recognize(ctx context.Context, tx *sqldb.Tx, o *Organization) error {
	for i, s := range o.Sources {
		if s.Kind != DomainSource {
			continue
		}
		home, err := tenantWith(ctx, tx, s.Domain)
		if err != nil {
			return err
		}
		if home == o.Tenant {
			return Bad(At("identitySources", i)+".domainName", "The domain is the tenant's own.")
		}
		if home != "" {
			o.Sources[i] = Source{Kind: TenantSource, Home: home, Name: s.Name}
		}
	}
	return nil
}

func (s *Service) changeOrganization(ctx context.Context, who authz.Caller, id ids.OrganizationID, activity string, do func(*sqldb.Tx, *Organization) error) error {
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		o, err := OrganizationByID(ctx, tx, who.Tenant, id)
		if err != nil {
			return err
		}
		if err := May(ctx, tx, who, "", toConnect); err != nil {
			return err
		}
		before := o.shown()
		if err := do(tx, o); err != nil {
			return err
		}
		return recordOrganization(ctx, tx, who, activity, o, audit.Diff(before, o.shown()))
	})
}

// UpdateOrganization changes a connected organization.
func (s *Service) UpdateOrganization(ctx context.Context, who authz.Caller, id ids.OrganizationID, to OrganizationChange) error {
	return s.changeOrganization(ctx, who, id, "Update connected organization", func(tx *sqldb.Tx, o *Organization) error {
		if err := o.Change(to, who.Name, tx.Now()); err != nil {
			return err
		}
		if err := recognize(ctx, tx, o); err != nil {
			return err
		}
		return putOrganization(ctx, tx, o)
	})
}

// DeleteOrganization disconnects an organization that no policy names.
func (s *Service) DeleteOrganization(ctx context.Context, who authz.Caller, id ids.OrganizationID) error {
	return s.changeOrganization(ctx, who, id, "Delete connected organization", func(tx *sqldb.Tx, o *Organization) error {
		return dropOrganization(ctx, tx, o)
	})
}

// Sponsors returns who speaks for a connected organization.
func (s *Service) Sponsors(ctx context.Context, who authz.Caller, id ids.OrganizationID) (Sponsors, error) {
	return View(ctx, s.db, func(tx *sqldb.Tx) (Sponsors, error) {
		if _, err := Readable(ctx, tx, who, ToRead); err != nil {
			return Sponsors{}, err
		}
		if _, err := OrganizationByID(ctx, tx, who.Tenant, id); err != nil {
			return Sponsors{}, err
		}
		return SponsorsOf(ctx, tx, who.Tenant, id)
	})
}

// NoSponsor is the Reason of somebody who cannot be a sponsor of that kind.
const NoSponsor fault.Reason = "entitlement.no_sponsor"

// AddSponsor has a user or group speak for an organization. External sponsors are
// guests, internal ones are not.
func (s *Service) AddSponsor(ctx context.Context, who authz.Caller, id ids.OrganizationID, external bool, sponsor ids.ObjectID) error {
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		o, err := OrganizationByID(ctx, tx, who.Tenant, id)
		if err != nil {
			return err
		}
		if err := May(ctx, tx, who, "", toConnect); err != nil {
			return err
		}
		return speak(ctx, tx, who, o, external, sponsor)
	})
}

// speak has somebody speak for the organization, and records it.
func speak(ctx context.Context, tx *sqldb.Tx, who authz.Caller, o *Organization, external bool, sponsor ids.ObjectID) error {
	found, err := object.Get(ctx, tx, who.Tenant, sponsor)
	if err != nil {
		return err
	}
	switch found.Kind {
	case object.Group:
	case object.User:
		u, err := directory.GetUser(ctx, tx, who.Tenant, string(sponsor))
		if err != nil {
			return err
		}
		if (u.UserType != nil && *u.UserType == "Guest") != external {
			return fault.Because(fault.Invalid, NoSponsor, "An internal sponsor is a member of the tenant, an external one a guest.")
		}
	default:
		return fault.Because(fault.Invalid, NoSponsor, "A sponsor is a user or a group.")
	}
	if err := addSponsor(ctx, tx, o, external, sponsor); err != nil {
		return err
	}
	return recordOrganization(ctx, tx, who, "Add sponsor to connected organization", o, audit.Diff(o.shown(), o.shown()))
}

// RemoveSponsor has somebody no longer speak for an organization.
func (s *Service) RemoveSponsor(ctx context.Context, who authz.Caller, id ids.OrganizationID, external bool, sponsor ids.ObjectID) error {
	return s.changeOrganization(ctx, who, id, "Remove sponsor from connected organization", func(tx *sqldb.Tx, o *Organization) error {
		return dropSponsor(ctx, tx, o, external, sponsor)
	})
}

// A shownOrganization is what the audit log compares.
type shownOrganization struct {
	Name        string            `json:"displayName"`
	Description string            `json:"description"`
	State       OrganizationState `json:"state"`
	Sources     []Source          `json:"identitySources"`
}

func (o *Organization) shown() shownOrganization {
	return shownOrganization{o.Name, o.Description, o.State, o.Sources}
}

func recordOrganization(ctx context.Context, tx *sqldb.Tx, who authz.Caller, activity string, o *Organization, changed []audit.Change) error {
	return Record(ctx, tx, who, activity, "ConnectedOrganization", string(o.ID), o.Name, changed)
}

// Settings returns the tenant's settings.
func (s *Service) Settings(ctx context.Context, who authz.Caller) (*Settings, error) {
	return View(ctx, s.db, func(tx *sqldb.Tx) (*Settings, error) {
		if _, err := Readable(ctx, tx, who, ToRead); err != nil {
			return nil, err
		}
		return SettingsOf(ctx, tx, who.Tenant)
	})
}

// UpdateSettings changes the tenant's settings.
func (s *Service) UpdateSettings(ctx context.Context, who authz.Caller, to SettingsChange) error {
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		if err := May(ctx, tx, who, "", ToAdminister); err != nil {
			return err
		}
		now, err := SettingsOf(ctx, tx, who.Tenant)
		if err != nil {
			return err
		}
		before := *now
		if err := now.Change(to); err != nil {
			return err
		}
		if *now == before {
			return nil
		}
		if err := putSettings(ctx, tx, now); err != nil {
			return err
		}
		return Record(ctx, tx, who, "Update entitlement management settings", "Policy", string(who.Tenant), "entitlementManagementSettings",
			[]audit.Change{{Name: "externalUserLifecycleAction", Old: string(before.Lifecycle), New: string(now.Lifecycle)},
				{Name: "durationUntilExternalUserDeletedAfterBlocked", Old: before.DeleteIn.String(), New: now.DeleteIn.String()}})
	})
}

// tenantWith returns the tenant that has verified the domain, or "".
func tenantWith(ctx context.Context, tx *sqldb.Tx, domain string) (home ids.TenantID, err error) {
	err = tx.One(ctx, `select tenant_id from domain where name = ? and verified = 1 /* all tenants: a domain has one owner */`, []any{domain}, &home)
	if errors.Is(err, fault.NotFound) {
		return "", nil
	}
	return home, err
}
