-- What administrators set up of entitlement management.

-- A container of resources and access packages, with people of its own.
create table catalog (
    tenant_id   text   not null,
    id          text   not null,
    name        text   not null,
    name_folded text   not null,
    description text   not null default '',
    kind        text   not null, -- userManaged, serviceDefault
    published   bigint not null,
    external    bigint not null, -- for people from outside, too
    created_by  text   not null default '', -- a name, for beta
    created_us  bigint not null,
    modified_by text   not null default '',
    modified_us bigint not null,
    version     bigint not null default 1,
    primary key (tenant_id, id)
);
create unique index catalog_name on catalog (tenant_id, name_folded);

-- What a catalog offers: a group, an application's service principal, a site.
create table catalog_resource (
    tenant_id   text   not null,
    id          text   not null,
    catalog_id  text   not null,
    origin      text   not null, -- AadGroup, AadApplication, SharePointOnline
    origin_id   text   not null,
    object_id   text   not null, -- the object in the directory, or the site's key
    kind        text   not null, -- beta's resourceType
    name        text   not null,
    name_folded text   not null,
    description text   not null default '',
    url         text   not null default '',
    attributes  text   not null default '[]', -- as they came
    added_by    text   not null default '',
    created_us  bigint not null,
    modified_us bigint not null,
    version     bigint not null default 1,
    primary key (tenant_id, id)
);
create unique index catalog_resource_origin on catalog_resource (tenant_id, catalog_id, origin, origin_id);
create index catalog_resource_object on catalog_resource (tenant_id, object_id);

-- The roles that a resource has; gone is one that its origin has no more.
create table resource_role (
    tenant_id   text   not null,
    id          text   not null,
    resource_id text   not null,
    origin_id   text   not null,
    name        text   not null,
    name_folded text   not null,
    description text   not null default '',
    gone        bigint not null default 0,
    primary key (tenant_id, id)
);
create unique index resource_role_origin on resource_role (tenant_id, resource_id, origin_id);

-- The one scope of a resource: its root.
create table resource_scope (
    tenant_id   text   not null,
    id          text   not null,
    resource_id text   not null,
    primary key (tenant_id, id)
);
create unique index resource_scope_of on resource_scope (tenant_id, resource_id);

-- That a resource came into a catalog, was changed, or left it.
create table resource_request (
    tenant_id     text   not null,
    id            text   not null,
    catalog_id    text   not null,
    resource_id   text   not null,
    kind          text   not null, -- adminAdd, adminUpdate, adminRemove
    justification text   not null default '',
    by_id         text   not null default '',
    resource      text   not null, -- as it was, as JSON
    created_us    bigint not null,
    primary key (tenant_id, id)
);
create index resource_request_of on resource_request (tenant_id, catalog_id, created_us);

create table access_package (
    tenant_id   text   not null,
    id          text   not null,
    catalog_id  text   not null,
    name        text   not null,
    name_folded text   not null,
    description text   not null default '',
    hidden      bigint not null default 0,
    created_by  text   not null default '',
    created_us  bigint not null,
    modified_by text   not null default '',
    modified_us bigint not null,
    version     bigint not null default 1,
    primary key (tenant_id, id)
);
create index access_package_of on access_package (tenant_id, catalog_id);
create index access_package_name on access_package (tenant_id, name_folded);

-- What a package gives: a role in the scope of a resource.
create table package_role (
    tenant_id   text   not null,
    package_id  text   not null,
    role_id     text   not null,
    scope_id    text   not null,
    resource_id text   not null,
    created_us  bigint not null,
    primary key (tenant_id, package_id, role_id, scope_id)
);
create index package_role_of on package_role (tenant_id, resource_id);

-- Who has other_id, a package or a group, cannot have the package.
create table package_incompatible (
    tenant_id  text   not null,
    package_id text   not null,
    kind       text   not null, -- package, group
    other_id   text   not null,
    primary key (tenant_id, package_id, kind, other_id)
);
create index package_incompatible_with on package_incompatible (tenant_id, kind, other_id);

create table assignment_policy (
    tenant_id   text   not null,
    id          text   not null,
    package_id  text   not null,
    name        text   not null,
    name_folded text   not null,
    scope       text   not null, -- allowedTargetScope
    self_add    bigint not null, -- whether new requests are accepted
    automatic   bigint not null,
    body        text   not null, -- all of it, as JSON
    created_us  bigint not null,
    modified_us bigint not null,
    version     bigint not null default 1,
    primary key (tenant_id, id)
);
create index assignment_policy_of on assignment_policy (tenant_id, package_id);
create index assignment_policy_scope on assignment_policy (tenant_id, scope);
create unique index assignment_policy_automatic on assignment_policy (tenant_id, package_id) where automatic = 1;

-- Whom a policy names, and as what: a user, group, service principal or
-- connected organization.
create table policy_subject (
    tenant_id  text   not null,
    policy_id  text   not null,
    role       text   not null, -- target, onBehalf, approver
    subject_id text   not null,
    kind       text   not null, -- singleUser, groupMembers, …
    primary key (tenant_id, policy_id, role, subject_id)
);
create index policy_subject_of on policy_subject (tenant_id, subject_id, role);

-- Which policies call which custom extension.
create table policy_extension (
    tenant_id    text not null,
    policy_id    text not null,
    stage        text not null,
    extension_id text not null,
    primary key (tenant_id, policy_id, stage)
);
create index policy_extension_of on policy_extension (tenant_id, extension_id);

create table connected_organization (
    tenant_id   text   not null,
    id          text   not null,
    name        text   not null,
    name_folded text   not null,
    description text   not null default '',
    state       text   not null, -- configured, proposed
    created_by  text   not null default '',
    created_us  bigint not null,
    modified_by text   not null default '',
    modified_us bigint not null,
    version     bigint not null default 1,
    primary key (tenant_id, id)
);
create index connected_organization_name on connected_organization (tenant_id, name_folded);

-- Where an organization's people come from. space and value make a source
-- unique: the tenant, the domain, the issuer, the social provider.
create table organization_source (
    tenant_id       text   not null,
    organization_id text   not null,
    place           bigint not null,
    kind            text   not null,
    space           text   not null, -- tenant, domain, social
    value           text   not null,
    issuer          text   not null default '',
    cloud           text   not null default '',
    name            text   not null default '',
    primary key (tenant_id, organization_id, place)
);
create unique index organization_source_value on organization_source (tenant_id, space, value);

create table organization_sponsor (
    tenant_id       text   not null,
    organization_id text   not null,
    external        bigint not null,
    sponsor_id      text   not null,
    added_us        bigint not null,
    primary key (tenant_id, organization_id, external, sponsor_id)
);
create index organization_sponsor_of on organization_sponsor (tenant_id, sponsor_id);

-- What becomes of governed guests who have lost their last assignment.
create table entitlement_settings (
    tenant_id   text   not null primary key,
    action      text   not null,
    deleted_in  bigint not null, -- microseconds after the block
    modified_us bigint not null,
    version     bigint not null default 1
);

-- What a policy calls at a stage of a request or an assignment.
create table workflow_extension (
    tenant_id   text   not null,
    id          text   not null,
    catalog_id  text   not null,
    kind        text   not null, -- request, assignment
    name        text   not null,
    name_folded text   not null,
    body        text   not null,
    created_us  bigint not null,
    modified_us bigint not null,
    version     bigint not null default 1,
    primary key (tenant_id, id)
);
create index workflow_extension_of on workflow_extension (tenant_id, catalog_id);

-- Who administers a catalog, or may make catalogs where catalog_id is empty.
create table entitlement_role (
    tenant_id    text   not null,
    id           text   not null,
    role_id      text   not null,
    principal_id text   not null,
    catalog_id   text   not null default '',
    created_us   bigint not null,
    primary key (tenant_id, id)
);
create unique index entitlement_role_of on entitlement_role (tenant_id, principal_id, catalog_id, role_id);
create index entitlement_role_catalog on entitlement_role (tenant_id, catalog_id);
