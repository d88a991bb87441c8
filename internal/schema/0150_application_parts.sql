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
