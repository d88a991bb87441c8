package factor

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // RFC 6238, section 1.2: what authenticator apps compute
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode"
)

const (
	period    = 30 // seconds a step
	window    = 1  // steps before and after now (RFC 6238, section 5.2)
	secretLen = 20 // bytes, the length of the hash (RFC 4226, section 4)
)

// stepAt returns the number of the step in which a moment lies.
func stepAt(t time.Time) int64 { return t.Unix() / period }

// codeAt returns the code of a step (RFC 4226, section 5.3).
func codeAt(key []byte, step int64) string {
	var counter [8]byte
	binary.BigEndian.PutUint64(counter[:], uint64(step))
	h := hmac.New(sha1.New, key)
	h.Write(counter[:])
	sum := h.Sum(nil)
	at := sum[len(sum)-1] & 0xf
	return fmt.Sprintf("%06d", (binary.BigEndian.Uint32(sum[at:])&0x7fffffff)%1_000_000)
}

// match returns the step around now that a code belongs to, or 0. A step that
// is not behind after does not count; used says that the code belonged to one.
func match(key []byte, code string, now time.Time, after int64) (step int64, used bool) {
	for s := stepAt(now) - window; s <= stepAt(now)+window; s++ {
		if subtle.ConstantTimeCompare([]byte(codeAt(key, s)), []byte(code)) != 1 {
			continue
		}
		if s > after {
			return s, false
		}
		used = true
	}
	return 0, used
}

// plainCode returns a code as it was typed without what people put between.
func plainCode(typed string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '-' {
			return -1
		}
		return r
	}, typed)
}

// base32Of returns a secret as authenticator apps take it, typed or scanned.
func base32Of(key []byte) string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(key)
}

// uriOf returns what a QR code says to an authenticator app.
// https://github.com/google/google-authenticator/wiki/Key-Uri-Format
func uriOf(key []byte, issuer, account string) string {
	issuer, account = label(issuer, 40), label(account, 120)
	q := url.Values{"secret": {base32Of(key)}, "issuer": {issuer}, "algorithm": {"SHA1"}, "digits": {"6"}, "period": {fmt.Sprint(period)}}
	return "otpauth://totp/" + url.PathEscape(issuer) + ":" + url.PathEscape(account) + "?" + strings.ReplaceAll(q.Encode(), "+", "%20")
}

// label returns a name as it may stand in a label, whose parts a colon divides.
func label(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if r == ':' || !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	runes := []rune(strings.TrimSpace(s))
	return string(runes[:min(len(runes), most)])
}
