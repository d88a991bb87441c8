-- Guests whose stay follows from what they have: the ones that came by an access
-- package, and those that an administrator has put beside them.
create table guest_life (
    tenant_id  text   not null,
    user_id    text   not null,
    governed   bigint not null,
    blocked_us bigint not null default 0, -- since when they have nothing and are blocked; 0: they are not
    delete_us  bigint not null default 0, -- when they are deleted; 0: never
    changed_us bigint not null,
    primary key (tenant_id, user_id)
);
