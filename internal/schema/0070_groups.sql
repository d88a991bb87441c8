-- Groups, who is in them, and who holds the roles that a group was given.

create table directory_group (
    tenant_id    text   not null,
    id           text   not null,
    name_folded  text   not null,
    text_folded  text   not null default '', -- the description
    class_folded text   not null default '',
    nick_folded  text   not null,
    mail_folded  text   not null default '',
    unified      bigint not null default 0,
    security     bigint not null default 0,
    mail_enabled bigint not null default 0,
    assignable   bigint not null default 0, -- roles may be given to it
    unique_name  text   not null default '',
    created_us   bigint not null,
    deleted_us   bigint not null default 0,
    face         text   not null,
    rest         text   not null default '',
    version      bigint not null default 1,
    primary key (tenant_id, id)
);
create index directory_group_name on directory_group (tenant_id, name_folded, id);
create index directory_group_nick on directory_group (tenant_id, nick_folded);
create index directory_group_mail on directory_group (tenant_id, mail_folded) where mail_folded <> '';
create unique index directory_group_unique_name on directory_group (tenant_id, unique_name) where unique_name <> '' and deleted_us = 0;

-- The collections of a group by which it is found, one row an element.
create table group_text (
    tenant_id text not null,
    group_id  text not null,
    kind      text not null, -- type, address or resource
    folded    text not null,
    primary key (tenant_id, group_id, kind, folded)
);

-- Direct memberships. ends_us is the latest end of its causes; 0 is none.
create table membership (
    tenant_id text   not null,
    group_id  text   not null,
    member_id text   not null,
    added_us  bigint not null,
    ends_us   bigint not null default 0,
    primary key (tenant_id, group_id, member_id)
);
create index membership_of on membership (tenant_id, member_id, group_id);
create index membership_due on membership (ends_us) where ends_us > 0;

-- Who holds what a role-assignable group is given: its direct members, as long
-- as the group lives. Written by directory, read wherever roles decide.
create table role_holder (
    tenant_id text   not null,
    member_id text   not null,
    group_id  text   not null,
    ends_us   bigint not null default 0,
    primary key (tenant_id, member_id, group_id)
);
create index role_holder_group on role_holder (tenant_id, group_id);
