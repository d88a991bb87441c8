package offer

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"entente/internal/core/object"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

const policyColumns = "a.tenant_id, a.id, a.package_id, a.body, a.created_us, a.modified_us, a.version"

func scanPolicy(scan func(...any) error) (*Policy, error) {
	p := &Policy{}
	var tenant ids.TenantID
	var id ids.PolicyID
	var of ids.PackageID
	var body string
	var created, modified, version int64
	if err := scan(&tenant, &id, &of, &body, &created, &modified, &version); err != nil {
		return nil, err
	}
	if err := json.Unmarshal([]byte(body), p); err != nil {
		return nil, err
	}
	p.Tenant, p.ID, p.Package, p.version = tenant, id, of, version
	p.CreatedAt, p.ModifiedAt = sqldb.Time(created), sqldb.Time(modified)
	return p, nil
}

// PolicyByID returns the policy, or NotFound.
func PolicyByID(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.PolicyID) (*Policy, error) {
	return Row(ctx, tx, string(id), "select "+policyColumns+" from assignment_policy a where a.tenant_id = ? and a.id = ?", []any{tenant, id}, scanPolicy)
}

// AutomaticAfter returns up to limit automatic policies of the tenant, in the
// order of their identifiers, behind one.
func AutomaticAfter(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, after ids.PolicyID, limit int) ([]*Policy, error) {
	return sqldb.All(ctx, tx, "select "+policyColumns+" from assignment_policy a where a.tenant_id = ? and a.automatic = 1 and a.id > ? order by a.id limit ?",
		[]any{tenant, after, limit}, scanPolicy)
}

// PoliciesOf returns the policies of the package, the oldest first.
func PoliciesOf(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.PackageID) ([]*Policy, error) {
	return sqldb.All(ctx, tx, "select "+policyColumns+" from assignment_policy a where a.tenant_id = ? and a.package_id = ? order by a.created_us, a.id",
		[]any{tenant, id}, scanPolicy)
}

// policyTable tells by what policies can be found and sorted.
var policyTable = query.Table{Key: []string{"id"}, Fields: map[string]query.Column{
	"id":                 {SQL: "a.id"},
	"displayName":        {SQL: "a.name_folded", Fold: true},
	"allowedTargetScope": {SQL: "a.scope"},
	"accessPackageId":    {SQL: "a.package_id"},
	"createdDateTime":    {SQL: "a.created_us", Kind: query.Time},
	"modifiedDateTime":   {SQL: "a.modified_us", Kind: query.Time},
}}

// policyFrom is the from clause of the policies of a package where it is not
// empty, and of the catalogs in only where they are not nil.
func policyFrom(tenant ids.TenantID, of ids.PackageID, only []ids.CatalogID) (string, []any) {
	limit, args := Among("p.catalog_id", only)
	return `from assignment_policy a join access_package p on p.tenant_id = a.tenant_id and p.id = a.package_id
		where a.tenant_id = ? and (? = '' or a.package_id = ?)` + limit, append([]any{tenant, of, of}, args...)
}

func listPolicies(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, of ids.PackageID, only []ids.CatalogID, q query.Query) (object.Page[*Policy], error) {
	from, args := policyFrom(tenant, of, only)
	return object.List(ctx, tx, q, policyTable, policyColumns, from, args, scanPolicy)
}

func countPolicies(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, of ids.PackageID, only []ids.CatalogID, filter query.Expr) (int, error) {
	from, args := policyFrom(tenant, of, only)
	return object.Count(ctx, tx, filter, policyTable, from, args)
}

// addPolicy stores a new policy with whom it names.
func addPolicy(ctx context.Context, tx *sqldb.Tx, p *Policy) error {
	if err := below(ctx, tx, "assignment policy", p.Tenant, mostPolicies); err != nil {
		return err
	}
	if err := oneAutomatic(ctx, tx, p); err != nil {
		return err
	}
	body, err := p.stored()
	if err != nil {
		return err
	}
	if _, err = tx.Exec(ctx, `
		insert into assignment_policy (tenant_id, id, package_id, name, name_folded, scope, self_add, automatic, body, created_us, modified_us)
		values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		p.Tenant, p.ID, p.Package, p.Name, query.Fold(p.Name), p.Scope, p.Requestor.SelfAdd, p.Automatic != nil, body,
		sqldb.Micros(p.CreatedAt), sqldb.Micros(p.ModifiedAt)); err != nil {
		return err
	}
	return nameSubjects(ctx, tx, p)
}

// putPolicy stores a changed policy; a Conflict if someone else stored it since.
func putPolicy(ctx context.Context, tx *sqldb.Tx, p *Policy) error {
	if err := oneAutomatic(ctx, tx, p); err != nil {
		return err
	}
	body, err := p.stored()
	if err != nil {
		return err
	}
	if err := changed(tx.Exec(ctx, `
		update assignment_policy set name = ?, name_folded = ?, scope = ?, self_add = ?, automatic = ?, body = ?, modified_us = ?, version = version + 1
		where  tenant_id = ? and id = ? and version = ?`,
		p.Name, query.Fold(p.Name), p.Scope, p.Requestor.SelfAdd, p.Automatic != nil, body, sqldb.Micros(p.ModifiedAt), p.Tenant, p.ID, p.version)); err != nil {
		return err
	}
	return nameSubjects(ctx, tx, p)
}

// dropPolicy removes a policy. That nobody has a package by it is for the caller
// to see to.
func dropPolicy(ctx context.Context, tx *sqldb.Tx, p *Policy) error {
	if err := forgetSubjects(ctx, tx, p); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `delete from assignment_policy where tenant_id = ? and id = ?`, p.Tenant, p.ID)
	return err
}

// stored returns the policy as it is kept.
func (p *Policy) stored() (string, error) {
	text, err := json.Marshal(p)
	return string(text), err
}

// oneAutomatic refuses a second automatic policy of a package.
func oneAutomatic(ctx context.Context, tx *sqldb.Tx, p *Policy) error {
	if p.Automatic == nil {
		return nil
	}
	var other ids.PolicyID
	err := tx.One(ctx, `select id from assignment_policy where tenant_id = ? and package_id = ? and automatic = 1 and id <> ?`,
		[]any{p.Tenant, p.Package, p.ID}, &other)
	if errors.Is(err, fault.NotFound) {
		return nil
	}
	if err == nil {
		err = Bad("automaticRequestSettings", "The access package has an automatic policy already: '%s'.", other)
	}
	return err
}

// A naming is a row of whom a policy names.
type naming struct {
	as      string
	subject string
	kind    SetKind
}

// namings returns whom the policy names, each once.
func (p *Policy) namings() map[naming]bool {
	all := make(map[naming]bool)
	seen := make(map[[2]string]bool)
	for _, s := range p.subjects() {
		if key := [2]string{s.as, s.set.named()}; !seen[key] {
			seen[key], all[naming{s.as, s.set.named(), s.set.Kind}] = true, true
		}
	}
	if p.Ruled() {
		all[naming{asTarget, RuledSubject, AttributeRuleMembers}] = true
	}
	return all
}

// nameSubjects stores whom the policy names, as far as it is not stored so, and what
// it calls.
func nameSubjects(ctx context.Context, tx *sqldb.Tx, p *Policy) error {
	before, err := sqldb.All(ctx, tx, `select role, subject_id, kind from policy_subject where tenant_id = ? and policy_id = ?`, []any{p.Tenant, p.ID},
		func(scan func(...any) error) (n naming, err error) { return n, scan(&n.as, &n.subject, &n.kind) })
	if err != nil {
		return err
	}
	now := p.namings()
	var gone, fresh [][]any
	for _, n := range before {
		if !now[n] {
			gone = append(gone, []any{p.Tenant, p.ID, n.as, n.subject})
		}
		delete(now, n)
	}
	for n := range now {
		fresh = append(fresh, []any{p.Tenant, p.ID, n.as, n.subject, n.kind})
	}
	if _, err := tx.ExecAll(ctx, `delete from policy_subject where tenant_id = ? and policy_id = ? and role = ? and subject_id = ?`, gone); err != nil {
		return err
	}
	if _, err := tx.ExecAll(ctx, `insert into policy_subject (tenant_id, policy_id, role, subject_id, kind) values (?, ?, ?, ?, ?)`, fresh); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `delete from policy_extension where tenant_id = ? and policy_id = ?`, p.Tenant, p.ID); err != nil {
		return err
	}
	rows := make([][]any, len(p.Extensions))
	for i, e := range p.Extensions {
		rows[i] = []any{p.Tenant, p.ID, e.Stage, e.Extension}
	}
	_, err = tx.ExecAll(ctx, `insert into policy_extension (tenant_id, policy_id, stage, extension_id) values (?, ?, ?, ?)`, rows)
	return err
}

func forgetSubjects(ctx context.Context, tx *sqldb.Tx, p *Policy) error {
	if _, err := tx.Exec(ctx, `delete from policy_subject where tenant_id = ? and policy_id = ?`, p.Tenant, p.ID); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `delete from policy_extension where tenant_id = ? and policy_id = ?`, p.Tenant, p.ID)
	return err
}

// policiesAtOnce is how many policies PoliciesNaming reads in one statement.
const policiesAtOnce = 500

// PoliciesNaming returns the policies that name one of the subjects as targets,
// and those whose scope is one of scopes: all by which somebody might ask, the
// oldest first.
func PoliciesNaming(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, subjects []string, scopes []TargetScope) (all []*Policy, err error) {
	named, args := Among("s.subject_id", nonNil(subjects))
	scoped, more := Among("a.scope", nonNil(scopes))
	args = append(append(append([]any{tenant}, more...), tenant), args...)
	for after := (&Policy{}); after != nil; {
		at := sqldb.Micros(after.CreatedAt)
		page, err := sqldb.All(ctx, tx, "select "+policyColumns+` from assignment_policy a
			where a.tenant_id = ? and a.self_add = 1 and (1 = 1`+scoped+`
			or a.id in (select s.policy_id from policy_subject s where s.tenant_id = ? and s.role = 'target'`+named+`))
			and (a.created_us > ? or a.created_us = ? and a.id > ?)
			order by a.created_us, a.id limit ?`, append(slices.Clone(args), at, at, after.ID, policiesAtOnce), scanPolicy)
		if err != nil {
			return nil, err
		}
		if after = nil; len(page) == policiesAtOnce {
			after = page[len(page)-1]
		}
		all = append(all, page...)
	}
	return all, nil
}

func nonNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// unused refuses what somebody has or waits for: a package, or a package by one
// policy if that is not empty.
func unused(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, of ids.PackageID, by ids.PolicyID) error {
	var have, wait int
	if err := tx.One(ctx, `select count(*) from package_assignment where tenant_id = ? and package_id = ? and live = 1 and (? = '' or policy_id = ?)`,
		[]any{tenant, of, by, by}, &have); err != nil {
		return err
	}
	if err := tx.One(ctx, `select count(*) from assignment_request where tenant_id = ? and package_id = ? and (waits = 1 or state = 'delivering') and (? = '' or policy_id = ?)`,
		[]any{tenant, of, by, by}, &wait); err != nil {
		return err
	}
	if have+wait == 0 {
		return nil
	}
	return fault.Because(fault.Invalid, InUse, "There are %d active assignments and %d open requests.", have, wait).
		WithFix("Remove the assignments and cancel the requests first.")
}
