-- What an application asks of the tokens that it reads, for the token endpoint
-- to find beside the rest in one row; empty: nothing.
alter table application add column claims text not null default '';
update application set claims = json_object(
    'groups', coalesce(json_extract(face, '$.groupMembershipClaims'), ''),
    'idToken', json(coalesce(json_extract(face, '$.optionalClaims.idToken'), '[]')),
    'accessToken', json(coalesce(json_extract(face, '$.optionalClaims.accessToken'), '[]')))
where coalesce(json_extract(face, '$.groupMembershipClaims'), 'None') <> 'None' or json_extract(face, '$.optionalClaims') is not null
/* all tenants: the schema grows */;

-- Claims that the request for a code wants in the ID token, separated by spaces.
alter table auth_code add column claims text not null default '';
