-- Signing keys, one set per tenant. position grows by one; which key signs
-- follows from active_us alone. sealed is the private half under the
-- operator's master key, sealed_by names that key.
create table signing_key (
    tenant_id   text   not null,
    position    bigint not null,
    kid         text   not null,
    certificate blob   not null,
    sealed      blob   not null,
    sealed_by   text   not null,
    created_us  bigint not null,
    active_us   bigint not null, -- from when it signs
    used_us     bigint not null default 0, -- the day on which it last signed
    primary key (tenant_id, position)
);
create unique index signing_key_kid on signing_key (tenant_id, kid);
create index signing_key_active on signing_key (active_us);
create index signing_key_sealed on signing_key (sealed_by);
