-- The ticket of an invitation stands sealed beside its digest until it has been
-- used, for the message that carries the link. Who invited is named to the guest.
alter table invitation add column sealed text not null default ''; -- base64; empty: used, or made before there was any
alter table invitation add column inviter_id text not null default ''; -- a user of the tenant
alter table invitation add column inviter text not null default ''; -- the name of what invited, where it was no user
alter table invitation add column accepted_us bigint not null default 0; -- when it was used; 0: not yet
