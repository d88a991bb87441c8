package signin

import (
	"context"
	"strings"

	"entente/internal/core/claim"
	"entente/internal/core/consent"
	"entente/internal/core/factor"
	"entente/internal/core/token"
	"entente/internal/kit/oauth2"
	"entente/internal/kit/sqldb"
)

// about returns what the ID token that comes with a code says: as much as the
// one that the code is redeemed for.
func (s *Service) about(ctx context.Context, tx *sqldb.Tx, b Browser, f *Flow, v visit, code string) (*token.ID, error) {
	d, err := oauth2.ParseDelegated(oauth2.FirstResource(f.Ask.Scope))
	if err != nil {
		return nil, err
	}
	roles, err := consent.RolesOfPerson(ctx, tx, v.in.ID, v.here.ID, v.client.Principal)
	if err != nil {
		return nil, err
	}
	p := v.session.proof()
	_, trusts, err := factor.Ask(ctx, tx, factor.Asking{Visit: v.found, Methods: p.Methods, Silent: true})
	if err != nil {
		return nil, err
	}
	who := claim.Of(v.found, p, s.tokens.IssuerV1(f.Home), b.IP)
	who.Methods = factor.Shown(p.Methods, p.Home, v.in.ID, trusts)
	asks := f.Ask.Authorize
	more, err := claim.ForID(ctx, tx, claim.Reader{
		Tenant: v.in.ID, Principal: v.client.Principal, Stored: v.client.Claims, Person: v.here.ID, Endpoint: s.tokens.MembershipsOf(v.here.ID),
	}, asks.Claims, asks.Mode != ModeForm)
	version := 2
	if asks.V1 {
		version = 1
	}
	return &token.ID{
		Tenant: v.in.ID, Client: f.Ask.App, Version: version, Nonce: asks.Nonce, Roles: roles.Values, Profile: d.Profile, Email: d.Email, Code: code,
		Person: who, Extra: more,
	}, err
}

// proof returns what the session proves.
func (s Session) proof() token.Proof {
	return token.Proof{Home: s.Home, User: s.User, Session: s.ID, Methods: strings.Fields(s.Method), AuthAt: s.AuthAt}
}
