-- Calls to endpoints of custom extensions: at a stage of a request, or before
-- the end of an assignment.
create table callout (
    tenant_id     text   not null,
    id            text   not null,
    request_id    text   not null default '',
    assignment_id text   not null default '',
    extension_id  text   not null,
    stage         text   not null,
    status        text   not null,
    holds         bigint not null, -- 1: the request waits for the endpoint's word
    detail        text   not null default '',
    correlation   text   not null default '',
    tries         bigint not null default 0,
    until_us      bigint not null default 0, -- how long it waits
    created_us    bigint not null,
    sent_us       bigint not null default 0,
    ended_us      bigint not null default 0,
    primary key (tenant_id, id)
);
create index callout_request on callout (tenant_id, request_id, created_us) where request_id <> '';
create index callout_assignment on callout (tenant_id, assignment_id, created_us) where assignment_id <> '';
