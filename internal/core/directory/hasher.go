package directory

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"

	"entente/internal/kit/fault"
	"entente/internal/kit/secret"
)

// A Cost is what one password check takes.
type Cost struct {
	Memory uint32 // KiB
	Passes uint32
}

// PasswordCost is 19 MiB in two passes (OWASP's first choice for argon2id),
// about 40 ms on the machine it was measured on.
var PasswordCost = Cost{Memory: 19 * 1024, Passes: 2}

// maxCost bounds what a stored hash may ask for.
var maxCost = Cost{Memory: 1 << 20, Passes: 16}

const (
	argonKey  = 32
	argonSalt = 16
)

// A Hasher makes and checks password hashes, a few at a time: each needs its
// memory, and a storm of guesses must not need all of it at once.
type Hasher struct {
	cost   Cost
	places chan struct{}
	decoy  string // checked when there is no account, so that it costs the same
}

// NewHasher returns a hasher that works on at most n passwords at a time. What
// it makes has the cost; a hash that was made at another is checked at that.
func NewHasher(n int, cost Cost) *Hasher {
	h := &Hasher{cost: cost, places: make(chan struct{}, n)}
	h.decoy = cost.hash(secret.Random(16), make([]byte, argonSalt))
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
	return h.cost.hash(password.Reveal(), salt), nil
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
	cost, salt, err := costOf(stored)
	if err != nil {
		return false, err
	}
	same := subtle.ConstantTimeCompare([]byte(cost.hash(password.Reveal(), salt)), []byte(stored)) == 1
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

// hash returns the stored form, which says at which cost it was made.
func (c Cost) hash(password string, salt []byte) string {
	key := argon2.IDKey([]byte(password), salt, c.Passes, c.Memory, 1, argonKey)
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=1$%s$%s", argon2.Version, c.Memory, c.Passes, b64(salt), b64(key))
}

// costOf reads at which cost and with which salt a stored form was made.
func costOf(stored string) (c Cost, salt []byte, err error) {
	parts := strings.Split(stored, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return c, nil, errors.New("stored password has an unknown form")
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=1", &c.Memory, &c.Passes); err != nil {
		return c, nil, fmt.Errorf("stored password has no cost: %w", err)
	}
	if c.Passes == 0 || c.Passes > maxCost.Passes || c.Memory > maxCost.Memory {
		return c, nil, fmt.Errorf("stored password has a cost of %d KiB in %d passes", c.Memory, c.Passes)
	}
	salt, err = base64.RawStdEncoding.DecodeString(parts[4])
	return c, salt, err
}
