package token

import (
	"entente/internal/kit/ids"
	"entente/internal/kit/jose"
)

// About is what a token says of a person, an access token and an ID token
// alike. Much of it is there only if the application that reads the token asks
// for it; see Extra.
type About struct {
	Account   *int       `json:"acct,omitempty"` // 0 member, 1 guest
	ACR       string     `json:"acr,omitempty"`
	AltSecID  string     `json:"altsecid,omitempty"`
	AMR       []string   `json:"amr,omitempty"`
	AuthTime  *jose.Date `json:"auth_time,omitempty"`
	Country   string     `json:"ctry,omitempty"`
	Email     string     `json:"email,omitempty"`
	Family    string     `json:"family_name,omitempty"`
	Given     string     `json:"given_name,omitempty"`
	Groups    []string   `json:"groups,omitempty"`
	HasGroups bool       `json:"hasgroups,omitempty"`
	Provider  string     `json:"idp,omitempty"`
	IP        string     `json:"ipaddr,omitempty"`
	LoginHint string     `json:"login_hint,omitempty"`
	Name      string     `json:"name,omitempty"`
	Preferred string     `json:"preferred_username,omitempty"`

	Session        ids.SessionID     `json:"sid,omitempty"`
	TenantCountry  string            `json:"tenant_ctry,omitempty"`
	TenantRegion   string            `json:"tenant_region_scope,omitempty"`
	UniqueName     string            `json:"unique_name,omitempty"`
	UPN            string            `json:"upn,omitempty"`
	PrimaryEmail   []string          `json:"verified_primary_email,omitempty"`
	SecondaryEmail []string          `json:"verified_secondary_email,omitempty"`
	WIDs           []string          `json:"wids,omitempty"`
	EmailVerified  bool              `json:"xms_edov,omitempty"`
	Location       string            `json:"xms_pdl,omitempty"`
	Language       string            `json:"xms_pl,omitempty"`
	ClaimNames     map[string]string `json:"_claim_names,omitempty"`
	ClaimSources   map[string]Source `json:"_claim_sources,omitempty"`
}

// A Source says where a claim is to be read that is not in the token (OpenID
// Connect Core 1.0, section 5.6.2).
type Source struct {
	Endpoint string `json:"endpoint"`
}
