-- What people are found by, whom they answer to, and who vouches for guests.

create table sponsor (
    tenant_id  text   not null,
    user_id    text   not null,
    sponsor_id text   not null, -- a user or a group
    added_us   bigint not null,
    primary key (tenant_id, user_id, sponsor_id)
);
create index sponsor_of on sponsor (tenant_id, sponsor_id);
