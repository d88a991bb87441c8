package secret

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
)

// A Ring seals and opens under the operator's master keys.
type Ring struct {
	keys []master // newest first
}

type master struct {
	id  string // the first 8 bytes of the key's SHA-256, in hexadecimal
	key []byte
}

// NewRing returns a ring of master keys of 32 bytes each, the newest first.
func NewRing(keys ...[]byte) (*Ring, error) {
	if len(keys) == 0 {
		return nil, fmt.Errorf("a key ring needs at least one master key")
	}
	r := &Ring{}
	for _, k := range keys {
		if len(k) != 32 {
			return nil, fmt.Errorf("a master key has 32 bytes, not %d", len(k))
		}
		sum := sha256.Sum256(k)
		r.keys = append(r.keys, master{hex.EncodeToString(sum[:8]), bytes.Clone(k)})
	}
	return r, nil
}

// ParseKeys reads master keys from a file's or variable's text: one key a
// line, base64 of 32 bytes, the newest first; empty lines and lines that begin
// with # are passed over.
func ParseKeys(text string) ([][]byte, error) {
	var keys [][]byte
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		k, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(k) != 32 {
			return nil, fmt.Errorf("line %d is not base64 of 32 bytes", n)
		}
		keys = append(keys, k)
	}
	return keys, nil
}

// NewKey returns a random master key.
func NewKey() []byte {
	k := make([]byte, 32)
	rand.Read(k)
	return k
}

// Newest returns the identifier of the key that Seal uses.
func (r *Ring) Newest() string { return r.keys[0].id }

// Seal encrypts plain. It opens only with the same context, which says where
// the secret belongs ("signing key", tenant, key identifier).
func (r *Ring) Seal(plain []byte, context ...string) ([]byte, error) {
	k := r.keys[0]
	aead, err := k.aead()
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, aead.NonceSize())
	rand.Read(nonce)
	out := append([]byte(k.id), nonce...)
	return aead.Seal(out, nonce, plain, []byte(DigestOf(context...))), nil
}

// Open decrypts what Seal returned, with whichever master key sealed it.
func (r *Ring) Open(sealed []byte, context ...string) ([]byte, error) {
	k, rest, err := r.find(sealed)
	if err != nil {
		return nil, err
	}
	aead, err := k.aead()
	if err != nil {
		return nil, err
	}
	if len(rest) < aead.NonceSize() {
		return nil, fmt.Errorf("sealed value is too short")
	}
	plain, err := aead.Open(nil, rest[:aead.NonceSize()], rest[aead.NonceSize():], []byte(DigestOf(context...)))
	if err != nil {
		return nil, fmt.Errorf("open sealed value: %w", err)
	}
	return plain, nil
}

// Derive returns n bytes that follow from the newest master key and a context,
// the same each time and telling nothing of the key: for a secret that is shown
// more than once before it is stored.
func (r *Ring) Derive(n int, context ...string) []byte {
	out, err := hkdf.Key(sha256.New, r.keys[0].key, nil, "entente derive v1"+string(DigestOf(context...)), n)
	if err != nil {
		panic(err) // more than 255 hashes long, which no caller asks for
	}
	return out
}

func (r *Ring) find(sealed []byte) (master, []byte, error) {
	for _, k := range r.keys {
		if rest, ok := bytes.CutPrefix(sealed, []byte(k.id)); ok {
			return k, rest, nil
		}
	}
	return master{}, nil, fmt.Errorf("sealed under a master key that is not on the ring")
}

func (m master) aead() (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, m.key, nil, "entente seal v1", 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// MACs returns the keyed hashes of text under every master key, newest first,
// each with its key's identifier before it. It is how long random secrets are
// stored: a fast hash suffices for what nobody can guess, and the key makes a
// stolen table worthless on its own. Store the first; accept any.
func (r *Ring) MACs(text string, context ...string) []string {
	out := make([]string, len(r.keys))
	for i, k := range r.keys {
		out[i] = k.mac(text, context)
	}
	return out
}

// MAC returns the keyed hash under the newest key.
func (r *Ring) MAC(text string, context ...string) string { return r.keys[0].mac(text, context) }

func (m master) mac(text string, context []string) string {
	h := hmac.New(sha256.New, m.key)
	h.Write([]byte("entente mac v1"))
	h.Write([]byte(DigestOf(append(context, text)...)))
	return m.id + base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}
