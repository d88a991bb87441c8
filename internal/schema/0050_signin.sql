-- Interactive sign-in: what is under way, who is signed in, who guesses.

-- A browser knows its flow before anyone knows the tenant, so a flow belongs
-- to none. It is found by its identifier, and only with its browser's cookie.
create table signin_flow (
    id          text   not null primary key,
    browser     text   not null, -- digest of the browser's cookie
    state       text   not null,
    ask         text   not null, -- what it was begun for, as JSON
    username    text   not null default '',
    home_id     text   not null default '', -- the home tenant, once known
    user_id     text   not null default '', -- who is signed in, once proven
    proven_us   bigint not null default 0,
    shown       text   not null default '', -- digest of what was consented to
    outcome     text   not null default '',
    until_us    bigint not null default 0,
    created_us  bigint not null,
    expires_us  bigint not null,
    version     bigint not null default 1
);
create index signin_flow_due on signin_flow (expires_us);

create table session (
    tenant_id  text   not null, -- the home tenant
    id         text   not null,
    cookie     text   not null, -- digest of the session's cookie
    user_id    text   not null,
    method     text   not null,
    auth_us    bigint not null,
    expires_us bigint not null,
    primary key (tenant_id, id)
);
create unique index session_cookie on session (cookie);
create index session_of_user on session (tenant_id, user_id);
create index session_due on session (expires_us);

-- Wrong passwords, by account and by the network they came from: a guesser is
-- slowed, and the owner elsewhere is not. name is the digest of what was typed.
create table signin_try (
    tenant_id  text   not null,
    name       text   not null,
    network    text   not null,
    tries      bigint not null,
    last_us    bigint not null,
    until_us   bigint not null default 0, -- no further try before
    primary key (tenant_id, name, network)
);
create index signin_try_due on signin_try (last_us);
