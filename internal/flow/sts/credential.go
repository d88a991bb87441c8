package sts

import (
	"context"
	"strings"

	"entente/internal/core/app"
	"entente/internal/core/token"
	"entente/internal/kit/fault"
	"entente/internal/kit/jose"
	"entente/internal/kit/oauth2"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

// The kinds of credential, as sign-in entries name them.
const (
	kindSecret      = "clientSecret"
	kindCertificate = "clientCertificate"
	kindFederated   = "federatedIdentityCredential"
	kindHost        = "managedIdentityHost"
)

// authenticateClient finds the client and has it prove who it is, by exactly
// one of secret, certificate and federated assertion (RFC 6749, section 2.3).
func authenticateClient(ctx context.Context, x *exchange) error {
	id, password, err := x.clientID()
	if err != nil {
		return err
	}
	if err := x.findClient(ctx, id); err != nil {
		return err
	}
	return x.prove(ctx, id, password)
}

// prove has the client that was found prove who it is.
func (x *exchange) prove(ctx context.Context, id, password string) error {
	bySecret, assertion := x.req.Form["client_secret"], x.req.Form["client_assertion"]
	if bySecret == "" {
		bySecret = password
	} else if password != "" {
		return manyCredentials()
	}
	switch {
	case bySecret != "" && assertion != "":
		return manyCredentials()
	case bySecret != "":
		return x.bySecret(ctx, secret.NewString(bySecret))
	case assertion != "":
		return x.byAssertion(ctx, id, assertion)
	}
	return fault.Because(fault.Unauthenticated, NoCredential, "'client_assertion', 'client_secret' or 'request' is required for the '%s' grant type.", x.req.Form["grant_type"]).
		With("grant", clip(x.req.Form["grant_type"]))
}

func manyCredentials() error {
	return fault.Because(fault.Invalid, ManyCredentials, "The request has more than one credential of the client.").
		WithFix("Send a secret or an assertion, not both, and a secret in one place.")
}

func (x *exchange) bySecret(ctx context.Context, text secret.String) error {
	x.client.method, x.entry.CredentialKind = token.Secret, kindSecret
	if x.client.stored.AppID == "" { // a managed identity has no secrets
		return x.link("secret", "a federated credential", "a secret", wrongSecret(x))
	}
	return x.s.DB.Read(ctx, func(tx *sqldb.Tx) error {
		id, err := app.CheckSecret(ctx, tx, x.s.Ring, x.tenant.ID, x.client.stored, text)
		x.entry.CredentialID = string(id)
		return x.link("secret", "one of the application's, in its time", string(id), x.named(err))
	})
}

func wrongSecret(x *exchange) error {
	return x.named(fault.Because(fault.Unauthenticated, app.WrongSecret, "Invalid client secret provided."))
}

// named adds who the client is to a refusal, for the edge's words.
func (x *exchange) named(err error) error {
	if f := faultOf(err); f != nil {
		return f.With("client", string(x.client.app)).With("name", x.client.name)
	}
	return err
}

// byAssertion tells a certificate's assertion from a federated one: the client
// itself is the issuer of the former.
func (x *exchange) byAssertion(ctx context.Context, id, raw string) error {
	x.client.method = token.Assertion
	switch kind := x.req.Form["client_assertion_type"]; kind {
	case oauth2.AssertionJWT:
	case "":
		return missing("client_assertion_type")
	default:
		return fault.Because(fault.Invalid, AssertionType, "The client_assertion_type '%.100s' is not supported.", kind).
			WithFix("Send client_assertion_type=%s.", oauth2.AssertionJWT)
	}
	raw = strings.TrimSpace(raw) // a token file's content arrives with its line end
	if jose.NamesIssuer(raw, id) {
		return x.byCertificate(ctx, raw)
	}
	return x.byFederation(ctx, id, raw)
}

// byFederation has package federation decide, and then reads once more what
// may have changed while another issuer was asked for its keys.
func (x *exchange) byFederation(ctx context.Context, id, raw string) error {
	x.entry.CredentialKind = kindFederated
	match, err := x.s.Federation.Verify(ctx, x.client.parent, raw)
	x.entry.Links = append(x.entry.Links, match.LinksFor(x.tenant.ID, x.client.parent)...)
	x.entry.CredentialID = string(match.Credential)
	if err != nil {
		return x.named(err)
	}
	if !match.Waited {
		return nil
	}
	return x.lookAgain(ctx, id)
}

// lookAgain finds tenant and client once more. Links that still hold are not
// recorded twice.
func (x *exchange) lookAgain(ctx context.Context, id string) error {
	links := len(x.entry.Links)
	if err := x.findTenant(ctx); err != nil {
		return err
	}
	method := x.client.method
	if err := x.findClient(ctx, id); err != nil {
		return err
	}
	x.client.method, x.entry.Links = method, x.entry.Links[:links]
	return nil
}
