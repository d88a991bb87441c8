package token

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"time"

	"entente/internal/kit/ids"
	"entente/internal/kit/jose"
	"entente/internal/kit/secret"
)

// IDLifetime is how long an ID token is valid.
const IDLifetime = time.Hour

// An ID is what an application learns of who has signed in to it (OpenID
// Connect Core 1.0, section 2). Its version is that of the endpoint that was
// asked.
type ID struct {
	Tenant  ids.TenantID
	Client  ids.AppID
	Version int
	Person  Person
	Nonce   string
	Roles   []string // the person's, in the application
	Email   bool     // the scope email was granted
	Profile bool     // the scope profile was
	Time    bool     // when the sign-in was is wanted
	Code    string   // that comes with it from the authorization endpoint, or ""
}

// IDClaims are the claims of an ID token.
type IDClaims struct {
	Audience  ids.AppID  `json:"aud"`
	Issuer    string     `json:"iss"`
	IssuedAt  jose.Date  `json:"iat"`
	NotBefore jose.Date  `json:"nbf"`
	Expiry    jose.Date  `json:"exp"`
	AuthTime  *jose.Date `json:"auth_time,omitempty"`

	ACR        string        `json:"acr,omitempty"`
	AMR        []string      `json:"amr,omitempty"`
	CodeHash   string        `json:"c_hash,omitempty"`
	Email      string        `json:"email,omitempty"`
	Family     string        `json:"family_name,omitempty"`
	Given      string        `json:"given_name,omitempty"`
	Provider   string        `json:"idp,omitempty"`
	IP         string        `json:"ipaddr,omitempty"`
	Name       string        `json:"name,omitempty"`
	Nonce      string        `json:"nonce,omitempty"`
	Object     ids.ObjectID  `json:"oid,omitempty"`
	Preferred  string        `json:"preferred_username,omitempty"`
	RH         string        `json:"rh,omitempty"`
	Roles      []string      `json:"roles,omitempty"`
	Session    ids.SessionID `json:"sid,omitempty"`
	Subject    string        `json:"sub"`
	Tenant     ids.TenantID  `json:"tid"`
	UniqueName string        `json:"unique_name,omitempty"`
	UPN        string        `json:"upn,omitempty"`
	ID         string        `json:"uti,omitempty"`
	Version    string        `json:"ver"`
}

// MintID returns an ID token, signed with the tenant's current key.
func (s *Service) MintID(ctx context.Context, i ID) (string, error) {
	signer, err := s.keys.Signer(ctx, i.Tenant)
	if err != nil {
		return "", err
	}
	c := i.claims(secret.Random(16), secret.Random(24), s.clk.Wall())
	if i.Version == 2 {
		c.Issuer = s.IssuerV2(i.Tenant)
		return signer.V2.Sign(c)
	}
	c.Issuer = s.IssuerV1(i.Tenant)
	return signer.V1.Sign(c)
}

// claims returns everything but the issuer.
func (i ID) claims(id, opaque string, now time.Time) IDClaims {
	p := i.Person
	c := IDClaims{
		Audience: i.Client, IssuedAt: jose.Date{Time: now.Add(-backdate)}, NotBefore: jose.Date{Time: now.Add(-backdate)},
		Expiry: jose.Date{Time: now.Add(IDLifetime)}, Nonce: i.Nonce, Roles: i.Roles, RH: "1." + opaque, Session: p.Session,
		Subject: Pairwise(i.Tenant, p.Object, i.Client), Tenant: i.Tenant, ID: id, Version: "2.0",
	}
	if i.Time {
		c.AuthTime = &jose.Date{Time: p.AuthAt}
	}
	if i.Code != "" {
		c.CodeHash = leftHalf(i.Code)
	}
	if p.Guest {
		c.Provider = p.Issuer
	}
	if i.Email {
		c.Email = p.Email
	}
	if i.Profile {
		c.Object, c.Name, c.Preferred = p.Object, p.Name, p.Username
	}
	if i.Version == 2 {
		return c
	}
	c.Version, c.Preferred = "1.0", ""
	c.Object, c.Name, c.AMR, c.IP, c.UniqueName, c.Given, c.Family = p.Object, p.Name, p.Methods, p.IP, p.Username, p.Given, p.Family
	if !p.Guest {
		c.UPN = p.Username
	}
	return c
}

// leftHalf is the hash by which an ID token names what comes with it: the left
// half of its SHA-256 (OpenID Connect Core 1.0, section 3.3.2.11).
func leftHalf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}
