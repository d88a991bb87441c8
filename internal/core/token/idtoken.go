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
	Extra   Extra    // what the application asks for besides
	Code    string   // that comes with it from the authorization endpoint, or ""
}

// IDClaims are the claims of an ID token.
type IDClaims struct {
	Audience  ids.AppID `json:"aud"`
	Issuer    string    `json:"iss"`
	IssuedAt  jose.Date `json:"iat"`
	NotBefore jose.Date `json:"nbf"`
	Expiry    jose.Date `json:"exp"`
	About

	CodeHash string       `json:"c_hash,omitempty"`
	Nonce    string       `json:"nonce,omitempty"`
	Object   ids.ObjectID `json:"oid,omitempty"`
	RH       string       `json:"rh,omitempty"`
	Roles    []string     `json:"roles,omitempty"`
	Subject  string       `json:"sub"`
	Tenant   ids.TenantID `json:"tid"`
	ID       string       `json:"uti,omitempty"`
	Version  string       `json:"ver"`
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
		Expiry: jose.Date{Time: now.Add(IDLifetime)}, Nonce: i.Nonce, Roles: i.Roles, RH: "1." + opaque,
		Subject: Pairwise(i.Tenant, p.Object, i.Client), Tenant: i.Tenant, ID: id, Version: "2.0",
	}
	if i.Code != "" {
		c.CodeHash = leftHalf(i.Code)
	}
	if i.Version != 2 {
		c.Version, i.Profile = "1.0", true
	}
	if i.Profile {
		c.Object = p.Object
	}
	c.About = p.tell(i.Version, i.Profile, i.Extra)
	c.AltSecID, c.ACR = "", "" // of access tokens alone
	if i.Email {
		c.Email = p.Email
		c.EmailVerified = c.Email != "" && i.Extra.asks("xms_edov", "")
	}
	if i.Extra.Directory {
		c.WIDs = p.roleTemplates(i.Extra.WIDs)
	}
	i.Extra.Groups.list(&c.About, &c.Roles)
	return c
}

// leftHalf is the hash by which an ID token names what comes with it: the left
// half of its SHA-256 (OpenID Connect Core 1.0, section 3.3.2.11).
func leftHalf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}
