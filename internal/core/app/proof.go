package app

import (
	"context"
	"crypto/x509"
	"slices"
	"time"

	"entente/internal/core/authz"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/jose"
	"entente/internal/kit/sqldb"
)

// BadProof is the Reason of a proof that shows no possession of a key.
const BadProof fault.Reason = "app.bad_proof"

const (
	proofAudience = "00000002-0000-0000-c000-000000000000"
	proofLife     = 10 * time.Minute
	proofSkew     = 5 * time.Minute
)

// AddKey adds a certificate to an application. proof is a token by which the
// holder of one of its certificates shows that it has the key; without a
// certificate none can be added this way.
// https://learn.microsoft.com/graph/application-rollkey-prooftoken
func (s *Service) AddKey(ctx context.Context, who authz.Caller, id ids.ObjectID, ask KeyCredential, proof string) (KeyCredential, error) {
	var made KeyCredential
	_, err := s.change(ctx, who, id, certificatesAndSecrets, credentials, func(tx *sqldb.Tx, a *Application) (_ *Application, err error) {
		a.KeyCredentials, made, err = s.rollIn(ctx, tx, a.Tenant, a.ID, a.KeyCredentials, ask, proof)
		return a, err
	})
	return made, err
}

// RemoveKey removes a certificate of an application, shown the proof that
// AddKey asks for.
func (s *Service) RemoveKey(ctx context.Context, who authz.Caller, id ids.ObjectID, key ids.KeyID, proof string) error {
	_, err := s.change(ctx, who, id, certificatesAndSecrets, credentials, func(tx *sqldb.Tx, a *Application) (_ *Application, err error) {
		a.KeyCredentials, err = s.rollOut(ctx, tx, a.Tenant, a.ID, a.KeyCredentials, key, proof)
		if err != nil {
			return nil, err
		}
		return a, checkEncryption(a.TokenEncryptionKeyID, a.KeyCredentials)
	})
	return err
}

// AddPrincipalKey is AddKey for a service principal.
func (s *Service) AddPrincipalKey(ctx context.Context, who authz.Caller, id ids.ObjectID, ask KeyCredential, proof string) (KeyCredential, error) {
	var made KeyCredential
	_, err := s.changePrincipal(ctx, who, id, "Add service principal credentials", principalCredentials, func(tx *sqldb.Tx, p *ServicePrincipal) (_ *ServicePrincipal, err error) {
		if p.ManagedIdentity() {
			return nil, noCredentials()
		}
		p.KeyCredentials, made, err = s.rollIn(ctx, tx, p.Tenant, p.ID, p.KeyCredentials, ask, proof)
		return p, err
	})
	return made, err
}

// RemovePrincipalKey is RemoveKey for a service principal.
func (s *Service) RemovePrincipalKey(ctx context.Context, who authz.Caller, id ids.ObjectID, key ids.KeyID, proof string) error {
	_, err := s.changePrincipal(ctx, who, id, "Remove service principal credentials", principalCredentials, func(tx *sqldb.Tx, p *ServicePrincipal) (_ *ServicePrincipal, err error) {
		p.KeyCredentials, err = s.rollOut(ctx, tx, p.Tenant, p.ID, p.KeyCredentials, key, proof)
		if err != nil {
			return nil, err
		}
		return p, checkEncryption(p.TokenEncryptionKeyID, p.KeyCredentials)
	})
	return err
}

func (s *Service) rollIn(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, owner ids.ObjectID, keys []KeyCredential, ask KeyCredential, proof string) ([]KeyCredential, KeyCredential, error) {
	if err := s.checkProof(ctx, tx, tenant, owner, proof); err != nil {
		return nil, ask, err
	}
	if ask.Usage != "" && ask.Usage != Verify {
		return nil, ask, badCertificate("that is added this way has the usage Verify")
	}
	if len(ask.Key) == 0 {
		return nil, ask, badCertificate("has a key")
	}
	ask.KeyID = "" // a new one has a new name
	list, err := swapCertificates(ctx, tx, tenant, owner, keys, append(slices.Clone(keys), ask))
	if err != nil {
		return nil, ask, err
	}
	return list, list[len(list)-1], nil
}

func (s *Service) rollOut(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, owner ids.ObjectID, keys []KeyCredential, key ids.KeyID, proof string) ([]KeyCredential, error) {
	if err := s.checkProof(ctx, tx, tenant, owner, proof); err != nil {
		return nil, err
	}
	kept := slices.DeleteFunc(slices.Clone(keys), func(c KeyCredential) bool { return c.KeyID == key })
	if len(kept) == len(keys) {
		return nil, fault.Because(fault.Invalid, NoSuchKey, "No key credential found with keyId.")
	}
	return swapCertificates(ctx, tx, tenant, owner, keys, kept)
}

// checkProof wants a token that the holder of one of the owner's certificates
// signed just now, for the directory, in the owner's name. Its times are the
// machine's: it comes from outside.
func (s *Service) checkProof(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, owner ids.ObjectID, proof string) error {
	t, err := jose.Peek(proof, jose.RS256, jose.PS256)
	var c jose.Claims
	if err == nil {
		err = t.Claims(&c)
	}
	now := s.db.Wall()
	switch {
	case err != nil:
		return badProof("It is a JSON Web Token signed with RS256 or PS256.").Wrap(err)
	case !slices.Contains(c.Audience, proofAudience):
		return badProof("Its aud is " + proofAudience + ".")
	case c.Issuer != string(owner):
		return badProof("Its iss is the identifier of the object whose keys are changed.")
	case !c.Valid(now, proofSkew), c.Expiry.After(now.Add(proofLife + proofSkew)):
		return badProof("It is valid now and for ten minutes at most.")
	}
	certificates, err := certificatesNow(ctx, tx, tenant, owner)
	if err != nil {
		return err
	}
	for _, der := range certificates {
		if signedBy(t, der) {
			return nil
		}
	}
	return badProof("One of the certificates that are there already has signed it.")
}

func signedBy(t *jose.Token, der []byte) bool {
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return false
	}
	key, err := jose.NewKey("", cert.PublicKey)
	return err == nil && t.VerifyWith(key) == nil
}

func badProof(fix string) *fault.Error {
	f := fault.Because(fault.Unauthenticated, BadProof, "Access Token missing or malformed.").WithFix("%s", fix)
	f.Target = "proof"
	return f
}
