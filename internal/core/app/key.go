package app

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"strings"
	"time"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/secret"
)

// A PasswordCredential is a client secret. Its text is shown once, by the
// answer that made it.
type PasswordCredential struct {
	CustomKeyIdentifier []byte    `json:"customKeyIdentifier"`
	DisplayName         *string   `json:"displayName"`
	EndDateTime         time.Time `json:"endDateTime"`
	Hint                string    `json:"hint"`
	KeyID               ids.KeyID `json:"keyId"`
	SecretText          *string   `json:"secretText"`
	StartDateTime       time.Time `json:"startDateTime"`
}

// A KeyCredential is a certificate. Key is shown only to whoever reads one
// application and asks for it.
type KeyCredential struct {
	CustomKeyIdentifier string    `json:"customKeyIdentifier"` // SHA-1 thumbprint, upper-case hexadecimal
	DisplayName         *string   `json:"displayName"`
	EndDateTime         time.Time `json:"endDateTime"`
	Key                 []byte    `json:"key"`
	KeyID               ids.KeyID `json:"keyId"`
	StartDateTime       time.Time `json:"startDateTime"`
	Type                string    `json:"type"`
	Usage               string    `json:"usage"`
}

// Why a credential is refused.
const (
	NoSuchSecret   fault.Reason = "app.no_such_secret"
	NoSuchKey      fault.Reason = "app.no_such_key"
	BadCertificate fault.Reason = "app.bad_certificate"
	BadKeyStart    fault.Reason = "app.bad_key_start" // before the certificate's own
	BadKeyEnd      fault.Reason = "app.bad_key_end"   // behind the certificate's own, or over
)

// What a certificate is for. Only one to verify with proves who a client is.
const (
	Verify  = "Verify"
	Sign    = "Sign"
	Encrypt = "Encrypt"
)

const (
	x509Type         = "AsymmetricX509Cert"
	secretLife       = 2 // years, when no end is given
	hintLength       = 3
	maxKeyIdentifier = 128  // bytes of a customKeyIdentifier
	maxYear          = 9999 // of a time that can be written
	maxKeys          = 100  // secrets and certificates of one application, as in Entra's size limits
)

// NewSecret returns a client secret with its text, made for the request of a
// person or program: display name, start and end are theirs, or now and two
// years.
func NewSecret(ask PasswordCredential, now time.Time) (PasswordCredential, error) {
	c := PasswordCredential{
		CustomKeyIdentifier: ask.CustomKeyIdentifier, DisplayName: ask.DisplayName,
		StartDateTime: ask.StartDateTime.UTC(), EndDateTime: ask.EndDateTime.UTC(), KeyID: ids.New[ids.KeyID](),
	}
	if ask.StartDateTime.IsZero() {
		c.StartDateTime = now
	}
	if ask.EndDateTime.IsZero() {
		c.EndDateTime = c.StartDateTime.AddDate(secretLife, 0, 0)
	}
	switch {
	case longer(text(c.DisplayName), maxDisplayName):
		return c, invalid("passwordCredentials")
	case len(c.CustomKeyIdentifier) > maxKeyIdentifier:
		return c, invalid("passwordCredentials")
	case c.EndDateTime.Year() > maxYear:
		return c, invalid("passwordCredentials")
	case !c.EndDateTime.After(c.StartDateTime):
		return c, fault.InvalidAt("endDateTime", "The end of a secret must be after its start.")
	}
	// 30 random bytes, 40 characters; the tilde is where Entra's secrets have
	// theirs, which scanners for leaked secrets look for.
	text := secret.Random(30)
	text = text[:3] + "8Q~" + text[6:]
	c.SecretText, c.Hint = &text, text[:hintLength]
	return c, nil
}

// Hidden returns the secret as everybody may see it.
func (c PasswordCredential) Hidden() PasswordCredential {
	c.SecretText = nil
	return c
}

// Hidden returns the certificate without its bytes.
func (c KeyCredential) Hidden() KeyCredential {
	c.Key = nil
	return c
}

// readCertificate completes a new certificate from its DER bytes: thumbprint,
// times and identifier. The chain does not matter; the key does.
func readCertificate(c KeyCredential) (KeyCredential, error) {
	if c.Type == "" {
		c.Type = x509Type
	}
	if c.Usage == "" {
		c.Usage = Verify
	}
	switch {
	case c.Type != x509Type:
		return c, badCertificate("has the type AsymmetricX509Cert: private keys are not kept here")
	case c.Usage != Verify && c.Usage != Sign && c.Usage != Encrypt:
		return c, badCertificate("has the usage Verify, Sign or Encrypt")
	case longer(text(c.DisplayName), maxDisplayName), len(c.CustomKeyIdentifier) > maxKeyIdentifier:
		return c, badCertificate("has a shorter name")
	}
	cert, err := x509.ParseCertificate(c.Key)
	if err != nil {
		return c, badCertificate("is an X.509 certificate in DER").Wrap(err)
	}
	if c.KeyID == "" {
		c.KeyID = ids.New[ids.KeyID]()
	}
	if c.StartDateTime.IsZero() {
		c.StartDateTime = cert.NotBefore.UTC()
	}
	if c.EndDateTime.IsZero() {
		c.EndDateTime = cert.NotAfter.UTC()
	}
	switch {
	case c.StartDateTime.Before(cert.NotBefore):
		return c, badTime(BadKeyStart, "Key credential start date is invalid.")
	case c.EndDateTime.After(cert.NotAfter), !c.EndDateTime.After(c.StartDateTime):
		return c, badTime(BadKeyEnd, "Key credential end date is invalid.")
	}
	if c.CustomKeyIdentifier == "" {
		c.CustomKeyIdentifier = thumb1(c.Key)
	}
	if c.DisplayName == nil {
		name := cert.Subject.String()
		c.DisplayName = &name
	}
	return c, nil
}

func badTime(reason fault.Reason, say string) error {
	f := fault.Because(fault.Invalid, reason, "%s", say)
	f.Target = "keyCredentials"
	return f
}

func badCertificate(what string) *fault.Error {
	f := fault.Because(fault.Invalid, BadCertificate, "A key credential %s.", what)
	f.Target = "keyCredentials"
	return f
}

func thumb1(der []byte) string {
	sum := sha1.Sum(der)
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}

func thumb256(der []byte) string {
	sum := sha256.Sum256(der)
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}
