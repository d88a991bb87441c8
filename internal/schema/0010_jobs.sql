-- A job is pending, running (leased) or dead; one that is done is gone.
-- Installation-wide jobs have the tenant ''. attempt counts every claim and is
-- the fencing token; tries counts since the job was made or retried.
create table job (
	tenant_id text not null,
	id text not null,
	kind text not null,
	job_key text not null default '',
	args text not null default '',
	state text not null default 'pending',
	due_us bigint not null default 0,
	lease_us bigint not null default 0,
	attempt bigint not null default 0,
	tries bigint not null default 0,
	canceled bigint not null default 0,
	error text not null default '',
	created_us bigint not null default 0,
	primary key (tenant_id, id)
);

-- One pending and one running job per key.
create unique index job_pending_key on job (tenant_id, kind, job_key) where job_key <> '' and state = 'pending';
create unique index job_running_key on job (tenant_id, kind, job_key) where job_key <> '' and state = 'running';

-- What workers look for.
create index job_due on job (due_us) where state = 'pending';
create index job_lease on job (lease_us) where state = 'running';

-- What operators look for.
create index job_dead on job (tenant_id, id) where state = 'dead';

-- The latest interval for which a periodic job was enqueued. No tenant.
create table job_period (
	kind text not null primary key,
	slot_us bigint not null default 0
);
