package sts

import (
	"context"
	"errors"

	"entente/internal/core/app"
	"entente/internal/core/audit"
	"entente/internal/core/managedidentity"
	"entente/internal/core/token"
	"entente/internal/flow/automation"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/jose"
	"entente/internal/kit/oauth2"
	"entente/internal/kit/sqldb"
)

// managedIdentity is the grant by which a host asks on behalf of a workload
// that runs on it. The host proves itself by an assertion under its own key,
// used once, and gets tokens of the identities that are assigned to it and of
// no others.
func managedIdentity() grant {
	return grant{
		kind:     audit.ManagedIdentitySignIn,
		client:   authenticateHost,
		resource: identityResource,
		permit:   grantedRoles,
		lifetime: token.IdentityLifetime,
	}
}

func identityResource(x *exchange) (string, error) {
	if r := x.req.Form["resource"]; r != "" {
		return r, nil
	}
	return "", missing("resource")
}

// authenticateHost checks the host's assertion and finds the identity that it
// may be given.
func authenticateHost(ctx context.Context, x *exchange) error {
	x.entry.CredentialKind = kindHost
	host, raw := managedidentity.HostID(x.req.Form["client_id"]), x.req.Form["client_assertion"]
	switch {
	case host == "":
		return missing("client_id")
	case raw == "":
		return missing("client_assertion")
	case x.req.Form["client_assertion_type"] != oauth2.AssertionJWT:
		return missing("client_assertion_type")
	}
	x.entry.CredentialID = clip(string(host))
	if err := x.link("host", "an assertion of a host of the tenant", string(host), x.checkHost(ctx, host, raw)); err != nil {
		return err
	}
	host, err := x.hostOfJob(ctx, host)
	if err != nil {
		return x.link("job", "a job that is in the worker's hands", clip(x.req.Form["job"]), err)
	}
	return x.giveIdentity(ctx, host)
}

// hostOfJob returns the host whose identities are asked for: the one that asks,
// or, if it is a worker that asks for a job it runs, the job's automation account.
func (x *exchange) hostOfJob(ctx context.Context, host managedidentity.HostID) (managedidentity.HostID, error) {
	job := x.req.Form["job"]
	if job == "" {
		return host, nil
	}
	err := x.s.DB.Read(ctx, func(tx *sqldb.Tx) (err error) {
		host, err = automation.ForJob(ctx, tx, x.tenant.ID, host, automation.JobID(job), x.s.Clock.Wall())
		return err
	})
	return host, err
}

func (x *exchange) checkHost(ctx context.Context, host managedidentity.HostID, raw string) error {
	if !ids.Valid(string(host)) {
		return fault.Because(fault.Unauthenticated, managedidentity.BadAssertion, "There is no such host.")
	}
	var keys []jose.Key
	err := x.s.DB.Read(ctx, func(tx *sqldb.Tx) (err error) {
		keys, err = managedidentity.HostKeys(ctx, tx, x.tenant.ID, host)
		return err
	})
	if err != nil {
		return err
	}
	now := x.s.Clock.Wall()
	c, err := managedidentity.CheckAssertion(raw, host, keys, now, x.endpoints()...)
	if err != nil {
		return err
	}
	// Spent before the token is minted: a failure afterwards costs the host a
	// new assertion, a replay would cost more.
	return x.s.DB.Claim(ctx, func(tx *sqldb.Tx) error {
		return managedidentity.Spend(ctx, tx, x.tenant.ID, host, c, now)
	})
}

// endpoints returns the addresses to which a host's assertion may be made out.
func (x *exchange) endpoints() (all []string) {
	for _, name := range x.s.Names {
		all = append(all, name+"/"+string(x.tenant.ID)+"/oauth2/token", name+"/"+string(x.tenant.ID)+"/oauth2/v2.0/token")
	}
	return all
}

func (x *exchange) giveIdentity(ctx context.Context, host managedidentity.HostID) error {
	f := x.req.Form
	chosen := managedidentity.Selector{ClientID: f["mi_client_id"], ObjectID: f["mi_object_id"], ResourceID: f["mi_res_id"]}
	var p *app.ServicePrincipal
	err := x.s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		given, err := managedidentity.ForHost(ctx, tx, x.tenant.ID, host, chosen)
		if err != nil {
			return x.link("identity", "one that is assigned to the host", clip(chosen.ClientID+chosen.ObjectID+chosen.ResourceID), err)
		}
		x.client = client{app: given.Client, name: given.Name, home: x.tenant.ID, principal: given.Principal,
			method: token.Assertion, identity: given.Resource}
		p, err = app.GetPrincipal(ctx, tx, x.tenant.ID, given.Principal)
		return err
	})
	x.enterClient()
	switch {
	case errors.Is(err, fault.NotFound):
		return missingPrincipal(string(x.client.app), x.tenant.ID).Wrap(err)
	case err != nil:
		return err
	case !p.Enabled():
		return x.disabled()
	}
	return x.link("identity", "", x.client.name, nil)
}
