package graphtest

import (
	"strings"
	"testing"
	"time"

	"entente/internal/core/app"
	"entente/internal/core/authz"
	"entente/internal/core/consent"
	"entente/internal/core/token"
	"entente/internal/kit/ids"
	"entente/internal/kit/jose"
)

// Person makes an application of the tenant that may act for everybody there
// within the scopes of Microsoft Graph, and a token with which it acts for one
// user.
func (w *World) Person(t testing.TB, of Tenant, user ids.ObjectID, scopes ...string) *Client {
	t.Helper()
	ctx, system, scope := t.Context(), authz.System(of.ID, "test"), strings.Join(scopes, " ")
	c := w.Client(t, of)
	g, err := consent.NewGrant(of.ID, c.Principal.ID, of.Graph.ID, "", consent.AllPrincipals)
	must(t, err)
	_, err = w.Consent.Grant(ctx, system, g, scope, time.Time{})
	must(t, err)
	c.Token = w.PersonToken(t, c, user, scope)
	return c
}

// PersonToken mints a token with which the client acts for a user within scope.
func (w *World) PersonToken(t testing.TB, c *Client, user ids.ObjectID, scope string) string {
	t.Helper()
	of := c.Tenant.ID
	signer, err := w.keys.Signer(t.Context(), of)
	must(t, err)
	now := w.Clock.Wall()
	text, err := signer.V1.Sign(token.Claims{
		Audience: string(app.GraphAppID), Issuer: w.tokens.IssuerV1(of), Version: "1.0", Tenant: of,
		IssuedAt: jose.Date{Time: now}, NotBefore: jose.Date{Time: now}, Expiry: jose.Date{Time: now.Add(time.Hour)},
		AppID: c.App.AppID, Object: user, Subject: "pairwise", Scopes: scope, AuthUS: w.Clock.Now().UnixMicro(),
	})
	must(t, err)
	return text
}
