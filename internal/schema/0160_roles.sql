-- Directory roles that were activated in a tenant: by a client, or by being
-- given to somebody. Each is a directory object as well.
create table directory_role (
    tenant_id    text   not null,
    id           text   not null,
    role_id      text   not null, -- the template
    activated_us bigint not null,
    primary key (tenant_id, id)
);
create unique index directory_role_once on directory_role (tenant_id, role_id);
create index role_assignment_of on role_assignment (tenant_id, role_id, principal_id);
