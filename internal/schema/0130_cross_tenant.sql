-- Cross-tenant access policy: what may cross between a tenant and others.

create table cross_tenant_policy (
    tenant_id  text   not null primary key,
    clouds     text   not null, -- allowedCloudEndpoints, as JSON
    version    bigint not null default 1
);

-- One row for each partner, and one for the default, whose partner is empty:
-- what counts towards a tenant is both, by key, in one read.
create table cross_tenant_configuration (
    tenant_id  text   not null,
    partner_id text   not null,
    body       text   not null,
    sync       text   not null default '', -- identitySynchronization, or empty
    changed_us bigint not null,
    version    bigint not null default 1,
    primary key (tenant_id, partner_id)
);
