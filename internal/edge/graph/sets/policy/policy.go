// Package policy declares the entity sets of a tenant's policies: cross-tenant
// access, with its default and partners, authorization; and the invitations
// that both govern.
//
// It says what each set shows, who may ask, and which service answers; it
// decides nothing.
package policy

import (
	"context"
	"encoding/json"

	"entente/internal/core/authz"
	"entente/internal/core/crosstenant"
	"entente/internal/core/factor"
	"entente/internal/core/tenant"
	"entente/internal/edge/graph/edm"
	"entente/internal/flow/guest"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// Services are what answers for the sets.
type Services struct {
	DB      *sqldb.DB
	Cross   *crosstenant.Service
	Tenants *tenant.Service
	Guests  *guest.Service
	Factors *factor.Service
}

// Sets returns the sets.
func (s Services) Sets() []*edm.Set { return []*edm.Set{s.policies(), s.invitations()} }

// policies is the singleton /policies, which has nothing of its own.
func (s Services) policies() *edm.Set {
	return &edm.Set{
		Path: edm.Both("policies"), Type: edm.Of("policyRoot"), Single: true,
		Doc:   "https://learn.microsoft.com/graph/api/resources/policy-overview?view=graph-rest-1.0",
		Parts: []*edm.Set{s.crossTenantAccess(), s.authorization(), s.securityDefaults()},
	}
}

var (
	readCross     = edm.Alike(edm.Any("Policy.Read.All", "Policy.ReadWrite.CrossTenantAccess")).Needing(crosstenant.Read)
	readDefault   = readCross.Needing(crosstenant.ReadDefault)
	readPartners  = readCross.Needing(crosstenant.ReadPartners)
	readSync      = readCross.Needing(crosstenant.ReadSync)
	writeCross    = edm.Alike(edm.Any("Policy.ReadWrite.CrossTenantAccess")).Needing("crossTenantAccessPolicy/allowedCloudEndpoints/update")
	writeDefault  = writeCross.Needing(changesOf("default")...)
	addPartners   = writeCross.Needing("crossTenantAccessPolicy/partners/create")
	writePartners = writeCross.Needing(changesOf("partners")...)
	dropPartners  = writeCross.Needing("crossTenantAccessPolicy/partners/delete")
	writeSync     = writeCross.Needing("crossTenantAccessPolicy/partners/identitySynchronization/basic/update")
	putSync       = writeCross.Needing("crossTenantAccessPolicy/partners/identitySynchronization/create")
)

// changesOf returns the actions by which the parts of a configuration are changed.
func changesOf(of authz.Action) (all []authz.Action) {
	for _, section := range []authz.Action{"b2bCollaboration", "b2bDirectConnect", "tenantRestrictions"} {
		all = append(all, "crossTenantAccessPolicy/"+of+"/"+section+"/update")
	}
	return all
}

// crossTenantAccess is the singleton /policies/crossTenantAccessPolicy.
// https://learn.microsoft.com/graph/api/resources/crosstenantaccesspolicy?view=graph-rest-1.0
func (s Services) crossTenantAccess() *edm.Set {
	return &edm.Set{
		Path: edm.Both("crossTenantAccessPolicy"), Type: edm.Of("crossTenantAccessPolicy"), Single: true, Exact: true,
		Doc:    "https://learn.microsoft.com/graph/api/resources/crosstenantaccesspolicy?view=graph-rest-1.0",
		Get:    edm.Get{May: readCross, Do: s.getCross},
		Update: edm.Change{May: writeCross, Do: s.updateCross},
		Parts:  []*edm.Set{s.defaults(), s.partners()},
	}
}

// A cross is how the policy itself looks.
type cross struct {
	ID          string   `json:"id"`
	Deleted     *string  `json:"deletedDateTime"`
	Description *string  `json:"description"`
	Name        string   `json:"displayName"`
	Clouds      []string `json:"allowedCloudEndpoints"`
}

func (s Services) getCross(ctx context.Context, r *edm.Request) (edm.Item, error) {
	return s.read(ctx, r, crosstenant.Read, func(tx *sqldb.Tx) (edm.Item, error) {
		clouds, err := crosstenant.Clouds(ctx, tx, r.Who.Tenant)
		if err != nil {
			return edm.Item{}, err
		}
		id := crosstenant.PolicyID(r.Who.Tenant)
		return item(id, cross{ID: id, Name: "CrossTenantAccessPolicy", Clouds: clouds})
	})
}

func (s Services) updateCross(ctx context.Context, r *edm.Request) error {
	var body struct {
		Clouds *[]string `json:"allowedCloudEndpoints"`
	}
	if err := json.Unmarshal(r.Body, &body); err != nil || body.Clouds == nil {
		return err
	}
	return s.Cross.SetClouds(ctx, r.Who, *body.Clouds)
}

// defaults is the singleton …/default.
// https://learn.microsoft.com/graph/api/resources/crosstenantaccesspolicyconfigurationdefault?view=graph-rest-1.0
func (s Services) defaults() *edm.Set {
	return &edm.Set{
		Path: edm.Both("default"), Type: edm.Of("crossTenantAccessPolicyConfigurationDefault"), Single: true, Exact: true,
		Doc:    "https://learn.microsoft.com/graph/api/resources/crosstenantaccesspolicyconfigurationdefault?view=graph-rest-1.0",
		Get:    edm.Get{May: readDefault, Do: s.getDefault},
		Update: edm.Change{May: writeDefault, Do: func(ctx context.Context, r *edm.Request) error { return s.Cross.UpdateDefault(ctx, r.Who, r.Body) }},
		Actions: []edm.Action{{Name: "resetToSystemDefault", May: writeDefault,
			Do: func(ctx context.Context, r *edm.Request) (json.RawMessage, error) {
				return nil, s.Cross.ResetDefault(ctx, r.Who)
			}}},
	}
}

func (s Services) getDefault(ctx context.Context, r *edm.Request) (edm.Item, error) {
	return s.read(ctx, r, crosstenant.ReadDefault, func(tx *sqldb.Tx) (edm.Item, error) {
		d, err := crosstenant.GetDefault(ctx, tx, r.Who.Tenant)
		if err != nil {
			return edm.Item{}, err
		}
		return item("", d)
	})
}

// partners is the entity set …/partners, whose key is the partner's tenant.
// https://learn.microsoft.com/graph/api/resources/crosstenantaccesspolicyconfigurationpartner?view=graph-rest-1.0
func (s Services) partners() *edm.Set {
	return &edm.Set{
		Path: edm.Both("partners"), Type: edm.Of("crossTenantAccessPolicyConfigurationPartner"), Exact: true,
		Doc:    "https://learn.microsoft.com/graph/api/resources/crosstenantaccesspolicyconfigurationpartner?view=graph-rest-1.0",
		List:   edm.List{May: readPartners, Do: s.listPartners},
		Get:    edm.Get{May: readPartners, Do: s.getPartner},
		Create: edm.Create{May: addPartners, Do: s.addPartner},
		Update: edm.Change{May: writePartners, Do: func(ctx context.Context, r *edm.Request) error {
			return s.Cross.UpdatePartner(ctx, r.Who, ids.TenantID(r.ID), r.Body)
		}},
		Delete: edm.Change{May: dropPartners, Do: func(ctx context.Context, r *edm.Request) error {
			return s.Cross.RemovePartner(ctx, r.Who, ids.TenantID(r.ID))
		}},
		Parts: []*edm.Set{s.synchronization()},
	}
}

func partnerItem(p *crosstenant.Partner) (edm.Item, error) { return item(string(p.Tenant), p) }

func (s Services) listPartners(ctx context.Context, r *edm.Request) (page edm.Page, err error) {
	err = s.DB.View(ctx, func(tx *sqldb.Tx) error {
		if err := authz.Allow(ctx, tx, r.Who, "", crosstenant.ReadPartners); err != nil {
			return err
		}
		if r.Count {
			if page.Total, err = crosstenant.CountPartners(ctx, tx, r.Who.Tenant, r.Query.Filter); err != nil || r.Only {
				return err
			}
		}
		found, err := crosstenant.ListPartners(ctx, tx, r.Who.Tenant, r.Query)
		if err != nil {
			return err
		}
		page.Next = found.Next
		for _, p := range found.Items {
			it, err := partnerItem(p)
			if err != nil {
				return err
			}
			page.Items = append(page.Items, it)
		}
		return nil
	})
	return page, err
}

func (s Services) getPartner(ctx context.Context, r *edm.Request) (edm.Item, error) {
	return s.read(ctx, r, crosstenant.ReadPartners, func(tx *sqldb.Tx) (edm.Item, error) {
		p, err := crosstenant.GetPartner(ctx, tx, r.Who.Tenant, ids.TenantID(r.ID))
		if err != nil {
			return edm.Item{}, err
		}
		return partnerItem(p)
	})
}

func (s Services) addPartner(ctx context.Context, r *edm.Request) (edm.Item, error) {
	p, err := s.Cross.AddPartner(ctx, r.Who, r.Body)
	if err != nil {
		return edm.Item{}, err
	}
	return partnerItem(p)
}

// synchronization is the singleton below a partner that says whether it may
// make and keep users here. It is put first, and changed then.
// https://learn.microsoft.com/graph/api/resources/crosstenantidentitysyncpolicypartner?view=graph-rest-1.0
func (s Services) synchronization() *edm.Set {
	put := func(ctx context.Context, r *edm.Request, fresh bool) error {
		return s.Cross.PutSync(ctx, r.Who, ids.TenantID(r.Parent()), r.Body, fresh)
	}
	return &edm.Set{
		Path: edm.Both("identitySynchronization"), Type: edm.Of("crossTenantIdentitySyncPolicyPartner"), Single: true, Exact: true,
		Doc: "https://learn.microsoft.com/graph/api/resources/crosstenantidentitysyncpolicypartner?view=graph-rest-1.0",
		Get: edm.Get{May: readSync, Do: s.getSync},
		Put: edm.Create{May: putSync, Do: func(ctx context.Context, r *edm.Request) (edm.Item, error) {
			return edm.Item{}, put(ctx, r, true)
		}},
		Update: edm.Change{May: writeSync, Do: func(ctx context.Context, r *edm.Request) error { return put(ctx, r, false) }},
		Delete: edm.Change{May: writeSync, Do: func(ctx context.Context, r *edm.Request) error {
			return s.Cross.RemoveSync(ctx, r.Who, ids.TenantID(r.Parent()))
		}},
	}
}

func (s Services) getSync(ctx context.Context, r *edm.Request) (edm.Item, error) {
	return s.read(ctx, r, crosstenant.ReadSync, func(tx *sqldb.Tx) (edm.Item, error) {
		sync, err := crosstenant.GetSync(ctx, tx, r.Who.Tenant, ids.TenantID(r.Parent()))
		if err != nil {
			return edm.Item{}, err
		}
		return item(string(sync.Tenant), sync)
	})
}

// read reads in one snapshot what people need a role to see.
func (s Services) read(ctx context.Context, r *edm.Request, action authz.Action, do func(*sqldb.Tx) (edm.Item, error)) (it edm.Item, err error) {
	err = s.DB.View(ctx, func(tx *sqldb.Tx) error {
		if err := authz.Allow(ctx, tx, r.Who, "", action); err != nil {
			return err
		}
		it, err = do(tx)
		return err
	})
	return it, err
}

// item renders a value whose JSON is Graph's.
func item(id string, v any) (edm.Item, error) {
	face, err := json.Marshal(v)
	return edm.Item{ID: id, Face: face}, err
}
