-- Every property of a user by which Graph filters. A time that is absent is a
-- number before all times, because 0 is one; a truth value that is absent is -1.

alter table account add column manager_id text not null default '';
alter table account add column sid_folded text not null default '';
alter table account add column age_group text not null default '';
alter table account add column minor_consent text not null default '';
alter table account add column city_folded text not null default '';
alter table account add column company_folded text not null default '';
alter table account add column country_folded text not null default '';
alter table account add column state_folded text not null default '';
alter table account add column street_folded text not null default '';
alter table account add column postal_folded text not null default '';
alter table account add column mobile_folded text not null default '';
alter table account add column fax_folded text not null default '';
alter table account add column office_folded text not null default '';
alter table account add column language_folded text not null default '';
alter table account add column location_folded text not null default '';
alter table account add column employed_as_folded text not null default '';
alter table account add column center_folded text not null default '';
alter table account add column division_folded text not null default '';
alter table account add column immutable_folded text not null default '';
alter table account add column policies_folded text not null default '';
alter table account add column hired_us bigint not null default -9000000000000000000;
alter table account add column leaves_us bigint not null default -9000000000000000000;
alter table account add column listed bigint not null default -1;

create index account_manager on account (tenant_id, manager_id) where manager_id <> '';
create index account_nick on account (tenant_id, nick_folded);
create index account_employee on account (tenant_id, employee_id) where employee_id <> '';
create index account_guest on account (tenant_id, id) where user_type = 'Guest';
create index account_external on account (tenant_id, external_state) where external_state <> '';
create index object_creator on object (tenant_id, created_by) where created_by <> '';

-- The collections of a user by which it is found, one row an element, and the
-- extension attributes it has.
create table user_text (
    tenant_id text not null,
    user_id   text not null,
    kind      text not null, -- the property
    folded    text not null,
    primary key (tenant_id, user_id, kind, folded)
);
create index user_text_value on user_text (tenant_id, kind, folded);

-- The names under which a user signs in, in their order.
create table user_identity (
    tenant_id text   not null,
    user_id   text   not null,
    place     bigint not null,
    kind      text   not null,
    issuer    text   not null,
    assigned  text   not null default '',
    primary key (tenant_id, user_id, place)
);
create index user_identity_name on user_identity (tenant_id, assigned, issuer) where assigned <> '';
