-- The installation: one row, which says for which kind of server the store was
-- made. It belongs to no tenant.
create table installation (
	id bigint not null primary key,
	mark text not null default '',
	claimed_us bigint not null default 0
);
