package directory

import (
	"testing"

	"entente/internal/kit/secret"
)

// TestHasher: a password is checked at the cost at which it was stored, which a
// later release may have changed; what asks for too much is refused.
func TestHasher(t *testing.T) {
	then, now := NewHasher(1, Cost{Memory: 8, Passes: 1}), NewHasher(1, Cost{Memory: 16, Passes: 2})
	stored, err := then.Hash(t.Context(), secret.NewString("Copper-Lantern-72"))
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range []*Hasher{then, now} {
		for typed, right := range map[string]bool{"Copper-Lantern-72": true, "copper-lantern-72": false, "": false} {
			if ok, err := h.Check(t.Context(), stored, secret.NewString(typed)); ok != right || err != nil {
				t.Errorf("%q: %v, %v", typed, ok, err)
			}
		}
		if ok, err := h.Check(t.Context(), "", secret.NewString("Copper-Lantern-72")); ok || err != nil {
			t.Errorf("nobody: %v, %v", ok, err)
		}
	}
	for _, odd := range []string{"x", "$argon2i$v=19$m=8,t=1,p=1$AAAA$AAAA", "$argon2id$v=16$m=8,t=1,p=1$AAAA$AAAA", "$argon2id$v=19$m=8,t=0,p=1$AAAA$AAAA",
		"$argon2id$v=19$m=4294967295,t=1,p=1$AAAA$AAAA", "$argon2id$v=19$m=8,t=99,p=1$AAAA$AAAA", "$argon2id$v=19$p=1$AAAA$AAAA", "$argon2id$v=19$m=8,t=1,p=1$?$AAAA"} {
		if ok, err := now.Check(t.Context(), odd, secret.NewString("x")); ok || err == nil {
			t.Errorf("%s: %v, %v", odd, ok, err)
		}
	}
}
