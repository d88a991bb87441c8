-- Deleted objects wait to be restored or purged; see core/object.
create index object_deleted on object (deleted_us) where deleted_us > 0;
create index account_deleted on account (tenant_id, deleted_us, id) where deleted_us > 0;
create index directory_group_deleted on directory_group (tenant_id, deleted_us, id) where deleted_us > 0;
create index application_deleted on application (tenant_id, deleted_us, id) where deleted_us > 0;
create index service_principal_deleted on service_principal (tenant_id, deleted_us, id) where deleted_us > 0;

-- Purged objects of which rows are left in other tables. Such a row counts for
-- nothing from the purge on; a job takes them away, some at a time.
create table object_remains (
    tenant_id text   not null,
    object_id text   not null,
    purged_us bigint not null,
    primary key (tenant_id, object_id)
);
create index object_remains_next on object_remains (purged_us, tenant_id, object_id);
