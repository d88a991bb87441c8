package app

import (
	"context"
	"errors"

	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/core/object"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// Presence returns the application's service principal in tenant, and makes it
// if there is none: made says which. It is one step of a consent, in the
// caller's transaction; the caller records it and gives it a cause. An
// application of another tenant must be multi-tenant.
func Presence(ctx context.Context, tx *sqldb.Tx, who authz.Caller, tenant ids.TenantID, appID ids.AppID) (p *ServicePrincipal, made bool, err error) {
	p, err = PrincipalByAppID(ctx, tx, tenant, appID)
	if !errors.Is(err, fault.NotFound) {
		return p, false, err
	}
	a, err := ApplicationByAppID(ctx, tx, appID)
	if errors.Is(err, fault.NotFound) || err == nil && a.Tenant != tenant && !a.MultiTenant() {
		return nil, false, noApplication(appID)
	}
	if err != nil {
		return nil, false, err
	}
	p = NewPrincipal(tenant, a, tx.Now())
	if who.App != "" {
		p.CreatedByAppID = new(string(who.App))
	}
	return p, true, AddPrincipal(ctx, tx, p, who.Object)
}

// CreatePrincipal makes the presence of an application in the caller's tenant,
// from a Graph body with appId. It grants nothing. A second one is a Conflict.
func (s *Service) CreatePrincipal(ctx context.Context, who authz.Caller, appID ids.AppID, body []byte, owners []ids.ObjectID) (*ServicePrincipal, error) {
	var p *ServicePrincipal
	err := s.db.Update(ctx, func(tx *sqldb.Tx) (err error) {
		p, err = s.present(ctx, tx, who, appID, body, owners)
		return err
	})
	return p, err
}

// present makes an application's presence in the caller's transaction.
func (s *Service) present(ctx context.Context, tx *sqldb.Tx, who authz.Caller, appID ids.AppID, body []byte, owners []ids.ObjectID) (*ServicePrincipal, error) {
	p, made, err := Presence(ctx, tx, who, who.Tenant, appID)
	if err != nil {
		return nil, err
	}
	if !made {
		return nil, principalExists(appID)
	}
	if err := mayCreatePrincipal(ctx, tx, who, p); err != nil {
		return nil, err
	}
	before := *p
	if p, err = p.Apply(body); err != nil {
		return nil, err
	}
	if p.KeyCredentials, err = swapCertificates(ctx, tx, p.Tenant, p.ID, nil, p.KeyCredentials); err != nil {
		return nil, err
	}
	if err := checkEncryption(p.TokenEncryptionKeyID, p.KeyCredentials); err != nil {
		return nil, err
	}
	if err := p.staysOurs(); err != nil {
		return nil, err
	}
	if err := p.respects(&before); err != nil {
		return nil, err
	}
	if err := PutPrincipal(ctx, tx, p); err != nil {
		return nil, err
	}
	if err := addOwners(ctx, tx, who, p.ID, owners); err != nil {
		return nil, err
	}
	if err := causePrincipal(ctx, tx, who, p); err != nil {
		return nil, err
	}
	return p, recordPrincipal(ctx, tx, who, "Add service principal", p, nil)
}

// mayCreatePrincipal keeps a program that may manage only what it owns to the
// applications that it owns, of its own tenant.
func mayCreatePrincipal(ctx context.Context, tx *sqldb.Tx, who authz.Caller, p *ServicePrincipal) error {
	foreign := p.OwnerTenant == nil || *p.OwnerTenant != who.Tenant
	switch {
	case who.IsSystem(), who.AppOnly() && !who.ByRole && (who.Has("Application.ReadWrite.All") || who.Has("Directory.ReadWrite.All")):
		return nil
	case who.AppOnly() && !who.ByRole && foreign:
		return fault.Because(fault.Forbidden, ForeignApp,
			"When using this permission, the backing application of the service principal being created must in the local tenant")
	case who.AppOnly() && !who.ByRole:
		if owns, err := object.Owns(ctx, tx, who.Tenant, p.ApplicationID, who.Object); err != nil || owns {
			return err
		}
		who.ByRole = true
	}
	r, err := authz.RightsOf(ctx, tx, who, p.ApplicationID)
	if err != nil || r.Allow("servicePrincipals/create") {
		return err
	}
	if foreign {
		return authz.RefuseFor("servicePrincipals/create")
	}
	return r.Need("servicePrincipals/createAsOwner", "applications/basic/update")
}

func noCredentials() error {
	return fault.Because(fault.Invalid, Managed, "A managed identity has no credentials of its own.")
}

func causePrincipal(ctx context.Context, tx *sqldb.Tx, who authz.Caller, p *ServicePrincipal) error {
	c, err := object.NewCause(object.ByAdministrator, string(p.AppID), who.Subject, who.Name, sqldb.Time(0), tx.Now())
	if err != nil {
		return err
	}
	if err := object.AddCause(ctx, tx, p.Tenant, c); err != nil {
		return err
	}
	_, err = object.Link(ctx, tx, p.Tenant, object.OfServicePrincipal, string(p.ID), c.ID)
	return err
}

// UpdatePrincipal changes a service principal by a Graph body.
func (s *Service) UpdatePrincipal(ctx context.Context, who authz.Caller, id ids.ObjectID, body []byte) (*ServicePrincipal, error) {
	return s.changePrincipal(ctx, who, id, "Update service principal", updating("servicePrincipals", body), func(tx *sqldb.Tx, p *ServicePrincipal) (*ServicePrincipal, error) {
		q, err := p.Apply(body)
		if err != nil {
			return nil, err
		}
		if q.KeyCredentials, err = swapCertificates(ctx, tx, p.Tenant, p.ID, p.KeyCredentials, q.KeyCredentials); err != nil {
			return nil, err
		}
		return q, checkEncryption(q.TokenEncryptionKeyID, q.KeyCredentials)
	})
}

// principalCredentials is what it takes to change a service principal's secrets.
var principalCredentials = []authz.Action{"servicePrincipals/credentials/update"}

// AddPrincipalPassword makes a client secret of a service principal, good in
// its tenant only.
func (s *Service) AddPrincipalPassword(ctx context.Context, who authz.Caller, id ids.ObjectID, ask PasswordCredential) (PasswordCredential, error) {
	var made PasswordCredential
	_, err := s.changePrincipal(ctx, who, id, "Add service principal credentials", principalCredentials, func(tx *sqldb.Tx, p *ServicePrincipal) (*ServicePrincipal, error) {
		if p.ManagedIdentity() {
			return nil, noCredentials()
		}
		if len(p.PasswordCredentials) >= maxKeys {
			return nil, fault.InvalidAt("passwordCredentials", "A service principal has at most %d secrets.", maxKeys)
		}
		secrets, err := s.makeSecrets(ctx, tx, p.Tenant, p.ID, []PasswordCredential{ask})
		if err != nil {
			return nil, err
		}
		made = secrets[0]
		p.PasswordCredentials = append(p.PasswordCredentials, made.Hidden())
		return p, nil
	})
	return made, err
}

// RemovePrincipalPassword removes a client secret of a service principal.
func (s *Service) RemovePrincipalPassword(ctx context.Context, who authz.Caller, id ids.ObjectID, key ids.KeyID) error {
	_, err := s.changePrincipal(ctx, who, id, "Remove service principal credentials", principalCredentials, func(tx *sqldb.Tx, p *ServicePrincipal) (_ *ServicePrincipal, err error) {
		if p.PasswordCredentials, err = without(p.PasswordCredentials, key); err != nil {
			return nil, err
		}
		return p, dropKey(ctx, tx, p.Tenant, p.ID, key)
	})
	return err
}

func (s *Service) changePrincipal(ctx context.Context, who authz.Caller, id ids.ObjectID, activity string, needs []authz.Action,
	rule func(*sqldb.Tx, *ServicePrincipal) (*ServicePrincipal, error)) (*ServicePrincipal, error) {
	var q *ServicePrincipal
	err := s.db.Update(ctx, func(tx *sqldb.Tx) error {
		p, err := GetPrincipal(ctx, tx, who.Tenant, id)
		if err != nil {
			return err
		}
		if err := MayManage(ctx, tx, who, p.ID, needs...); err != nil {
			return err
		}
		before := *p
		if q, err = rule(tx, p); err != nil {
			return err
		}
		if err := q.staysOurs(); err != nil {
			return err
		}
		if err := q.respects(&before); err != nil {
			return err
		}
		if err := PutPrincipal(ctx, tx, q); err != nil {
			return err
		}
		return recordPrincipal(ctx, tx, who, activity, q, audit.Diff(&before, q))
	})
	if err != nil {
		return nil, err
	}
	return q, nil
}

// DeletePrincipal ends an application's presence in the caller's tenant, at
// once. The installation's own resources and managed identities stay.
func (s *Service) DeletePrincipal(ctx context.Context, who authz.Caller, id ids.ObjectID) error {
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		p, err := GetPrincipal(ctx, tx, who.Tenant, id)
		if err != nil {
			return err
		}
		if err := MayManage(ctx, tx, who, p.ID, "servicePrincipals/delete"); err != nil {
			return err
		}
		switch {
		case p.ManagedIdentity():
			return fault.Because(fault.Invalid, Managed, "A managed identity is deleted with its resource, not here.").
				WithFix("Delete the identity through Azure Resource Manager.")
		case p.BuiltIn():
			return fault.Because(fault.Invalid, BuiltInLocked, "Specified App Principal is part of the installation and cannot be deleted.")
		}
		if err := DropPrincipal(ctx, tx, p); err != nil {
			return err
		}
		return recordPrincipal(ctx, tx, who, "Remove service principal", p, nil)
	})
}

// recordPrincipal writes the entry into the tenant's log, and into that of the
// application's home when it is another one: both sides see it.
func recordPrincipal(ctx context.Context, tx *sqldb.Tx, who authz.Caller, activity string, p *ServicePrincipal, changed []audit.Change) error {
	var other ids.TenantID
	if p.OwnerTenant != nil && *p.OwnerTenant != ServicesTenant {
		other = *p.OwnerTenant
	}
	return audit.RecordBoth(ctx, tx, who, other, audit.Entry{
		Category: "ApplicationManagement", Activity: activity, Changes: changed,
		Target: audit.Target{Kind: "ServicePrincipal", ID: string(p.ID), Name: p.DisplayName},
	})
}
