-- Tenants, the shared rows of objects, who may, and what happened.

create table tenant (
    id            text   not null primary key,
    display_name  text   not null,
    enabled       bigint not null default 1,
    created_us    bigint not null,
    country       text   not null default '',
    settings      text   not null default '{}',
    version       bigint not null default 1
);

-- A domain is verified by at most one tenant; an unverified claim does not
-- stand here under its own name, but under the claiming tenant's.
create table domain (
    tenant_id    text   not null,
    name         text   not null,
    verified     bigint not null default 0,
    is_default   bigint not null default 0,
    is_initial   bigint not null default 0,
    proof        text   not null default '',
    created_us   bigint not null,
    verified_us  bigint not null default 0,
    primary key (tenant_id, name)
);
create unique index domain_verified on domain (name) where verified = 1;

-- What every directory object shares.
create table object (
    tenant_id    text   not null,
    id           text   not null,
    kind         text   not null,
    display_name text   not null,
    created_us   bigint not null,
    created_by   text   not null default '',
    deleted_us   bigint not null default 0,
    primary key (tenant_id, id)
);
create unique index object_id on object (id);
create index object_kind on object (tenant_id, kind, deleted_us, id);

-- Names that must be unique in a tenant across kinds, such as user principal
-- names and identifier URIs. space says which kind of name; tenant_id is empty
-- for names that are unique within the installation.
create table object_name (
    tenant_id text not null,
    space     text not null,
    folded    text not null,
    owner_tenant text not null,
    object_id text not null,
    primary key (tenant_id, space, folded)
);
create index object_name_of on object_name (object_id);

create table object_owner (
    tenant_id text   not null,
    object_id text   not null,
    owner_id  text   not null,
    added_us  bigint not null,
    primary key (tenant_id, object_id, owner_id)
);
create index object_owner_of on object_owner (tenant_id, owner_id, object_id);

-- What delta queries read. Rows are numbered by the reader, not by the writer:
-- a counter row per tenant would make every two writers of a tenant conflict.
create table object_change (
    tenant_id text   not null,
    id        text   not null,
    object_id text   not null,
    kind      text   not null,
    what      text   not null,
    at_us     bigint not null,
    seq       bigint not null default 0,
    primary key (tenant_id, id)
);
create index object_change_seq on object_change (tenant_id, seq, at_us);

-- What keeps a grant, an assignment, a service principal or a membership
-- alive, and until when. ends_us 0 means no end.
create table cause (
    tenant_id  text   not null,
    id         text   not null,
    kind       text   not null,
    source     text   not null default '',
    made_by    text   not null default '',
    made_by_name text not null default '',
    created_us bigint not null,
    ends_us    bigint not null default 0,
    ended_us   bigint not null default 0,
    primary key (tenant_id, id)
);
create index cause_due on cause (ends_us) where ended_us = 0 and ends_us > 0;

create table cause_of (
    tenant_id   text not null,
    target_kind text not null,
    target_id   text not null,
    cause_id    text not null,
    primary key (tenant_id, target_kind, target_id, cause_id)
);
create index cause_of_cause on cause_of (tenant_id, cause_id);

-- Directory roles: the definitions are in the program, the assignments here.
create table role_assignment (
    tenant_id    text   not null,
    id           text   not null,
    principal_id text   not null,
    role_id      text   not null,
    scope        text   not null default '/',
    created_us   bigint not null,
    primary key (tenant_id, id)
);
create unique index role_assignment_once on role_assignment (tenant_id, principal_id, role_id, scope);

create table audit_entry (
    tenant_id   text   not null,
    id          text   not null,
    at_us       bigint not null,
    category    text   not null,
    activity    text   not null,
    result      text   not null default 'success',
    reason      text   not null default '',
    by_kind     text   not null,
    by_subject  text   not null,
    by_object   text   not null,
    by_app      text   not null default '',
    by_name     text   not null,
    target_kind text   not null,
    target_id   text   not null,
    target_name text   not null,
    other_tenant text  not null default '',
    crossing_id text   not null default '',
    request_id  text   not null default '',
    body        text   not null default '',
    hash        text   not null,
    primary key (tenant_id, at_us, id)
);
create index audit_entry_target on audit_entry (tenant_id, target_id, at_us);
create index audit_entry_crossing on audit_entry (tenant_id, crossing_id) where crossing_id <> '';

create table sign_in (
    tenant_id     text   not null,
    at_us         bigint not null,
    id            text   not null,
    kind          text   not null,
    app_id        text   not null,
    app_name      text   not null default '',
    principal_id  text   not null default '',
    principal_name text  not null default '',
    home_tenant   text   not null default '',
    resource_app  text   not null default '',
    resource_id   text   not null default '',
    resource_name text   not null default '',
    credential_kind text not null default '',
    credential_id text   not null default '',
    correlation_id text  not null default '',
    token_id      text   not null default '',
    ip            text   not null default '',
    user_agent    text   not null default '',
    error_code    bigint not null default 0,
    reason        text   not null default '',
    links         text   not null default '',
    primary key (tenant_id, at_us, id)
);
create index sign_in_app on sign_in (tenant_id, app_id, at_us);

-- People.
create table account (
    tenant_id    text   not null,
    id           text   not null,
    upn          text   not null,
    upn_folded   text   not null,
    name_folded  text   not null,
    mail_folded  text   not null default '',
    nick_folded  text   not null default '',
    given_folded text   not null default '',
    surname_folded text not null default '',
    title_folded text   not null default '',
    dept_folded  text   not null default '',
    employee_id  text   not null default '',
    user_type    text   not null default 'Member',
    creation_type text  not null default '',
    external_state text not null default '',
    external_state_us bigint not null default 0,
    enabled      bigint not null default 1,
    created_us   bigint not null,
    deleted_us   bigint not null default 0,
    home_tenant  text   not null default '',
    home_object  text   not null default '',
    face         text   not null,
    rest         text   not null default '',
    sessions_from_us bigint not null default 0,
    version      bigint not null default 1,
    primary key (tenant_id, id)
);
create unique index account_upn on account (tenant_id, upn_folded) where deleted_us = 0;
create index account_name on account (tenant_id, name_folded, id);
create index account_mail on account (tenant_id, mail_folded) where mail_folded <> '';
create unique index account_home on account (tenant_id, home_tenant, home_object) where home_tenant <> '' and deleted_us = 0;

create table password (
    tenant_id   text   not null,
    user_id     text   not null,
    hash        text   not null,
    must_change bigint not null default 0,
    changed_us  bigint not null,
    primary key (tenant_id, user_id)
);

-- Applications and their presence in tenants.
create table application (
    tenant_id    text   not null,
    id           text   not null,
    app_id       text   not null,
    name         text   not null,
    name_folded  text   not null,
    audience     text   not null,
    disabled     bigint not null default 0,
    token_version bigint not null default 1,
    public_client bigint not null default 0,
    built_in     bigint not null default 0,
    unique_name  text   not null default '',
    created_us   bigint not null,
    deleted_us   bigint not null default 0,
    face         text   not null,
    version      bigint not null default 1,
    primary key (tenant_id, id)
);
create unique index application_app on application (app_id);
create index application_name on application (tenant_id, name_folded, id);
create unique index application_unique_name on application (tenant_id, unique_name) where unique_name <> '' and deleted_us = 0;

create table application_uri (
    tenant_id text not null,
    application_id text not null,
    folded    text not null,
    uri       text not null,
    primary key (tenant_id, application_id, folded)
);
create index application_uri_name on application_uri (folded);

-- App roles and delegated scopes that an application defines. Tokens are made
-- from these rows, never from a copy in another tenant.
create table app_role (
    tenant_id      text   not null,
    application_id text   not null,
    kind           text   not null, -- role or scope
    id             text   not null,
    value          text   not null,
    enabled        bigint not null,
    for_users      bigint not null,
    for_apps       bigint not null,
    primary key (tenant_id, application_id, kind, id)
);

-- Secrets and certificates of an application or of a service principal.
create table app_key (
    tenant_id  text   not null,
    owner_id   text   not null,
    key_id     text   not null,
    kind       text   not null, -- secret or certificate
    mac        text   not null default '',
    thumb1     text   not null default '',
    thumb256   text   not null default '',
    der        blob,
    starts_us  bigint not null,
    ends_us    bigint not null,
    primary key (tenant_id, owner_id, key_id)
);

create table service_principal (
    tenant_id    text   not null,
    id           text   not null,
    app_id       text   not null,
    app_tenant   text   not null default '', -- home of the application; empty for managed identities
    application_id text not null default '',
    kind         text   not null, -- Application or ManagedIdentity
    name         text   not null,
    name_folded  text   not null,
    enabled      bigint not null default 1,
    assignment_required bigint not null default 0,
    created_us   bigint not null,
    deleted_us   bigint not null default 0,
    own          text   not null, -- what this tenant set, under Graph's names
    version      bigint not null default 1,
    primary key (tenant_id, id)
);
create unique index service_principal_app on service_principal (tenant_id, app_id) where deleted_us = 0;
create index service_principal_by_app on service_principal (app_id, tenant_id);
create index service_principal_name on service_principal (tenant_id, name_folded, id);

-- Tags and alternative names, one row each, for filters.
create table sp_tag (
    tenant_id text not null,
    sp_id     text not null,
    kind      text not null, -- tag or alternative
    folded    text not null,
    primary key (tenant_id, sp_id, kind, folded)
);

create table app_role_assignment (
    tenant_id    text   not null,
    id           text   not null,
    principal_id text   not null,
    principal_kind text not null,
    principal_name text not null,
    principal_folded text not null,
    resource_id  text   not null,
    resource_name text  not null,
    role_id      text   not null,
    created_us   bigint not null,
    ends_us      bigint not null default 0, -- the latest end of its causes; 0 is none
    used_us      bigint not null default 0, -- the day it was last used
    primary key (tenant_id, id)
);
create unique index app_role_assignment_once on app_role_assignment (tenant_id, principal_id, resource_id, role_id);
create index app_role_assignment_to on app_role_assignment (tenant_id, resource_id, id);

create table permission_grant (
    tenant_id    text   not null,
    id           text   not null,
    client_id    text   not null,
    consent_type text   not null,
    principal_id text   not null default '',
    resource_id  text   not null,
    created_us   bigint not null,
    used_us      bigint not null default 0,
    primary key (tenant_id, id)
);
create index permission_grant_client on permission_grant (tenant_id, client_id, resource_id);
create index permission_grant_principal on permission_grant (tenant_id, principal_id) where principal_id <> '';
create index permission_grant_resource on permission_grant (tenant_id, resource_id);

-- One row a scope, because each may end at a time of its own.
create table grant_scope (
    tenant_id text   not null,
    grant_id  text   not null,
    scope     text   not null,
    position  bigint not null,
    ends_us   bigint not null default 0,
    primary key (tenant_id, grant_id, scope)
);
