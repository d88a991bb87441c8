-- What is given to whom for the sake of which sources: an assignment of an
-- access package is one. A row stands for one resource role that one object has,
-- or is to have.
create table provision_grant (
    tenant_id  text   not null,
    id         text   not null,
    object_id  text   not null, -- who has it
    system     text   not null, -- originSystem: AadGroup, AadApplication, SharePointOnline
    origin     text   not null, -- originId of the resource
    role       text   not null, -- originId of the role
    place      text   not null default '', -- where the connector put it, if that is not the origin
    created_us bigint not null,
    primary key (tenant_id, id)
);
create unique index provision_grant_of on provision_grant (tenant_id, object_id, system, origin, role);

-- Why it is given: each source wants it until a time and gets an answer of its own.
create table provision_source (
    tenant_id  text   not null,
    grant_id   text   not null,
    source     text   not null,
    cause_id   text   not null,
    state      text   not null,
    error      text   not null default '',
    ends_us    bigint not null default 0, -- 0: no end
    changed_us bigint not null,
    primary key (tenant_id, grant_id, source)
);
create index provision_source_of on provision_source (tenant_id, source);
