package sts

import (
	"context"

	"entente/internal/core/audit"
	"entente/internal/core/claim"
	"entente/internal/core/consent"
	"entente/internal/core/token"
	"entente/internal/kit/fault"
	"entente/internal/kit/oauth2"
	"entente/internal/kit/sqldb"
)

// clientCredentials is the grant by which an application asks for itself (RFC
// 6749, section 4.4).
func clientCredentials() grant {
	return grant{
		kind:     audit.ServicePrincipalSignIn,
		client:   authenticateClient,
		resource: namedResource,
		permit:   grantedRoles,
		lifetime: token.AppLifetime,
	}
}

// namedResource returns the resource that the scope names, or in version 1 the
// parameter resource.
func namedResource(x *exchange) (string, error) {
	resource := x.req.Form["resource"]
	switch {
	case x.req.Version == 2 && resource != "":
		return "", fault.Because(fault.Invalid, ResourceOnV2, "The 'resource' request parameter is not supported.").
			WithFix("Send scope=%s/.default instead.", clip(resource))
	case x.req.Version == 2:
		return oauth2.ClientCredentialsResource(x.req.Form["scope"])
	case resource == "":
		return "", missing("resource")
	}
	return resource, nil
}

// grantedRoles reads which app roles the client holds on the resource at this
// moment. Having none is no refusal, unless the resource wants assignment.
func grantedRoles(ctx context.Context, x *exchange) (err error) {
	err = x.s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		x.granted, err = consent.RolesNow(ctx, tx, x.tenant.ID, x.client.principal, x.resource.Principal)
		return err
	})
	if err == nil {
		x.extra.Claims, err = claim.ForProgram(x.resource.Claims)
	}
	switch {
	case err != nil:
		return err
	case x.resource.AssignmentRequired && !x.granted.Any:
		return x.link("assignment", "an app role of the resource", "none",
			fault.Because(fault.Forbidden, NotAssigned, "Application '%s'(%s) is not assigned to a role for the application '%s'(%s).",
				x.client.app, x.client.name, x.resource.AppID, x.resource.Name).
				With("client", string(x.client.app)).With("name", x.client.name).
				With("resource", clip(x.audience)).With("resourceName", x.resource.Name).
				WithFix("An administrator of the tenant assigns the application a role of the resource."))
	}
	return nil
}

// markUsed notes that the granted roles were used today. It may wait for other
// writers, so it comes after the token is minted: between reading what a client
// may have and saying so nothing waits for them. The token is good without it.
func (x *exchange) markUsed(ctx context.Context) {
	if !x.granted.Unmarked() {
		return
	}
	err := x.s.DB.Claim(ctx, func(tx *sqldb.Tx) error { return x.granted.MarkUsed(ctx, tx, x.tenant.ID) })
	if err != nil {
		x.s.Log.WarnContext(ctx, "could not note that grants were used", "tenant", x.tenant.ID, "principal", x.client.principal, "err", err)
	}
}
