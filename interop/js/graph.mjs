// Runs what the Graph client for JavaScript does beyond one request: pages,
// batches, errors, and the life of people, groups and applications. What a case
// makes it removes.

import { BatchRequestContent, BatchResponseContent, GraphError, PageIterator } from "@microsoft/microsoft-graph-client";
import { env, graph, login, run, secretCredential, tenantA, want } from "./lab.mjs";

const client = graph(secretCredential(env.ENTENTE_SECRET));
const ref = (id) => ({ "@odata.id": `https://graph.microsoft.com/v1.0/directoryObjects/${id}` });

let made = 0;

// stem is a name that nothing else has, so that an interrupted run is in no
// later run's way.
function stem() {
  return `js${process.pid}x${++made}`;
}

async function newUser(name, more = {}) {
  const { value } = await client.api("/domains").get();
  const domain = value.find((d) => d.isDefault).id;
  return client.api("/users").post({
    accountEnabled: true,
    displayName: name,
    mailNickname: name,
    userPrincipalName: `${name}@${domain}`,
    passwordProfile: { password: "Correct-horse-7", forceChangePasswordNextSignIn: true },
    ...more,
  });
}

function newGroup(name, more = {}) {
  return client.api("/groups").post({ displayName: name, mailEnabled: false, mailNickname: name, securityEnabled: true, ...more });
}

// wantError waits for a refusal and returns it.
async function wantError(statusCode, code, ask) {
  let answer;
  try {
    answer = await ask();
  } catch (e) {
    want(e instanceof GraphError, true, "the error is a GraphError");
    want([e.statusCode, e.code], [statusCode, code], "status and code");
    if (!e.message || !/^[0-9a-f-]{36}$/.test(e.requestId) || Number.isNaN(e.date.getTime())) {
      throw new Error(`message ${e.message}, request ${e.requestId}, date ${e.date}`);
    }
    return e;
  }
  throw new Error(`the client was served ${JSON.stringify(answer)}, want ${code}`);
}

const cases = {
  async "Graph client: throttled, it waits as it is told and goes on"() {
    const principal = (appId) => client.api(`/servicePrincipals(appId='${appId}')`).select("id,appRoles").get();
    const [own, resource] = await Promise.all([principal(env.ENTENTE_SECRET_APP_ID), principal("00000003-0000-0000-c000-000000000000")]);
    const { id: appRoleId } = resource.appRoles.find((r) => r.value === "CrossTenantInformation.ReadBasic.All");
    const given = await client.api(`/servicePrincipals/${own.id}/appRoleAssignments`).post({ principalId: own.id, resourceId: resource.id, appRoleId });
    const plain = globalThis.fetch;
    const told = [];
    globalThis.fetch = async (...request) => {
      const answer = await plain(...request);
      if (answer.status === 429) {
        told.push(answer.headers.get("retry-after"));
      }
      return answer;
    };
    try {
      const other = graph(secretCredential(env.ENTENTE_SECRET)); // whose token has the permission
      const ask = () => other.api(`/tenantRelationships/findTenantInformationByTenantId(tenantId='${tenantA}')`).get();
      const answers = [];
      for (let n = 0; n < 40 && told.length === 0; n++) { // a hundred are served in ten seconds
        answers.push(...(await Promise.all(Array.from({ length: 10 }, ask))));
      }
      want([...new Set(answers.map((a) => a.tenantId))], [tenantA], "the tenants");
      want(told.length > 0 && told.every((s) => /^[1-9][0-9]?$/.test(s)), true, `that it was told to wait: ${told}`);
    } finally {
      globalThis.fetch = plain;
      await client.api(`/servicePrincipals/${own.id}/appRoleAssignments/${given.id}`).delete();
    }
  },

  async "Graph client: PageIterator over several pages"() {
    const { value: all } = await client.api("/users").top(999).get();
    let pages = 0;
    const counted = { api: (url) => (pages++, client.api(url)) };
    const seen = [];
    const first = await client.api("/users").select("id,displayName").top(3).get();
    want(first.value.length, 3, "users of the first page");
    const iterator = new PageIterator(counted, first, (u) => seen.push(u.id) > 0);
    await iterator.iterate();
    want(iterator.isComplete(), true, "complete");
    want(pages, Math.ceil(all.length / 3) - 1, "further pages");
    want(seen.sort(), all.map((u) => u.id).sort(), "users read page by page");
  },

  async "Graph client: PageIterator stops and goes on"() {
    const { value: all } = await client.api("/users").top(999).get();
    const seen = [];
    const first = await client.api("/users").select("id").top(4).get();
    const iterator = new PageIterator(client, first, (u) => seen.push(u.id) !== 6);
    await iterator.iterate();
    want([seen.length, iterator.isComplete()], [6, false], "after the stop");
    await iterator.resume();
    want([new Set(seen).size, iterator.isComplete()], [all.length, true], "after going on");
  },

  async "Graph client: $count and $search demand ConsistencyLevel"() {
    const name = stem();
    const user = await newUser(name);
    try {
      const found = await client.api("/users").header("ConsistencyLevel", "eventual").search(`"displayName:${name}"`).count(true).select("id").get();
      want([found["@odata.count"], found.value.map((u) => u.id)], [1, [user.id]], "found");
      const advanced = client.api("/users").header("ConsistencyLevel", "eventual").filter(`endsWith(userPrincipalName,'@nowhere.example')`).count(true);
      want((await advanced.get())["@odata.count"], 0, "count");
      const total = await client.api("/users/$count").header("ConsistencyLevel", "eventual").get();
      want(Number(total) >= 10, true, `$count ${total}`);
      await wantError(400, "Request_UnsupportedQuery", () => client.api("/users").search(`"displayName:${name}"`).get());
      await wantError(400, "Request_UnsupportedQuery", () => client.api("/users").filter("endsWith(displayName,'x')").get());
    } finally {
      await client.api(`/users/${user.id}`).delete();
    }
  },

  async "Graph client: errors"() {
    const absent = "55555555-5555-4555-8555-555555555555";
    const e = await wantError(404, "Request_ResourceNotFound", () => client.api(`/users/${absent}`).get());
    want(e.message.includes(absent), true, `${e.message} names what was not found`);
    want(JSON.parse(e.body).innerError["request-id"], e.requestId, "request-id in the body");
    await wantError(400, "Request_BadRequest", () => client.api("/users").post({ displayName: "nothing else" }));
    await wantError(400, "BadRequest", () => client.api("/users").select("nonesuch").get());
    await wantError(400, "BadRequest", () => client.api("/nonesuch").get());
    await wantError(404, "Request_ResourceNotFound", () => client.api(`/groups/${absent}/members/$ref`).post(ref(absent)));
  },

  async "Graph client: $batch with dependsOn"() {
    const name = stem();
    const step = (id, method, path, body, dependsOn) => ({
      id,
      dependsOn,
      request: new Request(`https://graph.microsoft.com${path}`, {
        method,
        headers: body && { "Content-Type": "application/json" },
        body: body && JSON.stringify(body),
      }),
    });
    const group = { displayName: name, mailEnabled: false, mailNickname: name, securityEnabled: true };
    const batch = new BatchRequestContent([
      step("1", "POST", "/groups", group),
      step("2", "GET", `/groups?$filter=displayName eq '${name}'`, undefined, ["1"]),
      step("3", "GET", "/groups/55555555-5555-4555-8555-555555555555", undefined, ["2"]),
      step("4", "GET", "/users?$top=1", undefined, ["3"]),
    ]);
    const answers = new BatchResponseContent(await client.api("/$batch").post(await batch.getContent()));
    const statuses = ["1", "2", "3", "4"].map((id) => answers.getResponseById(id).status);
    want(statuses, [201, 200, 404, 424], "statuses");
    const created = await answers.getResponseById("1").json();
    want((await answers.getResponseById("2").json()).value.map((g) => g.id), [created.id], "what the second request found");
    want((await answers.getResponseById("3").json()).error.code, "Request_ResourceNotFound", "code of the third");

    const parallel = new BatchRequestContent();
    for (let i = 0; i < 20; i++) {
      parallel.addRequest(step(`r${i}`, "GET", `/groups/${created.id}?$select=id`));
    }
    const twenty = new BatchResponseContent(await client.api("/$batch").post(await parallel.getContent()));
    want([...twenty.getResponses().values()].map((r) => r.status), Array(20).fill(200), "statuses of twenty");

    const last = new BatchRequestContent([step("1", "DELETE", `/groups/${created.id}`)]);
    want(new BatchResponseContent(await client.api("/$batch").post(await last.getContent())).getResponseById("1").status, 204, "delete");
  },

  async "Graph client: a user's life, with nulls"() {
    const name = stem();
    const user = await newUser(name, { jobTitle: "Baker", businessPhones: ["+1 425 555 0100"] });
    const at = `/users/${user.id}`;
    await client.api(at).patch({ jobTitle: null, department: "Kitchen", city: null, businessPhones: [] });
    const fields = "jobTitle,department,city,businessPhones";
    const read = await client.api(at).select(fields).get();
    want([read.jobTitle, read.department, read.city, read.businessPhones], [null, "Kitchen", null, []], fields);
    want((await client.api(`/users/${user.userPrincipalName}`).get()).id, user.id, "by userPrincipalName");
    const boss = await newUser(stem());
    await client.api(`${at}/manager/$ref`).put(ref(boss.id));
    want((await client.api(`${at}/manager`).get()).id, boss.id, "manager");
    want((await client.api(at).expand("manager($select=id)").get()).manager.id, boss.id, "expanded manager");
    await client.api(`${at}/manager/$ref`).delete();
    await wantError(404, "Request_ResourceNotFound", () => client.api(`${at}/manager`).get());
    await client.api(at).delete();
    await client.api(`/users/${boss.id}`).delete();
    await wantError(404, "Request_ResourceNotFound", () => client.api(at).get());
    want((await client.api(`/directory/deletedItems/${user.id}`).get())["@odata.type"], "#microsoft.graph.user", "deleted item");
    want((await client.api(`/directory/deletedItems/${user.id}/restore`).post({})).id, user.id, "restored");
    await client.api(at).delete();
  },

  async "Graph client: a group and its members by $ref"() {
    const [user, inner] = [await newUser(stem()), await newGroup(stem())];
    const group = await newGroup(stem(), { "members@odata.bind": [ref(user.id)["@odata.id"]], description: "one" });
    const at = `/groups/${group.id}`;
    await client.api(`${at}/members/$ref`).post(ref(inner.id));
    await wantError(400, "Request_BadRequest", () => client.api(`${at}/members/$ref`).post(ref(inner.id)));
    const { value } = await client.api(`${at}/members`).get();
    const types = Object.fromEntries(value.map((m) => [m.id, m["@odata.type"]]));
    want(types[user.id], "#microsoft.graph.user", "type of the person");
    want(types[inner.id], "#microsoft.graph.group", "type of the group");
    want((await client.api(`${at}/members/microsoft.graph.user`).get()).value.map((u) => u.id), [user.id], "people among the members");
    want(await client.api(`${at}/members/$count`).header("ConsistencyLevel", "eventual").get(), "2", "$count");
    want((await client.api(`/users/${user.id}/memberOf`).get()).value.map((g) => g.id), [group.id], "memberOf");
    await client.api(`${at}/owners/$ref`).post(ref(user.id));
    want((await client.api(`${at}/owners`).get()).value.map((o) => o.id), [user.id], "owners");
    await client.api(at).patch({ description: null });
    want((await client.api(at).get()).description, null, "description");
    await client.api(`${at}/members/${inner.id}/$ref`).delete();
    await wantError(404, "Request_ResourceNotFound", () => client.api(`${at}/members/${inner.id}/$ref`).delete());
    want((await client.api(`${at}/members`).get()).value.length, 1, "members left");
    for (const path of [at, `/groups/${inner.id}`, `/users/${user.id}`]) {
      await client.api(path).delete();
    }
  },

  async "Graph client: an application's life"() {
    const name = stem();
    const role = { id: crypto.randomUUID(), displayName: "Read", description: "Reads", value: "read", allowedMemberTypes: ["Application"], isEnabled: true };
    const app = await client.api("/applications").post({ displayName: name, web: { redirectUris: ["https://app.example/cb"] }, appRoles: [role] });
    const at = `/applications/${app.id}`;
    await client.api(at).patch({ identifierUris: [`api://${app.appId}`], notes: null, web: { homePageUrl: "https://app.example" } });
    const read = await client.api(`/applications(appId='${app.appId}')`).get();
    want([read.id, read.identifierUris, read.web.redirectUris], [app.id, [`api://${app.appId}`], ["https://app.example/cb"]], "read by appId");
    const password = await client.api(`${at}/addPassword`).post({ passwordCredential: { displayName: "first" } });
    want(password.secretText.length > 20, true, "secretText");
    const principal = await client.api("/servicePrincipals").post({ appId: app.appId });
    const assigned = await client.api(`/servicePrincipals/${principal.id}/appRoleAssignedTo`).post({ principalId: principal.id, resourceId: principal.id, appRoleId: role.id });
    want((await client.api(`/servicePrincipals/${principal.id}/appRoleAssignments`).get()).value.map((a) => a.id), [assigned.id], "assignments");
    const credential = { name: "from-ci", issuer: `${login}/${tenantA}/v2.0`, subject: "s", audiences: ["api://AzureADTokenExchange"], description: null };
    await client.api(`${at}/federatedIdentityCredentials`).post(credential);
    want((await client.api(`${at}/federatedIdentityCredentials`).get()).value.map((c) => c.name), ["from-ci"], "federated credentials");
    await client.api(`${at}/removePassword`).post({ keyId: password.keyId });
    want((await client.api(at).get()).passwordCredentials, [], "passwords left");
    await wantError(400, "CannotDeleteOrUpdateEnabledEntitlement", () => client.api(at).patch({ appRoles: [] }));
    await client.api(`/servicePrincipals/${principal.id}`).delete();
    await client.api(at).delete();
    await wantError(404, "Request_ResourceNotFound", () => client.api(at).get());
  },
};

await run(cases);
