-- A permission in a site is the service principal's, and goes with it: one that
-- is made later for the same application is another.
alter table site_permission add column principal_id text not null default '';
update site_permission set principal_id = coalesce((
    select s.id from service_principal s where s.tenant_id = site_permission.tenant_id and s.app_id = site_permission.app_id and s.deleted_us = 0), '')
/* all tenants: the schema grows */;
create index site_permission_of on site_permission (tenant_id, principal_id);
