package directory

import (
	"context"
	"encoding/json"
	"errors"

	"entente/internal/core/tenant"
	"entente/internal/edge/graph/edm"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// tenantRelationships answers who another tenant is: four fields and no more,
// the only read across tenants that Graph documents. A tenant that is switched
// off is not there. How often one application may ask is limited whatever the
// operator's limit: names could be tried out.
// https://learn.microsoft.com/graph/api/resources/tenantinformation?view=graph-rest-1.0
func (s Services) tenantRelationships() *edm.Set {
	may := edm.Alike(edm.Any("CrossTenantInformation.ReadBasic.All"))
	find := func(name, param string, read func(string) (string, error)) edm.Action {
		return edm.Action{
			Name: name, Function: true, Returns: edm.Of("tenantInformation"), May: may, Rate: 100,
			Params: []edm.Prop{{Name: param, Type: edm.String, NotNull: true, Write: edm.CU, Required: true}},
			Do: func(ctx context.Context, r *edm.Request) (json.RawMessage, error) {
				args := map[string]string{}
				if err := json.Unmarshal(r.Body, &args); err != nil {
					return nil, err
				}
				key, err := read(args[param])
				if err != nil {
					return nil, err
				}
				return s.tenantInformation(ctx, key)
			},
		}
	}
	return &edm.Set{
		Path: edm.Both("tenantRelationships"), Type: edm.Of("tenantRelationship"), Single: true,
		Doc: "https://learn.microsoft.com/graph/api/resources/tenantinformation?view=graph-rest-1.0",
		Actions: []edm.Action{
			find("findTenantInformationByTenantId", "tenantId", func(id string) (string, error) {
				t, err := ids.Parse[ids.TenantID](id)
				return string(t), err
			}),
			find("findTenantInformationByDomainName", "domainName", tenant.ParseDomain),
		},
	}
}

// tenantTypes are the types of what is told of other tenants.
func tenantTypes() ([]edm.Entity, edm.Complex) {
	return []edm.Entity{{Name: "tenantRelationship", Base: "entity"}}, edm.Complex{Name: "tenantInformation", Props: []edm.Prop{
		{Name: "tenantId", Type: edm.String, NotNull: true},
		{Name: "federationBrandName", Type: edm.String},
		{Name: "displayName", Type: edm.String},
		{Name: "defaultDomainName", Type: edm.String},
	}}
}

// tenantInformation returns the four fields of the tenant that key, an
// identifier or a verified domain, names.
func (s Services) tenantInformation(ctx context.Context, key string) (json.RawMessage, error) {
	t, err := view(ctx, s.DB, func(tx *sqldb.Tx) (*tenant.Tenant, error) {
		found, err := tenant.Resolve(ctx, tx, key)
		if err == nil {
			err = found.Active()
		}
		if err != nil {
			return nil, err
		}
		return tenant.Get(ctx, tx, found.ID)
	})
	if errors.Is(err, tenant.NotFound) || errors.Is(err, tenant.Disabled) {
		return nil, fault.Because(fault.NotFound, tenant.NoInformation, "No tenant '%.253s' was found.", key)
	}
	if err != nil {
		return nil, err
	}
	return json.Marshal(struct {
		ID      ids.TenantID `json:"tenantId"`
		Brand   *string      `json:"federationBrandName"`
		Name    string       `json:"displayName"`
		Default string       `json:"defaultDomainName"`
	}{t.ID, nil, t.DisplayName, t.DefaultDomain()})
}
