// Package phone is an authenticator app as people carry one: it is given a
// secret in base32 and shows a code every thirty seconds (RFC 6238). It shares
// no code with what it is held against.
package phone

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"fmt"
	"math/big"
	"net/url"
	"strings"
	"testing"
	"time"
)

// A Phone has one secret.
type Phone struct{ key []byte }

// Typed returns a phone into which somebody has typed a secret, with or without
// spaces.
func Typed(t testing.TB, secret string) Phone {
	t.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ToUpper(strings.Join(strings.Fields(secret), "")))
	if err != nil || len(key) < 16 {
		t.Fatalf("no secret: %q: %v", secret, err)
	}
	return Phone{key}
}

// Scanned returns a phone that has scanned what a QR code says.
func Scanned(t testing.TB, uri string) Phone {
	t.Helper()
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "otpauth" || u.Host != "totp" {
		t.Fatalf("nothing to scan: %q: %v", uri, err)
	}
	return Typed(t, u.Query().Get("secret"))
}

// Code returns what the phone shows at a time.
func (p Phone) Code(at time.Time) string {
	h := hmac.New(sha1.New, p.key)
	h.Write(big.NewInt(at.Unix() / 30).FillBytes(make([]byte, 8)))
	sum := h.Sum(nil)
	part := sum[sum[19]%16:][:4]
	part[0] %= 128
	n := new(big.Int).Mod(new(big.Int).SetBytes(part), big.NewInt(1_000_000))
	return fmt.Sprintf("%06d", n)
}

// Wrong returns a code that the phone shows at none of the times around at.
func (p Phone) Wrong(at time.Time) string {
	for n := range 1_000_000 {
		code := fmt.Sprintf("%06d", n)
		shown := false
		for step := -3; step <= 3; step++ {
			shown = shown || p.Code(at.Add(time.Duration(step)*30*time.Second)) == code
		}
		if !shown {
			return code
		}
	}
	return ""
}
