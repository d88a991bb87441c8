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
const webOut = "https://app.example/signed-out";
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
const web = await application({ displayName: "Node web client", web: { redirectUris: [webBack, webOut] } });
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

// begin returns what a sign-in of openid-client needs at its beginning and at its end.
async function begin(config, more = {}) {
  const pkceCodeVerifier = oidc.randomPKCECodeVerifier();
  const checks = { pkceCodeVerifier, expectedState: oidc.randomState(), expectedNonce: oidc.randomNonce(), idTokenExpected: true };
  const address = oidc.buildAuthorizationUrl(config, {
    redirect_uri: webBack,
    scope: allScopes,
    code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: "S256",
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    ...more,
  });
  return { address: address.href, checks };
}

const asleep = (ms) => new Promise((wake) => setTimeout(wake, ms));

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
    const { address, checks } = await begin(config);
    const sent = await new Browser().signIn(address);
    const got = await oidc.authorizationCodeGrant(config, sent, checks);
    want(got.claims().preferred_username, env.ENTENTE_ADMIN_B_UPN, "preferred_username");
    const again = await oidc.refreshTokenGrant(config, got.refresh_token);
    wantPerson(again.access_token, web.appId);
    want(again.claims().sub, got.claims().sub, "sub after the renewal");
    const mixed = new URL(sent);
    mixed.searchParams.set("iss", `${login}/${env.ENTENTE_TENANT_A}/v2.0`);
    await wantRefusal("iss", () => oidc.authorizationCodeGrant(config, mixed, checks));
  },

  async "openid-client: max_age, and when somebody signed in"() {
    const config = await strict(web.appId, { client_secret: secret, [oidc.clockTolerance]: 2 }, oidc.ClientSecretPost(secret));
    const browser = new Browser();
    const first = await begin(config, { max_age: 3600 });
    const got = await oidc.authorizationCodeGrant(config, await browser.signIn(first.address), { ...first.checks, maxAge: 3600 });
    const signedIn = got.claims().auth_time;
    want(typeof signedIn, "number", "the type of auth_time");

    const soon = await begin(config, { max_age: 3600 });
    const { sent } = await browser.go(soon.address);
    const same = await oidc.authorizationCodeGrant(config, sent, { ...soon.checks, maxAge: 3600 });
    want(same.claims().auth_time, signedIn, "auth_time by the same session");

    await asleep(4000);
    const old = await begin(config, { max_age: 3600 });
    const { sent: late } = await browser.go(old.address);
    await wantRefusal("too much time has elapsed", () => oidc.authorizationCodeGrant(config, late, { ...old.checks, maxAge: 1 }));

    const silent = await begin(config, { max_age: 1, prompt: "none" });
    const { sent: denied } = await browser.go(silent.address);
    await wantRefusal("login_required", () => oidc.authorizationCodeGrant(config, denied, silent.checks));

    const anew = await begin(config, { max_age: 1 });
    const back = await browser.signIn(anew.address);
    const proven = await oidc.authorizationCodeGrant(config, back, { ...anew.checks, maxAge: 1 });
    if (proven.claims().auth_time < signedIn + 3) {
      throw new Error(`auth_time ${proven.claims().auth_time} after a second proof, the first was at ${signedIn}`);
    }
  },

  async "openid-client: whom a token is about, by userinfo"() {
    const config = await strict(web.appId, { client_secret: secret }, oidc.ClientSecretBasic(secret));
    const { address, checks } = await begin(config);
    const got = await oidc.authorizationCodeGrant(config, await new Browser().signIn(address), checks);
    const info = await oidc.fetchUserInfo(config, got.access_token, got.claims().sub);
    want(info.name, got.claims().name, "name");
    await wantRefusal("sub", () => oidc.fetchUserInfo(config, got.access_token, "somebody else"));
    await wantRefusal("invalid_token", () => oidc.fetchUserInfo(config, got.id_token, got.claims().sub));
  },

  async "openid-client: sign-out with the ID token, and back to the application"() {
    const config = await strict(web.appId, { client_secret: secret }, oidc.ClientSecretBasic(secret));
    const browser = new Browser();
    const { address, checks } = await begin(config);
    const got = await oidc.authorizationCodeGrant(config, await browser.signIn(address), checks);

    const state = oidc.randomState();
    const strangers = oidc.buildEndSessionUrl(config, { id_token_hint: got.id_token, post_logout_redirect_uri: "https://evil.example/", state });
    const bystander = new Browser(); // has no session, and shows somebody else's ID token
    const stays = await bystander.go(strangers.href);
    want([stays.sent, stays.status], [undefined, 200], "an address that is not the application's own");

    const out = oidc.buildEndSessionUrl(config, { id_token_hint: got.id_token, post_logout_redirect_uri: webOut, state });
    const { sent } = await browser.go(out.href);
    want([sent?.origin + sent?.pathname, sent?.searchParams.get("state")], [webOut, state], "where sign-out leads");
    const silent = await begin(config, { prompt: "none" });
    const { sent: denied } = await browser.go(silent.address);
    await wantRefusal("login_required", () => oidc.authorizationCodeGrant(config, denied, silent.checks));
  },

  async "MSAL Node: sign-out at the address that it knows, and the person is asked"() {
    const client = new ConfidentialClientApplication({ auth: { clientId: web.appId, clientSecret: secret, ...authority } });
    const browser = new Browser();
    const address = await client.getAuthCodeUrl({ scopes, redirectUri: webBack });
    const sent = await browser.signIn(address);
    const got = await client.acquireTokenByCode({ scopes, redirectUri: webBack, code: sent.searchParams.get("code") });
    const { end_session_endpoint: end } = await (await fetch(`${issuer}/.well-known/openid-configuration`)).json();
    const out = new URL(end); // an application of MSAL Node writes this address itself
    out.searchParams.set("post_logout_redirect_uri", webOut);
    out.searchParams.set("logout_hint", got.account.username);
    const asks = await browser.go(out.href);
    const silent = `${address}&prompt=none`;
    const { sent: still } = await browser.go(silent);
    want(still.searchParams.has("code"), true, "a code before the person has said a word");
    const { sent: left } = await browser.press(asks, "Sign out");
    want(left?.href, webOut, "where sign-out leads");
    const { sent: denied } = await browser.go(silent);
    want(denied.searchParams.get("error"), "login_required", "error after sign-out");
    await client.getTokenCache().removeAccount(got.account);
    want((await client.getTokenCache().getAllAccounts()).length, 0, "accounts that MSAL Node keeps");
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
    const client = { client_id: web.appId };
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
      max_age: "60",
    })) {
      address.searchParams.set(name, value);
    }
    const sent = await new Browser().signIn(address.href);
    want(server.authorization_response_iss_parameter_supported, true, "discovery's word on iss");
    const params = oauth.validateAuthResponse(server, client, sent, state);
    const answer = await oauth.authorizationCodeGrantRequest(server, client, proof, params, webBack, verifier);
    const got = await oauth.processAuthorizationCodeResponse(server, { ...client, require_auth_time: true }, answer, { expectedNonce: nonce, requireIdToken: true, maxAge: 60 });
    await oauth.validateApplicationLevelSignature(server, answer);
    wantPerson(got.access_token, web.appId);
    const about = await oauth.userInfoRequest(server, client, got.access_token);
    const info = await oauth.processUserInfoResponse(server, client, oauth.getValidatedIdTokenClaims(got).sub, about);
    want(info.name, oauth.getValidatedIdTokenClaims(got).name, "name by userinfo");
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
