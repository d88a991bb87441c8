-- What a sign-in has proved so far, in the words of a session's method.
alter table signin_flow add column methods text not null default '';
