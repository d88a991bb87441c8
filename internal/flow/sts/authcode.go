package sts

import (
	"context"
	"errors"
	"net/url"
	"strings"

	"entente/internal/core/audit"
	"entente/internal/core/token"
	"entente/internal/kit/fault"
	"entente/internal/kit/oauth2"
	"entente/internal/kit/sqldb"
)

// authorizationCode is the grant by which an application fetches the tokens of
// a sign-in (RFC 6749, section 4.1.3; RFC 7636, section 4.5).
func authorizationCode() grant {
	return grant{
		kind:     audit.UserSignIn,
		client:   redeemCode,
		resource: func(x *exchange) (string, error) { return x.visit.asked.Resource, nil },
		permit:   grantedScopes,
		spend:    spendCode,
		lifetime: token.AppLifetime,
	}
}

// redeemCode finds client, code and person, each proved.
func redeemCode(ctx context.Context, x *exchange) error {
	raw := x.req.Form["code"]
	if raw == "" {
		return missing("code")
	}
	id, password, err := x.clientID()
	if err == nil {
		err = x.findClient(ctx, id)
	}
	if err != nil {
		return err
	}
	x.visit = &visit{}
	err = x.s.DB.Read(ctx, func(tx *sqldb.Tx) (err error) {
		x.visit.code, err = token.FindCode(ctx, tx, raw)
		return err
	})
	c := x.visit.code
	if err != nil {
		return x.link("code", "one of ours", "none", err)
	}
	if err := x.proveOn(ctx, id, password, c.Platform); err != nil {
		return err
	}
	if c.Platform == token.SPA && !sameOrigin(c.Redirect, x.req.Origin) {
		return fault.Because(fault.Invalid, OriginDiffers, "The page that asks is not one of the redirect address's origin.")
	}
	if err := x.takeCode(ctx, c); err != nil {
		return x.link("code", "unspent, and this client's", "", err)
	}
	x.visit.nonce = c.Nonce
	if err := x.findPerson(ctx, c.Proof); err != nil {
		return err
	}
	return x.askedOn(c.Scope)
}

// takeCode refuses a redemption that is not the code's. A code that comes a
// second time ends what the first was given (RFC 6749, section 4.1.2).
func (x *exchange) takeCode(ctx context.Context, c *token.Code) error {
	f := x.req.Form
	err := c.Take(token.Redemption{
		Tenant: x.tenant.ID, Client: x.client.app, Redirect: f["redirect_uri"], Verifier: f["code_verifier"],
	}, x.s.Clock.Now())
	if !errors.Is(err, token.CodeSpent) || c.Client != x.client.app || c.Family == "" {
		return err
	}
	if failed := x.s.DB.Update(ctx, func(tx *sqldb.Tx) error {
		return token.RevokeFamily(ctx, tx, c.Home, c.Family, token.Replay)
	}); failed != nil {
		return failed
	}
	return err
}

// spendCode spends the code on a family of refresh tokens, if one was asked
// for. Of two who are at it at once one wins.
func spendCode(ctx context.Context, x *exchange) error {
	v := x.visit
	return x.s.DB.Update(ctx, func(tx *sqldb.Tx) (err error) {
		f := token.NewFamily(v.proof, x.client.app, v.code.Platform, v.code.Scope, tx.Now())
		if !v.asked.Offline {
			return token.SpendCode(ctx, tx, v.code, "")
		}
		if err := token.SpendCode(ctx, tx, v.code, f.ID); err != nil {
			return err
		}
		v.refresh, err = token.AddFamily(ctx, tx, f)
		return err
	})
}

// proveOn has the client prove who it is as its platform does: a server by a
// credential, a page by being one, and what runs on a person's machine by
// nothing at all (RFC 8252, section 8.5).
func (x *exchange) proveOn(ctx context.Context, id, password string, on token.Platform) error {
	credential := password != "" || x.req.Form["client_secret"] != "" || x.req.Form["client_assertion"] != ""
	switch {
	case on == token.Web && !credential:
		return x.link("credential", "one of the application's", "none", x.named(fault.Because(fault.Unauthenticated, CredentialMissing,
			"The request body must contain the following parameter: 'client_assertion' or 'client_secret'.").
			WithFix("The redirect address is registered for a server, which proves itself. For an application on a person's machine register it as public client, for a page as single-page application.")))
	case on == token.Web:
		return x.prove(ctx, id, password)
	case credential:
		return x.link("credential", "none", "one", x.named(fault.Because(fault.Unauthenticated, PublicCredential,
			"Client is public so neither 'client_assertion' nor 'client_secret' should be presented.")))
	case on == token.SPA && x.req.Origin == "":
		return fault.Because(fault.Invalid, OriginMissing, "Tokens issued for the 'Single-Page Application' client-type may only be redeemed via cross-origin requests.")
	case on != token.SPA && x.req.Origin != "" && !strings.HasPrefix(x.req.Origin, "http://localhost"):
		return fault.Because(fault.Invalid, OriginGiven, "Cross-origin token redemption is permitted only for the 'Single-Page Application' client-type.").
			WithFix("Register the redirect address as one of a single-page application.")
	}
	x.client.method, x.entry.CredentialKind = token.Public, "none"
	return nil
}

// sameOrigin reports whether an address is of an origin (RFC 6454, section 4).
func sameOrigin(address, origin string) bool {
	u, err := url.Parse(address)
	return err == nil && strings.EqualFold(u.Scheme+"://"+u.Host, origin)
}

// tenantOfSignIn returns the tenant of the sign-in that a request at a shared
// address goes on from, or "" if it goes on from none.
func (x *exchange) tenantOfSignIn(ctx context.Context) (name string, err error) {
	err = x.s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		switch oauth2.GrantType(x.req.Form["grant_type"]) {
		case oauth2.AuthorizationCode:
			c, err := token.FindCode(ctx, tx, x.req.Form["code"])
			if err != nil {
				return err
			}
			name = string(c.Tenant)
		case oauth2.RefreshToken:
			f, _, err := token.FindRefresh(ctx, tx, x.req.Form["refresh_token"])
			if err != nil {
				return err
			}
			name = string(f.Home)
		}
		return nil
	})
	switch grant := oauth2.GrantType(x.req.Form["grant_type"]); {
	case err != nil:
	case grant == oauth2.DeviceCode, grant == oauth2.DeviceCodeShort:
		var d *token.Device
		if d, err = x.poll(ctx, ""); err == nil {
			name = string(d.Tenant)
		}
	}
	return name, err
}
