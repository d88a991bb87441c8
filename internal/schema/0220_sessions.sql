-- A browser may hold several sessions, one an account, each under a cookie of
-- its own. One that was ended stays a while, for its applications to be told.
alter table session add column kept bigint not null default 0; -- 1: it outlives the run of its browser
alter table session add column agent text not null default ''; -- what the browser said of itself, and its address, when it was last proved
alter table session add column ip text not null default '';
alter table session add column created_us bigint not null default 0;
alter table session add column used_us bigint not null default 0;
alter table session add column ended_us bigint not null default 0; -- signed out

alter table signin_flow add column session_id text not null default ''; -- that it goes on with, or has ended
alter table signin_flow add column keep bigint not null default 0; -- 1: the session is to outlive the run of its browser
