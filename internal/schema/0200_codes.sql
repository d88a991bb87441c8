-- What stands for a person towards an application: a code for a moment, a
-- family of refresh tokens for longer. Only digests are kept.

create table auth_code (
    tenant_id   text   not null, -- whose tokens it is good for
    digest      text   not null,
    client      text   not null, -- the application's client identifier
    redirect    text   not null,
    challenge   text   not null default '', -- S256 (RFC 7636); empty: none was sent
    scope       text   not null,
    nonce       text   not null default '',
    platform    text   not null, -- of the application: web, spa, publicClient
    home_id     text   not null, -- where the account lives, and who it is there
    user_id     text   not null,
    object_id   text   not null, -- who it is in the tenant
    session_id  text   not null default '',
    methods     text   not null, -- of the sign-in, separated by spaces
    auth_us     bigint not null,
    expires_us  bigint not null,
    used_us     bigint not null default 0,
    family_id   text   not null default '', -- what it was spent on
    primary key (tenant_id, digest)
);
create unique index auth_code_digest on auth_code (digest);
create index auth_code_due on auth_code (expires_us);

-- A family begins with one sign-in to one application, and lives at the
-- account's home.
create table refresh_family (
    tenant_id   text   not null, -- the account's home
    id          text   not null,
    user_id     text   not null,
    client      text   not null,
    platform    text   not null,
    scope       text   not null, -- of the sign-in, for a client that names none
    session_id  text   not null default '',
    methods     text   not null,
    auth_us     bigint not null,
    created_us  bigint not null,
    used_us     bigint not null,
    expires_us  bigint not null, -- moves on with use, unless it is a page's
    revoked_us  bigint not null default 0,
    revoked_for text   not null default '',
    primary key (tenant_id, id)
);
create index refresh_family_of on refresh_family (tenant_id, user_id, client);
create index refresh_family_due on refresh_family (expires_us);

create table refresh_token (
    tenant_id   text   not null,
    digest      text   not null,
    family_id   text   not null,
    created_us  bigint not null,
    spent_us    bigint not null default 0,
    primary key (tenant_id, digest)
);
create unique index refresh_token_digest on refresh_token (digest);
create index refresh_token_family on refresh_token (tenant_id, family_id);
