-- Automation: runbooks of automation accounts, their schedules, the jobs that
-- ran them with what these printed, and the hosts that run jobs. An account is a
-- row of host; account_id is its id.

create table runbook (
    tenant_id    text    not null,
    id           text    not null,
    account_id   text    not null,
    name         text    not null,
    folded       text    not null,
    kind         text    not null,
    description  text    not null default '',
    draft        text    not null default '',
    body         text    not null default '',
    again        integer not null default 0,
    created_us   bigint  not null,
    changed_us   bigint  not null,
    published_us bigint  not null default 0,
    version      bigint  not null default 1,
    primary key (tenant_id, id)
);
create unique index runbook_name on runbook (tenant_id, account_id, folded);

create table runbook_schedule (
    tenant_id  text    not null,
    id         text    not null,
    account_id text    not null,
    runbook_id text    not null,
    frequency  text    not null,
    every      integer not null,
    starts_us  bigint  not null,
    next_us    bigint  not null,
    created_us bigint  not null,
    primary key (tenant_id, id)
);
create index runbook_schedule_of on runbook_schedule (tenant_id, account_id, runbook_id);

-- lease_us is the machine's time, everything else the tenant's.
create table runbook_job (
    tenant_id  text    not null,
    id         text    not null,
    account_id text    not null,
    runbook_id text    not null,
    name       text    not null,
    kind       text    not null,
    body       text    not null,
    again      integer not null,
    state      text    not null,
    exception  text    not null default '',
    run        integer not null default 0,
    worker_id  text    not null default '',
    started_by text    not null default '',
    lease_us   bigint  not null default 0,
    created_us bigint  not null,
    started_us bigint  not null default 0,
    ended_us   bigint  not null default 0,
    last_seq   integer not null default 0,
    size       bigint  not null default 0,
    cut        integer not null default 0,
    primary key (tenant_id, id)
);
create index runbook_job_of on runbook_job (tenant_id, account_id, created_us, id);
create index runbook_job_run on runbook_job (tenant_id, account_id, runbook_id, created_us, id);
create index runbook_job_waits on runbook_job (tenant_id, created_us, id) where state = 'New';
create index runbook_job_leased on runbook_job (lease_us) where state in ('Activating', 'Running', 'Stopping');
create index runbook_job_over on runbook_job (ended_us) where ended_us > 0;

create table runbook_record (
    tenant_id text    not null,
    job_id    text    not null,
    seq       integer not null,
    run       integer not null,
    stream    text    not null,
    data      blob    not null,
    at_us     bigint  not null,
    primary key (tenant_id, job_id, seq)
);

-- Hosts that run jobs of the tenant.
create table runbook_worker (
    tenant_id  text   not null,
    host_id    text   not null,
    created_us bigint not null,
    primary key (tenant_id, host_id)
);
