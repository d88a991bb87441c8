package app

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"

	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/core/object"
	"entente/internal/core/tenant"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

// A Service changes applications and service principals.
type Service struct {
	db   *sqldb.DB
	ring *secret.Ring
}

// NewService returns a service on db that keeps secrets under ring.
func NewService(db *sqldb.DB, ring *secret.Ring) *Service { return &Service{db, ring} }

// MayManage refuses a caller who may not do all of actions to the application
// or service principal: a person needs a role that allows them or to own it, a
// program the permission for all of them, to own it, or such a role.
func MayManage(ctx context.Context, tx *sqldb.Tx, who authz.Caller, id ids.ObjectID, actions ...authz.Action) error {
	if who.AppOnly() && !who.ByRole {
		if who.Has("Application.ReadWrite.All") || who.Has("Directory.ReadWrite.All") {
			return nil
		}
		if owns, err := object.Owns(ctx, tx, who.Tenant, id, who.Object); err != nil || owns {
			return err
		}
		who.ByRole = true
	}
	return authz.Allow(ctx, tx, who, id, actions...)
}

// mayCreate refuses a caller who may neither make applications nor make them
// for themselves.
func mayCreate(ctx context.Context, tx *sqldb.Tx, who authz.Caller) error {
	r, err := authz.RightsOf(ctx, tx, who, "")
	if err != nil || r.Allow("applications/create") {
		return err
	}
	return r.Need("applications/createAsOwner")
}

// parts are the members of an application and a service principal for which
// there are actions of their own; all others are basic.
var parts = map[string]authz.Action{
	"keyCredentials": "credentials/update", "passwordCredentials": "credentials/update",
	"api": "permissions/update", "requiredResourceAccess": "permissions/update",
	"web": "authentication/update", "spa": "authentication/update", "publicClient": "authentication/update",
	"replyUrls": "authentication/update", "logoutUrl": "authentication/update",
	"signInAudience": "audience/update", "appRoles": "appRoles/update",
	"notes": "notes/update", "tags": "tag/update",
}

// updating returns the actions that a change of an entity by a Graph body takes.
func updating(entity authz.Action, body []byte) []authz.Action {
	var asked map[string]json.RawMessage
	if json.Unmarshal(body, &asked) != nil {
		asked = nil // the rules say what is wrong with it
	}
	var needs []authz.Action
	for _, name := range slices.Sorted(maps.Keys(asked)) {
		does, ok := parts[name]
		switch {
		case entity == "servicePrincipals" && name == "accountEnabled" && string(asked[name]) == "false":
			does = "disable"
		case entity == "servicePrincipals" && name == "accountEnabled":
			does = "enable"
		case entity == "servicePrincipals" && name == "appRoles", !ok:
			does = "basic/update"
		}
		if a := entity + "/" + does; !slices.Contains(needs, a) {
			needs = append(needs, a)
		}
	}
	if needs == nil {
		needs = append(needs, entity+"/basic/update")
	}
	return needs
}

// Create stores a new application in the caller's tenant from a Graph body.
// The caller and the owners given become its owners. Secrets asked for in the
// body are made; their texts are in the answer and nowhere else. No service
// principal is made.
func (s *Service) Create(ctx context.Context, who authz.Caller, body []byte, owners []ids.ObjectID) (*Application, error) {
	return s.create(ctx, who, body, "", owners)
}

// Upsert updates the application with the unique name, or creates it with the
// given owners; created says which.
func (s *Service) Upsert(ctx context.Context, who authz.Caller, uniqueName string, body []byte, owners []ids.ObjectID) (a *Application, created bool, err error) {
	err = s.db.View(ctx, func(tx *sqldb.Tx) error {
		a, err = FindApplication(ctx, tx, who.Tenant, "uniqueName", uniqueName)
		return err
	})
	switch {
	case err == nil:
		a, err = s.Update(ctx, who, a.ID, body)
		return a, false, err
	case !errors.Is(err, fault.NotFound):
		return nil, false, err
	}
	a, err = s.create(ctx, who, body, uniqueName, owners)
	return a, true, err
}

func (s *Service) create(ctx context.Context, who authz.Caller, body []byte, uniqueName string, owners []ids.ObjectID) (*Application, error) {
	var shown *Application
	err := s.db.Update(ctx, func(tx *sqldb.Tx) (err error) {
		shown, err = s.define(ctx, tx, who, body, uniqueName, owners)
		return err
	})
	return shown, err
}

// define makes an application in the caller's transaction.
func (s *Service) define(ctx context.Context, tx *sqldb.Tx, who authz.Caller, body []byte, uniqueName string, owners []ids.ObjectID) (*Application, error) {
	if err := mayCreate(ctx, tx, who); err != nil {
		return nil, err
	}
	home, err := tenant.Get(ctx, tx, who.Tenant)
	if err != nil {
		return nil, err
	}
	a, err := NewApplication(home, body, uniqueName, tx.Now())
	if err != nil {
		return nil, err
	}
	if who.App != "" {
		a.CreatedByAppID = new(string(who.App))
	}
	if err := checkClients(ctx, tx, nil, a); err != nil {
		return nil, err
	}
	asked := a.PasswordCredentials
	if a.KeyCredentials, err = swapCertificates(ctx, tx, a.Tenant, a.ID, nil, a.KeyCredentials); err != nil {
		return nil, err
	}
	if err := checkEncryption(a.TokenEncryptionKeyID, a.KeyCredentials); err != nil {
		return nil, err
	}
	secrets, err := s.makeSecrets(ctx, tx, a.Tenant, a.ID, asked)
	if err != nil {
		return nil, err
	}
	a.PasswordCredentials = hide(secrets)
	if err := addApplication(ctx, tx, a, who.Object); err != nil {
		return nil, err
	}
	if err := addOwners(ctx, tx, who, a.ID, owners); err != nil {
		return nil, err
	}
	shown := *a
	shown.PasswordCredentials = secrets
	return &shown, record(ctx, tx, who, "Add application", a, nil)
}

func (s *Service) makeSecrets(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, owner ids.ObjectID, asked []PasswordCredential) ([]PasswordCredential, error) {
	made := []PasswordCredential{}
	if len(asked) > maxKeys {
		return nil, tooLarge()
	}
	for _, ask := range asked {
		c, err := NewSecret(ask, tx.Now())
		if err != nil {
			return nil, err
		}
		if err := addSecret(ctx, tx, s.ring, tenant, owner, c); err != nil {
			return nil, err
		}
		made = append(made, c)
	}
	return made, nil
}

func hide(secrets []PasswordCredential) []PasswordCredential {
	hidden := make([]PasswordCredential, len(secrets))
	for i, c := range secrets {
		hidden[i] = c.Hidden()
	}
	return hidden
}

// addOwners makes the caller, if it is an object of the tenant, and the given
// ones owners; one named twice counts once.
func addOwners(ctx context.Context, tx *sqldb.Tx, who authz.Caller, id ids.ObjectID, owners []ids.ObjectID) error {
	if who.Object != "" && !slices.Contains(owners, who.Object) {
		owners = append(slices.Clone(owners), who.Object)
	}
	slices.Sort(owners)
	for _, o := range slices.Compact(owners) {
		if err := checkOwner(ctx, tx, who.Tenant, o); err != nil {
			return err
		}
		if err := object.AddOwner(ctx, tx, who.Tenant, id, o); err != nil {
			return err
		}
	}
	return nil
}

func checkOwner(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, owner ids.ObjectID) error {
	o, err := object.Get(ctx, tx, tenant, owner)
	if err == nil && o.Kind != object.User && o.Kind != object.ServicePrincipal {
		err = object.NotHere(o, "owners")
	}
	return err
}

// Update changes an application by a Graph body and returns it.
func (s *Service) Update(ctx context.Context, who authz.Caller, id ids.ObjectID, body []byte) (*Application, error) {
	return s.change(ctx, who, id, "Update application", updating("applications", body), func(tx *sqldb.Tx, a *Application) (*Application, error) {
		home, err := tenant.Get(ctx, tx, who.Tenant)
		if err != nil {
			return nil, err
		}
		b, err := a.Apply(home, body)
		if err != nil {
			return nil, err
		}
		if !sameSecrets(a.PasswordCredentials, b.PasswordCredentials) {
			return nil, fault.InvalidAt("passwordCredentials", "Property 'passwordCredentials' is read-only and cannot be set.").
				WithFix("Use addPassword and removePassword.")
		}
		b.PasswordCredentials = a.PasswordCredentials
		if err := checkClients(ctx, tx, a, b); err != nil {
			return nil, err
		}
		if b.KeyCredentials, err = swapCertificates(ctx, tx, a.Tenant, a.ID, a.KeyCredentials, b.KeyCredentials); err != nil {
			return nil, err
		}
		return b, checkEncryption(b.TokenEncryptionKeyID, b.KeyCredentials)
	})
}

// checkClients refuses a client that is newly authorized ahead and does not
// exist for the tenant, and scopes for it that nobody can have. What stood
// there before may stay.
func checkClients(ctx context.Context, tx *sqldb.Tx, before, a *Application) error {
	for _, p := range a.API.PreAuthorized {
		var old []ids.RoleID
		known := false
		if before != nil {
			if i := slices.IndexFunc(before.API.PreAuthorized, func(q PreAuthorized) bool { return q.AppID == p.AppID }); i >= 0 {
				old, known = before.API.PreAuthorized[i].ScopesIDs, true
			}
		}
		for _, id := range p.ScopesIDs {
			if !slices.Contains(old, id) && !a.Scope(id).IsEnabled {
				return invalid("api.preAuthorizedApplications")
			}
		}
		if known || p.AppID == a.AppID {
			continue
		}
		client, err := ApplicationByAppID(ctx, tx, p.AppID)
		if errors.Is(err, fault.NotFound) || err == nil && client.Tenant != a.Tenant && !client.MultiTenant() {
			return invalid("api.preAuthorizedApplications")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// checkEncryption wants the key for which tokens are encrypted among the keys.
func checkEncryption(id *ids.KeyID, keys []KeyCredential) error {
	if id == nil || slices.ContainsFunc(keys, func(c KeyCredential) bool { return c.KeyID == *id && c.Usage == Encrypt }) {
		return nil
	}
	return fault.InvalidAt("tokenEncryptionKeyId", "Invalid value specified for property 'tokenEncryptionKeyId' of resource 'Application'.").
		WithFix("It names one of the key credentials, whose usage is Encrypt.")
}

func sameSecrets(a, b []PasswordCredential) bool {
	return slices.EqualFunc(a, b, func(x, y PasswordCredential) bool { return x.KeyID == y.KeyID })
}

// certificatesAndSecrets is the activity as Microsoft's log spells it, with
// the space at its end.
const certificatesAndSecrets = "Update application – Certificates and secrets management "

// credentials is what it takes to change an application's secrets.
var credentials = []authz.Action{"applications/credentials/update"}

// AddPassword makes a client secret of an application; its text is in the
// answer and nowhere else.
func (s *Service) AddPassword(ctx context.Context, who authz.Caller, id ids.ObjectID, ask PasswordCredential) (PasswordCredential, error) {
	var made PasswordCredential
	_, err := s.change(ctx, who, id, certificatesAndSecrets, credentials, func(tx *sqldb.Tx, a *Application) (*Application, error) {
		if len(a.PasswordCredentials) >= maxKeys {
			return nil, fault.InvalidAt("passwordCredentials", "An application has at most %d secrets.", maxKeys)
		}
		secrets, err := s.makeSecrets(ctx, tx, a.Tenant, a.ID, []PasswordCredential{ask})
		if err != nil {
			return nil, err
		}
		made = secrets[0]
		a.PasswordCredentials = append(a.PasswordCredentials, made.Hidden())
		return a, nil
	})
	return made, err
}

// RemovePassword removes a client secret; the next request with it is refused.
func (s *Service) RemovePassword(ctx context.Context, who authz.Caller, id ids.ObjectID, key ids.KeyID) error {
	_, err := s.change(ctx, who, id, certificatesAndSecrets, credentials, func(tx *sqldb.Tx, a *Application) (_ *Application, err error) {
		a.PasswordCredentials, err = without(a.PasswordCredentials, key)
		if err != nil {
			return nil, err
		}
		return a, dropKey(ctx, tx, a.Tenant, a.ID, key)
	})
	return err
}

func without(secrets []PasswordCredential, key ids.KeyID) ([]PasswordCredential, error) {
	i := slices.IndexFunc(secrets, func(c PasswordCredential) bool { return c.KeyID == key })
	if i < 0 {
		return nil, fault.Because(fault.Invalid, NoSuchSecret, "No password credential found with keyId.")
	}
	return slices.Delete(slices.Clone(secrets), i, i+1), nil // the entry in the log shows the list before
}

// change is the six beats of every change of an application.
func (s *Service) change(ctx context.Context, who authz.Caller, id ids.ObjectID, activity string, needs []authz.Action,
	rule func(*sqldb.Tx, *Application) (*Application, error)) (*Application, error) {
	var b *Application
	err := s.db.Update(ctx, func(tx *sqldb.Tx) error {
		a, err := GetApplication(ctx, tx, who.Tenant, id)
		if err != nil {
			return err
		}
		if err := MayManage(ctx, tx, who, a.ID, needs...); err != nil {
			return err
		}
		before := *a
		if b, err = rule(tx, a); err != nil {
			return err
		}
		if err := putApplication(ctx, tx, b); err != nil {
			return err
		}
		if err := reach(ctx, tx, &before, b); err != nil {
			return err
		}
		return record(ctx, tx, who, activity, b, audit.Diff(&before, b))
	})
	if err != nil {
		return nil, err
	}
	return b, nil
}

// Delete marks an application as deleted, and its service principal in its
// home tenant with it. Its presence in other tenants stays and is refused
// tokens from now on.
func (s *Service) Delete(ctx context.Context, who authz.Caller, id ids.ObjectID) error {
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		a, err := GetApplication(ctx, tx, who.Tenant, id)
		if err != nil {
			return err
		}
		if err := MayManage(ctx, tx, who, a.ID, "applications/delete"); err != nil {
			return err
		}
		if err := dropApplication(ctx, tx, a); err != nil {
			return err
		}
		p, err := PrincipalByAppID(ctx, tx, who.Tenant, a.AppID)
		if err == nil {
			err = DropPrincipal(ctx, tx, p)
		} else if errors.Is(err, fault.NotFound) {
			err = nil
		}
		if err != nil {
			return err
		}
		return record(ctx, tx, who, "Delete application", a, nil)
	})
}

// maxOwners is the greatest number of owners of an application or a service
// principal (Entra service limits): they are always read together.
const maxOwners = 100

// AddOwner makes owner an owner of an application or service principal.
func (s *Service) AddOwner(ctx context.Context, who authz.Caller, id, owner ids.ObjectID) error {
	return s.owners(ctx, who, id, owner, "Add owner to", func(tx *sqldb.Tx) error {
		if err := checkOwner(ctx, tx, who.Tenant, owner); err != nil {
			return err
		}
		have, err := object.Owners(ctx, tx, who.Tenant, id)
		if err != nil {
			return err
		}
		if len(have) >= maxOwners {
			return fault.InvalidAt("owners", "An application or service principal has at most %d owners.", maxOwners)
		}
		return object.AddOwner(ctx, tx, who.Tenant, id, owner)
	})
}

// RemoveOwner takes owner from an application's or service principal's owners.
func (s *Service) RemoveOwner(ctx context.Context, who authz.Caller, id, owner ids.ObjectID) error {
	return s.owners(ctx, who, id, owner, "Remove owner from", func(tx *sqldb.Tx) error {
		return object.RemoveOwner(ctx, tx, who.Tenant, id, owner)
	})
}

func (s *Service) owners(ctx context.Context, who authz.Caller, id, owner ids.ObjectID, verb string, do func(*sqldb.Tx) error) error {
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		o, err := object.Get(ctx, tx, who.Tenant, id)
		if err != nil {
			return err
		}
		activity, kind, needs := verb+" application", "Application", authz.Action("applications/owners/update")
		switch o.Kind {
		case object.Application:
		case object.ServicePrincipal:
			activity, kind, needs = verb+" service principal", "ServicePrincipal", "servicePrincipals/owners/update"
		default:
			return object.Missing(string(id))
		}
		if err := MayManage(ctx, tx, who, id, needs); err != nil {
			return err
		}
		if err := do(tx); err != nil {
			return err
		}
		return audit.Record(ctx, tx, who, audit.Entry{
			Category: "ApplicationManagement", Activity: activity,
			Target:  audit.Target{Kind: kind, ID: string(id), Name: o.DisplayName},
			Changes: []audit.Change{{Name: "owner", New: string(owner)}},
		})
	})
}

func record(ctx context.Context, tx *sqldb.Tx, who authz.Caller, activity string, a *Application, changed []audit.Change) error {
	return audit.Record(ctx, tx, who, audit.Entry{
		Category: "ApplicationManagement", Activity: activity, Changes: changed,
		Target: audit.Target{Kind: "Application", ID: string(a.ID), Name: a.DisplayName},
	})
}
