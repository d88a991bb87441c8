-- What a certificate is for: only one to verify with proves who a client is.
alter table app_key add column usage text not null default 'Verify';

-- By what applications and service principals are found.
alter table application add column text_folded text not null default '';
alter table application add column publisher_domain text not null default '';
alter table application add column template_id text not null default '';
alter table application add column disabled_status text not null default '';
alter table service_principal add column text_folded text not null default '';
alter table service_principal add column template_id text not null default '';
alter table service_principal add column disabled_status text not null default '';

-- Tags, and the resources that are asked for, one row each, for filters.
create table application_item (
    tenant_id      text not null,
    application_id text not null,
    kind           text not null, -- tag or resource
    folded         text not null,
    primary key (tenant_id, application_id, kind, folded)
);

create table application_logo (
    tenant_id      text not null,
    application_id text not null,
    media          text not null,
    data           blob not null,
    primary key (tenant_id, application_id)
);

-- Properties of directory objects that applications define.
create table application_extension (
    tenant_id      text   not null,
    application_id text   not null,
    id             text   not null,
    name           text   not null, -- with the application's prefix
    name_folded    text   not null,
    data_type      text   not null,
    multi_valued   bigint not null default 0,
    targets        text   not null, -- kinds of object, separated by blanks
    created_us     bigint not null,
    primary key (tenant_id, application_id, id)
);
create unique index application_extension_name on application_extension (tenant_id, application_id, name_folded);

-- How much a tenant minds that a delegated permission is given away.
create table permission_class (
    tenant_id       text not null,
    resource_id     text not null,
    id              text not null,
    permission_id   text not null,
    permission_name text not null,
    class           text not null, -- low, medium or high
    primary key (tenant_id, resource_id, id)
);
create unique index permission_class_once on permission_class (tenant_id, resource_id, permission_id);
