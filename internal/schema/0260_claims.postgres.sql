-- What an application asks of the tokens that it reads, for the token endpoint
-- to find beside the rest in one row; empty: nothing.
alter table application add column claims text not null default '';
update application set claims = jsonb_build_object(
    'groups', coalesce(face::jsonb ->> 'groupMembershipClaims', ''),
    'idToken', coalesce(face::jsonb -> 'optionalClaims' -> 'idToken', '[]'::jsonb),
    'accessToken', coalesce(face::jsonb -> 'optionalClaims' -> 'accessToken', '[]'::jsonb))::text
where coalesce(face::jsonb ->> 'groupMembershipClaims', 'None') <> 'None' or face::jsonb ->> 'optionalClaims' is not null
/* all tenants: the schema grows */;

-- Claims that the request for a code wants in the ID token, separated by spaces.
alter table auth_code add column claims text not null default '';
