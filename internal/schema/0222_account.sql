-- What a person's own pages ask for: where they are a guest, and where somebody
-- of their address is awaited.
create index account_of_home on account (home_tenant, home_object) where home_tenant <> '' and deleted_us = 0;
create index account_awaited on account (mail_folded) where external_state = 'PendingAcceptance' and deleted_us = 0;
