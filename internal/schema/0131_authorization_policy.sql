-- What people of a tenant may do without a role, where it differs from the usual.

create table authorization_policy (
    tenant_id  text   not null primary key,
    body       text   not null,
    version    bigint not null default 1
);
