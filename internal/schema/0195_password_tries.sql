-- Tries at the password of now, by whoever is signed in and would change it.
alter table password add column tries bigint not null default 0;
alter table password add column tried_us bigint not null default 0;
alter table password add column paused_us bigint not null default 0; -- until when no try is made
