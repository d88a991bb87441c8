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
