#!/usr/bin/env bash
# The runbook: a workload of tenant A reads the users of tenant B, and nobody
# holds a secret. It needs curl and jq, and runs where the identity endpoint of
# its host can be asked: an automation account, or `entente lab run --`.
#
# IDENTITY_ENDPOINT and IDENTITY_HEADER are the host's gift. Everything else is
# named by the environment:
#   ENTENTE_MI_CLIENT_ID  the managed identity in tenant A
#   ENTENTE_APP_ID        the multi-tenant application of tenant A
#   ENTENTE_TENANT_B      the tenant whose users are read
#   ENTENTE_LOGIN_URL, ENTENTE_GRAPH_URL, ENTENTE_CA_FILE
set -euo pipefail

: "${IDENTITY_ENDPOINT:?}" "${IDENTITY_HEADER:?}" "${ENTENTE_MI_CLIENT_ID:?}" "${ENTENTE_APP_ID:?}"
: "${ENTENTE_TENANT_B:?}" "${ENTENTE_LOGIN_URL:?}" "${ENTENTE_GRAPH_URL:?}"

# ask prints the answer's body, or the refusal on standard error and fails.
ask() {
  local answer status
  answer=$(curl --silent --show-error --max-time 60 ${ENTENTE_CA_FILE:+--cacert "$ENTENTE_CA_FILE"} \
    --write-out '\n%{http_code}' "$@")
  status=${answer##*$'\n'}
  answer=${answer%$'\n'*}
  if [ "$status" != 200 ]; then
    printf 'refused with %s: %s\n' "$status" "$answer" >&2
    return 1
  fi
  printf '%s' "$answer"
}

# 1. The managed identity vouches for this host, for token exchange only.
assertion=$(ask -X POST "$IDENTITY_ENDPOINT" \
  -H 'Metadata: true' -H "X-IDENTITY-HEADER: $IDENTITY_HEADER" \
  --data-urlencode 'resource=api://AzureADTokenExchange' \
  --data-urlencode "client_id=$ENTENTE_MI_CLIENT_ID" | jq -er .access_token)

# 2. Tenant B takes that word for the application's, and gives a token of its own.
token=$(ask -X POST "$ENTENTE_LOGIN_URL/$ENTENTE_TENANT_B/oauth2/v2.0/token" \
  --data-urlencode 'grant_type=client_credentials' \
  --data-urlencode "client_id=$ENTENTE_APP_ID" \
  --data-urlencode 'scope=https://graph.microsoft.com/.default' \
  --data-urlencode 'client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer' \
  --data-urlencode "client_assertion=$assertion" | jq -er .access_token)

# 3. Read tenant B's users, page by page.
count=0
next="$ENTENTE_GRAPH_URL/v1.0/users?\$top=999&\$select=id,displayName,userPrincipalName"
while [ -n "$next" ]; do
  page=$(ask "$next" -H "Authorization: Bearer $token")
  count=$((count + $(jq '.value | length' <<<"$page")))
  next=$(jq -r '."@odata.nextLink" // empty' <<<"$page")
done
echo "Found $count users in tenant B"
