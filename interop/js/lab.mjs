// The lab as JavaScript clients find it: its names, what they compare with, and
// how cases are told to the test in Go. A case writes one line of JSON,
// {"name": …, "ms": …} and, when it failed, "error".

import { ClientSecretCredential } from "@azure/identity";
import { Client } from "@microsoft/microsoft-graph-client";
import { TokenCredentialAuthenticationProvider } from "@microsoft/microsoft-graph-client/authProviders/azureTokenCredentials/index.js";

export const env = process.env;
export const login = env.ENTENTE_LOGIN_URL;
export const tenantA = env.ENTENTE_TENANT_A;
export const tenantB = env.ENTENTE_TENANT_B;
export const graphScope = "https://graph.microsoft.com/.default";
export const options = { authorityHost: login, disableInstanceDiscovery: true };

export function want(got, expected, what) {
  if (JSON.stringify(got) !== JSON.stringify(expected)) {
    throw new Error(`${what} = ${JSON.stringify(got)}, want ${JSON.stringify(expected)}`);
  }
}

// graph is the Graph client of JavaScript over a credential.
export function graph(credential) {
  return Client.initWithMiddleware({
    authProvider: new TokenCredentialAuthenticationProvider(credential, { scopes: [graphScope] }),
    baseUrl: env.ENTENTE_GRAPH_URL,
    customHosts: new Set([new URL(env.ENTENTE_GRAPH_URL).hostname]),
  });
}

// secretCredential is the lab's confidential client in tenant B.
export function secretCredential(secret) {
  return new ClientSecretCredential(tenantB, env.ENTENTE_SECRET_APP_ID, secret, options);
}

// run runs the cases one after the other.
export async function run(cases) {
  for (const [name, one] of Object.entries(cases)) {
    const start = Date.now();
    const result = { name };
    try {
      await one();
    } catch (e) {
      result.error = `${e.stack ?? e}${e.cause ? `\n${e.cause.stack ?? e.cause}` : ""}${e.body ? `\n${e.statusCode} ${e.body}` : ""}`;
    }
    result.ms = Date.now() - start;
    console.log(JSON.stringify(result));
  }
}
