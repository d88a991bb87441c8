package oauth2

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"entente/internal/kit/fault"
)

// ClaimsMalformed is the reason for which a claims parameter is refused.
const ClaimsMalformed fault.Reason = "claims_malformed"

const (
	maxClaims     = 8 << 10 // bytes of a claims parameter
	maxClaimNames = 50      // for one token
)

// A ClaimsRequest is a claims parameter (OpenID Connect Core 1.0, section 5.5)
// as far as anything follows from it. Microsoft's libraries send one with each
// request once they are told what the client can.
type ClaimsRequest struct {
	IDToken []string // the names of what the ID token shall say, in order
	// Capable says that the client can answer a claims challenge: the access
	// token's xms_cc has the value cp1.
	Capable bool
}

// ParseClaims reads a claims parameter. One that is absent asks for nothing.
// Values that are asked of a claim are passed over: what a token says does not
// follow a wish. ClaimsMalformed, if it is no object of objects.
func ParseClaims(text string) (ClaimsRequest, error) {
	var r ClaimsRequest
	if text == "" {
		return r, nil
	}
	var all map[string]map[string]json.RawMessage
	if len(text) > maxClaims || json.Unmarshal([]byte(text), &all) != nil || all == nil {
		return r, malformedClaims()
	}
	for _, wanted := range all {
		if len(wanted) > maxClaimNames {
			return r, malformedClaims()
		}
	}
	r.IDToken = slices.Sorted(maps.Keys(all["id_token"]))
	var can struct {
		Value  string   `json:"value"`
		Values []string `json:"values"`
	}
	if one, ok := all["access_token"]["xms_cc"]; ok && json.Unmarshal(one, &can) == nil {
		r.Capable = slices.ContainsFunc(append(can.Values, can.Value), func(v string) bool { return strings.EqualFold(v, "cp1") })
	}
	return r, nil
}

func malformedClaims() error {
	return fault.Because(fault.Invalid, ClaimsMalformed, "The parameter 'claims' is no object of claims for each token.").
		WithFix("Send a JSON object of at most %d bytes, such as {\"id_token\":{\"auth_time\":null}}.", maxClaims)
}
