-- The lists of entitlement management page by key where there are 100,000 rows:
-- the newest of all, those of a kind, and policies by name.
create index assignment_request_newest on assignment_request (tenant_id, created_us, id);
create index assignment_request_kind on assignment_request (tenant_id, kind, created_us, id);
create index package_assignment_newest on package_assignment (tenant_id, created_us, id);
create index assignment_policy_name on assignment_policy (tenant_id, name_folded, id);
