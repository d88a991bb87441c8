-- The second factor: authenticators of people, recovery codes, tries, and whom a
-- tenant asks. user_id is an account's in the tenant that asks, which for a
-- guest is not the home.

create table authenticator (
    tenant_id   text   not null,
    user_id     text   not null,
    id          text   not null,
    name        text   not null,
    sealed      blob   not null, -- the secret, under a master key
    sealed_by   text   not null, -- which one
    last_step   bigint not null, -- the last step of which a code was taken
    created_us  bigint not null,
    used_us     bigint not null default 0,
    primary key (tenant_id, user_id, id)
);
create index authenticator_seal on authenticator (sealed_by);

create table recovery_code (
    tenant_id   text   not null,
    user_id     text   not null,
    mac         text   not null, -- keyed hash; the code is not kept
    created_us  bigint not null,
    used_us     bigint not null default 0,
    primary key (tenant_id, user_id, mac)
);

create table factor_try (
    tenant_id   text   not null,
    user_id     text   not null,
    tries       bigint not null,
    last_us     bigint not null,
    until_us    bigint not null default 0, -- no further try before
    primary key (tenant_id, user_id)
);

-- Of whom a tenant demands a second factor, where it is not nobody.
create table factor_rule (
    tenant_id   text   not null primary key,
    who         text   not null,
    version     bigint not null default 1
);
