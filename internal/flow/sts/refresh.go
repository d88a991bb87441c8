package sts

import (
	"context"

	"entente/internal/core/audit"
	"entente/internal/core/token"
	"entente/internal/kit/sqldb"
)

// refreshToken is the grant by which an application goes on without asking the
// person again (RFC 6749, section 6). The resource may be any that is granted,
// and the tenant any in which the person is.
func refreshToken() grant {
	return grant{
		kind:     audit.UserSignIn,
		client:   takeRefresh,
		resource: func(x *exchange) (string, error) { return x.visit.asked.Resource, nil },
		permit:   grantedScopes,
		spend:    rotate,
		lifetime: token.AppLifetime,
	}
}

// takeRefresh finds client, family and person, each proved.
func takeRefresh(ctx context.Context, x *exchange) error {
	raw := x.req.Form["refresh_token"]
	if raw == "" {
		return missing("refresh_token")
	}
	id, password, err := x.clientID()
	if err == nil {
		err = x.findClient(ctx, id)
	}
	if err != nil {
		return err
	}
	v := &visit{}
	x.visit = v
	err = x.s.DB.Read(ctx, func(tx *sqldb.Tx) (err error) {
		v.family, v.token, err = token.FindRefresh(ctx, tx, raw)
		return err
	})
	if err != nil {
		return x.link("refresh token", "one of ours", "none", err)
	}
	if err := x.proveOn(ctx, id, password, v.family.Platform); err != nil {
		return err
	}
	if err := v.family.Take(x.client.app, x.s.Clock.Now()); err != nil {
		return x.link("refresh token", "live, and this client's", "", err)
	}
	if err := x.findPerson(ctx, v.family.Proof); err != nil {
		return err
	}
	return x.askedOn(v.family.Scope)
}

// rotate spends the token and makes its successor. A copy ends the family, and
// that stays though the request is refused.
func rotate(ctx context.Context, x *exchange) error {
	v := x.visit
	var refusal error
	err := x.s.DB.Update(ctx, func(tx *sqldb.Tx) error {
		f, t, err := token.FindRefresh(ctx, tx, x.req.Form["refresh_token"])
		if err != nil {
			return err
		}
		if refusal = f.Take(x.client.app, tx.Now()); refusal != nil {
			return nil
		}
		if t.Replayed(tx.Now()) {
			refusal = sessionsEnded(f.Proof)
			return token.RevokeFamily(ctx, tx, f.Home, f.ID, token.Replay)
		}
		v.refresh, err = token.Rotate(ctx, tx, x.s.Ring, f, t)
		return err
	})
	if err == nil && refusal != nil {
		err = x.link("refresh token", "the last one", "an earlier one", refusal)
	}
	return err
}
