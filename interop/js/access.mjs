// Runs the entitlement management calls of the Graph client for JavaScript: a
// catalog, an access package and a policy, a request by a person, an approval by a
// program, and the assignment that comes of it. What a case makes it removes.

import { CryptoProvider, PublicClientApplication } from "@azure/msal-node";
import { env, graph, graphScope, login, run, secretCredential, tenantB, want } from "./lab.mjs";
import { Browser } from "./person.mjs";

const client = graph(secretCredential(env.ENTENTE_SECRET));
const governance = "/identityGovernance/entitlementManagement";
const back = "http://localhost/cb";
const stem = `jsaccess${process.pid}`;

// person is the Graph client of tenant B's administrator, through a program that
// may ask for access for whoever uses it.
async function person() {
  const made = await client.api("/applications").post({
    displayName: stem,
    signInAudience: "AzureADMyOrg",
    isFallbackPublicClient: true,
    publicClient: { redirectUris: [back] },
  });
  const principal = await client.api("/servicePrincipals").post({ appId: made.appId });
  const resource = await client.api("/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')").select("id").get();
  await client.api("/oauth2PermissionGrants").post({
    clientId: principal.id,
    consentType: "AllPrincipals",
    resourceId: resource.id,
    scope: "openid profile EntitlementMgmt-SubjectAccess.ReadWrite",
  });
  const msal = new PublicClientApplication({
    auth: { clientId: made.appId, authority: `${login}/${tenantB}`, knownAuthorities: [new URL(login).host] },
  });
  const { verifier, challenge } = await new CryptoProvider().generatePkceCodes();
  const request = { scopes: [graphScope], redirectUri: back };
  const sent = await new Browser().signIn(await msal.getAuthCodeUrl({ ...request, codeChallenge: challenge, codeChallengeMethod: "S256" }));
  const got = await msal.acquireTokenByCode({ ...request, code: sent.searchParams.get("code"), codeVerifier: verifier });
  const signedIn = graph({ getToken: async () => ({ token: got.accessToken, expiresOnTimestamp: got.expiresOn.getTime() }) });
  return { made, signedIn, id: got.account.localAccountId };
}

// becomes asks until an entity has a state.
async function becomes(path, state) {
  for (let n = 0; n < 400; n++) {
    const one = await client.api(path).get();
    if (one.state === state) {
      return one;
    }
    await new Promise((wake) => setTimeout(wake, 50));
  }
  throw new Error(`${path} does not become ${state}`);
}

await run({
  async "Graph client: an access package is offered, asked for, approved and taken back"() {
    const group = await client.api("/groups").post({ displayName: stem, mailEnabled: false, mailNickname: stem, securityEnabled: true });
    const catalog = await client.api(`${governance}/catalogs`).post({ displayName: stem, state: "published", isExternallyVisible: true });
    const inCatalog = { catalog: { id: catalog.id }, resource: { originId: group.id, originSystem: "AadGroup" } };
    await client.api(`${governance}/resourceRequests`).post({ requestType: "adminAdd", ...inCatalog });
    const resources = await client.api(`${governance}/catalogs/${catalog.id}/resources`).filter(`originId eq '${group.id}'`).expand("roles,scopes").get();
    want(resources.value.length, 1, "resources");
    const [resource] = resources.value;
    const member = resource.roles.find((r) => r.originId === `Member_${group.id}`);
    const pkg = await client.api(`${governance}/accessPackages`).post({ displayName: stem, catalog: { id: catalog.id } });
    const given = await client.api(`${governance}/accessPackages/${pkg.id}/resourceRoleScopes`).post({
      role: { id: member.id, originId: member.originId, originSystem: "AadGroup", resource: { id: resource.id, originId: group.id, originSystem: "AadGroup" } },
      scope: { id: resource.scopes[0].id, originId: group.id, originSystem: "AadGroup" },
    });
    const policy = await client.api(`${governance}/assignmentPolicies`).post({
      displayName: stem,
      accessPackage: { id: pkg.id },
      allowedTargetScope: "allMemberUsers",
      expiration: { type: "afterDuration", duration: "P30D" },
      requestorSettings: { enableTargetsToSelfAddAccess: true, enableTargetsToSelfRemoveAccess: true },
      requestApprovalSettings: {
        isApprovalRequiredForAdd: true,
        stages: [{ durationBeforeAutomaticDenial: "P14D", primaryApprovers: [{ "@odata.type": "#microsoft.graph.groupMembers", groupId: group.id }] }],
      },
    });

    const { made, signedIn, id } = await person();
    const offered = await signedIn.api(`${governance}/accessPackages/filterByCurrentUser(on='allowedRequestor')`).filter(`displayName eq '${stem}'`).get();
    want(offered.value.map((p) => p.id), [pkg.id], "what is offered");
    const wanted = await signedIn.api(`${governance}/accessPackages/${pkg.id}/getApplicablePolicyRequirements`).post();
    want(wanted.value.map((r) => [r.policyId, r.isApprovalRequiredForAdd]), [[policy.id, true]], "what is wanted");
    const asked = await signedIn.api(`${governance}/assignmentRequests`).post({
      requestType: "userAdd",
      justification: "to try it",
      assignment: { accessPackageId: pkg.id, assignmentPolicyId: policy.id },
    });
    want([asked.state, asked.requestType], ["pendingApproval", "userAdd"], "the request");
    const own = await signedIn.api(`${governance}/assignmentRequests/filterByCurrentUser(on='target')`).expand("accessPackage").filter(`accessPackage/id eq '${pkg.id}'`).get();
    want(own.value.map((r) => [r.id, r.accessPackage.displayName]), [[asked.id, stem]], "one's own requests");

    const approval = await client.api(`${governance}/accessPackageAssignmentApprovals/${asked.id}`).expand("stages").get();
    want(approval.stages.map((s) => s.reviewResult), ["NotReviewed"], "the stages");
    await client.api(`${governance}/accessPackageAssignmentApprovals/${asked.id}/stages/${approval.stages[0].id}`).patch({ reviewResult: "Approve", justification: "fine" });
    await becomes(`${governance}/assignmentRequests/${asked.id}`, "delivered");
    const assignments = await client.api(`${governance}/assignments`).filter(`accessPackage/id eq '${pkg.id}' and state eq 'Delivered'`).expand("target,assignmentPolicy").get();
    want(assignments.value.map((a) => [a.target.objectId, a.assignmentPolicy.id]), [[id, policy.id]], "the assignments");
    const members = await client.api(`/groups/${group.id}/members`).get();
    want(members.value.map((m) => m.id), [id], "the group");

    const [assignment] = assignments.value;
    await signedIn.api(`${governance}/assignmentRequests`).post({ requestType: "userRemove", assignment: { id: assignment.id } });
    const ended = await becomes(`${governance}/assignments/${assignment.id}`, "expired");
    want(typeof ended.expiredDateTime, "string", "when it ended");

    await client.api(`${governance}/assignmentPolicies/${policy.id}`).delete();
    await client.api(`${governance}/accessPackages/${pkg.id}/resourceRoleScopes/${given.id}`).delete();
    await client.api(`${governance}/accessPackages/${pkg.id}`).delete();
    await client.api(`${governance}/resourceRequests`).post({ requestType: "adminRemove", ...inCatalog });
    await client.api(`${governance}/catalogs/${catalog.id}`).delete();
    await client.api(`/groups/${group.id}`).delete();
    await client.api(`/applications/${made.id}`).delete();
  },
});
