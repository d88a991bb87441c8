-- Managed identities of all subscriptions are listed by name, and each shows who
-- trusts it.
create index managed_identity_name on managed_identity (tenant_id, name_folded, principal_id);
create index federated_credential_trust on federated_credential (tenant_id, match_key, parent_id);
