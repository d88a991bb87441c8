package graphtest

import (
	"net/http"
	"testing"

	"entente/internal/kit/ids"
)

// TestHistoryOfADeletedPackage: what was asked of a package and given stays to be
// read when the package is no more, by those whose own it is and by those whose
// role is for the whole tenant.
func TestHistoryOfADeletedPackage(t *testing.T) {
	eachGate(t, func(t *testing.T, g *gate) {
		w := g.World
		request := g.asker.Send(t, w, http.StatusCreated, "POST", em+"/assignmentRequests", g.wish()).Text("id")
		_, stage := g.waiting(t)
		approval := "/accessPackageAssignmentApprovals/" + request
		g.approver.Send(t, w, http.StatusNoContent, "PATCH", em+approval+"/stages/"+stage, map[string]any{"reviewResult": "Approve"})
		w.Work(t)
		access := g.c.Send(t, w, http.StatusOK, "GET", em+"/assignmentRequests/"+request+"/assignment", nil).Text("id")
		helper := g.c.Send(t, w, http.StatusCreated, "POST", "/v1.0/users", NewUser(w.A.Domain, "helper")).Text("id")
		g.c.Send(t, w, http.StatusCreated, "POST", "/v1.0"+delegates, newDelegate(helper, "e2182095-804a-4656-ae11-64734e9b7ae5", g.catalog))
		delegate := w.Person(t, w.A, ids.ObjectID(helper), "EntitlementManagement.ReadWrite.All")
		delegate.Send(t, w, http.StatusOK, "GET", em+"/assignments/"+access, nil)
		g.asker.Send(t, w, http.StatusCreated, "POST", em+"/assignmentRequests", map[string]any{"requestType": "userRemove", "assignment": map[string]any{"id": access}})
		w.Work(t)
		g.c.Send(t, w, http.StatusNoContent, "DELETE", em+"/accessPackages/"+g.pkg, nil)

		lee := w.Person(t, w.A, ids.ObjectID(g.lee), "EntitlementManagement.Read.All", "EntitlementMgmt-SubjectAccess.ReadWrite")
		nobody := w.Person(t, w.A, ids.ObjectID(helper), "EntitlementManagement.Read.All", "EntitlementManagement.ReadWrite.All")
		for _, in := range []struct{ base, requests, assignments, access, request string }{
			{em, "/assignmentRequests", "/assignments", "assignment($expand=target,accessPackage)", "accessPackage,requestor"},
			{"/beta" + governed, "/accessPackageAssignmentRequests", "/accessPackageAssignments", "accessPackageAssignment($expand=target,accessPackage)", "accessPackage,requestor"},
		} {
			for _, who := range []*Client{g.c, lee} {
				for path, n := range map[string]int{
					in.base + in.requests + "/filterByCurrentUser(on='target')?$expand=" + in.request + "," + in.access: 2,
					in.base + in.assignments + "/filterByCurrentUser(on='target')?$expand=accessPackage,target":         1,
				} {
					if who == g.c {
						n = 0
					}
					if list := who.Send(t, w, http.StatusOK, "GET", path, nil).Items(); len(list) != n {
						t.Errorf("%s: %d, want %d", path, len(list), n)
					}
				}
				one := who.Send(t, w, http.StatusOK, "GET", in.base+in.requests+"/"+request+"?$select=*,waitsFor&$expand="+in.request+","+in.access, nil)
				if held, _ := one.Body[pickName(in.base, "assignment", "accessPackageAssignment")].(map[string]any); one.Body["accessPackage"] != nil || held["id"] != access || held["accessPackage"] != nil ||
					held["target"].(map[string]any)["objectId"] != g.lee {
					t.Errorf("%s: the request is %s", in.base, one.Raw)
				}
				one = who.Send(t, w, http.StatusOK, "GET", in.base+in.assignments+"/"+access+"?$expand=accessPackage,target", nil)
				if one.Body["accessPackage"] != nil || one.Body["catalogId"] != nil || one.Body["target"].(map[string]any)["objectId"] != g.lee {
					t.Errorf("%s: the assignment is %s", in.base, one.Raw)
				}
			}
			for path, n := range map[string]int{in.requests: 2, in.assignments: 1} {
				if list := g.c.Send(t, w, http.StatusOK, "GET", in.base+path+"?$expand=accessPackage", nil).Items(); len(list) != n || list[0]["accessPackage"] != nil {
					t.Errorf("%s: %v, want %d", in.base+path, list, n)
				}
			}
			for _, who := range []*Client{g.c, lee, g.approver} {
				parts := pickName(in.base, "stages", "steps")
				one := who.Send(t, w, http.StatusOK, "GET", in.base+approval+"?$expand="+parts, nil)
				if all, _ := one.Body[parts].([]any); len(all) != 1 || all[0].(map[string]any)["id"] != stage {
					t.Errorf("%s: the approval is %s", in.base, one.Raw)
				}
				who.Send(t, w, http.StatusOK, "GET", in.base+approval+"/"+parts+"/"+stage, nil)
			}
			for _, path := range []string{in.requests + "/" + request, in.assignments + "/" + access, approval} {
				nobody.Send(t, w, http.StatusForbidden, "GET", in.base+path, nil)
			}
		}
		g.c.Send(t, w, http.StatusNotFound, "GET", em+"/assignmentRequests/"+request+"/accessPackage", nil)
		g.c.Send(t, w, http.StatusBadRequest, "POST", em+"/assignmentRequests/"+request+"/cancel", nil)
		g.c.Send(t, w, http.StatusBadRequest, "POST", em+"/assignments/"+access+"/reprocess", nil)
		nobody.Send(t, w, http.StatusForbidden, "DELETE", em+"/assignmentRequests/"+request, nil)
		g.c.Send(t, w, http.StatusNoContent, "DELETE", em+"/assignmentRequests/"+request, nil)
		g.c.Send(t, w, http.StatusNotFound, "GET", em+"/assignmentRequests/"+request, nil)
	})
}

// pickName is what something is called under an address.
func pickName(base, v1, beta string) string {
	if base == em {
		return v1
	}
	return beta
}
