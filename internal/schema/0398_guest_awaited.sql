-- Guests who were brought for somebody known at home, and whom nobody else may
-- become by accepting; until they accept, or their redemption is reset.
create table guest_awaited (
    tenant_id text not null,
    user_id   text not null,
    principal text not null, -- kind:home:id
    primary key (tenant_id, user_id)
);
insert into guest_awaited (tenant_id, user_id, principal)
select s.tenant_id, s.object_id, s.principal
from   subject s join account u on u.tenant_id = s.tenant_id and u.id = s.object_id
where  s.principal <> '' and u.external_state = 'PendingAcceptance';
