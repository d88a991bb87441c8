// Runs other people's JavaScript clients with a person of tenant B, in the
// environment that `entente lab env` prints: MSAL Node, @azure/identity,
// openid-client, and oauth4webapi, which checks whatever the standards let it.

import { DeviceCodeCredential } from "@azure/identity";
import { ConfidentialClientApplication, CryptoProvider, PublicClientApplication } from "@azure/msal-node";
import * as oauth from "oauth4webapi";
import * as oidc from "openid-client";
import { env, graph, login, options, run, secretCredential, tenantB, want } from "./lab.mjs";
import { Browser } from "./person.mjs";

const directory = graph(secretCredential(env.ENTENTE_SECRET));
const scopes = ["User.Read"];
const allScopes = "openid profile offline_access User.Read";
const nativeBack = "http://localhost/cb";
const webBack = "https://app.example/cb";
const issuer = `${login}/${tenantB}/v2.0`;

// application makes one in tenant B that may act for everybody there.
async function application(body) {
  const made = await directory.api("/applications").post({ signInAudience: "AzureADMyOrg", ...body });
  const principal = await directory.api("/servicePrincipals").post({ appId: made.appId });
  const resource = await directory.api("/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')").select("id").get();
  await directory.api("/oauth2PermissionGrants").post({
    clientId: principal.id,
    consentType: "AllPrincipals",
    resourceId: resource.id,
    scope: allScopes,
  });
  return made;
}

const native = await application({
  displayName: "Node native client",
  isFallbackPublicClient: true,
  publicClient: { redirectUris: [nativeBack] },
});
const web = await application({ displayName: "Node web client", web: { redirectUris: [webBack] } });
const { secretText: secret } = await directory
  .api(`/applications/${web.id}/addPassword`)
  .post({ passwordCredential: { displayName: "test" } });

function claims(token) {
  return JSON.parse(Buffer.from(token.split(".")[1], "base64url"));
}

function wantPerson(token, clientId) {
  const c = claims(token);
  want([c.tid, c.appid, c.upn, c.idtyp], [tenantB, clientId, env.ENTENTE_ADMIN_B_UPN, "user"], "tid, appid, upn, idtyp");
}

async function wantRefusal(word, ask) {
  try {
    await ask();
  } catch (e) {
    const said = [e.message, e.error, e.error_description, e.cause?.message, JSON.stringify(e.cause)].join(" ");
    if (!said.includes(word)) {
      throw new Error(`refused with ${said}, want ${word}`);
    }
    return;
  }
  throw new Error(`the client was served, want a refusal with ${word}`);
}

const authority = { authority: `${login}/${tenantB}`, knownAuthorities: [new URL(login).host] };
const publicClient = () => new PublicClientApplication({ auth: { clientId: native.appId, ...authority } });

// byCode signs a person in at a client of MSAL Node, then renews.
async function byCode(client, clientId, redirectUri) {
  const { verifier, challenge } = await new CryptoProvider().generatePkceCodes();
  const request = { scopes, redirectUri };
  const address = await client.getAuthCodeUrl({ ...request, codeChallenge: challenge, codeChallengeMethod: "S256", state: "a state" });
  const sent = await new Browser().signIn(address);
  want(sent.searchParams.get("state"), "a state", "state");
  const code = sent.searchParams.get("code");
  const got = await client.acquireTokenByCode({ ...request, code, codeVerifier: verifier });
  wantPerson(got.accessToken, clientId);
  want(got.account.username, env.ENTENTE_ADMIN_B_UPN, "the account");
  const again = await client.acquireTokenSilent({ scopes, account: got.account, forceRefresh: true });
  wantPerson(again.accessToken, clientId);
  if (again.accessToken === got.accessToken) {
    throw new Error("the renewal gave the same token");
  }
  await wantRefusal("AADSTS54005", () => client.acquireTokenByCode({ ...request, code, codeVerifier: verifier }));
}

// strict is what openid-client knows of an application.
function strict(clientId, metadata, authentication) {
  return oidc.discovery(new URL(issuer), clientId, metadata, authentication);
}

await run({
  async "MSAL Node: public client, code and renewal"() {
    await byCode(publicClient(), native.appId, nativeBack);
  },

  async "MSAL Node: confidential client, code and renewal"() {
    const client = new ConfidentialClientApplication({ auth: { clientId: web.appId, clientSecret: secret, ...authority } });
    await byCode(client, web.appId, webBack);
  },

  async "MSAL Node: device code"() {
    const client = publicClient();
    const got = await client.acquireTokenByDeviceCode({
      scopes,
      deviceCodeCallback: (d) => new Browser().enterCode(d.verificationUri, d.userCode),
    });
    wantPerson(got.accessToken, native.appId);
    await client.acquireTokenSilent({ scopes, account: got.account, forceRefresh: true });
  },

  async "MSAL Node: device code, declined"() {
    await wantRefusal("authorization_declined", () =>
      publicClient().acquireTokenByDeviceCode({
        scopes,
        deviceCodeCallback: (d) => new Browser().enterCode(d.verificationUri, d.userCode, "I did not"),
      }),
    );
  },

  async "@azure/identity: device code"() {
    const credential = new DeviceCodeCredential({
      tenantId: tenantB,
      clientId: native.appId,
      userPromptCallback: (d) => new Browser().enterCode(d.verificationUri, d.userCode),
      ...options,
    });
    const { token } = await credential.getToken("https://graph.microsoft.com/User.Read");
    wantPerson(token, native.appId);
    const me = await graph(credential).api("/me").get();
    want(me.userPrincipalName, env.ENTENTE_ADMIN_B_UPN, "/me");
  },

  async "openid-client: code, renewal and whom the ID token is about"() {
    const config = await strict(web.appId, { client_secret: secret }, oidc.ClientSecretBasic(secret));
    const pkceCodeVerifier = oidc.randomPKCECodeVerifier();
    const expectedState = oidc.randomState();
    const expectedNonce = oidc.randomNonce();
    const address = oidc.buildAuthorizationUrl(config, {
      redirect_uri: webBack,
      scope: allScopes,
      code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: "S256",
      state: expectedState,
      nonce: expectedNonce,
    });
    const sent = await new Browser().signIn(address.href);
    const checks = { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true };
    const got = await oidc.authorizationCodeGrant(config, sent, checks);
    want(got.claims().preferred_username, env.ENTENTE_ADMIN_B_UPN, "preferred_username");
    const again = await oidc.refreshTokenGrant(config, got.refresh_token);
    wantPerson(again.access_token, web.appId);
    want(again.claims().sub, got.claims().sub, "sub after the renewal");
    const mixed = new URL(sent);
    mixed.searchParams.set("iss", `${login}/${env.ENTENTE_TENANT_A}/v2.0`);
    await wantRefusal("iss", () => oidc.authorizationCodeGrant(config, mixed, checks));
  },

  async "openid-client: code and ID token at once"() {
    const config = await strict(web.appId, { client_secret: secret }, oidc.ClientSecretPost(secret));
    oidc.useCodeIdTokenResponseType(config);
    const expectedNonce = oidc.randomNonce();
    const expectedState = oidc.randomState();
    const address = oidc.buildAuthorizationUrl(config, {
      redirect_uri: webBack,
      scope: allScopes,
      nonce: expectedNonce,
      state: expectedState,
      response_mode: "fragment",
    });
    const sent = await new Browser().signIn(address.href);
    const got = await oidc.authorizationCodeGrant(config, sent, { expectedNonce, expectedState });
    wantPerson(got.access_token, web.appId);
  },

  async "openid-client: device code"() {
    const config = await strict(native.appId, undefined, oidc.None());
    const device = await oidc.initiateDeviceAuthorization(config, { scope: allScopes });
    await new Browser().enterCode(device.verification_uri, device.user_code);
    const got = await oidc.pollDeviceAuthorizationGrant(config, device);
    wantPerson(got.access_token, native.appId);
    want(got.claims().preferred_username, env.ENTENTE_ADMIN_B_UPN, "preferred_username");
  },

  async "oauth4webapi: every check that it has"() {
    const at = new URL(issuer);
    const server = await oauth.processDiscoveryResponse(at, await oauth.discoveryRequest(at));
    const client = { client_id: web.appId, require_auth_time: false };
    const proof = oauth.ClientSecretPost(secret);
    const verifier = oauth.generateRandomCodeVerifier();
    const state = oauth.generateRandomState();
    const nonce = oauth.generateRandomNonce();
    const address = new URL(server.authorization_endpoint);
    for (const [name, value] of Object.entries({
      client_id: client.client_id,
      response_type: "code",
      redirect_uri: webBack,
      scope: allScopes,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
      state,
      nonce,
    })) {
      address.searchParams.set(name, value);
    }
    const sent = await new Browser().signIn(address.href);
    want(server.authorization_response_iss_parameter_supported, true, "discovery's word on iss");
    const params = oauth.validateAuthResponse(server, client, sent, state);
    const answer = await oauth.authorizationCodeGrantRequest(server, client, proof, params, webBack, verifier);
    const got = await oauth.processAuthorizationCodeResponse(server, client, answer, { expectedNonce: nonce, requireIdToken: true });
    await oauth.validateApplicationLevelSignature(server, answer);
    wantPerson(got.access_token, web.appId);
    const renewed = await oauth.refreshTokenGrantRequest(server, client, proof, got.refresh_token);
    const again = await oauth.processRefreshTokenResponse(server, client, renewed);
    wantPerson(again.access_token, web.appId);

    const without = new URL(sent);
    without.searchParams.delete("iss");
    await wantRefusal("iss", async () => oauth.validateAuthResponse(server, client, without, state));
    const denied = await new Browser().go(`${address.href}&prompt=none`);
    await wantRefusal("login_required", async () => oauth.validateAuthResponse(server, client, denied.sent, state));
  },
});
