package sts

import (
	"context"

	"entente/internal/core/app"
	"entente/internal/core/claim"
	"entente/internal/kit/oauth2"
	"entente/internal/kit/sqldb"
)

// askedClaims reads the claims parameter. What it wants of an ID token comes
// beside what the request for the code wanted.
func (x *exchange) askedClaims(context.Context) error {
	asked, err := oauth2.ParseClaims(x.req.Form["claims"])
	if err != nil {
		return err
	}
	x.extra.Capable = asked.Capable
	if v := x.visit; v != nil {
		v.wanted = claim.Requestable(asked.IDToken)
		if v.code != nil {
			v.wanted = append(v.wanted, v.code.Claims...)
		}
	}
	return nil
}

// readClaims reads what the resource, and for its ID token the client, ask
// tokens to say of the person.
func (x *exchange) readClaims(ctx context.Context, tx *sqldb.Tx) (err error) {
	v := x.visit
	r := claim.Reader{
		Tenant: x.tenant.ID, Principal: x.resource.Principal, Graph: x.resource.AppID == app.GraphAppID, Stored: x.resource.Claims,
		Person: v.person.Object, Endpoint: x.s.Tokens.MembershipsOf(v.person.Object),
	}
	capable := x.extra.Capable
	if x.extra, err = claim.ForAccess(ctx, tx, r); err != nil || !v.asked.OpenID {
		return err
	}
	x.extra.Capable = capable
	r.Principal, r.Graph, r.Stored = x.client.principal, false, x.client.stored.Claims
	v.told, err = claim.ForID(ctx, tx, r, v.wanted, false)
	return err
}
