-- What a certificate is for: only one to verify with proves who a client is.
alter table app_key add column usage text not null default 'Verify';
