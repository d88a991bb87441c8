-- The lists of entitlement management page by key where there are 100,000 rows:
-- the newest of all, those of a kind, and policies by name. Every index ends with
-- what the lists are in order of, or an engine that keeps no statistics takes the
-- one of all for a narrower list.
create index assignment_request_newest on assignment_request (tenant_id, created_us, id);
create index assignment_request_kind on assignment_request (tenant_id, kind, created_us, id);
drop index assignment_request_state;
create index assignment_request_state on assignment_request (tenant_id, state, created_us, id);
drop index assignment_request_package;
create index assignment_request_package on assignment_request (tenant_id, package_id, created_us, id);
drop index assignment_request_target;
create index assignment_request_target on assignment_request (tenant_id, target_id, created_us, id);
drop index assignment_request_requestor;
create index assignment_request_requestor on assignment_request (tenant_id, requestor_id, created_us, id);
drop index assignment_request_assignment;
create index assignment_request_assignment on assignment_request (tenant_id, assignment_id, created_us, id) where assignment_id <> '';
create index package_assignment_newest on package_assignment (tenant_id, created_us, id);
drop index package_assignment_state;
create index package_assignment_state on package_assignment (tenant_id, state, created_us, id);
drop index package_assignment_package;
create index package_assignment_package on package_assignment (tenant_id, package_id, created_us, id);
drop index package_assignment_target;
create index package_assignment_target on package_assignment (tenant_id, target_id, created_us, id);
create index assignment_policy_name on assignment_policy (tenant_id, name_folded, id);
drop index assignment_policy_scope;
create index assignment_policy_scope on assignment_policy (tenant_id, scope, name_folded, id);
