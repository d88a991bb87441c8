package site

import (
	"encoding/base64"
	"encoding/hex"
	"strings"

	"entente/internal/kit/ids"
)

// Members of teams and permissions of sites have identifiers that say whose
// they are: two GUIDs together, as 43 letters.

func memberID(team, user ids.ObjectID) string { return joinPair(string(team), string(user)) }

func joinPair(a, b string) string {
	raw, err := hex.DecodeString(strings.ReplaceAll(a+b, "-", ""))
	if err != nil {
		return "" // identifiers are GUIDs
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

func splitPair(id string) (a, b string, ok bool) {
	raw, err := base64.RawURLEncoding.DecodeString(id)
	if err != nil || len(raw) != 32 {
		return "", "", false
	}
	return guid(raw[:16]), guid(raw[16:]), true
}

func guid(b []byte) string {
	h := hex.EncodeToString(b)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// mask turns a GUID into another one and back.
func mask(id string, by byte) string {
	raw, err := hex.DecodeString(strings.ReplaceAll(id, "-", ""))
	if err != nil || len(raw) != 16 {
		return ""
	}
	for i := range raw {
		if i != 6 && i != 8 { // version and variant stay
			raw[i] ^= by
		}
	}
	return guid(raw)
}
