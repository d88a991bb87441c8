package entitlement

import (
	"context"
	"errors"

	"entente/internal/core/object"
	"entente/internal/flow/offer"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

const subjectColumns = "b.tenant_id, b.id, b.kind, b.principal, b.object_id, b.name, b.email, b.principal_name, b.organization_id, b.created_us"

func scanSubject(scan func(...any) error) (*Subject, error) {
	s := &Subject{}
	var created int64
	err := scan(&s.Tenant, &s.ID, &s.Kind, &s.Principal, &s.Object, &s.Name, &s.Email, &s.PrincipalName, &s.Organization, &created)
	s.CreatedAt = sqldb.Time(created)
	return s, err
}

// subjectTable tells by what subjects can be found and sorted.
var subjectTable = query.Table{Key: []string{"id"}, Fields: map[string]query.Column{
	"id": {SQL: "b.id"}, "objectId": {SQL: "b.object_id", Null: ""}, "displayName": {SQL: "b.name_folded", Fold: true},
	"email": {SQL: "b.email_folded", Fold: true, Null: ""}, "connectedOrganizationId": {SQL: "b.organization_id", Null: ""},
}}

func listSubjects(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, q query.Query) (object.Page[*Subject], error) {
	return object.List(ctx, tx, q, subjectTable, subjectColumns, "from subject b where b.tenant_id = ?", []any{tenant}, scanSubject)
}

func countSubjects(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, filter query.Expr) (int, error) {
	return object.Count(ctx, tx, filter, subjectTable, "from subject b where b.tenant_id = ?", []any{tenant})
}

// subjectByID returns a subject, or NotFound.
func subjectByID(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.SubjectID) (*Subject, error) {
	return offer.Row(ctx, tx, string(id), "select "+subjectColumns+" from subject b where b.tenant_id = ? and b.id = ?", []any{tenant, id}, scanSubject)
}

// subjectsByID returns those of some subjects that there are, by identifier.
func subjectsByID(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, keys []ids.SubjectID) (map[ids.SubjectID]*Subject, error) {
	all, err := offer.Several(ctx, tx, "select "+subjectColumns+" from subject b where b.tenant_id = ? and b.id", tenant, keys, scanSubject)
	return offer.ByID(all, func(s *Subject) ids.SubjectID { return s.ID }), err
}

// subjectByObject returns the subject that an object stands for, or NotFound.
func subjectByObject(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.ObjectID) (*Subject, error) {
	return offer.Row(ctx, tx, string(id), "select "+subjectColumns+" from subject b where b.tenant_id = ? and b.object_id = ? and b.object_id <> ''", []any{tenant, id}, scanSubject)
}

// subjectsOf returns the subjects that are a principal or an object: none, one,
// or two where it was not known before that they are one.
func subjectsOf(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, p ids.Principal, id ids.ObjectID) ([]*Subject, error) {
	return sqldb.All(ctx, tx, "select "+subjectColumns+` from subject b
		where b.tenant_id = ? and (b.principal = ? and b.principal <> '' or b.object_id = ? and b.object_id <> '') order by b.created_us, b.id`,
		[]any{tenant, p, id}, scanSubject)
}

// subjectByAddress returns the subject of whom only the address is known, or
// NotFound.
func subjectByAddress(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, address string) (*Subject, error) {
	return offer.Row(ctx, tx, address, "select "+subjectColumns+` from subject b
		where b.tenant_id = ? and b.email_folded = ? and b.email_folded <> '' and b.principal = '' and b.object_id = ''`, []any{tenant, query.Fold(address)}, scanSubject)
}

// putSubject stores a subject, new or changed.
func putSubject(ctx context.Context, tx *sqldb.Tx, s *Subject) error {
	_, err := tx.Exec(ctx, `
		insert into subject (tenant_id, id, kind, principal, object_id, name, name_folded, email, email_folded, principal_name, organization_id, created_us)
		values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		on conflict (tenant_id, id) do update
		set principal = excluded.principal, object_id = excluded.object_id, name = excluded.name, name_folded = excluded.name_folded,
		    email = excluded.email, email_folded = excluded.email_folded, principal_name = excluded.principal_name, organization_id = excluded.organization_id`,
		s.Tenant, s.ID, s.Kind, s.Principal, s.Object, s.Name, query.Fold(s.Name), s.Email, query.Fold(s.Email), s.PrincipalName, s.Organization, sqldb.Micros(s.CreatedAt))
	return err
}

// missing reports whether err says that there is no such object.
func missing(err error) bool { return errors.Is(err, fault.NotFound) }
