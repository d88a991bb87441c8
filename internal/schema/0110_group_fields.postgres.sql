-- More by which groups are found. A flag is -1 where nobody said yes or no.
alter table directory_group add column renewed_us bigint not null default 0;
alter table directory_group add column expires_us bigint not null default 0;
alter table directory_group add column rule_folded text not null default '';
alter table directory_group add column rule_state text not null default '';
alter table directory_group add column language_folded text not null default '';
alter table directory_group add column synced_us bigint not null default 0;
alter table directory_group add column sam_folded text not null default '';
alter table directory_group add column sid_folded text not null default '';
alter table directory_group add column synced bigint not null default -1;
update directory_group set renewed_us = created_us - created_us % 1000000 /* all tenants: the schema grows */;
update directory_group set assignable = -1 where assignable = 0 and face like '%"isAssignableToRole":null%' /* all tenants: the schema grows */;

-- What Graph shows by default moves to the face.
update directory_group set
    language_folded = lower(coalesce(face::jsonb ->> 'preferredLanguage', '')),
    sam_folded = lower(coalesce(face::jsonb ->> 'onPremisesSamAccountName', '')),
    face = (face::jsonb || jsonb_build_object('creationOptions', '[]'::jsonb, 'infoCatalogs', '[]'::jsonb,
        'resourceBehaviorOptions', coalesce(rest::jsonb -> 'resourceBehaviorOptions', '[]'::jsonb),
        'resourceProvisioningOptions', coalesce(rest::jsonb -> 'resourceProvisioningOptions', '[]'::jsonb),
        'serviceProvisioningErrors', '[]'::jsonb, 'uniqueName', rest::jsonb -> 'uniqueName'))::text,
    rest = ((rest::jsonb - 'resourceBehaviorOptions' - 'resourceProvisioningOptions' - 'serviceProvisioningErrors' - 'uniqueName')
        || '{"isArchived": null, "isManagementRestricted": null}'::jsonb)::text
/* all tenants: the schema grows */;
