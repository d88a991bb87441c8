# The runbook: a workload of tenant A reads the users of tenant B, and nobody
# holds a secret. It runs where the identity endpoint of its host can be asked:
# an automation account, or `entente lab run --`.
#
# IDENTITY_ENDPOINT and IDENTITY_HEADER are the host's gift. Everything else is
# named by the environment:
#   ENTENTE_MI_CLIENT_ID  the managed identity in tenant A
#   ENTENTE_APP_ID        the multi-tenant application of tenant A
#   ENTENTE_TENANT_B      the tenant whose users are read
#   ENTENTE_LOGIN_URL, ENTENTE_GRAPH_URL
# PowerShell trusts the system's authorities: on Linux SSL_CERT_FILE names the
# lab's, elsewhere add ENTENTE_CA_FILE to the system's.
$ErrorActionPreference = 'Stop'

# 1. The managed identity vouches for this host, for token exchange only.
$assertion = (Invoke-RestMethod -Method Post -Uri $env:IDENTITY_ENDPOINT `
    -Headers @{ 'Metadata' = 'true'; 'X-IDENTITY-HEADER' = $env:IDENTITY_HEADER } `
    -ContentType 'application/x-www-form-urlencoded' `
    -Body @{
        resource  = 'api://AzureADTokenExchange'
        client_id = $env:ENTENTE_MI_CLIENT_ID
    }).access_token

# 2. Tenant B takes that word for the application's, and gives a token of its own.
$token = (Invoke-RestMethod -Method Post -Uri "$env:ENTENTE_LOGIN_URL/$env:ENTENTE_TENANT_B/oauth2/v2.0/token" `
    -ContentType 'application/x-www-form-urlencoded' `
    -Body @{
        grant_type            = 'client_credentials'
        client_id             = $env:ENTENTE_APP_ID
        scope                 = 'https://graph.microsoft.com/.default'
        client_assertion_type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
        client_assertion      = $assertion
    }).access_token

# 3. Read tenant B's users, page by page.
$count = 0
$next = "$env:ENTENTE_GRAPH_URL/v1.0/users?`$top=999&`$select=id,displayName,userPrincipalName"
while ($next) {
    $page = Invoke-RestMethod -Uri $next -Headers @{ Authorization = "Bearer $token" }
    $count += $page.value.Count
    $next = $page.'@odata.nextLink'
}
Write-Output "Found $count users in tenant B"
