-- Who asks for access, or has it. What stands for them in the tenant may not
-- exist yet; who they are at home may not be known yet.
create table subject (
    tenant_id       text   not null,
    id              text   not null,
    kind            text   not null, -- person, workload
    principal       text   not null default '', -- kind:home:id, as their home knows them
    object_id       text   not null default '',
    name            text   not null default '',
    name_folded     text   not null default '',
    email           text   not null default '',
    email_folded    text   not null default '',
    principal_name  text   not null default '',
    organization_id text   not null default '',
    created_us      bigint not null,
    primary key (tenant_id, id)
);
create unique index subject_principal on subject (tenant_id, principal) where principal <> '';
create unique index subject_object on subject (tenant_id, object_id) where object_id <> '';
create index subject_email on subject (tenant_id, email_folded) where email_folded <> '';

create table assignment_request (
    tenant_id     text   not null,
    id            text   not null,
    kind          text   not null, -- requestType
    package_id    text   not null,
    policy_id     text   not null,
    requestor_id  text   not null,
    target_id     text   not null,
    assignment_id text   not null default '',
    state         text   not null,
    status        text   not null,
    waits         bigint not null, -- 1: another of the kind for the target and package is refused
    stage         bigint not null default 0,
    tries         bigint not null default 0,
    try_us        bigint not null default 0,
    error         text   not null default '',
    callout       text   not null default '',
    resume_us     bigint not null default 0,
    schedule      text   not null, -- as JSON
    justification text   not null default '',
    answers       text   not null default '[]',
    terms         text   not null, -- what the policy said, as JSON
    created_us    bigint not null,
    completed_us  bigint not null default 0, -- 0: under way
    version       bigint not null default 1,
    primary key (tenant_id, id)
);
create unique index assignment_request_open on assignment_request (tenant_id, package_id, target_id) where waits = 1;
create index assignment_request_package on assignment_request (tenant_id, package_id, created_us);
create index assignment_request_target on assignment_request (tenant_id, target_id, created_us);
create index assignment_request_requestor on assignment_request (tenant_id, requestor_id, created_us);
create index assignment_request_assignment on assignment_request (tenant_id, assignment_id) where assignment_id <> '';
create index assignment_request_state on assignment_request (tenant_id, state, created_us);

create table approval_stage (
    tenant_id    text   not null,
    request_id   text   not null,
    number       bigint not null,
    id           text   not null,
    status       text   not null,
    opened_us    bigint not null default 0,
    remind_us    bigint not null default 0,
    escalate_us  bigint not null default 0,
    due_us       bigint not null default 0,
    escalated_us bigint not null default 0,
    reminded     bigint not null default 0,
    result       text   not null,
    by_subject   text   not null default '',
    by_object    text   not null default '',
    by_name      text   not null default '',
    reason       text   not null default '',
    decided_us   bigint not null default 0,
    shown        text   not null default '',
    primary key (tenant_id, request_id, number)
);

-- Who may decide on a stage: a user or service principal, or who is in a group
-- then.
create table approval_approver (
    tenant_id  text   not null,
    request_id text   not null,
    number     bigint not null,
    object_id  text   not null,
    alternate  bigint not null, -- only after escalation
    primary key (tenant_id, request_id, number, object_id)
);
create index approval_approver_of on approval_approver (tenant_id, object_id);

create table package_assignment (
    tenant_id    text   not null,
    id           text   not null,
    package_id   text   not null,
    policy_id    text   not null,
    target_id    text   not null,
    object_id    text   not null,
    state        text   not null,
    status       text   not null,
    live         bigint not null, -- 1: it gives something, or is about to
    schedule     text   not null,
    terms        text   not null,
    starts_us    bigint not null,
    ends_us      bigint not null default 0, -- 0: never
    extended     bigint not null default 0,
    noticed_us   bigint not null default 0, -- microseconds before the end, of the last notice
    error        text   not null default '',
    created_us   bigint not null,
    delivered_us bigint not null default 0,
    expired_us   bigint not null default 0,
    version      bigint not null default 1,
    primary key (tenant_id, id)
);
create unique index package_assignment_live on package_assignment (tenant_id, package_id, target_id) where live = 1;
create index package_assignment_package on package_assignment (tenant_id, package_id, created_us);
create index package_assignment_policy on package_assignment (tenant_id, policy_id) where live = 1;
create index package_assignment_target on package_assignment (tenant_id, target_id);
create index package_assignment_state on package_assignment (tenant_id, state, created_us);
