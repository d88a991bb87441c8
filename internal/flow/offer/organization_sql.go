package offer

import (
	"context"
	"errors"
	"strings"

	"entente/internal/core/object"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

const organizationColumns = "o.tenant_id, o.id, o.name, o.description, o.state, o.created_by, o.created_us, o.modified_by, o.modified_us, o.version"

func scanOrganization(scan func(...any) error) (*Organization, error) {
	o := &Organization{}
	var created, modified int64
	err := scan(&o.Tenant, &o.ID, &o.Name, &o.Description, &o.State, &o.CreatedBy, &created, &o.ModifiedBy, &modified, &o.version)
	o.CreatedAt, o.ModifiedAt = sqldb.Time(created), sqldb.Time(modified)
	return o, err
}

// organizationTable tells by what organizations can be found and sorted.
var organizationTable = query.Table{Key: []string{"id"}, Fields: map[string]query.Column{
	"id":               {SQL: "o.id"},
	"displayName":      {SQL: "o.name_folded", Fold: true},
	"state":            {SQL: "o.state", Among: []string{string(Configured), string(Proposed)}},
	"createdDateTime":  {SQL: "o.created_us", Kind: query.Time},
	"modifiedDateTime": {SQL: "o.modified_us", Kind: query.Time},
}}

// OrganizationByID returns the organization with its sources, or NotFound.
func OrganizationByID(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.OrganizationID) (*Organization, error) {
	o, err := Row(ctx, tx, string(id), "select "+organizationColumns+" from connected_organization o where o.tenant_id = ? and o.id = ?", []any{tenant, id}, scanOrganization)
	if err != nil {
		return nil, err
	}
	return o, loadSources(ctx, tx, tenant, []*Organization{o})
}

// organizationsByID tells which of some connected organizations there are.
func organizationsByID(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, keys []ids.OrganizationID) (map[ids.OrganizationID]bool, error) {
	all, err := Several(ctx, tx, "select o.id from connected_organization o where o.tenant_id = ? and o.id", tenant, keys,
		func(scan func(...any) error) (id ids.OrganizationID, err error) { return id, scan(&id) })
	there := make(map[ids.OrganizationID]bool, len(all))
	for _, id := range all {
		there[id] = true
	}
	return there, err
}

// OrganizationOf returns the organization that somebody belongs to, or nil: by
// the tenant at which they signed in, with any of its verified domains, and
// otherwise by the domain that was proved. An address in a tenant's domain that
// was not proved there does not count as the tenant's.
func OrganizationOf(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, from Provenance) (*Organization, error) {
	var id ids.OrganizationID
	var err error
	switch domain := strings.ToLower(from.Domain); {
	case from.Home == tenant:
		return nil, nil // they are at home
	case from.Home != "":
		// A domain source stands for the tenant that has verified the domain.
		err = tx.One(ctx, `
			select x.organization_id from organization_source x
			where  x.tenant_id = ? and (x.space = 'tenant' and x.value = ? and x.kind = 'azureActiveDirectoryTenant'
			       or x.kind = 'domainIdentitySource' and x.value in (select d.name from domain d where d.tenant_id = ? and d.verified = 1))
			order  by x.space desc, x.value limit 1`,
			[]any{tenant, from.Home, from.Home}, &id)
	case domain == "":
		return nil, nil
	case from.Issuer != "":
		err = tx.One(ctx, `select organization_id from organization_source where tenant_id = ? and space = 'domain' and value = ? and issuer = ?`,
			[]any{tenant, domain, from.Issuer}, &id)
	default:
		err = tx.One(ctx, `
			select x.organization_id from organization_source x
			where  x.tenant_id = ? and x.space = 'domain' and x.value = ? and x.kind = 'domainIdentitySource'
			       and not exists (select 1 from domain d where d.name = x.value and d.verified = 1 /* all tenants: a domain that a tenant has is proved there */)`,
			[]any{tenant, domain}, &id)
	}
	if errors.Is(err, fault.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return OrganizationByID(ctx, tx, tenant, id)
}

// ListOrganizations returns a page of the connected organizations.
func ListOrganizations(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, q query.Query) (object.Page[*Organization], error) {
	page, err := object.List(ctx, tx, q, organizationTable, organizationColumns, "from connected_organization o where o.tenant_id = ?", []any{tenant}, scanOrganization)
	if err == nil {
		err = loadSources(ctx, tx, tenant, page.Items)
	}
	return page, err
}

func countOrganizations(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, filter query.Expr) (int, error) {
	return object.Count(ctx, tx, filter, organizationTable, "from connected_organization o where o.tenant_id = ?", []any{tenant})
}

// loadSources reads the sources of the organizations.
func loadSources(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, list []*Organization) error {
	if len(list) == 0 {
		return nil
	}
	by, all := make(map[ids.OrganizationID]*Organization), make([]ids.OrganizationID, 0, len(list))
	for _, o := range list {
		by[o.ID], all = o, append(all, o.ID)
	}
	limit, args := Among("organization_id", all)
	return tx.Each(ctx, `select organization_id, kind, value, issuer, cloud, name from organization_source where tenant_id = ?`+limit+` order by organization_id, place`,
		append([]any{tenant}, args...), func(scan func(...any) error) error {
			var of ids.OrganizationID
			var s Source
			var value string
			if err := scan(&of, &s.Kind, &value, &s.Issuer, &s.Cloud, &s.Name); err != nil {
				return err
			}
			switch s.Kind {
			case TenantSource, CloudSource:
				s.Home = ids.TenantID(value)
			case DomainSource, FederationSource:
				s.Domain = value
			default:
				s.Social = value
			}
			by[of].Sources = append(by[of].Sources, s)
			return nil
		})
}

// addOrganization stores a new organization; a tenant or domain that another one
// has is SourceTaken.
func addOrganization(ctx context.Context, tx *sqldb.Tx, o *Organization) error {
	if err := below(ctx, tx, "connected organization", o.Tenant, mostOrganizations); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `
		insert into connected_organization (tenant_id, id, name, name_folded, description, state, created_by, created_us, modified_by, modified_us)
		values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		o.Tenant, o.ID, o.Name, query.Fold(o.Name), o.Description, o.State, o.CreatedBy, sqldb.Micros(o.CreatedAt), o.ModifiedBy, sqldb.Micros(o.ModifiedAt)); err != nil {
		return err
	}
	return addSources(ctx, tx, o)
}

func addSources(ctx context.Context, tx *sqldb.Tx, o *Organization) error {
	for i, s := range o.Sources {
		space, value := s.key()
		n, err := tx.Exec(ctx, `
			insert into organization_source (tenant_id, organization_id, place, kind, space, value, issuer, cloud, name) values (?, ?, ?, ?, ?, ?, ?, ?, ?)
			on conflict (tenant_id, space, value) do nothing`,
			o.Tenant, o.ID, i, s.Kind, space, value, s.Issuer, s.Cloud, s.Name)
		if err == nil && n == 0 {
			f := fault.Because(fault.Conflict, SourceTaken, "Another connected organization has the %s '%s'.", space, value)
			f.Target = At("identitySources", i)
			err = f
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// putOrganization stores a changed organization with its sources; a Conflict if
// someone else stored it since.
func putOrganization(ctx context.Context, tx *sqldb.Tx, o *Organization) error {
	if err := changed(tx.Exec(ctx, `
		update connected_organization set name = ?, name_folded = ?, description = ?, state = ?, modified_by = ?, modified_us = ?, version = version + 1
		where  tenant_id = ? and id = ? and version = ?`,
		o.Name, query.Fold(o.Name), o.Description, o.State, o.ModifiedBy, sqldb.Micros(o.ModifiedAt), o.Tenant, o.ID, o.version)); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `delete from organization_source where tenant_id = ? and organization_id = ?`, o.Tenant, o.ID); err != nil {
		return err
	}
	return addSources(ctx, tx, o)
}

// dropOrganization removes an organization. One that a policy names is InUse.
func dropOrganization(ctx context.Context, tx *sqldb.Tx, o *Organization) error {
	var used int
	if err := tx.One(ctx, `select count(*) from policy_subject where tenant_id = ? and subject_id = ?`, []any{o.Tenant, o.ID}, &used); err != nil {
		return err
	}
	if used > 0 {
		return fault.Because(fault.Invalid, InUse, "%d assignment policies name the connected organization.", used).WithFix("Change those policies first.")
	}
	for _, text := range []string{
		`delete from organization_source where tenant_id = ? and organization_id = ?`,
		`delete from organization_sponsor where tenant_id = ? and organization_id = ?`,
		`delete from connected_organization where tenant_id = ? and id = ?`,
	} {
		if _, err := tx.Exec(ctx, text, o.Tenant, o.ID); err != nil {
			return err
		}
	}
	return nil
}

// SponsorsOf returns who speaks for the organization and lives, in the order they
// came.
func SponsorsOf(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.OrganizationID) (all Sponsors, err error) {
	err = tx.Each(ctx, `
		select s.external, s.sponsor_id
		from   organization_sponsor s join object o on o.tenant_id = s.tenant_id and o.id = s.sponsor_id and o.deleted_us = 0
		where  s.tenant_id = ? and s.organization_id = ? order by s.added_us, s.sponsor_id`,
		[]any{tenant, id}, func(scan func(...any) error) error {
			var external bool
			var sponsor ids.ObjectID
			err := scan(&external, &sponsor)
			if external {
				all.External = append(all.External, sponsor)
			} else {
				all.Internal = append(all.Internal, sponsor)
			}
			return err
		})
	return all, err
}

func addSponsor(ctx context.Context, tx *sqldb.Tx, o *Organization, external bool, sponsor ids.ObjectID) error {
	var have int
	if err := tx.One(ctx, `select count(*) from organization_sponsor where tenant_id = ? and organization_id = ? and external = ?`,
		[]any{o.Tenant, o.ID, external}, &have); err != nil {
		return err
	}
	if have >= mostSponsors {
		return fault.Because(fault.Invalid, TooMany, "A connected organization has at most %d sponsors of each kind.", mostSponsors)
	}
	n, err := tx.Exec(ctx, `
		insert into organization_sponsor (tenant_id, organization_id, external, sponsor_id, added_us) values (?, ?, ?, ?, ?)
		on conflict (tenant_id, organization_id, external, sponsor_id) do nothing`,
		o.Tenant, o.ID, external, sponsor, sqldb.Micros(tx.Now()))
	if err == nil && n == 0 {
		err = fault.Because(fault.Conflict, NameTaken, "This is a sponsor of the connected organization already.")
	}
	return err
}

func dropSponsor(ctx context.Context, tx *sqldb.Tx, o *Organization, external bool, sponsor ids.ObjectID) error {
	n, err := tx.Exec(ctx, `delete from organization_sponsor where tenant_id = ? and organization_id = ? and external = ? and sponsor_id = ?`,
		o.Tenant, o.ID, external, sponsor)
	if err == nil && n == 0 {
		err = object.Missing(string(sponsor))
	}
	return err
}
