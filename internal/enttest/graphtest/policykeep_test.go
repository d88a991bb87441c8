package graphtest

import (
	"maps"
	"net/http"
	"reflect"
	"testing"
)

// TestBetaKeepsWhatItCannotSay: a policy that beta shows and takes back is as it
// was; what beta says otherwise changes, and nothing else does.
func TestBetaKeepsWhatItCannotSay(t *testing.T) {
	eachGate(t, func(t *testing.T, g *gate) {
		w := g.World
		type m = map[string]any
		user := func(id string) []any { return []any{m{"@odata.type": "#microsoft.graph.singleUser", "userId": id}} }
		policy := newGate(g.pkg, "allMemberUsers", g.ada)
		policy["expiration"] = m{"type": "afterDuration", "duration": "PT8H"}
		policy["requestApprovalSettings"] = m{"isApprovalRequiredForAdd": true, "stages": []any{
			m{"durationBeforeAutomaticDenial": "PT6H", "approverInformationVisibility": "notVisible", "primaryApprovers": user(g.ada)},
			m{"durationBeforeAutomaticDenial": "P5DT1H", "durationBeforeEscalation": "P1DT30S", "isEscalationEnabled": true,
				"primaryApprovers": user(string(w.A.Admin)), "escalationApprovers": user(g.ada)}}}
		policy["reviewSettings"] = m{"isEnabled": true, "expirationBehavior": "removeAccess", "primaryReviewers": user(g.ada), "schedule": m{
			"expiration": m{"type": "afterDuration", "duration": "PT36H"},
			"recurrence": m{"pattern": m{"type": "absoluteMonthly", "interval": 2, "dayOfMonth": 3}, "range": m{"type": "numbered", "numberOfOccurrences": 4}}}}
		id := g.c.Send(t, w, http.StatusCreated, "POST", em+"/assignmentPolicies", policy).Text("id")
		v1, beta := em+"/assignmentPolicies/"+id, "/beta"+governed+"/accessPackageAssignmentPolicies/"+id
		read := func(at string) m {
			t.Helper()
			body := g.c.Send(t, w, http.StatusOK, "GET", at, nil).Body
			maps.DeleteFunc(body, func(name string, _ any) bool { return name == "@odata.context" || name == "modifiedDateTime" })
			return body
		}
		part := func(of m, path ...string) m {
			for _, name := range path {
				of, _ = of[name].(m)
			}
			return of
		}
		stage := func(of m, settings, list string, i int) m {
			one, _ := part(of, settings)[list].([]any)[i].(m)
			return one
		}
		before, shown := read(v1), read(beta)
		if shown["durationInDays"] != 1.0 || stage(shown, "requestApprovalSettings", "approvalStages", 0)["approvalStageTimeOutInDays"] != 1.0 {
			t.Errorf("beta shows %v", shown)
		}
		for _, method := range []string{"PUT", "PATCH"} {
			if method == "PUT" {
				g.c.Send(t, w, http.StatusOK, method, beta, shown)
			} else {
				g.c.Send(t, w, http.StatusNoContent, method, beta, shown)
			}
			if after := read(v1); !reflect.DeepEqual(after, before) {
				t.Errorf("%s of what beta showed makes\n%v\nof\n%v", method, after, before)
			}
		}

		// A stage in front leaves who is told of the other ones as it is.
		own := part(shown, "requestApprovalSettings")
		own["approvalStages"] = append([]any{m{"approvalStageTimeOutInDays": 3, "primaryApprovers": []any{m{"@odata.type": "#microsoft.graph.singleUser", "id": g.lee}}}}, own["approvalStages"].([]any)...)
		g.c.Send(t, w, http.StatusOK, "PUT", beta, shown)
		after := read(v1)
		for i, want := range [][2]string{{"P3D", "notVisible"}, {"PT6H", "notVisible"}, {"P5DT1H", "default"}} {
			if s := stage(after, "requestApprovalSettings", "stages", i); s["durationBeforeAutomaticDenial"] != want[0] || s["approverInformationVisibility"] != want[1] {
				t.Errorf("stage %d is %v, want %v", i, s, want)
			}
		}

		// What is said otherwise changes.
		own["approvalStages"] = own["approvalStages"].([]any)[1:]
		stage(shown, "requestApprovalSettings", "approvalStages", 0)["approvalStageTimeOutInDays"] = 2
		shown["durationInDays"] = 0
		part(shown, "accessReviewSettings")["durationInDays"] = 3
		g.c.Send(t, w, http.StatusOK, "PUT", beta, shown)
		after = read(v1)
		if s := stage(after, "requestApprovalSettings", "stages", 0); s["durationBeforeAutomaticDenial"] != "P2D" || s["approverInformationVisibility"] != "notVisible" {
			t.Errorf("the first stage is %v", s)
		}
		if part(after, "expiration")["type"] != "noExpiration" || part(after, "reviewSettings", "schedule", "expiration")["duration"] != "P3D" {
			t.Errorf("after a change: %v", after)
		}
	})
}

// TestV1KeepsWhatItCannotSay: so is a policy that v1.0 shows and takes back.
func TestV1KeepsWhatItCannotSay(t *testing.T) {
	eachGate(t, func(t *testing.T, g *gate) {
		w := g.World
		type m = map[string]any
		policy := newGate(g.pkg, "allMemberUsers", g.ada)
		id := g.c.Send(t, w, http.StatusCreated, "POST", em+"/assignmentPolicies", policy).Text("id")
		v1, beta := em+"/assignmentPolicies/"+id, "/beta"+governed+"/accessPackageAssignmentPolicies/"+id
		g.c.Send(t, w, http.StatusNoContent, "PATCH", beta, m{
			"verifiableCredentialSettings": m{"credentialTypes": []any{m{"credentialType": "Employee", "issuers": []any{"did:web:fabrikam.example"}}}},
			"requestorSettings":            m{"scopeType": "AllExistingConnectedOrganizationSubjects", "acceptRequests": true, "allowedRequestors": []any{}},
		})
		read := func(at string) m {
			t.Helper()
			body := g.c.Send(t, w, http.StatusOK, "GET", at, nil).Body
			maps.DeleteFunc(body, func(name string, _ any) bool { return name == "@odata.context" || name == "modifiedDateTime" })
			return body
		}
		before, shown := read(beta), read(v1)
		if shown["allowedTargetScope"] != "unknownFutureValue" || before["verifiableCredentialSettings"] == nil {
			t.Errorf("v1.0 shows %v, beta %v", shown, before)
		}
		g.c.Send(t, w, http.StatusOK, "PUT", v1, shown)
		if after := read(beta); !reflect.DeepEqual(after, before) {
			t.Errorf("PUT of what v1.0 showed makes\n%v\nof\n%v", after, before)
		}
		shown["allowedTargetScope"] = "allMemberUsers"
		g.c.Send(t, w, http.StatusOK, "PUT", v1, shown)
		if after := read(v1); after["allowedTargetScope"] != "allMemberUsers" {
			t.Errorf("a scope that v1.0 says is %v", after["allowedTargetScope"])
		}
	})
}
