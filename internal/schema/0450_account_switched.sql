-- When somebody last said whether a user may sign in; 0: at the beginning, or never.
-- What happens by itself leaves it as it is, and respects it.
alter table account add column switched_us bigint not null default 0;
