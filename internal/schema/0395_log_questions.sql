-- What the pages of the logs are asked by. The other side of a sign-in is the
-- tenant that somebody came from or, in the log of their home, went to. Most
-- entries are of one tenant and succeed: the indexes hold the rest.
alter table sign_in add column other_tenant text not null default '';
update sign_in set other_tenant = home_tenant where home_tenant <> tenant_id;

create index sign_in_correlation on sign_in (tenant_id, correlation_id, at_us, id);
create index sign_in_other on sign_in (tenant_id, other_tenant, at_us, id) where other_tenant <> '';
create index sign_in_failed on sign_in (tenant_id, at_us, id) where reason <> '';

create index audit_entry_category on audit_entry (tenant_id, category, at_us, id);
create index audit_entry_by on audit_entry (tenant_id, by_user_folded, at_us, id) where by_user_folded <> '';
create index audit_entry_other on audit_entry (tenant_id, other_tenant, at_us, id) where other_tenant <> '';
create index audit_entry_failed on audit_entry (tenant_id, at_us, id) where reason <> '';
