-- Lists of guests, or of members, in the order of their names.
drop index account_guest;
create index account_type on account (tenant_id, user_type, name_folded, id);
