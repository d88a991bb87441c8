package policy

import (
	"context"
	"encoding/json"

	"entente/internal/core/factor"
	"entente/internal/edge/graph/edm"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// securityDefaults is the singleton /policies/identitySecurityDefaultsEnforcementPolicy:
// of whom a second factor is demanded. Graph knows everybody or nobody; the
// administrators between them are ours.
// https://learn.microsoft.com/graph/api/resources/identitysecuritydefaultsenforcementpolicy?view=graph-rest-1.0
func (s Services) securityDefaults() *edm.Set {
	return &edm.Set{
		Path: edm.Both("identitySecurityDefaultsEnforcementPolicy"), Type: edm.Of("identitySecurityDefaultsEnforcementPolicy"), Single: true,
		Doc:    "https://learn.microsoft.com/graph/api/resources/identitysecuritydefaultsenforcementpolicy?view=graph-rest-1.0",
		Get:    edm.Get{May: edm.Alike(edm.Any("Policy.Read.All", "Policy.ReadWrite.SecurityDefaults")).Needing(factor.ReadRule), Do: s.getSecurityDefaults},
		Update: edm.Change{May: edm.Alike(edm.Any("Policy.ReadWrite.SecurityDefaults")).Needing(factor.ChangeRule), Do: s.updateSecurityDefaults},
	}
}

// defaultsPolicy is the policy's identifier, the same in every tenant.
const defaultsPolicy = "00000000-0000-0000-0000-000000000005"

// A securityDefault is how the policy looks.
type securityDefault struct {
	ID          string  `json:"id"`
	Deleted     *string `json:"deletedDateTime"`
	Description string  `json:"description"`
	Name        string  `json:"displayName"`
	Enabled     bool    `json:"isEnabled"`
	Of          string  `json:"secondFactorDemandedOf"`
}

func (s Services) getSecurityDefaults(ctx context.Context, r *edm.Request) (edm.Item, error) {
	return s.read(ctx, r, factor.ReadRule, func(tx *sqldb.Tx) (edm.Item, error) {
		who, err := factor.DemandedOf(ctx, tx, ids.TenantID(r.Who.Tenant))
		if err != nil {
			return edm.Item{}, err
		}
		return item(defaultsPolicy, securityDefault{
			ID: defaultsPolicy, Name: "Security Defaults", Enabled: who == factor.Everybody, Of: string(who),
			Description: "Of whom a second factor is demanded when they sign in.",
		})
	})
}

func (s Services) updateSecurityDefaults(ctx context.Context, r *edm.Request) error {
	var body struct {
		Enabled *bool       `json:"isEnabled"`
		Of      *factor.Who `json:"secondFactorDemandedOf"`
	}
	if err := json.Unmarshal(r.Body, &body); err != nil {
		return fault.New(fault.Invalid, "The request body cannot be read.").Wrap(err)
	}
	if body.Of == nil {
		return s.Factors.DemandOfAll(ctx, r.Who, body.Enabled)
	}
	if body.Enabled != nil && *body.Enabled != (*body.Of == factor.Everybody) {
		return fault.InvalidAt("secondFactorDemandedOf", "isEnabled stands for a second factor of everybody. Give one of the two, or both alike.")
	}
	return s.Factors.Demand(ctx, r.Who, *body.Of)
}
