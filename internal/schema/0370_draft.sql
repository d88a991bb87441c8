-- What somebody sets up in several steps and has not finished.
create table draft (
    tenant_id    text   not null,
    author_id    text   not null, -- the object that the author is in the tenant
    id           text   not null,
    kind         text   not null,
    title        text   not null,
    body         text   not null, -- JSON, of the form that the kind says
    created_us   bigint not null,
    modified_us  bigint not null,
    version      bigint not null default 1,
    primary key (tenant_id, author_id, id)
);
create index draft_modified on draft (modified_us);
