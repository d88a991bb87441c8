package crosstenant

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"entente/internal/core/audit"
	"entente/internal/core/authz"
	"entente/internal/core/object"
	"entente/internal/core/tenant"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// A Service reads and changes cross-tenant access policies.
type Service struct{ db *sqldb.DB }

// NewService returns a service on db.
func NewService(db *sqldb.DB) *Service { return &Service{db} }

// The actions of directory roles by which people see the policies of a tenant.
const (
	Read         authz.Action = "crossTenantAccessPolicy/standard/read"
	ReadDefault  authz.Action = "crossTenantAccessPolicy/default/standard/read"
	ReadPartners authz.Action = "crossTenantAccessPolicy/partners/standard/read"
	ReadSync     authz.Action = "crossTenantAccessPolicy/partners/identitySynchronization/standard/read"
)

// The actions of directory roles by which people change policies.
const (
	changeClouds authz.Action = "crossTenantAccessPolicy/allowedCloudEndpoints/update"
	addPartners  authz.Action = "crossTenantAccessPolicy/partners/create"
	dropPartners authz.Action = "crossTenantAccessPolicy/partners/delete"
	createSync   authz.Action = "crossTenantAccessPolicy/partners/identitySynchronization/create"
	changeSync   authz.Action = "crossTenantAccessPolicy/partners/identitySynchronization/basic/update"
)

// What a configuration belongs to: the default, or a partner's.
const (
	ofDefault  authz.Action = "crossTenantAccessPolicy/default/"
	ofPartners authz.Action = "crossTenantAccessPolicy/partners/"
)

// sections are the members of a configuration for which there are actions of
// their own. All others, trust and automatic consent among them, let people
// come in and go out as B2B collaboration does.
var sections = map[string]authz.Action{
	"b2bDirectConnectInbound": "b2bDirectConnect/update", "b2bDirectConnectOutbound": "b2bDirectConnect/update",
	"tenantRestrictions": "tenantRestrictions/update",
}

// changes returns what it takes to change the members of a Graph body. One that
// cannot be read is refused where it is applied.
func changes(of authz.Action, body []byte) (all []authz.Action) {
	var asked map[string]json.RawMessage
	if json.Unmarshal(body, &asked) != nil {
		return []authz.Action{of + "b2bCollaboration/update"}
	}
	for name := range asked {
		does, ok := sections[name]
		if !ok {
			does = "b2bCollaboration/update"
		}
		if name != "tenantId" && !slices.Contains(all, of+does) {
			all = append(all, of+does)
		}
	}
	return all
}

// orAny returns actions, or what it takes to change B2B collaboration where a
// body changes nothing.
func orAny(of authz.Action, actions []authz.Action) []authz.Action {
	if len(actions) == 0 {
		return []authz.Action{of + "b2bCollaboration/update"}
	}
	return actions
}

// everySection returns what it takes to change every section.
func everySection(of authz.Action) []authz.Action {
	return []authz.Action{of + "b2bCollaboration/update", of + "b2bDirectConnect/update", of + "tenantRestrictions/update"}
}

// change runs a rule in a transaction for whoever may do actions, and records
// what it returns.
func (s *Service) change(ctx context.Context, who authz.Caller, actions []authz.Action, activity string, rule func(tx *sqldb.Tx) (audit.Entry, error)) error {
	return s.db.Update(ctx, func(tx *sqldb.Tx) error {
		if err := authz.Allow(ctx, tx, who, "", actions...); err != nil {
			return err
		}
		e, err := rule(tx)
		if err != nil {
			return err
		}
		if e.Category == "" {
			e.Category = "CrossTenantAccessSettings"
		}
		e.Activity, e.Target.Kind = activity, "Policy"
		return audit.Record(ctx, tx, who, e)
	})
}

// SetClouds replaces the other clouds that the tenant allows.
func (s *Service) SetClouds(ctx context.Context, who authz.Caller, list []string) error {
	return s.change(ctx, who, []authz.Action{changeClouds}, "Update the company default cross-tenant access setting", func(tx *sqldb.Tx) (audit.Entry, error) {
		if err := checkClouds(list); err != nil {
			return audit.Entry{}, err
		}
		before, err := Clouds(ctx, tx, who.Tenant)
		if err != nil {
			return audit.Entry{}, err
		}
		type shown struct {
			Clouds []string `json:"allowedCloudEndpoints"`
		}
		e := audit.Entry{Target: audit.Target{ID: PolicyID(who.Tenant)}, Changes: audit.Diff(shown{before}, shown{list})}
		return e, putClouds(ctx, tx, who.Tenant, list)
	})
}

// UpdateDefault changes the default configuration by a Graph body. A section
// that is null is the system's again.
func (s *Service) UpdateDefault(ctx context.Context, who authz.Caller, body []byte) error {
	return s.change(ctx, who, orAny(ofDefault, changes(ofDefault, body)), "Update the company default cross-tenant access setting", func(tx *sqldb.Tx) (audit.Entry, error) {
		d, err := storedDefault(ctx, tx, who.Tenant)
		if err != nil {
			return audit.Entry{}, err
		}
		after := d
		if err := copyOf(d, &after); err != nil {
			return audit.Entry{}, err
		}
		after.version = d.version
		if err := change(&after, body); err != nil {
			return audit.Entry{}, err
		}
		after.ServiceDefault = false
		if err := after.check(); err != nil {
			return audit.Entry{}, err
		}
		if err := after.Redemption.check(); err != nil {
			return audit.Entry{}, err
		}
		e := audit.Entry{Target: audit.Target{ID: PolicyID(who.Tenant)}, Changes: audit.Diff(d, after)}
		return e, putDefault(ctx, tx, who.Tenant, after)
	})
}

// ResetDefault makes the default configuration the system's again.
func (s *Service) ResetDefault(ctx context.Context, who authz.Caller) error {
	return s.change(ctx, who, everySection(ofDefault), "Reset the cross-tenant access default setting", func(tx *sqldb.Tx) (audit.Entry, error) {
		d, err := storedDefault(ctx, tx, who.Tenant)
		if err != nil {
			return audit.Entry{}, err
		}
		e := audit.Entry{Target: audit.Target{ID: PolicyID(who.Tenant)}, Changes: audit.Diff(d, Default{ServiceDefault: true})}
		return e, dropDefault(ctx, tx, who.Tenant)
	})
}

// AddPartner makes the configuration towards a tenant from a Graph body. The
// tenant must be another one of this installation.
func (s *Service) AddPartner(ctx context.Context, who authz.Caller, body []byte) (*Partner, error) {
	p := &Partner{}
	err := s.change(ctx, who, append(changes(ofPartners, body), addPartners), "Add a partner to cross-tenant access setting", func(tx *sqldb.Tx) (audit.Entry, error) {
		if err := change(p, body); err != nil {
			return audit.Entry{}, err
		}
		p.Tenant, p.InOrganization = ids.TenantID(lower(string(p.Tenant))), false
		if err := isPartner(ctx, tx, who.Tenant, p.Tenant); err != nil {
			return audit.Entry{}, err
		}
		if err := p.check(); err != nil {
			return audit.Entry{}, err
		}
		return entryOf(p, Partner{Tenant: p.Tenant}, p), addPartner(ctx, tx, who.Tenant, p)
	})
	return p, err
}

// isPartner refuses a tenant that is the caller's own, or none at all.
func isPartner(ctx context.Context, tx *sqldb.Tx, own, partner ids.TenantID) error {
	refuse := func(format string) error {
		f := fault.Because(fault.Invalid, NoTenant, format, string(partner))
		f.Target = "tenantId"
		return f
	}
	switch {
	case !ids.Valid(string(partner)):
		return refuse("The tenantId '%.64s' is no identifier of a tenant.")
	case partner == own:
		return refuse("The tenantId %s is that of this tenant: a partner is another one.")
	}
	_, err := tenant.Resolve(ctx, tx, string(partner))
	if errors.Is(err, fault.NotFound) {
		return refuse("The tenantId %s is not valid: there is no such tenant.")
	}
	return err
}

// UpdatePartner changes the configuration towards a partner by a Graph body. A
// section that is null is inherited from the default again.
func (s *Service) UpdatePartner(ctx context.Context, who authz.Caller, partner ids.TenantID, body []byte) error {
	return s.partner(ctx, who, orAny(ofPartners, changes(ofPartners, body)), partner, "Update a partner cross-tenant access setting", func(p *Partner) error {
		id := p.Tenant
		if err := change(p, body); err != nil {
			return err
		}
		p.Tenant, p.InOrganization = id, false
		return p.check()
	})
}

// partner changes a stored partner by a rule.
func (s *Service) partner(ctx context.Context, who authz.Caller, actions []authz.Action, partner ids.TenantID, activity string, rule func(*Partner) error) error {
	return s.change(ctx, who, actions, activity, func(tx *sqldb.Tx) (audit.Entry, error) {
		before, err := GetPartner(ctx, tx, who.Tenant, partner)
		if err != nil {
			return audit.Entry{}, err
		}
		after, err := GetPartner(ctx, tx, who.Tenant, partner)
		if err == nil {
			err = rule(after)
		}
		if err != nil {
			return audit.Entry{}, err
		}
		return entryOf(after, before, after), putPartner(ctx, tx, who.Tenant, after)
	})
}

// RemovePartner ends the configuration towards a partner: the default counts.
func (s *Service) RemovePartner(ctx context.Context, who authz.Caller, partner ids.TenantID) error {
	return s.change(ctx, who, []authz.Action{dropPartners}, "Delete partner specific cross-tenant access setting", func(tx *sqldb.Tx) (audit.Entry, error) {
		p, err := GetPartner(ctx, tx, who.Tenant, partner)
		if err != nil {
			return audit.Entry{}, err
		}
		return entryOf(p, p, Partner{Tenant: p.Tenant}), dropPartner(ctx, tx, who.Tenant, p.Tenant)
	})
}

// GetSync returns whether a partner may make and keep users here, or NotFound
// where nothing was ever said.
func GetSync(ctx context.Context, tx *sqldb.Tx, tenant, partner ids.TenantID) (*Sync, error) {
	p, err := GetPartner(ctx, tx, tenant, partner)
	if err != nil {
		return nil, err
	}
	if p.Sync == nil {
		return nil, object.Missing(string(p.Tenant))
	}
	return p.Sync, nil
}

// PutSync says by a Graph body whether a partner may make and keep users here.
// With fresh what was said before is forgotten, otherwise it is changed and
// must be there.
func (s *Service) PutSync(ctx context.Context, who authz.Caller, partner ids.TenantID, body []byte, fresh bool) error {
	activity, does := "Update a partner cross-tenant identity sync setting", changeSync
	if fresh {
		does = createSync
		activity = "Create a partner cross-tenant identity sync setting"
	}
	return s.partner(ctx, who, []authz.Action{does}, partner, activity, func(p *Partner) error {
		switch {
		case fresh:
			p.Sync = &Sync{}
		case p.Sync == nil:
			return object.Missing(string(p.Tenant))
		}
		if err := change(p.Sync, body); err != nil {
			return err
		}
		p.Sync.Tenant = p.Tenant
		return p.Sync.check()
	})
}

// RemoveSync takes back what PutSync said.
func (s *Service) RemoveSync(ctx context.Context, who authz.Caller, partner ids.TenantID) error {
	return s.partner(ctx, who, []authz.Action{changeSync}, partner, "Delete a partner cross-tenant identity sync setting", func(p *Partner) error {
		if p.Sync == nil {
			return object.Missing(string(p.Tenant))
		}
		p.Sync = nil
		return nil
	})
}

// entryOf is the entry of a change of a partner's configuration.
func entryOf(p *Partner, before, after any) audit.Entry {
	e := audit.Entry{Target: audit.Target{ID: string(p.Tenant)}, Changes: audit.Diff(before, after)}
	b, _ := before.(*Partner)
	a, _ := after.(*Partner)
	if a != nil && b != nil && (a.Sync != nil || b.Sync != nil) {
		e.Changes = append(e.Changes, audit.Diff(orNothing(b.Sync), orNothing(a.Sync))...)
	}
	return e
}

func orNothing(s *Sync) any {
	if s == nil {
		return struct{}{}
	}
	return s
}

// copyOf makes into a copy of v that shares nothing with it.
func copyOf(v, into any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}
