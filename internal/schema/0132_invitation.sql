-- Invitations that wait for their guest. The ticket itself is in the guest's
-- link and nowhere else.

create table invitation (
    tenant_id   text   not null,
    user_id     text   not null, -- one for each guest: a fresh one takes the place of the last
    id          text   not null,
    ticket      text   not null, -- digest of the ticket, with tenant and user
    redirect    text   not null, -- where the guest goes on to
    created_us  bigint not null,
    expires_us  bigint not null,
    primary key (tenant_id, user_id)
);
create index invitation_due on invitation (expires_us);
