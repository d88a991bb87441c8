package enttest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"
	"testing"
	"time"

	"entente/internal/core/token"
	"entente/internal/enttest"
	"entente/internal/enttest/browser"
	"entente/internal/enttest/dbtest"
	"entente/internal/flow/offer"
	"entente/internal/kit/clock"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

type m = map[string]any

const password = "Correct-horse-7"

// A partnership is tenant A, which gives access packages, and people: ada of A,
// who speaks for B, and grace of B, who has no account in A.
type partnership struct {
	*enttest.Server
	t     *testing.T
	db    *sqldb.DB
	clock *clock.Fake
	app   enttest.Application // by which people of A use Graph

	ada, grace string // in their own tenants
}

func partners(t *testing.T, engine sqldb.Engine) *partnership {
	t.Helper()
	s := enttest.Start(t, enttest.Options{Engine: engine})
	p := &partnership{Server: s, t: t, db: dbtest.OpenURL(t, s.Store, s.Clock), clock: s.Clock.(*clock.Fake)}
	var client struct{ ID string }
	s.Graph(t, s.A, http.MethodGet, "/v1.0/servicePrincipals(appId='"+s.A.ClientID+"')", nil, &client)
	for _, permission := range []string{"EntitlementManagement.ReadWrite.All", "Sites.FullControl.All", "Group.ReadWrite.All", "AppRoleAssignment.ReadWrite.All"} {
		p.grant(client.ID, permission)
	}
	p.app = s.Application(t, s.A, "Portal", false)
	at := s.Present(t, s.A, p.app.AppID)
	s.Delegate(t, s.A, at.ID, "EntitlementManagement.ReadWrite.All EntitlementMgmt-SubjectAccess.ReadWrite User.Read")
	p.ada, p.grace = p.user(s.A, "ada"), p.user(s.B, "grace")
	return p
}

// grant gives A's client a permission, unless it has it.
func (p *partnership) grant(client, permission string) {
	p.t.Helper()
	var held struct{ Value []m }
	p.Graph(p.t, p.A, http.MethodGet, "/v1.0/servicePrincipals/"+client+"/appRoleAssignments", nil, &held)
	var graph struct {
		ID       string
		AppRoles []struct{ ID, Value string }
	}
	p.Graph(p.t, p.A, http.MethodGet, "/v1.0/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')", nil, &graph)
	for _, r := range graph.AppRoles {
		for _, h := range held.Value {
			if r.Value == permission && h["appRoleId"] == r.ID {
				return
			}
		}
	}
	p.Permit(p.t, p.A, client, permission)
}

func (p *partnership) user(in *enttest.Tenant, nick string) string {
	p.t.Helper()
	var made struct{ ID string }
	p.Graph(p.t, in, http.MethodPost, "/v1.0/users", m{
		"accountEnabled": true, "displayName": nick, "mailNickname": nick, "userPrincipalName": nick + "@" + in.Domain, "passwordProfile": m{"password": password, "forceChangePasswordNextSignIn": false},
	}, &made)
	return made.ID
}

// as returns a token for somebody who is signed in to A: ada, or a guest of B with
// the account at home.
func (p *partnership) as(object, home, user string) string {
	p.t.Helper()
	const scope = "openid https://graph.microsoft.com/.default"
	var code string
	err := p.db.Update(p.t.Context(), func(tx *sqldb.Tx) (err error) {
		code, err = token.AddCode(p.t.Context(), tx, token.Code{
			Object: ids.ObjectID(object), Proof: token.Proof{Home: ids.TenantID(home), User: ids.ObjectID(user), Session: ids.New[ids.SessionID](), Methods: []string{"pwd"}, AuthAt: tx.Now()},
			Tenant: ids.TenantID(p.A.ID), Client: ids.AppID(p.app.AppID), Redirect: back, Platform: token.Native, Scope: scope,
		})
		return err
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return p.Post(p.t, "/"+p.A.ID+"/oauth2/v2.0/token", url.Values{
		"grant_type": {"authorization_code"}, "client_id": {p.app.AppID}, "code": {code}, "redirect_uri": {back}, "scope": {scope},
	}).Token(p.t)
}

// ask asks A's Graph as its client, and wants a status.
func (p *partnership) ask(want int, method, path string, body any) m {
	p.t.Helper()
	return p.askAs(p.Admin(p.t, p.A, enttest.GraphScope), want, method, path, body)
}

func (p *partnership) askAs(token string, want int, method, path string, body any) m {
	p.t.Helper()
	a := p.As(p.t, token, method, strings.ReplaceAll(path, " ", "%20"), body)
	if a.Status != want {
		p.t.Fatalf("%s %s: got %d, want %d: %s", method, path, a.Status, want, a.Body)
	}
	out := m{}
	if len(a.Body) > 0 {
		if err := json.Unmarshal(a.Body, &out); err != nil {
			p.t.Fatalf("%s %s: %v in %s", method, path, err, a.Body)
		}
	}
	return out
}

// items are the entities of a list.
func (p *partnership) items(path string) (all []m) {
	p.t.Helper()
	for _, v := range p.ask(http.StatusOK, http.MethodGet, path, nil)["value"].([]any) {
		all = append(all, v.(m))
	}
	return all
}

// only is the one entity of a list.
func (p *partnership) only(path string) m {
	p.t.Helper()
	all := p.items(path)
	if len(all) != 1 {
		p.t.Fatalf("%s has %d entities: %v", path, len(all), all)
	}
	return all[0]
}

// until waits for the server's jobs.
func (p *partnership) until(what string, done func() bool) {
	p.t.Helper()
	for range 400 {
		if done() {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	p.t.Fatalf("it does not come about that %s", what)
}

// becomes waits until an entity has a value.
func (p *partnership) becomes(path, name string, want any) m {
	p.t.Helper()
	var one m
	p.until(fmt.Sprintf("%s of %s is %v", name, path, want), func() bool {
		one = p.ask(http.StatusOK, http.MethodGet, path, nil)
		return one[name] == want
	})
	return one
}

func text(one m, name string) string {
	s, _ := one[name].(string)
	return s
}

// resources makes a group, an application with a role and a site of A.
func (p *partnership) resources() (group, principal, role, site string) {
	p.t.Helper()
	group = text(p.ask(http.StatusCreated, http.MethodPost, "/v1.0/groups", m{"displayName": "Designers", "mailNickname": "designers", "mailEnabled": false, "securityEnabled": true}), "id")
	role = enttest.NewID()
	a := p.Application(p.t, p.A, "Drawings", false)
	p.ask(http.StatusNoContent, http.MethodPatch, "/v1.0/applications/"+a.ID, m{"appRoles": []any{m{
		"id": role, "value": "Draw", "displayName": "Draw", "description": "Draw", "allowedMemberTypes": []string{"User"}, "isEnabled": true}}})
	principal = p.Present(p.t, p.A, a.AppID).ID
	team := p.ask(http.StatusCreated, http.MethodPost, "/v1.0/groups", m{"displayName": "Studio", "mailNickname": "studio", "mailEnabled": true, "securityEnabled": false, "groupTypes": []string{"Unified"}})
	site = text(p.ask(http.StatusOK, http.MethodGet, "/v1.0/groups/"+text(team, "id")+"/sites/root", nil), "webUrl")
	return group, principal, role, site
}

// guest finds the account in A that stands for grace; nil if there is none.
func (p *partnership) guest() m {
	p.t.Helper()
	list := p.items("/v1.0/users?$filter=mail eq 'grace@" + p.B.Domain + "'&$select=id,accountEnabled,externalUserState,userType")
	if len(list) == 0 {
		return nil
	}
	return list[0]
}

const em = "/v1.0/identityGovernance/entitlementManagement"

// TestAPartnerGetsAccess plays a partner's access from the connection of the
// organization to the deletion of the guest, call by call.
func TestAPartnerGetsAccess(t *testing.T) {
	enttest.Each(t, func(t *testing.T, engine sqldb.Engine) {
		p := partners(t, engine)
		group, principal, role, site := p.resources()

		// 1 to 9: what an administrator sets up.
		organization := text(p.ask(http.StatusCreated, http.MethodPost, em+"/connectedOrganizations", m{"displayName": "Fabrikam", "description": "Our partner", "state": "configured",
			"identitySources": []any{m{"@odata.type": "#microsoft.graph.azureActiveDirectoryTenant", "tenantId": p.B.ID, "displayName": "Fabrikam"}}}), "id")
		p.ask(http.StatusNoContent, http.MethodPost, em+"/connectedOrganizations/"+organization+"/internalSponsors/$ref", m{"@odata.id": "https://graph.microsoft.com/v1.0/users/" + p.ada})
		catalog := text(p.ask(http.StatusCreated, http.MethodPost, em+"/catalogs", m{"displayName": "Design", "description": "Shared", "state": "published", "isExternallyVisible": true}), "id")
		origins := []struct{ system, id, role string }{{"AadGroup", group, "Member_" + group}, {"AadApplication", principal, role}, {"SharePointOnline", site, "4"}}
		for _, o := range origins {
			p.ask(http.StatusCreated, http.MethodPost, em+"/resourceRequests", m{"requestType": "adminAdd", "catalog": m{"id": catalog}, "resource": m{"originId": o.id, "originSystem": o.system}})
		}
		pkg := text(p.ask(http.StatusCreated, http.MethodPost, em+"/accessPackages", m{"displayName": "Joint design", "description": "Drawings", "isHidden": true, "catalog": m{"id": catalog}}), "id")
		for _, o := range origins {
			resource := p.only(em + "/catalogs/" + catalog + "/resources?$filter=originId eq '" + url.QueryEscape(o.id) + "'&$expand=roles,scopes")
			var offered m
			for _, r := range resource["roles"].([]any) {
				if r.(m)["originId"] == o.role {
					offered = r.(m)
				}
			}
			scope := resource["scopes"].([]any)[0].(m)
			p.ask(http.StatusCreated, http.MethodPost, em+"/accessPackages/"+pkg+"/resourceRoleScopes", m{
				"role":  m{"id": offered["id"], "originId": o.role, "originSystem": o.system, "resource": m{"id": resource["id"], "originId": o.id, "originSystem": o.system}},
				"scope": m{"id": scope["id"], "originId": scope["originId"], "originSystem": o.system}})
		}
		policy := text(p.ask(http.StatusCreated, http.MethodPost, em+"/assignmentPolicies", m{"displayName": "Partners", "allowedTargetScope": "specificConnectedOrganizationUsers",
			"specificAllowedTargets": []any{m{"@odata.type": "#microsoft.graph.connectedOrganizationMembers", "connectedOrganizationId": organization}},
			"expiration":             m{"type": "afterDuration", "duration": "P90D"},
			"requestorSettings":      m{"enableTargetsToSelfAddAccess": true, "enableTargetsToSelfUpdateAccess": true, "enableTargetsToSelfRemoveAccess": true, "allowCustomAssignmentSchedule": true},
			"requestApprovalSettings": m{"isApprovalRequiredForAdd": true, "isRequestorJustificationRequired": true, "stages": []any{m{
				"durationBeforeAutomaticDenial": "P14D", "isApproverJustificationRequired": true, "primaryApprovers": []any{m{"@odata.type": "#microsoft.graph.internalSponsors"}}}}},
			"accessPackage": m{"id": pkg}}), "id")

		// 10, 11: grace, who has no account here, opens the link, sees what is wanted
		// and asks.
		grace := browser.As(t, p.Server, "grace@"+p.B.Domain, password)
		offer := grace.Get("/@"+p.A.Domain+"/access-packages/"+pkg).Wants(http.StatusOK, "Request “Joint design”")
		followed := grace.Submit(offer, "Send request to Contoso", url.Values{"justification": {"The joint project"}}).Wants(http.StatusOK, "Request sent to Contoso.")
		asked := path.Base(followed.At.Path)
		request := em + "/assignmentRequests/" + asked

		// 12: where it stands.
		row := p.only(em + "/assignmentRequests?$expand=accessPackage,requestor($expand=connectedOrganization),assignment($expand=target)&$filter=accessPackage/id eq '" + pkg + "'")
		by := row["requestor"].(m)
		if row["state"] != "pendingApproval" || row["status"] != "PendingApproval" || by["objectId"] != nil || by["email"] != "grace@"+p.B.Domain || by["connectedOrganization"].(m)["id"] != organization || p.guest() != nil {
			t.Errorf("asked: %v, guest %v", row, p.guest())
		}
		waits := p.ask(http.StatusOK, http.MethodGet, request+"?$select=waitsFor", nil)["waitsFor"].(m)
		if waits["for"] != "approval" || waits["whom"].([]any)[0].(m)["id"] != p.ada || waits["untilDateTime"] != p.clock.Now().Add(14*24*time.Hour).Format(time.RFC3339) {
			t.Errorf("it waits for %v", waits)
		}

		// 13: her sponsor decides.
		ada := p.as(p.ada, p.A.ID, p.ada)
		if mine := p.askAs(ada, http.StatusOK, http.MethodGet, em+"/assignmentRequests/filterByCurrentUser(on='approver')", nil)["value"].([]any); len(mine) != 1 || mine[0].(m)["id"] != asked {
			t.Errorf("waiting for ada: %v", mine)
		}
		stages := em + "/accessPackageAssignmentApprovals/" + asked + "/stages"
		stage := p.askAs(ada, http.StatusOK, http.MethodGet, stages, nil)["value"].([]any)[0].(m)
		if stage["assignedToMe"] != true || stage["status"] != "InProgress" {
			t.Errorf("the stage is %v", stage)
		}
		p.askAs(ada, http.StatusBadRequest, http.MethodPatch, stages+"/"+text(stage, "id"), m{"reviewResult": "Approve"}) // without a word why
		p.askAs(ada, http.StatusNoContent, http.MethodPatch, stages+"/"+text(stage, "id"), m{"reviewResult": "Approve", "justification": "OK"})

		// 14, 15: the guest and the roles.
		done := p.becomes(request, "state", "delivered")
		if done["status"] != "Delivered" || done["completedDateTime"] == nil {
			t.Errorf("delivered: %v", done)
		}
		g := p.guest()
		if g["externalUserState"] != "PendingAcceptance" || g["userType"] != "Guest" || g["accountEnabled"] != true {
			t.Fatalf("the guest is %v", g)
		}
		guest := text(g, "id")
		assignment := p.only(em + "/assignments?$expand=target,accessPackage,assignmentPolicy&$filter=target/objectid eq '" + guest + "' and state eq 'Delivered'")
		access := em + "/assignments/" + text(assignment, "id")
		if assignment["accessPackage"].(m)["id"] != pkg || assignment["assignmentPolicy"].(m)["id"] != policy || assignment["target"].(m)["subjectLifecycle"] != "governed" {
			t.Errorf("the assignment is %v", assignment)
		}
		holds := func() (in bool) {
			members := p.items("/v1.0/groups/" + group + "/members")
			roles := p.items("/v1.0/users/" + guest + "/appRoleAssignments")
			if len(members) != len(roles) {
				t.Errorf("in the group %v, with the role %v", members, roles)
			}
			return len(members) == 1 && members[0]["id"] == guest && roles[0]["appRoleId"] == role
		}
		if !holds() {
			t.Error("she has not what was delivered")
		}

		// 16: she accepts, on the page that asks her.
		asks := grace.Get("/account/organizations/accept?tenant=" + p.A.ID)
		grace.Submit(asks, "Accept as Fabrikam", url.Values{"decision": {"accept"}}).Wants(http.StatusOK)
		if g := p.guest(); g["externalUserState"] != "Accepted" {
			t.Errorf("accepted: %v", g)
		}

		// 17: she asks for longer before it ends, herself, and has it.
		end := p.clock.Now().Add(90 * 24 * time.Hour)
		p.clock.Advance(77 * 24 * time.Hour)
		p.becomes(access, "status", "NearExpiry14DaysNotificationTriggered")
		own := p.as(guest, p.B.ID, p.grace)
		if mine := p.askAs(own, http.StatusOK, http.MethodGet, em+"/assignments/filterByCurrentUser(on='target')?$expand=accessPackage", nil)["value"].([]any); len(mine) != 1 || mine[0].(m)["accessPackage"].(m)["displayName"] != "Joint design" {
			t.Errorf("hers are %v", mine)
		}
		longer := p.askAs(own, http.StatusCreated, http.MethodPost, em+"/assignmentRequests", m{"requestType": "userUpdate", "justification": "Not done yet", "assignment": m{"accessPackageId": pkg, "assignmentPolicyId": policy}})
		p.becomes(em+"/assignmentRequests/"+text(longer, "id"), "state", "delivered")
		later := p.clock.Now().Add(90 * 24 * time.Hour)
		if until := p.ask(http.StatusOK, http.MethodGet, access, nil)["schedule"].(m)["expiration"].(m)["endDateTime"]; until != later.Format(time.RFC3339) || !later.After(end) {
			t.Errorf("it ends %v, want %v", until, later)
		}
		p.clock.Advance(89 * 24 * time.Hour)
		p.becomes(access, "status", "NearExpiry1DayNotificationTriggered")
		if !holds() {
			t.Error("it ended before its end")
		}

		// 18: the end, to the second.
		p.clock.Advance(24*time.Hour - time.Second)
		if g := p.guest(); !holds() || g["accountEnabled"] != true {
			t.Errorf("a second before the end: %v", g)
		}
		p.clock.Advance(time.Second)
		p.becomes(access, "state", "expired")
		p.until("her roles are taken", func() bool {
			return len(p.items("/v1.0/groups/"+group+"/members"))+len(p.items("/v1.0/users/"+guest+"/appRoleAssignments")) == 0
		})
		last := p.only(em + "/assignmentRequests?$filter=requestType eq 'systemRemove' and assignment/target/objectId eq '" + guest + "'")
		if last["state"] != "delivered" {
			t.Errorf("the end was brought about by %v", last)
		}

		// 19: the guest goes.
		if g := p.guest(); g["accountEnabled"] != false {
			t.Errorf("without access: %v", g)
		}
		due := p.clock.Now().Add(30 * 24 * time.Hour).Format(time.RFC3339)
		if s := p.ask(http.StatusOK, http.MethodGet, "/beta/identityGovernance/entitlementManagement/subjects(objectId='"+guest+"')", nil); s["cleanupScheduledDateTime"] != due {
			t.Errorf("the guest is deleted %v, want %s", s["cleanupScheduledDateTime"], due)
		}
		p.clock.Advance(30*24*time.Hour - time.Second)
		if p.guest() == nil {
			t.Error("the guest was deleted too early")
		}
		p.clock.Advance(time.Second)
		p.until("the guest is deleted", func() bool { return p.guest() == nil })

		// Both tenants' logs tell of it.
		for _, in := range []*enttest.Tenant{p.A, p.B} {
			var log struct{ Value []m }
			p.Graph(t, in, http.MethodGet, "/v1.0/auditLogs/directoryAudits?$filter="+url.QueryEscape("category eq 'EntitlementManagement' and activityDisplayName eq 'Approve access package assignment request'"), nil, &log)
			if len(log.Value) != 1 {
				t.Errorf("the log of %s tells of %d approvals", in.Domain, len(log.Value))
			}
		}
	})
}

// TestTerraformSetsUpAPartnership plays the same in beta's words: the bodies and
// the polling of the provider, with its nulls, and the older names of requests and
// approvals.
func TestTerraformSetsUpAPartnership(t *testing.T) {
	enttest.Each(t, func(t *testing.T, engine sqldb.Engine) {
		p := partners(t, engine)
		group, _, _, _ := p.resources()
		const em = "/beta/identityGovernance/entitlementManagement"
		var made []string // in the order of a plan
		make := func(path string, body m) m {
			t.Helper()
			one := p.ask(http.StatusCreated, http.MethodPost, path, body)
			if !strings.Contains(path, "accessPackageResourceRequests") {
				made = append(made, path+"/"+text(one, "id"))
			}
			return one
		}
		// settled polls as the provider does: five times in a row.
		settled := func(path string, status int) {
			t.Helper()
			for range 5 {
				p.ask(status, http.MethodGet, path, nil)
			}
		}
		organization := make(em+"/connectedOrganizations", m{"displayName": "Fabrikam", "description": nil, "state": "configured",
			"identitySources": []any{m{"@odata.type": "#microsoft.graph.azureActiveDirectoryTenant", "tenantId": p.B.ID, "displayName": nil}}})
		catalog := make(em+"/accessPackageCatalogs", m{"@odata.type": "#microsoft.graph.accessPackageCatalog", "displayName": "Design", "description": "d", "catalogStatus": "published", "isExternallyVisible": true})
		in := em + "/accessPackageCatalogs/" + text(catalog, "id")
		settled(in, http.StatusOK)
		association := m{"@odata.type": "#microsoft.graph.accessPackageResourceRequest", "catalogId": catalog["id"], "executeImmediately": true, "requestType": "AdminAdd", "justification": nil,
			"accessPackageResource": m{"@odata.type": "#microsoft.graph.accessPackageResource", "originId": group, "originSystem": "AadGroup", "url": nil}}
		make(em+"/accessPackageResourceRequests", association)
		resource := p.only(in + "/accessPackageResources?$filter=startswith(originId, '" + group + "')")
		pkg := make(em+"/accessPackages", m{"@odata.type": "#microsoft.graph.accessPackage", "displayName": "Joint design", "description": "d", "isHidden": nil,
			"accessPackageCatalog": m{"id": catalog["id"], "displayName": "Design"}})
		one := em + "/accessPackages/" + text(pkg, "id")
		settled(one, http.StatusOK)
		make(one+"/accessPackageResourceRoleScopes", m{
			"accessPackageResourceRole": m{"displayName": "Member", "originId": "Member_" + group, "originSystem": "AadGroup",
				"accessPackageResource": m{"id": resource["id"], "originId": group, "resourceType": "Security Group"}},
			"accessPackageResourceScope": m{"originId": group, "originSystem": "AadGroup"}})
		policy := make(em+"/accessPackageAssignmentPolicies", m{
			"@odata.type": "#microsoft.graph.accessPackageAssignmentPolicy", "accessPackageId": pkg["id"], "displayName": "Partners", "description": "d",
			"canExtend": nil, "durationInDays": 30, "expirationDateTime": nil, "accessReviewSettings": nil,
			"requestorSettings": m{"scopeType": "SpecificConnectedOrganizationSubjects", "acceptRequests": true, "allowedRequestors": []any{
				m{"@odata.type": "#microsoft.graph.connectedOrganizationMembers", "id": organization["id"], "isBackup": nil}}},
			"requestApprovalSettings": m{"isApprovalRequired": true, "isApprovalRequiredForExtension": nil, "isRequestorJustificationRequired": nil, "approvalMode": "SingleStage", "approvalStages": []any{m{
				"approvalStageTimeOutInDays": 14, "escalationTimeInMinutes": nil, "isApproverJustificationRequired": nil, "isEscalationEnabled": nil,
				"primaryApprovers": []any{m{"@odata.type": "#microsoft.graph.singleUser", "id": p.ada, "isBackup": false}}, "escalationApprovers": []any{}}}},
			"questions": []any{}})
		settled(em+"/accessPackageAssignmentPolicies/"+text(policy, "id"), http.StatusOK)

		// An assignment manager cannot go around the approver.
		manager := p.user(p.A, "mia")
		make("/beta/roleManagement/entitlementManagement/roleAssignments", m{"directoryScopeId": "/", "principalId": manager,
			"roleDefinitionId": string(offer.AssignmentManager), "appScopeId": "/AccessPackageCatalog/" + text(catalog, "id")})
		gift := m{"requestType": "AdminAdd", "isValidationOnly": nil, "justification": nil, "schedule": nil, "answers": []any{},
			"accessPackageAssignment": m{"target": m{"email": "grace@" + p.B.Domain}, "assignmentPolicyId": policy["id"], "accessPackageId": pkg["id"]}}
		mia := p.as(manager, p.A.ID, manager)
		request := p.askAs(mia, http.StatusCreated, http.MethodPost, em+"/accessPackageAssignmentRequests", gift)
		at := em + "/accessPackageAssignmentRequests/" + text(request, "id")
		if request["requestState"] != "PendingApproval" || request["requestType"] != "AdminAdd" || request["state"] != nil {
			t.Errorf("asked: %v", request)
		}
		ada := p.as(p.ada, p.A.ID, p.ada)
		steps := em + "/accessPackageAssignmentApprovals/" + text(request, "id") + "/steps"
		step := p.askAs(ada, http.StatusOK, http.MethodGet, steps, nil)["value"].([]any)[0].(m)
		p.askAs(mia, http.StatusForbidden, http.MethodPatch, steps+"/"+text(step, "id"), m{"reviewResult": "Approve"})
		p.askAs(ada, http.StatusNoContent, http.MethodPatch, steps+"/"+text(step, "id"), m{"reviewResult": "Approve", "justification": nil})
		p.becomes(at, "requestState", "Delivered")
		given := p.only(em + "/accessPackageAssignments?$filter=accessPackageId eq '" + text(pkg, "id") + "' and assignmentState eq 'Delivered'&$expand=target,accessPackageAssignmentPolicy")
		if given["accessPackageAssignmentPolicy"].(m)["durationInDays"] != float64(30) || given["target"].(m)["email"] != "grace@"+p.B.Domain || given["catalogId"] != catalog["id"] {
			t.Errorf("given: %v", given)
		}
		if p.guest() == nil {
			t.Error("there is no guest")
		}

		// Nothing that somebody has is destroyed.
		p.ask(http.StatusBadRequest, http.MethodDelete, em+"/accessPackageAssignmentPolicies/"+text(policy, "id"), nil)
		end := p.ask(http.StatusCreated, http.MethodPost, em+"/accessPackageAssignmentRequests", m{"requestType": "AdminRemove", "accessPackageAssignment": m{"id": given["id"]}, "justification": nil})
		p.becomes(em+"/accessPackageAssignmentRequests/"+text(end, "id"), "requestState", "Delivered")
		p.becomes(em+"/accessPackageAssignments/"+text(given, "id"), "assignmentState", "Expired")
		if g := p.guest(); g["accountEnabled"] != false {
			t.Errorf("without access: %v", g)
		}
		destroy := func(path string) {
			t.Helper()
			p.ask(http.StatusNoContent, http.MethodDelete, path, nil)
			if strings.Contains(path, "accessPackageResourceRoleScopes") {
				return // the provider reads the package's list
			}
			settled(path, http.StatusNotFound)
		}
		for i := len(made) - 1; i >= 0; i-- {
			if made[i] == in {
				association["requestType"] = "AdminRemove"
				p.ask(http.StatusCreated, http.MethodPost, em+"/accessPackageResourceRequests", association)
			}
			destroy(made[i])
		}
		p.clock.Advance(30 * 24 * time.Hour)
		p.until("the guest is deleted", func() bool { return p.guest() == nil })
	})
}
