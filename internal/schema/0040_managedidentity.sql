-- Subscriptions, managed identities, and the hosts that may use them.

create table azure_subscription (
    tenant_id    text   not null,
    id           text   not null,
    display_name text   not null,
    created_us   bigint not null,
    primary key (tenant_id, id)
);
create unique index azure_subscription_id on azure_subscription (id);

create table resource_group (
    tenant_id       text   not null,
    subscription_id text   not null,
    folded          text   not null,
    name            text   not null,
    location        text   not null,
    tags            text   not null default '{}',
    created_us      bigint not null,
    primary key (tenant_id, subscription_id, folded)
);

-- Who may do what with a subscription's resources. scope is a resource id in
-- lower case, shown the same as it was given; a role counts for the scope and
-- all that lies below it.
create table subscription_role (
    tenant_id       text   not null,
    subscription_id text   not null,
    id              text   not null,
    scope           text   not null,
    shown           text   not null,
    principal_id    text   not null,
    principal_type  text   not null,
    role_id         text   not null,
    created_us      bigint not null,
    created_by      text   not null default '',
    primary key (tenant_id, subscription_id, id)
);
create unique index subscription_role_once on subscription_role (tenant_id, principal_id, role_id, scope);

-- User-assigned identities. principal_id is the service principal's.
create table managed_identity (
    tenant_id       text   not null,
    principal_id    text   not null,
    client_id       text   not null,
    subscription_id text   not null,
    group_folded    text   not null,
    name_folded     text   not null,
    group_name      text   not null,
    name            text   not null,
    location        text   not null,
    isolation       text   not null default 'None',
    tags            text   not null default '{}',
    created_us      bigint not null,
    primary key (tenant_id, principal_id)
);
create unique index managed_identity_place on managed_identity (tenant_id, subscription_id, group_folded, name_folded);

-- Resources that can have identities. system_principal is empty while the
-- host's own identity is switched off.
create table host (
    tenant_id        text   not null,
    id               text   not null,
    subscription_id  text   not null,
    type_folded      text   not null,
    group_folded     text   not null,
    name_folded      text   not null,
    type_name        text   not null,
    group_name       text   not null,
    name             text   not null,
    site_kind        text   not null default '',
    location         text   not null,
    tags             text   not null default '{}',
    properties       text   not null default '{}',
    system_principal text   not null default '',
    system_client    text   not null default '',
    created_us       bigint not null,
    seen_us          bigint not null default 0,
    primary key (tenant_id, id)
);
create unique index host_place on host (tenant_id, subscription_id, type_folded, group_folded, name_folded);
create index host_system on host (tenant_id, system_principal) where system_principal <> '';

create table host_identity (
    tenant_id    text   not null,
    host_id      text   not null,
    principal_id text   not null,
    primary key (tenant_id, host_id, principal_id)
);
create index host_identity_of on host_identity (tenant_id, principal_id);

-- Public keys of hosts, with which they sign assertions.
create table host_key (
    tenant_id  text   not null,
    host_id    text   not null,
    key_id     text   not null,
    jwk        text   not null,
    created_us bigint not null,
    primary key (tenant_id, host_id, key_id)
);

-- One-time tokens by which a host registers its key. Only the digest is kept.
create table host_enrollment (
    tenant_id  text   not null,
    digest     text   not null,
    host_id    text   not null,
    created_us bigint not null,
    ends_us    bigint not null,
    primary key (tenant_id, digest)
);
create index host_enrollment_host on host_enrollment (tenant_id, host_id);

-- Identifiers of assertions that hosts have used, until these expire.
create table host_assertion (
    tenant_id text   not null,
    host_id   text   not null,
    jti       text   not null,
    ends_us   bigint not null,
    primary key (tenant_id, host_id, jti)
);
