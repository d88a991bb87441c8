// Package onboard makes a new tenant ready: its domains, the presence of the
// installation's own resources, and a first administrator.
//
// It happens in one transaction, so there is never half a tenant. Signing keys
// are not made here: a tenant gets them when it first signs.
package onboard

import (
	"context"
	"encoding/json"
	"strings"

	"entente/internal/core/app"
	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/core/directory"
	"entente/internal/core/object"
	"entente/internal/core/tenant"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

// A Request describes a new tenant and its first Global Administrator.
type Request struct {
	ID          ids.TenantID // empty: a new one is made
	DisplayName string
	Initial     string   // the domain it is made with: contoso.onmicrosoft.com
	Verified    []string // further domains the operator vouches for; the first becomes the default
	Country     string
	AdminUPN    string // on the initial or a verified domain
	AdminName   string
	Password    secret.String
	MustChange  bool // at the administrator's first sign-in
}

// A Made tenant.
type Made struct {
	Tenant ids.TenantID
	Admin  ids.ObjectID
}

// A Service makes tenants.
type Service struct {
	db     *sqldb.DB
	hasher *directory.Hasher
}

// NewService returns a service on db.
func NewService(db *sqldb.DB, hasher *directory.Hasher) *Service { return &Service{db, hasher} }

// Create makes the tenant. Only the operator calls it; the audit entry names
// the installation. A name that another tenant has is a Conflict.
func (s *Service) Create(ctx context.Context, in Request) (Made, error) {
	if err := directory.CheckStrength(in.Password, in.AdminUPN); err != nil {
		return Made{}, err
	}
	hashed, err := s.hasher.Hash(ctx, in.Password)
	if err != nil {
		return Made{}, err
	}
	made := Made{Tenant: in.ID}
	if made.Tenant == "" {
		made.Tenant = ids.New[ids.TenantID]()
	}
	err = s.db.Update(ctx, func(tx *sqldb.Tx) error {
		t, err := s.addTenant(ctx, tx, made.Tenant, in)
		if err != nil {
			return err
		}
		who := authz.System(t.ID, "Onboarding")
		if err := addResources(ctx, tx, who); err != nil {
			return err
		}
		if made.Admin, err = addAdministrator(ctx, tx, who, t, in, hashed); err != nil {
			return err
		}
		return audit.Record(ctx, tx, who, audit.Entry{
			Category: "DirectoryManagement", Activity: "Create company",
			Target: audit.Target{Kind: "Directory", ID: string(t.ID), Name: t.DisplayName},
		})
	})
	return made, err
}

func (s *Service) addTenant(ctx context.Context, tx *sqldb.Tx, id ids.TenantID, in Request) (*tenant.Tenant, error) {
	t, err := tenant.New(id, in.DisplayName, tx.Now())
	if err != nil {
		return nil, err
	}
	t.Country = strings.ToUpper(in.Country)
	if err := tenant.Add(ctx, tx, t); err != nil {
		return nil, err
	}
	initial, err := tenant.ParseDomain(in.Initial)
	if err != nil {
		return nil, err
	}
	if err := tenant.AddDomain(ctx, tx, id, tenant.Domain{Name: initial, Verified: true, Initial: true, Default: len(in.Verified) == 0}); err != nil {
		return nil, err
	}
	for i, d := range in.Verified {
		name, err := tenant.ParseDomain(d)
		if err != nil {
			return nil, err
		}
		if err := tenant.AddDomain(ctx, tx, id, tenant.Domain{Name: name, Verified: true, Default: i == 0}); err != nil {
			return nil, err
		}
	}
	return tenant.Get(ctx, tx, id)
}

// addResources makes the installation's own resources present in the tenant:
// Microsoft Graph and its kin exist everywhere.
func addResources(ctx context.Context, tx *sqldb.Tx, who authz.Caller) error {
	c, err := object.NewCause(object.BySystem, "onboarding", who.Subject, who.Name, sqldb.Time(0), tx.Now())
	if err != nil {
		return err
	}
	if err := object.AddCause(ctx, tx, who.Tenant, c); err != nil {
		return err
	}
	for _, appID := range app.BuiltInResources() {
		p, _, err := app.Presence(ctx, tx, who, who.Tenant, appID)
		if err != nil {
			return err
		}
		if _, err := object.Link(ctx, tx, who.Tenant, object.OfServicePrincipal, string(p.ID), c.ID); err != nil {
			return err
		}
	}
	return nil
}

func addAdministrator(ctx context.Context, tx *sqldb.Tx, who authz.Caller, t *tenant.Tenant, in Request, hashed string) (ids.ObjectID, error) {
	local, _, ok := strings.Cut(in.AdminUPN, "@")
	if !ok {
		return "", fault.InvalidAt("adminUpn", "The administrator's user principal name needs a domain.")
	}
	name := in.AdminName
	if name == "" {
		name = "Global administrator"
	}
	body, err := json.Marshal(map[string]any{
		"accountEnabled": true, "displayName": name, "mailNickname": local, "userPrincipalName": in.AdminUPN,
		"passwordProfile": map[string]any{"password": in.Password.Reveal(), "forceChangePasswordNextSignIn": in.MustChange},
	})
	if err != nil {
		return "", err
	}
	u, err := directory.NewUser(t, body, tx.Now())
	if err != nil {
		return "", err
	}
	if err := directory.AddUser(ctx, tx, u, hashed, in.MustChange); err != nil {
		return "", err
	}
	return u.ID, directory.GiveRole(ctx, tx, t.ID, u.ID, authz.GlobalAdministrator)
}
