package offer

import (
	"context"
	"encoding/json"

	"entente/internal/core/object"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/query"
	"entente/internal/kit/sqldb"
)

const extensionColumns = "e.tenant_id, e.id, e.catalog_id, e.kind, e.body, e.created_us, e.modified_us, e.version"

func scanExtension(scan func(...any) error) (*Extension, error) {
	e := &Extension{}
	var found Extension
	var body string
	var created, modified int64
	if err := scan(&found.Tenant, &found.ID, &found.Catalog, &found.Kind, &body, &created, &modified, &found.version); err != nil {
		return nil, err
	}
	if err := json.Unmarshal([]byte(body), e); err != nil {
		return nil, err
	}
	e.Tenant, e.ID, e.Catalog, e.Kind, e.version = found.Tenant, found.ID, found.Catalog, found.Kind, found.version
	e.CreatedAt, e.ModifiedAt = sqldb.Time(created), sqldb.Time(modified)
	return e, nil
}

var extensionTable = query.Table{Key: []string{"id"}, Fields: map[string]query.Column{
	"id": {SQL: "e.id"}, "displayName": {SQL: "e.name_folded", Fold: true}, "createdDateTime": {SQL: "e.created_us", Kind: query.Time},
}}

// ExtensionByID returns the extension, or NotFound.
func ExtensionByID(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.ObjectID) (*Extension, error) {
	return Row(ctx, tx, string(id), "select "+extensionColumns+" from workflow_extension e where e.tenant_id = ? and e.id = ?", []any{tenant, id}, scanExtension)
}

func listExtensions(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, catalog ids.CatalogID, q query.Query) (object.Page[*Extension], error) {
	return object.List(ctx, tx, q, extensionTable, extensionColumns, "from workflow_extension e where e.tenant_id = ? and e.catalog_id = ?", []any{tenant, catalog}, scanExtension)
}

func countExtensions(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, catalog ids.CatalogID, filter query.Expr) (int, error) {
	return object.Count(ctx, tx, filter, extensionTable, "from workflow_extension e where e.tenant_id = ? and e.catalog_id = ?", []any{tenant, catalog})
}

func addExtension(ctx context.Context, tx *sqldb.Tx, e *Extension) error {
	if err := below(ctx, tx, "custom extension", e.Tenant, mostExtensions); err != nil {
		return err
	}
	body, err := json.Marshal(e)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `
		insert into workflow_extension (tenant_id, id, catalog_id, kind, name, name_folded, body, created_us, modified_us) values (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		e.Tenant, e.ID, e.Catalog, e.Kind, e.Name, query.Fold(e.Name), string(body), sqldb.Micros(e.CreatedAt), sqldb.Micros(e.ModifiedAt))
	return err
}

func putExtension(ctx context.Context, tx *sqldb.Tx, e *Extension) error {
	body, err := json.Marshal(e)
	if err != nil {
		return err
	}
	return changed(tx.Exec(ctx, `
		update workflow_extension set name = ?, name_folded = ?, body = ?, modified_us = ?, version = version + 1 where tenant_id = ? and id = ? and version = ?`,
		e.Name, query.Fold(e.Name), string(body), sqldb.Micros(e.ModifiedAt), e.Tenant, e.ID, e.version))
}

// dropExtension removes an extension. One that a policy calls is InUse.
func dropExtension(ctx context.Context, tx *sqldb.Tx, e *Extension) error {
	var used int
	if err := tx.One(ctx, `select count(*) from policy_extension where tenant_id = ? and extension_id = ?`, []any{e.Tenant, e.ID}, &used); err != nil {
		return err
	}
	if used > 0 {
		return fault.Because(fault.Invalid, InUse, "%d stages of assignment policies call the custom extension.", used).WithFix("Change those policies first.")
	}
	_, err := tx.Exec(ctx, `delete from workflow_extension where tenant_id = ? and id = ?`, e.Tenant, e.ID)
	return err
}
