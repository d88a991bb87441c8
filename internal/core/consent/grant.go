package consent

import (
	"strings"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// Consent types of a delegated grant.
const (
	AllPrincipals = "AllPrincipals" // for everybody in the tenant
	OnePrincipal  = "Principal"
)

// A Grant lets a client act for people on a resource, within its scopes. The
// members with JSON names are Graph's.
// https://learn.microsoft.com/graph/api/resources/oauth2permissiongrant?view=graph-rest-1.0
type Grant struct {
	Tenant ids.TenantID `json:"-"`

	ID          ids.GrantID   `json:"id"`
	ClientID    ids.ObjectID  `json:"clientId"`
	ConsentType string        `json:"consentType"`
	PrincipalID *ids.ObjectID `json:"principalId"`
	ResourceID  ids.ObjectID  `json:"resourceId"`
	Scope       string        `json:"scope"` // the live scopes, separated by spaces
}

// Why a grant is refused.
const (
	GrantExists fault.Reason = "consent.grant_exists"
)

const (
	maxScopeText = 3850
	maxScope     = 250
)

// NewGrant returns a grant without scopes. Its identity is its tuple.
func NewGrant(tenant ids.TenantID, client, resource, principal ids.ObjectID, consentType string) (Grant, error) {
	g := Grant{Tenant: tenant, ClientID: client, ResourceID: resource, ConsentType: consentType}
	switch {
	case consentType == AllPrincipals && principal == "":
	case consentType == OnePrincipal && principal != "":
		g.PrincipalID = &principal
	default:
		return g, fault.InvalidAt("consentType", "Invalid value specified for property 'consentType' of resource 'OAuth2PermissionGrant'.").
			WithFix("consentType is AllPrincipals without principalId, or Principal with one.")
	}
	g.ID = ids.GrantIDOf(client, resource, principal)
	return g, nil
}

// Scopes returns the scope names in a text, once each, in order.
func Scopes(text string) ([]string, error) {
	if len(text) > maxScopeText {
		return nil, fault.InvalidAt("scope", "A grant's scope has at most %d characters.", maxScopeText)
	}
	var list []string
	seen := make(map[string]bool)
	for _, s := range strings.Fields(text) {
		if len(s) > maxScope {
			return nil, fault.InvalidAt("scope", "A scope has at most %d characters.", maxScope)
		}
		if !seen[s] {
			seen[s] = true
			list = append(list, s)
		}
	}
	return list, nil
}
