-- Device authorization (RFC 8628): a machine without a browser waits, a person
-- decides elsewhere. Of both codes only digests are kept.

create table device_code (
    tenant_id   text   not null, -- whose tokens; empty: the home of whoever signs in, until somebody has
    digest      text   not null, -- of the device's code
    user_digest text   not null, -- of the code that a person types
    client      text   not null,
    scope       text   not null,
    ip          text   not null, -- of the device, for the person to recognize
    network     text   not null, -- that counts as one
    agent       text   not null,
    state       text   not null, -- waiting, approved, declined, spent
    created_us  bigint not null,
    expires_us  bigint not null,
    accepted    text   not null default '', -- the sign-in in which somebody said that they started it, and their account
    polled_us   bigint not null default 0,
    home_id     text   not null default '', -- who approved: where the account lives, and who it is there
    user_id     text   not null default '',
    session_id  text   not null default '',
    methods     text   not null default '',
    auth_us     bigint not null default 0,
    primary key (tenant_id, digest)
);
create unique index device_code_digest on device_code (digest);
create unique index device_code_typed on device_code (user_digest);
create index device_code_network on device_code (network, expires_us);
create index device_code_due on device_code (expires_us);
