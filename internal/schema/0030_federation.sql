-- Federated credentials: which identity of which issuer may stand in for an
-- application or a user-assigned managed identity.
create table federated_credential (
    tenant_id   text   not null,
    parent_id   text   not null, -- the application object, or the identity's service principal
    id          text   not null,
    parent_kind text   not null,
    name        text   not null,
    name_folded text   not null,
    issuer      text   not null,
    subject     text   not null default '',
    expression  text   not null default '', -- claims matching, instead of a subject
    audience    text   not null,
    description text   not null default '',
    match_key   text   not null, -- digest of issuer, subject and expression: too long for an index
    created_us  bigint not null,
    version     bigint not null default 1,
    primary key (tenant_id, parent_id, id)
);
create unique index federated_credential_name on federated_credential (tenant_id, parent_id, name_folded);
create unique index federated_credential_match on federated_credential (tenant_id, parent_id, match_key);
create index federated_credential_flexible on federated_credential (tenant_id, parent_id, id) where expression <> '';
