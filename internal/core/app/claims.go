package app

import "encoding/json"

// ManifestClaims are what an application asks of the tokens that it reads, as
// the store keeps it beside the application for the token endpoint.
type ManifestClaims struct {
	Groups      string          `json:"groups,omitempty"` // groupMembershipClaims
	IDToken     []OptionalClaim `json:"idToken,omitempty"`
	AccessToken []OptionalClaim `json:"accessToken,omitempty"`
}

// manifestClaims returns them as they are kept: empty for an application that
// asks for nothing.
func (a *Application) manifestClaims() (string, error) {
	m := ManifestClaims{Groups: text(a.GroupMembershipClaims)}
	if o := a.OptionalClaims; o != nil {
		m.IDToken, m.AccessToken = o.IDToken, o.AccessToken
	}
	if m.Groups == "None" {
		m.Groups = ""
	}
	if m.Groups == "" && len(m.IDToken) == 0 && len(m.AccessToken) == 0 {
		return "", nil
	}
	kept, err := json.Marshal(m)
	return string(kept), err
}
