-- Who has left those whom an automatic policy is for, and still has what it gave:
-- until due_us.
create table policy_leaver (
    tenant_id     text   not null,
    assignment_id text   not null,
    policy_id     text   not null,
    left_us       bigint not null,
    due_us        bigint not null,
    primary key (tenant_id, assignment_id)
);
create index policy_leaver_of on policy_leaver (tenant_id, policy_id);

create index assignment_policy_ruling on assignment_policy (tenant_id, id) where automatic = 1;
create index assignment_request_completed on assignment_request (completed_us) where completed_us > 0;

-- What is walked in order, or found by a source among many, by an index that has
-- the order as well.
drop index package_assignment_policy;
create index package_assignment_policy on package_assignment (tenant_id, policy_id, id) where live = 1;
create index package_assignment_of on package_assignment (tenant_id, package_id, id) where live = 1;
drop index provision_source_of;
create index provision_source_of on provision_source (tenant_id, source, grant_id);
drop index cause_of_cause;
create index cause_of_cause on cause_of (tenant_id, cause_id, target_kind, target_id);

-- Many jobs are due at one moment; workers take them in the order of this index.
drop index job_due;
create index job_due on job (due_us, id) where state = 'pending';
