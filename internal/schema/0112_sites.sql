-- What a group's team has beside the group.
create table team (
    tenant_id   text   not null,
    group_id    text   not null,
    settings    text   not null, -- members of Graph's team, as JSON
    archived    bigint not null default 0,
    created_us  bigint not null,
    version     bigint not null default 1,
    primary key (tenant_id, group_id)
);

-- What was done to teams behind an answer 202.
create table team_operation (
    tenant_id  text   not null,
    id         text   not null,
    team_id    text   not null,
    kind       text   not null,
    created_us bigint not null,
    primary key (tenant_id, id)
);
create index team_operation_of on team_operation (tenant_id, team_id, created_us);

-- Sites without a group. A group's own site follows from the group.
create table site (
    tenant_id   text   not null,
    id          text   not null,
    name        text   not null, -- in its address
    name_folded text   not null,
    title       text   not null,
    title_folded text  not null,
    description text   not null default '',
    created_us  bigint not null,
    primary key (tenant_id, id)
);
create unique index site_name on site (tenant_id, name_folded);

-- What applications may do in one site.
create table site_permission (
    tenant_id  text   not null,
    site_id    text   not null,
    app_id     text   not null,
    app_name   text   not null default '',
    role       text   not null,
    created_us bigint not null,
    primary key (tenant_id, site_id, app_id)
);

-- Who is in a site's groups. ends_us is the latest end of the causes; 0 is none.
create table site_member (
    tenant_id text   not null,
    site_id   text   not null,
    role_id   bigint not null,
    member_id text   not null,
    added_us  bigint not null,
    ends_us   bigint not null default 0,
    primary key (tenant_id, site_id, role_id, member_id)
);
create index site_member_due on site_member (ends_us) where ends_us > 0;
create index site_member_of on site_member (tenant_id, member_id, site_id);
