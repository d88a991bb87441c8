package app

import (
	"context"
	"encoding/base64"
	"encoding/pem"
	"slices"
	"strings"

	"entente/internal/core/authz"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// AddCertificate adds a certificate to an application, as a change of its
// keyCredentials does, and leaves the others alone. Whoever may change the
// application's credentials needs no proof; AddKey is for programs that renew
// their own.
func (s *Service) AddCertificate(ctx context.Context, who authz.Caller, id ids.ObjectID, ask KeyCredential) (KeyCredential, error) {
	var made KeyCredential
	_, err := s.change(ctx, who, id, certificatesAndSecrets, credentials, func(tx *sqldb.Tx, a *Application) (*Application, error) {
		ask := ask
		ask.KeyID = "" // a new one has a new name
		list, err := swapCertificates(ctx, tx, a.Tenant, a.ID, a.KeyCredentials, append(slices.Clone(a.KeyCredentials), ask))
		if err != nil {
			return nil, err
		}
		a.KeyCredentials, made = list, list[len(list)-1]
		return a, nil
	})
	return made, err
}

// RemoveCertificate removes a certificate of an application; the next assertion
// that its key has signed is refused.
func (s *Service) RemoveCertificate(ctx context.Context, who authz.Caller, id ids.ObjectID, key ids.KeyID) error {
	_, err := s.change(ctx, who, id, certificatesAndSecrets, credentials, func(tx *sqldb.Tx, a *Application) (_ *Application, err error) {
		kept := slices.DeleteFunc(slices.Clone(a.KeyCredentials), func(c KeyCredential) bool { return c.KeyID == key })
		if len(kept) == len(a.KeyCredentials) {
			return nil, fault.Because(fault.Invalid, NoSuchKey, "No key credential found with keyId.")
		}
		if a.KeyCredentials, err = swapCertificates(ctx, tx, a.Tenant, a.ID, a.KeyCredentials, kept); err != nil {
			return nil, err
		}
		return a, checkEncryption(a.TokenEncryptionKeyID, a.KeyCredentials)
	})
	return err
}

// CertificateFrom returns the bytes of the one certificate that a text is, in PEM
// or as bare base64 of its DER. A private key beside it is refused: whoever sends
// one has shown it to somebody who has no business with it.
func CertificateFrom(text string) ([]byte, error) {
	text = strings.TrimSpace(text)
	if strings.Contains(text, "PRIVATE KEY") {
		return nil, badCertificate("is the certificate alone: keep the private key to yourself, and replace it, for it has been sent")
	}
	if strings.HasPrefix(text, "-----BEGIN") {
		block, rest := pem.Decode([]byte(text))
		if block == nil || block.Type != "CERTIFICATE" || strings.TrimSpace(string(rest)) != "" {
			return nil, badCertificate("is one certificate between BEGIN CERTIFICATE and END CERTIFICATE")
		}
		return block.Bytes, nil
	}
	der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil || len(der) == 0 {
		return nil, badCertificate("is a certificate in PEM, or the base64 of one").Wrap(err)
	}
	return der, nil
}
