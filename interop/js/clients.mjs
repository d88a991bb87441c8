// Runs Microsoft's JavaScript clients, unmodified, in the environment that
// `entente lab env` prints. Each case writes one line of JSON:
// {"name": …, "ms": …} and, when it failed, "error".
//
// Without IDENTITY_ENDPOINT only the cases of the metadata service of virtual
// machines are run: the libraries choose the source once per process.

import { writeFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  ClientAssertionCredential,
  ClientCertificateCredential,
  ClientSecretCredential,
  ManagedIdentityCredential,
  WorkloadIdentityCredential,
} from "@azure/identity";
import { ConfidentialClientApplication, ManagedIdentityApplication } from "@azure/msal-node";
import { Client } from "@microsoft/microsoft-graph-client";
import { TokenCredentialAuthenticationProvider } from "@microsoft/microsoft-graph-client/authProviders/azureTokenCredentials/index.js";

const env = process.env;
const login = env.ENTENTE_LOGIN_URL;
const tenantA = env.ENTENTE_TENANT_A;
const tenantB = env.ENTENTE_TENANT_B;
const graphScope = "https://graph.microsoft.com/.default";
const exchangeScope = "api://AzureADTokenExchange/.default";
const options = { authorityHost: login, disableInstanceDiscovery: true };

// atOnce is how long a refusal may take: a client that retries what cannot
// succeed keeps a person waiting.
const atOnce = 5000;

function claims(token) {
  return JSON.parse(Buffer.from(token.split(".")[1], "base64url"));
}

function want(got, expected, what) {
  if (JSON.stringify(got) !== JSON.stringify(expected)) {
    throw new Error(`${what} = ${JSON.stringify(got)}, want ${JSON.stringify(expected)}`);
  }
}

function wantIdentity(token) {
  const c = claims(token);
  want(c.iss, `${login}/${tenantA}/v2.0`, "iss");
  want(c.sub, env.ENTENTE_MI_OBJECT_ID, "sub");
}

async function wantRefusal(code, ask) {
  const start = Date.now();
  try {
    await ask();
  } catch (e) {
    if (!String(e.message).includes(code)) {
      throw new Error(`refused with ${e.message}, want ${code}`);
    }
    if (Date.now() - start > atOnce) {
      throw new Error(`the refusal took ${Date.now() - start} ms`);
    }
    return;
  }
  throw new Error(`the client was served, want a refusal with ${code}`);
}

// graph is the Graph client of JavaScript over a credential.
function graph(credential) {
  return Client.initWithMiddleware({
    authProvider: new TokenCredentialAuthenticationProvider(credential, { scopes: [graphScope] }),
    baseUrl: env.ENTENTE_GRAPH_URL,
    customHosts: new Set([new URL(env.ENTENTE_GRAPH_URL).hostname]),
  });
}

async function wantUsers(credential) {
  const { value } = await graph(credential).api("/users").top(999).get();
  if (!(value.length >= 10)) {
    throw new Error(`${value.length} users in tenant B, want at least 10`);
  }
}

function secretCredential(secret) {
  return new ClientSecretCredential(tenantB, env.ENTENTE_SECRET_APP_ID, secret, options);
}

// crossing is the application's credential in tenant B, proved by a managed
// identity of tenant A.
function crossing(clientId) {
  const identity = new ManagedIdentityCredential({ clientId });
  const assertion = async () => (await identity.getToken(exchangeScope)).token;
  return new ClientAssertionCredential(tenantB, env.ENTENTE_APP_ID, assertion, options);
}

const appServiceCases = {
  async "managed identity by App Service"() {
    const credential = new ManagedIdentityCredential({ clientId: env.ENTENTE_MI_CLIENT_ID });
    wantIdentity((await credential.getToken(exchangeScope)).token);
  },

  async "managed identity by object identifier"() {
    const credential = new ManagedIdentityCredential({ objectId: env.ENTENTE_MI_OBJECT_ID });
    wantIdentity((await credential.getToken(exchangeScope)).token);
  },

  async "unknown identity is refused at once"() {
    const credential = new ManagedIdentityCredential({ clientId: "11111111-1111-4111-8111-111111111111" });
    await wantRefusal("No User Assigned or Delegated Managed Identity found", () => credential.getToken(exchangeScope));
  },

  async "the crossing, then users"() {
    const credential = crossing(env.ENTENTE_MI_CLIENT_ID);
    const c = claims((await credential.getToken(graphScope)).token);
    want(c.tid, tenantB, "tid");
    want(c.roles, ["User.Read.All"], "roles");
    await wantUsers(credential);
  },

  async "an identity no credential names is refused"() {
    await wantRefusal("AADSTS700213", () => crossing(env.ENTENTE_MI_OTHER_CLIENT_ID).getToken(graphScope));
  },

  async "client secret"() {
    await wantUsers(secretCredential(env.ENTENTE_SECRET));
  },

  async "a wrong client secret is refused"() {
    await wantRefusal("AADSTS7000215", () => secretCredential("wrong").getToken(graphScope));
  },

  async "client certificate"() {
    const path = env.ENTENTE_CERT_PEM_FILE;
    await wantUsers(new ClientCertificateCredential(tenantB, env.ENTENTE_CERT_APP_ID, path, options));
  },

  async "workload identity file"() {
    const identity = new ManagedIdentityCredential({ clientId: env.ENTENTE_MI_CLIENT_ID });
    const folder = mkdtempSync(join(tmpdir(), "entente-"));
    try {
      const tokenFilePath = join(folder, "token");
      writeFileSync(tokenFilePath, (await identity.getToken(exchangeScope)).token);
      await wantUsers(new WorkloadIdentityCredential({ tenantId: tenantB, clientId: env.ENTENTE_APP_ID, tokenFilePath, ...options }));
    } finally {
      rmSync(folder, { recursive: true });
    }
  },

  async "MSAL Node: secret"() {
    const app = new ConfidentialClientApplication({
      auth: {
        clientId: env.ENTENTE_SECRET_APP_ID,
        clientSecret: env.ENTENTE_SECRET,
        authority: `${login}/${tenantB}`,
        knownAuthorities: [new URL(login).host],
      },
    });
    const { accessToken } = await app.acquireTokenByClientCredential({ scopes: [graphScope] });
    want(claims(accessToken).tid, tenantB, "tid");
  },

  async "MSAL Node: managed identity and assertion"() {
    const identity = new ManagedIdentityApplication({
      managedIdentityIdParams: { userAssignedClientId: env.ENTENTE_MI_CLIENT_ID },
    });
    const app = new ConfidentialClientApplication({
      auth: {
        clientId: env.ENTENTE_APP_ID,
        clientAssertion: async () => (await identity.acquireToken({ resource: "api://AzureADTokenExchange" })).accessToken,
        authority: `${login}/${tenantB}`,
        knownAuthorities: [new URL(login).host],
      },
    });
    const { accessToken } = await app.acquireTokenByClientCredential({ scopes: [graphScope] });
    want(claims(accessToken).roles, ["User.Read.All"], "roles");
  },

  async "Graph client: errors and pages"() {
    const client = graph(secretCredential(env.ENTENTE_SECRET));
    try {
      await client.api("/users/55555555-5555-4555-8555-555555555555").get();
      throw new Error("a user who does not exist was found");
    } catch (e) {
      want(e.code, "Request_ResourceNotFound", "code");
      want(e.statusCode, 404, "status");
      if (!e.requestId) {
        throw new Error("the error carries no request identifier");
      }
    }
    const names = new Set();
    let page = await client.api("/users").select("id,displayName").top(5).get();
    for (;;) {
      page.value.forEach((u) => names.add(u.id));
      if (!page["@odata.nextLink"]) {
        break;
      }
      page = await client.api(page["@odata.nextLink"]).get();
    }
    const { value } = await client.api("/users").top(999).get();
    want(names.size, value.length, "users read page by page");
  },

  async "Graph client: create and delete an application"() {
    const client = graph(secretCredential(env.ENTENTE_SECRET));
    const app = await client.api("/applications").post({ displayName: "From JavaScript" });
    want((await client.api(`/applications/${app.id}`).get()).appId, app.appId, "appId");
    await client.api(`/applications/${app.id}`).delete();
  },
};

const imdsCases = {
  async "IMDS: managed identity by resource identifier"() {
    const credential = new ManagedIdentityCredential({ resourceId: env.ENTENTE_MI_RESOURCE_ID });
    wantIdentity((await credential.getToken(exchangeScope)).token);
  },

  async "IMDS: the crossing, then users"() {
    await wantUsers(crossing(env.ENTENTE_MI_CLIENT_ID));
  },

  async "IMDS: unknown identity is refused at once"() {
    const credential = new ManagedIdentityCredential({ clientId: "22222222-2222-4222-8222-222222222222" });
    await wantRefusal("Identity not found", () => credential.getToken(exchangeScope));
  },
};

for (const [name, run] of Object.entries(env.IDENTITY_ENDPOINT ? appServiceCases : imdsCases)) {
  const start = Date.now();
  const result = { name };
  try {
    await run();
  } catch (e) {
    result.error = String(e.stack ?? e);
  }
  result.ms = Date.now() - start;
  console.log(JSON.stringify(result));
}
