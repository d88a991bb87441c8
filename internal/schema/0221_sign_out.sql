-- Which applications a session has signed in to: they are told when it ends.
create table session_app (
    tenant_id  text   not null, -- the account's home
    session_id text   not null,
    client     text   not null,
    in_tenant  text   not null, -- whose tokens it got
    at_us      bigint not null,
    expires_us bigint not null,
    primary key (tenant_id, session_id, client, in_tenant)
);
create index session_app_due on session_app (expires_us);

-- A sign-out that is done, for the page that says so. It belongs to a browser,
-- and perhaps to several accounts of several tenants.
create table sign_out (
    id         text   not null primary key,
    browser    text   not null, -- digest of the browser's cookie
    ended      text   not null, -- which sessions, as JSON
    client     text   not null default '', -- the application that asked for it
    back       text   not null default '', -- where the browser goes next: a registered address with its values
    expires_us bigint not null
);
create index sign_out_due on sign_out (expires_us);

-- What was begun in a session, to be revoked with it.
create index refresh_family_session on refresh_family (tenant_id, session_id);
create index auth_code_session on auth_code (session_id);

-- Tries at an account, by the name that was typed.
create index sign_in_name on sign_in (tenant_id, principal_folded, at_us, id);
