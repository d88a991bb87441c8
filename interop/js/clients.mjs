// Runs Microsoft's JavaScript clients, unmodified, in the environment that
// `entente lab env` prints: the ways to a token, and that Graph takes it.
// graph.mjs has what the Graph client does further.
//
// Without IDENTITY_ENDPOINT only the cases of the metadata service of virtual
// machines are run: the libraries choose the source once per process.

import { writeFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  ClientAssertionCredential,
  ClientCertificateCredential,
  ManagedIdentityCredential,
  WorkloadIdentityCredential,
} from "@azure/identity";
import { ConfidentialClientApplication, ManagedIdentityApplication } from "@azure/msal-node";
import { env, graph, graphScope, login, options, run, secretCredential, tenantA, tenantB, want } from "./lab.mjs";

const exchangeScope = "api://AzureADTokenExchange/.default";

// atOnce is how long a refusal may take: a client that retries what cannot
// succeed keeps a person waiting.
const atOnce = 5000;

function claims(token) {
  return JSON.parse(Buffer.from(token.split(".")[1], "base64url"));
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

async function wantUsers(credential) {
  const { value } = await graph(credential).api("/users").top(999).get();
  if (!(value.length >= 10)) {
    throw new Error(`${value.length} users in tenant B, want at least 10`);
  }
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

await run(env.IDENTITY_ENDPOINT ? appServiceCases : imdsCases);
