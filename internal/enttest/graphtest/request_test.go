package graphtest

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"entente/internal/core/authz"
	"entente/internal/flow/entitlement"
	"entente/internal/kit/ids"
)

// A gate is a tenant with a package that members may ask for, after the word of an
// approver.
type gate struct {
	*World
	c                           *Client // administers
	pkg, policy, group, catalog string
	question                    string
	ada, lee                    string  // who approves, who asks
	approver, asker             *Client // ada with all permissions, lee with the one for oneself
}

const em = "/v1.0" + governed

func eachGate(t *testing.T, test func(t *testing.T, g *gate)) {
	Each(t, func(t *testing.T, w *World) {
		g := &gate{World: w, c: w.Client(t, w.A, Everything...)}
		make := func(path string, body map[string]any) string {
			t.Helper()
			return g.c.Send(t, w, http.StatusCreated, "POST", path, body).Text("id")
		}
		g.ada, g.lee = make("/v1.0/users", NewUser(w.A.Domain, "ada")), make("/v1.0/users", NewUser(w.A.Domain, "lee"))
		g.catalog = make(em+"/catalogs", map[string]any{"displayName": "Design"})
		g.group = make("/v1.0/groups", NewGroup("designers"))
		make(em+"/resourceRequests", newResource("adminAdd", g.catalog, "AadGroup", g.group))
		g.pkg = make(em+"/accessPackages", map[string]any{"displayName": "Designers", "catalog": map[string]any{"id": g.catalog}})
		make(em+"/accessPackages/"+g.pkg+"/resourceRoleScopes", newRoleScope(g.group, "Member_"))
		policy := newGate(g.pkg, "allMemberUsers", g.ada)
		policy["requestorSettings"] = map[string]any{"enableTargetsToSelfAddAccess": true, "enableTargetsToSelfUpdateAccess": true, "enableTargetsToSelfRemoveAccess": true}
		policy["questions"] = []any{map[string]any{"@odata.type": "#microsoft.graph.accessPackageTextInputQuestion", "text": "Why?", "isRequired": true, "regexPattern": "^[a-z ]+$"}}
		made := g.c.Send(t, w, http.StatusCreated, "POST", em+"/assignmentPolicies", policy)
		g.policy = made.Text("id")
		g.question, _ = made.Body["questions"].([]any)[0].(map[string]any)["id"].(string)
		g.approver = w.Person(t, w.A, ids.ObjectID(g.ada), "EntitlementManagement.ReadWrite.All", "EntitlementManagement.Read.All")
		g.asker = w.Person(t, w.A, ids.ObjectID(g.lee), "EntitlementMgmt-SubjectAccess.ReadWrite")
		test(t, g)
	})
}

// wish is what lee sends.
func (g *gate) wish() map[string]any {
	return map[string]any{
		"requestType": "UserAdd", "justification": "The joint project", "assignment": map[string]any{"accessPackageId": g.pkg, "assignmentPolicyId": g.policy},
		"answers": []any{g.answer("because")},
	}
}

func (g *gate) answer(value string) map[string]any {
	return map[string]any{"@odata.type": "#microsoft.graph.accessPackageAnswerString", "value": value,
		"answeredQuestion": map[string]any{"@odata.type": "#microsoft.graph.accessPackageTextInputQuestion", "id": g.question}}
}

// filtered is a list with a filter.
func filtered(path, filter string) string { return path + "?$filter=" + url.QueryEscape(filter) }

// waiting returns the request and the stage that wait for the approver.
func (g *gate) waiting(t *testing.T) (request, stage string) {
	t.Helper()
	list := g.approver.Send(t, g.World, http.StatusOK, "GET", em+"/accessPackageAssignmentApprovals/filterByCurrentUser(on='approver')?$expand=stages", nil).Items()
	if len(list) != 1 {
		t.Fatalf("%d approvals wait: %v", len(list), list)
	}
	one, _ := list[0]["stages"].([]any)[0].(map[string]any)
	if one["assignedToMe"] != true || one["status"] != "InProgress" || one["reviewResult"] != "NotReviewed" {
		t.Errorf("the stage is %v", one)
	}
	return list[0]["id"].(string), one["id"].(string)
}

// TestRequestsAndApprovals asks, looks, decides, changes and ends, by Graph.
func TestRequestsAndApprovals(t *testing.T) {
	eachGate(t, func(t *testing.T, g *gate) {
		w := g.World
		made := g.asker.Send(t, w, http.StatusCreated, "POST", em+"/assignmentRequests", g.wish())
		one := em + "/assignmentRequests/" + made.Text("id")
		if made.Text("requestType") != "userAdd" || made.Text("state") != "pendingApproval" || made.Text("justification") != "The joint project" {
			t.Errorf("asked: %s", made.Raw)
		}
		own := em + "/assignmentRequests/filterByCurrentUser(on='createdBy')?$expand=accessPackage,requestor,assignment($expand=target,assignmentPolicy)&$select=id,state,waitsFor"
		mine := g.asker.Send(t, w, http.StatusOK, "GET", own, nil)
		if list := mine.Items(); len(list) != 1 || list[0]["id"] != made.Text("id") || list[0]["accessPackage"].(map[string]any)["displayName"] != "Designers" ||
			list[0]["assignment"].(map[string]any)["target"].(map[string]any)["objectId"] != g.lee || list[0]["assignment"].(map[string]any)["assignmentPolicy"] != nil {
			t.Errorf("lee sees %s", mine.Raw)
		}
		wait := g.c.Send(t, w, http.StatusOK, "GET", one+"?$select=waitsFor", nil)
		says, _ := wait.Body["waitsFor"].(map[string]any)
		if says["for"] != "approval" || says["untilDateTime"] != w.Clock.Now().Add(14*24*time.Hour).Format(time.RFC3339) || says["whom"].([]any)[0].(map[string]any)["id"] != g.ada {
			t.Errorf("it waits for %s", wait.Raw)
		}
		for filter, n := range map[string]int{
			"accessPackage/id eq '" + g.pkg + "'": 1, "state eq 'PendingApproval'": 1, "state eq 'delivered'": 0, "requestor/objectId eq '" + g.lee + "'": 1,
			"assignment/target/objectId eq '" + g.ada + "'": 0, "assignment/target/objectId eq '" + strings.ToUpper(g.lee) + "' and createdDateTime ge 2026-01-01T00:00:00Z": 1,
			"requestType eq 'userAdd'": 1,
		} {
			if list := g.c.Send(t, w, http.StatusOK, "GET", filtered(em+"/assignmentRequests", filter), nil).Items(); len(list) != n {
				t.Errorf("%s finds %d, want %d", filter, len(list), n)
			}
		}
		if list := g.c.Send(t, w, http.StatusOK, "GET", filtered("/beta"+governed+"/accessPackageAssignmentRequests", "requestState eq 'PendingApproval' and accessPackageAssignment/target/objectId eq '"+g.lee+"'"), nil).Items(); len(list) != 1 || list[0]["requestType"] != "UserAdd" {
			t.Errorf("beta finds %v", list)
		}

		request, stage := g.waiting(t)
		at := em + "/accessPackageAssignmentApprovals/" + request + "/stages/" + stage
		g.approver.Send(t, w, http.StatusNoContent, "PATCH", at, map[string]any{"reviewResult": "approve", "justification": "OK"})
		a := g.approver.Send(t, w, http.StatusConflict, "PATCH", at, map[string]any{"reviewResult": "Deny"})
		if code, _ := a.Error(); code != "ApprovalStageCompleted" {
			t.Errorf("a second word: %s", a.Raw)
		}
		said := g.approver.Send(t, w, http.StatusOK, "GET", at, nil)
		if said.Text("reviewResult") != "Approve" || said.Body["reviewedBy"].(map[string]any)["id"] != g.ada || said.Body["assignedToMe"] != false || said.Text("justification") != "OK" {
			t.Errorf("the stage is %s", said.Raw)
		}
		w.Work(t)
		assignment := g.c.Send(t, w, http.StatusOK, "GET", one+"/assignment?$expand=*", nil)
		if assignment.Text("state") != "delivered" || assignment.Body["target"].(map[string]any)["objectId"] != g.lee || assignment.Body["assignmentPolicy"].(map[string]any)["id"] != g.policy {
			t.Errorf("delivered: %s", assignment.Raw)
		}
		id := assignment.Text("id")
		for filter, n := range map[string]int{
			"state eq 'Delivered'": 1, "accessPackage/id eq '" + g.pkg + "'": 1, "assignmentPolicy/id eq '" + g.policy + "'": 1, "target/objectid eq '" + g.lee + "'": 1, "target/objectId eq '" + g.ada + "'": 0,
		} {
			if list := g.c.Send(t, w, http.StatusOK, "GET", filtered(em+"/assignments", filter), nil).Items(); len(list) != n {
				t.Errorf("%s finds %d assignments, want %d", filter, len(list), n)
			}
		}
		beta := g.c.Send(t, w, http.StatusOK, "GET", "/beta"+governed+"/accessPackageAssignments/"+id+"?$expand=target,accessPackageAssignmentPolicy", nil)
		if beta.Text("assignmentState") != "Delivered" || beta.Text("accessPackageId") != g.pkg || beta.Text("catalogId") != g.catalog || beta.Body["target"].(map[string]any)["id"] != beta.Text("targetId") {
			t.Errorf("beta: %s", beta.Raw)
		}
		a = g.c.Send(t, w, http.StatusMethodNotAllowed, "POST", em+"/assignments", map[string]any{})
		if code, _ := a.Error(); code != "Request_BadRequest" {
			t.Errorf("POST of an assignment: %s", a.Raw)
		}

		// What somebody took by hand comes back.
		g.c.Send(t, w, http.StatusNoContent, "DELETE", "/v1.0/groups/"+g.group+"/members/"+g.lee+"/$ref", nil)
		g.c.Send(t, w, http.StatusAccepted, "POST", em+"/assignments/"+id+"/reprocess", nil)
		w.Work(t)
		if in := g.c.Send(t, w, http.StatusOK, "GET", "/v1.0/groups/"+g.group+"/members", nil).Items(); len(in) != 1 {
			t.Errorf("after reprocess the group has %v", in)
		}

		// Extend, and give it back.
		longer := g.wish()
		longer["requestType"], longer["assignment"] = "UserExtend", map[string]any{"id": id}
		g.asker.Send(t, w, http.StatusCreated, "POST", em+"/assignmentRequests", longer)
		w.Work(t)
		g.asker.Send(t, w, http.StatusCreated, "POST", em+"/assignmentRequests", map[string]any{"requestType": "userRemove", "accessPackageAssignment": map[string]any{"id": id}})
		w.Work(t)
		if a := g.c.Send(t, w, http.StatusOK, "GET", em+"/assignments/"+id, nil); a.Text("state") != "expired" || a.Body["expiredDateTime"] == nil {
			t.Errorf("given back: %s", a.Raw)
		}
		g.c.Send(t, w, http.StatusNoContent, "DELETE", one, nil)
		g.c.Send(t, w, http.StatusNotFound, "GET", one, nil)

		// Canceled by whoever asked, and by nobody else through such a program.
		again := g.asker.Send(t, w, http.StatusCreated, "POST", em+"/assignmentRequests", g.wish()).Text("id")
		others := w.Person(t, w.A, w.A.Admin, "EntitlementMgmt-SubjectAccess.ReadWrite")
		others.Send(t, w, http.StatusForbidden, "POST", em+"/assignmentRequests/"+again+"/cancel", nil)
		g.asker.Send(t, w, http.StatusNoContent, "POST", em+"/assignmentRequests/"+again+"/cancel", nil)
		g.asker.Send(t, w, http.StatusBadRequest, "POST", em+"/assignmentRequests/"+again+"/cancel", nil)
	})
}

// TestOneAsksInManySpellings sends the bodies that documents and clients have.
func TestOneAsksInManySpellings(t *testing.T) {
	eachGate(t, func(t *testing.T, g *gate) {
		w := g.World
		open := newGate(g.pkg, "notSpecified", "")
		policy := g.c.Send(t, w, http.StatusCreated, "POST", em+"/assignmentPolicies", open).Text("id")
		nested := func(id string) map[string]any { return map[string]any{"id": id} }
		end := w.Clock.Now().Add(72 * time.Hour).Format(time.RFC3339)
		for i, tt := range []struct {
			path string
			body map[string]any
		}{
			{"/v1.0", map[string]any{"requestType": "adminAdd", "assignment": map[string]any{"targetId": "%s", "assignmentPolicyId": policy, "accessPackageId": g.pkg}}},
			{"/v1.0", map[string]any{"requestType": "AdminAdd", "accessPackageAssignment": map[string]any{"target": map[string]any{"objectId": "%s"}, "assignmentPolicy": nested(policy), "accessPackage": nested(g.pkg)}}},
			{"/v1.0", map[string]any{"requestType": "ADMINADD", "accessPackage": nested(g.pkg), "assignment": map[string]any{"target": map[string]any{"objectId": "%s"}, "assignmentPolicyId": policy},
				"schedule": map[string]any{"startDateTime": nil, "recurrence": nil, "expiration": map[string]any{"type": "afterDateTime", "endDateTime": end, "duration": nil}}}},
			{"/beta", map[string]any{"@odata.type": "#microsoft.graph.accessPackageAssignmentRequest", "requestType": "AdminAdd", "isValidationOnly": nil, "justification": nil,
				"accessPackageAssignment": map[string]any{"targetId": "%s", "assignmentPolicyId": policy, "accessPackageId": g.pkg},
				"schedule":                map[string]any{"expiration": map[string]any{"type": "AfterDuration", "duration": "PT72H"}}}},
		} {
			user := g.c.Send(t, w, http.StatusCreated, "POST", "/v1.0/users", NewUser(w.A.Domain, fmt.Sprintf("person%d", i))).Text("id")
			for _, name := range []string{"assignment", "accessPackageAssignment"} {
				x, _ := tt.body[name].(map[string]any)
				if x["targetId"] != nil {
					x["targetId"] = user
				} else if x != nil {
					x["target"] = map[string]any{"objectId": user}
				}
			}
			set := map[string]string{"/v1.0": "/assignmentRequests", "/beta": "/accessPackageAssignmentRequests"}[tt.path]
			g.c.Send(t, w, http.StatusCreated, "POST", tt.path+governed+set, tt.body)
			w.Work(t)
			list := g.c.Send(t, w, http.StatusOK, "GET", filtered(em+"/assignments", "target/objectId eq '"+user+"'")+"&$expand=target", nil).Items()
			if len(list) != 1 || list[0]["state"] != "delivered" {
				t.Fatalf("%v gives %v", tt.body, list)
			}
			if until := list[0]["schedule"].(map[string]any)["expiration"].(map[string]any)["endDateTime"]; tt.body["schedule"] != nil && until != end {
				t.Errorf("%v ends %v, want %s", tt.body, until, end)
			}
			// The subject is found by its object, and taken by its own identifier.
			subject := g.c.Send(t, w, http.StatusOK, "GET", em+"/subjects(objectId='"+user+"')", nil)
			if subject.Text("id") != list[0]["target"].(map[string]any)["id"] || subject.Text("subjectType") != "user" {
				t.Errorf("the subject is %s", subject.Raw)
			}
			again := g.c.Send(t, w, http.StatusBadRequest, "POST", em+"/assignmentRequests", newGift(g.pkg, policy, map[string]any{"target": nested(subject.Text("id"))}))
			if code, _ := again.Error(); code != "ExistingGrant" {
				t.Errorf("once more, by the subject: %s", again.Raw)
			}
		}
		// Only checked: nothing is stored.
		try := newGift(g.pkg, policy, map[string]any{"targetId": g.lee})
		try["isValidationOnly"] = true
		if a := g.c.Send(t, w, http.StatusCreated, "POST", "/beta"+governed+"/accessPackageAssignmentRequests", try); a.Body["isValidationOnly"] != true || a.Text("requestState") != "Submitted" {
			t.Errorf("checked: %s", a.Raw)
		}
		if list := g.c.Send(t, w, http.StatusOK, "GET", filtered(em+"/assignmentRequests", "assignment/target/objectId eq '"+g.lee+"'"), nil).Items(); len(list) != 0 {
			t.Errorf("a check left %v", list)
		}
		g.c.Send(t, w, http.StatusBadRequest, "POST", em+"/assignmentRequests", try) // v1.0 has no such member
		// Somebody of nowhere, by address.
		g.c.Send(t, w, http.StatusCreated, "POST", em+"/assignmentRequests", newGift(g.pkg, policy, map[string]any{"target": map[string]any{"email": "who@outside.example"}}))
		w.Work(t)
		list := g.c.Send(t, w, http.StatusOK, "GET", filtered(em+"/subjects", "email eq 'WHO@outside.example'"), nil).Items()
		if len(list) != 1 || list[0]["objectId"] == nil || list[0]["subjectLifecycle"] != "governed" {
			t.Fatalf("the outsider is %v", list)
		}
		at := em + "/subjects/" + list[0]["id"].(string)
		g.c.Send(t, w, http.StatusNoContent, "PATCH", at, map[string]any{"subjectLifecycle": "notGoverned"})
		if a := g.c.Send(t, w, http.StatusOK, "GET", at, nil); a.Text("subjectLifecycle") != "notGoverned" {
			t.Errorf("after PATCH: %s", a.Raw)
		}
	})
}

// TestRefusedRequests is what is refused, and by which code.
func TestRefusedRequests(t *testing.T) {
	eachGate(t, func(t *testing.T, g *gate) {
		w := g.World
		const nobody = "6f0ba2b4-6a3b-4d5e-9a44-0f7a3bb8a00f"
		other := g.c.Send(t, w, http.StatusCreated, "POST", em+"/accessPackages", map[string]any{"displayName": "Other", "catalog": map[string]any{"id": g.catalog}}).Text("id")
		with := func(change map[string]any) map[string]any {
			body := g.wish()
			for name, v := range change {
				body[name] = v
			}
			return body
		}
		about := func(members ...any) map[string]any {
			x := map[string]any{}
			for i := 0; i < len(members); i += 2 {
				x[members[i].(string)] = members[i+1]
			}
			return with(map[string]any{"assignment": x})
		}
		gift := func(target map[string]any) map[string]any { return newGift(g.pkg, g.policy, target) }
		for _, tt := range []struct {
			name   string
			by     *Client
			body   any
			status int
			code   string
		}{
			{"a type that there is not", g.asker, with(map[string]any{"requestType": "give"}), 400, "InvalidModel"},
			{"the installation's type", g.c, with(map[string]any{"requestType": "systemAdd"}), 400, "InvalidModel"},
			{"no package", g.asker, with(map[string]any{"assignment": map[string]any{}}), 404, "AccessPackageNotFound"},
			{"a package that is not there", g.asker, about("accessPackageId", nobody), 404, "AccessPackageNotFound"},
			{"a policy that is not there", g.asker, about("accessPackageId", g.pkg, "assignmentPolicyId", nobody), 404, "PolicyNotFound"},
			{"a policy of another package", g.asker, about("accessPackageId", other, "assignmentPolicyId", g.policy), 404, "PolicyNotFound"},
			{"a package without a policy", g.asker, about("accessPackageId", other), 403, "NotInPolicyScope"},
			{"two packages", g.asker, with(map[string]any{"accessPackageId": other}), 400, "InvalidModel"},
			{"a request for another", g.asker, about("accessPackageId", g.pkg, "targetId", g.ada), 400, "InvalidModel"},
			{"in another's name", g.asker, with(map[string]any{"requestor": map[string]any{"objectId": g.ada}}), 400, "InvalidModel"},
			{"no answer", g.asker, with(map[string]any{"answers": []any{}}), 400, "AnswersMissing"},
			{"a wrong answer", g.asker, with(map[string]any{"answers": []any{g.answer("42")}}), 400, "AnswerInvalid"},
			{"an answer to nothing", g.asker, with(map[string]any{"answers": []any{map[string]any{"value": "x"}}}), 400, "InvalidModel"},
			{"a schedule that is not free", g.asker, with(map[string]any{"schedule": map[string]any{"startDateTime": "2030-01-01T00:00:00Z"}}), 400, "ScheduleNotAllowed"},
			{"a word that there is not", g.asker, with(map[string]any{"schedule": map[string]any{"expiration": map[string]any{"type": "sometime"}}}), 400, "InvalidModel"},
			{"no time", g.asker, with(map[string]any{"schedule": map[string]any{"startDateTime": "soon"}}), 400, "InvalidModel"},
			{"a recurrence", g.asker, with(map[string]any{"schedule": map[string]any{"recurrence": map[string]any{}}}), 400, "InvalidModel"},
			{"a verified credential", g.asker, with(map[string]any{"verifiedCredentialsData": []any{map[string]any{"authority": "did:web:x", "claims": map[string]any{}}}}), 400, "InvalidModel"},
			{"a member that there is not", g.asker, with(map[string]any{"justificaton": "x"}), 400, "InvalidModel"},
			{"an assignment that is not there", g.asker, map[string]any{"requestType": "userRemove", "assignment": map[string]any{"id": nobody}}, 404, "AssignmentNotFound"},
			{"a gift through a program for oneself", g.asker, gift(map[string]any{"targetId": g.lee}), 403, "Authorization_RequestDenied"},
			{"a gift by nobody", g.approver, gift(map[string]any{"targetId": g.lee}), 403, "Authorization_RequestDenied"},
			{"a gift without a policy", g.c, map[string]any{"requestType": "adminAdd", "assignment": map[string]any{"accessPackageId": g.pkg, "targetId": g.lee}}, 400, "InvalidModel"},
			{"a gift to nobody", g.c, gift(map[string]any{"targetId": nobody}), 404, "TargetNotFound"},
			{"a gift to a group", g.c, gift(map[string]any{"targetId": g.group}), 404, "TargetNotFound"},
			{"a gift to no address", g.c, gift(map[string]any{"target": map[string]any{"email": "nobody"}}), 400, "InvalidModel"},
			{"two targets", g.c, gift(map[string]any{"targetId": g.lee, "target": map[string]any{"objectId": g.ada}}), 400, "InvalidModel"},
			{"no object", g.c, `[]`, 400, "BadRequest"},
		} {
			a := tt.by.Send(t, w, tt.status, "POST", em+"/assignmentRequests", tt.body)
			if code, _ := a.Error(); code != tt.code {
				t.Errorf("%s: got %s, want %s", tt.name, a.Raw, tt.code)
			}
		}
		g.asker.Send(t, w, http.StatusCreated, "POST", em+"/assignmentRequests", g.wish())
		a := g.asker.Send(t, w, http.StatusBadRequest, "POST", em+"/assignmentRequests", g.wish())
		if code, _ := a.Error(); code != "ExistingOpenRequest" {
			t.Errorf("a second one: %s", a.Raw)
		}
		request, stage := g.waiting(t)
		approval := em + "/accessPackageAssignmentApprovals/" + request + "/stages/"
		for _, tt := range []struct {
			name, method, path string
			by                 *Client
			body               any
			status             int
			code               string
		}{
			{"a word that there is not", "PATCH", approval + stage, g.approver, map[string]any{"reviewResult": "Maybe"}, 400, "InvalidModel"},
			{"no word", "PATCH", approval + stage, g.approver, map[string]any{"justification": "x"}, 400, "InvalidModel"},
			{"a stage that is not there", "PATCH", approval + nobody, g.approver, map[string]any{"reviewResult": "Approve"}, 404, "Request_ResourceNotFound"},
			{"an administrator who is not asked", "PATCH", approval + stage, w.Person(t, w.A, w.A.Admin, "EntitlementManagement.ReadWrite.All"), map[string]any{"reviewResult": "Approve"}, 403, "NotApprover"},
			{"a program that only reads", "PATCH", approval + stage, w.Client(t, w.A, "EntitlementManagement.Read.All"), map[string]any{"reviewResult": "Approve"}, 403, "Authorization_RequestDenied"},
			{"an approval of nothing", "GET", em + "/accessPackageAssignmentApprovals/" + nobody, g.c, nil, 404, "Request_ResourceNotFound"},
			{"a filter that there is not", "GET", em + "/assignmentRequests/filterByCurrentUser(on='me')", g.asker, nil, 400, "InvalidModel"},
			{"of assignments", "GET", em + "/assignments/filterByCurrentUser(on='approver')", g.asker, nil, 400, "InvalidModel"},
			{"of approvals", "GET", em + "/accessPackageAssignmentApprovals/filterByCurrentUser(on='targetManager')", g.approver, nil, 400, "InvalidModel"},
			{"no filter", "GET", em + "/assignmentRequests/filterByCurrentUser", g.asker, nil, 400, ""},
			{"a package with itself", "GET", em + "/assignments/additionalAccess(accessPackageId='" + g.pkg + "',incompatibleAccessPackageId='" + g.pkg + "')", g.c, nil, 400, "InvalidModel"},
			{"a deletion of what is under way", "DELETE", em + "/assignmentRequests/" + request, g.c, nil, 400, "InvalidRequestState"},
			{"a delivery of what is under way", "POST", em + "/assignmentRequests/" + request + "/reprocess", g.c, nil, 400, "InvalidRequestState"},
			{"a member who is governed", "PATCH", em + "/subjects(objectId='" + g.lee + "')", g.c, map[string]any{"subjectLifecycle": "governed"}, 400, "BadRequest"},
			{"a lifecycle that there is not", "PATCH", em + "/subjects(objectId='" + g.lee + "')", g.c, map[string]any{"subjectLifecycle": "kept"}, 400, "InvalidModel"},
			{"a property that is no filter", "GET", filtered(em+"/assignmentRequests", "justification eq 'x'"), g.c, nil, 400, "Request_UnsupportedQuery"},
			{"everybody's requests through a program for oneself", "GET", em + "/assignmentRequests", g.asker, nil, 403, "Authorization_RequestDenied"},
			{"everybody's requests without a role", "GET", em + "/assignmentRequests", g.approver, nil, 403, "Authorization_RequestDenied"},
		} {
			a := tt.by.Send(t, w, tt.status, tt.method, tt.path, tt.body)
			if code, _ := a.Error(); tt.code != "" && code != tt.code {
				t.Errorf("%s: got %s, want %s", tt.name, a.Raw, tt.code)
			}
		}
	})
}

// TestProgramsDecide: a program with the permission decides, but on nothing of its
// own, nor of whoever owns it.
func TestProgramsDecide(t *testing.T) {
	eachGate(t, func(t *testing.T, g *gate) {
		w := g.World
		bot := w.Client(t, w.A, "EntitlementManagement.ReadWrite.All")
		g.c.Send(t, w, http.StatusNoContent, "POST", "/v1.0/servicePrincipals/"+string(bot.Principal.ID)+"/owners/$ref", Ref(g.lee))
		g.asker.Send(t, w, http.StatusCreated, "POST", em+"/assignmentRequests", g.wish())
		request, stage := g.waiting(t)
		at := em + "/accessPackageAssignmentApprovals/" + request + "/stages/" + stage
		a := bot.Send(t, w, http.StatusForbidden, "PATCH", at, map[string]any{"reviewResult": "Approve"})
		if code, _ := a.Error(); code != "SelfApprovalNotAllowed" {
			t.Errorf("by what the requestor owns: %s", a.Raw)
		}
		if a := bot.Send(t, w, http.StatusOK, "GET", at, nil); a.Body["assignedToMe"] != false {
			t.Errorf("nobody asked the program: %s", a.Raw)
		}
		g.c.Send(t, w, http.StatusNoContent, "PATCH", at, map[string]any{"reviewResult": "Deny", "justification": "by rule"})
		one := g.c.Send(t, w, http.StatusOK, "GET", em+"/assignmentRequests/"+request, nil)
		if one.Text("state") != "denied" || one.Body["completedDateTime"] == nil {
			t.Errorf("denied: %s", one.Raw)
		}
	})
}

// TestOneCatalogsRequests: whoever gives packages of one catalog sees its requests,
// package by package, and no others.
func TestOneCatalogsRequests(t *testing.T) {
	eachGate(t, func(t *testing.T, g *gate) {
		w := g.World
		const assigns = "e2182095-804a-4656-ae11-64734e9b7ae5"
		helper := g.c.Send(t, w, http.StatusCreated, "POST", "/v1.0/users", NewUser(w.A.Domain, "helper")).Text("id")
		g.c.Send(t, w, http.StatusCreated, "POST", "/v1.0"+delegates, newDelegate(helper, assigns, g.catalog))
		h := w.Person(t, w.A, ids.ObjectID(helper), "EntitlementManagement.ReadWrite.All")
		request := g.asker.Send(t, w, http.StatusCreated, "POST", em+"/assignmentRequests", g.wish()).Text("id")
		for _, set := range []string{"/assignmentRequests", "/assignments"} {
			a := h.Send(t, w, http.StatusForbidden, "GET", em+set, nil)
			if _, message := a.Error(); !strings.Contains(message, "one access package") {
				t.Errorf("%s without a filter: %s", set, a.Raw)
			}
			h.Send(t, w, http.StatusOK, "GET", filtered(em+set, "accessPackage/id eq '"+g.pkg+"'"), nil)
			h.Send(t, w, http.StatusOK, "GET", filtered(em+set, "state eq 'delivered' and accessPackage/id eq '"+g.pkg+"'")+"&$count=true", nil)
		}
		elsewhere := g.c.Send(t, w, http.StatusCreated, "POST", em+"/accessPackages", map[string]any{"displayName": "Elsewhere"}).Text("id")
		open := g.c.Send(t, w, http.StatusCreated, "POST", em+"/assignmentPolicies", newGate(elsewhere, "allMemberUsers", "")).Text("id")
		there := g.c.Send(t, w, http.StatusCreated, "POST", em+"/assignmentRequests", newGift(elsewhere, open, map[string]any{"targetId": g.ada})).Text("id")
		if list := h.Send(t, w, http.StatusOK, "GET", filtered(em+"/assignmentRequests", "accessPackage/id eq '"+elsewhere+"'"), nil).Items(); len(list) != 0 {
			t.Errorf("of another catalog: %v", list)
		}
		h.Send(t, w, http.StatusForbidden, "GET", em+"/assignmentRequests/"+there, nil)
		// A gift goes the policy's way: somebody has to approve.
		gift := h.Send(t, w, http.StatusCreated, "POST", em+"/assignmentRequests", newGift(g.pkg, g.policy, map[string]any{"targetId": helper}))
		if gift.Text("state") != "pendingApproval" {
			t.Errorf("a gift: %s", gift.Raw)
		}
		h.Send(t, w, http.StatusNoContent, "POST", em+"/assignmentRequests/"+request+"/cancel", nil)
	})
}

// TestIncompatibleHoldings finds who has what nobody should have together.
func TestIncompatibleHoldings(t *testing.T) {
	eachGate(t, func(t *testing.T, g *gate) {
		w := g.World
		other := g.c.Send(t, w, http.StatusCreated, "POST", em+"/accessPackages", map[string]any{"displayName": "Other", "catalog": map[string]any{"id": g.catalog}}).Text("id")
		policy := g.c.Send(t, w, http.StatusCreated, "POST", em+"/assignmentPolicies", newGate(other, "allMemberUsers", "")).Text("id")
		for _, x := range []struct{ pkg, policy, target string }{{g.pkg, g.policy, g.lee}, {other, policy, g.lee}, {g.pkg, g.policy, g.ada}} {
			g.c.Send(t, w, http.StatusCreated, "POST", em+"/assignmentRequests", newGift(x.pkg, x.policy, map[string]any{"targetId": x.target}))
		}
		w.Work(t)
		count := func(call string) int {
			return len(g.c.Send(t, w, http.StatusOK, "GET", em+"/assignments/additionalAccess"+call, nil).Items())
		}
		pair := "(accessPackageId='" + g.pkg + "',incompatibleAccessPackageId='" + other + "')"
		if n := count(pair); n != 1 {
			t.Errorf("%d have both", n)
		}
		if n := count("()"); n != 0 {
			t.Errorf("%d have what is not incompatible", n)
		}
		g.c.Send(t, w, http.StatusNoContent, "POST", em+"/accessPackages/"+g.pkg+"/incompatibleAccessPackages/$ref", packageRef(other))
		if n, one := count("()"), count("(accessPackageId='"+other+"')"); n != 2 || one != 1 {
			t.Errorf("%d and %d of incompatible packages, want 2 and 1", n, one)
		}
		list := g.c.Send(t, w, http.StatusOK, "GET", em+"/assignments/additionalAccess"+pair+"?$expand=target,accessPackage", nil).Items()
		if len(list) != 1 || list[0]["target"].(map[string]any)["objectId"] != g.lee || list[0]["accessPackage"].(map[string]any)["id"] != g.pkg {
			t.Errorf("who has both: %v", list)
		}
	})
}

// TestWhatIsOffered: who could ask sees what a package gives, who had it is told
// so, and what was given is seen role by role.
func TestWhatIsOffered(t *testing.T) {
	eachGate(t, func(t *testing.T, g *gate) {
		w := g.World
		at := em + "/availableAccessPackages/" + g.pkg
		given := g.asker.Send(t, w, http.StatusOK, "GET", at+"/resourceRoleScopes?$expand=role($expand=resource),scope", nil).Items()
		if len(given) != 1 || given[0]["role"].(map[string]any)["displayName"] != "Member" || given[0]["role"].(map[string]any)["resource"].(map[string]any)["originId"] != g.group ||
			given[0]["scope"].(map[string]any)["isRootScope"] != true {
			t.Errorf("it gives %v", given)
		}
		visitor := NewUser(w.A.Domain, "visitor")
		visitor["userType"] = "Guest"
		id := g.c.Send(t, w, http.StatusCreated, "POST", "/v1.0/users", visitor).Text("id")
		other := w.Person(t, w.A, ids.ObjectID(id), "EntitlementMgmt-SubjectAccess.ReadWrite")
		for _, path := range []string{"", "/resourceRoleScopes"} {
			other.Send(t, w, http.StatusNotFound, "GET", at+path, nil) // no policy is for guests
		}
		if list := other.Send(t, w, http.StatusOK, "GET", em+"/availableAccessPackages", nil).Items(); len(list) != 0 {
			t.Errorf("a guest is offered %v", list)
		}

		history := em + "/accessPackageSuggestions/filterByCurrentUser(on='relatedPeopleAssignments,assignmentHistory')?$expand=accessPackage"
		if list := g.asker.Send(t, w, http.StatusOK, "GET", history, nil).Items(); len(list) != 0 {
			t.Errorf("before anything: %v", list)
		}
		made := g.c.Send(t, w, http.StatusCreated, "POST", em+"/assignmentRequests", newGift(g.pkg, g.policy, map[string]any{"targetId": g.lee})).Text("id")
		w.Work(t)
		const roles = "/beta" + governed + "/accessPackageAssignmentResourceRoles"
		one := g.c.Send(t, w, http.StatusOK, "GET", filtered(roles, "accessPackageSubject/objectId eq '"+g.lee+"' and originSystem eq 'AadGroup'")+
			"&$expand="+url.QueryEscape("accessPackageSubject,accessPackageResourceRole,accessPackageResourceScope,accessPackageAssignments"), nil)
		list := one.Items()
		if len(list) != 1 || list[0]["originId"] != "Member_"+g.group || list[0]["status"] != "Fulfilled" || list[0]["accessPackageSubject"].(map[string]any)["objectId"] != g.lee ||
			list[0]["accessPackageResourceRole"].(map[string]any)["displayName"] != "Member" || list[0]["accessPackageAssignments"].([]any)[0].(map[string]any)["assignmentState"] != "Delivered" {
			t.Fatalf("given: %s", one.Raw)
		}
		g.approver.Send(t, w, http.StatusForbidden, "GET", roles, nil) // without a role
		held := "/beta" + governed + "/accessPackageAssignments"
		around := g.c.Send(t, w, http.StatusOK, "GET", filtered(held, "accessPackageId eq '"+g.pkg+"'")+"&$expand="+
			url.QueryEscape("target,accessPackageAssignmentRequests,accessPackageAssignmentResourceRoles($expand=accessPackageResourceRole,accessPackageResourceScope)"), nil)
		holds := around.Items()[0]
		asks, gives := holds["accessPackageAssignmentRequests"].([]any), holds["accessPackageAssignmentResourceRoles"].([]any)
		if len(asks) != 1 || asks[0].(map[string]any)["id"] != made || len(gives) != 1 || gives[0].(map[string]any)["id"] != list[0]["id"] ||
			gives[0].(map[string]any)["accessPackageResourceRole"].(map[string]any)["displayName"] != "Member" {
			t.Errorf("an assignment with what hangs on it: %s", around.Raw)
		}
		own := w.Person(t, w.A, ids.ObjectID(g.lee), "EntitlementMgmt-SubjectAccess.ReadWrite", "EntitlementManagement.Read.All")
		for _, part := range []string{"/accessPackageAssignmentRequests", "/accessPackageAssignmentResourceRoles"} {
			at := held + "/" + holds["id"].(string) + part
			if got := own.Send(t, w, http.StatusOK, "GET", at, nil).Items(); len(got) != 1 {
				t.Errorf("who has it sees %d of %s", len(got), part)
			}
			other.Send(t, w, http.StatusForbidden, "GET", at, nil)
		}
		if list := g.asker.Send(t, w, http.StatusOK, "GET", history, nil).Items(); len(list) != 0 {
			t.Errorf("while lee has it: %v", list)
		}
		assignment := g.c.Send(t, w, http.StatusOK, "GET", em+"/assignmentRequests/"+made+"/assignment", nil).Text("id")
		g.c.Send(t, w, http.StatusCreated, "POST", em+"/assignmentRequests", map[string]any{"requestType": "adminRemove", "assignment": map[string]any{"id": assignment}})
		w.Work(t)
		again := g.asker.Send(t, w, http.StatusOK, "GET", history, nil)
		if list := again.Items(); len(list) != 1 || list[0]["accessPackage"].(map[string]any)["displayName"] != "Designers" || list[0]["reasons"].([]any)[0].(map[string]any)["pastAssignmentCount"] != 1.0 {
			t.Errorf("afterwards: %s", again.Raw)
		}
		g.asker.Send(t, w, http.StatusBadRequest, "GET", em+"/accessPackageSuggestions/filterByCurrentUser(on='friends')", nil)
		if list := g.c.Send(t, w, http.StatusOK, "GET", roles, nil).Items(); len(list) != 0 {
			t.Errorf("what was taken is still there: %v", list)
		}
	})
}

// TestFailedDeliveriesAreTriedAgain: a group is gone while its membership is
// given; when it is back, whoever administers has the rest delivered.
func TestFailedDeliveriesAreTriedAgain(t *testing.T) {
	eachGate(t, func(t *testing.T, g *gate) {
		w := g.World
		g.c.Send(t, w, http.StatusNoContent, "DELETE", "/v1.0/groups/"+g.group, nil)
		one := em + "/assignmentRequests/" + g.c.Send(t, w, http.StatusCreated, "POST", em+"/assignmentRequests", newGift(g.pkg, g.policy, map[string]any{"targetId": g.lee})).Text("id")
		w.Work(t)
		wait := g.c.Send(t, w, http.StatusOK, "GET", one+"?$select=state,waitsFor", nil)
		says, _ := wait.Body["waitsFor"].(map[string]any)
		if wait.Text("state") != "delivering" || says["for"] != "delivery" || says["lastError"] == nil {
			t.Errorf("meanwhile: %s", wait.Raw)
		}
		for range 14 {
			w.Clock.Advance(time.Hour)
			w.Work(t)
		}
		later := w.Client(t, w.A, Everything...) // tokens do not last so long
		if a := later.Send(t, w, http.StatusOK, "GET", one, nil); a.Text("state") != "deliveryFailed" || a.Body["completedDateTime"] == nil {
			t.Errorf("after all tries: %s", a.Raw)
		}
		later.Send(t, w, http.StatusOK, "POST", "/v1.0/directory/deletedItems/"+g.group+"/restore", nil)
		later.Send(t, w, http.StatusAccepted, "POST", one+"/reprocess", nil)
		w.Work(t)
		if a := later.Send(t, w, http.StatusOK, "GET", one, nil); a.Text("state") != "delivered" {
			t.Errorf("tried again: %s", a.Raw)
		}
		if in := later.Send(t, w, http.StatusOK, "GET", "/v1.0/groups/"+g.group+"/members", nil).Items(); len(in) != 1 || in[0]["id"] != g.lee {
			t.Errorf("the group has %v", in)
		}
	})
}

// TestExtensionsResume: a request waits for the word of a custom extension, shows
// the call, and goes on or ends by it.
func TestExtensionsResume(t *testing.T) {
	eachGate(t, func(t *testing.T, g *gate) {
		w := g.World
		workflow := newWorkflow("checks")
		workflow["callbackConfiguration"] = map[string]any{"@odata.type": "#microsoft.graph.customExtensionCallbackConfiguration", "timeoutDuration": "P1D"}
		x := g.c.Send(t, w, http.StatusCreated, "POST", em+"/catalogs/"+g.catalog+"/customWorkflowExtensions", workflow).Text("id")
		checked := newGate(g.pkg, "notSpecified", "")
		checked["customExtensionStageSettings"] = []any{map[string]any{"stage": "assignmentRequestCreated", "customExtension": map[string]any{"id": x}}}
		policy := g.c.Send(t, w, http.StatusCreated, "POST", em+"/assignmentPolicies", checked).Text("id")
		for state, want := range map[string]string{"": "delivered", "Denied": "denied"} {
			target := g.lee
			if state != "" {
				target = g.ada
			}
			one := em + "/assignmentRequests/" + g.c.Send(t, w, http.StatusCreated, "POST", em+"/assignmentRequests", newGift(g.pkg, policy, map[string]any{"targetId": target})).Text("id")
			w.Work(t)
			wait := g.c.Send(t, w, http.StatusOK, "GET", one+"?$select=state,status,waitsFor", nil)
			if says, _ := wait.Body["waitsFor"].(map[string]any); wait.Text("status") != "WaitingForCallback" || says["for"] != "callback" || says["untilDateTime"] == nil {
				t.Errorf("it waits: %s", wait.Raw)
			}
			calls, err := entitlement.NewService(w.DB).Callouts(t.Context(), authz.System(w.A.ID, "test"), ids.RequestID(one[strings.LastIndex(one, "/")+1:]))
			must(t, err)
			word := map[string]any{"source": "checks", "type": "microsoft.graph.accessPackageCustomExtensionStage.assignmentRequestCreated", "data": map[string]any{
				"@odata.type": "microsoft.graph.accessPackageAssignmentRequestCallbackData", "stage": "assignmentRequestCreated",
				"customExtensionStageInstanceId": calls[0].ID, "customExtensionStageInstanceDetail": "checked", "state": state}}
			g.asker.Send(t, w, http.StatusForbidden, "POST", one+"/resume", word)
			a := g.c.Send(t, w, http.StatusBadRequest, "POST", one+"/resume", map[string]any{"data": map[string]any{"customExtensionStageInstanceId": g.pkg}})
			if code, _ := a.Error(); code != "InvalidCalloutInstance" {
				t.Errorf("the word for another call: %s", a.Raw)
			}
			g.c.Send(t, w, http.StatusNoContent, "POST", one+"/resume", word)
			w.Work(t)
			done := g.c.Send(t, w, http.StatusOK, "GET", one, nil)
			list, _ := done.Body["customExtensionCalloutInstances"].([]any)
			if done.Text("state") != want || len(list) != 1 || list[0].(map[string]any)["status"] != "callbackReceived" || list[0].(map[string]any)["customExtensionId"] != x || list[0].(map[string]any)["detail"] != "checked" {
				t.Errorf("after the word: %s", done.Raw)
			}
			a = g.c.Send(t, w, http.StatusBadRequest, "POST", one+"/resume", word)
			if code, _ := a.Error(); code != "InvalidRequestState" {
				t.Errorf("a second word: %s", a.Raw)
			}
		}
	})
}
