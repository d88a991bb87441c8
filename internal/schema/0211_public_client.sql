-- An address of a public client says what it runs on. Whether an application may
-- act without a credential where no address does is for isFallbackPublicClient to say.
update application
set    public_client = case when face like '%"isFallbackPublicClient":true%' then 1 else 0 end /* all tenants: the schema grows */;
