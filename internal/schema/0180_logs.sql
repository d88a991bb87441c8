-- What the logs are asked by. Who did it stands typed: a person or a program.
alter table audit_entry add column activity_folded text not null default '';
alter table audit_entry add column service text not null default 'Core Directory';
alter table audit_entry add column by_user text not null default '';
alter table audit_entry add column by_user_folded text not null default '';
alter table audit_entry add column by_program text not null default '';
alter table audit_entry add column by_program_folded text not null default '';

update audit_entry set activity_folded = lower(activity);
update audit_entry set by_user = by_object, by_user_folded = lower(by_name) where by_kind = 'person' and by_object <> '';
update audit_entry set by_program = by_app, by_program_folded = lower(by_name) where by_kind <> 'person';

create index audit_entry_id on audit_entry (tenant_id, id);
create index audit_entry_activity on audit_entry (tenant_id, activity_folded, at_us, id);
create index audit_entry_request on audit_entry (tenant_id, request_id, at_us, id);
create index audit_entry_user on audit_entry (tenant_id, by_user, at_us, id);
create index audit_entry_program on audit_entry (tenant_id, by_program, at_us, id);

-- Names of sign-ins compare folded. A list without a filter shows one kind.
alter table sign_in add column app_folded text not null default '';
alter table sign_in add column principal_folded text not null default '';
alter table sign_in add column resource_folded text not null default '';

update sign_in set app_folded = lower(app_name), principal_folded = lower(principal_name), resource_folded = lower(resource_name);

create index sign_in_id on sign_in (tenant_id, id);
create index sign_in_kind on sign_in (tenant_id, kind, at_us, id);
create index sign_in_principal on sign_in (tenant_id, principal_id, at_us, id);
