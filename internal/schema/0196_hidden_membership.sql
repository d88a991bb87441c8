-- Whether who is in a group is not for everybody to see. jsonb prints a space.
alter table directory_group add column hidden bigint not null default 0;
update directory_group set hidden = 1
where  face like '%"visibility":"HiddenMembership"%' or face like '%"visibility": "HiddenMembership"%'
/* all tenants: the schema grows */;
