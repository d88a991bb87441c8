-- When their person said that the recovery codes are saved: they are not shown
-- from then on. 0: not yet.
alter table recovery_code add column saved_us bigint not null default 0;
