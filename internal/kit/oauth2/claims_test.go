package oauth2

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestParseClaims has what libraries send, and OpenID Connect Core 1.0, section
// 5.5.
func TestParseClaims(t *testing.T) {
	tests := []struct {
		name, in string
		want     ClaimsRequest
	}{
		{"none", "", ClaimsRequest{}},
		{"MSAL with a capability", `{"access_token":{"xms_cc":{"values":["CP1"]}}}`, ClaimsRequest{Capable: true}},
		{"another capability", `{"access_token":{"xms_cc":{"values":["protapp"]}}}`, ClaimsRequest{}},
		{"a challenge passed on", `{"access_token":{"nbf":{"essential":true,"value":"1604106651"},"xms_cc":{"values":["cp1"]}}}`, ClaimsRequest{Capable: true}},
		{"MSAL Node 7", `{"id_token":{"signin_state":{"essential":true},"login_hint":null}}`, ClaimsRequest{IDToken: []string{"login_hint", "signin_state"}}},
		{"section 5.5", `{"userinfo":{"given_name":{"essential":true},"picture":null},"id_token":{"auth_time":{"essential":true},"acr":{"values":["urn:mace:incommon:iap:silver"]}}}`,
			ClaimsRequest{IDToken: []string{"acr", "auth_time"}}},
		{"a capability in a form of its own", `{"access_token":{"xms_cc":"cp1"}}`, ClaimsRequest{}},
		{"members of null", `{"id_token":null}`, ClaimsRequest{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseClaims(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	many := make([]string, maxClaimNames+1)
	for i := range many {
		many[i] = fmt.Sprintf(`"c%d":null`, i)
	}
	for _, in := range []string{"x", "[]", "null", `"text"`, `{"id_token":"auth_time"}`, `{"id_token":{}`, `{"id_token":{` + strings.Join(many, ",") + `}}`,
		`{"id_token":{"` + strings.Repeat("a", maxClaims) + `":null}}`} {
		if _, err := ParseClaims(in); !errors.Is(err, ClaimsMalformed) {
			t.Errorf("%.60s: err = %v, want %s", in, err, ClaimsMalformed)
		}
	}
}

func FuzzClaims(f *testing.F) {
	f.Add(`{"access_token":{"xms_cc":{"values":["cp1"]}},"id_token":{"auth_time":null}}`)
	f.Fuzz(func(t *testing.T, text string) {
		r, err := ParseClaims(text)
		if err != nil && !errors.Is(err, ClaimsMalformed) || len(r.IDToken) > maxClaimNames {
			t.Errorf("%q: %+v, %v", text, r, err)
		}
	})
}
