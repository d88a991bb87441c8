package token

import (
	"context"
	"time"

	"entente/internal/kit/secret"
)

// A Minted token is signed and not yet given to anybody.
type Minted struct {
	Text      string
	ID        string // its uti, as the sign-in log names it
	NotBefore time.Time
	Expiry    time.Time
}

// Mint returns a token for a, signed with the tenant's current key.
func (s *Service) Mint(ctx context.Context, a Access) (Minted, error) {
	signer, err := s.keys.Signer(ctx, a.Tenant)
	if err != nil {
		return Minted{}, err
	}
	now := s.clk.Wall()
	m := Minted{ID: secret.Random(16), NotBefore: now.Add(-backdate), Expiry: now.Add(a.Lifetime)}
	sign := signer.V1
	if a.Resource.Version == 2 {
		sign = signer.V2
	}
	m.Text, err = sign.Sign(a.claims(s.IssuerV1(a.Tenant), s.IssuerV2(a.Tenant), m.ID, secret.Random(24), now))
	return m, err
}
