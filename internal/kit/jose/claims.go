package jose

import (
	"encoding/base64"
	"encoding/hex"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4/json"
)

// Claims are the registered claims of a token (RFC 7519, section 4.1).
type Claims struct {
	Issuer    string   `json:"iss,omitempty"`
	Subject   string   `json:"sub,omitempty"`
	Audience  Audience `json:"aud,omitempty"`
	Expiry    Date     `json:"exp,omitzero"`
	NotBefore Date     `json:"nbf,omitzero"`
	IssuedAt  Date     `json:"iat,omitzero"`
	ID        string   `json:"jti,omitempty"`
}

// Valid reports whether now lies between the claims' times, give or take skew.
// A token without an expiry is never valid.
func (c Claims) Valid(now time.Time, skew time.Duration) bool {
	return !c.Expiry.IsZero() && now.Before(c.Expiry.Add(skew)) && !now.Add(skew).Before(c.NotBefore.Time)
}

// An Audience is a list of audiences; on the wire a single one may stand alone.
type Audience []string

// UnmarshalJSON reads a text or a list of texts.
func (a *Audience) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*a = Audience{one}
		return nil
	}
	var many []string
	if err := json.Unmarshal(text, &many); err != nil {
		return err
	}
	*a = many
	return nil
}

// A Date is a NumericDate (RFC 7519, section 2); absent it is the zero time.
type Date struct{ time.Time }

// UnmarshalJSON reads seconds since 1970, with or without a fraction.
func (d *Date) UnmarshalJSON(text []byte) error {
	var f float64
	if err := json.Unmarshal(text, &f); err != nil {
		return err
	}
	if math.Abs(f) > 1e11 { // some year in the fifties of the next millennium
		return malformed("A date of the token is out of range.")
	}
	d.Time = time.UnixMicro(int64(f * 1e6)).UTC()
	return nil
}

// MarshalJSON writes whole seconds.
func (d Date) MarshalJSON() ([]byte, error) { return strconv.AppendInt(nil, d.Unix(), 10), nil }

// Thumbprint returns the bytes that a thumbprint spells: hexadecimal, or base64
// in either alphabet, padded or not, because clients use all of them. Nothing
// else is one; size is its length in bytes.
func Thumbprint(text string, size int) ([]byte, bool) {
	if len(text) == hex.EncodedLen(size) {
		if b, err := hex.DecodeString(text); err == nil {
			return b, true
		}
	}
	text = strings.NewReplacer("+", "-", "/", "_").Replace(strings.TrimRight(text, "="))
	b, err := base64.RawURLEncoding.DecodeString(text)
	return b, err == nil && len(b) == size
}
