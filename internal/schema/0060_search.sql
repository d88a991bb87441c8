-- The words of what people search objects by, one row a word; see query.Words.
create table object_word (
    tenant_id text not null,
    property  text not null,
    word      text not null,
    object_id text not null,
    primary key (tenant_id, property, word, object_id)
);
create index object_word_of on object_word (tenant_id, object_id);
