-- Domains are claimed, proved, changed and removed; what is named under one is
-- found by it.

alter table domain add column promoted bigint not null default 0;
alter table domain add column services text not null default 'Email OfficeCommunicationsOnline';
alter table domain add column removal text not null default '';
alter table domain add column removal_us bigint not null default 0;
create unique index domain_default on domain (tenant_id) where is_default = 1;

-- What a tenant lets be known of whom to turn to, as JSON.
alter table tenant add column contacts text not null default '{}';

-- The domain of a user principal name or a mail address, the host of an identifier URI.
alter table object_name add column domain text not null generated always as (
    case space
        when 'upn' then split_part(folded, '@', 2)
        when 'address' then split_part(folded, '@', 2)
        when 'uri' then split_part(split_part(folded, '://', 2), '/', 1)
        else ''
    end) stored;
create index object_name_domain on object_name (tenant_id, domain, object_id) where domain <> '';

alter table account add column mail_domain text not null generated always as (split_part(mail_folded, '@', 2)) stored;
create index account_mail_domain on account (tenant_id, mail_domain, id) where mail_domain <> '';
alter table directory_group add column mail_domain text not null generated always as (split_part(mail_folded, '@', 2)) stored;
create index directory_group_mail_domain on directory_group (tenant_id, mail_domain, id) where mail_domain <> '';
