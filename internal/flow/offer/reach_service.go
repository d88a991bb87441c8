package offer

import (
	"context"
	"errors"
	"strings"

	"entente/internal/core/authz"
	"entente/internal/core/tenant"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// A Candidate is where people of an organization sign in, as it was found by what
// somebody typed.
type Candidate struct {
	Source
	Tenant string // its name, where it is a tenant of this installation
	Taken  *Organization
}

// FindSource returns the identity source that a domain or a tenant's identifier
// names: the tenant of this installation that has it, or else the domain, whose
// people prove who they are otherwise. What is neither is Invalid.
func (s *Service) FindSource(ctx context.Context, who authz.Caller, typed string) (Candidate, error) {
	return View(ctx, s.db, func(tx *sqldb.Tx) (c Candidate, err error) {
		if err := May(ctx, tx, who, "", toConnect); err != nil {
			return c, err
		}
		typed = strings.ToLower(strings.TrimSpace(typed))
		home := ids.TenantID(typed)
		if !ids.Valid(typed) {
			c.Source = Source{Kind: DomainSource, Domain: strings.TrimPrefix(typed, "@")}
			if err := c.check("identitySources"); err != nil {
				return c, fault.New(fault.Invalid, "Type a domain, such as partner.example, or a tenant ID.")
			}
			if home, err = tenantWith(ctx, tx, c.Domain); err != nil {
				return c, err
			}
		}
		if home == who.Tenant {
			return c, fault.New(fault.Invalid, "That is this organization itself.")
		}
		if home != "" {
			in, err := tenant.Get(ctx, tx, home)
			if err == nil {
				err = in.Active()
			}
			if errors.Is(err, fault.NotFound) || errors.Is(err, fault.Forbidden) {
				return c, fault.New(fault.Invalid, "No organization here has the tenant ID %s.", home).WithFix("Type one of its domains instead.")
			}
			if err != nil {
				return c, err
			}
			c.Source, c.Tenant = Source{Kind: TenantSource, Home: home, Name: in.DisplayName}, in.DisplayName
		}
		c.Taken, err = organizationWith(ctx, tx, who.Tenant, c.Source)
		return c, err
	})
}

// organizationWith returns the organization that has the source already, or nil.
func organizationWith(ctx context.Context, tx *sqldb.Tx, in ids.TenantID, s Source) (*Organization, error) {
	space, value := s.key()
	var id ids.OrganizationID
	err := tx.One(ctx, `select organization_id from organization_source where tenant_id = ? and space = ? and value = ?`, []any{in, space, value}, &id)
	if errors.Is(err, fault.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return OrganizationByID(ctx, tx, in, id)
}

// PoliciesNaming returns the policies that name a connected organization, the
// oldest first: of the catalogs that the caller may see.
func (s *Service) PoliciesNaming(ctx context.Context, who authz.Caller, id ids.OrganizationID) ([]*Policy, error) {
	return View(ctx, s.db, func(tx *sqldb.Tx) ([]*Policy, error) {
		only, err := Readable(ctx, tx, who, ToRead)
		if err != nil {
			return nil, err
		}
		limit, args := Among("p.catalog_id", only)
		return sqldb.All(ctx, tx, "select "+policyColumns+` from assignment_policy a join access_package p on p.tenant_id = a.tenant_id and p.id = a.package_id
			where a.tenant_id = ? and a.id in (select x.policy_id from policy_subject x where x.tenant_id = ? and x.subject_id = ?)`+limit+
			" order by a.created_us, a.id limit 500", append([]any{who.Tenant, who.Tenant, id}, args...), scanPolicy)
	})
}
