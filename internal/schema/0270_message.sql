-- Messages to people: what each is about, and never what must stay secret. What
-- it says is put together when it is sent.
create table message (
    tenant_id    text   not null, -- in whose name it is sent
    id           text   not null, -- names it in the recipient's program as well
    kind         text   not null,
    about        text   not null, -- the object, such as the user who is invited
    part         text   not null default '', -- which happening of the object, such as the invitation's identifier
    recipient    text   not null, -- the address that this copy goes to
    addressee    text   not null, -- the address that the message is written to
    language     text   not null default '',
    note         text   not null default '', -- the words of whoever caused it
    state        text   not null default 'waiting',
    error        text   not null default '', -- why it was not taken
    created_us   bigint not null,
    ended_us     bigint not null default 0, -- 0: not yet
    primary key (tenant_id, id)
);
create index message_ended on message (ended_us) where ended_us <> 0;
