package app

import (
	"context"
	"errors"
	"strings"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

// A Client is what the token endpoint must know of an application in a tenant:
// one row, without the document.
type Client struct {
	AppID        ids.AppID
	Name         string
	Home         ids.TenantID
	Application  ids.ObjectID
	MultiTenant  bool
	Disabled     bool
	Deleted      bool
	HomeEnabled  bool         // the home tenant is not switched off
	PublicClient bool         // it may act without a credential where no address says what it runs on
	Principal    ids.ObjectID // in the tenant asked; empty when there is none
	Enabled      bool         // the principal's accountEnabled
	Assignment   bool         // the principal admits only who is assigned to it
	Claims       string       // what it asks of its ID tokens; see ManifestClaims
}

// FindClient returns the application as the tenant sees it, in one keyed read;
// NotFound if no application has the client identifier. A deleted one is
// returned with Deleted, so that the refusal can say so.
func FindClient(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, appID ids.AppID) (Client, error) {
	c := Client{AppID: appID}
	var audience string
	err := tx.One(ctx, `
		select a.tenant_id, a.id, a.name, a.audience, a.disabled, a.deleted_us <> 0, a.public_client, coalesce(t.enabled, 1),
		       coalesce(p.id, ''), coalesce(p.enabled, 0), coalesce(p.assignment_required, 0), a.claims
		from   application a
		left   join tenant t on t.id = a.tenant_id
		left   join service_principal p on p.app_id = a.app_id and p.tenant_id = ? and p.deleted_us = 0
		where  a.app_id = ? /* all tenants: a client identifier is unique everywhere */`,
		[]any{tenant, appID},
		&c.Home, &c.Application, &c.Name, &audience, &c.Disabled, &c.Deleted, &c.PublicClient, &c.HomeEnabled, &c.Principal, &c.Enabled, &c.Assignment, &c.Claims)
	c.MultiTenant = audience == MultipleOrgs || audience == AllAccounts
	return c, err
}

// A Resource is what the token endpoint must know of an API in a tenant.
type Resource struct {
	AppID              ids.AppID
	Name               string
	Home               ids.TenantID
	Application        ids.ObjectID
	Principal          ids.ObjectID
	Enabled            bool
	AssignmentRequired bool
	TokenVersion       int
	Claims             string // what it asks of access tokens; see ManifestClaims
}

// FindResource returns the API that a token request names: by client
// identifier or by one of its identifier URIs, in any case, with or without a
// slash at the end. The tenant's own applications go before others'. NotFound
// if the API has no service principal in the tenant. With its home tenant, an
// API is switched off everywhere.
func FindResource(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, name string) (Resource, error) {
	appID, ok := AppIDOf(name)
	if !ok {
		var err error
		if appID, err = appIDByURI(ctx, tx, tenant, FoldURI(name)); err != nil {
			return Resource{}, err
		}
	}
	r := Resource{AppID: appID}
	var disabled bool
	err := tx.One(ctx, `
		select a.tenant_id, a.id, a.name, a.disabled = 1 or coalesce(t.enabled, 1) = 0, a.token_version, p.id, p.enabled, p.assignment_required, a.claims
		from   service_principal p
		join   application a on a.app_id = p.app_id
		left   join tenant t on t.id = a.tenant_id
		where  p.tenant_id = ? and p.app_id = ? and p.deleted_us = 0 and a.deleted_us = 0
		       /* all tenants: the application lives in its home */`,
		[]any{tenant, appID},
		&r.Home, &r.Application, &r.Name, &disabled, &r.TokenVersion, &r.Principal, &r.Enabled, &r.AssignmentRequired, &r.Claims)
	r.Enabled = r.Enabled && !disabled
	return r, err
}

// An Identity is what the token endpoint must know of the service principal
// that an assertion of this installation names.
type Identity struct {
	AppID   ids.AppID
	Name    string
	Managed bool // a managed identity's
	Enabled bool
}

// FindIdentity returns a service principal of the tenant, in one keyed read
// without the document; NotFound if there is none.
func FindIdentity(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.ObjectID) (i Identity, err error) {
	var kind string
	err = tx.One(ctx, `select app_id, name, kind, enabled from service_principal where tenant_id = ? and id = ? and deleted_us = 0`,
		[]any{tenant, id}, &i.AppID, &i.Name, &kind, &i.Enabled)
	i.Managed = kind == TypeManagedIdentity
	return i, err
}

// AppIDOf returns the client identifier that name spells, as a GUID or as a
// name of one of the installation's own resources.
func AppIDOf(name string) (ids.AppID, bool) {
	if id, err := ids.Parse[ids.AppID](name); err == nil {
		return id, true
	}
	folded := FoldURI(name)
	for id, names := range aliases {
		for _, n := range names {
			if FoldURI(n) == folded {
				return id, true
			}
		}
	}
	return "", false
}

func appIDByURI(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, folded string) (ids.AppID, error) {
	var id ids.AppID
	err := tx.One(ctx, `
		select a.app_id
		from   application_uri u
		join   application a on a.tenant_id = u.tenant_id and a.id = u.application_id and a.deleted_us = 0
		join   service_principal p on p.app_id = a.app_id and p.tenant_id = ? and p.deleted_us = 0
		where  u.folded = ? /* all tenants: the application lives in its home */
		order  by case when a.tenant_id = p.tenant_id then 0 else 1 end, a.app_id limit 1`,
		[]any{tenant, folded}, &id)
	return id, err
}

// CheckSecret returns the identifier of the secret that text is: one of the
// application's, or of its service principal's in the tenant asked.
// Refusals: WrongSecret, SecretExpired.
func CheckSecret(ctx context.Context, tx *sqldb.Tx, ring *secret.Ring, tenant ids.TenantID, c Client, text secret.String) (ids.KeyID, error) {
	now := sqldb.Micros(tx.Now())
	var found ids.KeyID
	expired := false
	macs := ring.MACs(text.Reveal(), secretContext)
	err := tx.Each(ctx, `
		select key_id, mac, starts_us, ends_us from app_key
		where  (tenant_id = ? and owner_id = ? or tenant_id = ? and owner_id = ?) and kind = 'secret' /* all tenants: the application's home and the tenant asked */`,
		[]any{c.Home, c.Application, tenant, c.Principal},
		func(scan func(...any) error) error {
			var id ids.KeyID
			var mac string
			var starts, ends int64
			if err := scan(&id, &mac, &starts, &ends); err != nil {
				return err
			}
			for _, m := range macs {
				if !secret.NewString(mac).Equal(m) {
					continue
				}
				if now < starts || now >= ends {
					expired = true
					continue
				}
				found = id
			}
			return nil
		})
	if err != nil {
		return "", err
	}
	switch {
	case found != "":
		return found, nil
	case expired:
		return "", fault.Because(fault.Unauthenticated, SecretExpired, "The provided client secret keys for app '%s' are expired.", c.AppID).
			WithFix("Add a new secret to the application and use it.")
	}
	return "", fault.Because(fault.Unauthenticated, WrongSecret, "Invalid client secret provided.").
		WithFix("Send the secret's value, not its identifier.")
}

// secretContext binds a secret's keyed hash to what it is.
const secretContext = "client secret"

// Why a client's own credential is refused.
const (
	WrongSecret   fault.Reason = "app.wrong_secret"
	SecretExpired fault.Reason = "app.secret_expired"
	NoCertificate fault.Reason = "app.no_certificate" // Values: thumbprint
)

// A Certificate is one of an application's certificates.
type Certificate struct {
	KeyID ids.KeyID
	DER   []byte
}

// FindCertificate returns the certificate of the application, or of its
// service principal in the tenant asked, with the SHA-1 or
// SHA-256 thumbprint (hexadecimal, any case; whichever is not empty) that is
// valid now; NoCertificate if there is none.
func FindCertificate(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, c Client, sha1, sha256 string) (Certificate, error) {
	var cert Certificate
	now := sqldb.Micros(tx.Now())
	sha1, sha256 = strings.ToUpper(sha1), strings.ToUpper(sha256)
	err := tx.One(ctx, `
		select key_id, der from app_key
		where  (tenant_id = ? and owner_id = ? or tenant_id = ? and owner_id = ?) and kind = 'certificate' and usage = 'Verify' and starts_us <= ? and ends_us > ?
		and    ((? <> '' and thumb1 = ?) or (? <> '' and thumb256 = ?)) /* all tenants: the application's home and the tenant asked */
		order  by ends_us desc limit 1`,
		[]any{c.Home, c.Application, tenant, c.Principal, now, now, sha1, sha1, sha256, sha256}, &cert.KeyID, &cert.DER)
	if errors.Is(err, fault.NotFound) {
		shown := sha1
		if shown == "" {
			shown = sha256
		}
		return cert, fault.Because(fault.Unauthenticated, NoCertificate,
			"The certificate with identifier used to sign the client assertion is not registered on application.").With("thumbprint", shown).
			WithFix("Register the certificate on the application, or sign with one that is registered and in its time.")
	}
	return cert, err
}
