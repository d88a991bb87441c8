-- Objects of any kind are found and sorted by their names.
alter table object add column name_folded text not null default '';
update object set name_folded = lower(display_name) /* all tenants: the schema grows */;
create index object_by_name on object (tenant_id, name_folded, id);
