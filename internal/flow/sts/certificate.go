package sts

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"entente/internal/core/app"
	"entente/internal/kit/fault"
	"entente/internal/kit/jose"
	"entente/internal/kit/sqldb"
)

// skew is how far a client's clock may be from ours.
const skew = 5 * time.Minute

// byCertificate verifies an assertion that the client signed with one of its
// registered certificates (RFC 7523, section 3). The certificate's time matters,
// its chain does not.
// https://learn.microsoft.com/entra/identity-platform/certificate-credentials
func (x *exchange) byCertificate(ctx context.Context, raw string) error {
	x.entry.CredentialKind = kindCertificate
	t, err := jose.Peek(raw, jose.RS256, jose.PS256)
	var c jose.Claims
	if err == nil {
		err = t.Claims(&c)
	}
	if err != nil {
		return x.link("assertion", "a JSON Web Token signed with RS256 or PS256", "", x.named(err))
	}
	switch now := x.s.Clock.Wall(); {
	case !strings.EqualFold(c.Subject, c.Issuer):
		return x.link("assertion subject", c.Issuer, c.Subject,
			fault.Because(fault.Unauthenticated, SubjectDiffers, "Subject must match Issuer claim in the client assertion."))
	case !slices.ContainsFunc(c.Audience, x.isEndpoint):
		return x.link("assertion audience", "the token endpoint's address", strings.Join(c.Audience, " "),
			fault.Because(fault.Unauthenticated, AudienceDiffers, "The client assertion is for another audience.").
				WithFix("Its audience must be the token endpoint that discovery names."))
	case !c.Valid(now, skew):
		return x.link("assertion time", stamp(now), stamp(c.NotBefore.Time)+" to "+stamp(c.Expiry.Time), outOfTime(c, now))
	}
	sha1, sha256 := thumbprints(t.Header)
	var cert app.Certificate
	err = x.s.DB.Read(ctx, func(tx *sqldb.Tx) (err error) {
		if x.client.stored.AppID == "" || sha1 == "" && sha256 == "" {
			return fault.Because(fault.Unauthenticated, app.NoCertificate, "The client assertion names no certificate.").
				With("thumbprint", clip(t.Header.KeyID)).WithFix("Name the certificate by x5t#S256, x5t or kid in the header.")
		}
		cert, err = app.FindCertificate(ctx, tx, x.tenant.ID, x.client.stored, sha1, sha256)
		return err
	})
	if err != nil {
		return x.link("certificate", "one of the application's, in its time", sha1+sha256, x.named(err))
	}
	x.entry.CredentialID = string(cert.KeyID)
	return x.link("signature", "by the certificate", "certificate "+string(cert.KeyID), x.named(checkSignature(t, cert.DER)))
}

func checkSignature(t *jose.Token, der []byte) error {
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return fmt.Errorf("read stored certificate: %w", err)
	}
	key, err := jose.NewKey("", cert.PublicKey)
	if err == nil {
		err = t.VerifyWith(key)
	}
	if err != nil {
		return fault.Because(fault.Unauthenticated, SignatureDiffers, "Client assertion failed signature validation.").Wrap(err)
	}
	return nil
}

// thumbprints returns which certificate a header names, in hexadecimal: by
// x5t#S256, by x5t, or by a kid that is a thumbprint (azuread).
func thumbprints(h jose.Header) (sum1, sum256 string) {
	if b, ok := jose.Thumbprint(h.X5tS256, sha256.Size); ok {
		return "", hex.EncodeToString(b)
	}
	for _, text := range []string{h.X5t, h.KeyID} {
		if b, ok := jose.Thumbprint(text, sha1.Size); ok {
			return hex.EncodeToString(b), ""
		}
	}
	return "", ""
}

// isEndpoint reports whether audience is one by which the endpoint that was
// asked goes: under any of our names, either version's token endpoint or the
// issuer, with the tenant's identifier, the name that was asked, or common.
func (x *exchange) isEndpoint(audience string) bool {
	audience = strings.ToLower(audience)
	for _, name := range x.s.Names {
		path, ok := strings.CutPrefix(audience, strings.ToLower(name)+"/")
		if !ok {
			continue
		}
		segment, rest, _ := strings.Cut(path, "/")
		if segment != string(x.tenant.ID) && segment != strings.ToLower(x.req.Tenant) && segment != "common" {
			continue
		}
		switch rest {
		case "oauth2/v2.0/token", "oauth2/token", "v2.0", "":
			return true
		}
	}
	return false
}

func outOfTime(c jose.Claims, now time.Time) error {
	from, until := stamp(c.NotBefore.Time), stamp(c.Expiry.Time)
	return fault.Because(fault.Unauthenticated, AssertionTime,
		"Client assertion is not within its valid time range. Current time: %s, assertion valid from %s, expiry time of assertion %s.", stamp(now), from, until).
		With("now", stamp(now)).With("from", from).With("until", until).
		WithFix("Check the client's clock, and sign a new assertion.")
}

// stamp prints an absent time as the beginning of 1970, as Entra does.
func stamp(t time.Time) string {
	if t.IsZero() {
		t = time.Unix(0, 0)
	}
	return t.UTC().Format(time.RFC3339)
}
