-- Entries of the sign-in log are kept for a while only. What is older is found
-- by its time, across tenants.
create index sign_in_old on sign_in (at_us);
