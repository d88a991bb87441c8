package directory

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"

	"entente/internal/kit/fault"
	"entente/internal/kit/secret"
)

// Cost of a password check: 19 MiB in two passes (OWASP's first choice for
// argon2id), about 40 ms on the machine it was measured on.
const (
	argonTime    = 2
	argonMemory  = 19 * 1024 // KiB
	argonThreads = 1
	argonKey     = 32
	argonSalt    = 16
)

// A Hasher makes and checks password hashes, a few at a time: each needs
// 19 MiB, and a storm of guesses must not need all of it at once.
type Hasher struct {
	places chan struct{}
	decoy  string // checked when there is no account, so that it costs the same
}

// NewHasher returns a hasher that works on at most n passwords at a time.
func NewHasher(n int) *Hasher {
	h := &Hasher{places: make(chan struct{}, n)}
	h.decoy = hash(secret.Random(16), make([]byte, argonSalt))
	return h
}

// Hash returns the stored form of a password.
func (h *Hasher) Hash(ctx context.Context, password secret.String) (string, error) {
	if err := h.enter(ctx); err != nil {
		return "", err
	}
	defer h.leave()
	salt := make([]byte, argonSalt)
	rand.Read(salt)
	return hash(password.Reveal(), salt), nil
}

// Check reports whether stored is the hash of password. An empty stored form,
// for an account that does not exist, costs the same and is never right.
func (h *Hasher) Check(ctx context.Context, stored string, password secret.String) (bool, error) {
	if err := h.enter(ctx); err != nil {
		return false, err
	}
	defer h.leave()
	real := stored != ""
	if !real {
		stored = h.decoy
	}
	salt, err := saltOf(stored)
	if err != nil {
		return false, err
	}
	same := subtle.ConstantTimeCompare([]byte(hash(password.Reveal(), salt)), []byte(stored)) == 1
	return same && real, nil
}

func (h *Hasher) enter(ctx context.Context) error {
	select {
	case h.places <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fault.New(fault.Unavailable, "Too many sign-ins at once. Try again in a moment.").Wrap(ctx.Err())
	}
}

func (h *Hasher) leave() { <-h.places }

func hash(password string, salt []byte) string {
	key := argon2.IDKey([]byte(password), salt, argonTime, argonMemory, argonThreads, argonKey)
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonThreads, b64(salt), b64(key))
}

func saltOf(stored string) ([]byte, error) {
	parts := strings.Split(stored, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return nil, fmt.Errorf("stored password has an unknown form")
	}
	return base64.RawStdEncoding.DecodeString(parts[4])
}
