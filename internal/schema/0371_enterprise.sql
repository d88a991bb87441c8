-- Applications of other organizations here, our applications elsewhere, and
-- what was granted for everybody: lists by name that hold what crosses alone.
create index service_principal_foreign on service_principal (tenant_id, name_folded, id) where app_tenant <> tenant_id and app_tenant <> '' and deleted_us = 0;
create index service_principal_abroad on service_principal (app_tenant, name_folded, id) where app_tenant <> tenant_id and app_tenant <> '' and deleted_us = 0;
create index permission_grant_everybody on permission_grant (tenant_id, client_id) where principal_id = '';
create index app_role_assignment_holder on app_role_assignment (tenant_id, resource_id, principal_folded, id);
